#include "ledger/errc.hpp"

namespace ledger {
namespace {

const char* describe_code(std::int32_t code) noexcept {
    switch (static_cast<Errc>(code)) {
        case Errc::too_large: return "larger than allowed";
        case Errc::malformed: return "malformed";
        case Errc::bad_version: return "unknown version";
        case Errc::unsupported_message: return "message type is not supported yet";
        case Errc::unknown_message: return "unknown message type";
        case Errc::unsupported_scheme: return "signature scheme is not supported";
        case Errc::wrong_chain: return "made for another chain";
        case Errc::wrong_signer: return "signed by a key that does not own the sender's address";
        case Errc::bad_signature: return "signature is not valid";
        case Errc::bad_amount: return "amount is zero or too large";
        case Errc::gas_too_low: return "gas limit is below what the messages cost";
        case Errc::gas_too_high: return "gas limit is above what the chain allows one transaction";
        case Errc::bad_fee: return "fee is not valid";
        case Errc::nonce_too_low: return "nonce was used already";
        case Errc::nonce_too_high: return "earlier transactions of the sender are missing";
        case Errc::expired: return "valid only until an earlier height";
        case Errc::underfunded: return "balance does not cover the fee";
        case Errc::fee_below_base: return "fee is below the base fee";
        case Errc::bad_parent: return "block does not fit its parent";
        case Errc::bad_time: return "block time is not later than its parent's or out of bounds";
        case Errc::bad_header: return "block header disagrees with its content";
        case Errc::block_full: return "no room in the block";
        case Errc::not_head: return "block does not extend the finalized chain";
        case Errc::corrupt_chain: return "stored chain contradicts itself";
        case Errc::unknown_height: return "no such block";
        case Errc::history_pruned: return "older than the history that is kept";
        case Errc::bad_genesis: return "genesis is not valid";
        case Errc::run_stopped: return "the run was stopped";
    }
    return "unknown error";
}

constexpr base::ErrorDomain kDomain{"ledger", &describe_code};

}  // namespace

const base::ErrorDomain& error_domain(Errc) noexcept { return kDomain; }

}  // namespace ledger

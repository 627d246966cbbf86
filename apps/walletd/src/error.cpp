#include "walletd/error.hpp"

namespace walletd {
namespace {

const char* describe(std::int32_t code) noexcept {
    switch (static_cast<Errc>(code)) {
        case Errc::locked: return "the wallet is locked";
        case Errc::wrong_password: return "wrong password";
        case Errc::back_off: return "too many wrong passwords";
        case Errc::not_initialised: return "the wallet is not initialised";
        case Errc::already_initialised: return "the wallet is initialised already";
        case Errc::bad_words: return "not a valid recovery phrase";
        case Errc::weak_password: return "the password is empty or too long";
        case Errc::not_a_wallet: return "not a wallet file";
        case Errc::newer_version: return "written by a newer walletd";
        case Errc::damaged: return "the wallet file is damaged";
        case Errc::in_use: return "the wallet file is in use";
        case Errc::storage: return "the disk refused";
        case Errc::unknown_account: return "unknown account";
        case Errc::label_taken: return "the label is taken";
        case Errc::bad_transaction: return "not a transaction that walletd understands";
        case Errc::not_ours: return "the sender is not an account of this wallet";
        case Errc::wrong_chain: return "wrong chain";
        case Errc::bad_proof: return "the node's proof does not hold";
        case Errc::node_behind:
            return "the node proves an older block than was proved before: it is behind, or hides what is new";
        case Errc::insufficient_funds: return "insufficient funds";
        case Errc::denied: return "denied";
        case Errc::out_of_scope: return "not what the wallet was unlocked for";
        case Errc::over_bound: return "more than is allowed";
        case Errc::look_alike: return "the recipient looks like a known address, but is another one";
    }
    return "unknown error";
}

constexpr base::ErrorDomain kDomain{.name = "walletd", .describe = describe};

}  // namespace

const base::ErrorDomain& error_domain(Errc) noexcept { return kDomain; }

}  // namespace walletd

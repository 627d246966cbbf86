#include "zcrypto/errc.hpp"

namespace zcrypto {
namespace {

const char* describe(std::int32_t code) noexcept {
    switch (static_cast<Errc>(code)) {
        case Errc::bad_length: return "wrong length";
        case Errc::authentication_failed: return "authentication failed: wrong key or tampered data";
        case Errc::weak_parameters: return "password hash parameters are too weak";
        case Errc::out_of_range: return "parameter is out of range";
        case Errc::out_of_memory: return "not enough memory for the password hash";
        case Errc::bad_word_count: return "a mnemonic has 12, 15, 18, 21 or 24 words";
        case Errc::unknown_word: return "word is not in the list";
        case Errc::bad_checksum: return "mnemonic checksum does not match";
        case Errc::bad_path: return "malformed derivation path";
        case Errc::not_hardened: return "Ed25519 derivation needs hardened steps";
        case Errc::unsupported_text: return "text is not UTF-8 or holds control or unassigned characters";
        case Errc::bad_point: return "not a point of the curve";
        case Errc::bad_key: return "not a valid key";
        case Errc::small_order: return "the other side's key has small order";
        case Errc::bad_signature: return "not a signature";
        case Errc::bad_encoding: return "malformed encoding";
        case Errc::not_enough_shares: return "not enough shares";
        case Errc::share_mismatch: return "the shares do not belong together";
        case Errc::bad_digest: return "the shares give no valid secret";
    }
    return "unknown error";
}

constexpr base::ErrorDomain kDomain{"zcrypto", &describe};

}  // namespace

const base::ErrorDomain& error_domain(Errc) noexcept { return kDomain; }

}  // namespace zcrypto

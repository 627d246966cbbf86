#include "gcrypt/errc.hpp"

namespace gcrypt {
namespace {

const char* describe(std::int32_t code) noexcept {
    switch (static_cast<Errc>(code)) {
        case Errc::bad_signature: return "signature does not verify";
        case Errc::bad_length: return "wrong length";
        case Errc::unsupported_scheme: return "unsupported signature scheme";
        case Errc::bad_checksum: return "checksum does not match";
        case Errc::bad_character: return "character outside the bech32 alphabet";
        case Errc::mixed_case: return "upper and lower case are mixed";
        case Errc::no_separator: return "no separator \"1\"";
        case Errc::wrong_prefix: return "wrong prefix";
        case Errc::bad_padding: return "left-over bits are not zero";
        case Errc::too_long: return "text is too long";
        case Errc::bad_proof: return "proof does not hold";
        case Errc::bad_scalar: return "scalar out of range";
        case Errc::bad_point: return "not a valid curve point";
        case Errc::bad_share: return "share does not fit";
        case Errc::nonces_used: return "signing nonces were used already";
        case Errc::not_a_signer: return "not a signer of this session";
        case Errc::unknown_voter: return "unknown voter";
        case Errc::no_quorum: return "not more than two thirds of the weight signed";
        case Errc::bad_policy: return "invalid multisig policy";
    }
    return "unknown error";
}

constexpr base::ErrorDomain kDomain{"gcrypt", &describe};

}  // namespace

const base::ErrorDomain& error_domain(Errc) noexcept { return kDomain; }

}  // namespace gcrypt

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
        case Errc::bad_proof: return "Merkle proof does not lead to the root";
    }
    return "unknown error";
}

constexpr base::ErrorDomain kDomain{"gcrypt", &describe};

}  // namespace

const base::ErrorDomain& error_domain(Errc) noexcept { return kDomain; }

}  // namespace gcrypt

#include "call_proof/error.hpp"

namespace call_proof {
namespace {

const char* describe(std::int32_t code) noexcept {
    switch (static_cast<Errc>(code)) {
        case Errc::malformed: return "not a call proof";
        case Errc::other_audience: return "the call proof is for another service";
        case Errc::other_challenge: return "the call proof is for another run of the service";
        case Errc::bad_signature: return "the call proof is not for this call";
        case Errc::too_old: return "the call proof is too old";
        case Errc::too_new: return "the call proof is from the future";
        case Errc::replayed: return "the call proof was used before";
        case Errc::overloaded: return "too many call proofs at once";
    }
    return "unknown error";
}

constexpr base::ErrorDomain kDomain{.name = "call_proof", .describe = describe};

}  // namespace

const base::ErrorDomain& error_domain(Errc) noexcept { return kDomain; }

}  // namespace call_proof

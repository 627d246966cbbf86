#pragma once

#include "base/result.hpp"

namespace call_proof {

enum class Errc : std::int32_t {
    malformed = 1,    ///< Not a proof, or not of this version.
    other_audience,   ///< Made for another service instance.
    other_challenge,  ///< Made for another run of the service.
    bad_signature,    ///< Another key, path or request, or changed on its way.
    too_old,          ///< Made too long ago by the service's clock.
    too_new,          ///< Made in the future by the service's clock.
    replayed,         ///< Was used before.
    overloaded,       ///< Its caller, or all together, have used too many within the window.
};
const base::ErrorDomain& error_domain(Errc) noexcept;

inline std::unexpected<base::Error> fail(Errc errc, const char* note = "") noexcept { return base::fail(errc, note); }

}  // namespace call_proof

#pragma once
// Errors of GhostBridge.

#include <cstdint>

#include "base/result.hpp"

namespace ghostbridge {

enum class Errc : std::int32_t {
    truncated = 1,      ///< More bytes are needed: read on and call again.
    bad_version,        ///< Not frame version 0x01.
    too_large,          ///< A logical frame, header block or message beyond its bound.
    interleaved,        ///< A frame of another type before the continued one ended.
    malformed_headers,  ///< A header block that does not decode.
    bad_services,       ///< A registration without services, with too many, or with a malformed or reserved name.
    bad_endpoint,       ///< A registration with an endpoint that is not a numeric address and port.
    registry_full,      ///< Too many instances or watchers.
    unknown_instance,   ///< The lease has run out, or never was.
    bad_config,
    protocol_error,  ///< The HTTP/2 peer broke the protocol or one of its limits; the connection ends.
};
const base::ErrorDomain& error_domain(Errc) noexcept;

}  // namespace ghostbridge

#pragma once
// Errors of `zquic`. Codes that travel on the wire (application and transport error codes) are plain integers and
// never become an Errc.

#include <cstdint>

#include "base/result.hpp"

namespace zquic {

enum class Errc : std::int32_t {
    bad_config = 1,   ///< A setting outside its documented range, or one that is missing.
    bad_key,          ///< Not a private key this library can use.
    bad_certificate,  ///< Not an X.509 certificate, or it does not belong to the key.
    tls_failed,       ///< The TLS library refused.
    socket_failed,    ///< The system refused the UDP socket.
    alpn_in_use,      ///< listen() for a protocol that somebody serves already.
    limit_reached,    ///< One of the endpoint's limits (connections, pending requests).
    closed,           ///< The connection, stream or exchange has ended, or this direction of it.
    blocked,          ///< The send queue is full; wait for on_writable.
    stream_limit,     ///< The peer allows no further stream now; wait for on_streams_available.
    too_large,        ///< A datagram above datagram_bytes_max(), or fields above the limit.
    not_ready,        ///< Before the handshake has finished, or after what it needs has been freed.
    not_supported,    ///< The peer did not negotiate this.
    wrong_state,      ///< Calls in an order that the protocol forbids, for instance data before headers.
    bad_field,        ///< A field name or value that HTTP/3 forbids (RFC 9114 section 4.2).
    internal,         ///< The engine failed; the connection is being closed.
};
const base::ErrorDomain& error_domain(Errc) noexcept;

using base::fail;

}  // namespace zquic

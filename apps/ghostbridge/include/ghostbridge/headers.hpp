#pragma once
// What happens to header fields on their way through: pure functions. Everything that is not named here passes
// unchanged and in order: duplicates, -bin values, grpc-encoding, grpc-message in its escaped form.
// Source: RFC 9113 §8.2.2, RFC 9114 §4.2, grpc/grpc doc/PROTOCOL-HTTP2.md.

#include <cstdint>
#include <expected>
#include <optional>
#include <string>
#include <string_view>

#include "base/bytes.hpp"
#include "rpc/deadline.hpp"
#include "rpc/metadata.hpp"
#include "rpc/status.hpp"
#include "rpc/stream.hpp"

namespace ghostbridge {

/// A request that is well-formed enough to route.
struct CallRequest {
    std::string path;     ///< "/package.Service/Method"
    std::string service;  ///< "package.Service"
    std::uint64_t timeout_ns = rpc::kNoDeadline;
    std::optional<base::Digest> instance_key;  ///< Only this instance will do (ghost-instance-key).
    rpc::Fields fields;                        ///< As received.
};

/// What to answer instead of relaying: an HTTP status without gRPC (405, 415), or a gRPC status with HTTP 200.
struct Refusal {
    unsigned http_status = 200;
    rpc::Status status;
};

/// Checks method, content-type, path, grpc-timeout and ghost-instance-key.
std::expected<CallRequest, Refusal> parse_request(rpc::Fields fields);

/// The request as the service gets it: hop-by-hop fields, ghost-instance-key and what the caller says of
/// himself (bridge_client/caller.hpp) removed, `te: trailers`, the time that is left in grpc-timeout, and what the
/// bridge says of the caller. Without an :authority the Host field becomes it.
rpc::Fields forward_request(const CallRequest& request, std::uint64_t time_left_ns, const rpc::Peer& caller,
                            bool listed);
/// A response or its trailers as the caller gets them: hop-by-hop fields removed. A 1xx or missing :status in a
/// response is for the caller of this function to refuse.
rpc::Fields forward_response(rpc::Fields fields);

/// True when a response header block is a Trailers-Only answer or trailers: it has grpc-status.
bool has_grpc_status(const rpc::Fields& fields) noexcept;
/// The status for metrics and health; `unknown` without one.
rpc::StatusCode grpc_status_of(const rpc::Fields& fields) noexcept;

/// A Trailers-Only answer, or the plain HTTP refusal.
rpc::Fields refusal_fields(const Refusal& refusal);
/// grpc-status and grpc-message.
rpc::Fields status_trailers(const rpc::Status& status);

/// RFC 9113 §7 codes ↔ RFC 9114 §8.1 codes: CANCEL ↔ 0x10c, REFUSED_STREAM ↔ 0x10b, ENHANCE_YOUR_CALM ↔ 0x107,
/// INTERNAL_ERROR ↔ 0x102, NO_ERROR ↔ 0x100, PROTOCOL_ERROR ↔ 0x10e; everything else is an internal error.
std::uint64_t h3_from_h2(std::uint32_t code) noexcept;
std::uint32_t h2_from_h3(std::uint64_t code) noexcept;

}  // namespace ghostbridge

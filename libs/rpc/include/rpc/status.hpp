#pragma once
// gRPC status codes, and what becomes one: HTTP status, HTTP/3 error codes, base::Error.
// Source: grpc/grpc doc/statuscodes.md, doc/PROTOCOL-HTTP2.md, doc/http-grpc-status-mapping.md; proposal G2.

#include <cstdint>
#include <expected>
#include <optional>
#include <string>
#include <string_view>

#include "base/result.hpp"

namespace rpc {

/// All seventeen codes of gRPC, with their wire numbers.
enum class StatusCode : std::uint8_t {
    ok = 0,
    cancelled = 1,
    unknown = 2,
    invalid_argument = 3,
    deadline_exceeded = 4,
    not_found = 5,
    already_exists = 6,
    permission_denied = 7,
    resource_exhausted = 8,
    failed_precondition = 9,
    aborted = 10,
    out_of_range = 11,
    unimplemented = 12,
    internal = 13,
    unavailable = 14,
    data_loss = 15,
    unauthenticated = 16,
};
inline constexpr unsigned kStatusCodeCount = 17;

/// "OK", "CANCELLED", … as in the gRPC documents.
std::string_view to_string(StatusCode code) noexcept;
/// The code with this number; `unknown` for numbers that gRPC does not define.
StatusCode status_code_from_number(std::uint32_t number) noexcept;

/// How a call ended: a code and a sentence for a person (UTF-8; empty for OK).
struct Status {
    StatusCode code = StatusCode::ok;
    std::string message;

    [[nodiscard]] bool ok() const noexcept { return code == StatusCode::ok; }
    /// "NOT_FOUND: no such block".
    [[nodiscard]] std::string to_string() const;
    friend bool operator==(const Status&, const Status&) = default;
};

/// A value, or the status that says why there is none (never OK).
template <typename T>
using StatusOr = std::expected<T, Status>;

/// Makes the failed value of a StatusOr: `return rpc::error(StatusCode::not_found, "no such block");`
[[nodiscard]] inline std::unexpected<Status> error(StatusCode code, std::string message) {
    return std::unexpected{Status{code, std::move(message)}};
}

/// The status for an error of a library: base's and io's codes map one by one, others are INTERNAL. The message is the
/// error's text, so map errors that must not leave the process yourself.
Status status_from(const base::Error& error);
/// The same code; the message is the diagnostic's sentence.
Status status_from(const base::Diagnostic& diagnostic);

/// The status of an answer without grpc-status, by its HTTP status (http-grpc-status-mapping.md).
StatusCode status_code_from_http(unsigned http_status) noexcept;

/// HTTP/3 error codes that calls use (RFC 9114 §8.1).
enum class H3Code : std::uint64_t {
    no_error = 0x100,
    internal_error = 0x102,
    excessive_load = 0x107,
    request_rejected = 0x10b,
    request_cancelled = 0x10c,
    request_incomplete = 0x10d,
    message_error = 0x10e,
};
/// What a reset of the stream means for the call (proposal G2; design 06 "Kept exactly").
StatusCode status_code_from_h3(std::uint64_t code) noexcept;
/// The code a side resets its stream with when the call ends early with `code`.
H3Code h3_code_for(StatusCode code) noexcept;

/// grpc-message: %-escapes everything outside printable ASCII, and '%' (PROTOCOL-HTTP2.md "Status-Message").
std::string percent_encode(std::string_view message);
/// Never fails: a broken escape stays as it is, as the protocol demands.
std::string percent_decode(std::string_view text);

}  // namespace rpc

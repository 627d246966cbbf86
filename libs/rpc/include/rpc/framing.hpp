#pragma once
// gRPC messages on a byte stream (PROTOCOL-HTTP2.md "Length-Prefixed-Message"):
//
//   compressed(1: 0 or 1)  length(4, big-endian)  message(length)  …

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>

#include "base/bytes.hpp"
#include "rpc/status.hpp"

namespace rpc {

inline constexpr std::size_t kMessagePrefixSize = 5;
inline constexpr std::size_t kMessageBytesMaxDefault = 4 * 1024 * 1024;

/// One message as framed; `payload` borrows the buffer it was read from.
struct MessageView {
    bool compressed = false;
    base::ByteView payload;
};

/// The message at the front of `wire`, or nothing when more bytes are needed. Checks the prefix as soon as it is there:
/// INTERNAL for a flag other than 0 and 1, RESOURCE_EXHAUSTED for a length beyond `message_bytes_max`.
StatusOr<std::optional<MessageView>> read_message(base::ByteView wire, std::size_t message_bytes_max);

/// Writes the five prefix bytes to `out`.
void write_message_prefix(base::FixedBytes<kMessagePrefixSize>& out, bool compressed, std::uint32_t length) noexcept;

/// Cuts a byte stream into messages. Holds what append() gave until next() has returned it.
class MessageBuffer {
 public:
    explicit MessageBuffer(std::size_t message_bytes_max = kMessageBytesMaxDefault) noexcept
        : message_bytes_max_{message_bytes_max} {}

    void append(base::ByteView bytes);
    /// Like read_message(), for what is buffered; takes the message out. The view lives until append().
    StatusOr<std::optional<MessageView>> next();
    /// Bytes appended and not yet returned as a message.
    [[nodiscard]] std::size_t buffered() const noexcept { return bytes_.size() - begin_; }

 private:
    std::size_t message_bytes_max_;
    base::Bytes bytes_;
    std::size_t begin_ = 0;
};

/// Message encodings of grpc-encoding. An unknown one is answered with UNIMPLEMENTED and kAcceptedEncodings.
enum class Encoding : std::uint8_t { identity, gzip };
inline constexpr std::string_view kAcceptedEncodings = "identity,gzip";
std::optional<Encoding> encoding_from(std::string_view name) noexcept;

/// RFC 1952. RESOURCE_EXHAUSTED when the result would pass `message_bytes_max`, INTERNAL when it is not gzip.
StatusOr<base::Bytes> gzip_inflate(base::ByteView compressed, std::size_t message_bytes_max);
base::Bytes gzip_deflate(base::ByteView message);

}  // namespace rpc

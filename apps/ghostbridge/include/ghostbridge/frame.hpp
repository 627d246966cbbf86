#pragma once
// Frames of the ALPN `ghostbridge/1`.
//
//   version(1) = 0x01   type(1)   length(2, big-endian)   payload(length)
//
// Type bit 0x80 is MORE: the next frame continues the same logical frame, so 64 KiB limits nothing. Frames of unknown
// types are skipped by their length. Source: the GhostBridge section of the system design.

#include <cstddef>
#include <cstdint>
#include <vector>

#include "base/bytes.hpp"
#include "ghostbridge/error.hpp"
#include "rpc/metadata.hpp"

namespace ghostbridge {

enum class FrameType : std::uint8_t {
    grpc_request = 0x01,   ///< Request headers.
    grpc_response = 0x02,  ///< Response headers.
    service_register = 0x03,
    service_discovery = 0x04,
    health_check = 0x05,
    data = 0x06,  ///< Raw gRPC length-prefixed bytes.
    trailers = 0x07,
    error = 0x08,
};

inline constexpr std::uint8_t kFrameVersion = 0x01;
inline constexpr std::uint8_t kFrameMore = 0x80;
inline constexpr std::size_t kFrameHeaderSize = 4;
inline constexpr std::size_t kFramePayloadMax = 0xffff;

/// One frame as it lies on the wire. `type` has no MORE bit and may be unknown.
struct Frame {
    std::uint8_t type;
    bool more;
    base::ByteView payload;  ///< Borrows the bytes given to decode_frame().

    [[nodiscard]] std::size_t wire_size() const noexcept { return kFrameHeaderSize + payload.size(); }
};

/// True for the types of FrameType.
bool is_known_frame(std::uint8_t type) noexcept;

/// Decodes the frame at the front of `wire`. `truncated` means "read more, call again"; `bad_version` ends the stream.
base::Result<Frame> decode_frame(base::ByteView wire) noexcept;

/// Appends `payload` as one logical frame, cut into as many frames as it needs; an empty payload is one empty frame.
void append_frame(base::Bytes& out, FrameType type, base::ByteView payload);

using rpc::Field;
using rpc::Fields;

/// A header block of this protocol: for each field name length(2) name value length(2) value, all big-endian. Fields
/// with a name or value above 64 KiB - 1 are left out.
base::Bytes encode_fields(const Fields& fields);
/// `malformed_headers` on empty or upper-case names, NUL/CR/LF, and lengths that do not add up; `too_large` beyond
/// `fields_max` fields.
base::Result<Fields> decode_fields(base::ByteView block, std::size_t fields_max);

/// Cuts a byte stream into frames. DATA is handed on piece by piece (it may be endless); every other type is collected
/// until MORE ends, up to `logical_max` bytes. Holds at most one frame plus one logical frame.
class FrameReader {
 public:
    /// What `next()` found: a piece of DATA, or a whole logical frame of another type.
    struct Item {
        FrameType type;
        base::Bytes payload;
    };

    explicit FrameReader(std::size_t logical_max) noexcept : logical_max_{logical_max} {}

    void feed(base::ByteView bytes) { buffer_.insert(buffer_.end(), bytes.begin(), bytes.end()); }
    /// The next item. `truncated` when more bytes are needed; any other error is final.
    base::Result<Item> next();
    /// Bytes held now.
    [[nodiscard]] std::size_t held_bytes() const noexcept { return buffer_.size() - read_ + logical_.size(); }

 private:
    void discard(std::size_t count);

    std::size_t logical_max_;
    base::Bytes buffer_;
    std::size_t read_ = 0;  ///< Bytes of buffer_ already taken.
    base::Bytes logical_;
    std::uint8_t open_type_ = 0;  ///< Type of the logical frame that is being continued; 0: none.
};

}  // namespace ghostbridge

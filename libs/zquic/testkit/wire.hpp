#pragma once
// Reading and writing QUIC's wire format (RFC 9000 sections 16, 17 and 19) without rules: what a hostile peer needs.

#include <cstdint>
#include <vector>

#include "base/bytes.hpp"

namespace zquic::testkit {

enum class Space : std::uint8_t { initial, handshake, app, early };

/// Appends; every function returns the writer.
class WireWriter {
 public:
    WireWriter& byte(std::uint8_t value);
    WireWriter& varint(std::uint64_t value);  ///< Shortest form; the two top bits of `value` are dropped.
    WireWriter& u16(std::uint16_t value);
    WireWriter& u32(std::uint32_t value);
    WireWriter& bytes(base::ByteView value);
    [[nodiscard]] base::Bytes take() { return std::move(out_); }
    [[nodiscard]] const base::Bytes& view() const noexcept { return out_; }

 private:
    base::Bytes out_;
};

/// Reads forward; once something does not fit, failed() stays true, the rest is empty and everything reads as 0.
class WireReader {
 public:
    explicit WireReader(base::ByteView bytes) noexcept : rest_{bytes} {}
    [[nodiscard]] bool empty() const noexcept { return rest_.empty(); }
    [[nodiscard]] bool failed() const noexcept { return failed_; }
    [[nodiscard]] base::ByteView rest() const noexcept { return rest_; }
    std::uint64_t varint() noexcept;
    std::uint8_t byte() noexcept;
    base::ByteView bytes(std::uint64_t count) noexcept;
    /// Leaves the reader behind a frame whose type was just read. False for types that RFC 9000 and 9221 do not name.
    bool skip_frame(std::uint64_t type) noexcept;

 private:
    base::ByteView rest_;
    bool failed_ = false;
};

struct SplitPacket {
    Space space = Space::initial;
    base::ByteView bytes;       ///< The whole packet, borrowed.
    std::size_t number_at = 0;  ///< Where its packet number begins.
    base::ByteView source_id;   ///< Long headers only.
};

/// The packets of one datagram. `short_id_bytes`: the length of the destination id in short headers. Stops at what it
/// cannot read; Retry and Version Negotiation are left out.
std::vector<SplitPacket> split_datagram(base::ByteView datagram, std::size_t short_id_bytes);

}  // namespace zquic::testkit

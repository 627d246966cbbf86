#include "frame_scan.hpp"

namespace zquic {
namespace {

/// Reads forward; once something does not fit, `failed` stays set and everything reads as 0.
class Reader {
 public:
    explicit Reader(base::ByteView bytes) noexcept : rest_{bytes} {}
    [[nodiscard]] bool done() const noexcept { return failed_ || rest_.empty(); }
    [[nodiscard]] bool failed() const noexcept { return failed_; }

    void skip(std::uint64_t count) noexcept {
        if (count > rest_.size()) {
            failed_ = true;
            return;
        }
        rest_ = rest_.subspan(static_cast<std::size_t>(count));
    }
    void skip_rest() noexcept { rest_ = {}; }
    void skip_padding() noexcept {
        while (!rest_.empty() && rest_.front() == std::byte{0}) rest_ = rest_.subspan(1);
    }
    std::uint64_t varint() noexcept {  // RFC 9000 section 16
        if (done()) {
            failed_ = true;
            return 0;
        }
        const auto first = std::to_integer<std::uint64_t>(rest_.front());
        const auto size = std::size_t{1} << (first >> 6);
        if (size > rest_.size()) {
            failed_ = true;
            return 0;
        }
        auto value = first & 0x3f;
        for (std::size_t i = 1; i < size; ++i) value = value << 8 | std::to_integer<std::uint64_t>(rest_[i]);
        rest_ = rest_.subspan(size);
        return value;
    }
    void skip_varints(int count) noexcept {
        for (; count > 0; --count) varint();
    }

 private:
    base::ByteView rest_;
    bool failed_ = false;
};

void skip_ack(Reader& in, bool with_ecn) noexcept {
    in.skip_varints(2);
    auto ranges = in.varint();
    in.varint();
    for (; ranges > 0 && !in.failed(); --ranges) in.skip_varints(2);
    if (with_ecn) in.skip_varints(3);
}

void skip_stream(Reader& in, std::uint64_t type) noexcept {
    in.varint();
    if (type & 0x04) in.varint();
    if (type & 0x02) {
        in.skip(in.varint());
    } else {
        in.skip_rest();
    }
}

/// Leaves `in` behind the frame. False for types that are not known.
bool skip_frame(Reader& in, std::uint64_t type) noexcept {
    if (type >= 0x08 && type <= 0x0f) {
        skip_stream(in, type);
        return true;
    }
    switch (type) {
        case 0x00: in.skip_padding(); return true;
        case 0x01:
        case 0x1e: return true;  // PING, HANDSHAKE_DONE
        case 0x02: skip_ack(in, false); return true;
        case 0x03: skip_ack(in, true); return true;
        case 0x04: in.skip_varints(3); return true;  // RESET_STREAM
        case 0x06:
            in.varint();
            in.skip(in.varint());
            return true;                               // CRYPTO
        case 0x07: in.skip(in.varint()); return true;  // NEW_TOKEN
        case 0x10:
        case 0x12:
        case 0x13:
        case 0x14:
        case 0x16:
        case 0x17:
        case 0x19: in.varint(); return true;
        case 0x11:
        case 0x15: in.skip_varints(2); return true;  // MAX_STREAM_DATA, STREAM_DATA_BLOCKED
        case 0x18:                                   // NEW_CONNECTION_ID: its length byte is below 64
            in.skip_varints(2);
            in.skip(in.varint() + 16);
            return true;
        case 0x1a:
        case 0x1b: in.skip(8); return true;  // PATH_CHALLENGE, PATH_RESPONSE
        case 0x1c:
            in.skip_varints(2);
            in.skip(in.varint());
            return true;  // CONNECTION_CLOSE
        case 0x1d:
            in.varint();
            in.skip(in.varint());
            return true;
        case 0x30: in.skip_rest(); return true;  // DATAGRAM
        case 0x31: in.skip(in.varint()); return true;
        default: return false;
    }
}

}  // namespace

std::size_t list_frames(base::ByteView payload, std::span<std::uint64_t> out) noexcept {
    std::size_t count = 0;
    Reader in{payload};
    while (!in.done() && count < out.size()) {
        out[count++] = in.varint();
        if (!skip_frame(in, out[count - 1])) break;
    }
    return count;
}

FrameScan scan_frames(base::ByteView payload, std::vector<StopSending>& out, std::size_t max) {
    constexpr std::uint64_t kStopSending = 0x05;
    constexpr std::uint64_t kNewConnectionId = 0x18;
    constexpr std::uint64_t kHandshakeDone = 0x1e;
    FrameScan scan;
    Reader in{payload};
    while (!in.done()) {
        const auto type = in.varint();
        if (type == kHandshakeDone) scan.handshake_done = true;
        if (type == kNewConnectionId) {
            in.varint();
            if (in.varint() > 0) scan.retires_ids = true;
            in.skip(in.varint() + 16);  // its length byte is below 64, so it reads as a number
            if (in.failed()) break;
            continue;
        }
        if (type != kStopSending) {
            if (!skip_frame(in, type)) break;
            continue;
        }
        const StopSending found{.stream_id = in.varint(), .code = in.varint()};
        if (in.failed()) break;
        if (out.size() < max) out.push_back(found);
    }
    return scan;
}

}  // namespace zquic

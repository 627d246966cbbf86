#pragma once
// Looks at the frames of a decrypted packet before libngtcp2 does: for STOP_SENDING, which it answers (RESET_STREAM)
// but tells nobody, though users need to know it, with the code, while the stream is still open; and for what it takes
// badly.

#include <cstdint>
#include <span>
#include <vector>

#include "base/bytes.hpp"

namespace zquic {

struct StopSending {
    std::uint64_t stream_id;
    std::uint64_t code;
    friend bool operator==(const StopSending&, const StopSending&) = default;
};

/// What a 1-RTT packet holds besides STOP_SENDING.
struct FrameScan {
    bool handshake_done = false;
    bool retires_ids = false;  ///< NEW_CONNECTION_ID with a Retire Prior To above 0.
};

/// Walks the frames (RFC 9000 section 19, RFC 9221) of a 1-RTT packet and appends the STOP_SENDING ones to `out`, which
/// never grows beyond `max`. Stops quietly at the first frame that it cannot read: the engine, which judges the packet,
/// goes no further than that either.
FrameScan scan_frames(base::ByteView payload, std::vector<StopSending>& out, std::size_t max);

/// The types of the frames of any packet, into `out`; PADDING in a row is one. Returns how many; ends like scan_frames.
std::size_t list_frames(base::ByteView payload, std::span<std::uint64_t> out) noexcept;

}  // namespace zquic

#pragma once
// Finds STOP_SENDING frames in a decrypted packet. libngtcp2 answers them (RESET_STREAM) but tells nobody; users need
// to know, with the code, while the stream is still open.

#include <cstdint>
#include <vector>

#include "base/bytes.hpp"

namespace zquic {

struct StopSending {
    std::uint64_t stream_id;
    std::uint64_t code;
    friend bool operator==(const StopSending&, const StopSending&) = default;
};

/// Walks the frames (RFC 9000 section 19, RFC 9221) of a 1-RTT packet and appends what it finds to `out`, which never
/// grows beyond `max`. Stops quietly at the first frame it cannot read: the engine judges the packet, not this.
void scan_stop_sending(base::ByteView payload, std::vector<StopSending>& out, std::size_t max);

}  // namespace zquic

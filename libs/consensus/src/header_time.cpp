#include "consensus/header_time.hpp"

namespace consensus {

base::Result<void> check_received_time(const ledger::BlockHeader& header, std::uint64_t received_ms) {
    // Subtracted: a sum could overflow.
    if (header.time_ms > received_ms && header.time_ms - received_ms > kClockSkewMaxMs) {
        return base::fail(ledger::Errc::bad_time, "ahead of this node's clock");
    }
    return {};
}

}  // namespace consensus

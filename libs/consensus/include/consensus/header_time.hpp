#pragma once
// Whether a block's time is now. The state transition has no clock: it asks for a time later than the parent's
// (ledger::check_header). This is judged by whoever receives a header, once, when it first comes, and remembered: a
// block that waited for its parent, or that is executed again, is not judged again.

#include "ledger/errc.hpp"
#include "ledger/types.hpp"

namespace consensus {

/// How far ahead of the receiver's clock a block's time may be (design 03 section 5, rule 3).
inline constexpr std::uint64_t kClockSkewMaxMs = 2'000;

/// `bad_time` when the header is from the future. `received_ms`: Unix milliseconds of the receiver's clock at first
/// receipt.
base::Result<void> check_received_time(const ledger::BlockHeader& header, std::uint64_t received_ms);

}  // namespace consensus

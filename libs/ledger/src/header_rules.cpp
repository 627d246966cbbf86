// What a header must be on top of its parent: every number that its proposer chooses, within its bounds.

#include "ledger/chain_state.hpp"

namespace ledger {

base::Result<void> check_header(const BlockHeader& header, const BlockHeader& parent) {
    if (header.version != kBlockVersion) return base::fail(Errc::bad_header, "version");
    if (header.chain_id != parent.chain_id) return base::fail(Errc::wrong_chain, "block");
    if (parent.height == ~std::uint64_t{0} || header.height != parent.height + 1) {
        return base::fail(Errc::bad_parent, "height");
    }
    // An epoch ends when its validators change, and no message changes them yet: it is the parent's.
    if (header.epoch != parent.epoch) return base::fail(Errc::bad_parent, "epoch");
    if (header.slot <= parent.slot || header.slot - parent.slot > kSlotStepMax) {
        return base::fail(Errc::bad_parent, "slot");
    }
    if (header.time_ms <= parent.time_ms) return base::fail(Errc::bad_time, "not later than the parent");
    if (header.time_ms > kTimeMsMax) return base::fail(Errc::bad_time, "beyond the year 9999");
    return {};
}

}  // namespace ledger

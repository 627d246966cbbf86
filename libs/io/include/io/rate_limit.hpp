#pragma once
// A bound on how often something may happen (GCRA).

#include <algorithm>
#include <cstdint>

namespace io {

/// At most `burst` at once and `rate_per_s` a second in the long run. Time comes by parameter, never backwards.
class RateLimit {
 public:
    RateLimit(std::uint32_t rate_per_s, std::uint32_t burst) noexcept
        : interval_ns_{1'000'000'000 / std::max<std::uint64_t>(rate_per_s, 1)}, burst_ns_{interval_ns_ * burst} {}

    /// Counts one, unless that would pass the bound.
    [[nodiscard]] bool allow(std::uint64_t now_ns) noexcept {
        const auto at = std::max(next_ns_, now_ns);
        if (at - now_ns > burst_ns_) return false;
        next_ns_ = at + interval_ns_;
        return true;
    }

 private:
    std::uint64_t interval_ns_;
    std::uint64_t burst_ns_;
    std::uint64_t next_ns_ = 0;
};

}  // namespace io

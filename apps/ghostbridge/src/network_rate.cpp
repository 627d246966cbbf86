#include "ghostbridge/network_rate.hpp"

#include <algorithm>
#include <utility>

namespace ghostbridge {

NetworkRate::NetworkRate(std::uint32_t rate_per_s, std::uint32_t burst) noexcept
    : rate_per_s_{rate_per_s},
      burst_{burst},
      period_ns_{(std::uint64_t{burst} / std::max(rate_per_s, 1u) + 1) * 1'000'000'000} {}

bool NetworkRate::allow(const io::SocketAddress& address, std::uint64_t now_ns) {
    if (now_ns - since_ns_ >= period_ns_) {
        before_ = std::exchange(recent_, {});
        if (now_ns - since_ns_ >= 2 * period_ns_) before_.clear();
        since_ns_ = now_ns;
    }
    const auto network = io::network_of(address);
    auto at = recent_.find(network);
    if (at == recent_.end()) {
        if (recent_.size() >= kNetworksMax) return false;
        const auto old = before_.find(network);
        at = recent_.emplace(network, old == before_.end() ? io::RateLimit{rate_per_s_, burst_} : old->second).first;
        if (old != before_.end()) before_.erase(old);
    }
    return at->second.allow(now_ns);
}

}  // namespace ghostbridge

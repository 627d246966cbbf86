#pragma once
// How often one network may come: whoever makes a connection after the other pays with his neighbours only.

#include <cstddef>
#include <cstdint>
#include <map>

#include "io/network.hpp"
#include "io/rate_limit.hpp"

namespace ghostbridge {

/// Bounds how often something happens for each network. Networks that did not ask for as long as their whole burst
/// takes to come back are forgotten. One thread.
class NetworkRate {
 public:
    /// Networks that ask within that time; when there are more, new ones are refused.
    static constexpr std::size_t kNetworksMax = 65'536;

    NetworkRate(std::uint32_t rate_per_s, std::uint32_t burst) noexcept;

    /// Counts one, unless that would pass the bound. Time never goes backwards.
    [[nodiscard]] bool allow(const io::SocketAddress& address, std::uint64_t now_ns);
    [[nodiscard]] std::size_t networks() const noexcept { return recent_.size() + before_.size(); }

 private:
    using Table = std::map<io::SocketAddress, io::RateLimit, io::HostLess>;
    std::uint32_t rate_per_s_;
    std::uint32_t burst_;
    std::uint64_t period_ns_;
    std::uint64_t since_ns_ = 0;
    Table recent_;  ///< Asked since since_ns_.
    Table before_;  ///< In the period before that, and not since.
};

}  // namespace ghostbridge

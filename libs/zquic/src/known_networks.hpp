#pragma once
// Where peers that somebody listed came from lately. Their next handshakes use room that strangers cannot take: who
// comes is known only at the end of a handshake.

#include <algorithm>
#include <cstdint>
#include <map>

#include "io/network.hpp"

namespace zquic {

class KnownNetworks {
 public:
    /// Only listed peers get in, so strangers push nobody out.
    static constexpr std::size_t kMax = 1024;

    void remember(const io::SocketAddress& peer) {
        seen_[io::network_of(peer)] = ++last_;
        if (seen_.size() > kMax)
            seen_.erase(std::ranges::min_element(seen_, {}, [](const auto& e) { return e.second; }));
    }
    [[nodiscard]] bool contains(const io::SocketAddress& peer) const noexcept {
        return seen_.contains(io::network_of(peer));
    }
    [[nodiscard]] std::size_t size() const noexcept { return seen_.size(); }

 private:
    std::map<io::SocketAddress, std::uint64_t, io::HostLess> seen_;  ///< With when each came last.
    std::uint64_t last_ = 0;
};

}  // namespace zquic

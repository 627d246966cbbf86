#pragma once
// What strangers may hold at a time, together and from one network: none of them can take it all.

#include <cstddef>
#include <cstdint>
#include <expected>
#include <memory>

#include "io/address.hpp"

namespace io {

/// Counts places of networks (network_of()). Only networks that hold one are remembered, so there are at most `max` of
/// them. One thread.
class NetworkQuota {
 public:
    enum class Full : std::uint8_t {
        together,  ///< All places are taken.
        network,   ///< This network holds its share.
    };
    /// Held until its last copy is gone, which may be after the quota.
    using Place = std::shared_ptr<void>;

    NetworkQuota(std::size_t max, std::size_t per_network_max);

    std::expected<Place, Full> take(const SocketAddress& address);
    [[nodiscard]] std::size_t held() const noexcept;
    /// With at least one place.
    [[nodiscard]] std::size_t networks() const noexcept;

 private:
    struct Table;
    std::shared_ptr<Table> table_;
};

}  // namespace io

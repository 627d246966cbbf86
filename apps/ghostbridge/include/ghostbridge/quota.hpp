#pragma once
// What callers that prove no key may hold at a time, together and from one address: one of them cannot take it all.

#include <cstddef>
#include <cstdint>
#include <expected>
#include <memory>

#include "io/address.hpp"

namespace ghostbridge {

/// Counts places of networks (io::network_of). Only addresses that hold one are remembered, so there are at most `max`
/// of them. One thread.
class AddressQuota {
 public:
    enum class Full : std::uint8_t {
        together,  ///< All places are taken.
        address,   ///< This address holds its share.
    };
    /// Held until its last copy is gone, which may be after the quota.
    using Place = std::shared_ptr<void>;

    AddressQuota(std::size_t max, std::size_t per_address_max);

    std::expected<Place, Full> take(const io::SocketAddress& address);
    [[nodiscard]] std::size_t held() const noexcept;
    /// With at least one place.
    [[nodiscard]] std::size_t addresses() const noexcept;

 private:
    struct Table;
    std::shared_ptr<Table> table_;
};

}  // namespace ghostbridge

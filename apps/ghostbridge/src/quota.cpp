#include "ghostbridge/quota.hpp"

#include <map>
#include <utility>

#include "io/network.hpp"

namespace ghostbridge {

struct AddressQuota::Table {
    std::size_t max;
    std::size_t per_address_max;
    std::size_t held = 0;
    std::map<io::SocketAddress, std::size_t, io::HostLess> by_network;

    void give_back(const io::SocketAddress& network) noexcept {
        --held;
        const auto at = by_network.find(network);
        if (--at->second == 0) by_network.erase(at);
    }
};

AddressQuota::AddressQuota(std::size_t max, std::size_t per_address_max)
    : table_{std::make_shared<Table>(max, per_address_max)} {}

std::expected<AddressQuota::Place, AddressQuota::Full> AddressQuota::take(const io::SocketAddress& address) {
    struct Held {
        Held(std::shared_ptr<Table> table_in, const io::SocketAddress& network_in)
            : table{std::move(table_in)}, network{network_in} {}
        Held(const Held&) = delete;
        Held& operator=(const Held&) = delete;
        ~Held() { table->give_back(network); }
        std::shared_ptr<Table> table;
        io::SocketAddress network;
    };
    if (table_->held >= table_->max) return std::unexpected{Full::together};
    const auto network = io::network_of(address);
    const auto at = table_->by_network.find(network);
    if (at != table_->by_network.end() && at->second >= table_->per_address_max) return std::unexpected{Full::address};
    ++table_->by_network[network];
    ++table_->held;
    return std::make_shared<Held>(table_, network);
}

std::size_t AddressQuota::held() const noexcept { return table_->held; }
std::size_t AddressQuota::addresses() const noexcept { return table_->by_network.size(); }

}  // namespace ghostbridge

#include "io/network_quota.hpp"

#include <map>
#include <utility>

#include "io/network.hpp"

namespace io {

struct NetworkQuota::Table {
    std::size_t max;
    std::size_t per_network_max;
    std::size_t held = 0;
    std::map<SocketAddress, std::size_t, HostLess> by_network;

    void give_back(const SocketAddress& network) noexcept {
        --held;
        const auto at = by_network.find(network);
        if (--at->second == 0) by_network.erase(at);
    }
};

NetworkQuota::NetworkQuota(std::size_t max, std::size_t per_network_max)
    : table_{std::make_shared<Table>(max, per_network_max)} {}

std::expected<NetworkQuota::Place, NetworkQuota::Full> NetworkQuota::take(const SocketAddress& address) {
    struct Held {
        Held(std::shared_ptr<Table> table_in, const SocketAddress& network_in)
            : table{std::move(table_in)}, network{network_in} {}
        Held(const Held&) = delete;
        Held& operator=(const Held&) = delete;
        ~Held() { table->give_back(network); }
        std::shared_ptr<Table> table;
        SocketAddress network;
    };
    if (table_->held >= table_->max) return std::unexpected{Full::together};
    const auto network = network_of(address);
    const auto at = table_->by_network.find(network);
    if (at != table_->by_network.end() && at->second >= table_->per_network_max) return std::unexpected{Full::network};
    ++table_->by_network[network];
    ++table_->held;
    return std::make_shared<Held>(table_, network);
}

std::size_t NetworkQuota::held() const noexcept { return table_->held; }
std::size_t NetworkQuota::networks() const noexcept { return table_->by_network.size(); }

}  // namespace io

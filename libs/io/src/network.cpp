#include "io/network.hpp"

#include <netinet/in.h>

#include <algorithm>
#include <span>

namespace io {

SocketAddress network_of(const SocketAddress& address) noexcept {
    constexpr std::size_t kNetworkBytes = 8;
    const auto plain = address.normalized();
    if (!plain.is_v6()) return plain.with_port(0);
    in6_addr network{};
    std::ranges::copy(plain.host_bytes().first(kNetworkBytes),
                      std::as_writable_bytes(std::span{network.s6_addr}).begin());
    return SocketAddress::v6(network, 0);
}

bool HostLess::operator()(const SocketAddress& left, const SocketAddress& right) const noexcept {
    return std::ranges::lexicographical_compare(left.host_bytes(), right.host_bytes());
}

bool AddressLess::operator()(const SocketAddress& left, const SocketAddress& right) const noexcept {
    const HostLess less;
    if (less(left, right)) return true;
    return !less(right, left) && left.port() < right.port();
}

}  // namespace io

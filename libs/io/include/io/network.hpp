#pragma once
// Whom an address stands for when something is shared out: one IPv4 host, or the IPv6 /64 that one customer has.

#include "io/address.hpp"

namespace io {

/// Without a port; v4-mapped addresses are their IPv4 host. Empty for an empty address.
SocketAddress network_of(const SocketAddress& address) noexcept;

/// An order over addresses for maps that strangers fill: no choice of addresses makes a look-up long.
struct HostLess {
    bool operator()(const SocketAddress& left, const SocketAddress& right) const noexcept;
};
/// The same with the port.
struct AddressLess {
    bool operator()(const SocketAddress& left, const SocketAddress& right) const noexcept;
};

}  // namespace io

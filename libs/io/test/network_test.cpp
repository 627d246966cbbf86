#include "io/network.hpp"

#include <gtest/gtest.h>

namespace io {
namespace {

SocketAddress at(std::string_view text) { return SocketAddress::parse(text).value(); }

TEST(NetworkOf, IsAnIpv4HostOrAnIpv6Slash64) {
    EXPECT_EQ(network_of(at("192.0.2.1:5")), network_of(at("192.0.2.1:6")));
    EXPECT_EQ(network_of(at("192.0.2.1:5")), network_of(at("[::ffff:192.0.2.1]:6")))
        << "as a dual-stack socket says it";
    EXPECT_NE(network_of(at("192.0.2.1:5")), network_of(at("192.0.2.2:5")));
    EXPECT_EQ(network_of(at("[2001:db8:0:1::1]:5")), network_of(at("[2001:db8:0:1:ffff::2]:6")));
    EXPECT_NE(network_of(at("[2001:db8:0:1::1]:5")), network_of(at("[2001:db8:0:2::1]:5")));
    EXPECT_NE(network_of(at("[::ffff:192.0.2.1]:5")), network_of(at("[::ffff:192.0.2.2]:5")));
    EXPECT_TRUE(network_of({}).empty());
}

TEST(HostLess, OrdersEveryKindOfAddress) {
    const HostLess less;
    const auto one = network_of(at("192.0.2.1:5"));
    const auto two = network_of(at("192.0.2.2:5"));
    const auto six = network_of(at("[2001:db8::1]:5"));
    EXPECT_TRUE(less(one, two));
    EXPECT_FALSE(less(two, one));
    EXPECT_FALSE(less(one, one));
    EXPECT_NE(less(one, six), less(six, one));
    EXPECT_TRUE(less({}, one));
}

}  // namespace
}  // namespace io

#include "io/address.hpp"

#include <gtest/gtest.h>

#include <unordered_set>

namespace {

using io::SocketAddress;

TEST(SocketAddress, RoundTripsThroughText) {
    for (const auto* text : {"127.0.0.1:80", "0.0.0.0:0", "[::1]:50051", "[::]:65535", "[fe80::1%2]:53",
                             "[::ffff:10.0.0.1]:443", "[2001:db8::8:800:200c:417a]:1"}) {
        const auto address = SocketAddress::parse(text);
        ASSERT_TRUE(address) << text;
        EXPECT_EQ(address->to_string(), text);
        EXPECT_EQ(*address, *SocketAddress::from_native(address->native(), address->native_size()));
    }
}

TEST(SocketAddress, RefusesWhatIsNotNumericOrHasNoPort) {
    for (const auto* text : {"",
                             ":",
                             "localhost:80",
                             "127.0.0.1",
                             "127.0.0.1:",
                             "127.0.0.1:65536",
                             "127.0.0.1:+1",
                             "127.0.0.1:-1",
                             "127.0.0.1: 1",
                             "1.2.3:80",
                             "::1:80",
                             "[::1]",
                             "[::1]80",
                             "[::1",
                             "[]:1",
                             "[127.0.0.1]:80",
                             "[fe80::1%]:1",
                             "[fe80::1%eth0]:1",
                             "127.0.0.1:000080",
                             "[::1]:"}) {
        const auto address = SocketAddress::parse(text);
        ASSERT_FALSE(address) << text;
        EXPECT_TRUE(address.error().is(io::Errc::bad_address)) << text;
    }
    EXPECT_FALSE(SocketAddress::parse(std::string_view{"127.0.0.1\0:80", 13}));
}

TEST(SocketAddress, TakesAPortAloneForEveryAddressOfTheMachine) {
    EXPECT_EQ(*SocketAddress::parse(":50051"), SocketAddress::any_v6(50051));
    EXPECT_TRUE(SocketAddress::any_v6(1).is_any());
    EXPECT_TRUE(SocketAddress::any_v4(1).is_any());
}

TEST(SocketAddress, IsTheSameAddressAfterMappingAndNormalising) {
    const auto plain = *SocketAddress::parse("10.1.2.3:9");
    const auto mapped = plain.mapped();
    EXPECT_TRUE(mapped.is_v4_mapped());
    EXPECT_NE(mapped, plain);
    EXPECT_EQ(mapped.normalized(), plain);
    EXPECT_EQ(SocketAddress::loopback_v6(7).normalized(), SocketAddress::loopback_v6(7));
    EXPECT_TRUE(SocketAddress::loopback_v4(7).mapped().is_loopback());
    EXPECT_TRUE(SocketAddress::any_v4(7).mapped().is_any());
}

TEST(SocketAddress, HashesAndComparesByValue) {
    std::unordered_set<SocketAddress> set;
    for (std::uint16_t port = 0; port < 1000; ++port) {
        set.insert(SocketAddress::loopback_v4(port));
        set.insert(SocketAddress::loopback_v6(port));
        set.insert(SocketAddress::loopback_v4(port));
    }
    EXPECT_EQ(set.size(), 2000u);
    EXPECT_EQ(SocketAddress{}, SocketAddress{});
    EXPECT_TRUE(SocketAddress{}.empty());
    EXPECT_EQ(SocketAddress{}.to_string(), "-");
    EXPECT_EQ(SocketAddress{}.port(), 0);
}

TEST(SplitHostPort, KeepsNamesAndRefusesHalves) {
    const auto parts = io::split_host_port("shop.ghost:8443");
    ASSERT_TRUE(parts);
    EXPECT_EQ(parts->host, "shop.ghost");
    EXPECT_EQ(parts->port, 8443);
    EXPECT_EQ(io::split_host_port("[::1]:1")->host, "::1");
    EXPECT_FALSE(io::split_host_port("shop.ghost"));
    EXPECT_FALSE(io::split_host_port(":80"));
    EXPECT_FALSE(io::split_host_port(std::string(300, 'a') + ":80"));
}

TEST(Resolve, FindsNumericHostsAndRefusesNonsense) {
    const auto found = io::resolve("127.0.0.1", 80);
    ASSERT_TRUE(found);
    ASSERT_EQ(found->size(), 1u);
    EXPECT_EQ(found->front(), SocketAddress::loopback_v4(80));
    EXPECT_FALSE(io::resolve("", 80));
    EXPECT_FALSE(io::resolve("no such host", 80));
}

}  // namespace

#include "ghostbridge/network_rate.hpp"

#include <gtest/gtest.h>

namespace {

using namespace ghostbridge;

TEST(NetworkRate, BoundsEachNetworkByItself) {
    constexpr std::uint64_t kSecond = 1'000'000'000;
    NetworkRate rate{10, 20};
    const auto one = io::SocketAddress::parse("10.0.0.1:5").value();
    const auto same = io::SocketAddress::parse("10.0.0.1:6").value();
    const auto other = io::SocketAddress::parse("10.0.0.2:5").value();
    std::uint64_t now = 100 * kSecond;
    int allowed = 0;
    for (int i = 0; i < 100; ++i) allowed += rate.allow(i % 2 == 0 ? one : same, now) ? 1 : 0;
    EXPECT_GE(allowed, 20);
    EXPECT_LE(allowed, 22);
    EXPECT_TRUE(rate.allow(other, now));
    // In the long run it is the rate, also across the moments when tables change.
    allowed = 0;
    for (int i = 0; i < 1000; ++i) {
        now += kSecond / 50;
        allowed += rate.allow(one, now) ? 1 : 0;
    }
    EXPECT_GE(allowed, 195);
    EXPECT_LE(allowed, 205);
}

TEST(NetworkRate, ForgetsNetworksThatStayAway) {
    constexpr std::uint64_t kSecond = 1'000'000'000;
    NetworkRate rate{10, 20};
    std::uint64_t now = kSecond;
    for (int i = 0; i < 200; ++i) {
        now += kSecond;
        static_cast<void>(rate.allow(io::SocketAddress::parse("10.0.1." + std::to_string(i) + ":1").value(), now));
        EXPECT_LE(rate.networks(), 8u);
    }
}

}  // namespace

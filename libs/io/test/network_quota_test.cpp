#include "io/network_quota.hpp"

#include <gtest/gtest.h>

#include <optional>
#include <vector>

namespace {

using namespace io;

SocketAddress at(std::string_view text) { return SocketAddress::parse(text).value(); }

TEST(NetworkQuota, GivesNoNetworkMoreThanItsShare) {
    NetworkQuota quota{5, 3};
    std::vector<NetworkQuota::Place> held;
    for (int i = 0; i < 3; ++i) held.push_back(quota.take(at("192.0.2.1:" + std::to_string(i + 1))).value());
    EXPECT_EQ(quota.take(at("192.0.2.1:9")).error(), NetworkQuota::Full::network);
    held.push_back(quota.take(at("192.0.2.2:1")).value());
    held.push_back(quota.take(at("[2001:db8::1]:1")).value());
    EXPECT_EQ(quota.take(at("192.0.2.3:1")).error(), NetworkQuota::Full::together);
    EXPECT_EQ(quota.held(), 5u);
    EXPECT_EQ(quota.networks(), 3u);
    held.erase(held.begin());
    EXPECT_TRUE(quota.take(at("192.0.2.1:9"))) << "a place that was given back is free again";
}

TEST(NetworkQuota, ForgetsNetworksThatHoldNothing) {
    NetworkQuota quota{4, 4};
    for (int i = 1; i <= 200; ++i) {
        const auto place = quota.take(at("192.0.2." + std::to_string(i) + ":1"));
        ASSERT_TRUE(place);
        EXPECT_EQ(quota.networks(), 1u);
    }
    EXPECT_EQ(quota.networks(), 0u);
    EXPECT_EQ(quota.held(), 0u);
}

TEST(NetworkQuota, MayGoBeforeItsPlaces) {
    NetworkQuota::Place place;
    {
        NetworkQuota quota{1, 1};
        place = quota.take(at("192.0.2.1:1")).value();
    }
    place.reset();
}

}  // namespace

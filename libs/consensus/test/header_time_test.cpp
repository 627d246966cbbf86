#include "consensus/header_time.hpp"

#include <gtest/gtest.h>

namespace {

TEST(HeaderTime, MayBeAsFarAheadAsClocksDiffer) {
    ledger::BlockHeader header;
    const auto check = [&](std::uint64_t time_ms, std::uint64_t received_ms) {
        header.time_ms = time_ms;
        return consensus::check_received_time(header, received_ms).has_value();
    };
    constexpr auto kMost = ~std::uint64_t{0};
    EXPECT_TRUE(check(10'000, 10'000));
    EXPECT_TRUE(check(10'000 + consensus::kClockSkewMaxMs, 10'000));
    EXPECT_FALSE(check(10'001 + consensus::kClockSkewMaxMs, 10'000));
    EXPECT_TRUE(check(10'000, 90'000)) << "an old block, fetched later";
    EXPECT_FALSE(check(kMost, 10'000));
    EXPECT_TRUE(check(kMost, kMost - 5)) << "no sum overflows";
    EXPECT_TRUE(check(0, kMost));
}

}  // namespace

#include "base/bytes.hpp"

#include <gtest/gtest.h>

namespace {

TEST(Hex, RoundTripsAndAcceptsPrefixAndUpperCase) {
    const auto bytes = base::from_hex("0xDEADbeef00").value();
    EXPECT_EQ(base::to_hex(bytes), "deadbeef00");
}

TEST(Hex, RefusesOddAndForeignDigits) {
    for (const auto text : {"abc", "zz", "0x0", " 00"}) EXPECT_FALSE(base::from_hex(text)) << text;
}

TEST(Compare, OrdersLikeUnsignedBytesWithShorterFirst) {
    const auto a = base::from_hex("7f").value();
    const auto b = base::from_hex("80").value();
    const auto c = base::from_hex("7f00").value();
    EXPECT_TRUE(base::compare(a, b) < 0);
    EXPECT_TRUE(base::compare(a, c) < 0);
    EXPECT_TRUE(base::compare(b, c) > 0);
    EXPECT_TRUE(base::compare(a, a) == 0);
}

TEST(Integers, StoreAndLoadInBothOrders) {
    base::FixedBytes<8> raw;
    base::store_be<std::uint64_t>(raw.data(), 0x0102030405060708);
    EXPECT_EQ(base::to_hex(raw), "0102030405060708");
    EXPECT_EQ(base::load_be<std::uint64_t>(raw.data()), 0x0102030405060708u);
    EXPECT_EQ(base::load_le<std::uint64_t>(raw.data()), 0x0807060504030201u);
}

TEST(Error, PrintsDomainDescriptionAndNote) {
    const base::Result<int> result = base::fail(base::Errc::truncated, "header");
    EXPECT_EQ(base::to_string(result.error()), "base: input is truncated (header)");
}

}  // namespace

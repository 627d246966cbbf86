#include "base/u128.hpp"

#include <gtest/gtest.h>

namespace {

using base::u128;

TEST(Amount, ParsesExactDecimalsOnly) {
    EXPECT_TRUE(base::units_from_decimal("1.5", 18).value() == static_cast<u128>(1'500'000'000'000'000'000));
    EXPECT_TRUE(base::units_from_decimal("0.000000000000000001", 18).value() == 1);
    for (const auto text : {"", ".", "1.", ".5", "-1", "+1", "1e3", "1,5", "1 ", "0x1", "1.5.0", "nan"})
        EXPECT_FALSE(base::units_from_decimal(text, 18)) << text;
    EXPECT_TRUE(base::units_from_decimal("0.0000000000000000001", 18).error().is(base::Errc::out_of_range));
}

TEST(Amount, RefusesWhatDoesNotFit) {
    EXPECT_EQ(base::to_string(~static_cast<u128>(0)), "340282366920938463463374607431768211455");
    EXPECT_TRUE(base::u128_from_string("340282366920938463463374607431768211455").value() == ~static_cast<u128>(0));
    EXPECT_TRUE(base::u128_from_string("340282366920938463463374607431768211456").error().is(base::Errc::overflow));
}

TEST(Amount, PrintsWithoutTrailingZeros) {
    EXPECT_EQ(base::units_to_decimal(0, 18), "0");
    EXPECT_EQ(base::units_to_decimal(1, 18), "0.000000000000000001");
    EXPECT_EQ(base::units_to_decimal(static_cast<u128>(1'500'000'000'000'000'000), 18), "1.5");
    EXPECT_EQ(base::units_to_decimal(12, 0), "12");
}

TEST(CheckedArithmetic, StopsAtTheEdges) {
    const auto top = ~static_cast<u128>(0);
    EXPECT_FALSE(base::checked_add(top, 1));
    EXPECT_FALSE(base::checked_sub(0, 1));
    EXPECT_FALSE(base::checked_mul(top, 2));
    EXPECT_TRUE(base::checked_add(top - 1, 1).value() == top);
}

}  // namespace

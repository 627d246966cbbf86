#include "zwallet/amount.hpp"

#include <gtest/gtest.h>

namespace zwallet {
namespace {

std::string units(std::string_view amount, std::string_view coin = {}, unsigned decimals = kCoinDecimals) {
    const auto parsed = parse_amount(amount, coin);
    if (!parsed) return "refused";
    const auto value = to_units(*parsed, decimals);
    return value ? base::to_string(*value) : "no units";
}

TEST(Amount, ReadsEverySpellingOfTheSameSum) {
    for (const auto* text : {"1.5", "1.5 GCC", "1.5GCC", "1.50", "01.5", "1500000000000000000 agcc", "1.5   GCC"}) {
        EXPECT_EQ(units(text), "1500000000000000000") << text;
    }
    EXPECT_EQ(units("1.5", "GCC"), "1500000000000000000");
    EXPECT_EQ(units("7", "agcc"), "7");
    EXPECT_EQ(units("2.25", "GOLD", 2), "225");
}

TEST(Amount, IsExactWhereFloatingPointIsNot) {
    EXPECT_EQ(units("0.1"), "100000000000000000");
    EXPECT_EQ(units("0.000000000000000001"), "1");
    EXPECT_EQ(units("123456789.123456789123456789"), "123456789123456789123456789");
    EXPECT_EQ(units("340282366920938463463374607431768211455", "agcc"), "340282366920938463463374607431768211455");
}

TEST(Amount, RefusesWhatItCannotHoldExactly) {
    EXPECT_EQ(units("0.0000000000000000001"), "no units");
    EXPECT_EQ(units("340282366920938463463374607431768211456", "agcc"), "no units");
    EXPECT_EQ(units("1.5", "agcc"), "no units");
    EXPECT_EQ(units("1.234", "GOLD", 2), "no units");
}

TEST(Amount, RefusesMalformedText) {
    for (const auto* text : {"", "-1", "+1", ".5", "1.", "1..5", "1,5", "1e3", "0x10", "GCC", "1.5 gcc", "1 5", " 1",
                             "1.5 GCC ", "1.5\tGCC", "1 TOOLONGSYMBOLX", "\x1b[31m1", "1'000", "1_000"}) {
        EXPECT_EQ(units(text), "refused") << text;
    }
    EXPECT_EQ(units("1 GCC", "GCC"), "refused");
    EXPECT_EQ(units(std::string(200, '1')), "refused");
}

TEST(Amount, TakesAnAssetIdInEitherCase) {
    const auto parsed = parse_amount("3", std::string(64, 'A'));
    ASSERT_TRUE(parsed);
    EXPECT_TRUE(parsed->is_asset_id());
    EXPECT_EQ(parsed->coin, std::string(64, 'a'));
    EXPECT_FALSE(parse_amount("3", std::string(63, 'a')));
}

TEST(Amount, NeverPrintsControlCharactersBack) {
    const auto parsed = parse_amount("\x1b]0;owned\x07");
    ASSERT_FALSE(parsed);
    for (const char c : parsed.error().text) EXPECT_GE(c, 0x20);
}

}  // namespace
}  // namespace zwallet

// Test vectors of BIP-350, section "Test vectors for Bech32m".
#include "gcrypt/bech32m.hpp"

#include <gtest/gtest.h>

#include <algorithm>

#include "base/random.hpp"

namespace {

using namespace gcrypt;

TEST(Bech32m, AcceptsTheValidStringsOfBip350) {
    const std::string_view valid[] = {
        "A1LQFN3A",
        "a1lqfn3a",
        "an83characterlonghumanreadablepartthatcontainsthetheexcludedcharactersbioandnumber11sg7hg6",
        "abcdef1l7aum6echk45nj3s0wdvt2fg8x9yrzpqzd3ryx",
        "11llllllllllllllllllllllllllllllllllllllllllllllllllllllllllllllllllllllllllllllllllludsr8",
        "split1checkupstagehandshakeupstreamerranterredcaperredlc445v",
        "?1v759aa",
    };
    std::size_t count = 0;
    for (const auto text : valid) {
        const auto symbols = bech32m::decode_symbols(text);
        ASSERT_TRUE(symbols) << text << ' ' << base::to_string(symbols.error());
        std::string lower{text};
        std::ranges::transform(lower, lower.begin(), [](unsigned char c) { return std::tolower(c); });
        EXPECT_EQ(bech32m::encode_symbols(*symbols), lower);
        ++count;
    }
    std::printf("[ vectors  ] BIP-350 valid: %zu checked\n", count);
    EXPECT_EQ(bech32m::decode_symbols(valid[3])->prefix, "abcdef");
    EXPECT_EQ(bech32m::decode_symbols(valid[3])->values[0], 31);
}

TEST(Bech32m, RefusesTheInvalidStringsOfBip350AndSaysWhy) {
    const struct {
        std::string_view text;
        Errc reason;
    } invalid[] = {
        {"\x20"
         "1xj0phk",
         Errc::bad_character},
        {"\x7f"
         "1g6xzxy",
         Errc::bad_character},
        {"\x80"
         "1vctc34",
         Errc::bad_character},
        {"an84characterslonghumanreadablepartthatcontainsthetheexcludedcharactersbioandnumber11d6pts4", Errc::too_long},
        {"qyrz8wqd2c9m", Errc::no_separator},
        {"1qyrz8wqd2c9m", Errc::wrong_prefix},
        {"y1b0jsk6g", Errc::bad_character},
        {"lt1igcx5c0", Errc::bad_character},
        {"in1muywd", Errc::bad_length},
        {"mm1crxm3i", Errc::bad_character},
        {"au1s5cgom", Errc::bad_character},
        {"M1VUXWEZ", Errc::bad_checksum},
        {"16plkw9", Errc::wrong_prefix},
        {"1p2gdwpf", Errc::wrong_prefix},
    };
    std::size_t count = 0;
    for (const auto& [text, reason] : invalid) {
        const auto symbols = bech32m::decode_symbols(text);
        ASSERT_FALSE(symbols) << text;
        EXPECT_TRUE(symbols.error().is(reason)) << text << ' ' << base::to_string(symbols.error());
        ++count;
    }
    std::printf("[ vectors  ] BIP-350 invalid: %zu checked\n", count);
}

TEST(Bech32m, RefusesBech32AndMixedCase) {
    EXPECT_TRUE(bech32m::decode_symbols("a12uel5l").error().is(Errc::bad_checksum));  // valid under BIP-173
    EXPECT_TRUE(bech32m::decode_symbols("A1lqfn3a").error().is(Errc::mixed_case));
}

TEST(Bech32m, RoundTripsBytesOfEveryLength) {
    base::SeededRandom random{350};
    for (std::size_t size = 0; size <= 48; ++size) {
        base::Bytes payload(size);
        random.fill(payload);
        const auto text = bech32m::encode("ghost", payload);
        ASSERT_TRUE(text) << size;
        EXPECT_EQ(bech32m::decode("ghost", *text), payload);
        EXPECT_TRUE(bech32m::decode("gid", *text).error().is(Errc::wrong_prefix));
    }
    EXPECT_TRUE(bech32m::encode("ghost", base::Bytes(60)).error().is(Errc::too_long));
    EXPECT_TRUE(bech32m::encode("ghost", base::Bytes(1'000'000)).error().is(Errc::too_long));
    EXPECT_TRUE(bech32m::encode("", {}).error().is(Errc::bad_length));
    EXPECT_TRUE(bech32m::encode("Ghost", {}).error().is(Errc::mixed_case));
    EXPECT_TRUE(bech32m::encode("g host", {}).error().is(Errc::bad_character));
    EXPECT_TRUE(bech32m::encode_symbols({.prefix = "a", .values = {32}}).error().is(Errc::bad_character));
}

TEST(Bech32m, RefusesPaddingThatCarriesBits) {
    const auto spell = [](std::vector<std::uint8_t> values) {
        return bech32m::encode_symbols({.prefix = "ghost", .values = std::move(values)}).value();
    };
    EXPECT_TRUE(bech32m::decode("ghost", spell({31, 28})));                                   // ff, two zero bits
    EXPECT_TRUE(bech32m::decode("ghost", spell({31, 29})).error().is(Errc::bad_padding));     // a bit is set
    EXPECT_TRUE(bech32m::decode("ghost", spell({31, 28, 0})).error().is(Errc::bad_padding));  // a whole symbol more
    EXPECT_TRUE(bech32m::decode("ghost", spell({0})).error().is(Errc::bad_padding));
}

}  // namespace

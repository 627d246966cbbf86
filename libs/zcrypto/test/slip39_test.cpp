#include "zcrypto/slip39.hpp"

#include <algorithm>

#include "gf256.hpp"
#include "vectors.hpp"
#include "zcrypto/bip32.hpp"

namespace {

using namespace zcrypto;
using slip39::Group, slip39::Share, slip39::combine, slip39::split;
using test::hex;

/// The secret in hexadecimal, or "" where combining fails.
std::string combine_hex(const std::vector<std::string>& shares, std::string_view passphrase = "TREZOR") {
    const std::vector<std::string_view> views(shares.begin(), shares.end());
    const auto secret = combine(views, passphrase);
    return secret ? base::to_hex(secret->expose()) : "";
}

TEST(Slip39, WordListIsTheStandards) {
    EXPECT_EQ(slip39::word(0), "academic");
    EXPECT_EQ(slip39::word(1023), "zero");
    std::string previous;
    for (std::size_t i = 0; i < 1024; ++i) {
        const std::string word{slip39::word(i)};
        EXPECT_EQ(slip39::word_index(word), static_cast<int>(i));
        EXPECT_TRUE(word.size() >= 4 && word.size() <= 8) << word;
        EXPECT_LT(previous.substr(0, 4), word.substr(0, 4)) << "not unique in four letters";
        previous = word;
    }
    EXPECT_EQ(slip39::word_index("ghosts"), -1);
}

TEST(Slip39, GivesThePublishedVectors) {
    // The passphrase of all of them is TREZOR. A few are here, all run where the folder of vectors has them.
    EXPECT_EQ(combine_hex({"duckling enlarge academic academic agency result length solution fridge kidney coal piece "
                           "deal husband erode duke ajar critical decision keyboard"}),
              "bb54aac4b89dc868ba37d9cc21b2cece");
    EXPECT_EQ(
        combine_hex({"shadow pistol academic always adequate wildlife fancy gross oasis cylinder mustang wrist "
                     "rescue view short owner flip making coding armed",
                     "shadow pistol academic acid actress prayer class unknown daughter sweater depict flip twice "
                     "unkind craft early superior advocate guest smoking"}),
        "b43ceb7e57a0ea8766221624d01b0864");
    EXPECT_EQ(
        combine_hex({"testify swimming academic academic column loyalty smear include exotic bedroom exotic wrist "
                     "lobe cover grief golden smart junior estimate learn"}),
        "1679b4516e0ee5954351d288a838f45e");
    const auto* const file = "slip39/vectors.json";
    if (!test::has_vectors(file)) return;
    const auto vectors = test::load_vectors(file);
    test::Tally tally;
    for (const auto& vector : vectors) {
        // [name,] shares, secret[, master key of BIP-32]
        const auto at = vector[0].is_string() ? 1u : 0u;
        const auto secret = combine_hex(vector[at].get<std::vector<std::string>>());
        EXPECT_EQ(secret, vector[at + 1].get<std::string>()) << vector[0];
        if (!secret.empty() && vector.size() > at + 2) {
            const auto master = bip32::ExtendedPrivateKey::from_seed(hex(secret));
            EXPECT_EQ(base::as_text(master->to_text().expose()), vector[at + 2].get<std::string>());
        }
        ++tally.checked;
    }
    test::report_tally(file, tally, vectors.size());
}

std::vector<std::string> texts(const std::vector<SecretBytes>& shares) {
    std::vector<std::string> out;
    out.reserve(shares.size());
    for (const auto& share : shares) out.emplace_back(base::as_text(share.expose()));
    return out;
}

TEST(Slip39, EverySubsetAtTheThresholdGivesTheSecretAndNoSmallerOneDoes) {
    const auto secret = hex("000102030405060708090a0b0c0d0e0f");
    const Group groups[] = {{.threshold = 3, .count = 5}};
    const auto made =
        split(secret, {.groups = groups, .passphrase = "p", .iteration_exponent = 0}, base::system_random());
    ASSERT_TRUE(made);
    const auto shares = texts(made->at(0));
    ASSERT_EQ(shares.size(), 5u);
    for (unsigned mask = 0; mask < 32; ++mask) {
        std::vector<std::string> chosen;
        for (unsigned i = 0; i < 5; ++i) {
            if (mask >> i & 1) chosen.push_back(shares[i]);
        }
        EXPECT_EQ(combine_hex(chosen, "p"), chosen.size() >= 3 ? base::to_hex(secret) : "") << mask;
    }
    // Another passphrase gives another secret, in any order of shares.
    const auto other = combine_hex({shares[4], shares[0], shares[2]}, "q");
    EXPECT_EQ(other.size(), 32u);
    EXPECT_NE(other, base::to_hex(secret));
}

TEST(Slip39, GroupsNeedTheirOwnThresholds) {
    const auto secret = base::Bytes(32, std::byte{0x77});
    const Group groups[] = {{1, 1}, {2, 3}, {2, 2}};
    for (const bool extendable : {true, false}) {
        const auto made =
            split(secret, {.groups = groups, .group_threshold = 2, .iteration_exponent = 0, .extendable = extendable},
                  base::system_random());
        ASSERT_TRUE(made);
        const auto a = texts(made->at(0)), b = texts(made->at(1)), c = texts(made->at(2));
        const auto good = base::to_hex(secret);
        EXPECT_EQ(combine_hex({a[0], b[2], b[0]}, ""), good);
        EXPECT_EQ(combine_hex({c[0], c[1], b[1], b[2]}, ""), good);
        EXPECT_EQ(combine_hex({a[0], b[0], b[1], b[2], c[0]}, ""), good) << "spare shares do no harm";
        EXPECT_EQ(combine_hex({a[0], a[0], b[0], b[1]}, ""), good) << "nor does one twice";
        EXPECT_EQ(combine_hex({a[0], b[0], c[0]}, ""), "");
        EXPECT_EQ(combine_hex({b[0], b[1], b[2]}, ""), "");
        EXPECT_EQ(combine_hex({a[0]}, ""), "");
        const std::string_view few[] = {a[0], b[0]};
        EXPECT_NE(combine(few).error().text.find("group 2 has 1 of the 2"), std::string::npos);
        EXPECT_EQ(Share::parse(a[0])->extendable, extendable);
    }
}

TEST(Slip39, RefusesSharesThatDoNotBelongTogether) {
    const auto secret = base::Bytes(16, std::byte{1});
    const Group groups[] = {{2, 3}};
    const auto make = [&] {
        return texts(split(secret, {.groups = groups, .iteration_exponent = 0}, base::system_random())->at(0));
    };
    const auto one = make(), two = make();
    const auto error = [](std::vector<std::string_view> shares) { return combine(shares).error().error; };
    EXPECT_TRUE(error({one[0], two[1]}).is(Errc::share_mismatch));
    EXPECT_TRUE(error({}).is(Errc::not_enough_shares));
    EXPECT_TRUE(error({one[0]}).is(Errc::not_enough_shares));
    EXPECT_TRUE(error({one[0], one[0]}).is(Errc::not_enough_shares));
    // A false share with a right checksum: noticed by the digest, or as a second claim to its place.
    auto share = std::move(*Share::parse(one[1]));
    share.value.expose_mutable()[5] ^= std::byte{1};
    const std::string forged{base::as_text(share.to_words().expose())};
    EXPECT_TRUE(error({one[0], forged}).is(Errc::bad_digest));
    EXPECT_TRUE(error({one[1], forged}).is(Errc::share_mismatch));
    share.member_threshold = 3;
    const std::string other{base::as_text(share.to_words().expose())};
    EXPECT_TRUE(error({one[0], other}).is(Errc::share_mismatch));
    const std::vector<std::string_view> flood(1000, one[0]);
    EXPECT_TRUE(combine(flood).error().error.is(Errc::out_of_range));
    const std::string_view pair[] = {one[0], one[2]};
    EXPECT_TRUE(combine(pair, "caf\xc3\xa9").error().error.is(Errc::unsupported_text));
}

constexpr std::string_view kShare =
    "duckling enlarge academic academic agency result length solution fridge kidney coal piece deal husband erode duke "
    "ajar "
    "critical decision keyboard";

/// The same share with one bit of its value changed, and a checksum that fits.
std::string falsified(std::string_view words) {
    auto share = Share::parse(words).value();
    share.value.expose_mutable()[3] ^= std::byte{1};
    return std::string{base::as_text(share.to_words().expose())};
}

TEST(Slip39, NoticesAFalseShareAlsoAmongThoseThatAreNotNeeded) {
    const auto secret = hex("00112233445566778899aabbccddeeff");
    const Group groups[] = {{1, 1}, {2, 4}, {2, 2}};
    const auto made =
        split(secret, {.groups = groups, .group_threshold = 2, .iteration_exponent = 0}, base::system_random());
    ASSERT_TRUE(made.has_value());
    const auto at = [&](std::size_t group, std::size_t member) {
        return std::string{base::as_text((*made)[group][member].expose())};
    };
    const auto error = [](const std::vector<std::string>& shares) {
        const std::vector<std::string_view> views(shares.begin(), shares.end());
        const auto combined = combine(views);
        return !combined && combined.error().error.is(Errc::bad_digest);
    };
    EXPECT_EQ(combine_hex({at(0, 0), at(1, 0), at(1, 1), at(1, 2), at(1, 3), at(2, 0), at(2, 1)}, ""),
              base::to_hex(secret));
    EXPECT_TRUE(error({at(0, 0), at(1, 0), at(1, 1), falsified(at(1, 2))})) << "one member too many, and false";
    EXPECT_TRUE(error({at(0, 0), at(1, 0), at(1, 1), at(1, 2), falsified(at(1, 3))}));
    EXPECT_TRUE(error({at(0, 0), at(1, 0), at(1, 1), falsified(at(2, 0)), falsified(at(2, 1))}))
        << "a group too many whose shares are false";
    EXPECT_TRUE(error({falsified(at(0, 0)), at(1, 0), at(1, 1), at(2, 0), at(2, 1)}))
        << "a group of one share has no digest of its own";
    EXPECT_EQ(combine_hex({at(0, 0), at(1, 0), at(1, 1), falsified(at(2, 0))}, ""), base::to_hex(secret))
        << "a group that is not complete says nothing";
}

TEST(Slip39, RefusesAShareOfAGroupThatItsSetDoesNotHave) {
    Share share;
    share.value = SecretBytes{16};
    share.group_count = 2;
    share.group_index = 1;
    EXPECT_TRUE(Share::parse(base::as_text(share.to_words().expose())).has_value());
    share.group_index = 2;
    const auto refused = Share::parse(base::as_text(share.to_words().expose()));
    ASSERT_FALSE(refused.has_value());
    EXPECT_TRUE(refused.error().error.is(Errc::bad_encoding));
}

TEST(Slip39, ParsesForgivinglyAndNamesWhatIsWrong) {
    std::string loud{kShare};
    for (auto& c : loud) c = c == ' ' ? '\t' : static_cast<char>(c >= 'a' && c <= 'z' ? c - 32 : c);
    EXPECT_EQ(base::as_text(Share::parse(" " + loud + "\n")->to_words().expose()), kShare);
    std::string typo{kShare};
    typo.replace(0, 8, "ducklign");
    const auto unknown = Share::parse(typo);
    EXPECT_TRUE(unknown.error().error.is(Errc::unknown_word));
    EXPECT_NE(unknown.error().text.find("did you mean \"duckling\"?"), std::string::npos) << unknown.error().text;
    const auto error = [](std::string_view text) { return Share::parse(text).error().error; };
    EXPECT_TRUE(error("").is(Errc::bad_word_count));
    EXPECT_TRUE(error(kShare.substr(0, kShare.rfind(' '))).is(Errc::bad_word_count));
    EXPECT_TRUE(error(std::string{kShare} + " academic").is(Errc::bad_word_count));
    EXPECT_TRUE(error(std::string(1'000'000, ' ')).is(Errc::bad_word_count));
    std::string many;
    for (int i = 0; i < 200; ++i) many += "zero ";
    EXPECT_TRUE(error(many).is(Errc::bad_word_count));
    // Two neighbours swapped, and every single word replaced by its neighbour in the list.
    EXPECT_TRUE(error("enlarge duckling" + std::string{kShare.substr(16)}).is(Errc::bad_checksum));
    for (std::size_t at = 0; at < kShare.size();) {
        const auto end = std::min(kShare.size(), kShare.find(' ', at));
        const auto index = slip39::word_index(kShare.substr(at, end - at));
        std::string broken{kShare};
        broken.replace(at, end - at, slip39::word(static_cast<std::size_t>(index ^ 1)));
        EXPECT_TRUE(error(broken).is(Errc::bad_checksum)) << broken;
        at = end + 1;
    }
}

TEST(Slip39, RefusesAbsurdSplits) {
    const auto error = [](std::size_t size, std::vector<Group> groups, slip39::SplitOptions options) {
        options.groups = groups;
        return split(base::Bytes(size), options, base::system_random()).error();
    };
    for (const std::size_t size : {0, 1, 14, 15, 17, 66}) EXPECT_TRUE(error(size, {{1, 1}}, {}).is(Errc::bad_length));
    EXPECT_TRUE(error(16, {}, {}).is(Errc::out_of_range));
    EXPECT_TRUE(error(16, std::vector<Group>(17, Group{1, 1}), {}).is(Errc::out_of_range));
    for (const auto& group : {Group{0, 1}, Group{2, 1}, Group{1, 2}, Group{3, 17}, Group{1, 0}}) {
        EXPECT_TRUE(error(16, {group}, {}).is(Errc::out_of_range));
    }
    EXPECT_TRUE(error(16, {{1, 1}}, {.groups = {}, .group_threshold = 0}).is(Errc::out_of_range));
    EXPECT_TRUE(error(16, {{1, 1}}, {.groups = {}, .group_threshold = 2}).is(Errc::out_of_range));
    EXPECT_TRUE(error(16, {{1, 1}}, {.groups = {}, .iteration_exponent = 16}).is(Errc::out_of_range));
    EXPECT_TRUE(error(16, {{1, 1}}, {.groups = {}, .passphrase = "\n"}).is(Errc::unsupported_text));
}

TEST(Gf256, IsAFieldAndInterpolatesPolynomials) {
    for (unsigned a = 1; a < 256; ++a) {
        EXPECT_EQ(gf256::multiply(static_cast<std::uint8_t>(a), gf256::invert(static_cast<std::uint8_t>(a))), 1) << a;
    }
    EXPECT_EQ(gf256::invert(0), 0);
    EXPECT_EQ(gf256::multiply(0x57, 0x83), 0xc1);  // FIPS 197, section 4.2.
    // f(x) = 5 + 7x + 11x^2
    const auto value = [](std::uint8_t x) {
        return base::FixedBytes<1>{
            static_cast<std::byte>(5 ^ gf256::multiply(7, x) ^ gf256::multiply(11, gf256::multiply(x, x)))};
    };
    const auto a = value(1), b = value(9), c = value(200);
    const gf256::Sample samples[] = {{1, a}, {9, b}, {200, c}};
    for (unsigned x = 0; x < 256; ++x) {
        base::FixedBytes<1> out;
        gf256::interpolate(samples, static_cast<std::uint8_t>(x), out);
        EXPECT_EQ(out, value(static_cast<std::uint8_t>(x)));
    }
}

}  // namespace

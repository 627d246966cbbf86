#include "zcrypto/ed25519.hpp"

#include <algorithm>

#include "vectors.hpp"

namespace {

using namespace zcrypto;
namespace ed = zcrypto::ed25519;
using test::fixed_hex;
using test::hex;

TEST(Ed25519Sign, GivesTheExamplesOfRfc8032) {
    struct Example {
        const char *seed, *public_key, *message, *signature;
    };
    constexpr Example kExamples[] = {
        {"9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60",
         "d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a", "",
         "e5564300c360ac729086e2cc806e828a84877f1eb8e5d974d873e065224901555fb8821590a33bacc61e39701cf9b46bd25bf5f0595bb"
         "e"
         "24655141438e7a100b"},
        {"c5aa8df43f9f837bedb7442f31dcb7b166d38535076f094b85ce3a2e0b4458f7",
         "fc51cd8e6218a1a38da47ed00230f0580816ed13ba3303ac5deb911548908025", "af82",
         "6291d657deec24024827e69c3abe01a30ce548a284743a445e3680d7db5ac3ac18ff9b538d16f290ae67f760984dc6594a7c15e9716ed"
         "2"
         "8dc027beceea1ec40a"},
    };
    for (const auto& example : kExamples) {
        const auto seed = ed::Seed::make(hex(example.seed)).value();
        const auto message = hex(example.message);
        EXPECT_EQ(base::to_hex(ed::public_key_of(seed).bytes), example.public_key);
        const auto signature = ed::sign(seed, message);
        EXPECT_EQ(base::to_hex(signature.bytes), example.signature);
        const ed::SigningKey key{seed};
        EXPECT_EQ(key.sign(message), signature);
        EXPECT_TRUE(equal_constant_time(key.seed().expose(), seed.expose()));
        EXPECT_TRUE(ed::verify(key.public_key(), message, signature));
        EXPECT_TRUE(ed::verify_strict(key.public_key(), message, signature));
    }
}

TEST(Ed25519Verify, AcceptsWhatLibsodiumSignsAndRefusesEveryChange) {
    constexpr std::uint64_t kSeed = 8032;
    std::printf("seed %llu\n", static_cast<unsigned long long>(kSeed));
    base::SeededRandom random{kSeed};
    for (int i = 0; i < 300; ++i) {
        const auto key = ed::SigningKey::generate(random);
        base::Bytes message(1 + random.below(300));
        random.fill(message);
        auto signature = key.sign(message);
        ASSERT_TRUE(ed::verify(key.public_key(), message, signature)) << i;
        ASSERT_TRUE(ed::verify_strict(key.public_key(), message, signature)) << i;
        signature.bytes[random.below(64)] ^= static_cast<std::byte>(1u << random.below(8));
        EXPECT_FALSE(ed::verify(key.public_key(), message, signature)) << i;
        message.push_back(std::byte{0});
        EXPECT_FALSE(ed::verify(key.public_key(), message, key.sign(hex("00")))) << i;
        auto other = key.public_key();
        other.bytes[random.below(32)] ^= static_cast<std::byte>(1u << random.below(8));
        EXPECT_FALSE(ed::verify(other, message, key.sign(message))) << i;
    }
}

TEST(Ed25519Verify, FollowsTheSpeccheckTable) {
    GHOST_NEEDS_VECTORS();
    const auto cases = test::load_vectors("ed25519-speccheck/cases.json");
    std::string pattern;
    for (const auto& test : cases) {
        const auto message = hex(test["message"].get<std::string>());
        const ed::PublicKey key{fixed_hex<32>(test["pub_key"].get<std::string>())};
        const ed::Signature signature{fixed_hex<64>(test["signature"].get<std::string>())};
        pattern += ed::verify(key, message, signature) ? 'V' : 'X';
    }
    EXPECT_EQ(pattern, "VVVVVVXXXVVV");
    test::report_count("ed25519-speccheck/cases.json", cases.size());
}

TEST(Ed25519Verify, AgreesWithWycheproof) {
    GHOST_NEEDS_VECTORS();
    const auto vectors = test::load_vectors("wycheproof/ed25519_test.json");
    ASSERT_TRUE(vectors.contains("testGroups"));
    std::size_t count = 0, accepted_by_zip215_only = 0;
    for (const auto& group : vectors["testGroups"]) {
        const ed::PublicKey key{fixed_hex<32>(group["publicKey"]["pk"].get<std::string>())};
        for (const auto& test : group["tests"]) {
            ++count;
            const bool valid = test["result"] == "valid";
            const auto bytes = base::to_fixed<64>(hex(test["sig"].get<std::string>()));
            if (!bytes) {  // Our type cannot express the wrong size.
                EXPECT_FALSE(valid) << test["tcId"];
                continue;
            }
            const auto message = hex(test["msg"].get<std::string>());
            // Wycheproof judges by RFC 8032, which refuses encodings that are not canonical. ZIP-215 accepts them, so
            // there (flag InvalidEncoding) only the strict rule has to agree; the equation itself must hold or not.
            const bool accepted = ed::verify(key, message, {*bytes});
            if (accepted && !valid) {
                ++accepted_by_zip215_only;
                EXPECT_TRUE(std::ranges::count(test["flags"], "InvalidEncoding") == 1) << test["tcId"];
            } else {
                EXPECT_EQ(accepted, valid) << test["tcId"];
            }
            EXPECT_EQ(ed::verify_strict(key, message, {*bytes}), valid) << test["tcId"];
        }
    }
    EXPECT_EQ(count, vectors["numberOfTests"].get<std::size_t>());
    test::report_count("wycheproof/ed25519_test.json", count);
    // tcId 151: R encodes y = 1 with the sign bit, the "minus zero" that ZIP-215 allows.
    EXPECT_EQ(accepted_by_zip215_only, 1u);
}

/// All encodings of the eight points of small order: canonical, y + p where it fits, and "minus zero".
std::vector<base::FixedBytes<32>> small_order_encodings() {
    constexpr const char* kCanonicalY[] = {
        "0100000000000000000000000000000000000000000000000000000000000000",
        "ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
        "0000000000000000000000000000000000000000000000000000000000000000",
        "26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05",
        "c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a",
        "edffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",   // p, which is 0
        "eeffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f"};  // p + 1, which is 1
    std::vector<base::FixedBytes<32>> out;
    for (const auto* const y : kCanonicalY) {
        out.push_back(fixed_hex<32>(y));
        out.push_back(out.back());
        out.back()[31] |= std::byte{0x80};
    }
    return out;
}

TEST(Ed25519Verify, AcceptsEverySmallOrderPairAsZip215Demands) {
    const auto points = small_order_encodings();
    ASSERT_EQ(points.size(), 14u);
    for (const auto& a : points) {
        for (const auto& r : points) {
            ed::Signature signature;  // S = 0
            std::ranges::copy(r, signature.bytes.begin());
            EXPECT_TRUE(ed::verify({a}, base::as_bytes("Zcash"), signature)) << base::to_hex(a) << base::to_hex(r);
            EXPECT_FALSE(ed::verify_strict({a}, base::as_bytes("Zcash"), signature));
            signature.bytes[32] = std::byte{1};
            EXPECT_FALSE(ed::verify({a}, base::as_bytes("Zcash"), signature));
        }
    }
}

}  // namespace

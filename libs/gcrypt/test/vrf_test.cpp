#include "gcrypt/vrf.hpp"

#include <gtest/gtest.h>

#include <algorithm>

namespace {

using namespace gcrypt;
using vrf::SecretKey;
using zcrypto::ed25519::PublicKey;
using zcrypto::ed25519::Seed;

template <std::size_t N>
base::FixedBytes<N> hex(const char* text) {
    return base::fixed_from_hex<N>(text).value();
}

/// RFC 9381 appendix B.3, examples 16 to 18.
struct Example {
    const char *seed, *key, *alpha, *proof, *output;
};
constexpr Example kExamples[]{
    {"9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60",
     "d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a", "",
     "8657106690b5526245a92b003bb079ccd1a92130477671f6fc01ad16f26f723f26f8a57ccaed74ee1b190bed1f479d9727d2d0f9b005a6e4"
     "56a35d4fb0daab1268a1b0db10836d9826a528ca76567805",
     "90cf1df3b703cce59e2a35b925d411164068269d7b2d29f3301c03dd757876ff66b71dda49d2de59d03450451af026798e8f81cd2e333de5"
     "cdf4f3e140fdd8ae"},
    {"4ccd089b28ff96da9db6c346ec114e0f5b8a319f35aba624da8cf6ed4fb8a6fb",
     "3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c", "72",
     "f3141cd382dc42909d19ec5110469e4feae18300e94f304590abdced48aed5933bf0864a62558b3ed7f2fea45c92a465301b3bbf5e3e54dd"
     "f2d935be3b67926da3ef39226bbc355bdc9850112c8f4b02",
     "eb4440665d3891d668e7e0fcaf587f1b4bd7fbfe99d0eb2211ccec90496310eb5e33821bc613efb94db5e5b54c70a848a0bef4553a41befc"
     "57663b56373a5031"},
    {"c5aa8df43f9f837bedb7442f31dcb7b166d38535076f094b85ce3a2e0b4458f7",
     "fc51cd8e6218a1a38da47ed00230f0580816ed13ba3303ac5deb911548908025", "af82",
     "9bc0f79119cc5604bf02d23b4caede71393cedfbb191434dd016d30177ccbf8096bb474e53895c362d8628ee9f9ea3c0e52c7a5c691b6c18"
     "c9979866568add7a2d41b00b05081ed0f58ee5e31b3a970e",
     "645427e5d00c62a23fb703732fa5d892940935942101e456ecca7bb217c61c452118fec1219202a0edcf038bb6373241578be7217ba85a26"
     "87f7a0310b2df19f"},
};

TEST(Vrf, GivesTheProofsAndOutputsOfRfc9381) {
    std::size_t checked = 0;
    for (const auto& example : kExamples) {
        const SecretKey key{*Seed::make(hex<32>(example.seed))};
        const auto alpha = base::from_hex(example.alpha).value();
        EXPECT_EQ(base::to_hex(key.public_key().bytes), example.key);
        const auto proof = key.prove(alpha);
        EXPECT_EQ(base::to_hex(proof.bytes), example.proof);
        EXPECT_EQ(base::to_hex(vrf::proof_to_hash(proof.bytes).value()), example.output);
        EXPECT_EQ(base::to_hex(vrf::verify(key.public_key(), alpha, proof.bytes).value()), example.output);
        ++checked;
    }
    std::printf("[ vectors  ] RFC 9381 appendix B.3: %zu checked\n", checked);
}

TEST(Vrf, RefusesEveryFlippedBitAndEveryOtherInput) {
    base::SeededRandom random{9381};
    const SecretKey key{Seed::random(random)};
    const auto alpha = base::as_bytes("epoch 7, slot 9");
    const auto proof = key.prove(alpha);
    ASSERT_TRUE(vrf::verify(key.public_key(), alpha, proof.bytes));
    for (std::size_t bit = 0; bit < 640; ++bit) {
        auto broken = proof.bytes;
        broken[bit / 8] ^= std::byte{1} << (bit % 8);
        EXPECT_FALSE(vrf::verify(key.public_key(), alpha, broken)) << bit;
    }
    EXPECT_TRUE(
        vrf::verify(key.public_key(), base::as_bytes("epoch 7, slot 8"), proof.bytes).error().is(Errc::bad_proof));
    const SecretKey other{Seed::random(random)};
    EXPECT_TRUE(vrf::verify(other.public_key(), alpha, proof.bytes).error().is(Errc::bad_proof));
}

TEST(Vrf, RefusesProofsOfEveryWrongLength) {
    const SecretKey key{Seed::random(base::system_random())};
    const auto proof = key.prove({});
    base::Bytes longer = base::to_bytes(proof.bytes);
    longer.resize(82);
    for (std::size_t size = 0; size <= 82; ++size) {
        if (size == 80) continue;
        const auto wrong = base::ByteView{longer}.first(size);
        EXPECT_TRUE(vrf::verify(key.public_key(), {}, wrong).error().is(Errc::bad_length)) << size;
        EXPECT_TRUE(vrf::proof_to_hash(wrong).error().is(Errc::bad_length)) << size;
    }
}

/// Every encoding that decodes to a point of small order, or only leniently.
constexpr const char* kSmallOrder[]{
    "0100000000000000000000000000000000000000000000000000000000000000",
    "ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
    "0000000000000000000000000000000000000000000000000000000000000000",
    "0000000000000000000000000000000000000000000000000000000000000080",
    "26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05",
    "26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc85",
    "c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a",
    "c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac03fa",
};
constexpr const char* kNotCanonical[]{
    "0100000000000000000000000000000000000000000000000000000000000080",
    "ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff",
    "edffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
    "edffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff",
    "eeffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
    "eeffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff",
    "ffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
};

TEST(Vrf, RefusesKeysOfSmallOrderAndKeysThatDoNotDecode) {
    const SecretKey honest{Seed::random(base::system_random())};
    const auto proof = honest.prove({});
    for (const auto* const list : {&kSmallOrder[0], &kNotCanonical[0]}) {
        const auto count = list == &kSmallOrder[0] ? std::size(kSmallOrder) : std::size(kNotCanonical);
        for (std::size_t i = 0; i < count; ++i) {
            EXPECT_TRUE(vrf::verify({hex<32>(list[i])}, {}, proof.bytes).error().is(Errc::bad_point)) << list[i];
        }
    }
    // y = 2 has no x.
    EXPECT_TRUE(vrf::verify({{std::byte{2}}}, {}, proof.bytes).error().is(Errc::bad_point));
}

TEST(Vrf, RefusesGammaThatIsNotCanonicalAndScalarsAboveTheOrder) {
    const SecretKey key{Seed::random(base::system_random())};
    const auto proof = key.prove({});
    for (const auto* const text : kNotCanonical) {
        auto bad = proof.bytes;
        const auto gamma = hex<32>(text);
        std::ranges::copy(gamma, bad.begin());
        EXPECT_TRUE(vrf::proof_to_hash(bad).error().is(Errc::bad_proof)) << text;
        EXPECT_TRUE(vrf::verify(key.public_key(), {}, bad).error().is(Errc::bad_proof)) << text;
    }
    // s + L is the same scalar in another encoding.
    const auto order = hex<32>("edd3f55c1a631258d69cf7a2def9de1400000000000000000000000000000010");
    auto bad = proof.bytes;
    unsigned carry = 0;
    for (std::size_t i = 0; i < 32; ++i) {
        carry += std::to_integer<unsigned>(bad[48 + i]) + std::to_integer<unsigned>(order[i]);
        bad[48 + i] = static_cast<std::byte>(carry & 0xff);
        carry >>= 8;
    }
    EXPECT_TRUE(vrf::verify(key.public_key(), {}, bad).error().is(Errc::bad_proof));
    EXPECT_TRUE(vrf::proof_to_hash(bad).error().is(Errc::bad_proof));
}

TEST(Vrf, IsUniqueAlsoWhenGammaCarriesAPartOfSmallOrder) {
    // A key owner can add small-order points to Gamma: such a proof must fail or give the same output.
    base::SeededRandom random{8};
    const SecretKey key{Seed::random(random)};
    const auto honest = key.prove(base::as_bytes("x"));
    const auto output = vrf::proof_to_hash(honest.bytes).value();
    for (const auto* const text : kSmallOrder) {
        const auto torsion = edwards::CurvePoint::decode(hex<32>(text));
        if (!torsion) continue;
        const auto gamma = edwards::CurvePoint::decode(base::ByteView{honest.bytes}.first(32)).value();
        const auto mixed = edwards::sub(gamma, *torsion);
        auto other = honest.bytes;
        std::ranges::copy(mixed.bytes, other.begin());
        EXPECT_EQ(vrf::proof_to_hash(other).value(), output);
        if (mixed == gamma) continue;
        EXPECT_FALSE(vrf::verify(key.public_key(), base::as_bytes("x"), other));
    }
}

TEST(Vrf, SpreadsItsOutputOverTheRange) {
    vrf::Output output{};
    EXPECT_EQ(vrf::output_below(output, 10), 0u);
    output.fill(std::byte{0xff});
    EXPECT_EQ(vrf::output_below(output, 10), 9u);
    EXPECT_EQ(vrf::output_below(output, 1), 0u);
    output[0] = std::byte{0x80};
    EXPECT_EQ(vrf::output_below(output, 10), 5u);
}

}  // namespace

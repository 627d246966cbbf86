#include <gtest/gtest.h>

#include <algorithm>
#include <memory>

#include "ed25519_mixture.hpp"

namespace {

namespace ed = zcrypto::ed25519;
using zcrypto::curve::Scalar;
using zcrypto::test::Mixture;

void expect_same_as_singles(std::span<const ed::BatchItem> items, base::Random& random) {
    const auto verdicts = ed::verify_batch_each(items, random);
    ASSERT_EQ(verdicts.size(), items.size());
    bool all = true;
    for (std::size_t i = 0; i < items.size(); ++i) {
        const bool single = ed::verify(items[i].key, items[i].message, items[i].signature);
        ASSERT_EQ(verdicts[i], single) << "item " << i << " of " << items.size() << " key "
                                       << base::to_hex(items[i].key.bytes) << " signature "
                                       << base::to_hex(items[i].signature.bytes);
        all = all && single;
    }
    EXPECT_EQ(ed::verify_batch(items, random), all);
}

TEST(Ed25519Batch, AcceptsNothingAtAllAndBatchesOfAnySize) {
    Mixture mixture{1};
    std::vector<ed::BatchItem> items;
    EXPECT_TRUE(ed::verify_batch(items, mixture.random()));
    EXPECT_TRUE(ed::verify_batch_each(items, mixture.random()).empty());
    for (std::size_t size = 1; size <= 300; ++size) {
        items.push_back(mixture.valid());
        if (size < 20 || size % 64 < 2) {
            EXPECT_TRUE(ed::verify_batch(items, mixture.random())) << size;
            const auto each = ed::verify_batch_each(items, mixture.random());
            EXPECT_EQ(std::ranges::count(each, true), static_cast<std::ptrdiff_t>(size));
        }
    }
}

TEST(Ed25519Batch, FindsTheOneBadSignatureAtEveryPosition) {
    Mixture mixture{2};
    std::vector<ed::BatchItem> items;
    items.reserve(140);
    for (int i = 0; i < 140; ++i) items.push_back(mixture.valid());
    for (std::size_t bad = 0; bad < items.size(); bad += 1 + bad / 8) {
        auto broken = items;
        broken[bad].signature.bytes[40] ^= std::byte{1};
        EXPECT_FALSE(ed::verify_batch(broken, mixture.random())) << bad;
        const auto each = ed::verify_batch_each(broken, mixture.random());
        for (std::size_t i = 0; i < each.size(); ++i) EXPECT_EQ(each[i], i != bad) << bad;
    }
}

TEST(Ed25519Batch, AgreesWithSinglesOnMixturesOfEveryKind) {
    constexpr std::uint64_t seed = 5;
    std::printf("seed %llu\n", static_cast<unsigned long long>(seed));
    Mixture mixture{seed};
    std::size_t checked = 0;
    for (int round = 0; round < 60; ++round) {
        std::vector<ed::BatchItem> items(1 + mixture.random().below(90));
        // From rounds of few invalid items to rounds of nothing but odd ones.
        const auto odds = 1 + mixture.random().below(20);
        for (auto& item : items) item = mixture.random().below(odds) == 0 ? mixture.any() : mixture.valid();
        expect_same_as_singles(items, mixture.random());
        checked += items.size();
    }
    std::printf("%zu items\n", checked);
}

TEST(Ed25519Batch, IsNotFooledByErrorsThatCancelOut) {
    // Two signatures wrong by opposite amounts: their plain sum holds; random coefficients tell them apart.
    Mixture mixture{6};
    std::vector<ed::BatchItem> items;
    items.reserve(8);
    for (int i = 0; i < 8; ++i) items.push_back(mixture.valid());
    const auto shift = [](ed::Signature& signature, const Scalar& by) {
        const auto s = zcrypto::curve::add(*zcrypto::curve::scalar_from_canonical(signature.bytes.data() + 32), by);
        for (std::size_t i = 0; i < 4; ++i) base::store_le(signature.bytes.data() + 32 + 8 * i, s.word[i]);
    };
    const auto one = zcrypto::curve::scalar_from_u128(1);
    shift(items[2].signature, one);
    shift(items[5].signature, zcrypto::curve::negate(one));
    EXPECT_FALSE(ed::verify_batch(items, mixture.random()));
    expect_same_as_singles(items, mixture.random());
}

TEST(SigningKey, EndsTheProcessRatherThanReleaseASignatureThatDoesNotVerify) {
    base::SeededRandom random{8};
    auto key = ed::SigningKey::generate(random);
    EXPECT_TRUE(ed::verify(key.public_key(), base::as_bytes("text"), key.sign(base::as_bytes("text"))));
    // As if a bit of the key had flipped in memory.
    const_cast<ed::PublicKey&>(key.public_key()).bytes[3] ^= std::byte{1};
    EXPECT_DEATH((void)key.sign(base::as_bytes("text")), "");
}

TEST(Ed25519Batch, MergesFewSignersWithoutChangingTheVerdict) {
    base::SeededRandom random{7};
    const auto key = ed::SigningKey::generate(random);
    std::vector<base::Bytes> messages;
    messages.reserve(200);
    for (int i = 0; i < 200; ++i) messages.push_back(base::to_bytes(std::to_string(i)));
    std::vector<ed::BatchItem> items;
    items.reserve(messages.size());
    for (const auto& message : messages) {
        items.push_back({.key = key.public_key(), .message = message, .signature = key.sign(message)});
    }
    EXPECT_TRUE(ed::verify_batch(items, random));
    std::swap(items[3].signature, items[150].signature);
    expect_same_as_singles(items, random);
}

}  // namespace

#include <gtest/gtest.h>

#include <algorithm>
#include <memory>

#include "scalar.hpp"
#include "zcrypto/ed25519.hpp"
#include "zcrypto/hash.hpp"

namespace {

namespace ed = zcrypto::ed25519;
using zcrypto::curve::Scalar;

/// Makes items of every kind; owns their messages.
class Mixture {
 public:
    explicit Mixture(std::uint64_t seed) : random_{seed} {
        for (int i = 0; i < 6; ++i) keys_.push_back(ed::SigningKey::generate(random_));
    }

    ed::BatchItem valid() {
        const auto& key = random_.below(3) ? keys_[random_.below(keys_.size())] : keys_[0];
        const auto message = new_message();
        return {.key = key.public_key(), .message = message, .signature = key.sign(message)};
    }

    ed::BatchItem any() {
        auto item = valid();
        switch (random_.below(8)) {
            case 0: item.signature.bytes[random_.below(64)] ^= static_cast<std::byte>(1u << random_.below(8)); break;
            case 1: item.key.bytes[random_.below(32)] ^= static_cast<std::byte>(1u << random_.below(8)); break;
            case 2: item.message = new_message(); break;
            case 3: random_.fill(item.signature.bytes); break;
            case 4: item.signature = {}; break;
            case 5: small_order(item); break;
            case 6: with_torsion(item); break;
            case 7: s_plus_order(item); break;
        }
        return item;
    }

    base::SeededRandom& random() { return random_; }

 private:
    base::ByteView new_message() {
        messages_.push_back(std::make_unique<base::Bytes>(random_.below(40)));
        random_.fill(*messages_.back());
        return *messages_.back();
    }

    base::FixedBytes<32> small_order_point() {
        constexpr const char* kY[] = {"0100000000000000000000000000000000000000000000000000000000000000",
                                      "ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
                                      "0000000000000000000000000000000000000000000000000000000000000000",
                                      "26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05",
                                      "c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a",
                                      "edffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f"};
        const auto bytes = base::from_hex(kY[random_.below(std::size(kY))]).value();
        auto point = base::to_fixed<32>(bytes).value();
        if (random_.below(2)) point[31] ^= std::byte{0x80};
        return point;
    }

    void small_order(ed::BatchItem& item) {
        item.key.bytes = small_order_point();
        if (random_.below(2)) {
            item.signature = {};
            std::ranges::copy(small_order_point(), item.signature.bytes.begin());
        }
    }

    /// R of small order and S = k * a: holds only cofactored, and is the classic case where rules part ways.
    void with_torsion(ed::BatchItem& item) {
        const auto seed = ed::Seed::random(random_);
        item.key = ed::public_key_of(seed);
        auto expanded = zcrypto::sha512(seed.expose());
        expanded[0] &= std::byte{248};
        expanded[31] = (expanded[31] & std::byte{63}) | std::byte{64};
        std::fill(expanded.begin() + 32, expanded.end(), std::byte{0});
        const auto a = zcrypto::curve::scalar_from_wide(expanded.data());
        std::ranges::copy(small_order_point(), item.signature.bytes.begin());
        const std::array<base::ByteView, 3> parts{base::ByteView{item.signature.bytes}.first(32), item.key.bytes,
                                                  item.message};
        const auto s = zcrypto::curve::mul(zcrypto::curve::scalar_from_wide(zcrypto::sha512(parts).data()), a);
        for (std::size_t i = 0; i < 4; ++i) base::store_le(item.signature.bytes.data() + 32 + 8 * i, s.word[i]);
    }

    static void s_plus_order(ed::BatchItem& item) {
        unsigned carry = 0;
        for (std::size_t i = 0; i < 32; ++i) {
            const auto order = static_cast<unsigned>(zcrypto::curve::kOrder.word[i / 8] >> (8 * (i % 8)) & 0xff);
            const auto sum = std::to_integer<unsigned>(item.signature.bytes[32 + i]) + order + carry;
            item.signature.bytes[32 + i] = static_cast<std::byte>(sum & 0xff);
            carry = sum >> 8;
        }
    }

    base::SeededRandom random_;
    std::vector<ed::SigningKey> keys_;
    std::vector<std::unique_ptr<base::Bytes>> messages_;
};

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

TEST(Ed25519Batch, MergesFewSignersWithoutChangingTheVerdict) {
    base::SeededRandom random{7};
    const auto key = ed::SigningKey::generate(random);
    std::vector<base::Bytes> messages;
    for (int i = 0; i < 200; ++i) messages.push_back(base::to_bytes(std::to_string(i)));
    std::vector<ed::BatchItem> items;
    for (const auto& message : messages) {
        items.push_back({.key = key.public_key(), .message = message, .signature = key.sign(message)});
    }
    EXPECT_TRUE(ed::verify_batch(items, random));
    std::swap(items[3].signature, items[150].signature);
    expect_same_as_singles(items, random);
}

}  // namespace

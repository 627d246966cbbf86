#include "gcrypt/policy.hpp"

#include <gtest/gtest.h>

#include <bit>

#include "gcrypt/hash.hpp"

namespace {

using namespace gcrypt;
using zcrypto::ed25519::SigningKey;

struct PolicyTest : testing::Test {
    base::SeededRandom random{32};
    std::vector<PolicyNode> keys;

    PolicyTest() {
        for (int i = 0; i < 33; ++i) keys.push_back(PolicyNode::of_key(SigningKey::generate(random).public_key()));
    }
    std::vector<PolicyNode> first(std::size_t count) const {
        return {keys.begin(), keys.begin() + static_cast<long>(count)};
    }
    std::uint32_t bit_of(const Policy& policy, std::size_t key) const {
        for (std::size_t i = 0; i < policy.keys().size(); ++i) {
            if (policy.keys()[i].key == keys[key].key) return 1u << i;
        }
        ADD_FAILURE() << "no such key";
        return 0;
    }
};

TEST_F(PolicyTest, TheOrderOfChildrenDoesNotChangeTheAddress) {
    const auto policy = Policy::make(PolicyNode::at_least(2, {keys[0], keys[1], keys[2]})).value();
    const auto same = Policy::make(PolicyNode::at_least(2, {keys[2], keys[0], keys[1]})).value();
    EXPECT_EQ(policy.address(), same.address());
    EXPECT_EQ(policy.root(), same.root());
    EXPECT_NE(policy.address(), Policy::make(PolicyNode::at_least(3, first(3)))->address());
    EXPECT_NE(policy.address(), Policy::make(PolicyNode::at_least(2, first(4)))->address());
    EXPECT_EQ(policy.hash(), gcrypt::hash(Domain::policy, policy.encoded()));
    EXPECT_EQ(policy.address(), address_of(Scheme::multisig, policy.hash()));
}

TEST_F(PolicyTest, ThreeOfFiveCountsSigners) {
    const auto policy = Policy::make(PolicyNode::at_least(3, first(5))).value();
    for (std::uint32_t signers = 0; signers < 64; ++signers) {
        EXPECT_EQ(policy.satisfied_by(signers), signers < 32 && std::popcount(signers) >= 3) << signers;
    }
}

TEST_F(PolicyTest, WeightsAndNestedThresholdsCombine) {
    // The director, or two of three managers together with one of two auditors.
    const auto policy =
        Policy::make(
            PolicyNode::weighted(2, {{.weight = 2, .node = keys[0]},
                                     {.weight = 1, .node = PolicyNode::at_least(2, {keys[1], keys[2], keys[3]})},
                                     {.weight = 1, .node = PolicyNode::at_least(1, {keys[4], keys[5]})}}))
            .value();
    const auto enough = [&](std::initializer_list<std::size_t> who) {
        std::uint32_t signers = 0;
        for (const auto key : who) signers |= bit_of(policy, key);
        return policy.satisfied_by(signers);
    };
    EXPECT_TRUE(enough({0}));
    EXPECT_TRUE(enough({1, 3, 5}));
    EXPECT_TRUE(enough({0, 1, 2, 3, 4, 5}));
    EXPECT_FALSE(enough({}));
    EXPECT_FALSE(enough({1, 2, 3}));
    EXPECT_FALSE(enough({4, 5, 1}));
}

TEST_F(PolicyTest, TakesUpTo32KeysAndNoneTwice) {
    EXPECT_TRUE(Policy::make(PolicyNode::at_least(32, first(32))));
    EXPECT_TRUE(Policy::make(PolicyNode::at_least(32, first(32)))->satisfied_by(~0u));
    EXPECT_TRUE(Policy::make(PolicyNode::at_least(2, first(33))).error().is(Errc::bad_policy));
    // Also when they are spread over branches.
    std::vector<PolicyNode> left{keys.begin(), keys.begin() + 17}, right{keys.begin() + 17, keys.end()};
    EXPECT_TRUE(Policy::make(PolicyNode::at_least(1, {PolicyNode::at_least(1, left), PolicyNode::at_least(1, right)}))
                    .error()
                    .is(Errc::bad_policy));
    EXPECT_TRUE(Policy::make(PolicyNode::at_least(1, {keys[0], keys[0]})).error().is(Errc::bad_policy));
    EXPECT_TRUE(Policy::make(PolicyNode::at_least(1, {keys[0], PolicyNode::at_least(1, {keys[1], keys[0]})}))
                    .error()
                    .is(Errc::bad_policy));
    // The same bytes under another scheme are another key.
    const auto schnorr = PolicyNode::of_key(Scheme::secp256k1_bip340, keys[0].key);
    EXPECT_TRUE(Policy::make(PolicyNode::at_least(1, {keys[0], schnorr})));
}

TEST_F(PolicyTest, RefusesThresholdsAndWeightsWithoutMeaning) {
    const auto refused = [](PolicyNode root) {
        const auto policy = Policy::make(std::move(root));
        return !policy && policy.error().is(Errc::bad_policy);
    };
    EXPECT_TRUE(refused(keys[0]));
    EXPECT_TRUE(refused(PolicyNode::at_least(0, first(2))));
    EXPECT_TRUE(refused(PolicyNode::at_least(1, first(1))));
    EXPECT_TRUE(refused(PolicyNode::at_least(1, {})));
    EXPECT_TRUE(refused(PolicyNode::at_least(3, first(2))));
    EXPECT_TRUE(refused(PolicyNode::at_least(1, {keys[0], PolicyNode::at_least(0, {keys[1], keys[2]})})));
    const auto weighted = [&](std::uint32_t threshold, std::uint32_t a, std::uint32_t b) {
        return PolicyNode::weighted(threshold, {{.weight = a, .node = keys[0]}, {.weight = b, .node = keys[1]}});
    };
    EXPECT_TRUE(refused(weighted(2, 0, 2)));
    EXPECT_TRUE(refused(weighted(2, 3, 1)));
    EXPECT_TRUE(refused(weighted(5, 2, 2)));
    EXPECT_TRUE(Policy::make(weighted(~0u, ~0u, ~0u)));
    auto deep = keys[0];
    for (std::size_t i = 1; i <= kMaxPolicyDepth; ++i) deep = PolicyNode::at_least(1, {deep, keys[i]});
    EXPECT_TRUE(Policy::make(deep));
    EXPECT_TRUE(refused(PolicyNode::at_least(1, {deep, keys[9]})));
}

TEST_F(PolicyTest, RefusesKeysThatWouldSignForEverybody) {
    // Small order, off the curve, not canonical.
    for (const auto first_byte : {1, 0, 2}) {
        const base::FixedBytes<32> bad{static_cast<std::byte>(first_byte)};
        const auto policy = Policy::make(PolicyNode::at_least(1, {keys[0], PolicyNode::of_key({bad})}));
        EXPECT_TRUE(policy.error().is(Errc::bad_point)) << first_byte;
    }
    const auto nested = PolicyNode::of_key(Scheme::multisig, keys[1].key);
    EXPECT_TRUE(Policy::make(PolicyNode::at_least(1, {keys[0], nested})).error().is(Errc::unsupported_scheme));
}

TEST_F(PolicyTest, DecodesItsOwnEncodingAndNothingElse) {
    const auto policy =
        Policy::make(PolicyNode::at_least(2, {keys[0], PolicyNode::of_key(Scheme::secp256k1_bip340, keys[1].key),
                                              PolicyNode::at_least(1, {keys[2], keys[3]})}))
            .value();
    const auto bytes = base::to_bytes(policy.encoded());
    const auto again = Policy::decode(bytes).value();
    EXPECT_EQ(again.root(), policy.root());
    EXPECT_EQ(again.address(), policy.address());
    for (std::size_t size = 0; size < bytes.size(); ++size)
        EXPECT_FALSE(Policy::decode(base::ByteView{bytes}.first(size))) << size;
    auto bad = bytes;
    bad.push_back(std::byte{0});
    EXPECT_TRUE(Policy::decode(bad).error().is(base::Errc::trailing_bytes));
    bad = bytes;
    bad[0] = std::byte{2};
    EXPECT_FALSE(Policy::decode(bad));
    EXPECT_TRUE(Policy::decode(base::Bytes(kMaxPolicyBytes + 1)).error().is(base::Errc::out_of_range));
    // Two keys in the wrong order: version(1) tag(1) threshold(4) count(1), then weight(4) tag(1) scheme(1) key(32).
    const auto pair = Policy::make(PolicyNode::at_least(1, first(2))).value();
    bad = base::to_bytes(pair.encoded());
    ASSERT_EQ(bad.size(), 7u + 2 * 38);
    std::swap_ranges(bad.begin() + 7, bad.begin() + 45, bad.begin() + 45);
    EXPECT_TRUE(Policy::decode(bad).error().is(base::Errc::not_canonical));
    // Thresholds nested without end stop at the bound.
    base::Bytes nested{std::byte{1}};
    for (int i = 0; i < 100; ++i) {
        for (const int byte : {1, 1, 0, 0, 0, 2, 1, 0, 0, 0}) nested.push_back(static_cast<std::byte>(byte));
    }
    EXPECT_FALSE(Policy::decode(nested));
}

}  // namespace

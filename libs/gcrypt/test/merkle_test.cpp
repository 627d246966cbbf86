#include "gcrypt/merkle.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <bit>
#include <set>

#include "gcrypt/hash.hpp"

namespace {

using namespace gcrypt;

std::vector<base::Digest> make_leaves(std::size_t count) {
    std::vector<base::Digest> leaves(count);
    for (std::size_t i = 0; i < count; ++i) base::store_le<std::uint64_t>(leaves[i].data(), i + 1);
    return leaves;
}

/// RFC 6962 §2.1, word for word: split at the largest power of two below n.
base::Digest definition(std::span<const base::Digest> leaves) {
    if (leaves.empty()) return hash(Domain::merkle, base::ByteView{});
    const base::Bytes zero{std::byte{0}}, one{std::byte{1}};
    if (leaves.size() == 1) return hash(Domain::merkle, {zero, leaves[0]});
    const auto split = std::bit_floor(leaves.size() - 1);
    return hash(Domain::merkle, {one, definition(leaves.first(split)), definition(leaves.subspan(split))});
}

TEST(MerkleTree, HasTheShapeOfRfc6962) {
    std::set<base::Digest> roots;
    for (std::size_t count = 0; count <= 70; ++count) {
        const auto leaves = make_leaves(count);
        EXPECT_EQ(merkle_root(leaves), definition(leaves)) << count;
        roots.insert(merkle_root(leaves));
    }
    EXPECT_EQ(roots.size(), 71u);
}

TEST(MerkleTree, DoesNotConfuseARepeatedLastLeaf) {
    auto leaves = make_leaves(3);
    const auto root = merkle_root(leaves);
    leaves.push_back(leaves.back());
    EXPECT_NE(merkle_root(leaves), root);
}

TEST(MerkleProof, ProvesEveryLeafAndNothingElse) {
    for (std::size_t count = 1; count <= 40; ++count) {
        const auto leaves = make_leaves(count);
        const auto root = merkle_root(leaves);
        for (std::size_t i = 0; i < count; ++i) {
            const auto proof = merkle_prove(leaves, i).value();
            EXPECT_TRUE(merkle_verify(root, leaves[i], proof)) << count << ' ' << i;
            EXPECT_FALSE(merkle_verify(root, base::Digest{}, proof));
            for (std::size_t other = 0; other < count; ++other) {
                if (other == i) continue;
                EXPECT_FALSE(merkle_verify(root, leaves[other], proof));
                auto moved = proof;
                moved.index = other;
                EXPECT_FALSE(merkle_verify(root, leaves[i], moved)) << count << ' ' << i << ' ' << other;
            }
            auto longer = proof;
            longer.path.push_back({});
            EXPECT_TRUE(merkle_verify(root, leaves[i], longer).error().is(Errc::bad_proof));
            if (!proof.path.empty()) {
                auto shorter = proof;
                shorter.path.pop_back();
                EXPECT_FALSE(merkle_verify(root, leaves[i], shorter));
                auto broken = proof;
                broken.path[i % broken.path.size()][5] ^= std::byte{1};
                EXPECT_FALSE(merkle_verify(root, leaves[i], broken));
            }
        }
    }
}

TEST(MerkleProof, IsBoundedAgainstHostileShapes) {
    const base::Digest root{}, leaf{};
    EXPECT_FALSE(merkle_verify(root, leaf, {.index = 0, .leaf_count = 0, .path = {}}));
    EXPECT_FALSE(merkle_verify(root, leaf, {.index = 5, .leaf_count = 5, .path = {}}));
    EXPECT_FALSE(merkle_verify(root, leaf, {.index = 0, .leaf_count = ~0ull, .path = std::vector<base::Digest>(65)}));
    EXPECT_FALSE(
        merkle_verify(root, leaf, {.index = ~0ull - 1, .leaf_count = ~0ull, .path = std::vector<base::Digest>(64)}));
    EXPECT_TRUE(merkle_prove({}, 0).error().is(base::Errc::out_of_range));
}

TEST(MerkleProof, AnInnerNodeIsNoLeaf) {
    // Second preimages: a subtree's root, or its two children joined, must not pass for a leaf.
    const auto leaves = make_leaves(4);
    const auto root = merkle_root(leaves);
    const auto left = merkle_root(std::span{leaves}.first(2));
    const auto right = merkle_root(std::span{leaves}.subspan(2));
    EXPECT_FALSE(merkle_verify(root, left, {.index = 0, .leaf_count = 2, .path = {right}}));
    EXPECT_NE(merkle_root(std::vector{left, right}), root);
    EXPECT_FALSE(merkle_verify(root, root, {.index = 0, .leaf_count = 1, .path = {}}));
    EXPECT_NE(merkle_root(std::span{leaves}.first(1)), leaves[0]);
}

TEST(MerkleProof, RefusesPathsOfEveryOtherLength) {
    for (const std::size_t count : {1, 2, 3, 5, 7, 8, 9, 33}) {
        const auto leaves = make_leaves(count);
        const auto root = merkle_root(leaves);
        for (std::size_t i = 0; i < count; ++i) {
            const auto proof = merkle_prove(leaves, i).value();
            for (std::size_t length = 0; length <= proof.path.size() + 3; ++length) {
                auto other = proof;
                other.path.resize(length);
                EXPECT_EQ(merkle_verify(root, leaves[i], other).has_value(), length == proof.path.size());
            }
            auto reversed = proof;
            std::ranges::reverse(reversed.path);
            EXPECT_EQ(merkle_verify(root, leaves[i], reversed).has_value(), reversed.path == proof.path);
        }
        EXPECT_TRUE(merkle_prove(leaves, count).error().is(base::Errc::out_of_range));
        EXPECT_TRUE(merkle_prove(leaves, ~std::size_t{0}).error().is(base::Errc::out_of_range));
    }
}

TEST(MerkleProof, ProvesTheIndexOnlyForATrustedLeafCount) {
    // The root does not hold the count: the last of five leaves hangs where the second of two would.
    const auto leaves = make_leaves(5);
    const auto root = merkle_root(leaves);
    auto proof = merkle_prove(leaves, 4).value();
    ASSERT_EQ(proof.path.size(), 1u);
    proof.index = 1;
    proof.leaf_count = 2;
    EXPECT_TRUE(merkle_verify(root, leaves[4], proof));
    // Membership itself cannot be forged by lying about the count.
    for (std::uint64_t count = 1; count < 20; ++count) {
        for (std::uint64_t index = 0; index < count; ++index) {
            proof.index = index;
            proof.leaf_count = count;
            EXPECT_FALSE(merkle_verify(root, base::Digest{std::byte{99}}, proof));
        }
    }
}

TEST(MerkleTree, TheEmptyListHasARootOfItsOwn) {
    EXPECT_EQ(merkle_root({}), hash(Domain::merkle, base::ByteView{}));
    EXPECT_NE(merkle_root({}), base::Digest{});
    EXPECT_NE(merkle_root({}), merkle_root(std::vector<base::Digest>(1)));
}

}  // namespace

#include "gcrypt/merkle.hpp"

#include <gtest/gtest.h>

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

}  // namespace

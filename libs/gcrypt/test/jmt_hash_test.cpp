#include "gcrypt/jmt_hash.hpp"

#include <gtest/gtest.h>

#include "zcrypto/hash.hpp"

namespace {

using gcrypt::JmtHasher;

base::Digest filled(int value) {
    base::Digest out;
    out.fill(static_cast<std::byte>(value));
    return out;
}

base::Bytes joined(std::string_view tag, const base::Digest& a, const base::Digest& b) {
    auto out = base::to_bytes(tag);
    out.insert(out.end(), a.begin(), a.end());
    out.insert(out.end(), b.begin(), b.end());
    return out;
}

TEST(JmtHasher, FollowsItsRulesWithBothHashes) {
    const JmtHasher blake3;
    const JmtHasher sha256{&gcrypt::jmt_sha256};
    const auto leaf = joined("JMT::LeafNode", filled(1), filled(2));
    const auto inner = joined("JMT::IntrnalNode", filled(1), filled(2));
    EXPECT_EQ(blake3.leaf(filled(1), filled(2)), zcrypto::blake3(leaf));
    EXPECT_EQ(sha256.leaf(filled(1), filled(2)), zcrypto::sha256(leaf));
    EXPECT_EQ(blake3.inner(filled(1), filled(2)), zcrypto::blake3(inner));
    EXPECT_EQ(sha256.inner(filled(1), filled(2)), zcrypto::sha256(inner));
    EXPECT_EQ(blake3.key_hash(base::as_bytes("k")), zcrypto::blake3(base::as_bytes("k")));
    EXPECT_EQ(sha256.value_hash(base::as_bytes("v")), zcrypto::sha256(base::as_bytes("v")));
    EXPECT_EQ(base::as_text(JmtHasher::placeholder()), "SPARSE_MERKLE_PLACEHOLDER_HASH__");
}

TEST(JmtHasher, KeepsLeavesInnerNodesAndTheEmptyTreeApart) {
    for (const JmtHasher hasher : {JmtHasher{}, JmtHasher{&gcrypt::jmt_sha256}}) {
        EXPECT_NE(hasher.leaf(filled(1), filled(2)), hasher.inner(filled(1), filled(2)));
        EXPECT_NE(hasher.leaf(filled(1), filled(2)), hasher.leaf(filled(2), filled(1)));
        EXPECT_NE(hasher.inner(filled(1), filled(2)), hasher.inner(filled(2), filled(1)));
        EXPECT_NE(hasher.inner(hasher.placeholder(), hasher.placeholder()), hasher.placeholder());
        // Second preimages: a value that spells out a node hashes to that node, yet no leaf over it is the node.
        const auto node = hasher.inner(filled(1), filled(2));
        const auto spelled = joined("JMT::IntrnalNode", filled(1), filled(2));
        EXPECT_EQ(hasher.value_hash(spelled), node);
        EXPECT_NE(hasher.leaf(hasher.key_hash({}), hasher.value_hash(spelled)), node);
    }
}

TEST(JmtHasher, TheTwoHashesNeverAgree) {
    const JmtHasher blake3;
    const JmtHasher sha256{&gcrypt::jmt_sha256};
    EXPECT_NE(blake3.leaf(filled(1), filled(2)), sha256.leaf(filled(1), filled(2)));
    EXPECT_NE(blake3.inner(filled(1), filled(2)), sha256.inner(filled(1), filled(2)));
    EXPECT_EQ(blake3.placeholder(), sha256.placeholder());
}

}  // namespace

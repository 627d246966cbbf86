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

}  // namespace

#include <gtest/gtest.h>

#include <map>

#include "base/random.hpp"
#include "store/jmt.hpp"
#include "test_hash.hpp"

namespace store {
namespace {

using test::MemoryNodes;
using test::sha256;

class ProofTest : public ::testing::Test {
 protected:
    void build(std::size_t count) {
        std::vector<JmtWrite> writes;
        for (std::size_t i = 0; i < count; ++i) {
            const auto key = "key" + std::to_string(i);
            values_[key] = "value" + std::to_string(i);
            writes.push_back({tree_.hash_bytes(base::as_bytes(key)), tree_.hash_bytes(base::as_bytes(values_[key]))});
        }
        std::sort(writes.begin(), writes.end(), [](const auto& a, const auto& b) { return a.key_hash < b.key_hash; });
        const auto update = tree_.apply(nodes_, kNoVersion, 0, writes);
        ASSERT_TRUE(update.has_value());
        nodes_.write(*update);
        root_ = update->root;
    }
    Jmt tree_{&sha256};
    MemoryNodes nodes_;
    std::map<std::string, std::string> values_;
    base::Digest root_{};
};

TEST_F(ProofTest, ShowsEveryKeyAndOnlyItsValue) {
    for (const std::size_t count : {1U, 2U, 3U, 17U, 400U}) {
        values_.clear();
        nodes_ = {};
        build(count);
        for (const auto& [key, value] : values_) {
            const auto found = tree_.prove(nodes_, 0, base::as_bytes(key));
            ASSERT_TRUE(found.has_value());
            ASSERT_TRUE(found->value_hash.has_value());
            EXPECT_TRUE(found->proof.verify(&sha256, root_, base::as_bytes(key), base::as_bytes(value)).has_value());
            EXPECT_FALSE(found->proof.verify(&sha256, root_, base::as_bytes(key), test::text("other")).has_value());
            EXPECT_FALSE(found->proof.verify(&sha256, root_, base::as_bytes(key), std::nullopt).has_value());
            EXPECT_FALSE(found->proof.verify(&sha256, root_, test::text("no"), base::as_bytes(value)).has_value());
        }
    }
}

TEST_F(ProofTest, ShowsThatAKeyIsAbsent) {
    for (const std::size_t count : {0U, 1U, 2U, 400U}) {
        values_.clear();
        nodes_ = {};
        build(count);
        for (int i = 0; i < 200; ++i) {
            const auto key = "absent" + std::to_string(i);
            const auto found = tree_.prove(nodes_, 0, base::as_bytes(key));
            ASSERT_TRUE(found.has_value());
            EXPECT_FALSE(found->value_hash.has_value());
            EXPECT_TRUE(found->proof.verify(&sha256, root_, base::as_bytes(key), std::nullopt).has_value());
            EXPECT_FALSE(found->proof.verify(&sha256, root_, base::as_bytes(key), test::text("v")).has_value());
        }
    }
}

TEST_F(ProofTest, OfAbsenceNeverPassesForAKeyThatExists) {
    build(300);
    // Every proof there is, tried against every other key.
    std::vector<JmtProof> proofs;
    for (const auto& [key, value] : values_) proofs.push_back(tree_.prove(nodes_, 0, base::as_bytes(key))->proof);
    for (int i = 0; i < 50; ++i) {
        proofs.push_back(tree_.prove(nodes_, 0, base::as_bytes("absent" + std::to_string(i)))->proof);
    }
    for (const auto& [key, value] : values_) {
        for (const auto& proof : proofs) {
            ASSERT_FALSE(proof.verify(&sha256, root_, base::as_bytes(key), std::nullopt).has_value()) << key;
        }
    }
}

TEST_F(ProofTest, RoundTripsAndEveryChangedByteIsRefused) {
    build(200);
    const auto proof = tree_.prove(nodes_, 0, test::text("key7"))->proof;
    const auto bytes = proof.encode();
    const auto again = JmtProof::decode(bytes);
    ASSERT_TRUE(again.has_value());
    EXPECT_EQ(*again, proof);
    for (std::size_t i = 0; i < bytes.size(); ++i) {
        auto changed = bytes;
        changed[i] ^= std::byte{0x10};
        const auto decoded = JmtProof::decode(changed);
        if (!decoded) continue;
        EXPECT_FALSE(decoded->verify(&sha256, root_, test::text("key7"), test::text("value7")).has_value()) << i;
    }
    for (std::size_t size = 0; size < bytes.size(); ++size) {
        EXPECT_FALSE(JmtProof::decode(base::ByteView{bytes}.first(size)).has_value());
    }
    auto longer = bytes;
    longer.push_back(std::byte{0});
    EXPECT_TRUE(JmtProof::decode(longer).error().is(base::Errc::trailing_bytes));
}

TEST_F(ProofTest, HasOneEncodingForAnEmptySibling) {
    JmtProof proof;
    proof.siblings.push_back(jmt_empty_root());
    const auto bytes = proof.encode();
    EXPECT_EQ(bytes.size(), 4U);
    EXPECT_EQ(*JmtProof::decode(bytes), proof);
    auto spelled_out = bytes;
    spelled_out[3] = std::byte{1};
    const auto empty = jmt_empty_root();
    spelled_out.insert(spelled_out.end(), empty.begin(), empty.end());
    EXPECT_TRUE(JmtProof::decode(spelled_out).error().is(base::Errc::not_canonical));
}

TEST_F(ProofTest, RefusesMoreSiblingsThanAPathHasBits) {
    JmtProof proof;
    proof.siblings.resize(257);
    EXPECT_FALSE(proof.verify(&sha256, root_, test::text("k"), std::nullopt).has_value());
    EXPECT_TRUE(JmtProof::decode(proof.encode()).error().is(base::Errc::out_of_range));
}

TEST_F(ProofTest, StaysBelowOneKilobyteForManyKeys) {
    build(20'000);
    std::size_t largest = 0;
    for (int i = 0; i < 500; ++i) {
        const auto key = "key" + std::to_string(i * 37);
        largest = std::max(largest, tree_.prove(nodes_, 0, base::as_bytes(key))->proof.encode().size());
    }
    // log2(20,000) is 14.3; a million keys add 5.6 levels, 180 bytes.
    EXPECT_LE(largest, 1024U - 180U);
}

}  // namespace
}  // namespace store

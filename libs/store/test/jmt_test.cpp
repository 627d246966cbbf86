#include "store/jmt.hpp"

#include <gtest/gtest.h>

#include <deque>
#include <map>

#include "base/random.hpp"
#include "test_hash.hpp"

namespace store {
namespace {

using test::MemoryNodes;
using test::sha256;

const Jmt kTree{&sha256};

JmtWrite write_of(std::string_view key, std::optional<std::string_view> value) {
    JmtWrite write{.key_hash = kTree.hash_bytes(base::as_bytes(key)), .value_hash = std::nullopt};
    if (value) write.value_hash = kTree.hash_bytes(base::as_bytes(*value));
    return write;
}

void sort(std::vector<JmtWrite>& writes) {
    std::sort(writes.begin(), writes.end(), [](const auto& a, const auto& b) { return a.key_hash < b.key_hash; });
}

TEST(Jmt, GivesTheRootsOfTheDefinition) {
    // Made by an independent program (Python, from the rules at the top of jmt.hpp): n keys "key<i>" = "value<i>".
    struct Vector {
        int count;
        const char* root;
    };
    const Vector vectors[] = {
        {0, "5350415253455f4d45524b4c455f504c414345484f4c4445525f484153485f5f"},
        {1, "942d41feb681dada820a13b3c93108c4b7aef49dff0e002e4ca05ee0f4cb7a28"},
        {2, "7ceb3074e437faff0b7aa1dc7fe3edb73257870fb3c1119514e102919a1f6759"},
        {3, "3372e5a1b5e544a97bc5840ed210a7a94f53473d081afa3064121c68a2aa8193"},
        {16, "5d436126cf316d0955aa113a805eee1f322ac810e19ac9e959b505d14974a25f"},
        {17, "01a59a223aed104193eaccb34c6fd2b7ebe726272e099593099b0e32d319f161"},
        {100, "9f10ee1e491bb2456d8dcbe667da4ec8130c3da32fde5d8b0a4c9c4ff71c6bac"},
        {1000, "cf69112b3ed77f5537926368818e7bcd0a2592bae74422f8c228f72b9bd7c529"},
    };
    for (const auto& vector : vectors) {
        std::vector<JmtWrite> writes;
        for (int i = 0; i < vector.count; ++i) {
            writes.push_back(write_of("key" + std::to_string(i), "value" + std::to_string(i)));
        }
        sort(writes);
        MemoryNodes nodes;
        const auto update = kTree.apply(nodes, kNoVersion, 0, writes);
        ASSERT_TRUE(update.has_value()) << base::to_string(update.error());
        EXPECT_EQ(base::to_hex(update->root), vector.root) << vector.count << " keys";
        EXPECT_EQ(base::to_hex(kTree.root_of(writes)), vector.root) << vector.count << " keys";
    }
}

TEST(Jmt, BuildsFromNothingWhatApplyGivesRecordByRecord) {
    for (const int count : {0, 1, 2, 17, 1000}) {
        std::vector<JmtWrite> writes;
        for (int i = 0; i < count; ++i) writes.push_back(write_of("key" + std::to_string(i), "value"));
        sort(writes);
        MemoryNodes nodes;
        const auto update = kTree.apply(nodes, kNoVersion, 3, writes);
        ASSERT_TRUE(update.has_value());
        std::map<base::Bytes, base::Bytes> applied;
        for (const auto& [key, node] : update->nodes) applied[key.encode()] = node->encode();
        std::map<base::Bytes, base::Bytes> built;
        NodeKey last;
        const auto root = kTree.build(3, writes, [&](const NodeKey& key, const JmtNode& node) -> base::Result<void> {
            last = key;
            EXPECT_TRUE(built.emplace(key.encode(), node.encode()).second);
            return {};
        });
        ASSERT_TRUE(root.has_value());
        EXPECT_EQ(*root, update->root);
        EXPECT_EQ(built, applied);
        EXPECT_EQ(last.nibbles, 0) << "the root comes last";
    }
}

TEST(Jmt, BuildEndsWithTheErrorOfItsSink) {
    std::vector<JmtWrite> writes;
    for (int i = 0; i < 1000; ++i) writes.push_back(write_of("key" + std::to_string(i), "value"));
    sort(writes);
    int calls = 0;
    const auto root = kTree.build(0, writes, [&](const NodeKey&, const JmtNode&) -> base::Result<void> {
        ++calls;
        return base::fail(Errc::disk_full, "sink");
    });
    ASSERT_FALSE(root.has_value());
    EXPECT_TRUE(root.error().is(Errc::disk_full));
    EXPECT_EQ(calls, 1);
    std::swap(writes.front(), writes.back());
    EXPECT_FALSE(kTree.build(0, writes, [](const NodeKey&, const JmtNode&) -> base::Result<void> { return {}; }));
}

TEST(Jmt, AgreesWithAMapOverAHundredThousandOperations) {
    const auto seed = base::system_random().u64();
    SCOPED_TRACE("seed " + std::to_string(seed));
    std::printf("seed %llu\n", static_cast<unsigned long long>(seed));
    base::SeededRandom random{seed};
    MemoryNodes nodes;
    std::map<base::Digest, base::Digest> model;
    std::deque<std::vector<NodeKey>> stale;
    auto version = kNoVersion;
    std::size_t operations = 0;
    for (std::uint64_t next = 0; operations < 100'000; ++next) {
        const auto phase_deletes = next / 40 % 4 == 3;  // Shrink the tree now and then, to nearly nothing.
        std::map<base::Digest, std::optional<base::Digest>> batch;
        const auto wanted = 1 + random.below(next % 7 == 0 ? 700 : 60);
        for (std::uint64_t i = 0; i < wanted; ++i) {
            const auto key = kTree.hash_bytes(base::as_bytes(std::to_string(random.below(900))));
            const bool deletes = random.below(10) < (phase_deletes ? 9U : 2U);
            batch[key] = deletes ? std::nullopt
                                 : std::optional{kTree.hash_bytes(base::as_bytes(std::to_string(random.below(50))))};
        }
        std::vector<JmtWrite> writes;
        for (const auto& [key, value] : batch) {
            writes.push_back({key, value});
            if (value) {
                model[key] = *value;
            } else {
                model.erase(key);
            }
        }
        operations += writes.size();
        const auto update = kTree.apply(nodes, version, next, writes);
        ASSERT_TRUE(update.has_value()) << base::to_string(update.error());
        std::vector<JmtWrite> leaves;
        for (const auto& [key, value] : model) leaves.push_back({key, value});
        ASSERT_EQ(update->root, kTree.root_of(leaves)) << "version " << next;
        nodes.write(*update);
        version = next;
        ASSERT_EQ(kTree.root(nodes, version), update->root);
        stale.push_back(update->stale);
        if (stale.size() > 3) {  // A window of three old versions.
            nodes.prune(stale.front());
            stale.pop_front();
        }
    }
    EXPECT_EQ(nodes.pruned_missing, 0U) << "every stale record exists exactly until it is pruned";
    // What is left after pruning everything stale is exactly one tree: delete all and only a root remains.
    while (!stale.empty()) {
        nodes.prune(stale.front());
        stale.pop_front();
    }
    std::vector<JmtWrite> deletions;
    for (const auto& [key, value] : model) deletions.push_back({key, std::nullopt});
    const auto last = kTree.apply(nodes, version, version + 1, deletions);
    ASSERT_TRUE(last.has_value());
    nodes.write(*last);
    nodes.prune(last->stale);
    EXPECT_EQ(last->root, jmt_empty_root());
    EXPECT_EQ(nodes.size(), 1U) << "no record leaks";
    EXPECT_EQ(nodes.pruned_missing, 0U);
}

TEST(Jmt, GivesTheSameRootForAnyOrderOfTheSameChanges) {
    std::vector<JmtWrite> all;
    for (int i = 0; i < 500; ++i) all.push_back(write_of("k" + std::to_string(i), "v"));
    MemoryNodes one_by_one;
    auto version = kNoVersion;
    base::Digest root{};
    for (std::size_t i = 0; i < all.size(); ++i) {
        const auto update = kTree.apply(one_by_one, version, i, std::span{&all[i], 1});
        ASSERT_TRUE(update.has_value());
        one_by_one.write(*update);
        version = i;
        root = update->root;
    }
    sort(all);
    MemoryNodes at_once;
    EXPECT_EQ(kTree.apply(at_once, kNoVersion, 0, all)->root, root);
}

TEST(Jmt, KeepsOldVersionsReadableUntilTheyArePruned) {
    MemoryNodes nodes;
    std::vector<JmtWrite> first{write_of("a", "1"), write_of("b", "2"), write_of("c", "3")};
    sort(first);
    const auto v0 = *kTree.apply(nodes, kNoVersion, 0, first);
    nodes.write(v0);
    const auto change = write_of("b", "20");
    const auto v1 = *kTree.apply(nodes, 0, 1, std::span{&change, 1});
    nodes.write(v1);
    const auto old = kTree.prove(nodes, 0, test::text("b"));
    ASSERT_TRUE(old.has_value());
    EXPECT_TRUE(old->proof.verify(&sha256, v0.root, test::text("b"), test::text("2")).has_value());
    EXPECT_FALSE(old->proof.verify(&sha256, v1.root, test::text("b"), test::text("2")).has_value());
    nodes.prune(v1.stale);
    EXPECT_TRUE(kTree.prove(nodes, 0, test::text("b")).error().is(Errc::missing_node));
    const auto now = kTree.prove(nodes, 1, test::text("b"));
    ASSERT_TRUE(now.has_value());
    EXPECT_TRUE(now->proof.verify(&sha256, v1.root, test::text("b"), test::text("20")).has_value());
}

TEST(Jmt, WritesARootForAVersionWithoutChanges) {
    MemoryNodes nodes;
    std::vector<JmtWrite> writes{write_of("a", "1"), write_of("b", "2")};
    sort(writes);
    const auto v0 = *kTree.apply(nodes, kNoVersion, 0, writes);
    nodes.write(v0);
    const auto v1 = *kTree.apply(nodes, 0, 1, {});
    nodes.write(v1);
    EXPECT_EQ(v1.root, v0.root);
    nodes.prune(v1.stale);
    EXPECT_EQ(*kTree.root(nodes, 1), v0.root);
    // The same value again is no change either.
    const auto v2 = *kTree.apply(nodes, 1, 2, writes);
    EXPECT_EQ(v2.root, v0.root);
    EXPECT_EQ(v2.nodes.size(), 1U);
}

TEST(Jmt, RefusesUnsortedRepeatedAndOldVersions) {
    MemoryNodes nodes;
    std::vector<JmtWrite> writes{write_of("a", "1"), write_of("b", "2"), write_of("c", "3")};
    sort(writes);
    std::swap(writes[0], writes[1]);
    EXPECT_TRUE(kTree.apply(nodes, kNoVersion, 0, writes).error().is(base::Errc::invalid_argument));
    writes[1] = writes[0];
    EXPECT_TRUE(kTree.apply(nodes, kNoVersion, 0, writes).error().is(base::Errc::invalid_argument));
    EXPECT_TRUE(kTree.apply(nodes, 5, 5, {}).error().is(base::Errc::invalid_argument));
    EXPECT_TRUE(kTree.apply(nodes, 5, 6, {}).error().is(Errc::missing_node));
}

TEST(JmtNode, RefusesBytesThatAreNoRecord) {
    EXPECT_TRUE(JmtNode::decode({}, &sha256).error().is(Errc::corrupt));
    EXPECT_TRUE(JmtNode::decode(base::Bytes{std::byte{3}}, &sha256).error().is(Errc::corrupt));
    base::Bytes leaf_without_child{std::byte{2}, std::byte{0}, std::byte{0}, std::byte{1}, std::byte{0}};
    EXPECT_TRUE(JmtNode::decode(leaf_without_child, &sha256).error().is(Errc::corrupt));
    base::Bytes trailing{std::byte{0}, std::byte{0}};
    EXPECT_TRUE(JmtNode::decode(trailing, &sha256).error().is(Errc::corrupt));
}

TEST(NodeKey, RoundTripsAndSortsByVersion) {
    NodeKey key{.version = 7, .nibbles = 3};
    key.path[0] = std::byte{0xab};
    key.path[1] = std::byte{0xc0};
    const auto bytes = key.encode();
    EXPECT_EQ(bytes.size(), 11U);
    EXPECT_EQ(*NodeKey::decode(bytes), key);
    auto newer = key;
    newer.version = 256;
    EXPECT_TRUE(base::compare(bytes, newer.encode()) < 0);
    auto dirty = bytes;
    dirty[10] = std::byte{0xc1};
    EXPECT_FALSE(NodeKey::decode(dirty).has_value());
}

}  // namespace
}  // namespace store

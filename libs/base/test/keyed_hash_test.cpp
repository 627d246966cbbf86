#include "base/keyed_hash.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <string>

#include "base/random.hpp"

namespace base {
namespace {

TEST(SipHash, GivesTheAnswersOfItsPaper) {
    // Appendix A of the paper: key 00..0f, message 00..0e.
    HashKey key;
    for (std::size_t i = 0; i < key.size(); ++i) key[i] = static_cast<std::byte>(i);
    Bytes message;
    for (unsigned i = 0; i < 15; ++i) message.push_back(static_cast<std::byte>(i));
    EXPECT_EQ(siphash(message, key), 0xa129ca6149be45e5U);
    EXPECT_NE(siphash(message, HashKey{}), 0xa129ca6149be45e5U);
}

TEST(KeyedHash, SpreadsKeysThatShareTheirFirstBytes) {
    // What an address, a slot or an identifier of somebody's choice may look like.
    HashMap<Digest, int> map;
    constexpr int kKeys = 4096;
    for (int i = 0; i < kKeys; ++i) {
        Digest key{};
        store_le(key.data() + 24, static_cast<std::uint64_t>(i));
        map[key] = i;
    }
    std::size_t longest = 0;
    for (std::size_t bucket = 0; bucket < map.bucket_count(); ++bucket)
        longest = std::max(longest, map.bucket_size(bucket));
    EXPECT_LE(longest, 16u) << "4,096 keys in as many buckets: 8 is usual, 16 never happens";
    EXPECT_EQ(map.size(), static_cast<std::size_t>(kKeys));
}

TEST(KeyedHash, TakesTextBytesAndPlainValues) {
    HashMap<std::string, int> text{{"a", 1}, {"b", 2}};
    EXPECT_EQ(text.at("b"), 2);
    struct Pair {
        Digest left, right;
        bool operator==(const Pair&) const = default;
    };
    HashSet<Pair> pairs;
    pairs.insert({.left = {std::byte{1}}, .right = {}});
    EXPECT_TRUE(pairs.contains({.left = {std::byte{1}}, .right = {}}));
    EXPECT_FALSE(pairs.contains({.left = {}, .right = {std::byte{1}}}));
}

}  // namespace
}  // namespace base

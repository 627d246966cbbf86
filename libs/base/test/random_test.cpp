#include "base/random.hpp"

#include <gtest/gtest.h>

#include <set>

namespace {

TEST(SeededRandom, RepeatsForOneSeedAndDiffersForAnother) {
    base::SeededRandom a{7}, b{7}, c{8};
    EXPECT_EQ(a.u64(), b.u64());
    EXPECT_NE(a.u64(), c.u64());
}

TEST(Random, BelowCoversItsRangeAndNothingElse) {
    base::SeededRandom random{1};
    std::set<std::uint64_t> seen;
    for (int i = 0; i < 1000; ++i) seen.insert(random.below(7));
    EXPECT_EQ(seen.size(), 7u);
    EXPECT_LT(*seen.rbegin(), 7u);
}

TEST(SystemRandom, DoesNotRepeat) { EXPECT_NE(base::system_random().u64(), base::system_random().u64()); }

}  // namespace

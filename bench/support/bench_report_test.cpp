#include "bench_report.hpp"

#include <gtest/gtest.h>

namespace {

TEST(Figure, RatioIsAboveOneWheneverWeLead) {
    benchkit::Figure faster{.name = "rate", .value = 20, .unit = "1/s", .peer = "p", .peer_value = 10};
    EXPECT_DOUBLE_EQ(faster.ratio().value(), 2.0);
    benchkit::Figure quicker{
        .name = "time", .value = 5, .unit = "ms", .peer = "p", .peer_value = 10, .better = benchkit::Better::lower};
    EXPECT_DOUBLE_EQ(quicker.ratio().value(), 2.0);
    EXPECT_FALSE(benchkit::Figure{.name = "alone"}.ratio());
}

TEST(Statistics, MedianAndPercentileTakeTheNearestRank) {
    EXPECT_DOUBLE_EQ(benchkit::median({3, 1, 2}), 2);
    EXPECT_DOUBLE_EQ(benchkit::median({4, 1, 2, 3}), 2.5);
    EXPECT_DOUBLE_EQ(benchkit::percentile({1, 2, 3, 4, 5, 6, 7, 8, 9, 10}, 0.5), 5);
    EXPECT_DOUBLE_EQ(benchkit::percentile({1, 2, 3, 4, 5, 6, 7, 8, 9, 10}, 0.99), 10);
}

TEST(Process, MeasuresItself) {
    EXPECT_GT(benchkit::pss_bytes(), 0u);
    EXPECT_GT(benchkit::rss_bytes(), 0u);
    EXPECT_GE(benchkit::cpu_seconds(), 0.0);
}

}  // namespace

#include "base/metrics.hpp"

#include <gtest/gtest.h>

#include <thread>
#include <vector>

namespace {

using base::MetricsRegistry;

TEST(Metrics, RenderTheExpositionFormat) {
    MetricsRegistry registry;
    registry.counter("zquic_packets_total", "Packets.", {{"direction", "in"}}).add(3);
    registry.counter("zquic_packets_total", "Packets.", {{"direction", "out"}}).add(4);
    registry.gauge("zquic_connections", "Live\nconnections with \\.").set(-2);
    auto& histogram = registry.histogram("rpc_seconds", "Calls.", {0.1, 1}, {{"method", "a\"b\\c\nd"}});
    histogram.observe(0.1);
    histogram.observe(0.5);
    histogram.observe(7);
    registry.gauge_from("lazy", "Read late.", {}, [] { return 1.5; });
    EXPECT_EQ(registry.render(),
              "# HELP zquic_packets_total Packets.\n"
              "# TYPE zquic_packets_total counter\n"
              "zquic_packets_total{direction=\"in\"} 3\n"
              "zquic_packets_total{direction=\"out\"} 4\n"
              "# HELP zquic_connections Live\\nconnections with \\\\.\n"
              "# TYPE zquic_connections gauge\n"
              "zquic_connections -2\n"
              "# HELP rpc_seconds Calls.\n"
              "# TYPE rpc_seconds histogram\n"
              "rpc_seconds_bucket{method=\"a\\\"b\\\\c\\nd\",le=\"0.1\"} 1\n"
              "rpc_seconds_bucket{method=\"a\\\"b\\\\c\\nd\",le=\"1\"} 2\n"
              "rpc_seconds_bucket{method=\"a\\\"b\\\\c\\nd\",le=\"+Inf\"} 3\n"
              "rpc_seconds_sum{method=\"a\\\"b\\\\c\\nd\"} 7.6\n"
              "rpc_seconds_count{method=\"a\\\"b\\\\c\\nd\"} 3\n"
              "# HELP lazy Read late.\n"
              "# TYPE lazy gauge\n"
              "lazy 1.5\n");
}

TEST(Metrics, GiveTheSameObjectForTheSameNameAndLabels) {
    MetricsRegistry registry{{{"daemon", "ghostd"}}};
    auto& first = registry.counter("a_total", "A.");
    EXPECT_EQ(&first, &registry.counter("a_total", "A."));
    EXPECT_NE(&first, &registry.counter("a_total", "A.", {{"x", "1"}}));
    EXPECT_NE(registry.render().find("a_total{daemon=\"ghostd\",x=\"1\"} 0"), std::string::npos);
}

TEST(Metrics, LoseNoUpdateOfManyThreads) {
    MetricsRegistry registry;
    auto& counter = registry.counter("c_total", "C.");
    auto& gauge = registry.gauge("g", "G.");
    auto& histogram = registry.histogram("h", "H.", base::latency_bounds_seconds());
    {
        std::vector<std::jthread> threads;
        for (int t = 0; t < 4; ++t) {
            threads.emplace_back([&] {
                for (int i = 0; i < 10'000; ++i) {
                    counter.add();
                    gauge.add(i % 2 ? 1 : -1);
                    histogram.observe(0.25);
                }
            });
        }
        EXPECT_FALSE(registry.render().empty());
    }
    EXPECT_EQ(counter.value(), 40'000u);
    EXPECT_EQ(gauge.value(), 0);
    EXPECT_EQ(histogram.count(), 40'000u);
    EXPECT_DOUBLE_EQ(histogram.sum(), 10'000);
}

TEST(Metrics, ShowTheProcess) {
    MetricsRegistry registry;
    registry.add_process_metrics();
    const auto text = registry.render();
    for (const auto* name : {"process_resident_memory_bytes", "process_cpu_seconds_total", "process_open_fds",
                             "process_max_fds", "process_start_time_seconds", "process_threads"}) {
        const auto at = text.find(std::string{"\n"} + name + ' ');
        ASSERT_NE(at, std::string::npos) << name;
        const double value = std::stod(text.substr(at + std::string_view{name}.size() + 2));
        const std::string_view is{name};
        EXPECT_GE(value, is == "process_resident_memory_bytes" ? 1e6
                         : is == "process_start_time_seconds"  ? 1.6e9
                                                               : 0)
            << name;
    }
    EXPECT_NE(text.find("# TYPE process_cpu_seconds_total counter"), std::string::npos);
}

TEST(MetricsDeathTest, RefusesNamesOutsideTheGrammar) {
    MetricsRegistry registry;
    EXPECT_DEATH(registry.counter("a-b", ""), "impossible state");
    EXPECT_DEATH(registry.counter("a", "", {{"0x", ""}}), "impossible state");
    registry.counter("a", "");
    EXPECT_DEATH(registry.gauge("a", ""), "impossible state");
}

}  // namespace

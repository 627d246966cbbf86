#pragma once
// Counters, gauges and histograms with a Prometheus text exporter (exposition format 0.0.4,
// prometheus.io/docs/instrumenting/exposition_formats). Updates are lock-free; names and labels are fixed at
// construction, so that no peer can grow the set.

#include <atomic>
#include <cstdint>
#include <functional>
#include <initializer_list>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/result.hpp"

namespace base {

/// {{"worker", "0"}, {"direction", "in"}}
using MetricLabels = std::vector<std::pair<std::string, std::string>>;

/// Only grows. Any thread.
class Counter {
 public:
    void add(std::uint64_t by = 1) noexcept { value_.fetch_add(by, std::memory_order_relaxed); }
    [[nodiscard]] std::uint64_t value() const noexcept { return value_.load(std::memory_order_relaxed); }

 private:
    std::atomic<std::uint64_t> value_{0};
};

/// Goes up and down. Any thread.
class Gauge {
 public:
    void set(std::int64_t value) noexcept { value_.store(value, std::memory_order_relaxed); }
    void add(std::int64_t by) noexcept { value_.fetch_add(by, std::memory_order_relaxed); }
    [[nodiscard]] std::int64_t value() const noexcept { return value_.load(std::memory_order_relaxed); }

 private:
    std::atomic<std::int64_t> value_{0};
};

/// Counts observations below fixed upper bounds. Any thread.
class Histogram {
 public:
    /// `bounds` ascending; +Inf is added. Use MetricsRegistry::histogram().
    explicit Histogram(std::vector<double> bounds);
    void observe(double value) noexcept;
    [[nodiscard]] std::uint64_t count() const noexcept;
    [[nodiscard]] double sum() const noexcept { return sum_.load(std::memory_order_relaxed); }

 private:
    friend class MetricsRegistry;
    std::vector<double> bounds_;
    std::unique_ptr<std::atomic<std::uint64_t>[]> buckets_;  ///< bounds_.size() + 1, not cumulative.
    std::atomic<double> sum_{0};
};

/// Seconds from 50 microseconds to 10 s.
std::vector<double> latency_bounds_seconds();

/// Owns the metrics of one process (or of one daemon inside enoc). Making metrics and rendering are thread-safe; the
/// references stay valid as long as the registry. Asking again with the same name and labels gives the same object.
/// A name or label outside the Prometheus grammar, or one name with two types, is a programming error: it ends the
/// process.
class MetricsRegistry {
 public:
    MetricsRegistry();
    /// Every metric carries `common` as well; enoc uses it to tell its daemons apart.
    explicit MetricsRegistry(MetricLabels common);
    ~MetricsRegistry();
    MetricsRegistry(const MetricsRegistry&) = delete;
    MetricsRegistry& operator=(const MetricsRegistry&) = delete;

    Counter& counter(std::string_view name, std::string_view help, MetricLabels labels = {});
    Gauge& gauge(std::string_view name, std::string_view help, MetricLabels labels = {});
    Histogram& histogram(std::string_view name, std::string_view help, std::vector<double> bounds,
                         MetricLabels labels = {});
    /// A value read when rendering; `read` is called on the rendering thread and must be thread-safe and stay valid.
    void gauge_from(std::string_view name, std::string_view help, MetricLabels labels, std::function<double()> read);

    /// process_resident_memory_bytes, process_cpu_seconds_total, process_open_fds, process_max_fds,
    /// process_start_time_seconds, process_threads.
    void add_process_metrics();

    /// HELP and TYPE once a name, in order of first registration.
    [[nodiscard]] std::string render() const;

 private:
    struct Family;
    struct Series;
    Series& series(std::string_view name, std::string_view help, int type, MetricLabels labels);
    MetricLabels common_;
    mutable std::mutex mutex_;
    std::vector<std::unique_ptr<Family>> families_;
};

}  // namespace base

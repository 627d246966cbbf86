#pragma once
// EndpointStats as zquic_* metrics.

#include <vector>

#include "base/metrics.hpp"
#include "io/timer.hpp"
#include "zquic/endpoint.hpp"

namespace zquic {

/// Carries an endpoint's statistics into a registry, once a second. Thread: the endpoint's reactor; both must outlive
/// it. Several on one registry (of several endpoints) add up.
class EndpointMetrics {
 public:
    EndpointMetrics(Endpoint& endpoint, base::MetricsRegistry& registry);
    /// Takes its connections out of the gauges.
    ~EndpointMetrics();
    EndpointMetrics(const EndpointMetrics&) = delete;
    EndpointMetrics& operator=(const EndpointMetrics&) = delete;

    /// Between two seconds, for tests.
    void update();

 private:
    struct CounterEntry {
        std::uint64_t EndpointStats::* field;
        base::Counter* counter;
    };
    Endpoint& endpoint_;
    EndpointStats last_;
    std::vector<CounterEntry> counters_;
    base::Gauge& connections_;
    base::Gauge& half_open_;
    io::Timer timer_;
};

}  // namespace zquic

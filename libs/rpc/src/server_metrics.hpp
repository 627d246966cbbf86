#pragma once
// rpc_server_calls_total{method,code}, rpc_server_call_seconds{method}, rpc_server_calls_in_flight.

#include <array>
#include <cstdint>
#include <string>

#include "base/metrics.hpp"
#include "rpc/status.hpp"

namespace rpc {

/// Counters of one method; those of a code appear with its first use, so the set is bounded by methods times codes.
class MethodMetrics {
 public:
    MethodMetrics(base::MetricsRegistry& registry, std::string method);
    void record(StatusCode code, std::uint64_t elapsed_ns);

 private:
    base::MetricsRegistry& registry_;
    std::string method_;
    base::Histogram& latency_;
    std::array<base::Counter*, kStatusCodeCount> calls_{};
};

}  // namespace rpc

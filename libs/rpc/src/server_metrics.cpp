#include "server_metrics.hpp"

namespace rpc {

MethodMetrics::MethodMetrics(base::MetricsRegistry& registry, std::string method)
    : registry_{registry},
      method_{std::move(method)},
      latency_{registry.histogram("rpc_server_call_seconds", "Time from the headers of a call to its status.",
                                  base::latency_bounds_seconds(), {{"method", method_}})} {}

void MethodMetrics::record(StatusCode code, std::uint64_t elapsed_ns) {
    auto*& counter = calls_[static_cast<std::size_t>(code)];
    if (!counter) {
        counter = &registry_.counter("rpc_server_calls_total", "Calls that have ended.",
                                     {{"method", method_}, {"code", std::string{to_string(code)}}});
    }
    counter->add();
    latency_.observe(static_cast<double>(elapsed_ns) * 1e-9);
}

}  // namespace rpc

#pragma once
// Joins a caller's stream to a service's stream, byte for byte: no message is assembled, nothing is parsed but headers.
//
//   caller ──on_data──▶ ┌──────┐ ──write──▶ service        credit goes back to a side only for the bytes that the
//   caller ◀──write──── │ Call │ ◀─on_data── service       other side took: a slow reader stops the sender, and a call
//                       └──────┘                           holds at most one window a direction
//
//   choosing ──instance──▶ opening ──stream──▶ relaying ──trailers──▶ over
//       ▲                     │ not connected      │ 0x10b before any answer
//       └──── retry budget ───┴────────────────────┘

#include <algorithm>
#include <array>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <unordered_map>

#include "base/metrics.hpp"
#include "ghostbridge/egress.hpp"
#include "ghostbridge/headers.hpp"
#include "ghostbridge/registry.hpp"
#include "io/reactor.hpp"
#include "rpc/server.hpp"

namespace ghostbridge {

struct RelayOptions {
    std::size_t calls_max = 10'000;
    std::size_t window_bytes = 256 << 10;  ///< What one direction of a call may hold.
    /// What a caller may send ahead at least: its stream's window, or one call's share of its connection's window where
    /// that is less. A call gives credit back before it holds a quarter of this, or senders would wait for ever.
    std::size_t ingress_window_bytes = 256 << 10;
    std::uint64_t call_timeout_max_ns = rpc::kNoDeadline;
    std::uint64_t public_call_timeout_max_ns = rpc::kNoDeadline;  ///< Of callers without a known key, where it is less.
    unsigned attempts_max = 3;
    std::size_t replay_bytes_max = 64 << 10;  ///< Longer requests are not tried again.
};

/// Tries again at most one call in five, plus a few: a failing service must not double its load.
class RetryBudget {
 public:
    void on_call() noexcept { tokens_ = std::min(tokens_ + kPerCall, kMax); }
    bool take() noexcept {
        if (tokens_ < kCost) return false;
        tokens_ -= kCost;
        return true;
    }

 private:
    static constexpr unsigned kPerCall = 1;
    static constexpr unsigned kCost = 5;
    static constexpr unsigned kMax = 500;
    unsigned tokens_ = 50;
};

/// Who makes a call.
enum class Caller : std::uint8_t {
    known,      ///< Its key is listed.
    anonymous,  ///< No key, or one that nobody knows.
};

/// All calls under way. Thread: the reactor's.
class Relay {
 public:
    /// Everything must outlive the relay.
    Relay(io::Reactor& reactor, Registry& registry, Egress& egress, base::MetricsRegistry& metrics,
          RelayOptions options);
    /// Resets what is open, both sides.
    ~Relay();
    Relay(const Relay&) = delete;
    Relay& operator=(const Relay&) = delete;

    /// Takes an authorised call. Answers by itself when it cannot be relayed.
    void start(rpc::RawCall call, Caller caller);
    /// New calls get UNAVAILABLE from now on.
    void refuse_new() noexcept { refusing_ = true; }
    /// Ends every call with UNAVAILABLE.
    void cancel_all();
    [[nodiscard]] std::size_t open_calls() const noexcept { return calls_.size(); }

    class Call;

 private:
    struct ServiceMetrics {
        std::array<base::Counter*, rpc::kStatusCodeCount> by_code{};
    };
    void finish(std::uint64_t id);
    void count(const std::string& service, rpc::StatusCode code);

    io::Reactor& reactor_;
    Registry& registry_;
    Egress& egress_;
    base::MetricsRegistry& metrics_;
    RelayOptions options_;
    RetryBudget budget_;
    bool refusing_ = false;
    std::uint64_t next_id_ = 1;
    std::unordered_map<std::uint64_t, std::unique_ptr<Call>> calls_;  // unkeyed: our numbers
    std::map<std::string, ServiceMetrics, std::less<>> service_metrics_;
    base::Gauge& open_calls_;
    base::Counter& request_bytes_;
    base::Counter& response_bytes_;
    base::Counter& retries_;
    base::Histogram& seconds_;
};

}  // namespace ghostbridge

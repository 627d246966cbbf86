#include "zquic/metrics.hpp"

namespace zquic {
namespace {

constexpr std::uint64_t kIntervalNs = 1'000'000'000;

struct Description {
    std::uint64_t EndpointStats::* field;
    const char* name;
    const char* help;
    base::MetricLabels labels;
};

const std::vector<Description>& descriptions() {
    constexpr auto kDropped = "zquic_dropped_total";
    constexpr auto kDroppedHelp = "Datagrams dropped: malformed or nobody's, or first packets beyond a limit.";
    constexpr auto kSent = "Answers sent without a connection.";
    using Stats = EndpointStats;
    static const std::vector<Description> all{
        {&Stats::accepted, "zquic_handshakes_total", "Handshakes ended.", {{"result", "accepted"}}},
        {&Stats::connected, "zquic_handshakes_total", "Handshakes ended.", {{"result", "connected"}}},
        {&Stats::handshakes_failed, "zquic_handshakes_total", "Handshakes ended.", {{"result", "failed"}}},
        {&Stats::half_open_evicted,
         "zquic_half_open_evicted_total",
         "Handshakes ended to make room for a newcomer.",
         {}},
        {&Stats::dropped_malformed, kDropped, kDroppedHelp, {{"reason", "malformed"}}},
        {&Stats::dropped_overload, kDropped, kDroppedHelp, {{"reason", "overload"}}},
        {&Stats::retries_sent, "zquic_stateless_answers_total", kSent, {{"kind", "retry"}}},
        {&Stats::version_negotiations_sent, "zquic_stateless_answers_total", kSent, {{"kind", "version_negotiation"}}},
        {&Stats::stateless_resets_sent, "zquic_stateless_answers_total", kSent, {{"kind", "reset"}}},
        {&Stats::forwarded, "zquic_forwarded_total", "Datagrams posted to the worker that owns them.", {}},
        {&Stats::datagrams_received, "zquic_datagrams_total", "UDP datagrams.", {{"direction", "received"}}},
        {&Stats::datagrams_sent, "zquic_datagrams_total", "UDP datagrams.", {{"direction", "sent"}}},
        {&Stats::bytes_received, "zquic_bytes_total", "UDP payload bytes.", {{"direction", "received"}}},
        {&Stats::bytes_sent, "zquic_bytes_total", "UDP payload bytes.", {{"direction", "sent"}}},
    };
    return all;
}

}  // namespace

EndpointMetrics::EndpointMetrics(Endpoint& endpoint, base::MetricsRegistry& registry)
    : endpoint_{endpoint},
      connections_{registry.gauge("zquic_connections", "QUIC connections, closing ones included.")},
      half_open_{registry.gauge("zquic_half_open_connections", "Of these: incoming and still in the handshake.")},
      timer_{endpoint.reactor(), [this] {
                 update();
                 timer_.arm_after(kIntervalNs);
             }} {
    for (const auto& one : descriptions())
        counters_.push_back({one.field, &registry.counter(one.name, one.help, one.labels)});
    timer_.arm_after(0);
}

EndpointMetrics::~EndpointMetrics() {
    update();  // what came since the last second
    connections_.add(-static_cast<std::int64_t>(last_.connections));
    half_open_.add(-static_cast<std::int64_t>(last_.half_open));
}

void EndpointMetrics::update() {
    const auto now = endpoint_.stats();
    for (const auto& [field, counter] : counters_) counter->add(now.*field - last_.*field);
    connections_.add(static_cast<std::int64_t>(now.connections) - static_cast<std::int64_t>(last_.connections));
    half_open_.add(static_cast<std::int64_t>(now.half_open) - static_cast<std::int64_t>(last_.half_open));
    last_ = now;
}

}  // namespace zquic

#include "zquic/workers.hpp"

#include <latch>
#include <thread>

#include "endpoint.hpp"

namespace zquic {
namespace {

constexpr std::size_t kWorkersMax = 250;

/// Runs `task` on the reactor's thread and waits for it.
void run_on(io::Reactor& reactor, const std::function<void()>& task) {
    if (reactor.on_thread()) return task();
    std::latch done{1};
    // A full inbox drains by itself: the reactor keeps turning, as the contract of WorkerEndpoints says.
    while (!reactor.post([&] {
        task();
        done.count_down();
    })) {
        std::this_thread::yield();
    }
    done.wait();
}

}  // namespace

struct WorkerEndpoints::State {
    std::vector<io::Reactor*> reactors;
    std::vector<std::unique_ptr<Endpoint>> endpoints;
    io::SocketAddress bound;
};

WorkerEndpoints::WorkerEndpoints(std::unique_ptr<State> state) noexcept : state_{std::move(state)} {}

base::Checked<std::unique_ptr<WorkerEndpoints>> WorkerEndpoints::make(std::vector<io::Reactor*> reactors,
                                                                      EndpointConfig config) {
    if (reactors.empty() || reactors.size() > kWorkersMax) {
        return base::explain(Errc::bad_config, "1 to 250 workers are possible");
    }
    config.reuse_port = reactors.size() > 1 || config.reuse_port;
    auto cluster = Cluster::make(reactors.size(), *config.random);
    for (std::size_t i = 0; i < reactors.size(); ++i) cluster->workers[i].reactor = reactors[i];
    std::unique_ptr<WorkerEndpoints> made{new WorkerEndpoints{std::make_unique<State>()}};
    auto& state = *made->state_;
    state.reactors = std::move(reactors);
    state.endpoints.resize(state.reactors.size());
    for (std::size_t i = 0; i < state.reactors.size(); ++i) {
        base::Checked<void> outcome;
        run_on(*state.reactors[i], [&] {
            auto impl = Endpoint::Impl::make(*state.reactors[i], config, cluster, static_cast<std::uint16_t>(i));
            if (!impl) {
                outcome = std::unexpected{std::move(impl).error()};
                return;
            }
            state.endpoints[i].reset(new Endpoint{std::move(*impl)});
            // Port 0 is chosen once; the others join it.
            config.address = state.endpoints[i]->bound_address();
        });
        if (!outcome) return std::unexpected{std::move(outcome).error()};
    }
    state.bound = state.endpoints.front()->bound_address();
    return made;
}

WorkerEndpoints::~WorkerEndpoints() {
    for (std::size_t i = 0; i < state_->endpoints.size(); ++i) {
        if (state_->endpoints[i]) run_on(*state_->reactors[i], [&] { state_->endpoints[i].reset(); });
    }
}

void WorkerEndpoints::on_each(const std::function<void(std::size_t, Endpoint&)>& task) {
    for (std::size_t i = 0; i < state_->endpoints.size(); ++i) {
        run_on(*state_->reactors[i], [&] { task(i, *state_->endpoints[i]); });
    }
}

std::size_t WorkerEndpoints::size() const noexcept { return state_->endpoints.size(); }
Endpoint& WorkerEndpoints::at(std::size_t worker) noexcept { return *state_->endpoints[worker]; }
const io::SocketAddress& WorkerEndpoints::bound_address() const noexcept { return state_->bound; }

EndpointStats WorkerEndpoints::stats() {
    EndpointStats sum;
    on_each([&](std::size_t, Endpoint& endpoint) {
        const auto one = endpoint.stats();
        sum.connections += one.connections;
        sum.half_open += one.half_open;
        sum.half_open_evicted += one.half_open_evicted;
        sum.known_networks += one.known_networks;
        sum.accepted += one.accepted;
        sum.connected += one.connected;
        sum.handshakes_failed += one.handshakes_failed;
        sum.retries_sent += one.retries_sent;
        sum.version_negotiations_sent += one.version_negotiations_sent;
        sum.stateless_resets_sent += one.stateless_resets_sent;
        sum.dropped_malformed += one.dropped_malformed;
        sum.dropped_overload += one.dropped_overload;
        sum.forwarded += one.forwarded;
        sum.datagrams_received += one.datagrams_received;
        sum.datagrams_sent += one.datagrams_sent;
        sum.bytes_received += one.bytes_received;
        sum.bytes_sent += one.bytes_sent;
    });
    return sum;
}

}  // namespace zquic

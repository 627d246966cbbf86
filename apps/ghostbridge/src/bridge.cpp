#include "ghostbridge/bridge.hpp"

#include <algorithm>
#include <atomic>
#include <condition_variable>
#include <mutex>
#include <optional>
#include <utility>

#include "base/file.hpp"
#include "base/log.hpp"
#include "base/metrics.hpp"
#include "bridge_client/caller.hpp"
#include "ghostbridge/control.hpp"
#include "ghostbridge/egress.hpp"
#include "ghostbridge/h2_server.hpp"
#include "ghostbridge/relay.hpp"
#include "ghostbridge/turns.hpp"
#include "io/ops_server.hpp"
#include "io/thread.hpp"
#include "rpc/health.hpp"
#include "rpc/quic.hpp"

namespace ghostbridge {
namespace {

constexpr std::uint64_t kNsPerMs = 1'000'000;
constexpr std::uint64_t kDrainPollNs = 5 * kNsPerMs;
/// Cancelled calls get this long to leave the machine.
constexpr std::uint64_t kCloseTimeoutNs = 500 * kNsPerMs;
constexpr std::size_t kMetadataMax = 16 << 10;
/// The bridge's own services: registrations, health checks, reflection. Their largest request is a registration of
/// kServicesPerInstanceMax names with its labels.
constexpr std::size_t kOwnMessageMax = 64 << 10;
constexpr std::size_t kOwnHeldMax = 16 << 20;
constexpr std::uint64_t kOwnRequestTimeoutNs = 10'000 * kNsPerMs;
const base::Log kLog{"ghostbridge"};

std::string identity_path(const std::string& home) { return home + "/identity.pem"; }

/// Windows that a slow call may fill, of one connection together. Instances serve every caller over one connection:
/// a few stalled calls must not stop the others. Clients have a connection of their own.
constexpr std::uint64_t kStalledCallsPerClient = 64;
constexpr std::uint64_t kStalledCallsPerInstance = 1024;

/// The streams' windows are what a call may hold here, so they do not grow.
zquic::Settings quic_settings(const Config& config, std::uint64_t stalled_calls) {
    auto settings = rpc::default_quic_settings();
    settings.stream_window_bytes = settings.stream_window_bytes_max = config.call_window_bytes;
    settings.connection_window_bytes = settings.connection_window_bytes_max = config.call_window_bytes * stalled_calls;
    return settings;
}

/// RelayOptions::ingress_window_bytes, of whichever ingress gives a call the least.
std::size_t ingress_window(const Config& config) {
    const auto quic_share = config.call_window_bytes * kStalledCallsPerClient /
                            static_cast<std::size_t>(rpc::default_quic_settings().max_streams_bidi);
    if (config.listen_tcp.empty()) return quic_share;
    const std::size_t tcp_share = config.tcp.connection_window_bytes / config.tcp.streams_max;
    return std::min({quic_share, tcp_share, std::size_t{config.tcp.stream_window_bytes}});
}

/// Lets one thread wait for something that another one does. Shared, because either may be gone first.
struct Signal {
    std::mutex mutex;
    std::condition_variable condition;
    bool set = false;

    void raise() {
        {
            const std::lock_guard lock{mutex};
            set = true;
        }
        condition.notify_all();
    }
    void wait() {
        std::unique_lock lock{mutex};
        condition.wait(lock, [this] { return set; });
    }
};

}  // namespace

/// Everything on the reactor, in order of construction; destroyed on the reactor by tear_down().
struct Bridge::State {
    State(Config config_in, zquic::Identity identity_in)
        : config{std::move(config_in)}, identity{std::move(identity_in)}, key{*identity.public_key()} {}

    Config config;
    zquic::Identity identity;
    base::Digest key;
    base::MetricsRegistry metrics;
    std::unique_ptr<io::ReactorThread> thread;

    std::optional<Access> access;
    std::optional<io::NetworkQuota> public_calls;
    std::optional<Turns> turns;
    std::optional<Registry> registry;
    std::optional<Egress> egress;
    std::unique_ptr<rpc::Server> server;
    std::optional<Control> control;
    std::optional<Relay> relay;
    std::unique_ptr<rpc::QuicListener> quic;
    std::unique_ptr<H2Server> tcp;
    std::optional<io::Timer> drain_timer;
    WatchId services_watch = 0;

    std::unique_ptr<io::OpsServer> ops;
    std::uint16_t quic_port = 0;
    std::uint16_t tcp_port = 0;
    std::atomic<bool> ready{false};
    bool stopped = false;

    mutable std::mutex services_mutex;
    std::vector<std::string> services;

    base::Checked<void> set_up();
    base::Checked<void> listen();
    void wire();
    [[nodiscard]] rpc::Status authorize(const rpc::CallInfo& call);
    void tear_down();
    void wait_for_calls();
    void close_connections();
};

void Bridge::State::wire() {
    auto& reactor = thread->reactor();
    access.emplace(config, key);
    public_calls.emplace(config.public_calls_max, config.public_calls_per_address_max);
    turns.emplace(reactor, Turns::Options{.percent = config.public_work_percent,
                                          .per_network_percent = config.public_work_per_address_percent});
    registry.emplace(Registry::Options{.lease_ttl_ms = config.lease_ttl_ms,
                                       .instances_max = config.instances_max,
                                       .watchers_max = config.watchers_max + 2,  // and the bridge's own two
                                       .eject_after_failures = config.eject_after_failures,
                                       .eject_ms = config.eject_ms},
                     reactor.clock(), base::system_random());
    egress.emplace(
        reactor,
        [this, &reactor](const Instance& instance) {
            return rpc::make_quic_connector(reactor, {.server = instance.address,
                                                      .server_keys = {instance.registration.key},
                                                      .identity = identity,
                                                      .settings = quic_settings(config, kStalledCallsPerInstance),
                                                      .metrics = &metrics});
        },
        Egress::Options{.connect_timeout_ns = config.connect_timeout_ms * kNsPerMs});
    server = rpc::Server::make(reactor, {.message_bytes_max = kOwnMessageMax,
                                         .metadata_bytes_max = kMetadataMax,
                                         .request_timeout_ns = kOwnRequestTimeoutNs,
                                         .held_bytes_max = kOwnHeldMax,
                                         .metrics = &metrics});
    control.emplace(*server, *registry, *egress, *access, *turns, config);
    const auto cap = config.call_timeout_max_ms == 0 ? rpc::kNoDeadline : config.call_timeout_max_ms * kNsPerMs;
    relay.emplace(reactor, *registry, *egress, metrics,
                  RelayOptions{.calls_max = config.calls_max,
                               .window_bytes = config.call_window_bytes,
                               .ingress_window_bytes = ingress_window(config),
                               .call_timeout_max_ns = cap,
                               .public_call_timeout_max_ns = config.public_call_timeout_ms * kNsPerMs});
    server->set_authorizer([this](const rpc::CallInfo& call) { return authorize(call); });
    server->set_raw_handler([this](rpc::RawCall call) {
        const bool known = access->knows(call.stream->peer().public_key);
        relay->start(std::move(call), known ? Caller::known : Caller::anonymous);
    });

    auto& instances = metrics.gauge("ghostbridge_instances", "Registered instances.");
    services_watch = registry
                         ->watch([this, &instances] {
                             instances.set(static_cast<std::int64_t>(registry->size()));
                             auto names = registry->available_services();
                             const std::lock_guard lock{services_mutex};
                             services = std::move(names);
                         })
                         .value_or(0);
}

/// A caller without a known key gets a place for each call, the bridge's own services included, until the call ends,
/// over TCP until the answer has left; health and reflection streams, which have no end of their own, end with the time
/// that such a call may take.
rpc::Status Bridge::State::authorize(const rpc::CallInfo& call) {
    auto allowed = access->may_call(call.path, call.peer.public_key);
    const bool listed = access->knows(call.peer.public_key);
    call.grant.caller = bridge_client::caller_at_bridge(call.peer, listed);
    if (!allowed.ok() || listed) return allowed;
    auto place = public_calls->take(call.peer.address);
    if (!place)
        return {rpc::StatusCode::resource_exhausted,
                place.error() == io::NetworkQuota::Full::network
                    ? "the bridge carries too many calls without a known key from this address"
                    : "the bridge carries too many calls without a known key"};
    call.grant.permit = std::move(*place);
    call.grant.timeout_max_ns = config.public_call_timeout_ms * kNsPerMs;
    return {};
}

base::Checked<void> Bridge::State::listen() {
    auto& reactor = thread->reactor();
    // validate() has parsed both before.
    rpc::QuicServerOptions options{.address = *io::SocketAddress::parse(config.listen_quic), .identity = identity};
    options.accept_key = [this](const base::Digest& shown) {
        return access->knows(shown) || config.quic.public_connections_max > 0;
    };
    options.is_guest = [this](const base::Digest& shown) { return !access->knows(shown); };
    options.guests_max = config.quic.public_connections_max;
    options.guests_per_network_max = config.quic.public_connections_per_address_max;
    options.half_open_max = config.quic.half_open_max;
    options.retry_above_half_open = config.quic.retry_above_half_open;
    options.connections_max = config.quic.connections_max;
    options.resets_per_s = config.quic.resets_per_s;
    options.resets_burst = config.quic.resets_burst;
    options.settings = quic_settings(config, kStalledCallsPerClient);
    GC_TRY(quic, rpc::QuicListener::start(*server, std::move(options)));
    quic_port = quic->bound_address().port();
    if (config.listen_tcp.empty()) return {};
    GC_TRY(tcp,
           H2Server::listen(reactor, *io::SocketAddress::parse(config.listen_tcp), config.tcp, *turns, metrics,
                            [this](std::unique_ptr<rpc::HttpStream> stream) { server->accept(std::move(stream)); }));
    tcp_port = tcp->port();
    return {};
}

base::Checked<void> Bridge::State::set_up() {
    auto started = io::ReactorThread::start("ghostbridge");
    if (!started) return base::explain(base::Errc::unavailable, base::to_string(started.error()));
    thread = std::move(*started);
    base::Checked<void> result;
    thread->run_and_wait([&] {
        wire();
        result = listen();
        if (!result) tear_down();
    });
    GC_CHECK(std::move(result));
    metrics.add_process_metrics();
    if (config.listen_metrics.empty()) return {};
    auto served = io::OpsServer::start({.address = *io::SocketAddress::parse(config.listen_metrics)}, metrics, [this] {
        return ready.load() ? io::Readiness{true, "serving"} : io::Readiness{false, "shutting down"};
    });
    if (!served) {
        thread->run_and_wait([&] { tear_down(); });
        return std::unexpected{std::move(served).error()};
    }
    ops = std::move(*served);
    return {};
}

/// Reverse order of dependence: calls, then the transports that carry them, then what they use.
void Bridge::State::tear_down() {
    drain_timer.reset();
    relay.reset();
    tcp.reset();
    quic.reset();
    server.reset();
    if (registry) registry->unwatch(services_watch);
    control.reset();
    egress.reset();
    registry.reset();
    turns.reset();
}

/// Refuses new calls and waits for the open ones; any thread but the reactor's.
void Bridge::State::wait_for_calls() {
    const auto drained = std::make_shared<Signal>();
    thread->run_and_wait([&] {
        auto& reactor = thread->reactor();
        relay->refuse_new();
        // A health watch has no end of its own; its connection would be waited for.
        server->enable_health().shut_down();
        if (tcp) tcp->shutdown();
        const auto deadline = reactor.now_ns() + config.drain_timeout_ms * kNsPerMs;
        drain_timer.emplace(reactor, [this, &reactor, drained, deadline] {
            const bool idle = relay->open_calls() == 0 && (!tcp || tcp->connections() == 0);
            if (idle || reactor.now_ns() >= deadline) return drained->raise();
            drain_timer->arm_after(kDrainPollNs);
        });
        drain_timer->arm_after(0);
    });
    drained->wait();
}

void Bridge::State::close_connections() {
    const auto closed = std::make_shared<Signal>();
    thread->run_and_wait([&] {
        relay->cancel_all();
        control->shutdown();
        quic->drain(kCloseTimeoutNs, [closed] { closed->raise(); });
    });
    closed->wait();
}

Bridge::Bridge(std::unique_ptr<State> state) noexcept : state_{std::move(state)} {}

base::Checked<std::unique_ptr<Bridge>> Bridge::start(Config config) {
    GC_CHECK(validate(config));
    if (config.home.empty()) {
        GC_TRY(const auto home, base::ghost_home());
        config.home = home + "/ghostbridge";
    }
    GC_TRY(auto identity, zquic::Identity::load(identity_path(config.home)));
    if (!identity.public_key())
        return base::explain(base::Errc::invalid_argument, identity_path(config.home) + " is not an Ed25519 key");
    auto state = std::make_unique<State>(std::move(config), std::move(identity));
    GC_CHECK(state->set_up());
    state->ready = true;
    kLog.info("bridge started", {{"quic_port", state->quic_port},
                                 {"tcp_port", state->tcp_port},
                                 {"peers", state->config.peers.size()},
                                 {"key", state->key}});
    return std::unique_ptr<Bridge>{new Bridge{std::move(state)}};
}

Bridge::~Bridge() { stop(); }

void Bridge::stop() {
    if (std::exchange(state_->stopped, true)) return;
    state_->ready = false;
    state_->wait_for_calls();
    state_->close_connections();
    state_->thread->run_and_wait([this] { state_->tear_down(); });
    state_->thread->stop();
    state_->ops.reset();
    kLog.info("bridge stopped");
}

std::uint16_t Bridge::quic_port() const noexcept { return state_->quic_port; }
std::uint16_t Bridge::tcp_port() const noexcept { return state_->tcp_port; }
std::uint16_t Bridge::metrics_port() const noexcept { return state_->ops ? state_->ops->bound_port() : 0; }
const base::Digest& Bridge::public_key() const noexcept { return state_->key; }

std::string Bridge::metrics_text() const { return state_->metrics.render(); }

std::vector<std::string> Bridge::available_services() const {
    const std::lock_guard lock{state_->services_mutex};
    return state_->services;
}

base::Checked<base::Digest> init_identity(const std::string& home) {
    GC_CHECK(base::make_private_dir(home));
    const auto path = identity_path(home);
    if (auto there = zquic::Identity::load(path); there && there->public_key()) return *there->public_key();
    auto made = zquic::Identity::generate();
    if (!made) return base::explain(base::Errc::unavailable, "cannot make a key: " + base::to_string(made.error()));
    // Never replaces a file: one that could not be read above is reported here by its name.
    GC_CHECK(made->save(path));
    return *made->public_key();
}

}  // namespace ghostbridge

#include "rpc/quic.hpp"

#include <algorithm>
#include <optional>
#include <utility>

#include "io/network_quota.hpp"
#include "quic_stream.hpp"
#include "zquic/error.hpp"
#include "zquic/metrics.hpp"

namespace rpc {
namespace {

namespace h3 = zquic::h3;

h3::Limits exchange_limits() { return {.field_section_bytes_max = 64 * 1024, .send_queue_bytes = kExchangeQueueBytes}; }

/// Metadata beyond what HTTP/3 takes is refused in gRPC's own words.
Fields too_large_answer() {
    const auto code = std::to_string(static_cast<unsigned>(StatusCode::resource_exhausted));
    return {{":status", "200"},
            {"content-type", "application/grpc"},
            {"grpc-status", code},
            {"grpc-message", "the request headers are too large"}};
}

Peer peer_of(zquic::Connection& connection) {
    return {.address = connection.remote_address().normalized(), .public_key = connection.peer_key()};
}

constexpr std::uint64_t kTlsAlertBase = 0x100;  // RFC 9001 section 4.8.

ConnectionError error_from(const zquic::CloseInfo& info, const std::string& refused_key) {
    using Kind = ConnectionError::Kind;
    const auto alert = [&] { return std::to_string(info.code - std::min(info.code, kTlsAlertBase)); };
    switch (info.cause) {
        case zquic::CloseCause::handshake_failed:
            if (!refused_key.empty())
                return {Kind::handshake, "handshake: server key " + refused_key + " is not expected"};
            return {Kind::handshake, "handshake failed (TLS alert " + alert() + ")"};
        case zquic::CloseCause::peer_transport:
            if (info.code >= kTlsAlertBase && info.code < kTlsAlertBase + 0x100) {
                return {Kind::handshake, "handshake: the server refuses our key (TLS alert " + alert() + ")"};
            }
            if (info.code == 0x02) return {Kind::refused, "connection refused"};
            return {Kind::closed, "the server closed the connection (code " + std::to_string(info.code) + ")"};
        case zquic::CloseCause::handshake_timeout: return {Kind::timeout, "timeout"};
        case zquic::CloseCause::idle_timeout: return {Kind::timeout, "the server has stopped answering"};
        case zquic::CloseCause::network: return {Kind::refused, "connection refused"};
        case zquic::CloseCause::local: return {Kind::local, info.reason.empty() ? "closed" : "closed: " + info.reason};
        case zquic::CloseCause::peer_application: return {Kind::closed, "the server closed the connection"};
        case zquic::CloseCause::protocol_error: return {Kind::closed, "the server broke the protocol"};
        case zquic::CloseCause::stateless_reset: return {Kind::closed, "the server was restarted"};
        case zquic::CloseCause::version_refused: return {Kind::handshake, "no common QUIC version"};
    }
    return {Kind::closed, "closed"};
}

/// The endpoint that a connector or listener uses: its own, or one of others.
class EndpointUse {
 public:
    explicit EndpointUse(io::Reactor& reactor) : core_{std::make_shared<QuicCore>(reactor)} {}
    explicit EndpointUse(zquic::Endpoint& other)
        : core_{std::make_shared<QuicCore>(other.reactor())}, endpoint_{&other} {}
    ~EndpointUse() {
        metrics_.reset();
        // Not from inside one of its callbacks: it goes when they have returned.
        if (owned_ && core_->depth > 0) core_->reactor.defer([endpoint = std::move(owned_)] {});
    }
    EndpointUse(const EndpointUse&) = delete;
    EndpointUse& operator=(const EndpointUse&) = delete;

    void own(std::unique_ptr<zquic::Endpoint> endpoint) {
        owned_ = std::move(endpoint);
        endpoint_ = owned_.get();
    }
    /// Until this goes.
    void show(base::MetricsRegistry& registry) { metrics_.emplace(*endpoint_, registry); }
    [[nodiscard]] zquic::Endpoint* endpoint() const noexcept { return endpoint_; }
    [[nodiscard]] const std::shared_ptr<QuicCore>& core() const noexcept { return core_; }

 private:
    std::shared_ptr<QuicCore> core_;
    std::unique_ptr<zquic::Endpoint> owned_;
    zquic::Endpoint* endpoint_ = nullptr;
    std::optional<zquic::EndpointMetrics> metrics_;
};

class QuicConnection final : public ClientConnection {
 public:
    QuicConnection(std::shared_ptr<EndpointUse> use, const QuicClientOptions& options, ConnectionEvents& events)
        : use_{std::move(use)},
          core_{use_->core()},
          state_{std::make_shared<State>(events)},
          peer_{.address = options.server, .public_key = {}} {
        if (auto started = start(options); !started) fail_later(std::move(started).error());
    }
    ~QuicConnection() override {
        state_->events = nullptr;
        if (!client_ || core_->depth == 0) return;
        // Inside one of its own callbacks: it closes now and is destroyed when they have returned.
        struct Remains {
            std::shared_ptr<EndpointUse> use;
            std::unique_ptr<h3::Client> client;
        };
        client_->close(h3::Code::no_error);
        core_->reactor.defer([remains = Remains{use_, std::move(client_)}] {});
    }

    std::unique_ptr<HttpStream> open() override {
        if (!client_ || !client_->usable() || !state_->ready) return nullptr;
        auto bridge = std::make_shared<QuicBridge>(
            core_, peer_, std::shared_ptr<const std::string>{state_, &state_->lost},
            [this, alive = std::weak_ptr{state_}](const Fields& fields, bool end,
                                                  std::shared_ptr<QuicBridge> handler) -> base::Result<h3::Exchange*> {
                if (alive.expired() || !client_) return base::fail(zquic::Errc::closed);
                return client_->request(fields, end, std::move(handler));
            });
        return std::make_unique<QuicStream>(std::move(bridge));
    }
    void close() override {
        state_->events = nullptr;
        if (client_) client_->close(h3::Code::no_error);
    }

 private:
    std::expected<void, std::string> start(const QuicClientOptions& options) {
        if (!use_->endpoint()) return std::unexpected{"no UDP socket"};
        if (options.server_keys.empty()) return std::unexpected{"no server key is configured"};
        auto client = h3::Client::connect(*use_->endpoint(), connect_options(options), exchange_limits(), callbacks());
        if (!client) return std::unexpected{base::to_string(client.error())};
        client_ = std::move(*client);
        return {};
    }
    /// Outlives the connection in the callbacks that zquic keeps.
    struct State {
        explicit State(ConnectionEvents& the_events) noexcept : events{&the_events} {}
        ConnectionEvents* events;
        std::string refused_key;
        std::string lost;  ///< Why the connection went.
        bool ready = false;
    };

    zquic::ConnectOptions connect_options(const QuicClientOptions& options) const {
        auto check = [keys = options.server_keys, state = state_](const zquic::PeerCertificate& shown) {
            if (shown.ed25519_key && std::ranges::find(keys, *shown.ed25519_key) != keys.end()) return true;
            state->refused_key = shown.ed25519_key ? base::to_hex(*shown.ed25519_key) : "(not Ed25519)";
            return false;
        };
        return {.address = options.server,
                .server_name = options.server_name,
                .alpn = {std::string{h3::kAlpn}},
                .verifier = zquic::CheckedByCallback{std::move(check)},
                .identity = options.identity,
                .settings = options.settings};
    }
    h3::ClientCallbacks callbacks() const {
        return {.on_ready =
                    [state = state_, core = core_] {
                        const InCallback mark{*core};
                        state->ready = true;
                        if (state->events) state->events->on_ready();
                    },
                .on_goaway =
                    [state = state_, core = core_] {
                        const InCallback mark{*core};
                        if (state->events) state->events->on_draining();
                    },
                .on_closed =
                    [state = state_, core = core_](const zquic::CloseInfo& info) {
                        const InCallback mark{*core};
                        const auto error = error_from(info, state->refused_key);
                        state->lost = error.text;
                        if (auto* target = std::exchange(state->events, nullptr)) target->on_closed(error);
                    }};
    }
    void fail_later(std::string text) {
        core_->reactor.defer([state = state_, text = std::move(text)] {
            if (auto* target = std::exchange(state->events, nullptr)) {
                target->on_closed({ConnectionError::Kind::local, text});
            }
        });
    }

    std::shared_ptr<EndpointUse> use_;
    std::shared_ptr<QuicCore> core_;
    std::shared_ptr<State> state_;
    Peer peer_;
    std::unique_ptr<h3::Client> client_;
};

class QuicConnector final : public Connector {
 public:
    QuicConnector(std::shared_ptr<EndpointUse> use, QuicClientOptions options)
        : use_{std::move(use)}, options_{std::move(options)} {}

    std::unique_ptr<ClientConnection> connect(ConnectionEvents& events) override {
        if (!use_->endpoint()) {
            auto endpoint = zquic::Endpoint::make(use_->core()->reactor, {.settings = options_.settings});
            if (endpoint) {
                use_->own(std::move(*endpoint));
                if (options_.metrics) use_->show(*options_.metrics);
            }
        }
        return std::make_unique<QuicConnection>(use_, options_, events);
    }
    [[nodiscard]] std::string endpoint() const override { return options_.server.to_string(); }

 private:
    std::shared_ptr<EndpointUse> use_;
    QuicClientOptions options_;
};

}  // namespace

zquic::Settings default_quic_settings() {
    zquic::Settings settings;
    settings.keep_alive_ms = 10'000;
    settings.max_streams_bidi = 1024;
    settings.datagrams = false;
    return settings;
}

std::unique_ptr<Connector> make_quic_connector(io::Reactor& reactor, QuicClientOptions options) {
    return std::make_unique<QuicConnector>(std::make_shared<EndpointUse>(reactor), std::move(options));
}

std::unique_ptr<Connector> make_quic_connector(zquic::Endpoint& endpoint, QuicClientOptions options) {
    return std::make_unique<QuicConnector>(std::make_shared<EndpointUse>(endpoint), std::move(options));
}

struct QuicListener::State {
    State(Server& the_server, zquic::Endpoint& endpoint) : server{the_server}, use{endpoint} {}
    explicit State(Server& the_server) : server{the_server}, use{the_server.reactor()} {}

    Server& server;
    EndpointUse use;
    std::unique_ptr<h3::Server> h3_server;
    std::optional<zquic::EndpointMetrics> metrics;
    std::function<bool(const zquic::PublicKey&)> is_guest{};
    std::optional<io::NetworkQuota> guests{};
    bool lists_keys = false;  ///< Who is accepted and no guest is listed.

    /// The place that the connection holds; nothing when there is none for it.
    [[nodiscard]] std::optional<h3::Server::Options::Held> place_for(const zquic::Connection& connection) {
        const auto key = connection.peer_key();
        if (!is_guest || !key || !is_guest(*key)) {
            if (lists_keys) use.endpoint()->remember_peer(connection.remote_address());
            return nullptr;
        }
        auto place = guests->take(connection.remote_address());
        if (!place) return std::nullopt;
        return std::move(*place);
    }

    base::Checked<void> serve(h3::Limits limits = exchange_limits()) {
        h3::Server::Options options{.limits = limits, .too_large_answer = too_large_answer()};
        options.accept = [this](const zquic::Connection& connection) { return place_for(connection); };
        auto made = h3::Server::make(*use.endpoint(), std::move(options),
                                     [this, shared = use.core()](h3::Exchange& exchange, Fields fields, bool) {
                                         const InCallback mark{*shared};
                                         auto bridge = std::make_shared<QuicBridge>(
                                             shared, peer_of(exchange.connection()), exchange);
                                         server.accept(std::make_unique<QuicStream>(bridge));
                                         bridge->deliver_headers(std::move(fields));
                                         return bridge;
                                     });
        if (!made) return std::unexpected{std::move(made).error()};
        h3_server = std::move(*made);
        if (auto* const registry = server.metrics()) metrics.emplace(*use.endpoint(), *registry);
        return {};
    }
};

QuicListener::QuicListener(std::unique_ptr<State> state) noexcept : state_{std::move(state)} {}
QuicListener::~QuicListener() {
    state_->metrics.reset();
    state_->h3_server.reset();
}

base::Checked<std::unique_ptr<QuicListener>> QuicListener::start(Server& server, QuicServerOptions options) {
    auto state = std::make_unique<State>(server);
    state->is_guest = std::move(options.is_guest);
    state->guests.emplace(options.guests_max, options.guests_per_network_max);
    state->lists_keys = options.accept_key != nullptr;
    options.settings.keep_alive_ms = 0;
    zquic::EndpointConfig config{.address = options.address,
                                 .settings = options.settings,
                                 .identity = options.identity,
                                 .client_certificate = zquic::ClientCertificate::required,
                                 .connections_max = options.connections_max,
                                 .half_open_max = options.half_open_max,
                                 .retry_above_half_open = options.retry_above_half_open};
    config.client_verifier =
        zquic::CheckedByCallback{[accept = std::move(options.accept_key)](const zquic::PeerCertificate& shown) {
            return shown.ed25519_key && (!accept || accept(*shown.ed25519_key));
        }};
    auto endpoint = zquic::Endpoint::make(server.reactor(), std::move(config));
    if (!endpoint) return std::unexpected{std::move(endpoint).error()};
    state->use.own(std::move(*endpoint));
    auto limits = exchange_limits();
    limits.resets_per_s = options.resets_per_s;
    limits.resets_burst = options.resets_burst;
    if (auto served = state->serve(limits); !served) return std::unexpected{std::move(served).error()};
    return std::unique_ptr<QuicListener>{new QuicListener{std::move(state)}};
}

base::Checked<std::unique_ptr<QuicListener>> QuicListener::attach(Server& server, zquic::Endpoint& endpoint) {
    auto state = std::make_unique<State>(server, endpoint);
    if (auto served = state->serve(); !served) return std::unexpected{std::move(served).error()};
    return std::unique_ptr<QuicListener>{new QuicListener{std::move(state)}};
}

const io::SocketAddress& QuicListener::bound_address() const noexcept {
    return state_->use.endpoint()->bound_address();
}
zquic::Endpoint& QuicListener::endpoint() noexcept { return *state_->use.endpoint(); }

void QuicListener::drain(std::uint64_t timeout_ns, io::Task done) {
    // Both have to finish: the calls, and the connections that carry their last bytes.
    struct Both {
        io::Task done;
        int left = 2;
        void one() {
            if (--left == 0) done();
        }
    };
    const auto both = std::make_shared<Both>(std::move(done));
    constexpr std::uint64_t kNsPerMs = 1'000'000;
    // Connections get a little longer, so that the last statuses of cancelled calls still go out.
    constexpr std::uint64_t kLingerMs = 200;
    state_->server.drain(timeout_ns, [both] { both->one(); });
    state_->h3_server->drain(timeout_ns / kNsPerMs + kLingerMs, [both] { both->one(); });
}

}  // namespace rpc

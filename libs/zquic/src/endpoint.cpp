#include "endpoint.hpp"

#include <fmt/format.h>
#include <gnutls/gnutls.h>
#include <sodium.h>

#include <algorithm>

namespace zquic {
namespace {

constexpr std::size_t kTrainBufferSize = 64 * 1024;
constexpr std::size_t kLingeringMax = 16'384;
constexpr std::size_t kAlpnMax = 16;

std::unexpected<base::Diagnostic> bad_config(std::string text) {
    return base::explain(Errc::bad_config, std::move(text));
}

base::Checked<void> check(const Settings& settings) {
    constexpr std::uint64_t kDayMs = 24ULL * 60 * 60 * 1000;
    constexpr std::uint64_t kWindowMax = 1ULL << 32;
    const auto in = [](auto value, auto low, auto high) { return value >= low && value <= high; };
    if (settings.idle_timeout_ms > kDayMs) return bad_config("idle_timeout_ms above one day");
    if (!in(settings.handshake_timeout_ms, 1u, kDayMs)) return bad_config("handshake_timeout_ms must be 1 ms to a day");
    if (!in(settings.initial_rtt_ms, 1u, 10'000u)) return bad_config("initial_rtt_ms must be 1 to 10,000");
    if (settings.max_ack_delay_ms > 16'383) return bad_config("max_ack_delay_ms above 16,383");
    if (!in(settings.connection_window_bytes, 16'384u, kWindowMax) ||
        !in(settings.stream_window_bytes, 16'384u, kWindowMax)) {
        return bad_config("windows must be 16 KiB to 4 GiB");
    }
    if (settings.connection_window_bytes_max < settings.connection_window_bytes ||
        settings.stream_window_bytes_max < settings.stream_window_bytes) {
        return bad_config("a window's maximum is below its start");
    }
    if (settings.max_streams_bidi > 1u << 20 || settings.max_streams_uni > 1u << 20) {
        return bad_config("more than 1,048,576 streams");
    }
    if (!in(settings.stream_send_queue_bytes, std::size_t{1024}, std::size_t{1} << 32)) {
        return bad_config("stream_send_queue_bytes must be 1 KiB to 4 GiB");
    }
    if (!in(settings.udp_payload_bytes_max, 1200, 1452))
        return bad_config("udp_payload_bytes_max must be 1200 to 1452");
    if (settings.session_tickets) return bad_config("session_tickets are not available yet");
    return {};
}

base::Checked<void> check_alpn(const std::vector<std::string>& alpn) {
    if (alpn.empty() || alpn.size() > kAlpnMax) return bad_config("ALPN: 1 to 16 protocols are needed");
    for (const auto& name : alpn) {
        if (name.empty() || name.size() > 255) return bad_config("ALPN: a protocol name has 1 to 255 bytes");
    }
    return {};
}

base::Checked<std::unique_ptr<io::UdpSocket>> bind(const EndpointConfig& config) {
    const io::UdpSocket::Options options{.reuse_port = config.reuse_port,
                                         .dont_fragment = true,
                                         .recv_buffer_bytes = config.socket_buffer_bytes,
                                         .send_buffer_bytes = config.socket_buffer_bytes};
    if (!config.address.empty()) return io::UdpSocket::bind(config.address, options);
    if (auto both = io::UdpSocket::bind(io::SocketAddress::any_v6(0), options)) return both;
    return io::UdpSocket::bind(io::SocketAddress::any_v4(0), options);
}

}  // namespace

std::shared_ptr<Cluster> Cluster::make(std::size_t workers, base::Random& random) {
    auto cluster = std::make_shared<Cluster>();
    random.fill(cluster->id_key);
    random.fill(cluster->hash_key);
    random.fill(cluster->reset_secret);
    random.fill(cluster->token_secret);
    cluster->workers.resize(workers);
    return cluster;
}

Endpoint::Impl::Impl(io::Reactor& reactor, EndpointConfig config, std::shared_ptr<Cluster> cluster,
                     std::uint16_t worker)
    : reactor_{reactor},
      config_{std::move(config)},
      settings_{std::make_shared<const Settings>(config_.settings)},
      train_buffer_{std::make_unique<std::uint8_t[]>(kTrainBufferSize)},
      cluster_{std::move(cluster)},
      codec_{cluster_->id_key},
      worker_{worker},
      routes_(16, IdHash{cluster_->hash_key}),
      held_{[this] {
          for (auto& connection : connections_) mark_dirty(*connection);
      }},
      pass_{reactor, [this] { run_pass(); }},
      linger_timer_{reactor, [this] { expire_lingering(); }},
      drain_timer_{reactor, [this] {
                       for (auto& connection : connections_) connection->close(drain_ ? drain_->code : 0, "draining");
                   }} {}

base::Checked<std::unique_ptr<Endpoint::Impl>> Endpoint::Impl::make(io::Reactor& reactor, EndpointConfig config,
                                                                    std::shared_ptr<Cluster> cluster,
                                                                    std::uint16_t worker) {
    if (sodium_init() < 0) return base::explain(Errc::internal, "libsodium cannot start");
    GC_CHECK(check(config.settings));
    if (config.client_certificate != ClientCertificate::none && !config.client_verifier) {
        return bad_config("client certificates are asked for, but client_verifier is not set");
    }
    if (config.connections_max == 0 || config.half_open_max == 0) return bad_config("a connection limit is 0");
    GC_TRY(auto socket, bind(config));

    std::unique_ptr<Impl> made{new Impl{reactor, std::move(config), std::move(cluster), worker}};
    made->socket_ = std::move(socket);
    if (made->config_.identity) {
        auto credentials = credentials_for(made->config_.identity,
                                           made->config_.client_verifier ? &*made->config_.client_verifier : nullptr);
        if (!credentials) {
            return std::unexpected{base::Diagnostic{credentials.error(), base::to_string(credentials.error())}};
        }
        made->server_credentials_ = std::move(*credentials);
    }
    auto* const raw = made.get();
    const auto attached = made->socket_->attach(
        reactor, [raw](const io::Datagram& datagram) { raw->receive(*raw->socket_, datagram, true); });
    if (!attached) return std::unexpected{base::Diagnostic{attached.error(), base::to_string(attached.error())}};
    made->cluster_->workers[worker] = {.reactor = &reactor, .endpoint = raw};
    return made;
}

Endpoint::Impl::~Impl() {
    accepting_ = false;
    cluster_->workers[worker_].endpoint = nullptr;
    clear();
    destroying_ = true;
}

void Endpoint::Impl::clear() {
    destroying_ = true;
    while (!connections_.empty()) {
        auto& last = *connections_.back();
        last.close(0, "endpoint closed");
        last.end_now();
        remove(last);
    }
    // What the goodbyes could not send is lost; the peers will time out.
    held_.clear();
    newcomers_.forget(*socket_);
    lingering_.clear();
    routes_.clear();
    destroying_ = false;
}

base::Checked<void> Endpoint::Impl::listen(const std::vector<std::string>& alpn, HandlerFactory factory) {
    if (!config_.identity) return bad_config("listen() needs EndpointConfig::identity");
    if (!factory) return bad_config("listen() needs a factory");
    GC_CHECK(check_alpn(alpn));
    if (alpn_.size() + alpn.size() > kAlpnMax) return bad_config("ALPN: more than 16 protocols on one endpoint");
    for (const auto& name : alpn) {
        if (find_factory(name)) return base::explain(Errc::alpn_in_use, fmt::format("ALPN {} is served already", name));
    }
    const auto shared = std::make_shared<HandlerFactory>(std::move(factory));
    for (const auto& name : alpn) {
        listeners_.push_back({.alpn = name, .factory = shared});
        alpn_.push_back(name);
    }
    return {};
}

const HandlerFactory* Endpoint::Impl::find_factory(std::string_view alpn) const noexcept {
    const auto found = std::ranges::find(listeners_, alpn, &ListenEntry::alpn);
    return found == listeners_.end() ? nullptr : found->factory.get();
}

base::Result<Connection*> Endpoint::Impl::connect(ConnectOptions options, std::shared_ptr<ConnectionHandler> handler) {
    if (destroying_) return fail(Errc::closed, "endpoint");
    if (!options.verifier) return fail(Errc::bad_config, "connect() needs a verifier: there is no default trust");
    if (const auto good = check_alpn(options.alpn); !good) return fail(Errc::bad_config, "ALPN");
    if (options.settings) {
        if (const auto good = check(*options.settings); !good) return fail(Errc::bad_config, "settings");
    }
    if (options.address.empty() || options.address.port() == 0) return fail(Errc::bad_config, "address");
    if (std::holds_alternative<CertificateAuthorities>(*options.verifier) && options.server_name.empty()) {
        return fail(Errc::bad_config, "a name is needed to check a certificate against");
    }
    if (connections_.size() >= config_.connections_max) return fail(Errc::limit_reached, "connections");
    const auto remote = options.address.normalized();
    GC_TRY(const auto local, source_address(socket_->bound_address(), remote));
    const PathInfo path{.socket = socket_.get(), .local = local, .remote = remote};
    GC_TRY(auto made, ConnectionImpl::make_client(*this, std::move(options), path, std::move(handler)));
    made->index = connections_.size();
    auto& connection = *made;
    connections_.push_back(std::move(made));
    dialed_.emplace(remote, &connection);
    mark_dirty(connection);
    return &connection;
}

void Endpoint::Impl::drain(std::uint64_t timeout_ms, std::uint64_t code, std::move_only_function<void()> done) {
    stop_accepting();
    drain_ = std::make_unique<DrainState>(DrainState{.code = code, .done = std::move(done)});
    drain_timer_.arm_after(timeout_ms * 1'000'000);
    pass_.schedule();
}

void Endpoint::Impl::check_drained() {
    if (!drain_ || !connections_.empty() || destroying_) return;
    drain_timer_.cancel();
    const auto finished = std::move(drain_);
    if (finished->done) finished->done();
}

EndpointStats Endpoint::Impl::stats() const noexcept {
    auto out = counters_;
    const auto& udp = socket_->stats();
    out.connections = connections_.size();
    out.half_open = half_open_strangers_.size() + half_open_known_.size();
    out.known_networks = known_.size();
    out.datagrams_received = udp.datagrams_received;
    out.datagrams_sent = udp.datagrams_sent;
    out.bytes_received = udp.bytes_received;
    out.bytes_sent = udp.bytes_sent;
    return out;
}

void Endpoint::Impl::mark_dirty(ConnectionImpl& connection) {
    if (connection.dirty || destroying_) return;
    connection.dirty = true;
    dirty_.push_back(&connection);
    pass_.schedule();
}

void Endpoint::Impl::run_pass() {
    reactor_.refresh_now();
    passing_list_.swap(dirty_);
    for (auto* const connection : passing_list_) {
        connection->dirty = false;
        if (connection->run_write_pass()) continue;
        // Anything that on_closed marks dirty is about other connections.
        connection->end_now();
        remove(*connection);
    }
    passing_list_.clear();
    // Last, so that connections that exist have been read and written.
    newcomers_.serve(reactor_.clock(), !socket_->drained(),
                     [this](auto& socket, const auto& datagram) { serve_newcomer(socket, datagram); });
    if (!dirty_.empty() || !newcomers_.empty()) pass_.schedule();
    check_drained();
}

void Endpoint::Impl::remove(ConnectionImpl& connection) {
    if (connection.dirty) std::erase(dirty_, &connection);
    if (!connection.is_server()) {
        const auto [begin, end] = dialed_.equal_range(connection.remote_address());
        const auto found = std::find_if(begin, end, [&](const auto& entry) { return entry.second == &connection; });
        if (found != end) dialed_.erase(found);
    }
    const auto index = connection.index;
    auto doomed = std::move(connections_[index]);
    if (index + 1 != connections_.size()) {
        connections_[index] = std::move(connections_.back());
        connections_[index]->index = index;
    }
    connections_.pop_back();
}

void Endpoint::Impl::add_route(const ngtcp2_cid& id, ConnectionImpl& connection) {
    routes_[IdKey{id}] = {.connection = &connection, .lingering = nullptr};
}

void Endpoint::Impl::remove_route(const ngtcp2_cid& id, const ConnectionImpl& connection) noexcept {
    const auto found = routes_.find(IdKey{id});
    if (found != routes_.end() && found->second.connection == &connection) routes_.erase(found);
}

void Endpoint::Impl::handshake_finished(const ConnectionImpl& connection, bool success) noexcept {
    const bool server = connection.is_server();
    half_open_strangers_.remove(connection);
    half_open_known_.remove(connection);
    if (!success) {
        ++counters_.handshakes_failed;
    } else if (server) {
        ++counters_.accepted;
    } else {
        ++counters_.connected;
    }
}

void Endpoint::Impl::linger(const ConnectionImpl& connection, base::Bytes close_packet, const PathInfo& path) {
    if (destroying_ || lingering_.size() >= kLingeringMax) return;
    auto entry = std::make_unique<Lingering>();
    entry->ids = connection.ids();
    entry->close_packet = std::move(close_packet);
    entry->close_packet.shrink_to_fit();  // it was written into room for the largest
    entry->path = path;
    entry->until_ns = now() + connection.linger_ns();
    for (const auto& id : entry->ids) routes_[IdKey{id}] = {.connection = nullptr, .lingering = entry.get()};
    lingering_.push_back(std::move(entry));
    if (!linger_timer_.armed()) linger_timer_.arm(lingering_.front()->until_ns);
}

void Endpoint::Impl::expire_lingering() {
    // In order of arrival, not of deadline: those differ by little, and nobody waits for it.
    while (!lingering_.empty() && lingering_.front()->until_ns <= now()) {
        for (const auto& id : lingering_.front()->ids) {
            const auto found = routes_.find(IdKey{id});
            if (found != routes_.end() && found->second.lingering == lingering_.front().get()) routes_.erase(found);
        }
        lingering_.pop_front();
    }
    if (!lingering_.empty()) linger_timer_.arm(lingering_.front()->until_ns);
}

// The public face.

Endpoint::Endpoint(std::unique_ptr<Impl> impl) noexcept : impl_{std::move(impl)} { impl_->owner_ = this; }
Endpoint::~Endpoint() = default;

base::Checked<std::unique_ptr<Endpoint>> Endpoint::make(io::Reactor& reactor, EndpointConfig config) {
    if (!config.random) return bad_config("random is null");
    auto cluster = Cluster::make(1, *config.random);
    GC_TRY(auto impl, Impl::make(reactor, std::move(config), std::move(cluster), 0));
    return std::unique_ptr<Endpoint>{new Endpoint{std::move(impl)}};
}

base::Checked<void> Endpoint::listen(const std::vector<std::string>& alpn, HandlerFactory factory) {
    return impl_->listen(alpn, std::move(factory));
}
base::Result<Connection*> Endpoint::connect(ConnectOptions options, std::shared_ptr<ConnectionHandler> handler) {
    return impl_->connect(std::move(options), std::move(handler));
}
void Endpoint::remember_peer(const io::SocketAddress& peer) { impl_->remember_peer(peer); }
void Endpoint::stop_accepting() { impl_->stop_accepting(); }
void Endpoint::drain(std::uint64_t timeout_ms, std::uint64_t code, std::move_only_function<void()> done) {
    impl_->drain(timeout_ms, code, std::move(done));
}
const io::SocketAddress& Endpoint::bound_address() const noexcept { return impl_->socket_->bound_address(); }
EndpointStats Endpoint::stats() const noexcept { return impl_->stats(); }
io::Reactor& Endpoint::reactor() noexcept { return impl_->reactor_; }
bool Endpoint::draining() const noexcept { return impl_->draining(); }

}  // namespace zquic

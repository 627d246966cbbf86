#include "connection.hpp"

#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>

#include "endpoint.hpp"

namespace zquic {
namespace {

constexpr std::size_t kReasonMax = 256;
// A packet's worst-case overhead around a DATAGRAM frame's payload: first byte, id, packet number, tag, frame header.
constexpr std::size_t kDatagramOverhead = 1 + NGTCP2_MAX_CIDLEN + 4 + 16 + 3;

}  // namespace

ngtcp2_path native_path(const PathInfo& path) noexcept {
    const auto address = [](const io::SocketAddress& from) {
        return ngtcp2_addr{const_cast<sockaddr*>(from.native()), from.native_size()};
    };
    return {.local = address(path.local), .remote = address(path.remote), .user_data = nullptr};
}

base::Result<io::SocketAddress> source_address(const io::SocketAddress& bound, const io::SocketAddress& peer) {
    if (!bound.is_any()) return bound.normalized();
    // A connected datagram socket makes the kernel choose a route without sending anything.
    const auto target = peer.normalized();
    const int fd = ::socket(target.is_v4() ? AF_INET : AF_INET6, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    if (fd < 0) return fail(Errc::socket_failed, "route");
    sockaddr_storage raw{};
    socklen_t size = sizeof raw;
    const bool good = ::connect(fd, target.native(), target.native_size()) == 0 &&
                      ::getsockname(fd, reinterpret_cast<sockaddr*>(&raw), &size) == 0;
    ::close(fd);
    if (!good) return fail(Errc::socket_failed, "no route to the address");
    GC_TRY(const auto found, io::SocketAddress::from_native(reinterpret_cast<const sockaddr*>(&raw), size));
    return found.with_port(bound.port()).normalized();
}

ConnectionImpl::ConnectionImpl(Endpoint::Impl& endpoint, std::shared_ptr<const Settings> settings, bool server)
    : endpoint_{endpoint},
      settings_{std::move(settings)},
      timer_{endpoint.reactor_, [this] { handle_timer(); }},
      server_{server} {}

ConnectionImpl::~ConnectionImpl() {
    for (const auto& id : ids_) endpoint_.remove_route(id, *this);
    for (const auto& own : own_sockets_) endpoint_.forget_socket(*own.socket);
    // The engine first: it still calls back (cipher contexts) and may point into send queues.
    if (conn_) ngtcp2_conn_del(conn_);
    streams_.clear();
}

base::Result<std::unique_ptr<ConnectionImpl>> ConnectionImpl::make_server(Endpoint::Impl& endpoint,
                                                                          const AcceptInfo& accept) {
    std::unique_ptr<ConnectionImpl> made{new ConnectionImpl{endpoint, endpoint.settings_, true}};
    made->local_ = accept.path.local;
    made->remote_ = accept.path.remote;
    GC_CHECK(made->start_engine(&accept, accept.path));
    GC_CHECK(made->start_tls(endpoint.alpn_, endpoint.server_credentials_));
    return made;
}

base::Result<std::unique_ptr<ConnectionImpl>> ConnectionImpl::make_client(Endpoint::Impl& endpoint,
                                                                          ConnectOptions options, PathInfo path,
                                                                          std::shared_ptr<ConnectionHandler> handler) {
    auto settings = options.settings ? std::make_shared<const Settings>(*options.settings) : endpoint.settings_;
    std::unique_ptr<ConnectionImpl> made{new ConnectionImpl{endpoint, std::move(settings), false}};
    made->handler_ = std::move(handler);
    made->local_ = path.local;
    made->first_local_ = path.local;
    made->remote_ = path.remote;
    GC_TRY(const auto credentials, credentials_for(options.identity, &*options.verifier));
    made->options_ = std::make_unique<ConnectOptions>(std::move(options));
    GC_CHECK(made->start_engine(nullptr, path));
    GC_CHECK(made->start_tls(made->options_->alpn, credentials));
    return made;
}

void ConnectionImpl::receive(const PathInfo& path, io::Ecn ecn, base::ByteView datagram) {
    if (ending_) return;
    bytes_received_ += datagram.size();
    ++packets_received_;
    auto seen = path;
    if (!server_) {
        // What a client was bound to may be "any"; the engine knows its paths by the address chosen at connect().
        seen.local = first_local_;
        for (const auto& own : own_sockets_) {
            if (own.socket.get() == path.socket) seen.local = own.local;
        }
    }
    const auto native = native_path(seen);
    const ngtcp2_pkt_info info{.ecn = static_cast<std::uint8_t>(ecn)};
    const int rv = read_packet(native, info, datagram);
    if (rv != 0) {
        fail_engine(rv);
    } else {
        free_tls_if_done();
        if (server_ && !(path.remote == remote_)) update_addresses();
    }
    endpoint_.mark_dirty(*this);
}

void ConnectionImpl::fail_engine(int error) {
    if (ending_) return;
    ngtcp2_ccerr tell;
    ngtcp2_ccerr_default(&tell);
    switch (error) {
        case NGTCP2_ERR_DRAINING: {
            if (stateless_reset_) return end({.cause = CloseCause::stateless_reset, .code = 0, .reason = {}}, nullptr);
            const auto* const told = ngtcp2_conn_get_ccerr(conn_);
            const bool application = told->type == NGTCP2_CCERR_TYPE_APPLICATION;
            return end({.cause = application ? CloseCause::peer_application : CloseCause::peer_transport,
                        .code = told->error_code,
                        .reason = std::string{reinterpret_cast<const char*>(told->reason),
                                              std::min(told->reasonlen, kReasonMax)}},
                       nullptr);
        }
        case NGTCP2_ERR_IDLE_CLOSE: return end({.cause = CloseCause::idle_timeout, .code = 0, .reason = {}}, nullptr);
        case NGTCP2_ERR_DROP_CONN:
        case NGTCP2_ERR_RETRY: return end({.cause = CloseCause::protocol_error, .code = 0, .reason = {}}, nullptr);
        case NGTCP2_ERR_RECV_VERSION_NEGOTIATION:
        case NGTCP2_ERR_VERSION_NEGOTIATION_FAILURE:
            return end({.cause = CloseCause::version_refused, .code = 0, .reason = {}}, nullptr);
        case NGTCP2_ERR_HANDSHAKE_TIMEOUT:
            return end({.cause = CloseCause::handshake_timeout, .code = 0, .reason = {}}, nullptr);
        case NGTCP2_ERR_NO_VIABLE_PATH: return end({.cause = CloseCause::network, .code = 0, .reason = {}}, nullptr);
        case NGTCP2_ERR_CRYPTO: {
            const auto alert = ngtcp2_conn_get_tls_alert(conn_);
            ngtcp2_ccerr_set_tls_alert(&tell, alert, nullptr, 0);
            return end({.cause = CloseCause::handshake_failed, .code = NGTCP2_CRYPTO_ERROR | alert, .reason = {}},
                       &tell);
        }
        default:
            ngtcp2_ccerr_set_liberr(&tell, error, nullptr, 0);
            return end({.cause = CloseCause::protocol_error, .code = tell.error_code, .reason = {}}, &tell);
    }
}

void ConnectionImpl::end(CloseInfo info, const ngtcp2_ccerr* tell_peer) {
    if (ending_) return;
    ending_ = std::make_unique<Ending>();
    ending_->info = std::move(info);
    if (tell_peer) {
        ending_->tell_peer = true;
        ending_->error = *tell_peer;
    }
    timer_.cancel();
    endpoint_.mark_dirty(*this);
}

void ConnectionImpl::close(std::uint64_t code, std::string_view reason) {
    if (ending_) return;
    ngtcp2_ccerr error;
    ngtcp2_ccerr_set_application_error(&error, code, nullptr, 0);
    end({.cause = CloseCause::local, .code = code, .reason = std::string{reason}}, &error);
    ending_->reason = reason.substr(0, kReasonMax);
}

void ConnectionImpl::refuse() {
    ngtcp2_ccerr error;
    ngtcp2_ccerr_set_transport_error(&error, NGTCP2_CONNECTION_REFUSED, nullptr, 0);
    end({.cause = CloseCause::local, .code = NGTCP2_CONNECTION_REFUSED, .reason = {}}, &error);
}

void ConnectionImpl::end_now() {
    GC_ASSERT(ending_);
    base::Bytes packet;
    if (ending_->tell_peer) {
        auto& error = ending_->error;
        error.reason = reinterpret_cast<const std::uint8_t*>(ending_->reason.data());
        error.reasonlen = ending_->reason.size();
        ngtcp2_path_storage path;
        ngtcp2_path_storage_zero(&path);
        ngtcp2_pkt_info info{};
        packet.resize(NGTCP2_MAX_UDP_PAYLOAD_SIZE);
        log_sealed(true);
        const auto size =
            ngtcp2_conn_write_connection_close(conn_, &path.path, &info, reinterpret_cast<std::uint8_t*>(packet.data()),
                                               packet.size(), &error, endpoint_.now());
        log_sealed(false);
        packet.resize(size > 0 ? static_cast<std::size_t>(size) : 0);
    }
    if (qlog_) {
        qlog_->connection_closed(to_string(ending_->info.cause), ending_->info.code, ending_->info.reason,
                                 endpoint_.now());
    }
    PathInfo path{.socket = &socket_for(local_), .local = local_, .remote = remote_};
    if (!packet.empty()) {
        endpoint_.send(*path.socket, {.payload = packet, .peer = remote_, .local = local_});
    }
    // Own sockets die with us; their peer would get no answer anyway.
    if (path.socket == endpoint_.socket_.get()) endpoint_.linger(*this, std::move(packet), path);
    if (!handshake_done_) endpoint_.handshake_finished(*this, false);

    while (!streams_.empty()) {
        auto& stream = *streams_.begin()->second;
        stream.abandon();
        destroy_stream(stream);
    }
    events_.clear();
    if (const auto keep = std::move(handler_)) keep->on_closed(*this, ending_->info);
}

std::uint64_t ConnectionImpl::linger_ns() const noexcept {
    constexpr std::uint64_t kMin = 100'000'000;
    constexpr std::uint64_t kMax = 3'000'000'000;
    return std::clamp(3 * ngtcp2_conn_get_pto(conn_), kMin, kMax);
}

void ConnectionImpl::handle_timer() {
    if (ending_) return;
    const int rv = ngtcp2_conn_handle_expiry(conn_, endpoint_.now());
    if (rv != 0) fail_engine(rv);
    endpoint_.mark_dirty(*this);
}

void ConnectionImpl::arm_timer() {
    const auto expiry = ngtcp2_conn_get_expiry(conn_);
    if (expiry == UINT64_MAX) {
        timer_.cancel();
    } else {
        timer_.arm(expiry);
    }
}

void ConnectionImpl::update_addresses() {
    const auto* const path = ngtcp2_conn_get_path(conn_);
    if (auto local = io::SocketAddress::from_native(path->local.addr, path->local.addrlen)) local_ = *local;
    if (auto remote = io::SocketAddress::from_native(path->remote.addr, path->remote.addrlen)) remote_ = *remote;
}

StreamImpl& ConnectionImpl::add_stream(std::int64_t id, bool local) {
    auto made = std::make_unique<StreamImpl>(*this, id, local);
    auto& stream = *made;
    streams_.emplace(stream.id(), std::move(made));
    return stream;
}

void ConnectionImpl::destroy_stream(StreamImpl& stream) {
    ready_.remove(stream);
    streams_.erase(stream.id());
}

void ConnectionImpl::queue_event(StreamImpl& stream) {
    if (stream.event_queued_) return;
    stream.event_queued_ = true;
    events_.push_back(&stream);
}

void ConnectionImpl::deliver_events() {
    // Handlers may cause further events; those wait for the next pass.
    auto batch = std::exchange(events_, {});
    for (auto* const stream : batch) {
        if (stream->deliver_events()) destroy_stream(*stream);
    }
    if (!events_.empty()) {
        endpoint_.mark_dirty(*this);
    } else {
        batch.clear();
        events_ = std::move(batch);  // keeps its memory
    }
}

void ConnectionImpl::stream_ready(StreamImpl& stream) {
    if (ending_ || !stream.wants_to_send()) return;
    ready_.add(stream);
    endpoint_.mark_dirty(*this);
}

void ConnectionImpl::return_credit(StreamImpl& stream, std::uint64_t bytes) {
    if (ending_) return;
    if (!stream.closed_ && !stream.receive_aborted_) {
        ngtcp2_conn_extend_max_stream_offset(conn_, stream.native_id(), bytes);
    }
    ngtcp2_conn_extend_max_offset(conn_, bytes);
    endpoint_.mark_dirty(*this);
}

void ConnectionImpl::abort_sending(StreamImpl& stream, std::uint64_t code) {
    if (ending_) return;
    ready_.remove(stream);
    ngtcp2_conn_shutdown_stream_write(conn_, 0, stream.native_id(), code);
    endpoint_.mark_dirty(*this);
}

void ConnectionImpl::abort_receiving(StreamImpl& stream, std::uint64_t code) {
    if (ending_) return;
    ngtcp2_conn_shutdown_stream_read(conn_, 0, stream.native_id(), code);
    endpoint_.mark_dirty(*this);
}

base::Result<Stream*> ConnectionImpl::open_stream(Direction direction, std::shared_ptr<StreamHandler> handler) {
    if (ending_) return fail(Errc::closed, "connection");
    if (!handshake_done_) return fail(Errc::not_ready, "handshake");
    std::int64_t id = 0;
    const int rv = direction == Direction::bidirectional ? ngtcp2_conn_open_bidi_stream(conn_, &id, nullptr)
                                                         : ngtcp2_conn_open_uni_stream(conn_, &id, nullptr);
    if (rv == NGTCP2_ERR_STREAM_ID_BLOCKED) return fail(Errc::stream_limit, "open_stream");
    if (rv != 0) return fail(Errc::internal, "open_stream");
    auto& stream = add_stream(id, true);
    stream.set_handler(std::move(handler));
    ngtcp2_conn_set_stream_user_data(conn_, id, &stream);
    return &stream;
}

std::uint64_t ConnectionImpl::streams_left(Direction direction) const noexcept {
    if (ending_ || !handshake_done_) return 0;
    return direction == Direction::bidirectional ? ngtcp2_conn_get_streams_bidi_left(conn_)
                                                 : ngtcp2_conn_get_streams_uni_left(conn_);
}

void ConnectionImpl::extend_peer_streams(Direction direction, std::uint64_t count) {
    if (ending_) return;
    if (direction == Direction::bidirectional) {
        ngtcp2_conn_extend_max_streams_bidi(conn_, static_cast<std::size_t>(count));
    } else {
        ngtcp2_conn_extend_max_streams_uni(conn_, static_cast<std::size_t>(count));
    }
    endpoint_.mark_dirty(*this);
}

std::size_t ConnectionImpl::datagram_bytes_max() const noexcept {
    if (ending_ || !handshake_done_) return 0;
    const auto* const remote = ngtcp2_conn_get_remote_transport_params(conn_);
    if (!remote || remote->max_datagram_frame_size <= 3) return 0;
    const auto path = ngtcp2_conn_get_path_max_tx_udp_payload_size(conn_) - kDatagramOverhead;
    return static_cast<std::size_t>(std::min<std::uint64_t>(path, remote->max_datagram_frame_size - 3));
}

base::Result<void> ConnectionImpl::send_datagram(Buffer datagram) {
    if (ending_) return fail(Errc::closed, "connection");
    if (!handshake_done_) return fail(Errc::not_ready, "handshake");
    const auto limit = datagram_bytes_max();
    if (limit == 0) return fail(Errc::not_supported, "datagrams");
    if (datagram.size() > limit) return fail(Errc::too_large, "datagram");
    if (!datagrams_) datagrams_ = std::make_unique<std::deque<Buffer>>();
    if (datagrams_->size() >= settings_->datagram_queue_max) return fail(Errc::blocked, "datagrams");
    datagrams_->push_back(std::move(datagram));
    endpoint_.mark_dirty(*this);
    return {};
}

ConnectionState ConnectionImpl::state() const noexcept {
    if (ending_) return ending_->tell_peer ? ConnectionState::closing : ConnectionState::draining;
    return handshake_done_ ? ConnectionState::connected : ConnectionState::connecting;
}

ConnectionStats ConnectionImpl::stats() const noexcept {
    ngtcp2_conn_info info{};
    ngtcp2_conn_get_conn_info(conn_, &info);
    std::uint64_t lost = losses_of_closed_streams_;
    for (const auto& [id, stream] : streams_) {
        if (!stream->closed_) lost += ngtcp2_conn_get_stream_loss_count(conn_, stream->native_id());
    }
    constexpr auto kUnlimited = UINT64_MAX;
    return {.smoothed_rtt_us = info.smoothed_rtt / 1000,
            .min_rtt_us = info.min_rtt == kUnlimited ? 0 : info.min_rtt / 1000,
            .latest_rtt_us = info.latest_rtt / 1000,
            .rtt_variation_us = info.rttvar / 1000,
            .congestion_window_bytes = info.cwnd,
            .bytes_in_flight = info.bytes_in_flight,
            .slow_start_threshold_bytes = info.ssthresh,
            .bytes_sent = bytes_sent_,
            .bytes_received = bytes_received_,
            .packets_sent = packets_sent_,
            .packets_received = packets_received_,
            .packets_lost = lost,
            .path_mtu_bytes = ngtcp2_conn_get_path_max_tx_udp_payload_size(conn_),
            .streams_open = streams_.size()};
}

PeerCertificate ConnectionImpl::peer_certificate() const noexcept {
    if (!peer_ || !handshake_done_) return {};
    return peer_->view();
}

base::Result<base::Bytes> ConnectionImpl::exporter(std::string_view label, base::ByteView context,
                                                   std::size_t length) const {
    if (!handshake_done_) return fail(Errc::not_ready, "handshake");
    return tls_.exporter(label, context, length);
}

base::Result<void> ConnectionImpl::migrate(const io::SocketAddress& local) {
    constexpr std::size_t kSocketsMax = 8;
    if (ending_) return fail(Errc::closed, "connection");
    if (server_) return fail(Errc::wrong_state, "only clients migrate");
    if (!confirmed_ || !settled_ || in_engine_) return fail(Errc::not_ready, "handshake");
    if (own_sockets_.size() >= kSocketsMax) return fail(Errc::limit_reached, "migrations");
    auto socket = io::UdpSocket::bind(local, {.dont_fragment = true});
    if (!socket) return std::unexpected{socket.error().error};
    GC_TRY(const auto source, source_address((*socket)->bound_address(), remote_));
    GC_CHECK((*socket)->attach(endpoint_.reactor_, [this, raw = socket->get()](const io::Datagram& datagram) {
        endpoint_.receive_for(*this, *raw, datagram);
    }));
    const PathInfo path{.socket = socket->get(), .local = source, .remote = remote_};
    own_sockets_.push_back({std::move(*socket), source});
    const auto native = native_path(path);
    const int rv = ngtcp2_conn_initiate_migration(conn_, &native, endpoint_.now());
    if (rv != 0) {
        // The socket stays until the connection ends: it may be on the call stack.
        return fail(rv == NGTCP2_ERR_CONN_ID_BLOCKED ? Errc::not_ready : Errc::not_supported, "migration");
    }
    local_ = source;
    endpoint_.mark_dirty(*this);
    return {};
}

base::Result<void> ConnectionImpl::update_keys() {
    if (ending_) return fail(Errc::closed, "connection");
    if (!settled_ || in_engine_) return fail(Errc::not_ready, "key update");
    if (ngtcp2_conn_initiate_key_update(conn_, endpoint_.now()) != 0) return fail(Errc::not_ready, "key update");
    endpoint_.mark_dirty(*this);
    return {};
}

void ConnectionImpl::request_write_pass() noexcept { endpoint_.mark_dirty(*this); }

io::Reactor& ConnectionImpl::reactor() noexcept { return endpoint_.reactor_; }

Endpoint& ConnectionImpl::endpoint() noexcept { return *endpoint_.owner_; }

std::string ConnectionImpl::trace_id() const {
    return base::to_hex({reinterpret_cast<const std::byte*>(first_id_.data), first_id_.datalen});
}

}  // namespace zquic

// Setup of the engine and its callbacks. Callbacks record, or call the user, who can only record.

#include <fmt/format.h>
#include <ngtcp2/ngtcp2_crypto_gnutls.h>

#include <algorithm>
#include <array>

#include "connection.hpp"
#include "endpoint.hpp"

namespace zquic {
namespace {

constexpr std::uint64_t kMillisecond = 1'000'000;
// Ids that a peer may keep of ours and we of it; each costs table space, and two are needed to migrate.
constexpr std::uint64_t kActiveIds = 3;
constexpr std::uint64_t kDatagramFrameMax = 65535;
// STOP_SENDING frames of one datagram that are looked at. A frame has three bytes at least, so what an endpoint like
// ours packs into 1452 bytes is heard; a peer that sends more at once loses only the news of them.
constexpr std::size_t kStopsMax = 512;

base::ByteView view(const std::uint8_t* data, std::size_t size) noexcept {
    return {reinterpret_cast<const std::byte*>(data), size};
}

std::string printable_id(const ngtcp2_cid& id) { return base::to_hex(view(id.data, id.datalen)); }

ngtcp2_cc_algo native_algorithm(CongestionControl algorithm) noexcept {
    switch (algorithm) {
        case CongestionControl::cubic: return NGTCP2_CC_ALGO_CUBIC;
        case CongestionControl::bbr: return NGTCP2_CC_ALGO_BBR;
        case CongestionControl::reno: return NGTCP2_CC_ALGO_RENO;
    }
    return NGTCP2_CC_ALGO_CUBIC;
}

}  // namespace

struct ConnectionImpl::Callbacks {
    static ConnectionImpl& self(void* user_data) noexcept { return *static_cast<ConnectionImpl*>(user_data); }
    static StreamImpl* stream(void* user_data) noexcept { return static_cast<StreamImpl*>(user_data); }

    static int recv_crypto_data(ngtcp2_conn* conn, ngtcp2_encryption_level level, std::uint64_t offset,
                                const std::uint8_t* data, std::size_t size, void* user_data) {
        auto& connection = self(user_data);
        // What comes after the handshake (session tickets) has no session left to go to.
        if (!connection.tls_) return 0;
        const int rv = ngtcp2_crypto_recv_crypto_data_cb(conn, level, offset, data, size, user_data);
        if (!connection.missing_) return rv;
        ngtcp2_conn_set_tls_alert(conn, *connection.missing_);
        return NGTCP2_ERR_CRYPTO;
    }

    // The engine takes for granted that both sides have sent their transport parameters before it holds keys that make
    // use of them: it asserts so when it writes. GnuTLS takes neither their extension nor ALPN for mandatory.
    static int keys_installed(ngtcp2_conn* conn, ngtcp2_encryption_level level, void* user_data) {
        auto& connection = self(user_data);
        // A client's hello has been read as a whole when a server has its first keys; a server's extensions have been
        // when a client has its last.
        if (!connection.server_ && level != NGTCP2_ENCRYPTION_LEVEL_1RTT) return 0;
        if (!ngtcp2_conn_get_remote_transport_params(conn)) {
            connection.missing_ = GNUTLS_A_MISSING_EXTENSION;  // RFC 9001 section 8.2
        } else if (connection.tls_.alpn().empty()) {
            connection.missing_ = GNUTLS_A_NO_APPLICATION_PROTOCOL;  // RFC 9001 section 8.1
        }
        return connection.missing_ ? NGTCP2_ERR_CALLBACK_FAILURE : 0;
    }

    static int handshake_completed(ngtcp2_conn*, void* user_data) { return self(user_data).on_handshake_completed(); }

    static int handshake_confirmed(ngtcp2_conn*, void* user_data) {
        self(user_data).confirmed_ = true;
        return 0;
    }

    static int stream_open(ngtcp2_conn* conn, std::int64_t id, void* user_data) {
        auto& connection = self(user_data);
        auto& opened = connection.add_stream(id, false);
        ngtcp2_conn_set_stream_user_data(conn, id, &opened);
        if (const auto keep = connection.handler_) keep->on_stream(connection, opened);
        if (!opened.has_handler()) {
            opened.reset(0);
            opened.stop_sending(0);
        }
        return 0;
    }

    static int recv_stream_data(ngtcp2_conn*, std::uint32_t flags, std::int64_t, std::uint64_t,
                                const std::uint8_t* data, std::size_t size, void*, void* stream_user_data) {
        if (auto* const at = stream(stream_user_data)) {
            at->receive(view(data, size), (flags & NGTCP2_STREAM_DATA_FLAG_FIN) != 0);
        }
        return 0;
    }

    static int acked_stream_data(ngtcp2_conn*, std::int64_t, std::uint64_t, std::uint64_t size, void*,
                                 void* stream_user_data) {
        if (auto* const at = stream(stream_user_data)) at->acknowledged(size);
        return 0;
    }

    static int stream_close(ngtcp2_conn* conn, std::uint32_t flags, std::int64_t id, std::uint64_t code,
                            void* user_data, void* stream_user_data) {
        auto& connection = self(user_data);
        if (!ngtcp2_conn_is_local_stream(conn, id)) {
            if (ngtcp2_is_bidi_stream(id)) {
                ngtcp2_conn_extend_max_streams_bidi(conn, 1);
            } else {
                ngtcp2_conn_extend_max_streams_uni(conn, 1);
            }
        }
        if (auto* const at = stream(stream_user_data)) {
            connection.losses_of_closed_streams_ += ngtcp2_conn_get_stream_loss_count(conn, id);
            const bool reset = (flags & NGTCP2_STREAM_CLOSE_FLAG_APP_ERROR_CODE_SET) != 0;
            at->engine_closed({.code = reset ? code : 0, .reset = reset, .connection_lost = false});
        }
        return 0;
    }

    static int stream_reset(ngtcp2_conn*, std::int64_t, std::uint64_t, std::uint64_t code, void*,
                            void* stream_user_data) {
        if (auto* const at = stream(stream_user_data)) at->peer_reset(code);
        return 0;
    }

    static int decrypt(std::uint8_t* out, const ngtcp2_crypto_aead* aead, const ngtcp2_crypto_aead_ctx* context,
                       const std::uint8_t* sealed, std::size_t sealed_size, const std::uint8_t* nonce,
                       std::size_t nonce_size, const std::uint8_t* header, std::size_t header_size) {
        const int rv =
            ngtcp2_crypto_decrypt_cb(out, aead, context, sealed, sealed_size, nonce, nonce_size, header, header_size);
        // The frames of 1-RTT packets (short header) pass by here in the clear.
        if (rv != 0 || !reading || header_size == 0 || sealed_size <= aead->max_overhead) return rv;
        const auto frames = view(out, sealed_size - aead->max_overhead);
        const bool short_header = (header[0] & 0x80) == 0;
        if (short_header && !reading->may_read(frames)) return NGTCP2_ERR_DECRYPT;
        if (reading->qlog_) {
            reading->qlog_->packet(false, view(header, header_size), frames, reading->endpoint_.now());
        }
        if (auto* const watcher = reading->endpoint_.watcher_) {
            watcher->opened(reading->server_, view(header, header_size), frames);
        }
        return rv;
    }
    static int encrypt(std::uint8_t* out, const ngtcp2_crypto_aead* aead, const ngtcp2_crypto_aead_ctx* context,
                       const std::uint8_t* plain, std::size_t plain_size, const std::uint8_t* nonce,
                       std::size_t nonce_size, const std::uint8_t* header, std::size_t header_size) {
        // Before: the packet is sealed in place.
        if (writing && header_size > 0) {
            writing->qlog_->packet(true, view(header, header_size), view(plain, plain_size), writing->endpoint_.now());
        }
        return ngtcp2_crypto_encrypt_cb(out, aead, context, plain, plain_size, nonce, nonce_size, header, header_size);
    }
    /// The connection inside receive() on this thread.
    static thread_local ConnectionImpl* reading;
    /// The connection with a qlog that writes on this thread.
    static thread_local ConnectionImpl* writing;

    static int extend_max_stream_data(ngtcp2_conn*, std::int64_t, std::uint64_t, void* user_data,
                                      void* stream_user_data) {
        if (auto* const at = stream(stream_user_data)) {
            at->flow_blocked_ = false;
            self(user_data).stream_ready(*at);
        }
        return 0;
    }

    static int more_streams(ConnectionImpl& connection, Direction direction) {
        // Before the handshake is done nobody could open one; on_handshake_done is the signal then.
        if (!connection.handshake_done_ || connection.ending_) return 0;
        if (const auto keep = connection.handler_) keep->on_streams_available(connection, direction);
        return 0;
    }
    static int extend_max_local_streams_bidi(ngtcp2_conn*, std::uint64_t, void* user_data) {
        return more_streams(self(user_data), Direction::bidirectional);
    }
    static int extend_max_local_streams_uni(ngtcp2_conn*, std::uint64_t, void* user_data) {
        return more_streams(self(user_data), Direction::unidirectional);
    }

    static int recv_datagram(ngtcp2_conn*, std::uint32_t, const std::uint8_t* data, std::size_t size, void* user_data) {
        auto& connection = self(user_data);
        if (const auto keep = connection.handler_) keep->on_datagram(connection, view(data, size));
        return 0;
    }

    static int recv_stateless_reset(ngtcp2_conn*, const ngtcp2_pkt_stateless_reset*, void* user_data) {
        self(user_data).stateless_reset_ = true;
        return 0;
    }

    // The first id of the peer is in use: the engine has left the handshake behind.
    static int dcid_status(ngtcp2_conn*, ngtcp2_connection_id_status_type type, std::uint64_t, const ngtcp2_cid*,
                           const std::uint8_t*, void* user_data) {
        if (type == NGTCP2_CONNECTION_ID_STATUS_TYPE_ACTIVATE) self(user_data).settled_ = true;
        return 0;
    }

    static void rand(std::uint8_t* out, std::size_t size, const ngtcp2_rand_ctx* context) {
        auto* const random = static_cast<base::Random*>(context->native_handle);
        random->fill({reinterpret_cast<std::byte*>(out), size});
    }

    static int get_new_connection_id(ngtcp2_conn*, ngtcp2_cid* id, std::uint8_t* token, std::size_t, void* user_data) {
        auto& connection = self(user_data);
        *id = connection.endpoint_.new_id();
        connection.endpoint_.reset_token(*id, token);
        connection.endpoint_.add_route(*id, connection);
        connection.ids_.push_back(*id);
        return 0;
    }

    static int remove_connection_id(ngtcp2_conn*, const ngtcp2_cid* id, void* user_data) {
        auto& connection = self(user_data);
        connection.endpoint_.remove_route(*id, connection);
        std::erase_if(connection.ids_, [&](const ngtcp2_cid& known) { return ngtcp2_cid_eq(&known, id) != 0; });
        return 0;
    }

    static ngtcp2_conn* conn_of(ngtcp2_crypto_conn_ref* reference) { return self(reference->user_data).conn_; }

    static int verify(gnutls_session_t session) {
        auto* const reference = static_cast<ngtcp2_crypto_conn_ref*>(gnutls_session_get_ptr(session));
        return self(reference->user_data).verify_peer() ? 0 : -1;
    }

    static ngtcp2_callbacks table() noexcept {
        ngtcp2_callbacks out{};
        out.client_initial = ngtcp2_crypto_client_initial_cb;
        out.recv_client_initial = ngtcp2_crypto_recv_client_initial_cb;
        out.recv_crypto_data = recv_crypto_data;
        out.handshake_completed = handshake_completed;
        out.handshake_confirmed = handshake_confirmed;
        out.encrypt = encrypt;
        out.decrypt = decrypt;
        out.hp_mask = ngtcp2_crypto_hp_mask_cb;
        out.recv_stream_data = recv_stream_data;
        out.acked_stream_data_offset = acked_stream_data;
        out.stream_open = stream_open;
        out.stream_close = stream_close;
        out.recv_stateless_reset = recv_stateless_reset;
        out.recv_retry = ngtcp2_crypto_recv_retry_cb;
        out.extend_max_local_streams_bidi = extend_max_local_streams_bidi;
        out.extend_max_local_streams_uni = extend_max_local_streams_uni;
        out.rand = rand;
        out.get_new_connection_id = get_new_connection_id;
        out.remove_connection_id = remove_connection_id;
        out.update_key = ngtcp2_crypto_update_key_cb;
        out.stream_reset = stream_reset;
        out.extend_max_stream_data = extend_max_stream_data;
        out.delete_crypto_aead_ctx = ngtcp2_crypto_delete_crypto_aead_ctx_cb;
        out.delete_crypto_cipher_ctx = ngtcp2_crypto_delete_crypto_cipher_ctx_cb;
        out.recv_datagram = recv_datagram;
        out.dcid_status = dcid_status;
        out.recv_rx_key = keys_installed;
        out.recv_tx_key = keys_installed;
        out.get_path_challenge_data = ngtcp2_crypto_get_path_challenge_data_cb;
        out.version_negotiation = ngtcp2_crypto_version_negotiation_cb;
        return out;
    }
};

thread_local ConnectionImpl* ConnectionImpl::Callbacks::reading = nullptr;
thread_local ConnectionImpl* ConnectionImpl::Callbacks::writing = nullptr;

void ConnectionImpl::log_sealed(bool on) noexcept { Callbacks::writing = on && qlog_ ? this : nullptr; }

void ConnectionImpl::log_metrics() {
    if (!qlog_ || ending_) return;
    ngtcp2_conn_info info{};
    ngtcp2_conn_get_conn_info(conn_, &info);
    qlog_->metrics(info, endpoint_.now());
}

bool ConnectionImpl::may_read(base::ByteView frames) {
    const auto scan = scan_frames(frames, stops_, kStopsMax);
    if (server_ || settled_) return true;
    // Our Finished has not left. At HANDSHAKE_DONE the engine would drop the keys for it and read through a null
    // pointer when it writes; no honest server knows yet that the handshake is done.
    if (scan.handshake_done) violation_ = true;
    // At a retired id it would assert that the one it gives the reset token to is the first. Honest servers may be as
    // early as that: the packet counts as lost, and comes again.
    return !scan.handshake_done && !scan.retires_ids;
}

int ConnectionImpl::read_packet(const ngtcp2_path& path, const ngtcp2_pkt_info& info, base::ByteView datagram) {
    Callbacks::reading = this;
    in_engine_ = true;
    const int rv = ngtcp2_conn_read_pkt(conn_, &path, &info, base::as_u8(datagram), datagram.size(), endpoint_.now());
    in_engine_ = false;
    Callbacks::reading = nullptr;
    if (violation_) return NGTCP2_ERR_PROTO;
    if (rv == 0) {
        for (const auto& stop : stops_) {
            if (auto* const stream = find_stream(stop.stream_id)) stream->peer_stop_sending(stop.code);
        }
    }
    stops_.clear();
    return rv;
}

StreamImpl* ConnectionImpl::find_stream(std::uint64_t id) const noexcept {
    const auto found = streams_.find(id);
    return found == streams_.end() || found->second->closed_ ? nullptr : found->second.get();
}

const std::string& key_log_path(void* connection) {
    return static_cast<ConnectionImpl*>(connection)->settings().keylog_file;
}

base::Result<void> ConnectionImpl::start_engine(const AcceptInfo* accept, const PathInfo& path) {
    const auto& wanted = *settings_;
    auto& random = *endpoint_.config_.random;
    static const ngtcp2_callbacks callbacks = Callbacks::table();

    ngtcp2_settings settings;
    ngtcp2_settings_default(&settings);
    settings.initial_ts = endpoint_.now();
    settings.initial_rtt = wanted.initial_rtt_ms * kMillisecond;
    settings.cc_algo = native_algorithm(wanted.congestion_control);
    settings.handshake_timeout = wanted.handshake_timeout_ms ? wanted.handshake_timeout_ms * kMillisecond : UINT64_MAX;
    settings.max_tx_udp_payload_size = wanted.udp_payload_bytes_max;
    settings.no_pmtud = !wanted.path_mtu_discovery || wanted.udp_payload_bytes_max <= NGTCP2_MAX_UDP_PAYLOAD_SIZE;
    // The largest first: it fits nearly everywhere, and each step costs round trips. Then common tunnels.
    std::array<std::uint16_t, 4> probes{wanted.udp_payload_bytes_max, 1406, 1342, 1252};
    const auto used = std::ranges::remove_if(
        probes, [&](auto size) { return size > wanted.udp_payload_bytes_max || size <= NGTCP2_MAX_UDP_PAYLOAD_SIZE; });
    settings.pmtud_probes = probes.data();
    settings.pmtud_probeslen = static_cast<std::size_t>(used.begin() - probes.begin());
    settings.max_window = wanted.connection_window_bytes_max;
    settings.max_stream_window = wanted.stream_window_bytes_max;
    settings.rand_ctx.native_handle = &random;

    ngtcp2_transport_params params;
    ngtcp2_transport_params_default(&params);
    params.initial_max_data = wanted.connection_window_bytes;
    params.initial_max_stream_data_bidi_local = wanted.stream_window_bytes;
    params.initial_max_stream_data_bidi_remote = wanted.stream_window_bytes;
    params.initial_max_stream_data_uni = wanted.stream_window_bytes;
    params.initial_max_streams_bidi = wanted.max_streams_bidi;
    params.initial_max_streams_uni = wanted.max_streams_uni;
    params.max_idle_timeout = wanted.idle_timeout_ms * kMillisecond;
    params.max_ack_delay = wanted.max_ack_delay_ms * kMillisecond;
    params.active_connection_id_limit = kActiveIds;
    params.max_datagram_frame_size = wanted.datagrams ? kDatagramFrameMax : 0;
    params.grease_quic_bit = 1;

    first_id_ = endpoint_.new_id();
    if (!wanted.qlog_dir.empty()) {
        // A diagnostic aid: its failure must not end the connection.
        qlog_ = Qlog::open(fmt::format("{}/{}.sqlog", wanted.qlog_dir, printable_id(first_id_)), server_,
                           printable_id(first_id_), endpoint_.now());
    }
    if (qlog_) {
        qlog_->connection_started(path.local.to_string(), path.remote.to_string(), endpoint_.now());
        qlog_->parameters_set(true, params, endpoint_.now());
    }

    const auto native = native_path(path);
    int rv = 0;
    if (accept) {
        const auto& header = *accept->header;
        params.original_dcid = accept->original_id.value_or(header.dcid);
        params.original_dcid_present = 1;
        if (accept->original_id) {
            params.retry_scid = header.dcid;
            params.retry_scid_present = 1;
            settings.token = header.token;
            settings.tokenlen = header.tokenlen;
            settings.token_type = NGTCP2_TOKEN_TYPE_RETRY;
        }
        params.stateless_reset_token_present = 1;
        endpoint_.reset_token(first_id_, params.stateless_reset_token);
        rv = ngtcp2_conn_server_new(&conn_, &header.scid, &first_id_, &native, header.version, &callbacks, &settings,
                                    &params, nullptr, this);
    } else {
        ngtcp2_cid destination;
        base::FixedBytes<18> raw;
        random.fill(raw);
        ngtcp2_cid_init(&destination, base::as_u8(base::ByteView{raw}), raw.size());
        rv = ngtcp2_conn_client_new(&conn_, &destination, &first_id_, &native, NGTCP2_PROTO_VER_V1, &callbacks,
                                    &settings, &params, nullptr, this);
    }
    if (rv != 0) return fail(Errc::internal, "engine");
    endpoint_.add_route(first_id_, *this);
    ids_.push_back(first_id_);
    if (accept) {
        // Until the client has our id, its packets carry the one that it made up.
        endpoint_.add_route(accept->header->dcid, *this);
        ids_.push_back(accept->header->dcid);
    }
    if (wanted.keep_alive_ms > 0) ngtcp2_conn_set_keep_alive_timeout(conn_, wanted.keep_alive_ms * kMillisecond);
    return {};
}

base::Result<void> ConnectionImpl::start_tls(std::span<const std::string> alpn, const Credentials& credentials) {
    conn_ref_.get_conn = Callbacks::conn_of;
    conn_ref_.user_data = this;
    const bool judge = !server_ || endpoint_.config_.client_certificate != ClientCertificate::none;
    GC_TRY(tls_, TlsSession::make({.server = server_,
                                   .credentials = credentials,
                                   .alpn = alpn,
                                   .server_name = server_ ? nullptr : options_->server_name.c_str(),
                                   .client_certificate = endpoint_.config_.client_certificate,
                                   .verify = judge ? Callbacks::verify : nullptr,
                                   .connection = &conn_ref_,
                                   .log_keys = !settings_->keylog_file.empty()}));
    ngtcp2_conn_set_tls_native_handle(conn_, tls_.get());
    return {};
}

bool ConnectionImpl::verify_peer() {
    auto peer = read_peer(tls_.get());
    if (!peer) return false;
    if (!*peer) return server_ && endpoint_.config_.client_certificate != ClientCertificate::required;
    const auto* const verifier =
        server_ ? (endpoint_.config_.client_verifier ? &*endpoint_.config_.client_verifier : nullptr)
                : &*options_->verifier;
    static const std::string kNoName;
    if (!verifier || !accepts(*verifier, **peer, tls_.get(), server_ ? kNoName : options_->server_name)) return false;
    peer_ = std::move(*peer);
    return true;
}

int ConnectionImpl::on_handshake_completed() {
    handshake_done_ = true;
    alpn_ = tls_.alpn();
    if (server_) server_name_ = tls_.server_name();
    if (qlog_) qlog_->parameters_set(false, *ngtcp2_conn_get_remote_transport_params(conn_), endpoint_.now());
    endpoint_.handshake_finished(*this, true);
    if (server_) {
        const auto* const factory = endpoint_.find_factory(alpn_);
        if (factory) handler_ = (*factory)(*this);
        if (!handler_) {
            refuse();
            return 0;
        }
    } else {
        server_name_ = options_->server_name;
        options_.reset();
    }
    if (const auto keep = handler_) keep->on_handshake_done(*this);
    if (peer_ && !settings_->keep_peer_certificate) {
        peer_->der = {};
        peer_->spki = {};
    }
    return 0;
}

void ConnectionImpl::free_tls_if_done() {
    if (!tls_ || !handshake_done_ || settings_->keep_tls) return;
    if (!server_ && !confirmed_) return;
    tls_.reset();
    ngtcp2_conn_set_tls_native_handle(conn_, nullptr);
    if (server_) {
        // The client knows our id now: the one it made up is no longer routed (RFC 9000 section 7.2).
        const auto* const made_up = ngtcp2_conn_get_client_initial_dcid(conn_);
        if (made_up && !ngtcp2_cid_eq(made_up, &first_id_)) {
            endpoint_.remove_route(*made_up, *this);
            std::erase_if(ids_, [&](const ngtcp2_cid& known) { return ngtcp2_cid_eq(&known, made_up) != 0; });
        }
    }
}

}  // namespace zquic

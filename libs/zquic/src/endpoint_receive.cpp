// What happens to a datagram: routing, forwarding, and everything that is answered without a connection.

#include <array>

#include "endpoint.hpp"

namespace zquic {
namespace {

/// What is kept for networks of listed peers is one of so many parts, and Retry is asked of a network from there on.
constexpr std::size_t kPartsOfHalfOpen = 8;
/// One network holds at most one of so many shares.
constexpr std::size_t kSharesOfPart = 4;

constexpr std::size_t kInitialDatagramMin = 1200;  // RFC 9000 section 14.1
constexpr std::uint64_t kTokenLifetimeNs = 10'000'000'000;
// A stateless reset must look like a packet (21 bytes at least) and be shorter than what it answers, RFC 9000 10.3.
constexpr std::size_t kResetMin = 42;
constexpr std::uint64_t kResetsPerSecond = 100;
constexpr std::size_t kForwardMax = 2048;

base::ByteView view(const std::uint8_t* data, std::size_t size) noexcept {
    return {reinterpret_cast<const std::byte*>(data), size};
}

}  // namespace

void Endpoint::Impl::receive_for(ConnectionImpl& connection, io::UdpSocket& socket, const io::Datagram& datagram) {
    connection.receive({.socket = &socket, .local = datagram.local, .remote = datagram.peer}, datagram.ecn,
                       datagram.payload);
}

void Endpoint::Impl::receive(io::UdpSocket& socket, const io::Datagram& datagram, bool on_wire) {
    if (destroying_) return;
    const auto bytes = datagram.payload;
    if (bytes.empty()) {
        ++counters_.dropped_malformed;
        return;
    }
    ngtcp2_version_cid ids{};
    const int rv = ngtcp2_pkt_decode_version_cid(&ids, base::as_u8(bytes), bytes.size(), kConnectionIdSize);
    if (rv == NGTCP2_ERR_VERSION_NEGOTIATION) return wait_as_newcomer(socket, datagram);
    if (rv != 0 || ids.dcidlen > NGTCP2_MAX_CIDLEN) {
        ++counters_.dropped_malformed;
        return;
    }
    const auto id = view(ids.dcid, ids.dcidlen);
    if (const auto found = routes_.find(IdKey{id}); found != routes_.end()) {
        if (auto* const connection = found->second.connection) return receive_for(*connection, socket, datagram);
        return answer_lingering(*found->second.lingering);
    }
    if (const auto worker = codec_.worker_of(id); worker && *worker != worker_ && on_wire) {
        if (!forward(*worker, datagram)) ++counters_.dropped_overload;
        return;
    }
    const bool long_header = (bytes[0] & std::byte{0x80}) != std::byte{0};
    if (long_header) {
        wait_as_newcomer(socket, datagram);
    } else if (!is_stateless_reset(socket, datagram)) {
        send_stateless_reset(socket, datagram, id);
    }
}

void Endpoint::Impl::wait_as_newcomer(io::UdpSocket& socket, const io::Datagram& datagram) {
    if (datagram.payload.size() < kInitialDatagramMin || alpn_.empty()) {
        ++counters_.dropped_malformed;
        return;
    }
    if (!newcomers_.add(socket, datagram)) ++counters_.dropped_overload;
    pass_.schedule();
}

/// Its connection may exist by now: a ClientHello can fill several datagrams.
void Endpoint::Impl::serve_newcomer(io::UdpSocket& socket, const io::Datagram& datagram) {
    const auto bytes = datagram.payload;
    ngtcp2_version_cid ids{};
    const int rv = ngtcp2_pkt_decode_version_cid(&ids, base::as_u8(bytes), bytes.size(), kConnectionIdSize);
    if (rv == NGTCP2_ERR_VERSION_NEGOTIATION) return send_version_negotiation(socket, datagram, ids);
    const auto found = routes_.find(IdKey{view(ids.dcid, ids.dcidlen)});
    if (found == routes_.end()) return accept(socket, datagram);
    if (auto* const connection = found->second.connection) return receive_for(*connection, socket, datagram);
    answer_lingering(*found->second.lingering);
}

bool Endpoint::Impl::is_stateless_reset(io::UdpSocket& socket, const io::Datagram& datagram) {
    constexpr int kTriesMax = 8;  // connections to one server that a forged packet can make us look at
    auto [next, end] = dialed_.equal_range(datagram.peer);
    for (int tries = 0; next != end && tries < kTriesMax; ++next, ++tries) {
        auto& connection = *next->second;
        if (connection.ended() || !connection.handshake_done()) continue;
        receive_for(connection, socket, datagram);  // the engine compares tokens, and drops what is none
        if (connection.ended()) return true;
    }
    return false;
}

bool Endpoint::Impl::forward(std::uint16_t worker, const io::Datagram& datagram) {
    if (worker >= cluster_->workers.size() || datagram.payload.size() > kForwardMax) return false;
    auto* const reactor = cluster_->workers[worker].reactor;
    if (!reactor) return false;
    ++counters_.forwarded;
    return reactor->post([cluster = cluster_, worker, bytes = base::to_bytes(datagram.payload), peer = datagram.peer,
                          local = datagram.local, ecn = datagram.ecn] {
        auto* const endpoint = cluster->workers[worker].endpoint;
        if (!endpoint) return;
        endpoint->receive(*endpoint->socket_, {.payload = bytes, .peer = peer, .local = local, .ecn = ecn}, false);
    });
}

void Endpoint::Impl::accept(io::UdpSocket& socket, const io::Datagram& datagram) {
    const auto bytes = datagram.payload;
    ngtcp2_pkt_hd header{};
    if (ngtcp2_accept(&header, base::as_u8(bytes), bytes.size()) != 0) {
        ++counters_.dropped_malformed;
        return;
    }
    if (!accepting_) {
        ++counters_.dropped_overload;
        return send_refusal(socket, datagram, header, NGTCP2_CONNECTION_REFUSED);
    }
    const bool known = known_.contains(datagram.peer);
    if (!has_connection_room(datagram.peer)) {
        ++counters_.dropped_overload;
        return;
    }
    AcceptInfo info{.header = &header,
                    .path = {.socket = &socket, .local = datagram.local, .remote = datagram.peer},
                    .original_id = std::nullopt};
    const auto token = view(header.token, header.tokenlen);
    const bool retry_token = !token.empty() && header.token[0] == NGTCP2_CRYPTO_TOKEN_MAGIC_RETRY2;
    if (retry_token) {
        ngtcp2_cid original;
        const int rv = ngtcp2_crypto_verify_retry_token2(
            &original, header.token, header.tokenlen, base::as_u8(base::ByteView{cluster_->token_secret}),
            cluster_->token_secret.size(), header.version, datagram.peer.native(), datagram.peer.native_size(),
            &header.dcid, kTokenLifetimeNs, now());
        if (rv == NGTCP2_CRYPTO_ERR_VERIFY_TOKEN) {
            // The address is not the one that the token was for, or it is too old: RFC 9000 section 8.1.3.
            return send_refusal(socket, datagram, header, NGTCP2_INVALID_TOKEN);
        }
        if (rv == 0) info.original_id = original;
    }
    auto& part = known ? half_open_known_ : half_open_strangers_;
    const bool crowded = half_open_strangers_.size() + half_open_known_.size() >= config_.retry_above_half_open ||
                         part.held_by(datagram.peer) >= config_.retry_above_half_open / kPartsOfHalfOpen;
    if (!info.original_id && crowded) {
        return send_retry(socket, datagram, header);
    }
    make_half_open_room(known, datagram.peer);
    auto made = ConnectionImpl::make_server(*this, info);
    if (!made) {
        ++counters_.dropped_overload;
        return;
    }
    (*made)->index = connections_.size();
    auto& connection = **made;
    connections_.push_back(std::move(*made));
    part.add(connection, datagram.peer);
    receive_for(connection, socket, datagram);
}

bool Endpoint::Impl::has_connection_room(const io::SocketAddress& peer) const noexcept {
    const bool reserve = known_.size() > 0 && !known_.contains(peer);
    const auto kept = reserve ? config_.connections_max / kPartsOfHalfOpen : 0;
    return connections_.size() < config_.connections_max - kept;
}

void Endpoint::Impl::make_half_open_room(bool known, const io::SocketAddress& peer) {
    const auto kept = config_.half_open_max / kPartsOfHalfOpen;
    const auto part_max = std::max<std::size_t>(known ? kept : config_.half_open_max - kept, 1);
    const auto share_max = std::max<std::size_t>(part_max / kSharesOfPart, 1);
    const auto& part = known ? half_open_known_ : half_open_strangers_;
    auto* const doomed = part.held_by(peer) >= share_max ? part.oldest_of(peer)
                         : part.size() >= part_max       ? part.oldest_of_heaviest()
                                                         : nullptr;
    if (!doomed) return;
    ++counters_.half_open_evicted;
    // Told, so that an honest one tries again at once. It goes now: nobody above knows it yet.
    doomed->refuse();
    doomed->end_now();
    remove(*doomed);
}

void Endpoint::Impl::reply(io::UdpSocket& socket, const io::Datagram& datagram, base::ByteView packet) {
    if (packet.empty() || socket_blocked()) return;
    send(socket, {.payload = packet, .peer = datagram.peer, .local = datagram.local});
}

void Endpoint::Impl::send_version_negotiation(io::UdpSocket& socket, const io::Datagram& datagram,
                                              const ngtcp2_version_cid& ids) {
    static constexpr std::array<std::uint32_t, 2> kVersions{NGTCP2_PROTO_VER_V1, NGTCP2_PROTO_VER_V2};
    std::array<std::byte, 1 + 4 + 2 * 256 + 4 * kVersions.size()> packet;
    const auto noise = static_cast<std::uint8_t>(config_.random->u64());
    const auto size =
        ngtcp2_pkt_write_version_negotiation(base::as_u8(base::MutableBytes{packet}), packet.size(), noise, ids.scid,
                                             ids.scidlen, ids.dcid, ids.dcidlen, kVersions.data(), kVersions.size());
    if (size <= 0) return;
    ++counters_.version_negotiations_sent;
    reply(socket, datagram, base::ByteView{packet}.first(static_cast<std::size_t>(size)));
}

void Endpoint::Impl::send_retry(io::UdpSocket& socket, const io::Datagram& datagram, const ngtcp2_pkt_hd& header) {
    const auto id = new_id();
    std::array<std::uint8_t, NGTCP2_CRYPTO_MAX_RETRY_TOKENLEN2> token;
    const auto token_size = ngtcp2_crypto_generate_retry_token2(
        token.data(), base::as_u8(base::ByteView{cluster_->token_secret}), cluster_->token_secret.size(),
        header.version, datagram.peer.native(), datagram.peer.native_size(), &id, &header.dcid, now());
    if (token_size < 0) return;
    base::FixedBytes<kInitialDatagramMin> packet;
    const auto size =
        ngtcp2_crypto_write_retry(base::as_u8(base::MutableBytes{packet}), packet.size(), header.version, &header.scid,
                                  &id, &header.dcid, token.data(), static_cast<std::size_t>(token_size));
    if (size <= 0) return;
    ++counters_.retries_sent;
    reply(socket, datagram, base::ByteView{packet}.first(static_cast<std::size_t>(size)));
}

void Endpoint::Impl::send_refusal(io::UdpSocket& socket, const io::Datagram& datagram, const ngtcp2_pkt_hd& header,
                                  std::uint64_t code) {
    base::FixedBytes<kInitialDatagramMin> packet;
    const auto size =
        ngtcp2_crypto_write_connection_close(base::as_u8(base::MutableBytes{packet}), packet.size(), header.version,
                                             &header.scid, &header.dcid, code, nullptr, 0);
    if (size > 0) reply(socket, datagram, base::ByteView{packet}.first(static_cast<std::size_t>(size)));
}

void Endpoint::Impl::reset_token(const ngtcp2_cid& id, std::uint8_t* token) const noexcept {
    const auto& secret = cluster_->reset_secret;
    // Fails only for wrong sizes, which these are not.
    GC_ASSERT(ngtcp2_crypto_generate_stateless_reset_token(token, base::as_u8(base::ByteView{secret}), secret.size(),
                                                           &id) == 0);
}

bool Endpoint::Impl::take_reset_permit() noexcept {
    if (now() - reset_refill_ns_ >= 1'000'000'000) {
        reset_refill_ns_ = now();
        reset_tokens_ = kResetsPerSecond;
    }
    if (reset_tokens_ == 0) return false;
    --reset_tokens_;
    return true;
}

void Endpoint::Impl::send_stateless_reset(io::UdpSocket& socket, const io::Datagram& datagram, base::ByteView id) {
    const auto size = datagram.payload.size();
    if (alpn_.empty() || size < kResetMin || id.size() != kConnectionIdSize || !take_reset_permit()) {
        ++counters_.dropped_malformed;
        return;
    }
    ngtcp2_cid native;
    ngtcp2_cid_init(&native, base::as_u8(id), id.size());
    std::uint8_t token[NGTCP2_STATELESS_RESET_TOKENLEN];
    reset_token(native, token);
    base::FixedBytes<kResetMin - 1 - NGTCP2_STATELESS_RESET_TOKENLEN> noise;
    config_.random->fill(noise);
    base::FixedBytes<kResetMin> packet;
    const auto written = ngtcp2_pkt_write_stateless_reset(base::as_u8(base::MutableBytes{packet}), packet.size(), token,
                                                          base::as_u8(base::ByteView{noise}), noise.size());
    if (written <= 0) return;
    ++counters_.stateless_resets_sent;
    reply(socket, datagram, base::ByteView{packet}.first(static_cast<std::size_t>(written)));
}

void Endpoint::Impl::answer_lingering(Lingering& lingering) {
    // Each repetition waits for twice as many packets as the one before (RFC 9000 section 10.2.1).
    ++lingering.received;
    const bool due = (lingering.received & (lingering.received - 1)) == 0;
    if (!due || lingering.close_packet.empty() || socket_blocked()) return;
    send(*lingering.path.socket,
         {.payload = lingering.close_packet, .peer = lingering.path.remote, .local = lingering.path.local});
}

}  // namespace zquic

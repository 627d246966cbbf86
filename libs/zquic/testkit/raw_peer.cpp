#include "raw_peer.hpp"

#include <gnutls/gnutls.h>
#include <ngtcp2/ngtcp2_crypto_gnutls.h>

#include <algorithm>

#include "../src/identity.hpp"

namespace zquic::testkit {
namespace {

constexpr std::size_t kCryptoPerPacket = 1000;
constexpr std::size_t kClientDatagram = 1200;
constexpr unsigned kParametersExtension = 0x39;

Space space_of(gnutls_record_encryption_level_t level) noexcept {
    switch (level) {
        case GNUTLS_ENCRYPTION_LEVEL_INITIAL: return Space::initial;
        case GNUTLS_ENCRYPTION_LEVEL_EARLY: return Space::early;
        case GNUTLS_ENCRYPTION_LEVEL_HANDSHAKE: return Space::handshake;
        case GNUTLS_ENCRYPTION_LEVEL_APPLICATION: return Space::app;
    }
    return Space::app;
}

gnutls_record_encryption_level_t level_of(Space space) noexcept {
    switch (space) {
        case Space::initial: return GNUTLS_ENCRYPTION_LEVEL_INITIAL;
        case Space::early: return GNUTLS_ENCRYPTION_LEVEL_EARLY;
        case Space::handshake: return GNUTLS_ENCRYPTION_LEVEL_HANDSHAKE;
        case Space::app: return GNUTLS_ENCRYPTION_LEVEL_APPLICATION;
    }
    return GNUTLS_ENCRYPTION_LEVEL_APPLICATION;
}

gnutls_priority_t priorities() {
    static const gnutls_priority_t made = [] {
        gnutls_priority_t out = nullptr;
        GC_ASSERT(gnutls_priority_init(&out,
                                       "NORMAL:-VERS-ALL:+VERS-TLS1.3:-CIPHER-ALL:+AES-128-GCM:-GROUP-ALL:"
                                       "+GROUP-X25519:%DISABLE_TLS13_COMPAT_MODE",
                                       nullptr) == 0);
        return out;
    }();
    return made;
}

gnutls_certificate_credentials_t no_certificate() {
    static const gnutls_certificate_credentials_t made = [] {
        gnutls_certificate_credentials_t out = nullptr;
        GC_ASSERT(gnutls_certificate_allocate_credentials(&out) == 0);
        return out;
    }();
    return made;
}

base::Bytes id_of(std::uint8_t fill, std::size_t size) { return base::Bytes(size, std::byte{fill}); }

}  // namespace

base::Bytes encode(const Parameters& parameters) {
    WireWriter out;
    for (const auto& [id, value] : parameters) out.varint(id).varint(value.size()).bytes(value);
    return out.take();
}

base::Bytes integer(std::uint64_t value) { return WireWriter{}.varint(value).take(); }

struct RawPeer::Tls {
    gnutls_session_t session = nullptr;

    static RawPeer& self(gnutls_session_t session) noexcept {
        return *static_cast<RawPeer*>(gnutls_session_get_ptr(session));
    }
    static int secret(gnutls_session_t session, gnutls_record_encryption_level_t level, const void* read,
                      const void* write, std::size_t size) {
        auto& space = self(session).spaces_[at(space_of(level))];
        ngtcp2_crypto_ctx context{};
        if (!ngtcp2_crypto_ctx_tls(&context, session)) return -1;
        const auto keys = [&](const void* raw) {
            return PacketKeys::from_secret({static_cast<const std::byte*>(raw), size}, context);
        };
        if (read) space.open.emplace(keys(read));
        if (write) space.seal.emplace(keys(write));
        return 0;
    }
    static int message(gnutls_session_t session, gnutls_record_encryption_level_t level,
                       gnutls_handshake_description_t type, const void* data, std::size_t size) {
        if (type == GNUTLS_HANDSHAKE_CHANGE_CIPHER_SPEC) return 0;
        auto& peer = self(session);
        const auto space = space_of(level);
        base::Bytes bytes = base::to_bytes(base::ByteView{static_cast<const std::byte*>(data), size});
        if (peer.options_.message) peer.options_.message(space, bytes);
        auto& out = peer.spaces_[at(space)].crypto_out;
        out.insert(out.end(), bytes.begin(), bytes.end());
        return 0;
    }
    static int alert(gnutls_session_t, gnutls_record_encryption_level_t, gnutls_alert_level_t,
                     gnutls_alert_description_t) {
        return 0;
    }
    static int parameters_received(gnutls_session_t, const unsigned char*, std::size_t) { return 0; }
    static int parameters_sent(gnutls_session_t session, gnutls_buffer_t out) {
        auto& peer = self(session);
        Parameters list;
        if (peer.options_.server) list.emplace_back(0x00, peer.first_id_);
        list.emplace_back(0x0f, peer.own_id_);
        list.emplace_back(0x01, integer(30'000));                                              // max_idle_timeout
        for (const std::uint64_t id : {4, 5, 6, 7}) list.emplace_back(id, integer(1u << 20));  // initial windows
        list.emplace_back(0x08, integer(100));     // initial_max_streams_bidi
        list.emplace_back(0x09, integer(100));     // initial_max_streams_uni
        list.emplace_back(0x0e, integer(4));       // active_connection_id_limit
        list.emplace_back(0x20, integer(65'535));  // max_datagram_frame_size
        const auto bytes = peer.options_.parameters ? peer.options_.parameters(std::move(list)) : encode(list);
        if (!bytes) return 0;
        if (bytes->empty()) return GNUTLS_E_INT_RET_0;  // an extension without content
        return gnutls_buffer_append_data(out, bytes->data(), bytes->size()) < 0 ? -1 : static_cast<int>(bytes->size());
    }
};

RawPeer::RawPeer(RawPeerOptions options)
    : options_{std::move(options)}, tls_{std::make_unique<Tls>()}, own_id_{id_of(0xa1, options_.id_bytes)} {
    const unsigned flags = options_.server ? GNUTLS_SERVER | GNUTLS_NO_AUTO_SEND_TICKET | GNUTLS_NO_END_OF_EARLY_DATA
                                           : GNUTLS_CLIENT | GNUTLS_NO_END_OF_EARLY_DATA;
    GC_ASSERT(gnutls_init(&tls_->session, flags) == 0);
    auto* const session = tls_->session;
    gnutls_session_set_ptr(session, this);
    GC_ASSERT(gnutls_priority_set(session, priorities()) == 0);
    gnutls_handshake_set_secret_function(session, Tls::secret);
    gnutls_handshake_set_read_function(session, Tls::message);
    gnutls_alert_set_read_function(session, Tls::alert);
    GC_ASSERT(gnutls_session_ext_register(session, "QUIC Transport Parameters", kParametersExtension, GNUTLS_EXT_TLS,
                                          Tls::parameters_received, Tls::parameters_sent, nullptr, nullptr, nullptr,
                                          GNUTLS_EXT_FLAG_TLS | GNUTLS_EXT_FLAG_CLIENT_HELLO | GNUTLS_EXT_FLAG_EE) ==
              0);
    GC_ASSERT(gnutls_credentials_set(session, GNUTLS_CRD_CERTIFICATE,
                                     options_.identity ? options_.identity->state().credentials : no_certificate()) ==
              0);
    std::vector<gnutls_datum_t> names;
    for (auto& name : options_.alpn) {
        names.push_back({reinterpret_cast<unsigned char*>(name.data()), static_cast<unsigned>(name.size())});
    }
    if (!names.empty()) {
        GC_ASSERT(gnutls_alpn_set_protocols(session, names.data(), static_cast<unsigned>(names.size()), 0) == 0);
    }
    if (options_.server) {
        gnutls_certificate_server_set_request(session, GNUTLS_CERT_IGNORE);
    } else {
        peer_id_ = id_of(0xb2, 8);
        use_first_id(peer_id_);
        advance();
    }
}

RawPeer::~RawPeer() { gnutls_deinit(tls_->session); }

void RawPeer::use_first_id(base::ByteView id) {
    first_id_ = base::to_bytes(id);
    auto& initial = spaces_[at(Space::initial)];
    initial.seal.emplace(PacketKeys::initial(id, !options_.server));
    initial.open.emplace(PacketKeys::initial(id, options_.server));
}

void RawPeer::advance() {
    if (done_ || tls_failed_) return;
    const int rv = gnutls_handshake(tls_->session);
    if (rv == 0) {
        done_ = true;
    } else if (gnutls_error_is_fatal(rv) != 0) {
        tls_failed_ = true;
    }
}

void RawPeer::receive(base::ByteView datagram) {
    if (options_.server && first_id_.empty()) {
        WireReader in{datagram};
        in.bytes(5);
        use_first_id(in.bytes(in.byte()));
    }
    for (const auto& packet : split_datagram(datagram, own_id_.size())) {
        auto& space = spaces_[at(packet.space)];
        if (!space.open) continue;
        const auto opened = space.open->open(packet.bytes, packet.number_at, space.largest);
        if (!opened) continue;
        if (packet.space != Space::app && !space.seen) peer_id_ = base::to_bytes(packet.source_id);
        if (!space.seen || opened->number > space.largest + 1) space.run_first = opened->number;
        space.largest = space.seen ? std::max(space.largest, opened->number) : opened->number;
        space.seen = true;
        read_frames(packet.space, opened->payload);
    }
}

void RawPeer::read_frames(Space space, base::ByteView payload) {
    auto& level = spaces_[at(space)];
    WireReader in{payload};
    while (!in.empty()) {
        const auto type = in.varint();
        ++frames_[type];
        if (type != 0x00 && type != 0x02 && type != 0x03 && type != 0x1c && type != 0x1d) level.ack_due = true;
        if (type == 0x06) {
            const auto offset = in.varint();
            const auto data = in.bytes(in.varint());
            if (!in.failed()) level.crypto_in.insert_or_assign(offset, base::to_bytes(data));
        } else if (type >= 0x08 && type <= 0x0f) {
            const auto id = in.varint();
            if (type & 4) in.varint();
            const auto data = in.bytes(type & 2 ? in.varint() : in.rest().size());
            auto& stream = streams_[id];
            stream.insert(stream.end(), data.begin(), data.end());
        } else if (type == 0x1c || type == 0x1d) {
            close_code_ = in.varint();
            return;
        } else if (!in.skip_frame(type)) {
            return;
        }
    }
    read_crypto(space);
}

void RawPeer::read_crypto(Space space) {
    auto& level = spaces_[at(space)];
    bool fresh = false;
    for (auto next = level.crypto_in.begin(); next != level.crypto_in.end() && next->first <= level.crypto_read;) {
        const auto known = level.crypto_read - next->first;
        if (known < next->second.size()) {
            const auto data = base::ByteView{next->second}.subspan(static_cast<std::size_t>(known));
            level.crypto_read += data.size();
            if (!tls_failed_ && gnutls_handshake_write(tls_->session, level_of(space), data.data(), data.size()) < 0) {
                tls_failed_ = true;
            }
            fresh = true;
        }
        next = level.crypto_in.erase(next);
    }
    if (fresh) advance();
}

std::vector<base::Bytes> RawPeer::flush() {
    std::vector<base::Bytes> out;
    for (const auto space : {Space::initial, Space::handshake, Space::app}) {
        auto& level = spaces_[at(space)];
        if (!level.seal) continue;
        const bool tell_done = space == Space::app && options_.server && done_ && !std::exchange(done_told_, done_);
        while (level.ack_due || !level.crypto_out.empty() || tell_done) {
            WireWriter frames;
            if (std::exchange(level.ack_due, false)) {
                frames.byte(0x02).varint(level.largest).varint(0).varint(0).varint(level.largest - level.run_first);
            }
            const auto size = std::min(level.crypto_out.size(), kCryptoPerPacket);
            if (size > 0) {
                frames.byte(0x06)
                    .varint(level.crypto_sent)
                    .varint(size)
                    .bytes(base::ByteView{level.crypto_out}.first(size));
                level.crypto_sent += size;
                level.crypto_out.erase(level.crypto_out.begin(),
                                       level.crypto_out.begin() + static_cast<std::ptrdiff_t>(size));
            }
            if (tell_done) frames.byte(0x1e);
            if (auto sealed = datagram(space, frames.view())) out.push_back(std::move(*sealed));
            if (tell_done) break;
        }
    }
    return out;
}

std::optional<base::Bytes> RawPeer::packet(Space space, base::ByteView payload, const PacketEdit& edit) {
    auto& level = spaces_[at(space)];
    if (!level.seal) return std::nullopt;
    const auto number = edit.number.value_or(level.next);
    level.next = std::max(level.next, number + 1) & ((1ULL << 62) - 1);
    const auto& to = edit.destination ? *edit.destination : peer_id_;
    WireWriter header;
    if (space == Space::app) {
        header.byte(0x40).bytes(to);
    } else {
        static constexpr std::uint8_t kTypes[] = {0xc0, 0xe0, 0xc0, 0xd0};
        header.byte(kTypes[at(space)]).u32(1).byte(static_cast<std::uint8_t>(to.size())).bytes(to);
        header.byte(static_cast<std::uint8_t>(own_id_.size())).bytes(own_id_);
        if (space == Space::initial) header.varint(0);
        const auto padded = std::max<std::size_t>(edit.number_bytes + payload.size(), 4);
        header.u16(static_cast<std::uint16_t>(0x4000 | (padded + PacketKeys::kTag)));
    }
    auto bytes = header.take();
    bytes[0] ^= std::byte{edit.first_xor};
    return level.seal->seal(bytes, number, edit.number_bytes, payload);
}

std::optional<base::Bytes> RawPeer::datagram(Space space, base::ByteView payload, const PacketEdit& edit) {
    auto body = base::to_bytes(payload);
    if (space == Space::initial) {
        // First byte, version, ids, token, length, number, tag.
        const auto around = 1 + 4 + 1 + peer_id_.size() + 1 + own_id_.size() + 1 + 2 + edit.number_bytes + 16;
        if (around + body.size() < kClientDatagram) body.resize(kClientDatagram - around);
    }
    return packet(space, body, edit);
}

std::uint64_t RawPeer::frames_seen(std::uint64_t type) const {
    const auto found = frames_.find(type);
    return found == frames_.end() ? 0 : found->second;
}

}  // namespace zquic::testkit

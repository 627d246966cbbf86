#pragma once
// A QUIC v1 peer that obeys only where told to: TLS by GnuTLS, and a writer that seals any frames in any packet.
// It has no loss recovery, no flow control and no timers, and answers nothing by itself.
//
//   RawPeer::flush()  ─▶ datagrams of the honest handshake ─▶ the victim
//   RawPeer::packet() ─▶ whatever the test wants           ─▶ the victim ─▶ RawPeer::receive()
//
// Used in memory by fuzzers and over sockets by tests. One thread.

#include <array>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "packet_keys.hpp"
#include "wire.hpp"
#include "zquic/tls.hpp"

struct gnutls_session_int;

namespace zquic::testkit {

/// Transport parameters (RFC 9000 section 18) in the order in which they are sent.
using Parameters = std::vector<std::pair<std::uint64_t, base::Bytes>>;
base::Bytes encode(const Parameters& parameters);
/// The value of an integer parameter.
base::Bytes integer(std::uint64_t value);

struct RawPeerOptions {
    bool server = false;
    std::vector<std::string> alpn{"test"};  ///< Empty: the extension is left out.
    std::size_t id_bytes = 8;               ///< Of its own connection id; 0: an empty one.
    const Identity* identity = nullptr;     ///< Servers need one. Outlives the peer.
    /// Changes the transport parameters; nothing returned: the extension is left out.
    std::function<std::optional<base::Bytes>(Parameters)> parameters;
    /// Changes a TLS handshake message before it leaves.
    std::function<void(Space, base::Bytes&)> message;
};

/// How a packet differs from a proper one.
struct PacketEdit {
    std::optional<std::uint64_t> number;
    std::size_t number_bytes = 4;
    std::uint8_t first_xor = 0;  ///< Before header protection.
    std::optional<base::Bytes> destination;
};

class RawPeer {
 public:
    explicit RawPeer(RawPeerOptions options);
    ~RawPeer();
    RawPeer(const RawPeer&) = delete;
    RawPeer& operator=(const RawPeer&) = delete;

    /// Reads a datagram of the victim. Its CRYPTO frames go to TLS.
    void receive(base::ByteView datagram);
    /// What an honest peer would send now: CRYPTO, acknowledgements, HANDSHAKE_DONE.
    std::vector<base::Bytes> flush();
    /// One sealed packet, or nothing while its keys are missing. Initial packets are not padded.
    std::optional<base::Bytes> packet(Space space, base::ByteView payload, const PacketEdit& edit = {});
    /// packet() as a datagram: a client's Initial gets PADDING up to 1,200 bytes.
    std::optional<base::Bytes> datagram(Space space, base::ByteView payload, const PacketEdit& edit = {});

    [[nodiscard]] bool has_keys(Space space) const noexcept { return spaces_[at(space)].seal.has_value(); }
    [[nodiscard]] bool done() const noexcept { return done_; }
    [[nodiscard]] bool tls_failed() const noexcept { return tls_failed_; }
    /// Of the victim's CONNECTION_CLOSE, transport or application.
    [[nodiscard]] std::optional<std::uint64_t> close_code() const noexcept { return close_code_; }
    [[nodiscard]] std::uint64_t next_number(Space space) const noexcept { return spaces_[at(space)].next; }
    void skip_numbers(Space space, std::uint64_t count) noexcept { spaces_[at(space)].next += count; }
    /// The highest packet number of the victim's that opened.
    [[nodiscard]] std::uint64_t largest_received(Space space) const noexcept { return spaces_[at(space)].largest; }
    /// Frames of the victim by type, in all spaces.
    [[nodiscard]] std::uint64_t frames_seen(std::uint64_t type) const;
    /// STREAM bytes of the victim, by stream, in the order of arrival.
    [[nodiscard]] const std::map<std::uint64_t, base::Bytes>& streams() const noexcept { return streams_; }
    [[nodiscard]] const base::Bytes& own_id() const noexcept { return own_id_; }
    [[nodiscard]] const base::Bytes& peer_id() const noexcept { return peer_id_; }
    [[nodiscard]] const base::Bytes& first_id() const noexcept { return first_id_; }
    /// Continues the CRYPTO stream of a space (after what TLS has sent there).
    std::uint64_t crypto_offset(Space space) const noexcept { return spaces_[at(space)].crypto_sent; }

    struct Tls;  ///< GnuTLS's callbacks.

 private:
    struct Level {
        std::optional<PacketKeys> seal;
        std::optional<PacketKeys> open;
        std::uint64_t next = 0;
        std::uint64_t largest = 0;
        std::uint64_t run_first = 0;  ///< All numbers from here to `largest` have come.
        bool seen = false;
        bool ack_due = false;
        base::Bytes crypto_out;
        std::uint64_t crypto_sent = 0;
        std::map<std::uint64_t, base::Bytes> crypto_in;
        std::uint64_t crypto_read = 0;
    };
    static std::size_t at(Space space) noexcept { return static_cast<std::size_t>(space); }
    void use_first_id(base::ByteView id);
    void read_frames(Space space, base::ByteView payload);
    void read_crypto(Space space);
    void advance();

    RawPeerOptions options_;
    std::unique_ptr<Tls> tls_;
    std::array<Level, 4> spaces_;
    base::Bytes own_id_;
    base::Bytes peer_id_;
    base::Bytes first_id_;
    std::map<std::uint64_t, std::uint64_t> frames_;
    std::map<std::uint64_t, base::Bytes> streams_;
    std::optional<std::uint64_t> close_code_;
    bool done_ = false;
    bool done_told_ = false;
    bool tls_failed_ = false;
};

}  // namespace zquic::testkit

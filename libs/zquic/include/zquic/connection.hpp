#pragma once
// One QUIC connection (RFC 9000), client or server.
//
//   connecting ─▶ connected ─▶ closing (we closed) ─▶ on_closed, gone
//                          └─▶ draining (the peer closed, or silence) ─▶ on_closed, gone
//
// Thread: the reactor of its endpoint. Lifetime: until its handler's on_closed() has returned; every callback may call
// anything on it. Callbacks record; one write pass at the end of the reactor's turn sends.

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "base/bytes.hpp"
#include "zquic/error.hpp"
#include "zquic/stream.hpp"
#include "zquic/tls.hpp"

namespace io {
class Reactor;
class SocketAddress;
}  // namespace io

namespace zquic {

class Connection;
class Endpoint;

enum class ConnectionState : std::uint8_t { connecting, connected, closing, draining };

/// Why a connection ended.
enum class CloseCause : std::uint8_t {
    local,             ///< We called close(), or the endpoint drained.
    peer_application,  ///< The peer closed with an application code.
    peer_transport,    ///< The peer closed with a transport code (RFC 9000 section 20), TLS alerts included.
    protocol_error,    ///< The peer broke a rule; `code` is the transport code that it was told.
    handshake_failed,  ///< TLS failed here: certificate refused, no common ALPN. `code` = 0x100 + alert.
    idle_timeout,
    handshake_timeout,
    stateless_reset,  ///< The peer lost its state.
    version_refused,  ///< No common QUIC version.
    network,          ///< The socket failed for good.
};
std::string_view to_string(CloseCause cause) noexcept;

struct CloseInfo {
    CloseCause cause = CloseCause::local;
    std::uint64_t code = 0;  ///< Application code for local and peer_application, else a transport code.
    std::string
        reason;  ///< The peer's words, at most 256 bytes: log them escaped. Ours for local. Empty for most causes.
};

struct ConnectionStats {
    std::uint64_t smoothed_rtt_us = 0;
    std::uint64_t min_rtt_us = 0;
    std::uint64_t latest_rtt_us = 0;
    std::uint64_t rtt_variation_us = 0;
    std::uint64_t congestion_window_bytes = 0;
    std::uint64_t bytes_in_flight = 0;
    std::uint64_t slow_start_threshold_bytes = 0;
    std::uint64_t bytes_sent = 0;      ///< UDP payload.
    std::uint64_t bytes_received = 0;  ///< UDP payload.
    std::uint64_t packets_sent = 0;
    std::uint64_t packets_received = 0;
    std::uint64_t packets_lost = 0;    ///< Of those that carried stream data.
    std::uint64_t path_mtu_bytes = 0;  ///< Largest UDP payload that is sent now.
    std::uint64_t streams_open = 0;
};

class ConnectionHandler {
 public:
    virtual ~ConnectionHandler() = default;
    /// TLS has finished and the peer was accepted: alpn(), peer_certificate() and exporter() work. Streams may be
    /// opened and datagrams sent.
    virtual void on_handshake_done(Connection& connection);
    /// The peer opened a stream. Give it a handler before returning, or it is reset with code 0.
    virtual void on_stream(Connection& connection, Stream& stream);
    /// An unreliable datagram (RFC 9221), borrowed for the call.
    virtual void on_datagram(Connection& connection, base::ByteView datagram);
    /// The peer allows more streams than before.
    virtual void on_streams_available(Connection& connection, Direction direction);
    /// The write pass is about to send: the last moment to queue data that should leave in this turn.
    virtual void on_write_pass(Connection& connection);
    /// The last call; all streams have been closed before it, and the connection is gone when it returns.
    virtual void on_closed(Connection& connection, const CloseInfo& info);
};

class Connection {
 public:
    virtual ~Connection() = default;
    Connection(const Connection&) = delete;
    Connection& operator=(const Connection&) = delete;

    /// Replaces the handler; the connection shares its ownership.
    virtual void set_handler(std::shared_ptr<ConnectionHandler> handler) = 0;

    /// Opens a stream. `stream_limit` when the peer allows no more now (wait for on_streams_available), `not_ready`
    /// before the handshake, `closed` afterwards.
    virtual base::Result<Stream*> open_stream(Direction direction, std::shared_ptr<StreamHandler> handler) = 0;
    /// How many further streams open_stream() could open now.
    [[nodiscard]] virtual std::uint64_t streams_left(Direction direction) const noexcept = 0;
    /// Lets the peer open more streams than those that it opened and that have closed (each closed one is replaced).
    virtual void extend_peer_streams(Direction direction, std::uint64_t count) = 0;

    /// Queues an unreliable datagram. `too_large`, `not_supported`, `not_ready`, or `blocked` when too many wait.
    virtual base::Result<void> send_datagram(Buffer datagram) = 0;
    /// The largest payload that send_datagram() takes now; 0 when the peer does not receive datagrams.
    [[nodiscard]] virtual std::size_t datagram_bytes_max() const noexcept = 0;

    /// CONNECTION_CLOSE with an application code; `reason` is cut at 256 bytes. on_closed follows within the turn.
    virtual void close(std::uint64_t code, std::string_view reason) = 0;

    [[nodiscard]] virtual ConnectionState state() const noexcept = 0;
    [[nodiscard]] virtual bool is_server() const noexcept = 0;
    [[nodiscard]] virtual ConnectionStats stats() const noexcept = 0;
    /// The negotiated protocol; empty before the handshake is done.
    [[nodiscard]] virtual std::string_view alpn() const noexcept = 0;
    /// The name the client asked for (SNI); empty when none.
    [[nodiscard]] virtual std::string_view server_name() const noexcept = 0;
    [[nodiscard]] virtual const io::SocketAddress& remote_address() const noexcept = 0;
    [[nodiscard]] virtual const io::SocketAddress& local_address() const noexcept = 0;
    /// What the peer presented. `der` and `spki` stay only with Settings::keep_peer_certificate, else they are empty
    /// after on_handshake_done; the Ed25519 key always stays.
    [[nodiscard]] virtual PeerCertificate peer_certificate() const noexcept = 0;
    /// The peer's Ed25519 key, once it has proved it.
    [[nodiscard]] std::optional<PublicKey> peer_key() const noexcept { return peer_certificate().ed25519_key; }
    /// Keying material (RFC 8446 section 7.5). From on_handshake_done until that returns; later only with
    /// Settings::keep_tls, since the TLS session is freed then (`not_ready`).
    [[nodiscard]] virtual base::Result<base::Bytes> exporter(std::string_view label, base::ByteView context,
                                                             std::size_t length) const = 0;
    /// Client only, after the handshake: moves to a new local UDP socket bound to `local` (port 0: any) after
    /// validating the path (RFC 9000 section 9). `not_ready` before the handshake is confirmed and from inside a
    /// callback that a received packet caused.
    virtual base::Result<void> migrate(const io::SocketAddress& local) = 0;
    /// Starts a key update (RFC 9001 section 6). `not_ready` too soon after the last one (some packets must have been
    /// exchanged and three probe timeouts have passed), and from inside a callback that a received packet caused.
    virtual base::Result<void> update_keys() = 0;
    /// Asks for a write pass in this turn: on_write_pass() will be called.
    virtual void request_write_pass() noexcept = 0;

    [[nodiscard]] virtual io::Reactor& reactor() noexcept = 0;
    [[nodiscard]] virtual Endpoint& endpoint() noexcept = 0;
    /// Our first connection id in hexadecimal: the name of its qlog file.
    [[nodiscard]] virtual std::string trace_id() const = 0;

 protected:
    Connection() = default;
};

}  // namespace zquic

#pragma once
// One UDP socket with the connections on it, client and server at once, on one reactor.
//
// Routing: connection ids we issue are 16 bytes that carry the worker they belong to, masked with the cluster's key, so
// that a datagram that the kernel gave to the wrong SO_REUSEPORT socket is posted to its owner (WorkerEndpoints).

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/random.hpp"
#include "io/address.hpp"
#include "zquic/connection.hpp"
#include "zquic/tls.hpp"

namespace io {
class Reactor;
}

namespace zquic {

enum class CongestionControl : std::uint8_t { cubic, bbr, reno };

/// What a connection is made with. The defaults suit services on one machine or in one data centre.
struct Settings {
    std::uint64_t idle_timeout_ms = 30'000;  ///< 0: none. The smaller of both sides' counts.
    std::uint64_t handshake_timeout_ms = 10'000;
    std::uint64_t keep_alive_ms = 0;    ///< PING after so much silence; 0: none.
    std::uint64_t initial_rtt_ms = 10;  ///< RFC 9002 says 333; local links lose seconds with that.
    CongestionControl congestion_control = CongestionControl::cubic;
    std::uint64_t max_ack_delay_ms = 25;  ///< Ours; at most 16,383.

    std::uint64_t connection_window_bytes = 1u << 20;       ///< Receive credit at the start …
    std::uint64_t connection_window_bytes_max = 24u << 20;  ///< … and what it may grow to.
    std::uint64_t stream_window_bytes = 256u << 10;
    std::uint64_t stream_window_bytes_max = 8u << 20;
    std::uint64_t max_streams_bidi = 128;  ///< Concurrent streams that the peer may open.
    std::uint64_t max_streams_uni = 16;
    std::size_t stream_send_queue_bytes = 256u << 10;  ///< See Stream::write.

    bool datagrams = true;                       ///< Receive RFC 9221 datagrams.
    std::size_t datagram_queue_max = 256;        ///< Waiting to be sent.
    bool path_mtu_discovery = true;              ///< RFC 8899; else 1200-byte datagrams.
    std::uint16_t udp_payload_bytes_max = 1452;  ///< 1200..1452.
    bool keep_tls = false;                       ///< Keep the TLS session for exporter() (about 10 KB).
    bool keep_peer_certificate = false;          ///< Keep its DER after on_handshake_done.
    bool session_tickets = false;                ///< Not available yet: `bad_config` when set.

    std::string qlog_dir;     ///< One <trace_id>.sqlog a connection; empty: none. The folder must exist.
    std::string keylog_file;  ///< NSS key log, appended, for Wireshark. Whoever has it reads everything. Empty: none.
};

struct EndpointConfig {
    io::SocketAddress address;         ///< Empty: [::]:0, or 0.0.0.0:0 without IPv6.
    Settings settings;                 ///< For accepted connections, and the default for connect().
    std::optional<Identity> identity;  ///< Needed by listen().
    ClientCertificate client_certificate = ClientCertificate::none;
    std::optional<PeerVerifier> client_verifier;  ///< Needed unless client_certificate is none.

    std::size_t connections_max = 200'000;  ///< The last eighth is for networks that remember_peer() named, if any.
    /// Handshakes of incoming connections at one time. An eighth is kept for networks that remember_peer() named. One
    /// network (an IPv4 host, an IPv6 /64) holds at most a quarter of each part. A newcomer beyond a bound takes the
    /// place of the oldest one of his network, or of the network that holds most.
    std::size_t half_open_max = 4'096;
    /// From here on clients must prove their address with Retry; those of one network from an eighth. 0: always.
    std::size_t retry_above_half_open = 512;
    std::size_t socket_buffer_bytes = 4u << 20;
    bool reuse_port = false;
    base::Random* random = &base::system_random();  ///< Outlives the endpoint.
};

struct ConnectOptions {
    io::SocketAddress address;
    std::string server_name;               ///< SNI, and what CertificateAuthorities checks. May be empty.
    std::vector<std::string> alpn;         ///< Our protocols, best first; at least one.
    std::optional<PeerVerifier> verifier;  ///< Required: there is no default trust.
    std::optional<Identity> identity;      ///< Our certificate, when the server asks.
    std::optional<Settings> settings;      ///< Else the endpoint's.
};

/// Called for each incoming connection when TLS has accepted the client and chosen the protocol (alpn(), peer_key() and
/// server_name() work), right before on_handshake_done of the handler that it returns. A null handler refuses the
/// connection (CONNECTION_REFUSED).
using HandlerFactory = std::function<std::shared_ptr<ConnectionHandler>(Connection& connection)>;

struct EndpointStats {
    std::uint64_t connections = 0;  ///< Alive now, closing ones included.
    std::uint64_t half_open = 0;    ///< Of these: incoming and still in the handshake.
    std::uint64_t accepted = 0;     ///< Handshakes finished as a server, ever.
    std::uint64_t connected = 0;    ///< Handshakes finished as a client, ever.
    std::uint64_t handshakes_failed = 0;
    std::uint64_t half_open_evicted = 0;  ///< Of these: ended to make room for a newcomer.
    std::uint64_t known_networks = 0;     ///< See remember_peer(). At most 1,024.
    std::uint64_t retries_sent = 0;
    std::uint64_t version_negotiations_sent = 0;
    std::uint64_t stateless_resets_sent = 0;
    std::uint64_t dropped_malformed = 0;  ///< Datagrams that are no QUIC, or belong to nobody.
    std::uint64_t dropped_overload = 0;   ///< First packets beyond connections_max or a turn's room, or while draining.
    std::uint64_t forwarded = 0;          ///< Posted to the worker that owns them.
    std::uint64_t datagrams_received = 0;
    std::uint64_t datagrams_sent = 0;
    std::uint64_t bytes_received = 0;
    std::uint64_t bytes_sent = 0;
};

class Endpoint {
 public:
    /// Binds the socket. Thread: the reactor's, or the one that made the reactor before it runs.
    static base::Checked<std::unique_ptr<Endpoint>> make(io::Reactor& reactor, EndpointConfig config);
    /// Closes every connection at once (code 0); handlers see on_closed. Not from inside a callback of this endpoint.
    ~Endpoint();
    Endpoint(const Endpoint&) = delete;
    Endpoint& operator=(const Endpoint&) = delete;

    /// Serves a protocol. Several calls, one a protocol, share the socket. `alpn_in_use`, `bad_config` without
    /// identity.
    base::Checked<void> listen(const std::vector<std::string>& alpn, HandlerFactory factory);
    /// Starts a connection; its outcome arrives through `handler` (on_handshake_done or on_closed), never before this
    /// returns. The connection is valid until on_closed returns.
    base::Result<Connection*> connect(ConnectOptions options, std::shared_ptr<ConnectionHandler> handler);

    /// A peer that is listed came from `peer`: the next handshakes of its network use the room that is kept for such
    /// ones. The 1,024 latest networks are remembered.
    void remember_peer(const io::SocketAddress& peer);

    /// Accepts no further connections; those that exist go on. Layers above send their own goodbye (h3: GOAWAY).
    void stop_accepting();
    /// stop_accepting(), then waits until the connections have gone or `timeout_ms` has passed, closes the rest with
    /// `code`, and calls `done` (from the reactor; at once in the next turn when there are none).
    void drain(std::uint64_t timeout_ms, std::uint64_t code, std::move_only_function<void()> done);

    [[nodiscard]] const io::SocketAddress& bound_address() const noexcept;
    [[nodiscard]] EndpointStats stats() const noexcept;
    [[nodiscard]] io::Reactor& reactor() noexcept;
    [[nodiscard]] bool draining() const noexcept;

    class Impl;  ///< Private to the library.
    [[nodiscard]] Impl& impl() noexcept { return *impl_; }

 private:
    friend class WorkerEndpoints;
    explicit Endpoint(std::unique_ptr<Impl> impl) noexcept;
    std::unique_ptr<Impl> impl_;
};

}  // namespace zquic

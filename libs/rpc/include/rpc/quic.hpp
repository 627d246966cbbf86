#pragma once
// Binds Server and Channel to HTTP/3 over QUIC with mutual TLS: both sides present an Ed25519 key and accept only keys
// they know.

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/result.hpp"
#include "io/address.hpp"
#include "rpc/client.hpp"
#include "rpc/server.hpp"
#include "rpc/stream.hpp"
#include "zquic/endpoint.hpp"
#include "zquic/h3.hpp"
#include "zquic/tls.hpp"

namespace rpc {

/// What calls want of QUIC: many concurrent streams (the limit of concurrent calls on one connection), keep-alive below
/// the idle timeout.
zquic::Settings default_quic_settings();

struct QuicClientOptions {
    io::SocketAddress server;
    std::vector<zquic::PublicKey> server_keys;  ///< Accepted; the handshake fails with any other. At least one.
    std::optional<zquic::Identity> identity{};  ///< Shown to the server.
    std::string server_name = "ghost";          ///< SNI.
    zquic::Settings settings = default_quic_settings();
    /// zquic_* of a socket of its own; null: none. Outlives the connector and its connections.
    base::MetricsRegistry* metrics = nullptr;
};
/// Opens its own UDP socket with the first connection. `reactor` outlives it.
std::unique_ptr<Connector> make_quic_connector(io::Reactor& reactor, QuicClientOptions options);
/// On an endpoint that others use too; it must outlive the connector. options.settings counts.
std::unique_ptr<Connector> make_quic_connector(zquic::Endpoint& endpoint, QuicClientOptions options);

struct QuicServerOptions {
    io::SocketAddress address;  ///< Empty: [::] and a free port.
    zquic::Identity identity;
    /// Whether a client with this key may connect; what it may call is the authorizer's business. Empty: any client
    /// that proves an Ed25519 key. A client without a certificate never gets in.
    std::function<bool(const zquic::PublicKey&)> accept_key{};
    /// Whether a client that was let in is a guest. Of those at most guests_max are connected at a time, from one
    /// network (io::network_of) guests_per_network_max; one more is closed at once (request_rejected). Empty: nobody
    /// is.
    std::function<bool(const zquic::PublicKey&)> is_guest{};
    std::size_t guests_max = 0;
    std::size_t guests_per_network_max = 0;
    std::size_t connections_max = zquic::EndpointConfig{}.connections_max;
    /// See zquic::EndpointConfig.
    std::size_t half_open_max = zquic::EndpointConfig{}.half_open_max;
    std::size_t retry_above_half_open = zquic::EndpointConfig{}.retry_above_half_open;
    /// Requests a second that one client may abort, and at once; see zquic::h3::Limits. 0: any number.
    std::uint32_t resets_per_s = 0;
    std::uint32_t resets_burst = 0;
    /// keep_alive_ms does not count: a server that kept silent clients alive would never be rid of them.
    zquic::Settings settings = default_quic_settings();
};

/// Serves `server` on a UDP port. Thread: the server's reactor (or the thread that made it, before it runs).
/// Destroying it closes every connection. The Server must outlive it. With ServerOptions::metrics, zquic_* are kept.
class QuicListener {
 public:
    /// The text names the address: "[::]:50051: address in use".
    static base::Checked<std::unique_ptr<QuicListener>> start(Server& server, QuicServerOptions options);
    /// On an endpoint that serves other protocols too; its own settings and verifier count. It must outlive this.
    static base::Checked<std::unique_ptr<QuicListener>> attach(Server& server, zquic::Endpoint& endpoint);
    ~QuicListener();
    QuicListener(const QuicListener&) = delete;
    QuicListener& operator=(const QuicListener&) = delete;

    [[nodiscard]] const io::SocketAddress& bound_address() const noexcept;
    [[nodiscard]] zquic::Endpoint& endpoint() noexcept;
    /// GOAWAY on every connection and Server::drain(): calls under way end, at most `timeout_ns` later all is closed;
    /// then `done`.
    void drain(std::uint64_t timeout_ns, io::Task done);

 private:
    struct State;
    explicit QuicListener(std::unique_ptr<State> state) noexcept;
    std::unique_ptr<State> state_;
};

}  // namespace rpc

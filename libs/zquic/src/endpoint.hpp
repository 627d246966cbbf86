#pragma once
// The inside of an endpoint: routing table, acceptance, the write pass over dirty connections.
//
//   datagram ─▶ connection id ─▶ ours? ─▶ connection.receive()
//                               ├─▶ another worker's? ─▶ posted to it
//                               ├─▶ lingering? ─▶ repeat the CONNECTION_CLOSE, now and then
//                               └─▶ unknown: short ─▶ stateless reset
//                                            Initial, version ─▶ newcomers ─▶ (end of the turn) Retry, accept,
//                                            negotiate

#include <atomic>
#include <deque>
#include <map>
#include <unordered_map>

#include "connection.hpp"
#include "connection_id.hpp"
#include "held_datagrams.hpp"
#include "io/reactor.hpp"
#include "io/timer.hpp"
#include "io/udp.hpp"
#include "known_networks.hpp"
#include "network_shares.hpp"
#include "newcomers.hpp"
#include "watcher.hpp"
#include "zquic/endpoint.hpp"

namespace zquic {

/// What the endpoints of one port share. Immutable after setup, except for `endpoint`, which belongs to its thread.
struct Cluster {
    ConnectionIdCodec::Key id_key{};
    ConnectionIdCodec::Key hash_key{};
    base::FixedBytes<32> reset_secret{};
    base::FixedBytes<32> token_secret{};
    struct Worker {
        io::Reactor* reactor = nullptr;
        Endpoint::Impl* endpoint = nullptr;  ///< Touched on the reactor's thread only.
    };
    std::vector<Worker> workers;

    static std::shared_ptr<Cluster> make(std::size_t workers, base::Random& random);
};

struct ListenEntry {
    std::string alpn;
    std::shared_ptr<HandlerFactory> factory;
};

class Endpoint::Impl {
 public:
    static base::Checked<std::unique_ptr<Impl>> make(io::Reactor& reactor, EndpointConfig config,
                                                     std::shared_ptr<Cluster> cluster, std::uint16_t worker);
    ~Impl();
    Impl(const Impl&) = delete;
    Impl& operator=(const Impl&) = delete;

    base::Checked<void> listen(const std::vector<std::string>& alpn, HandlerFactory factory);
    base::Result<Connection*> connect(ConnectOptions options, std::shared_ptr<ConnectionHandler> handler);
    void stop_accepting() noexcept { accepting_ = false; }
    void drain(std::uint64_t timeout_ms, std::uint64_t code, std::move_only_function<void()> done);
    /// Ends all connections at once and forgets those that ended before. Handlers see on_closed.
    void clear();
    [[nodiscard]] EndpointStats stats() const noexcept;
    [[nodiscard]] bool draining() const noexcept { return !accepting_; }

    /// One datagram; `on_wire` false when another worker forwarded it.
    void receive(io::UdpSocket& socket, const io::Datagram& datagram, bool on_wire);
    void receive_for(ConnectionImpl& connection, io::UdpSocket& socket, const io::Datagram& datagram);

    // For connections.
    void mark_dirty(ConnectionImpl& connection);
    void add_route(const ngtcp2_cid& id, ConnectionImpl& connection);
    /// Nothing when the id belongs to somebody else by now.
    void remove_route(const ngtcp2_cid& id, const ConnectionImpl& connection) noexcept;
    void send(io::UdpSocket& socket, const io::Transmit& transmit) {
        if (watcher_) return watcher_->sent(transmit);
        held_.send(socket, transmit);
    }
    /// `socket` is about to go: what it did not take goes with it.
    void forget_socket(const io::UdpSocket& socket) {
        held_.forget(socket);
        newcomers_.forget(socket);
    }
    [[nodiscard]] bool socket_blocked() const noexcept { return !held_.empty(); }
    [[nodiscard]] ngtcp2_cid new_id() noexcept { return codec_.issue(worker_, *config_.random); }
    void reset_token(const ngtcp2_cid& id, std::uint8_t* token) const noexcept;
    void linger(const ConnectionImpl& connection, base::Bytes close_packet, const PathInfo& path);
    [[nodiscard]] std::uint64_t now() const noexcept { return reactor_.now_ns(); }
    [[nodiscard]] const HandlerFactory* find_factory(std::string_view alpn) const noexcept;
    void handshake_finished(const ConnectionImpl& connection, bool success) noexcept;
    void remember_peer(const io::SocketAddress& peer) { known_.remember(peer); }

    io::Reactor& reactor_;
    EndpointConfig config_;
    std::shared_ptr<const Settings> settings_;
    std::unique_ptr<io::UdpSocket> socket_;
    Credentials server_credentials_;
    std::vector<std::string> alpn_;
    Endpoint* owner_ = nullptr;
    std::unique_ptr<std::uint8_t[]> train_buffer_;
    Watcher* watcher_ = nullptr;  ///< Outlives the endpoint.

 private:
    /// A connection that has ended: its ids stay known for a while (RFC 9000 section 10.2).
    struct Lingering {
        std::vector<ngtcp2_cid> ids;
        base::Bytes close_packet;  ///< Empty when the peer closed: its packets are just absorbed.
        PathInfo path;
        std::uint64_t until_ns = 0;
        std::uint64_t received = 0;
    };
    struct Route {
        ConnectionImpl* connection = nullptr;
        Lingering* lingering = nullptr;
    };
    struct DrainState {
        std::uint64_t code;
        std::move_only_function<void()> done;
    };

    Impl(io::Reactor& reactor, EndpointConfig config, std::shared_ptr<Cluster> cluster, std::uint16_t worker);
    void run_pass();
    void wait_as_newcomer(io::UdpSocket& socket, const io::Datagram& datagram);
    void serve_newcomer(io::UdpSocket& socket, const io::Datagram& datagram);
    void remove(ConnectionImpl& connection);
    /// Handshakes of `peer` count in one of two parts: networks of listed peers have their own.
    [[nodiscard]] bool has_connection_room(const io::SocketAddress& peer) const noexcept;
    void make_half_open_room(bool known, const io::SocketAddress& peer);
    void check_drained();
    void accept(io::UdpSocket& socket, const io::Datagram& datagram);
    void send_version_negotiation(io::UdpSocket& socket, const io::Datagram& datagram, const ngtcp2_version_cid& ids);
    void send_retry(io::UdpSocket& socket, const io::Datagram& datagram, const ngtcp2_pkt_hd& header);
    void send_stateless_reset(io::UdpSocket& socket, const io::Datagram& datagram, base::ByteView id);
    void send_refusal(io::UdpSocket& socket, const io::Datagram& datagram, const ngtcp2_pkt_hd& header,
                      std::uint64_t code);
    void reply(io::UdpSocket& socket, const io::Datagram& datagram, base::ByteView packet);
    /// True when it ended one of our connections.
    bool is_stateless_reset(io::UdpSocket& socket, const io::Datagram& datagram);
    bool forward(std::uint16_t worker, const io::Datagram& datagram);
    void answer_lingering(Lingering& lingering);
    void expire_lingering();
    [[nodiscard]] bool take_reset_permit() noexcept;

    std::shared_ptr<Cluster> cluster_;
    ConnectionIdCodec codec_;
    std::uint16_t worker_;
    bool accepting_ = true;
    bool passing_ = false;
    bool destroying_ = false;
    std::vector<ListenEntry> listeners_;
    std::unordered_map<IdKey, Route, IdHash> routes_;  // keyed: IdHash
    std::vector<std::unique_ptr<ConnectionImpl>> connections_;
    /// Where our own connections go to: a stateless reset has no id of ours to route by (RFC 9000 section 10.3.1).
    std::multimap<io::SocketAddress, ConnectionImpl*, io::AddressLess> dialed_;
    std::vector<ConnectionImpl*> dirty_;
    std::vector<ConnectionImpl*> passing_list_;
    std::deque<std::unique_ptr<Lingering>> lingering_;
    HeldDatagrams<io::UdpSocket> held_;
    Newcomers newcomers_;
    KnownNetworks known_;
    NetworkShares<ConnectionImpl> half_open_strangers_;
    NetworkShares<ConnectionImpl> half_open_known_;
    std::unique_ptr<DrainState> drain_;
    EndpointStats counters_;
    std::uint64_t reset_tokens_ = 0;
    std::uint64_t reset_refill_ns_ = 0;
    io::Deferred pass_;
    io::Timer linger_timer_;
    io::Timer drain_timer_;
};

}  // namespace zquic

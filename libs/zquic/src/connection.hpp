#pragma once
// A connection over libngtcp2 1.11. Three files: connection.cpp (what users call, life and death),
// connection_engine.cpp (setup and callbacks of the engine), connection_write.cpp (the write pass).
//
// Rules of the engine that shape this class:
//  - a timestamp must not be older than an earlier one: everything uses the reactor's time of this turn;
//  - reading and writing must not happen inside its callbacks: those record, or call the user, who can only record;
//  - after WRITE_MORE only further writes are allowed until the packet is finished;
//  - the TLS session is freed after read_pkt has returned, and the engine's handle to it is set to null.

#include <ngtcp2/ngtcp2.h>
#include <ngtcp2/ngtcp2_crypto.h>

#include <deque>
#include <memory>
#include <string>
#include <unordered_map>
#include <vector>

#include "frame_scan.hpp"
#include "io/address.hpp"
#include "io/timer.hpp"
#include "io/udp.hpp"
#include "peer_check.hpp"
#include "qlog.hpp"
#include "stream.hpp"
#include "tls_session.hpp"
#include "zquic/connection.hpp"
#include "zquic/endpoint.hpp"

namespace zquic {

/// Where a datagram came from or goes to: the socket, and the two addresses.
struct PathInfo {
    io::UdpSocket* socket = nullptr;
    io::SocketAddress local;
    io::SocketAddress remote;
};

/// Borrows `path`.
ngtcp2_path native_path(const PathInfo& path) noexcept;
/// The address that the kernel would send from to reach `peer`, with `bound`'s port. `bound` itself when it is
/// specific.
base::Result<io::SocketAddress> source_address(const io::SocketAddress& bound, const io::SocketAddress& peer);

struct AcceptInfo {
    const ngtcp2_pkt_hd* header = nullptr;
    PathInfo path;
    std::optional<ngtcp2_cid> original_id;  ///< Set when the client came back from our Retry.
};

class ConnectionImpl final : public Connection {
 public:
    static base::Result<std::unique_ptr<ConnectionImpl>> make_server(Endpoint::Impl& endpoint,
                                                                     const AcceptInfo& accept);
    static base::Result<std::unique_ptr<ConnectionImpl>> make_client(Endpoint::Impl& endpoint, ConnectOptions options,
                                                                     PathInfo path,
                                                                     std::shared_ptr<ConnectionHandler> handler);
    ~ConnectionImpl() override;

    // Connection
    void set_handler(std::shared_ptr<ConnectionHandler> handler) override { handler_ = std::move(handler); }
    base::Result<Stream*> open_stream(Direction direction, std::shared_ptr<StreamHandler> handler) override;
    [[nodiscard]] std::uint64_t streams_left(Direction direction) const noexcept override;
    void extend_peer_streams(Direction direction, std::uint64_t count) override;
    base::Result<void> send_datagram(Buffer datagram) override;
    [[nodiscard]] std::size_t datagram_bytes_max() const noexcept override;
    void close(std::uint64_t code, std::string_view reason) override;
    [[nodiscard]] ConnectionState state() const noexcept override;
    [[nodiscard]] bool is_server() const noexcept override { return server_; }
    [[nodiscard]] ConnectionStats stats() const noexcept override;
    [[nodiscard]] std::string_view alpn() const noexcept override { return alpn_; }
    [[nodiscard]] std::string_view server_name() const noexcept override { return server_name_; }
    [[nodiscard]] const io::SocketAddress& remote_address() const noexcept override { return remote_; }
    [[nodiscard]] const io::SocketAddress& local_address() const noexcept override { return local_; }
    [[nodiscard]] PeerCertificate peer_certificate() const noexcept override;
    [[nodiscard]] base::Result<base::Bytes> exporter(std::string_view label, base::ByteView context,
                                                     std::size_t length) const override;
    base::Result<void> migrate(const io::SocketAddress& local) override;
    base::Result<void> update_keys() override;
    void request_write_pass() noexcept override;
    [[nodiscard]] io::Reactor& reactor() noexcept override;
    [[nodiscard]] Endpoint& endpoint() noexcept override;
    [[nodiscard]] std::string trace_id() const override;

    // For the endpoint.
    void receive(const PathInfo& path, io::Ecn ecn, base::ByteView datagram);
    /// Everything that sends: on_write_pass, packets, events. False when the connection has ended: end_now() is due.
    bool run_write_pass();
    /// Tells everybody and sends the last packet. The connection is destroyed by the caller afterwards.
    void end_now();
    void end(CloseInfo info, const ngtcp2_ccerr* tell_peer);
    /// Ends it with CONNECTION_REFUSED (RFC 9000 section 20.1).
    void refuse();
    [[nodiscard]] bool ended() const noexcept { return ending_ != nullptr; }
    [[nodiscard]] bool handshake_done() const noexcept { return handshake_done_; }
    [[nodiscard]] bool half_open() const noexcept { return server_ && !handshake_done_; }
    [[nodiscard]] const std::vector<ngtcp2_cid>& ids() const noexcept { return ids_; }
    [[nodiscard]] std::uint64_t linger_ns() const noexcept;
    bool dirty = false;     ///< In the endpoint's list for the write pass.
    std::size_t index = 0;  ///< In the endpoint's table.

    // For streams.
    [[nodiscard]] const Settings& settings() const noexcept { return *settings_; }
    [[nodiscard]] ReadyList& ready_streams() noexcept { return ready_; }
    void stream_ready(StreamImpl& stream);
    void return_credit(StreamImpl& stream, std::uint64_t bytes);
    void abort_sending(StreamImpl& stream, std::uint64_t code);
    void abort_receiving(StreamImpl& stream, std::uint64_t code);
    void queue_event(StreamImpl& stream);

    // For the engine's C callbacks (connection_engine.cpp) and TLS.
    struct Callbacks;
    [[nodiscard]] ngtcp2_conn* native() const noexcept { return conn_; }

 private:
    struct Ending {
        CloseInfo info;
        ngtcp2_ccerr error{};
        bool tell_peer = false;
        std::string reason;
    };
    /// A train of packets under construction in the endpoint's buffer.
    struct Train;
    enum class WriteStep : std::uint8_t { packet, nothing, more, failed };

    ConnectionImpl(Endpoint::Impl& endpoint, std::shared_ptr<const Settings> settings, bool server);
    base::Result<void> start_engine(const AcceptInfo* accept, const PathInfo& path);
    base::Result<void> start_tls(std::span<const std::string> alpn, const Credentials& credentials);
    int on_handshake_completed();
    int read_packet(const ngtcp2_path& path, const ngtcp2_pkt_info& info, base::ByteView datagram);
    /// Looks at the frames of a 1-RTT packet. False: the engine must not see them.
    bool may_read(base::ByteView frames);
    [[nodiscard]] StreamImpl* find_stream(std::uint64_t id) const noexcept;
    [[nodiscard]] bool verify_peer();
    void free_tls_if_done();
    StreamImpl& add_stream(std::int64_t id, bool local);
    void destroy_stream(StreamImpl& stream);
    void deliver_events();
    void handle_timer();
    void arm_timer();
    void fail_engine(int error);
    void write_packets();
    WriteStep write_one(std::uint8_t* at, std::size_t room, ngtcp2_path_storage& path, ngtcp2_pkt_info& info,
                        std::size_t& written);
    WriteStep write_datagram_frame(std::uint8_t* at, std::size_t room, ngtcp2_path_storage& path, ngtcp2_pkt_info& info,
                                   std::size_t& written);
    /// While `on`, packets that the engine seals on this thread are ours, for the qlog.
    void log_sealed(bool on) noexcept;
    void log_metrics();
    void flush_train(Train& train);
    void update_addresses();
    [[nodiscard]] io::UdpSocket& socket_for(const io::SocketAddress& local) noexcept;

    Endpoint::Impl& endpoint_;
    std::shared_ptr<const Settings> settings_;
    std::shared_ptr<ConnectionHandler> handler_;
    ngtcp2_conn* conn_ = nullptr;
    ngtcp2_crypto_conn_ref conn_ref_{};
    TlsSession tls_;
    std::unique_ptr<Peer> peer_;
    std::unique_ptr<ConnectOptions> options_;  ///< Clients, until the handshake is done.
    std::unique_ptr<Ending> ending_;
    io::Timer timer_;
    io::SocketAddress local_;
    io::SocketAddress remote_;
    std::vector<ngtcp2_cid> ids_;  ///< Routed to us.
    ngtcp2_cid first_id_{};
    std::string alpn_;
    std::string server_name_;
    /// A client's sockets after migrate(), with the address that each really sends from.
    struct OwnSocket {
        std::unique_ptr<io::UdpSocket> socket;
        io::SocketAddress local;
    };
    std::vector<OwnSocket> own_sockets_;
    io::SocketAddress first_local_;  ///< Client: our address on the endpoint's socket.
    std::unique_ptr<Qlog> qlog_;     ///< Null without Settings::qlog_dir.

    std::unordered_map<std::uint64_t, std::unique_ptr<StreamImpl>> streams_;  ///< By id. unkeyed: consecutive by rule
    ReadyList ready_;
    std::vector<StreamImpl*> events_;
    std::vector<StopSending> stops_;                 ///< Of the datagram that is being read.
    std::unique_ptr<std::deque<Buffer>> datagrams_;  ///< Made by the first send_datagram().

    std::uint64_t bytes_sent_ = 0;
    std::uint64_t bytes_received_ = 0;
    std::uint64_t packets_sent_ = 0;
    std::uint64_t packets_received_ = 0;
    std::uint64_t losses_of_closed_streams_ = 0;
    bool server_;
    bool handshake_done_ = false;
    bool confirmed_ = false;
    bool settled_ = false;    ///< The engine is past the handshake: before, it asserts on key updates.
    bool in_engine_ = false;  ///< It is reading: keys and paths must stay as they are.
    bool stateless_reset_ = false;
    bool violation_ = false;               ///< A packet held what the engine must not see; it has not seen it.
    std::optional<std::uint8_t> missing_;  ///< The TLS alert for what the peer's handshake lacked.
};

}  // namespace zquic

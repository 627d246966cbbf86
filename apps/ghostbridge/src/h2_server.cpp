#include "ghostbridge/h2_server.hpp"

#include <utility>

#include "base/log.hpp"
#include "ghostbridge/h2_session.hpp"
#include "io/timer.hpp"

namespace ghostbridge {
namespace {

constexpr std::uint64_t kNsPerMs = 1'000'000;
/// Bytes that may wait in the socket; what is beyond stays with the calls, whose senders then wait.
constexpr std::size_t kSocketQueueMax = 128 << 10;
/// For the peer to close as well, once it has been told everything.
constexpr std::uint64_t kLingerNs = 1000 * kNsPerMs;
/// Read at once, and then only when it was worked off.
constexpr std::size_t kReadBytes = 16 << 10;
/// Connections taken or refused in one turn of the reactor.
constexpr std::size_t kAcceptsMax = 8;
/// Frames made in one turn of a connection.
constexpr int kPullsMax = 64;
// What work costs the bridge's thread outside of the session, in nanoseconds: see h2_session.cpp.
constexpr std::uint64_t kConnectionNs = 100'000;
constexpr std::uint64_t kTurnNs = 10'000;  // system calls: reading, waiting, writing
constexpr std::uint64_t kDroppedByteNs = 4;
/// How often a peer that has ended its side is asked whether it is still there.
constexpr std::uint64_t kGoneCheckNs = 200 * kNsPerMs;
const base::Log kLog{"ghostbridge"};
base::LogLimit broken_limit{10, 1000};

}  // namespace

/// Everything that costs time is done in turns (Turns): what was read waits until one comes, and reading waits with it.
class H2Connection final : public H2Session::Host, public Turns::Worker {
 public:
    H2Connection(H2Server& server, std::uint64_t id, std::unique_ptr<io::StreamSocket> socket,
                 io::NetworkQuota::Place place)
        : server_{server},
          id_{id},
          place_{std::move(place)},
          socket_{std::move(socket)},
          watchdog_{server.reactor_, [this] { check_timeouts(); }},
          seat_{server.turns_, socket_->peer_address(), *this} {}
    ~H2Connection() {
        if (session_) session_->abort("the connection to the caller is gone");
    }

    base::Result<void> start() {
        GC_TRY(session_, H2Session::make(server_.limits_, {.address = socket_->peer_address(), .public_key = {}},
                                         server_.reactor_.clock(), *this));
        GC_CHECK(socket_->start({.on_connected = {},
                                 .on_data = [this](base::ByteView bytes) { on_bytes(bytes); },
                                 .on_end = [this] { on_input_end(); },
                                 .on_drained = [this] { seat_.want(); },
                                 .on_closed = [this](base::Error) { fail(nullptr); }}));
        started_ns_ = last_progress_ns_ = last_call_ns_ = now();
        watchdog_.arm_after(check_interval());
        seat_.charge(kConnectionNs);
        seat_.want();
        return {};
    }
    void shutdown() {
        session_->shutdown();
        draining_ = true;
        seat_.want();
    }

    void on_stream(std::unique_ptr<rpc::HttpStream> stream) override { server_.accept_(std::move(stream)); }
    void want_write() override { seat_.want(); }

    std::uint64_t work(std::uint64_t slice_ns) override {
        // What comes after a GOAWAY is not free: it could be sent for as long as we linger.
        const auto dropped_ns = closing_ || lingering_ ? unread_.size() * kDroppedByteNs : 0;
        take_input(slice_ns);
        write_output();
        read_on();
        const auto cost = kTurnNs + dropped_ns + session_->take_cost();
        if (lost_) server_.remove(id_);  // destroys this
        return cost;
    }

 private:
    [[nodiscard]] std::uint64_t now() const noexcept { return server_.reactor_.now_ns(); }
    [[nodiscard]] std::uint64_t check_interval() const noexcept {
        return std::max<std::uint64_t>(std::min({server_.limits_.handshake_timeout_ms, server_.limits_.idle_timeout_ms,
                                                 server_.limits_.write_timeout_ms}) /
                                           4,
                                       10) *
               kNsPerMs;
    }

    [[nodiscard]] bool socket_full() const noexcept { return socket_->queued_bytes() >= kSocketQueueMax; }

    void on_bytes(base::ByteView bytes) {
        unread_.insert(unread_.end(), bytes.begin(), bytes.end());
        socket_->set_reading(false);
        seat_.want();
    }

    void drop_input() {
        unread_.clear();
        unread_at_ = 0;
    }

    void take_input(std::uint64_t slice_ns) {
        if (closing_ || lingering_) drop_input();
        // While the socket does not take what we owe the peer, its requests wait too.
        if (unread_.empty() || socket_full()) return;
        const auto fed = session_->feed_some(base::ByteView{unread_}.subspan(unread_at_), slice_ns);
        if (!fed) fail(fed.error().note);
        if (fed) unread_at_ += *fed;
        if (!fed || unread_at_ == unread_.size()) drop_input();
        if (session_->inside_header_block()) {
            if (block_since_ns_ == 0) block_since_ns_ = now();
        } else {
            block_since_ns_ = 0;
        }
    }

    /// The peer has ended its side of TCP. Complete requests are answered still; it may also be gone altogether, which
    /// only a write can tell.
    void on_input_end() {
        if (closing_ || lingering_ || session_->open_streams() == 0) return fail(nullptr);
        input_ended_ = true;
        session_->end_input();
        session_->ping();
        shutdown();
        watchdog_.arm_after(kGoneCheckNs);
    }

    /// Ends the connection; with a reason when the peer is at fault. A GOAWAY that nghttp2 queued still leaves.
    void fail(const char* reason) {
        if (reason && !closing_) {
            server_.broken_.add();
            kLog.limited(broken_limit, base::LogLevel::info, "HTTP/2 connection refused",
                         {{"peer", socket_->peer_address().to_string()}, {"reason", reason}});
        }
        closing_ = true;
        lost_ = lost_ || !reason;
        seat_.want();
    }

    void write_output() {
        if (lost_ || lingering_) return;
        const bool was_closing = closing_;
        bool all = false;
        for (int i = 0; i < kPullsMax && !all && !lost_ && !socket_full(); ++i) {
            const auto bytes = session_->pull();
            all = !bytes || bytes->empty();
            if (all) break;
            lost_ = !socket_->write(*bytes);
            written_ += bytes->size();
        }
        if (!closing_ && session_->failed()) fail("limit");
        if (session_->open_streams() != 0) last_call_ns_ = now();
        const bool drained = draining_ && session_->open_streams() == 0;
        if (all && (was_closing || drained || session_->finished())) linger();
        if (!all && !socket_full()) seat_.want();
    }

    void read_on() {
        if (lost_ || socket_full()) return;
        if (!unread_.empty()) return seat_.want();
        if (!closing_ || lingering_) socket_->set_reading(true);
    }

    /// What was written leaves, then both sides end. close() with bytes unread would be a reset, which can overtake the
    /// last answer or the GOAWAY (RFC 9112 section 9.6).
    void linger() {
        lingering_ = true;  // reading goes on, for its end; what comes before is dropped
        drop_input();
        socket_->shutdown_write();
        watchdog_.arm_after(kLingerNs);
    }

    void check_timeouts() {
        const auto past = [&](std::uint64_t since_ns, std::uint64_t limit_ms) {
            return now() - since_ns > limit_ms * kNsPerMs;
        };
        const auto& limits = server_.limits_;
        const auto sent = written_ - socket_->queued_bytes();
        if (sent != last_sent_ || socket_->queued_bytes() == 0) last_progress_ns_ = now();
        last_sent_ = sent;
        if (session_->open_streams() != 0) last_call_ns_ = now();
        if (past(last_progress_ns_, limits.write_timeout_ms)) return server_.remove(id_);
        if (lingering_) {
            if (socket_->queued_bytes() == 0) return server_.remove(id_);
            return watchdog_.arm_after(check_interval());
        }
        session_->reset_untaken(limits.idle_timeout_ms * kNsPerMs);
        if (input_ended_) {
            session_->ping();
            return watchdog_.arm_after(kGoneCheckNs);
        }
        const bool waits_for_peer = unread_.empty();  // else it waits for us
        if (waits_for_peer && !session_->established() && past(started_ns_, limits.handshake_timeout_ms))
            fail("no preface or no acknowledgement of SETTINGS in time");
        else if (waits_for_peer && block_since_ns_ != 0 && past(block_since_ns_, limits.handshake_timeout_ms))
            fail("a header block was not completed in time");
        else if (session_->open_streams() == 0 && past(last_call_ns_, limits.idle_timeout_ms) && !draining_)
            shutdown();
        watchdog_.arm_after(check_interval());
    }

    H2Server& server_;
    std::uint64_t id_;
    io::NetworkQuota::Place place_;
    std::unique_ptr<io::StreamSocket> socket_;
    std::unique_ptr<H2Session> session_;
    base::Bytes unread_;  ///< Received; from unread_at_ on nothing was done about it yet.
    std::size_t unread_at_ = 0;
    io::Timer watchdog_;
    Turns::Seat seat_;
    std::uint64_t started_ns_ = 0;
    std::uint64_t written_ = 0;           ///< Bytes given to the socket.
    std::uint64_t last_sent_ = 0;         ///< Bytes that had left it at the last check.
    std::uint64_t last_progress_ns_ = 0;  ///< Something left, or nothing waited.
    std::uint64_t last_call_ns_ = 0;
    std::uint64_t block_since_ns_ = 0;
    bool closing_ = false;
    bool lost_ = false;
    bool draining_ = false;
    bool input_ended_ = false;
    bool lingering_ = false;  ///< Everything was said; the peer may close.
};

H2Server::H2Server(io::Reactor& reactor, const TcpLimits& limits, Turns& turns, base::MetricsRegistry& metrics,
                   Accept accept)
    : reactor_{reactor},
      limits_{limits},
      turns_{turns},
      accept_{std::move(accept)},
      places_{limits.connections_max, limits.connections_per_address_max},
      arrivals_{limits.connections_per_address_per_s, static_cast<std::uint32_t>(limits.connections_per_address_max)},
      open_{metrics.gauge("ghostbridge_tcp_connections", "Open HTTP/2 connections.")},
      accepted_{metrics.counter("ghostbridge_tcp_accepted_total", "HTTP/2 connections accepted.")},
      refused_{metrics.counter("ghostbridge_tcp_refused_total", "Connections refused: too many, or too often.")},
      broken_{metrics.counter("ghostbridge_tcp_broken_total", "Connections closed because the peer broke HTTP/2.")} {}

base::Checked<std::unique_ptr<H2Server>> H2Server::listen(io::Reactor& reactor, const io::SocketAddress& address,
                                                          const TcpLimits& limits, Turns& turns,
                                                          base::MetricsRegistry& metrics, Accept accept) {
    std::unique_ptr<H2Server> server{new H2Server{reactor, limits, turns, metrics, std::move(accept)}};
    io::Listener::Options options;
    options.accept_batch_max = kAcceptsMax;
    options.stream.read_chunk_bytes = kReadBytes;
    GC_TRY(server->listener_, io::Listener::listen_tcp(reactor, address, options,
                                                       [raw = server.get()](std::unique_ptr<io::StreamSocket> socket) {
                                                           raw->adopt(std::move(socket));
                                                       }));
    server->port_ = server->listener_->bound_address().port();
    return server;
}

H2Server::~H2Server() { connections_.clear(); }

std::uint16_t H2Server::port() const noexcept { return port_; }

void H2Server::adopt(std::unique_ptr<io::StreamSocket> socket) {
    const auto address = socket->peer_address();
    auto place = places_.take(address);
    // Asked last: only who is let in counts as having come.
    if (draining_ || !place || !arrivals_.allow(address, reactor_.now_ns())) {
        refused_.add();
        return;
    }
    const auto id = next_id_++;
    auto connection = std::make_unique<H2Connection>(*this, id, std::move(socket), std::move(*place));
    if (!connection->start()) return;
    accepted_.add();
    open_.add(1);
    connections_.emplace(id, std::move(connection));
}

void H2Server::remove(std::uint64_t id) {
    const auto at = connections_.find(id);
    if (at == connections_.end()) return;
    const auto connection = std::move(at->second);
    connections_.erase(at);
    open_.add(-1);
}

void H2Server::shutdown() {
    draining_ = true;
    listener_.reset();
    for (auto& [id, connection] : connections_) connection->shutdown();
}

}  // namespace ghostbridge

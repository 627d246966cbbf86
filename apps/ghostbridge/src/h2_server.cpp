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
/// How often a peer that has ended its side is asked whether it is still there.
constexpr std::uint64_t kGoneCheckNs = 200 * kNsPerMs;
const base::Log kLog{"ghostbridge"};
base::LogLimit broken_limit{10, 1000};

}  // namespace

class H2Connection final : public H2Session::Host {
 public:
    H2Connection(H2Server& server, std::uint64_t id, std::unique_ptr<io::StreamSocket> socket,
                 io::NetworkQuota::Place place)
        : server_{server},
          id_{id},
          place_{std::move(place)},
          socket_{std::move(socket)},
          flush_{server.reactor_, [this] { flush(); }},
          watchdog_{server.reactor_, [this] { check_timeouts(); }} {}
    ~H2Connection() {
        if (session_) session_->abort("the connection to the caller is gone");
    }

    base::Result<void> start() {
        GC_TRY(session_, H2Session::make(server_.limits_, {.address = socket_->peer_address(), .public_key = {}},
                                         server_.reactor_.clock(), *this));
        GC_CHECK(socket_->start({.on_connected = {},
                                 .on_data = [this](base::ByteView bytes) { on_bytes(bytes); },
                                 .on_end = [this] { on_input_end(); },
                                 .on_drained = [this] { flush_.schedule(); },
                                 .on_closed = [this](base::Error) { fail(nullptr); }}));
        started_ns_ = last_progress_ns_ = last_call_ns_ = now();
        watchdog_.arm_after(check_interval());
        flush_.schedule();
        return {};
    }
    void shutdown() {
        session_->shutdown();
        draining_ = true;
        flush_.schedule();
    }

    void on_stream(std::unique_ptr<rpc::HttpStream> stream) override { server_.accept_(std::move(stream)); }
    void want_write() override { flush_.schedule(); }

 private:
    [[nodiscard]] std::uint64_t now() const noexcept { return server_.reactor_.now_ns(); }
    [[nodiscard]] std::uint64_t check_interval() const noexcept {
        return std::max<std::uint64_t>(std::min({server_.limits_.handshake_timeout_ms, server_.limits_.idle_timeout_ms,
                                                 server_.limits_.write_timeout_ms}) /
                                           4,
                                       10) *
               kNsPerMs;
    }

    void on_bytes(base::ByteView bytes) {
        if (closing_ || lingering_) return;
        if (const auto fed = session_->feed(bytes); !fed) fail(fed.error().note);
        flush_.schedule();  // acknowledgements, and what a WINDOW_UPDATE lets go
        // While the socket does not take what we owe the peer, its requests wait too.
        if (!closing_ && socket_->queued_bytes() >= kSocketQueueMax) socket_->set_reading(false);
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
        flush_.schedule();
    }

    void flush() {
        if (lost_) return server_.remove(id_);  // destroys this
        if (lingering_) return;
        const bool was_closing = closing_;
        while (!lost_ && socket_->queued_bytes() < kSocketQueueMax) {
            const auto bytes = session_->pull();
            if (!bytes || bytes->empty()) break;
            if (!socket_->write(*bytes)) {
                lost_ = true;
                break;
            }
            written_ += bytes->size();
        }
        if (!closing_ && session_->failed()) fail("limit");
        if (!closing_ && socket_->queued_bytes() < kSocketQueueMax) socket_->set_reading(true);
        if (session_->open_streams() != 0) last_call_ns_ = now();
        const bool drained = draining_ && session_->open_streams() == 0;
        if (lost_) return server_.remove(id_);
        // Below the limit nothing is left in the session.
        if (socket_->queued_bytes() < kSocketQueueMax && (was_closing || drained || session_->finished())) linger();
    }

    /// What was written leaves, then both sides end. close() with bytes unread would be a reset, which can overtake the
    /// last answer or the GOAWAY (RFC 9112 section 9.6).
    void linger() {
        lingering_ = true;
        socket_->shutdown_write();
        socket_->set_reading(true);  // for its end; what comes before is dropped
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
        if (!session_->established() && past(started_ns_, limits.handshake_timeout_ms))
            fail("no preface or no acknowledgement of SETTINGS in time");
        else if (block_since_ns_ != 0 && past(block_since_ns_, limits.handshake_timeout_ms))
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
    io::Deferred flush_;
    io::Timer watchdog_;
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

H2Server::H2Server(io::Reactor& reactor, const TcpLimits& limits, base::MetricsRegistry& metrics, Accept accept)
    : reactor_{reactor},
      limits_{limits},
      accept_{std::move(accept)},
      places_{limits.connections_max, limits.connections_per_address_max},
      open_{metrics.gauge("ghostbridge_tcp_connections", "Open HTTP/2 connections.")},
      accepted_{metrics.counter("ghostbridge_tcp_accepted_total", "HTTP/2 connections accepted.")},
      refused_{metrics.counter("ghostbridge_tcp_refused_total", "Connections refused because there are too many.")},
      broken_{metrics.counter("ghostbridge_tcp_broken_total", "Connections closed because the peer broke HTTP/2.")} {}

base::Checked<std::unique_ptr<H2Server>> H2Server::listen(io::Reactor& reactor, const io::SocketAddress& address,
                                                          const TcpLimits& limits, base::MetricsRegistry& metrics,
                                                          Accept accept) {
    std::unique_ptr<H2Server> server{new H2Server{reactor, limits, metrics, std::move(accept)}};
    GC_TRY(server->listener_, io::Listener::listen_tcp(reactor, address, {},
                                                       [raw = server.get()](std::unique_ptr<io::StreamSocket> socket) {
                                                           raw->adopt(std::move(socket));
                                                       }));
    server->port_ = server->listener_->bound_address().port();
    return server;
}

H2Server::~H2Server() { connections_.clear(); }

std::uint16_t H2Server::port() const noexcept { return port_; }

void H2Server::adopt(std::unique_ptr<io::StreamSocket> socket) {
    auto place = places_.take(socket->peer_address());
    if (draining_ || !place) {
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

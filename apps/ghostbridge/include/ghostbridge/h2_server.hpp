#pragma once
// gRPC over cleartext HTTP/2 with prior knowledge: the TCP ingress. Connections, their timeouts and their
// back-pressure; calls go to `accept`.

#include <cstdint>
#include <functional>
#include <memory>
#include <unordered_map>

#include "base/metrics.hpp"
#include "ghostbridge/config.hpp"
#include "ghostbridge/network_rate.hpp"
#include "ghostbridge/turns.hpp"
#include "io/network_quota.hpp"
#include "io/reactor.hpp"
#include "io/stream_socket.hpp"
#include "rpc/stream.hpp"

namespace ghostbridge {

class H2Connection;

/// Thread: the reactor's.
class H2Server {
 public:
    using Accept = std::move_only_function<void(std::unique_ptr<rpc::HttpStream>)>;

    /// `turns` is where its connections work; it and `metrics` must outlive the server.
    static base::Checked<std::unique_ptr<H2Server>> listen(io::Reactor& reactor, const io::SocketAddress& address,
                                                           const TcpLimits& limits, Turns& turns,
                                                           base::MetricsRegistry& metrics, Accept accept);
    /// Closes every connection at once; open calls report on_reset().
    ~H2Server();
    H2Server(const H2Server&) = delete;
    H2Server& operator=(const H2Server&) = delete;

    [[nodiscard]] std::uint16_t port() const noexcept;
    /// No new connections and, with GOAWAY, no new calls; connections close when their last call ends.
    void shutdown();
    [[nodiscard]] std::size_t connections() const noexcept { return connections_.size(); }

 private:
    friend class H2Connection;
    H2Server(io::Reactor& reactor, const TcpLimits& limits, Turns& turns, base::MetricsRegistry& metrics,
             Accept accept);
    void adopt(std::unique_ptr<io::StreamSocket> socket);
    void remove(std::uint64_t id);

    io::Reactor& reactor_;
    TcpLimits limits_;
    Turns& turns_;
    Accept accept_;
    io::NetworkQuota places_;
    NetworkRate arrivals_;
    base::Gauge& open_;
    base::Counter& accepted_;
    base::Counter& refused_;
    base::Counter& broken_;
    std::unique_ptr<io::Listener> listener_;
    std::uint16_t port_ = 0;
    std::uint64_t next_id_ = 1;
    bool draining_ = false;
    std::unordered_map<std::uint64_t, std::unique_ptr<H2Connection>> connections_;  // unkeyed: our numbers
};

}  // namespace ghostbridge

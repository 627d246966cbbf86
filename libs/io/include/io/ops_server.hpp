#pragma once
// GET /metrics, /healthz, /readyz for operators, on a loopback port and a thread of its own (libmicrohttpd).

#include <cstdint>
#include <functional>
#include <memory>
#include <string>

#include "io/address.hpp"

namespace base {
class MetricsRegistry;
}

namespace io {

struct Readiness {
    bool ready = false;
    std::string reason;  ///< One line; shown in the answer, also when ready.
};

/// /metrics answers the registry's text (Prometheus exposition 0.0.4); /healthz answers 200 while the process lives;
/// /readyz answers 200 or 503 with the reason. Anything else is 404, other methods 405. At most 32 connections, 10 s.
class OpsServer {
 public:
    struct Options {
        SocketAddress address = SocketAddress::loopback_v4(0);  ///< Port 0: any free port.
    };
    /// `ready` is called on the server's thread: it must be thread-safe, and outlived by what it captures, as must
    /// `metrics`. `address_in_use` names the address.
    static base::Checked<std::unique_ptr<OpsServer>> start(Options options, const base::MetricsRegistry& metrics,
                                                           std::function<Readiness()> ready);
    ~OpsServer();
    OpsServer(const OpsServer&) = delete;
    OpsServer& operator=(const OpsServer&) = delete;

    [[nodiscard]] std::uint16_t bound_port() const noexcept;

 private:
    struct State;
    explicit OpsServer(std::unique_ptr<State> state) noexcept;
    std::unique_ptr<State> state_;
};

}  // namespace io

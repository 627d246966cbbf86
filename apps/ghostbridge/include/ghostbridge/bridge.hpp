#pragma once
// GhostBridge: every service registers here, every caller calls here; the bridge relays gRPC by :path.
//
//   gRPC client ── h2c, TCP 50050 ─▶ ┌────────┐
//   rpc client ─ h3 + mTLS, UDP ───▶ │ Bridge │ ── h3 + mTLS, pooled ──▶ ghostd, walletd, …
//   service ──── Register (h3) ────▶ └────────┘
//
// One reactor thread carries all of it. What the bridge tells services of their callers: bridge_client/caller.hpp.

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "ghostbridge/config.hpp"

namespace ghostbridge {

class Bridge {
 public:
    /// Binds, starts the thread and serves when it returns. The diagnostic names the address, file or key at fault.
    static base::Checked<std::unique_ptr<Bridge>> start(Config config);
    /// stop().
    ~Bridge();
    Bridge(const Bridge&) = delete;
    Bridge& operator=(const Bridge&) = delete;

    /// Drains: refuses new calls, lets open ones finish for at most drain_timeout_ms, then closes and joins.
    /// Idempotent. Not from a callback of the bridge.
    void stop();

    // Any thread, constant after start().
    [[nodiscard]] std::uint16_t quic_port() const noexcept;
    [[nodiscard]] std::uint16_t tcp_port() const noexcept;      ///< 0 when switched off.
    [[nodiscard]] std::uint16_t metrics_port() const noexcept;  ///< 0 when switched off.
    [[nodiscard]] const base::Digest& public_key() const noexcept;

    /// Services with at least one instance that takes calls now. Any thread.
    [[nodiscard]] std::vector<std::string> available_services() const;
    /// What /metrics answers. Any thread.
    [[nodiscard]] std::string metrics_text() const;

 private:
    struct State;
    explicit Bridge(std::unique_ptr<State> state) noexcept;
    std::unique_ptr<State> state_;
};

/// Makes `home` (mode 0700) and its identity.pem (mode 0600) unless it is there; returns the public key.
base::Checked<base::Digest> init_identity(const std::string& home);

}  // namespace ghostbridge

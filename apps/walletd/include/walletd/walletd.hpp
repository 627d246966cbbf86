#pragma once
// The wallet daemon: keys, signing, and the way from an account to the chain.
//
//   zwallet ──unix socket (passwords, keys)──▶ ┌─────────┐
//   clients ──QUIC──▶ GhostBridge ──QUIC──▶    │ Walletd │ ──QUIC──▶ GhostBridge ──▶ ghostd
//                                              └─────────┘
// One reactor carries all I/O; passwords and the database have lanes of their own.

#include <cstdint>
#include <memory>
#include <string>

#include "base/bytes.hpp"
#include "walletd/config.hpp"

namespace walletd {

class Walletd {
 public:
    /// Opens (or makes) home, identity and wallet file, binds, registers with the bridge, and serves when it returns.
    /// The text of an error names the file, address or key at fault. A bridge that is not there yet is no error.
    static base::Checked<std::unique_ptr<Walletd>> start(Config config);
    /// stop().
    ~Walletd();
    Walletd(const Walletd&) = delete;
    Walletd& operator=(const Walletd&) = delete;

    /// Lets calls under way end for at most three seconds, forgets the keys, joins. Idempotent. Not from its threads.
    void stop();

    // Any thread, constant after start().
    [[nodiscard]] std::uint16_t port() const noexcept;
    [[nodiscard]] std::uint16_t metrics_port() const noexcept;  ///< 0 when switched off.
    [[nodiscard]] const std::string& socket_path() const noexcept;
    [[nodiscard]] const base::Digest& public_key() const noexcept;
    /// Whether the bridge knows this walletd now. Any thread.
    [[nodiscard]] bool registered() const noexcept;
    /// Whether the wallet has keys. Any thread.
    [[nodiscard]] bool initialised() const;

 private:
    struct State;
    explicit Walletd(std::unique_ptr<State> state) noexcept;
    std::unique_ptr<State> state_;
};

/// Makes `home` (0700) and its identity.pem (0600) unless they are there; returns the public key.
base::Checked<base::Digest> init_identity(const std::string& home);
/// `home` when given, else $GHOST_HOME/walletd, else ~/.ghost/walletd.
base::Checked<std::string> resolve_home(const std::string& home);

}  // namespace walletd

#pragma once
// ghostbridge, ghostd and walletd in one process, wired to one another: a development network.
//
//   home/            made by enoc: it holds enoc.json, and enoc refuses to touch a home without it
//     ghostbridge/   identity.pem, ghostbridge.toml
//     ghostd/        keys, genesis, chain state
//     walletd/       identity.pem, wallet.db, walletd.sock
//     zwallet/       identity.pem, zwallet.toml: `GHOST_HOME=home zwallet …` finds everything
//     users/NAME/    the walletd and zwallet folders of another person: `GHOST_HOME=home/users/NAME zwallet …`
//
// The configuration files are written anew at every start with the ports that are really bound, so the command lines of
// the daemons work against a running enoc as they do against daemons of their own.

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/bytes.hpp"
#include "base/result.hpp"

namespace enoc {

struct Options {
    std::string home;
    std::string chain_id = "ghostchain-dev-1";
    bool fresh = false;              ///< Delete the state of earlier runs first.
    bool free_ports = false;         ///< Any free port on loopback instead of the well-known ones.
    std::optional<bool> ipv6;        ///< Listen on [::1] or on 127.0.0.1; nothing: as this machine can.
    std::vector<std::string> users;  ///< Further people, each with a walletd of their own; see valid_user_name().
    std::uint64_t ready_timeout_ms = 30'000;
};

/// Where things listen.
struct Endpoints {
    std::string bridge_quic;  ///< "[::1]:50050"; "127.0.0.1:50050" on a machine without IPv6
    std::string bridge_tcp;   ///< gRPC over HTTP/2 without TLS
    std::string bridge_key;   ///< 64 hexadecimal digits
    std::string node_quic;
    std::string wallet_socket;
    std::string node_metrics;  ///< "127.0.0.1:9452"
};

class Network {
 public:
    /// Starts everything and returns when a call to each service would be answered. The text of an error names the
    /// path, port or service.
    static base::Checked<std::unique_ptr<Network>> start(const Options& options);
    /// stop().
    ~Network();
    Network(const Network&) = delete;
    Network& operator=(const Network&) = delete;

    /// Ends the daemons in reverse order; what is finalized stays on disk. Idempotent.
    void stop();

    [[nodiscard]] const Endpoints& endpoints() const noexcept;
    /// The content of enoc.json on one line.
    [[nodiscard]] std::string to_json() const;
    [[nodiscard]] const std::string& chain_id() const noexcept;
    [[nodiscard]] base::Digest genesis_hash() const noexcept;
    [[nodiscard]] std::uint64_t finalized_height() const noexcept;  ///< Any thread.
    [[nodiscard]] bool wallet_exists() const noexcept;              ///< A wallet was made in an earlier run.

 private:
    struct State;
    explicit Network(std::unique_ptr<State> state) noexcept;
    std::unique_ptr<State> state_;
};

}  // namespace enoc

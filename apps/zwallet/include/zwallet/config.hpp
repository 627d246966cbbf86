#pragma once
// Where zwallet finds things: $GHOST_HOME/zwallet/zwallet.toml, overridden by flags.

#include <string>

#include "base/config.hpp"
#include "zwallet/outcome.hpp"

namespace zwallet {

struct Config {
    std::string bridge = "[::1]:50050";  ///< GhostBridge.
    std::string bridge_key;              ///< Its public key, 64 hexadecimal digits.
    std::string wallet_socket;           ///< walletd's socket; empty: $GHOST_HOME/walletd/walletd.sock.
    std::string wallet_key;              ///< Of the walletd to ask; empty: of the one behind the socket.
    std::string account;                 ///< Account used when none is named; empty: the first.
    std::uint64_t timeout_ms = 15'000;   ///< Each call over the network; sends are followed longer.

    // Not in the file.
    std::string home;  ///< $GHOST_HOME/zwallet, mode 0700.
};

/// What the command line says; empty fields leave the file's value.
struct ConfigFlags {
    std::string home;  ///< --home: instead of $GHOST_HOME.
    std::string config;
    std::string bridge;
    std::string bridge_key;
    std::string wallet_socket;
};

base::ConfigSchema schema_of(Config& config);
/// Reads the file when there is one (it must exist when --config names it) and applies the flags.
Outcome<Config> load_config(const ConfigFlags& flags);

}  // namespace zwallet

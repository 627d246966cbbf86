#include "zwallet/config.hpp"

#include <fmt/format.h>
#include <sys/stat.h>

#include "base/bytes.hpp"
#include "base/file.hpp"
#include "io/address.hpp"

namespace zwallet {

base::ConfigSchema schema_of(Config& config) {
    base::ConfigSchema schema{"zwallet, the wallet command line. Every value below is the default; flags override it."};
    schema.field("bridge", config.bridge, "GhostBridge: host and port.");
    schema.field("bridge_key", config.bridge_key, "The bridge's public key; `ghostbridge init-identity` prints it.");
    schema.field("wallet_socket", config.wallet_socket,
                 "walletd's unix socket. Empty: $GHOST_HOME/walletd/walletd.sock.");
    schema.field("wallet_key", config.wallet_key,
                 "Public key of the walletd to ask through the bridge. Empty: of the one behind wallet_socket.");
    schema.field("account", config.account, "Address, label or index used when none is named. Empty: the first.");
    schema.field("timeout_ms", config.timeout_ms, "Time for each call over the network.", {.min = 100, .max = 600'000});
    return schema;
}

Outcome<Config> load_config(const ConfigFlags& flags) {
    std::string ghost_home = flags.home;
    if (ghost_home.empty()) {
        auto found = base::ghost_home();
        if (!found) return give_up(ExitCode::usage, found.error(), "set GHOST_HOME or use --home DIR");
        ghost_home = std::move(*found);
    }
    Config config;
    config.home = ghost_home + "/zwallet";
    const auto path = flags.config.empty() ? config.home + "/zwallet.toml" : flags.config;
    struct stat info{};
    if (!flags.config.empty() || stat(path.c_str(), &info) == 0) {
        if (auto loaded = schema_of(config).load_file(path); !loaded) return give_up(ExitCode::usage, loaded.error());
    }
    if (!flags.bridge.empty()) config.bridge = flags.bridge;
    if (!flags.bridge_key.empty()) config.bridge_key = flags.bridge_key;
    if (!flags.wallet_socket.empty()) config.wallet_socket = flags.wallet_socket;
    if (config.wallet_socket.empty()) config.wallet_socket = ghost_home + "/walletd/walletd.sock";
    if (!io::SocketAddress::parse(config.bridge)) {
        return give_up(ExitCode::usage, fmt::format("'{}' is not an address of a bridge", config.bridge),
                       "write it like --bridge 127.0.0.1:50050 or --bridge '[::1]:50050'");
    }
    for (const auto& key : {config.bridge_key, config.wallet_key}) {
        if (key.empty() || base::fixed_from_hex<32>(key)) continue;
        return give_up(ExitCode::usage, fmt::format("'{}' is not a public key of 64 hexadecimal digits", key));
    }
    return config;
}

}  // namespace zwallet

#include "walletd/config.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "base/bytes.hpp"
#include "io/address.hpp"
#include "sign_policy.hpp"

namespace walletd {
namespace {

base::ConfigSchema schema_of_peer(Peer& peer) {
    base::ConfigSchema schema;
    schema.field("name", peer.name, "For logs.");
    schema.field("key", peer.key, "Ed25519 public key, 64 hexadecimal digits; `zwallet identity` prints yours.");
    schema.field("roles", peer.roles,
                 "service (a GhostBridge, nothing else), client (reads and spends), admin (reads and makes accounts).");
    return schema;
}

base::Checked<void> check_hex(std::string_view key, const std::string& value) {
    if (value.empty() || base::fixed_from_hex<32>(value)) return {};
    return base::explain(base::Errc::invalid_argument,
                         fmt::format("{} = \"{}\": not 64 hexadecimal digits", key, value));
}

base::Checked<void> check_address(std::string_view key, const std::string& value) {
    if (value.empty() || io::SocketAddress::parse(value)) return {};
    return base::explain(
        base::Errc::invalid_argument,
        fmt::format("{} = \"{}\": not an address; write it like 127.0.0.1:50052 or [::]:50052", key, value));
}

base::Checked<void> check_roles(const Config& config, const Peer& peer) {
    const auto same = [key = base::fixed_from_hex<32>(peer.key)](const std::string& hex) {
        const auto other_key = base::fixed_from_hex<32>(hex);
        return key && other_key && *key == *other_key;
    };
    bool service = same(config.bridge_key);
    bool other = false;
    for (const auto& listed : config.peers) {
        if (!same(listed.key)) continue;
        for (const auto& role : listed.roles) (role == "service" ? service : other) = true;
    }
    for (const auto& role : peer.roles) {
        if (role != "service" && role != "client" && role != "admin") {
            return base::explain(
                base::Errc::invalid_argument,
                fmt::format("peer \"{}\": unknown role \"{}\"; use service, client or admin", peer.name, role));
        }
    }
    // A bridge speaks for others: a key that it proves must open nothing.
    if (!service || !other) return {};
    return base::explain(base::Errc::invalid_argument,
                         fmt::format("peer \"{}\": a bridge's key cannot be client or admin, too", peer.name));
}

}  // namespace

base::ConfigSchema schema_of(Config& config) {
    base::ConfigSchema schema{
        "walletd, the wallet daemon. Every value below is the default; delete what you do not change."};
    schema.field("home", config.home, "Folder of the wallet, the identity and the socket. Empty: $GHOST_HOME/walletd.");
    schema.field("listen", config.listen, "Where QUIC listens (gRPC over HTTP/3).");
    schema.field("metrics", config.metrics, "Where /metrics, /healthz and /readyz are served; empty switches it off.");
    schema.field("socket", config.socket, "The unix socket for passwords and keys. Empty: walletd.sock in home.");
    schema.field("advertise", config.advertise,
                 "Endpoint that the bridge calls. Empty: [::1] and the port that QUIC listens on.");
    schema.field("bridge", config.bridge, "GhostBridge, the only way to the node. Empty: work without a node.");
    schema.field("bridge_key", config.bridge_key, "The bridge's public key; `ghostbridge init-identity` prints it.");
    schema.field("genesis", config.genesis,
                 "The chain's genesis.json: which chain to sign for, and whose signatures make a block final.");
    schema.field("genesis_hash", config.genesis_hash,
                 "Without `genesis`: the chain to sign for. Empty: the one met first, kept from then on.");
    schema.field(
        "validators", config.validators,
        "Without `genesis`: keys of the validators, in genesis order, each with the same stake. Without these\n"
        "too, balances are shown as not verified.");
    schema.field("unlock_timeout_s", config.unlock_timeout_s,
                 "Default and longest time that an unlocked wallet stays unlocked.", {.min = 1, .max = 30 * 86400});
    schema.field("tx_valid_blocks", config.tx_valid_blocks, "A transaction expires this many blocks after it was made.",
                 {.min = 1, .max = kTxValidBlocksMax});
    schema.field("tip_per_gas_max", config.tip_per_gas_max,
                 "Highest tip, in agcc per gas: a node's suggestion is cut to it, a caller's is refused above it.");
    schema.field("fee_per_gas_max", config.fee_per_gas_max,
                 "Highest price, tip included, in agcc per gas: nothing dearer is signed, whoever asks.");
    schema.field("call_timeout_ms", config.call_timeout_ms, "Time for each call to the node.",
                 {.min = 100, .max = 600'000});
    schema.field("finality_timeout_ms", config.finality_timeout_ms, "How long a send is followed.",
                 {.min = 1000, .max = 3'600'000});
    schema.field("call_proof_window_s", config.call_proof_window_s,
                 "Seconds that a call may be under way, and that the clocks of callers may differ by.",
                 {.min = 1, .max = 3600});
    schema.field("sends_max", config.sends_max, "Sends followed at the same time.", {.min = 1, .max = 10'000});
    schema.field("log_level", config.log_level, "trace, debug, info, warn, error, off.",
                 {"trace", "debug", "info", "warn", "error", "off"});
    schema.field("log_format", config.log_format, "text or json.", {"text", "json"});
    schema.list("peers", config.peers, "Keys that may use this wallet, through the bridge or directly.",
                schema_of_peer);
    return schema;
}

base::Checked<Config> load_config(const std::string& path) {
    Config config;
    GC_CHECK(schema_of(config).load_file(path));
    GC_CHECK(validate(config));
    return config;
}

base::Checked<void> validate(const Config& config) {
    GC_CHECK(check_address("listen", config.listen));
    GC_CHECK(check_address("metrics", config.metrics));
    GC_CHECK(check_address("bridge", config.bridge));
    GC_CHECK(check_address("advertise", config.advertise));
    if (config.listen.empty()) return base::explain(base::Errc::invalid_argument, "listen must not be empty");
    GC_CHECK(check_hex("bridge_key", config.bridge_key));
    GC_CHECK(check_hex("genesis_hash", config.genesis_hash));
    for (const auto& key : config.validators) {
        if (key.empty()) return base::explain(base::Errc::invalid_argument, "validators has an empty key");
        GC_CHECK(check_hex("validators", key));
    }
    for (const auto& peer : config.peers) {
        if (peer.key.empty()) {
            return base::explain(base::Errc::invalid_argument, fmt::format("peer \"{}\" has no key", peer.name));
        }
        GC_CHECK(check_hex("peers.key", peer.key));
        GC_CHECK(check_roles(config, peer));
    }
    return {};
}

}  // namespace walletd

#include "ghostd/config.hpp"

#include <fmt/format.h>

#include "base/file.hpp"
#include "base/u128.hpp"
#include "io/address.hpp"

namespace ghostd {
namespace {

base::ConfigSchema schema_of(PeerKey& peer) {
    base::ConfigSchema schema;
    schema.field("name", peer.name, "For people.");
    schema.field("key", peer.key,
                 "Ed25519 public key, 64 hex digits, as `ghostd keys show` and its siblings print it.");
    schema.field("role", peer.role, "What the key may do.", {"service", "admin"});
    return schema;
}

base::ConfigSchema schema_of(LogConfig& log) {
    base::ConfigSchema schema{"Where and how much to log."};
    schema.field("level", log.level, "Least important level that is written.",
                 {"trace", "debug", "info", "warn", "error", "off"});
    schema.field("format", log.format, "text for people, json for machines.", {"text", "json"});
    schema.field("file", log.file, "Appended to; empty is stderr.");
    return schema;
}

base::ConfigSchema schema_of(BridgeConfig& bridge) {
    base::ConfigSchema schema{"The GhostBridge this node registers with; everything else reaches it through there."};
    schema.field("endpoint", bridge.endpoint, "Address of its QUIC port. Empty: register nowhere.");
    schema.field("key", bridge.key,
                 "Its public key, 64 hex digits: no other key is accepted there. Empty: register nowhere.");
    return schema;
}

base::ConfigSchema schema_of(BlockConfig& block) {
    base::ConfigSchema schema{"When blocks are made and how large they get."};
    schema.field("batch_window_ms", block.batch_window_ms,
                 "Under load, the longest wait for more transactions before a block. An idle chain never waits.",
                 {.min = 0, .max = 1000});
    schema.field("heartbeat_ms", block.heartbeat_ms, "Makes an empty block when none came for so long. 0: none.",
                 {.min = 0, .max = 3'600'000});
    schema.field("txs_max", block.txs_max, "Transactions in one block at most.", {.min = 1, .max = 16'384});
    return schema;
}

base::ConfigSchema schema_of(MempoolConfig& mempool) {
    base::ConfigSchema schema{"Transactions that wait for a block."};
    schema.field("bytes_max", mempool.bytes_max, "Memory for them.", {.min = 1 << 20, .max = std::int64_t{1} << 34});
    schema.field("per_sender_max", mempool.per_sender_max, "Of one sender.", {.min = 1, .max = 4096});
    return schema;
}

base::ConfigSchema schema_of(LimitsConfig& limits) {
    base::ConfigSchema schema{"Bounds of queues and streams. Beyond them calls are refused with RESOURCE_EXHAUSTED."};
    schema.field("submit_queue_max", limits.submit_queue_max, "Transactions waiting for their signature check.",
                 {.min = 1, .max = 1 << 20});
    schema.field("verify_batch_max", limits.verify_batch_max,
                 "Signatures that are checked together. 1: one by one, which takes several times as long.",
                 {.min = 1, .max = 4096});
    schema.field("read_queue_max", limits.read_queue_max, "Reads waiting for the database.",
                 {.min = 1, .max = 1 << 20});
    schema.field("block_streams_max", limits.block_streams_max, "Open StreamBlocks calls.", {.min = 1, .max = 1 << 16});
    schema.field("status_streams_max", limits.status_streams_max, "Open StreamTxStatus calls.",
                 {.min = 1, .max = 1 << 20});
    schema.field("event_streams_max", limits.event_streams_max, "Open StreamEvents calls.", {.min = 1, .max = 1 << 16});
    schema.field("call_threads", limits.call_threads,
                 "Contracts that run at once for CallContract, Simulate and EstimateFee.", {.min = 1, .max = 64});
    schema.field("call_queue_max", limits.call_queue_max, "Such calls that wait for a thread.",
                 {.min = 1, .max = 1 << 16});
    schema.field("call_gas_max", limits.call_gas_max, "Gas of each such call: 1000000000 is about a second.",
                 {.min = 1'000'000, .max = 10'000'000'000});
    schema.field("call_cpu_ms", limits.call_cpu_ms, "Processor time of each such call; beyond it the call is ended.",
                 {.min = 10, .max = 60'000});
    return schema;
}

base::ConfigSchema schema_of(StorageConfig& storage) {
    base::ConfigSchema schema{"The database."};
    schema.field("history_heights", storage.history_heights, "How many heights back proofs can be asked for.",
                 {.min = 1, .max = 1 << 24});
    schema.field("memory_mb", storage.memory_mb,
                 "MiB for blocks of the database, their indexes and what waits to be written. 0: a 64th of the "
                 "machine's memory, 32 to 96.",
                 {.min = 0, .max = 1 << 20});
    return schema;
}

base::ConfigSchema schema_of(FaucetConfig& faucet) {
    base::ConfigSchema schema{"Free coins; works only where `init --dev` made a faucet key."};
    schema.field("amount", faucet.amount, "GCC that a call gives when it names no amount.");
    schema.field("amount_max", faucet.amount_max, "GCC that a call gives at most.");
    return schema;
}

base::Checked<void> check_key(const std::string& key, const std::string& source, const std::string& what) {
    if (!base::fixed_from_hex<32>(key) || key.size() != 64)
        return base::explain(
            base::Errc::invalid_argument,
            fmt::format("{}: {} must be a public key of 64 hex digits, not \"{}\"", source, what, key));
    return {};
}

base::Checked<void> check_address(const std::string& text, const std::string& source, const std::string& what) {
    if (!io::SocketAddress::parse(text))
        return base::explain(base::Errc::invalid_argument,
                             fmt::format("{}: {} must be an address such as \"[::1]:50051\" or \"127.0.0.1:9452\", "
                                         "not \"{}\"",
                                         source, what, text));
    return {};
}

}  // namespace

base::ConfigSchema schema_of(GhostdConfig& config) {
    base::ConfigSchema schema{
        "ghostd, the GhostChain node. Every key is optional; these are the defaults.\n"
        "Keys and data lie beside this file, see `ghostd --help`."};
    schema.field("listen", config.listen, "QUIC (gRPC over HTTP/3), udp.");
    schema.field("advertise", config.advertise,
                 "How GhostBridge reaches this node. Empty: [::1] and the port of `listen`.");
    schema.field("ops_listen", config.ops_listen, "/metrics, /healthz, /readyz over plain HTTP; loopback only.");
    schema.table("log", schema_of(config.log));
    schema.table("bridge", schema_of(config.bridge));
    schema.table("block", schema_of(config.block));
    schema.table("mempool", schema_of(config.mempool));
    schema.table("limits", schema_of(config.limits));
    schema.table("storage", schema_of(config.storage));
    schema.table("faucet", schema_of(config.faucet));
    schema.list("peers", config.peers, "A key that may connect. Nobody else may.",
                [](PeerKey& peer) { return schema_of(peer); });
    return schema;
}

base::Checked<void> check_config(const GhostdConfig& config, const std::string& source) {
    GC_CHECK(check_address(config.listen, source, "listen"));
    GC_CHECK(check_address(config.ops_listen, source, "ops_listen"));
    // The operations port shows state to anybody who can connect to it.
    if (!io::SocketAddress::parse(config.ops_listen)->is_loopback())
        return base::explain(
            base::Errc::invalid_argument,
            fmt::format("{}: ops_listen must be a loopback address, not \"{}\"", source, config.ops_listen));
    if (!config.advertise.empty()) GC_CHECK(check_address(config.advertise, source, "advertise"));
    if (!config.bridge.endpoint.empty()) GC_CHECK(check_address(config.bridge.endpoint, source, "bridge.endpoint"));
    if (!config.bridge.key.empty()) GC_CHECK(check_key(config.bridge.key, source, "bridge.key"));
    for (const auto& peer : config.peers) {
        GC_CHECK(check_key(peer.key, source, fmt::format("the key of peer \"{}\"", peer.name)));
        if (peer.role != "service" && peer.role != "admin")
            return base::explain(base::Errc::invalid_argument,
                                 fmt::format("{}: the role of peer \"{}\" must be service or admin, not \"{}\"", source,
                                             peer.name, peer.role));
    }
    for (const auto& [text, what] :
         {std::pair{config.faucet.amount, "faucet.amount"}, std::pair{config.faucet.amount_max, "faucet.amount_max"}}) {
        if (!base::units_from_decimal(text, 18))
            return base::explain(base::Errc::invalid_argument,
                                 fmt::format("{}: {} must be an amount of GCC such as \"1000\" or \"0.5\", not \"{}\"",
                                             source, what, text));
    }
    return {};
}

base::Checked<GhostdConfig> load_config(const std::string& path) {
    GhostdConfig config;
    GC_CHECK(schema_of(config).load_file(path));
    GC_CHECK(check_config(config, path));
    return config;
}

HomeLayout::HomeLayout(std::string home)
    : folder{std::move(home)},
      config{folder + "/ghostd.toml"},
      genesis{folder + "/genesis.json"},
      node_key{folder + "/node.key"},
      validator_key{folder + "/validator.key"},
      faucet_key{folder + "/faucet.key"},
      data{folder + "/data"},
      lock{folder + "/lock"} {}

base::Checked<std::string> resolve_home(const std::string& home) {
    if (!home.empty()) return home;
    GC_TRY(const auto root, base::ghost_home());
    return root + "/ghostd";
}

}  // namespace ghostd

#pragma once
// What ghostd can be told, and where its files lie.
//
//   $GHOST_HOME/ghostd/            0700
//     ghostd.toml                  this config (or --config FILE)
//     genesis.json                 the chain; the same on every node
//     node.key                     Ed25519, PKCS#8 PEM, 0600: this node's identity on QUIC
//     validator.key                Ed25519, PKCS#8 PEM, 0600: signs blocks
//     faucet.key                   Ed25519, PKCS#8 PEM, 0600: development chains only
//     data/                        RocksDB: finalized blocks and state
//     lock                         held while a node runs

#include <cstdint>
#include <string>
#include <vector>

#include "base/config.hpp"
#include "base/log.hpp"
#include "base/result.hpp"

namespace ghostd {

/// A key that may connect. Roles: "service" (a GhostBridge, which relays for callers it has authorised) and "admin" (an
/// operator's key). There is no third: everybody else reaches the node through a GhostBridge.
struct PeerKey {
    std::string name;  ///< For people; not checked.
    std::string key;   ///< Ed25519 public key, 64 hex digits.
    std::string role = "service";
};

struct LogConfig {
    std::string level = "info";
    std::string format = "text";
    std::string file;
};

struct BridgeConfig {
    std::string endpoint = "[::1]:50050";  ///< Empty: register nowhere.
    std::string key;                       ///< The bridge's public key; empty: register nowhere.
};

struct BlockConfig {
    std::uint64_t batch_window_ms = 4;  ///< Longest wait for company under load; an idle chain does not wait.
    std::uint64_t heartbeat_ms = 1000;  ///< An empty block when nothing happened for so long. 0: none.
    std::uint64_t txs_max = 4096;
};

struct MempoolConfig {
    std::uint64_t bytes_max = 64u << 20;
    std::uint64_t per_sender_max = 64;
};

struct LimitsConfig {
    std::uint64_t submit_queue_max = 16'384;    ///< Transactions waiting for their signature check.
    std::uint64_t verify_batch_max = 256;       ///< Signatures checked together; 1: one by one.
    std::uint64_t read_queue_max = 4096;        ///< Reads waiting for the database.
    std::uint64_t block_streams_max = 256;      ///< Open StreamBlocks calls.
    std::uint64_t status_streams_max = 65'536;  ///< Open StreamTxStatus calls.
    std::uint64_t event_streams_max = 256;      ///< Open StreamEvents calls.
    std::uint64_t call_threads = 2;             ///< Contracts that run at once for CallContract, Simulate, EstimateFee.
    std::uint64_t call_queue_max = 256;         ///< Such calls that wait.
    std::uint64_t call_gas_max = 100'000'000;   ///< Gas of each: about a tenth of a second.
    std::uint64_t call_cpu_ms = 1000;           ///< Processor time of each, whatever its gas.
};

struct StorageConfig {
    std::uint64_t history_heights = 1024;  ///< How far back proofs and accounts can be asked for.
    std::uint64_t memory_mb = 0;           ///< Of the database, in MiB. 0: store::default_memory_bytes().
};

struct FaucetConfig {
    std::string amount = "1000";         ///< GCC a call gives when it names no amount.
    std::string amount_max = "1000000";  ///< GCC a call gives at most.
};

struct GhostdConfig {
    std::string listen = "[::]:50051";
    std::string advertise;  ///< What the bridge is told; empty: [::1] and the bound port.
    std::string ops_listen = "127.0.0.1:9452";
    LogConfig log;
    BridgeConfig bridge;
    BlockConfig block;
    MempoolConfig mempool;
    LimitsConfig limits;
    StorageConfig storage;
    FaucetConfig faucet;
    std::vector<PeerKey> peers;

    /// ghostd's own folder, absolute; not a key of the file: `--home`, else $GHOST_HOME/ghostd, decides.
    std::string home;
};

/// Binds the fields to their keys and comments. `config` must outlive the schema.
base::ConfigSchema schema_of(GhostdConfig& config);

/// Reads `path` and checks what the types cannot say: keys are 64 hex digits, roles are known, addresses parse.
/// The text of an error names file, key and fix.
base::Checked<GhostdConfig> load_config(const std::string& path);
/// The checks alone, for configs made in code.
base::Checked<void> check_config(const GhostdConfig& config, const std::string& source);

/// The files below a home folder.
struct HomeLayout {
    std::string folder, config, genesis, node_key, validator_key, faucet_key, data, lock;
    explicit HomeLayout(std::string home);
};
/// `home` when given, else $GHOST_HOME/ghostd, else ~/.ghost/ghostd.
base::Checked<std::string> resolve_home(const std::string& home);

}  // namespace ghostd

#pragma once
// What a walletd is started with: a plain struct that enoc and tests fill in, and that walletd.toml maps onto.

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/config.hpp"
#include "base/result.hpp"

namespace base {
class MetricsRegistry;
}

namespace walletd {

/// One key that walletd knows. Roles: "service" (a GhostBridge: may connect and relay, and has no other role), "client"
/// (reads, and spends within what the wallet was unlocked for), "admin" (reads, and makes accounts). See
/// src/method_table.hpp.
struct Peer {
    std::string name;  ///< For logs.
    std::string key;   ///< Ed25519 public key, 64 hexadecimal digits.
    std::vector<std::string> roles = {"client"};
};

/// How a password becomes a key. Not in the TOML file: weak settings are for tests only, and a calibrated strong one is
/// found when the wallet is made.
struct KdfPolicy {
    bool calibrate = true;  ///< Raise the memory until one derivation takes about target_ms.
    std::uint32_t passes = 3;
    std::uint32_t memory_kib = 64 * 1024;  ///< The least; calibration goes up from here.
    std::uint32_t memory_kib_max = 512 * 1024;
    std::uint32_t target_ms = 500;
};

struct Config {
    std::string home;  ///< Folder of wallet.db, identity.pem, walletd.sock (0700).
    std::string listen = "[::]:50052";
    std::string metrics = "127.0.0.1:9453";  ///< Empty switches it off.
    std::string socket;                      ///< Empty: walletd.sock in `home`.
    std::string advertise;                   ///< Endpoint told to the bridge; empty: [::1] and the bound port.

    std::string bridge = "[::1]:50050";  ///< GhostBridge, the only way to the node. Empty: none.
    std::string bridge_key;              ///< Its public key; also accepted as a caller with role "service".

    std::string genesis;                  ///< genesis.json: chain, and the validators that certify blocks.
    std::string genesis_hash;             ///< Used without `genesis`; empty: pinned at first contact.
    std::vector<std::string> validators;  ///< Used without `genesis`: keys in genesis order, equal stake.

    std::uint64_t unlock_timeout_s = 900;                ///< Default and longest time a wallet stays unlocked.
    std::uint64_t tx_valid_blocks = 600;                 ///< valid_until_height = finalized height + this.
    std::uint64_t tip_per_gas_max = 100'000'000'000;     ///< agcc; 100 times the base fee of a chain without load.
    std::uint64_t fee_per_gas_max = 10'000'000'000'000;  ///< agcc, tip included; 10,000 times that base fee.
    std::uint64_t call_timeout_ms = 10'000;              ///< Each call to the node.
    std::uint64_t finality_timeout_ms = 120'000;         ///< How long Send follows a transaction.
    std::uint64_t call_proof_window_s = 60;              ///< How old a caller's proof may be.
    std::uint32_t sends_max = 256;                       ///< Send calls followed at the same time.

    std::string log_level = "info";
    std::string log_format = "text";

    std::vector<Peer> peers;

    // Not in the file.
    KdfPolicy kdf;
    /// How long a send waits until nonces that others used are proved to be final, from its start on; it asks
    /// once more in any case.
    std::uint64_t foreign_nonce_wait_ms = 10'000;
    base::MetricsRegistry* registry = nullptr;  ///< enoc's; null: walletd makes its own. Must outlive walletd.
};

/// Binds the file's keys to `config`.
base::ConfigSchema schema_of(Config& config);
/// Reads TOML over the defaults. Errors name file, line and key.
base::Checked<Config> load_config(const std::string& path);
/// What Walletd::start refuses: keys that are not keys, unknown roles, addresses that are not addresses.
base::Checked<void> validate(const Config& config);

}  // namespace walletd

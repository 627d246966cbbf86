#pragma once
// Makes a node's home: keys, genesis, config.

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "ghostd/config.hpp"
#include "ledger/genesis.hpp"

namespace ghostd {

struct InitOptions {
    std::string home;  ///< ghostd's own folder; made when missing.
    std::string chain_id = "ghostchain-dev-1";
    bool dev = false;                             ///< Makes a faucet key and funds it.
    GhostdConfig config;                          ///< Written as ghostd.toml, unless there is one: that is kept.
    std::vector<ledger::Allocation> allocations;  ///< Beside the faucet's.
    std::uint64_t time_ms = 0;                    ///< Genesis time; 0: now.
};
struct InitResult {
    std::string chain_id;
    base::Digest genesis_hash{};
    base::Digest node_key{};  ///< Public key that clients pin and bridges list.
    ledger::Address validator;
    std::optional<ledger::Address> faucet;
};
/// What the development chain's faucet starts with.
inline constexpr std::uint64_t kDevFaucetGcc = 1'000'000'000;
/// New code of contracts runs soon on a development chain.
inline constexpr std::uint64_t kDevUpgradeDelayMs = 10'000;

/// A one-validator chain of this node's own. `already_exists` when the home holds a chain; nothing is changed then.
base::Checked<InitResult> init_home(const InitOptions& options);

}  // namespace ghostd

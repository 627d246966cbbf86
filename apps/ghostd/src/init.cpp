#include "ghostd/init.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <filesystem>

#include "base/clock.hpp"
#include "base/file.hpp"
#include "gcrypt/address.hpp"
#include "ghostd/key_file.hpp"

namespace ghostd {

base::Checked<InitResult> init_home(const InitOptions& options) {
    const HomeLayout home{options.home};
    GC_CHECK(check_config(options.config, home.config));
    GC_CHECK(base::make_private_dir(home.folder));
    GC_TRY(const auto lock, base::FileLock::acquire(home.lock));
    std::error_code ignored;
    if (std::filesystem::exists(home.genesis, ignored))
        return base::explain(base::Errc::already_exists,
                             fmt::format("{} exists: this home already has a chain. Start it with `ghostd start`, or "
                                         "choose another folder with --home",
                                         home.genesis));
    // Keys left by an earlier, unfinished init are used again, never replaced.
    const auto key = [](const std::string& path) {
        std::error_code error;
        return std::filesystem::exists(path, error) ? load_key(path) : create_key(path);
    };
    GC_TRY(const auto node_key, key(home.node_key));
    GC_TRY(const auto validator_key, key(home.validator_key));

    ledger::Genesis genesis;
    genesis.chain_id = options.chain_id;
    genesis.time_ms = options.time_ms ? options.time_ms : base::system_clock().unix_ms();
    genesis.allocations = options.allocations;
    const auto validator = gcrypt::address_of(validator_key.public_key());
    genesis.validators.push_back(
        {.name = "solo", .public_key = validator_key.public_key().bytes, .address = validator, .stake = 1});
    if (options.dev) {
        genesis.params.contract_upgrade_delay_ms = kDevUpgradeDelayMs;
        GC_TRY(const auto faucet_key, key(home.faucet_key));
        genesis.faucet = gcrypt::address_of(faucet_key.public_key());
        genesis.allocations.push_back({*genesis.faucet, ledger::Amount{kDevFaucetGcc} * ledger::kAgccPerGcc});
    }
    std::sort(genesis.allocations.begin(), genesis.allocations.end(),
              [](const auto& a, const auto& b) { return a.address < b.address; });
    GC_CHECK(ledger::validate(genesis));

    if (std::filesystem::exists(home.config, ignored)) {
        GC_CHECK(load_config(home.config));  // An operator's work, which must be good, but is never replaced.
    } else {
        auto config = options.config;
        GC_CHECK(base::write_file_atomic(home.config, base::as_bytes(schema_of(config).to_toml())));
    }
    // Last: a home with a genesis is a complete one.
    GC_CHECK(ledger::save_genesis(genesis, home.genesis));
    return InitResult{.chain_id = genesis.chain_id,
                      .genesis_hash = ledger::genesis_hash(genesis),
                      .node_key = node_key.public_key().bytes,
                      .validator = validator,
                      .faucet = genesis.faucet};
}

}  // namespace ghostd

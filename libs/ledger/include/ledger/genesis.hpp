#pragma once
// The first state of a chain and the rules it starts with. Its hash names the chain: it is in every transaction and
// in the parent field of block 0.

#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "ledger/errc.hpp"
#include "ledger/rules.hpp"
#include "ledger/types.hpp"

namespace ledger {

/// Rules that execution reads from the state (key `p/params`). One rule says when a change of them acts: a block, its
/// base fee included, goes by the parameters of its parent's state.
struct Params {
    std::uint64_t block_gas_limit{300'000'000};
    std::uint32_t elasticity{2};             ///< Gas target = limit / elasticity.
    std::uint32_t base_fee_denominator{8};   ///< Largest change of the base fee per block: 1/denominator.
    Amount base_fee_floor{1'000'000'000};    ///< agcc per gas
    Amount base_fee_initial{1'000'000'000};  ///< agcc per gas, block 1
    /// How long a contract's users can see new code coming before it runs; at most kUpgradeDelayMaxMs.
    std::uint64_t contract_upgrade_delay_ms{86'400'000};
    /// Which rules.hpp this chain has. The first version has nothing from here on in its records and files.
    std::uint32_t rules_version{kRulesLatest};
    /// From version 2: gas_limit of one transaction <= block_gas_limit / this, so that nobody's promise fills a block.
    std::uint32_t tx_gas_divisor{4};
    friend bool operator==(const Params&, const Params&) = default;
};

inline constexpr std::uint64_t kUpgradeDelayMaxMs = 366ULL * 86'400'000;

struct Allocation {
    Address address;
    Amount amount{};  ///< agcc
    friend bool operator==(const Allocation&, const Allocation&) = default;
};

struct GenesisValidator {
    std::string name;                   ///< For people, at most 64 bytes.
    base::FixedBytes<32> public_key{};  ///< Ed25519, signs votes and blocks.
    Address address;                    ///< Receives tips.
    std::uint64_t stake{};              ///< Voting weight, in whole GCC; > 0.
    friend bool operator==(const GenesisValidator&, const GenesisValidator&) = default;
};

struct Genesis {
    std::string chain_id;  ///< 1–64 of a–z, 0–9 and hyphen.
    std::uint64_t time_ms{};
    Params params;
    std::vector<Allocation> allocations;  ///< Sorted by address, no address twice.
    std::vector<GenesisValidator> validators;
    std::optional<Address> faucet;  ///< Development chains only: the account that the faucet pays from.
    friend bool operator==(const Genesis&, const Genesis&) = default;
};

inline constexpr std::size_t kGenesisAllocationsMax = 2'000'000;
inline constexpr std::size_t kGenesisValidatorsMax = 1024;
inline constexpr std::size_t kGenesisFileBytesMax = 512U << 20U;

/// One sentence that names the field and its value when the genesis cannot start a chain.
base::Checked<void> validate(const Genesis& genesis);

base::Bytes encode(const Genesis& genesis);
/// BLAKE3 "ghostchain 2026 genesis v1" over encode(genesis): independent of how the file is written.
Hash genesis_hash(const Genesis& genesis);
/// BLAKE3 "ghostchain 2026 valset v1" over the validators.
Hash valset_hash(const Genesis& genesis);
/// Sum of the allocations; validate() has shown that it does not overflow.
Amount total_supply(const Genesis& genesis);

/// Canonical JSON: fixed key order, two spaces, amounts as decimal strings of agcc, addresses as bech32m.
std::string to_json(const Genesis& genesis);
/// Strict: an unknown or missing key, or a value of the wrong type, is an error that names `source` and the key.
base::Checked<Genesis> genesis_from_json(std::string_view text, const std::string& source);
base::Checked<Genesis> load_genesis(const std::filesystem::path& path);
/// Writes to a temporary file beside it, syncs, renames.
base::Checked<void> save_genesis(const Genesis& genesis, const std::filesystem::path& path);

}  // namespace ledger

#pragma once
// Versions of the chain's rules. A chain names its version in the genesis (Params::rules_version, in the state) and
// keeps it: its old blocks must execute to the same roots for ever (golden_test.cpp). Whatever changes what a block
// means goes into Rules under a new version, never into a constant.
//
// Source: docs/decisions, "A chain keeps the rules that its genesis names".

#include <cstdint>
#include <span>
#include <string>

#include "zvm/gas.hpp"

namespace ledger {

struct Params;

/// Gas of transactions and messages, before anything runs. Starting a contract and what it does have the prices of
/// zvm/gas.hpp. Here, too, 1 gas is about 1 ns of a node's work, and growth of the state has the price of zvm's
/// growth().
struct NativePrices {
    std::uint64_t tx{};        ///< Includes one signature.
    std::uint64_t transfer{};  ///< Each of a batch.
    std::uint64_t asset_create{};
    std::uint64_t asset_mint{};
    std::uint64_t asset_burn{};
    std::uint64_t contract_deploy{};
    std::uint64_t contract_call{};
    std::uint64_t contract_upgrade{};
    std::uint64_t code_byte{};  ///< Deployed or brought for an upgrade: validated, and stored for ever.
    std::uint64_t input_byte{};
    std::uint64_t account_new{};  ///< The first transaction of an address makes its account.
    std::uint64_t code_new{};     ///< Bringing a code that the chain has not makes two records.
};

struct Rules {
    std::uint32_t version{};
    /// zvm::kEngineVersion that contracts run with: which code is refused, what its gas is. A program that has another
    /// engine only must not execute this chain.
    std::uint32_t engine_version{};
    /// Whether Params::tx_gas_divisor bounds the gas_limit of a transaction; else block_gas_limit does.
    bool caps_tx_gas{};
    /// Whether native gas of messages behind one that fails is due too: their bytes stay in the block.
    bool whole_native_gas_is_due{};
    const NativePrices* native{};
    /// Prices of host functions; `balance_new` is that of native messages too.
    const zvm::gas::host::StatePrices* state{};
};

inline constexpr std::uint32_t kRulesFirst = 1;   ///< Of a genesis that names none.
inline constexpr std::uint32_t kRulesLatest = 3;  ///< Of a genesis that is made now.

/// Null when this program does not know the version.
[[nodiscard]] const Rules* find_rules(std::uint32_t version) noexcept;
/// Of parameters that were validated or decoded: their version is known.
[[nodiscard]] const Rules& rules_of(const Params& params) noexcept;

/// The native prices of the newest version as a table for docs/gas.md.
[[nodiscard]] std::string native_gas_table();

/// The largest gas_limit of a transaction.
[[nodiscard]] std::uint64_t tx_gas_limit_max(const Params& params) noexcept;

}  // namespace ledger

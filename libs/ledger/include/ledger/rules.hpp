#pragma once
// Versions of the chain's rules. A chain names its version in the genesis (Params::rules_version, in the state) and
// keeps it: its old blocks must execute to the same roots for ever (golden_test.cpp). Whatever changes what a block
// means goes into Rules under a new version, never into a constant.
//
// Source: docs/decisions, "A chain keeps the rules that its genesis names".

#include <cstdint>
#include <span>

namespace ledger {

struct Params;

struct Rules {
    std::uint32_t version{};
    /// zvm::kEngineVersion that contracts run with: which code is refused, what its gas is. A program that has another
    /// engine only must not execute this chain.
    std::uint32_t engine_version{};
    /// Whether Params::tx_gas_divisor bounds the gas_limit of a transaction; else block_gas_limit does.
    bool caps_tx_gas{};
};

inline constexpr std::uint32_t kRulesFirst = 1;   ///< Of a genesis that names none.
inline constexpr std::uint32_t kRulesLatest = 2;  ///< Of a genesis that is made now.

/// Null when this program does not know the version.
[[nodiscard]] const Rules* find_rules(std::uint32_t version) noexcept;
/// Of parameters that were validated or decoded: their version is known.
[[nodiscard]] const Rules& rules_of(const Params& params) noexcept;

/// The largest gas_limit of a transaction.
[[nodiscard]] std::uint64_t tx_gas_limit_max(const Params& params) noexcept;

}  // namespace ledger

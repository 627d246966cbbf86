#pragma once
// What code costs before it runs: gas of every function's stretches, its costliest way through, and a round of each
// loop. For people and tools; consensus only knows what a run charges.

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "zvm/module.hpp"

namespace zvm {

/// A stretch of code that is entered at its start and paid for there.
struct GasStretch {
    std::uint32_t instruction = 0;  ///< Its first register instruction, as disassemble() numbers them.
    std::uint64_t gas = 0;          ///< Paid on entering it (the largest, when ways in differ).
};
struct GasLoop {
    std::uint32_t instruction = 0;  ///< Its head.
    std::uint64_t round_gas = 0;    ///< The costliest round, calls not followed.
};
struct FunctionGas {
    std::uint32_t index = 0;
    std::string name;
    std::uint32_t wasm_bytes = 0;
    std::vector<GasStretch> stretches;
    /// The costliest way from entry to return that takes no loop twice, calls not followed...
    std::uint64_t way_gas = 0;
    std::vector<std::uint32_t> way;  ///< ...and the stretches on it, by position in `stretches`.
    /// The costliest way with the ways of the functions that it calls directly; nothing when they call one another in
    /// a circle. Loops count once, host functions and call_indirect with the price of leaving only.
    std::optional<std::uint64_t> total_gas;
    std::vector<GasLoop> loops;  ///< At most kGasLoopsMax, costliest round first.
    std::uint32_t indirect_calls = 0;
    std::uint32_t dynamic = 0;            ///< Instructions whose price depends on operands: growth, bulk.
    std::vector<std::string> host_calls;  ///< Names, sorted, each once.
};
inline constexpr std::size_t kGasLoopsMax = 32;

/// Of every function that the module defines, in order.
std::vector<FunctionGas> gas_report(const Module& module);

}  // namespace zvm

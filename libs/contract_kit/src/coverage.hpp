#pragma once
// Which basic blocks of a module ran, without help of the engine: the module is rewritten so that each block first sets
// a global of its own to 1. Function indices stay the same, so names and exports do too. Gas changes, therefore
// coverage is a run of its own.

#include <cstdint>
#include <vector>

#include "base/bytes.hpp"
#include "contract_kit/testing.hpp"
#include "zvm/module.hpp"

namespace contract_kit {

struct Counting {
    base::Bytes wasm;                        ///< Exports block i as the global "~block<i>".
    std::vector<std::uint32_t> function_of;  ///< By block: its function's index in the module.
};

/// `wasm` must be valid by the contract profile; what cannot be read is `invalid_argument`.
base::Result<Counting> add_counters(base::ByteView wasm);

/// How to load the result: the contract profile without the limits that counters cross.
zvm::LoadOptions counting_options() noexcept;

std::vector<FunctionCoverage> coverage_of(const zvm::Module& module, const std::vector<std::uint32_t>& function_of,
                                          const std::vector<std::uint8_t>& ran);

}  // namespace contract_kit

#pragma once
// Functions that the host offers to modules. Plain tables of noexcept functions: nothing here allocates or throws.

#include <cstdint>
#include <span>
#include <string_view>

#include "base/bytes.hpp"
#include "zvm/types.hpp"

namespace zvm {

class Instance;

/// What a host function sees of the call. Valid during the call only.
struct HostCall {
    Instance& instance;  ///< The caller: its memory is what pointers mean.
    Slot* slots;         ///< In: the arguments. Out: the results, from slots[0]. Borrowed from the stack.
    std::int64_t& gas;   ///< What is left. Charge through charge().
    void* context;       ///< What the run was started with.

    [[nodiscard]] std::uint32_t u32(std::size_t i) const noexcept { return static_cast<std::uint32_t>(slots[i]); }
    [[nodiscard]] std::uint64_t u64(std::size_t i) const noexcept { return slots[i]; }
    /// Takes `amount`; false when there is not that much, and then the function returns Trap::out_of_gas.
    /// Host functions charge before they work.
    [[nodiscard]] bool charge(std::uint64_t amount) noexcept {
        if (amount > static_cast<std::uint64_t>(gas)) return false;
        gas -= static_cast<std::int64_t>(amount);
        return true;
    }
};

struct HostFunction {
    std::string_view module;
    std::string_view name;
    FuncType type;
    Trap (*call)(HostCall&) noexcept;
};

}  // namespace zvm

#pragma once

#include "zvm/machine.hpp"

namespace zvm {

struct FuncCode;

/// The first tier: runs register code.
struct Interpreter {
    struct Entry {
        Machine& machine;
        Instance& instance;
        const FuncCode& code;
        void* context;
    };
    /// The arguments lie at the bottom of the machine's stack; the results will.
    template <bool kMetered>
    static Trap run(const Entry& entry, std::int64_t& gas_left) noexcept;
    /// Calls a host function with arguments and results in `slots`.
    static Trap call_host(const HostFunction& host, Instance& instance, Slot* slots, std::int64_t& gas,
                          void* context) noexcept;
};

}  // namespace zvm

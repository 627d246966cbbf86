#pragma once

#include "zvm/machine.hpp"

namespace zvm {

struct FuncCode;

/// What a run does about gas. Watched runs have code of their own, so that the others pay nothing for them.
enum class Metering { none, charged, watched };

/// The first tier: runs register code.
struct Interpreter {
    struct Entry {
        Machine& machine;
        Instance& instance;
        const FuncCode& code;
        void* context;
    };
    /// The arguments lie at the bottom of the machine's stack; the results will.
    template <Metering kMetering>
    static Trap run(const Entry& entry, std::int64_t& gas_left) noexcept;
    /// Calls a host function with arguments and results in `slots`.
    static Trap call_host(const HostFunction& host, Instance& instance, Slot* slots, std::int64_t& gas,
                          void* context) noexcept;

 private:
    /// The gas to go on with when a watched run has `gas` < 0 of its slice left; negative when it must end.
    static std::int64_t next_slice(Machine& machine, std::int64_t gas) noexcept;
};

}  // namespace zvm

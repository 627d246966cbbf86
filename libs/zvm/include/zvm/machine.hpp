#pragma once
// The stacks that code runs on: one Machine a thread and nesting level, reused for every run. A contract that calls
// another gets a fresh Machine for the callee, so that a caller cannot exhaust the callee's stack.

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "zvm/instance.hpp"

namespace zvm {

/// Somebody who may end a run before its gas does, because nobody waits for it any more or its time is used up. For
/// runs that only read: what a block means depends on gas alone, so nothing that executes blocks may have one.
class Watch {
 public:
    virtual ~Watch() = default;
    /// Asked on the thread that runs, about every kWatchGas gas. True ends the run with Trap::interrupted; once true,
    /// it stays true.
    virtual bool should_stop() noexcept = 0;
};
/// Gas between two questions: some ten microseconds.
inline constexpr std::int64_t kWatchGas = 65'536;

/// Where a run is started with; see Machine::run.
struct RunOptions {
    void* context = nullptr;  ///< Handed to host functions.
    bool metered = true;      ///< False: gas is neither charged nor checked. For measurements of the metering only.
    Watch* watch = nullptr;   ///< Of metered runs. Gas is the same with and without.
};

class Machine {
 public:
    static std::unique_ptr<Machine> make(std::uint32_t stack_slots = kStackSlots,
                                         std::uint32_t call_depth = kCallDepth) noexcept;
    ~Machine();
    Machine(const Machine&) = delete;
    Machine& operator=(const Machine&) = delete;

    /// Runs `function` to its end. `args` and `results` have the sizes of its type, and the arguments its types (the
    /// upper half of a 32-bit value is ignored). `gas` is what may be used and becomes what is left; running out of it
    /// leaves 0. Results are written only when there was no trap. Not re-entrant: a host function that runs something
    /// uses another Machine.
    Trap run(const Function& function, std::span<const Slot> args, std::span<Slot> results, std::int64_t& gas,
             const RunOptions& options = {}) noexcept;

    /// After a trap: the functions that were active, innermost first, at most `max`. For simulation and tests; never
    /// part of a consensus result.
    struct TraceEntry {
        std::uint32_t function;  ///< Index in its module.
        std::string name;
    };
    [[nodiscard]] std::vector<TraceEntry> trace(const Module& module, std::size_t max = 64) const;
    /// Only their indices: cheap, whatever names the module has (Module::function_names).
    [[nodiscard]] std::vector<std::uint32_t> trace_functions(const Module& module, std::size_t max = 64) const;

 private:
    friend struct Interpreter;
    struct Frame {
        const Instr* pc;
        Slot* fp;
    };
    Machine() noexcept = default;

    std::unique_ptr<Slot[]> stack_;
    std::unique_ptr<Frame[]> frames_;
    Slot* stack_end_ = nullptr;
    Frame* frames_end_ = nullptr;
    Frame* trap_frame_ = nullptr;
    const Instr* trap_pc_ = nullptr;
    Watch* watch_ = nullptr;
    std::int64_t held_gas_ = 0;  ///< Of a watched run: what it may use after the next question.
    bool stopped_ = false;       ///< The answer was true.
};

}  // namespace zvm

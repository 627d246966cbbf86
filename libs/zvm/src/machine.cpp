#include "zvm/machine.hpp"

#include <algorithm>
#include <limits>
#include <new>

#include "interp.hpp"
#include "ir.hpp"

namespace zvm {

std::unique_ptr<Machine> Machine::make(std::uint32_t stack_slots, std::uint32_t call_depth) noexcept {
    std::unique_ptr<Machine> machine{new Machine};
    // Uninitialised: a frame's locals are zeroed on entry and its operands written before they are read.
    machine->stack_ = std::make_unique_for_overwrite<Slot[]>(stack_slots);
    machine->frames_ = std::make_unique_for_overwrite<Frame[]>(call_depth + 1);
    machine->stack_end_ = machine->stack_.get() + stack_slots;
    machine->frames_end_ = machine->frames_.get() + call_depth;
    return machine;
}

Machine::~Machine() = default;

[[gnu::cold]] std::int64_t Interpreter::next_slice(Machine& machine, std::int64_t gas) noexcept {
    const auto left = machine.held_gas_ + gas;
    machine.held_gas_ = 0;
    if (left < 0) return left;
    if (machine.watch_->should_stop()) {
        machine.stopped_ = true;
        return -1;
    }
    const auto slice = std::min(left, kWatchGas);
    machine.held_gas_ = left - slice;
    return slice;
}

Trap Machine::run(const Function& function, std::span<const Slot> args, std::span<Slot> results, std::int64_t& gas,
                  const RunOptions& options) noexcept {
    GC_ASSERT(args.size() == function.type->params.size() && results.size() == function.type->results.size());
    trap_pc_ = nullptr;
    trap_frame_ = frames_.get();
    const auto slots = static_cast<std::size_t>(stack_end_ - stack_.get());
    if (std::max(args.size(), results.size()) > slots) return Trap::stack_exhausted;
    for (std::size_t i = 0; i < args.size(); ++i) {
        const auto type = function.type->params[i];
        const bool is_32 = type == ValType::i32 || type == ValType::f32;
        stack_[i] = is_32 ? static_cast<std::uint32_t>(args[i]) : args[i];
    }
    auto trap = Trap::none;
    if (function.host) {
        GC_ASSERT(function.instance);
        auto left = options.metered ? gas : std::numeric_limits<std::int64_t>::max();
        trap = Interpreter::call_host(*function.host, *function.instance, stack_.get(), left, options.context);
        if (options.metered) gas = trap == Trap::out_of_gas ? 0 : left;
    } else {
        const Interpreter::Entry entry{*this, *function.instance, *function.code, options.context};
        watch_ = options.watch;
        stopped_ = false;
        trap = !options.metered ? Interpreter::run<Metering::none>(entry, gas)
               : options.watch  ? Interpreter::run<Metering::watched>(entry, gas)
                                : Interpreter::run<Metering::charged>(entry, gas);
    }
    if (trap == Trap::none) std::copy_n(stack_.get(), results.size(), results.begin());
    return trap;
}

std::vector<std::uint32_t> Machine::trace_functions(const Module& module, std::size_t max) const {
    std::vector<std::uint32_t> out;
    const auto add = [&](const Instr* pc) {
        if (const auto* const code = module.function_at(pc)) out.push_back(code->index);
    };
    if (!trap_pc_ || max == 0) return out;
    add(trap_pc_);
    for (const auto* frame = trap_frame_; frame != frames_.get() && out.size() < max;) {
        --frame;
        add(frame->pc - 1);  // The frame says where its caller goes on, which is behind the call.
    }
    return out;
}

std::vector<Machine::TraceEntry> Machine::trace(const Module& module, std::size_t max) const {
    const auto functions = trace_functions(module, max);
    auto names = module.function_names(functions);
    std::vector<TraceEntry> out;
    out.reserve(functions.size());
    for (std::size_t i = 0; i < functions.size(); ++i) out.push_back({functions[i], std::move(names[i])});
    return out;
}

}  // namespace zvm

// zvm gas, zvm bench: what code costs, before and while it runs.
#include <fmt/format.h>
#include <time.h>

#include <algorithm>
#include <chrono>

#include "prepare.hpp"
#include "zvm/gas_report.hpp"
#include "zvm/gas_table.hpp"

namespace zvm_tool {
namespace {

std::string total(const zvm::FunctionGas& item) {
    return item.total_gas ? fmt::format("{}", *item.total_gas) : std::string{"recursive"};
}

void print_function(const zvm::FunctionGas& item) {
    fmt::print("{}: {} bytes, {} stretches, dearest way {} gas, with the functions that it calls {}\n", item.name,
               item.wasm_bytes, item.stretches.size(), item.way_gas, total(item));
    fmt::print("  stretches, by their first register instruction (zvm disasm numbers them alike)\n");
    for (std::size_t i = 0; i < item.stretches.size(); ++i) {
        const bool is_on_way = std::find(item.way.begin(), item.way.end(), i) != item.way.end();
        fmt::print("  {:6} {:8} gas{}\n", item.stretches[i].instruction, item.stretches[i].gas,
                   is_on_way ? "  on the dearest way" : "");
    }
    for (const auto& loop : item.loops) fmt::print("  loop at {}: {} gas a round\n", loop.instruction, loop.round_gas);
    if (item.indirect_calls) fmt::print("  {} indirect calls, not followed\n", item.indirect_calls);
    if (item.dynamic) fmt::print("  {} instructions whose price depends on operands\n", item.dynamic);
    for (const auto& host : item.host_calls) fmt::print("  calls {} of the host\n", host);
}

double cpu_ns() {
    timespec at{};
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &at);
    return static_cast<double>(at.tv_sec) * 1e9 + static_cast<double>(at.tv_nsec);
}

}  // namespace

int gas(const std::string& file, const std::string& function, const LoadFlags& flags) {
    const auto module = load(file, flags);
    if (!module) return 1;
    const auto index = find_function(**module, function);
    if (!function.empty() && !index) {
        fmt::print(stderr, "{}: no function '{}'\n", file, function);
        return 2;
    }
    auto report = zvm::gas_report(**module);
    if (index) {
        if (*index < (*module)->imported_functions()) {
            fmt::print("{} is the host's\n", (*module)->function_name(*index));
            return 0;
        }
        print_function(report[*index - (*module)->imported_functions()]);
        return 0;
    }
    std::stable_sort(report.begin(), report.end(), [](const auto& a, const auto& b) {
        return a.total_gas.value_or(~std::uint64_t{0}) > b.total_gas.value_or(~std::uint64_t{0});
    });
    fmt::print("{:32} {:>10} {:>10} {:>10} {:>10} {:>6}\n", "function", "bytes", "way", "with calls", "loop round",
               "host");
    for (const auto& item : report) {
        const auto round = item.loops.empty() ? std::string{"-"} : fmt::format("{}", item.loops.front().round_gas);
        fmt::print("{:32} {:>10} {:>10} {:>10} {:>10} {:>6}\n", item.name, item.wasm_bytes, item.way_gas, total(item),
                   round, item.host_calls.size());
    }
    fmt::print(
        "way: the dearest way through a function that goes round no loop twice; loop round: the dearest of its "
        "loops;\nhost: functions of the host that it calls, whose prices come on top (docs/gas.md)\n");
    return 0;
}

int gas_table() {
    fmt::print("{}", zvm::gas_table_markdown());
    return 0;
}

int bench(const std::string& file, const std::string& function, const std::vector<std::string>& args,
          const RunFlags& flags, double seconds) {
    const auto prepared = prepare(file, function, args, flags);
    if (!prepared.instance) return prepared.code;
    auto& instance = *prepared.instance;
    const auto machine = zvm::Machine::make();
    auto left = flags.gas;
    if (const auto trap = instance.initialise(*machine, left); trap != zvm::Trap::none) {
        fmt::print(stderr, "trap: {}\n", zvm::to_string(trap));
        return 1;
    }
    instance.take_image();
    std::vector<zvm::Slot> results(prepared.function->type->results.size());
    double best = 1e300;
    double all = 0;
    std::uint64_t calls = 0;
    std::int64_t used = 0;
    const auto until = std::chrono::steady_clock::now() + std::chrono::duration<double>{seconds};
    do {
        // Short functions are measured several at a time, since reading the clock takes as long as they do.
        const std::uint64_t batch = best > 1e4 ? 1 : 100;
        const auto start = cpu_ns();
        for (std::uint64_t i = 0; i < batch; ++i) {
            left = flags.gas;
            const auto trap = machine->run(*prepared.function, prepared.args, results, left);
            if (trap != zvm::Trap::none) {
                fmt::print(stderr, "trap: {}\n", zvm::to_string(trap));
                for (const auto& entry : machine->trace(instance.module())) {
                    fmt::print(stderr, "  at {}\n", entry.name);
                }
                return 1;
            }
            instance.reset();
        }
        const auto took = cpu_ns() - start;
        best = std::min(best, took / static_cast<double>(batch));
        all += took;
        calls += batch;
        used = flags.gas - left;
    } while (std::chrono::steady_clock::now() < until);
    fmt::print("{} calls: {:.0f} ns at best, {:.0f} ns on average, {} gas, {:.2f} ns a gas\n", calls, best,
               all / static_cast<double>(calls), used, best / static_cast<double>(std::max<std::int64_t>(used, 1)));
    return 0;
}

}  // namespace zvm_tool

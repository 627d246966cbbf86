// What comes before a run: loading a module and making an instance of it. Each case is a module that spends its bytes
// on one thing, next to real ones.
#include <fmt/format.h>

#include <algorithm>
#include <ctime>
#include <string>
#include <vector>

#include "../test/wasm_builder.hpp"
#include "base/file.hpp"
#include "calibrate.hpp"
#include "zvm/contract_host.hpp"
#include "zvm/pool.hpp"

namespace zvm_bench {
namespace {

using namespace zvm::test;

struct Case {
    std::string name;
    base::Bytes wasm;
};

Case body(const char* name, const Code& code, int functions = 4, const Code& locals = {0}) {
    Builder b;
    b.type({}, {});
    b.type({}, Code(32, kI32));
    b.type(Code(32, kI32), Code(32, kI32));
    b.tables.push_back({0x70, 0, 1});
    b.memory(1);
    b.globals.push_back({kI64, 1, 0x42, 1, 0x0b});
    b.function("wide", 2, repeat({0x20, 0}, 32));
    for (int i = 0; i < functions; ++i) b.function("", 0, code, locals);
    return {name, b.bytes()};
}

std::vector<Case> cases(const std::vector<std::string>& files) {
    std::vector<Case> out;
    for (const auto& file : files) {
        if (auto bytes = base::read_file(file, 1u << 20)) out.push_back({file.substr(file.rfind('/') + 1), *bytes});
    }
    out.push_back(body("constants", repeat(join({i32_const(1), {0x1a}}), 20'000)));
    out.push_back(body("constants set to a local", repeat(join({i32_const(1), {0x21, 0}}), 12'000), 5, {1, 1, kI32}));
    out.push_back(body("additions", join({i32_const(1), repeat({0x41, 2, 0x6a}, 20'000), {0x1a}})));
    out.push_back(body("loads", join({i32_const(1), repeat({0x28, 2, 0}, 20'000), {0x1a}})));
    out.push_back(body("globals", repeat({0x23, 0, 0x24, 0}, 15'000)));
    out.push_back(body("nops", repeat({0x01}, 60'000)));
    out.push_back(body("blocks", repeat({0x02, 0x40, 0x0b}, 4'900), 16));
    out.push_back(body("loops with a branch", repeat({0x03, 0x40, 0x41, 0, 0x0d, 0, 0x0b}, 4'900), 7));
    out.push_back(body("ifs", repeat({0x41, 0, 0x04, 0x40, 0x05, 0x0b}, 4'900), 8));
    out.push_back(body("br_table to one", join({i32_const(0), {0x0e}, uleb(4'096), repeat({0}, 4'097)}), 60));
    Code deep;
    for (int i = 0; i < 120; ++i) append(deep, {0x02, 0x40});
    Code targets;
    for (int i = 0; i < 4'097; ++i) targets.push_back(static_cast<std::uint8_t>(i % 120));
    out.push_back(
        body("br_table to many", join({deep, i32_const(0), {0x0e}, uleb(4'096), targets, repeat({0x0b}, 120)}), 58));
    out.push_back(body("br_table with 32 values",
                       join({{0x02, 1},
                             {0x02, 1},
                             i32_const(1),
                             repeat(i32_const(1), 32),
                             i32_const(0),
                             {0x0e},
                             uleb(4'096),
                             repeat({0, 1}, 2'048),
                             {0, 0x0b},
                             {0x0b},
                             repeat({0x1a}, 32)}),
                       58));
    out.push_back(
        body("calls of 32 values", join({repeat(i32_const(1), 32), repeat({0x10, 0}, 30'000), repeat({0x1a}, 32)})));
    out.push_back(body("dead calls of 32 values", join({{0x00}, repeat({0x10, 0}, 30'000), {0x00}})));
    out.push_back(body("br_if with 32 values", join({{0x02, 1},
                                                     i32_const(7),
                                                     repeat(i32_const(1), 32),
                                                     repeat({0x41, 0, 0x0d, 0}, 14'000),
                                                     {0x0c, 0, 0x0b},
                                                     repeat({0x1a}, 32)})));
    out.push_back(body("blocks of 32 values",
                       join({repeat(i32_const(1), 32), repeat({0x02, 2, 0x0b}, 4'900), repeat({0x1a}, 32)}), 16));
    // 255 locals wait on the operand stack while each is set: the search for them is what lowering has of a square.
    Code pending;
    for (int i = 0; i < 250; ++i) append(pending, join({{0x20}, uleb(static_cast<std::uint64_t>(i))}));
    for (int i = 0; i < 250; ++i) append(pending, join({i32_const(1), {0x21}, uleb(static_cast<std::uint64_t>(i))}));
    append(pending, repeat({0x1a}, 250));
    out.push_back(body("locals that wait", repeat(pending, 30), 4, join({{1}, uleb(250), {kI32}})));
    out.push_back(body("empty functions", {}, 4'000));
    out.push_back(body("functions with 12 locals", {}, 4'000, {1, 12, kI32}));
    {
        Builder b;
        b.type({}, {});
        b.tables.push_back(join({{0x70, 0}, uleb(4'096)}));
        b.function("f", 0, {});
        b.elements.push_back(join({{0, 0x41, 0, 0x0b}, uleb(4'096), repeat({0}, 4'096)}));
        b.elements.push_back(join({{1, 0}, uleb(200'000), repeat({0}, 200'000)}));
        out.push_back({"element items", b.bytes()});
        b.elements.pop_back();
        b.elements.push_back(join({{5, 0x70}, uleb(60'000), repeat({0xd2, 0, 0x0b}, 60'000)}));
        out.push_back({"element expressions", b.bytes()});
    }
    {
        Builder b;
        b.memory(1);
        for (int i = 0; i < 250; ++i)
            b.globals.push_back(join({{kI32, 0, 0x41, 1}, repeat({0x41, 1, 0x6a}, 300), {0x0b}}));
        out.push_back({"extended constants", b.bytes()});
    }
    {
        Builder b;
        for (int i = 0; i < 1'000; ++i) b.type({kI32, kI64}, repeat({kI32}, static_cast<std::size_t>(i % 32)));
        out.push_back({"types", b.bytes()});
    }
    {
        Builder b;
        b.memory(4);
        b.data.push_back(join({{0, 0x41, 0, 0x0b}, uleb(250'000), repeat({7}, 250'000)}));
        out.push_back({"data", b.bytes()});
        b.data.clear();
        for (int i = 0; i < 1'000; ++i) b.data.push_back(join({{0, 0x41}, sleb(i * 64), {0x0b, 1, 7}}));
        out.push_back({"data segments", b.bytes()});
    }
    {
        Builder b;
        b.customs.push_back(join({text("x"), repeat({0}, 250'000)}));
        out.push_back({"custom section", b.bytes()});
    }
    {
        Builder b;
        b.memory(64);
        b.data.push_back(join({{0}, i32_const(64 * 65'536 - 1), {0x0b, 1, 7}}));
        out.push_back({"data at the end of 64 pages", b.bytes()});
    }
    for (const auto pages : {1u, 8u, 64u}) {
        Builder b;
        b.memory(pages);
        out.push_back({fmt::format("memory of {} pages", pages), b.bytes()});
    }
    return out;
}

double cpu_ns() {
    timespec at{};
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &at);
    return static_cast<double>(at.tv_sec) * 1e9 + static_cast<double>(at.tv_nsec);
}
template <typename Work>
double best_of(int runs, Work&& work) {
    double best = 1e18;
    for (int i = 0; i < runs; ++i) {
        const auto start = cpu_ns();
        work();
        best = std::min(best, cpu_ns() - start);
    }
    return best;
}

}  // namespace

double calibrate_start(int runs, const std::vector<std::string>& files) {
    double worst = 0;
    fmt::print("\n{:26} {:>8} {:>8} {:>9} {:>9} {:>7} {:>9} {:>9} {:>7}\n", "module", "bytes", "IR", "load gas", "ns",
               "ns/gas", "inst. gas", "ns", "ns/gas");
    for (const auto& item : cases(files)) {
        auto module = zvm::Module::load(item.wasm, zvm::LoadOptions::contract());
        if (!module) {
            fmt::print("{}: {}\n", item.name, base::to_string(module.error()));
            continue;
        }
        // As when it is put on the chain's cache and falls out of it: the bytes are there, the memory is not.
        const auto load_ns =
            best_of(runs, [&] { module = zvm::Module::load(item.wasm, zvm::LoadOptions::contract()); });
        zvm::InstancePool pool{zvm::zvm1_functions(), {.instances = 0}};
        // With every page of the memory touched: that is part of the price of having it.
        const auto instance_ns = best_of(runs, [&] {
            const auto instance = pool.acquire(*module);
            if (!instance) return;
            auto* const memory = (*instance)->memory();
            for (std::uint64_t at = 0; memory && at < memory->size(); at += 4'096) *memory->writable(at, 1) = 1;
        });
        std::uint64_t ir = 0;
        for (std::uint32_t i = 0; i < (*module)->code_count(); ++i) ir += (*module)->code(i).ir_count;
        const auto load_gas = static_cast<double>((*module)->load_gas());
        const auto instance_gas = static_cast<double>((*module)->instance_gas());
        fmt::print("{:26} {:8} {:8} {:9.0f} {:9.0f} {:7.2f} {:9.0f} {:9.0f} {:7.2f}\n", item.name, item.wasm.size(), ir,
                   load_gas, load_ns, load_ns / load_gas, instance_gas, instance_ns, instance_ns / instance_gas);
        worst = std::max({worst, load_ns / load_gas, instance_ns / instance_gas});
    }
    return worst;
}

}  // namespace zvm_bench

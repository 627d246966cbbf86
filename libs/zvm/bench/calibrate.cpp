// Each class is a module of its own: a loop around many copies of the snippet, written so that the engine cannot hide
// what the class costs at its worst: chains of dependent results, addresses and branches that cannot be predicted.
#include "calibrate.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <ctime>
#include <limits>
#include <vector>

#include "../test/wasm_builder.hpp"
#include "zvm/pool.hpp"

namespace zvm_bench {
namespace {

using namespace zvm::test;

constexpr std::uint32_t kLoopParam = 0;  // i32, rounds left
constexpr std::uint32_t kA = 1;          // i32
constexpr std::uint32_t kB = 2;          // i32
constexpr std::uint32_t kX = 3;          // i64
constexpr std::uint32_t kY = 4;          // i64

Code get(std::uint32_t local) { return join({{0x20}, uleb(local)}); }
Code set(std::uint32_t local) { return join({{0x21}, uleb(local)}); }
Code op(std::uint8_t code) { return {code}; }

struct Case {
    const char* name;
    Code snippet;
    int copies = 64;
    std::uint32_t rounds = 20'000;
    Code setup = {};
};

/// Next pseudo-random i32 in local A: an LCG, whose high bits are good.
Code random_step() { return join({get(kA), i32_const(1664525), op(0x6c), i32_const(1013904223), op(0x6a), set(kA)}); }
/// The top `bits` of A, as an address that is a multiple of 4 below 4 MiB (20 bits) or so.
Code random_address(int bits) { return join({get(kA), i32_const(32 - bits), op(0x76), i32_const(2), op(0x74)}); }

std::vector<Case> cases() {
    const auto binary64 = [](std::uint8_t code) { return join({get(kX), get(kY), op(code), set(kX)}); };
    const auto binary32 = [](std::uint8_t code) { return join({get(kA), get(kB), op(code), set(kA)}); };
    const auto big =
        join({i64_const(-5), set(kX), i64_const(3), set(kY), i32_const(-5), set(kA), i32_const(3), set(kB)});
    std::vector<Case> out;
    out.push_back({"i32.add, dependent", binary32(0x6a)});
    out.push_back({"i64.mul, dependent", binary64(0x7e), 64, 20'000, big});
    out.push_back({"i64.rotl by register", binary64(0x89), 64, 20'000, big});
    out.push_back({"i64.popcnt", join({get(kX), op(0x7b), set(kX)})});
    out.push_back({"i64.lt_s as a value", join({get(kX), get(kY), op(0x53), set(kA)})});
    out.push_back({"select", join({get(kX), get(kY), get(kA), op(0x1b), set(kX)})});
    out.push_back({"constant to a local", join({i64_const(1), set(kX)})});
    out.push_back({"local to local", join({get(kX), set(kY), get(kA), set(kB)})});
    out.push_back({"i32.div_s", join({get(kA), get(kB), op(0x6d), set(kA), i32_const(-7), set(kA)}), 64, 20'000, big});
    out.push_back({"i64.div_s", join({get(kX), get(kY), op(0x7f), op(0x1a)}), 64, 20'000, big});
    out.push_back({"i64.rem_u", join({get(kX), get(kY), op(0x82), op(0x1a)}), 64, 20'000, big});
    out.push_back({"i64.div_u, dependent", join({get(kX), get(kY), op(0x80), i64_const(-1), op(0x84), set(kX)}), 64,
                   20'000, big});
    out.push_back({"i32.load, same line", join({get(kA), join({op(0x28), {2, 0}}), set(kB)})});
    out.push_back({"i32.load, dependent", join({get(kA), join({op(0x28), {2, 0}}), set(kA)})});
    out.push_back({"i32.store, same line", join({get(kB), get(kA), join({op(0x36), {2, 0}})})});
    out.push_back({"i32.load, random in 64 KiB", join({random_step(), random_address(14), op(0x28), {2, 0}, set(kB)})});
    out.push_back({"i32.load, random in 4 MiB", join({random_step(), random_address(20), op(0x28), {2, 0}, set(kB)})});
    out.push_back({"i32.store, random in 4 MiB", join({random_step(), random_address(20), get(kB), op(0x36), {2, 0}})});
    // Pointer chasing: memory[a] holds the next address, a random cycle over 4 MiB written by the setup below.
    out.push_back({"i32.load, chain in 4 MiB", join({get(kA), op(0x28), {2, 0}, set(kA)}), 64, 20'000, {0xff}});
    out.push_back({"global.get, global.set", join({op(0x23), {0}, op(0x24), {0}})});
    out.push_back({"block, br", {0x02, 0x40, 0x0c, 0, 0x0b}});
    out.push_back({"loop, entered", {0x03, 0x40, 0x0b}});
    out.push_back({"block, br_if, predictable", join({{0x02, 0x40}, get(kB), {0x0d, 0, 0x0b}})});
    out.push_back({"br_if, random", join({random_step(),
                                          {0x02, 0x40},
                                          get(kA),
                                          i32_const(0),
                                          op(0x48),
                                          {0x0d, 0},
                                          get(kB),
                                          i32_const(3),
                                          op(0x73),
                                          set(kB),
                                          {0x0b}})});
    out.push_back({"br_if, random from memory",
                   join({{0x02, 0x40},
                         get(kA),
                         i32_const(4),
                         op(0x6a),
                         {0x22, 1},
                         op(0x2d),
                         {0},
                         uleb(65'536),
                         {0x0d, 0},
                         op(0x01),
                         {0x0b}}),
                   64, 200, join({i32_const(0), set(kA)})});
    out.push_back({"if, else, random", join({random_step(),
                                             get(kA),
                                             i32_const(0),
                                             op(0x48),
                                             {0x04, 0x40},
                                             get(kB),
                                             i32_const(3),
                                             op(0x73),
                                             set(kB),
                                             {0x05},
                                             get(kB),
                                             i32_const(5),
                                             op(0x6a),
                                             set(kB),
                                             {0x0b}})});
    out.push_back({"br_table, random", join({random_step(),
                                             {0x02, 0x40, 0x02, 0x40, 0x02, 0x40, 0x02, 0x40},
                                             get(kA),
                                             i32_const(30),
                                             op(0x76),
                                             {0x0e, 3, 0, 1, 2, 3},
                                             {0x0b},
                                             i32_const(1),
                                             set(kB),
                                             {0x0b},
                                             i32_const(2),
                                             set(kB),
                                             {0x0b},
                                             i32_const(3),
                                             set(kB),
                                             {0x0b}})});
    // 32 values move down by one slot: the branch leaves the constant below them behind.
    out.push_back({"br with 32 values",
                   join({{0x02, 2}, i32_const(1), repeat(get(kA), 32), {0x0c, 0, 0x0b}, repeat({0x1a}, 32)}), 8,
                   20'000});
    out.push_back({"call, return", {0x10, 1}});
    out.push_back({"call, 256 locals to zero", {0x10, 2}, 64, 2'000});
    out.push_back({"call_indirect", join({i32_const(0), {0x11, 1, 0}})});
    out.push_back({"host call, empty", {0x10, 0}});
    out.push_back({"memory.size", {0x3f, 0, 0x1a}});
    const auto bulk = [](std::int32_t a, std::int32_t b, std::int32_t n, Code code) {
        return join({i32_const(a), i32_const(b), i32_const(n), {0xfc}, std::move(code)});
    };
    out.push_back({"memory.fill, 1 byte", bulk(64, 1, 1, {11, 0})});
    out.push_back({"memory.fill, 1 MiB", bulk(64, 1, 1 << 20, {11, 0}), 1, 200});
    out.push_back({"memory.copy, 1 byte", bulk(64, 1, 1, {10, 0, 0})});
    out.push_back({"memory.copy, 4 KiB", bulk(65'536, 0, 4'096, {10, 0, 0}), 16, 500});
    out.push_back({"memory.copy, 1 MiB overlapping", bulk(1, 0, 1 << 20, {10, 0, 0}), 1, 200});
    out.push_back({"memory.init, 1 byte", bulk(64, 0, 1, {8, 0, 0})});
    out.push_back({"table.get", join({i32_const(0), {0x25, 0}, op(0x1a)})});
    out.push_back({"ref.func", join({{0xd2, 1}, op(0x1a)})});
    out.push_back({"table.set", join({i32_const(1), {0xd2, 1, 0x26, 0}})});
    out.push_back({"table.size", {0xfc, 16, 0, 0x1a}});
    out.push_back({"table.copy, 1 entry", bulk(0, 1, 1, {14, 0, 0})});
    out.push_back({"table.copy, 4,096 entries", bulk(0, 0, 4'096, {14, 0, 0}), 4, 500});
    out.push_back(
        {"table.fill, 4,096 entries", join({i32_const(0), {0xd2, 1}, i32_const(4'096), {0xfc, 17, 0}}), 4, 100});
    out.push_back({"table.init, 1 entry", bulk(0, 0, 1, {12, 0, 0})});
    out.push_back({"table.init, 64 entries", bulk(0, 0, 64, {12, 0, 0}), 16, 500});
    return out;
}

zvm::Trap nothing(zvm::HostCall&) noexcept { return zvm::Trap::none; }

Builder module_of(const Case& item) {
    Builder b;
    b.type({kI32}, {});
    b.type({}, {});
    b.type({}, Code(32, kI32));
    b.import_function("bench", "nothing", 1);
    b.tables.push_back(join({{0x70, 1}, uleb(4'096), uleb(4'096)}));
    b.memory(64);
    b.globals.push_back({kI64, 1, 0x42, 1, 0x0b});
    b.function("empty", 1, {});
    b.function("locals", 1, {}, join({{1}, uleb(256), {kI64}}));
    const bool is_chain = item.setup == Code{0xff};
    b.function("f", 0,
               join({is_chain ? Code{} : item.setup,
                     {0x03, 0x40},
                     repeat(item.snippet, static_cast<std::size_t>(item.copies)),
                     get(kLoopParam),
                     i32_const(1),
                     {0x6b, 0x22, 0, 0x0d, 0, 0x0b}}),
               {2, 2, kI32, 2, kI64});
    // Functions for the table, active at 0, and a passive segment for table.init.
    b.elements.push_back(join({{0, 0x41, 0, 0x0b}, uleb(64), repeat({1}, 64)}));
    b.elements.front() = join({{1, 0}, uleb(64), repeat({1}, 64)});
    b.elements.push_back({0, 0x41, 0, 0x0b, 1, 1});
    b.data_count = {1};
    b.data.push_back({1, 4, 1, 2, 3, 4});
    return b;
}

double cpu_ns() {
    timespec at{};
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &at);
    return static_cast<double>(at.tv_sec) * 1e9 + static_cast<double>(at.tv_nsec);
}

/// Random bytes behind the first page, and one cycle through all words of the memory for the chain.
void fill_memory(zvm::Memory& memory, bool is_chain) {
    std::uint32_t state = 12'345;
    const auto next = [&] { return state = state * 1664525 + 1013904223; };
    auto* const bytes = memory.writable(0, memory.size());
    if (!is_chain) {
        for (std::uint64_t i = 65'536; i < memory.size(); ++i) bytes[i] = static_cast<std::uint8_t>(next() >> 31);
        return;
    }
    // Lines of 64 bytes in random order.
    std::vector<std::uint32_t> order(memory.size() / 64);
    for (std::uint32_t i = 0; i < order.size(); ++i) order[i] = i;
    for (std::size_t i = order.size() - 1; i > 0; --i) std::swap(order[i], order[next() % i]);
    for (std::size_t i = 0; i < order.size(); ++i) {
        base::store_le(reinterpret_cast<std::byte*>(bytes) + order[i] * 64u, order[(i + 1) % order.size()] * 64u);
    }
}

struct Measured {
    double gas;
    double ns;
};

Measured measure(const Case& item, int runs) {
    const std::vector<zvm::HostFunction> hosts{{"bench", "nothing", {}, &nothing}};
    const auto module = zvm::Module::load(module_of(item).bytes(), zvm::LoadOptions::contract());
    if (!module) fmt::print(stderr, "{}: {}\n", item.name, base::to_string(module.error()));
    GC_ASSERT(module);
    const auto instance = zvm::Instance::make(*module, hosts);
    GC_ASSERT(instance);
    const auto machine = zvm::Machine::make();
    auto gas = std::numeric_limits<std::int64_t>::max();
    GC_ASSERT((*instance)->initialise(*machine, gas) == zvm::Trap::none);
    fill_memory(*(*instance)->memory(), item.setup == Code{0xff});
    const auto& function = *(*instance)->function(*(*module)->find_function("f"));
    const zvm::Slot arg = item.rounds;
    const auto count = static_cast<double>(item.rounds) * item.copies;
    Measured best{0, 1e18};
    for (int i = 0; i < runs; ++i) {
        auto left = std::numeric_limits<std::int64_t>::max();
        const auto from = left;
        const auto start = cpu_ns();
        const auto trap = machine->run(function, {&arg, 1}, {}, left);
        const auto took = (cpu_ns() - start) / count;
        if (trap != zvm::Trap::none) fmt::print(stderr, "{}: {}\n", item.name, to_string(trap));
        GC_ASSERT(trap == zvm::Trap::none);
        best = {static_cast<double>(from - left) / count, std::min(best.ns, took)};
    }
    return best;
}

void print(const char* name, const Measured& m, double& worst) {
    fmt::print("{:32} {:10.2f} gas {:10.2f} ns {:8.2f} ns/gas{}\n", name, m.gas, m.ns, m.ns / m.gas,
               m.ns > m.gas ? "  above 1" : "");
    worst = std::max(worst, m.ns / m.gas);
}

}  // namespace

int calibrate(int runs) {
    double worst = 0;
    for (const auto& item : cases()) print(item.name, measure(item, runs), worst);
    fmt::print("worst: {:.2f} ns of CPU time for a gas\n", worst);
    return worst > 1 ? 1 : 0;
}

}  // namespace zvm_bench

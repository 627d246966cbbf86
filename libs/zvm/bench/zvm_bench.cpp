// ./ghost bench zvm: the interpreter with gas on, on kernels compiled from C; loading; calls. Peers are node's two
// compilers when node is installed. Every figure is the fastest of the alternating runs.
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <ctime>
#include <filesystem>
#include <limits>

#include "base/file.hpp"
#include "bench_report.hpp"
#include "calibrate.hpp"
#include "memory_host.hpp"
#include "peers.hpp"
#include "zvm/pool.hpp"

namespace {

/// CPU time of this thread: what other programs take is not ours to count.
struct Clock {
    using time_point = std::chrono::nanoseconds;
    static time_point now() {
        timespec at{};
        clock_gettime(CLOCK_THREAD_CPUTIME_ID, &at);
        return std::chrono::seconds{at.tv_sec} + std::chrono::nanoseconds{at.tv_nsec};
    }
};
constexpr std::int64_t kGas = std::numeric_limits<std::int64_t>::max();

double nanoseconds(Clock::time_point since) { return static_cast<double>((Clock::now() - since).count()); }

zvm::Trap host(zvm::HostCall& call) noexcept {
    call.slots[0] = call.u32(0) ^ call.u32(1);
    return zvm::Trap::none;
}

struct Kernel {
    const char* name;
    std::uint32_t operations;  ///< A run: about a millisecond, to fit between other programs' turns.
};
/// Their runs are processes, so there are fewer of them than of ours.
struct Peer {
    const char* name;
    const char* flag;  ///< Of node; null: wasm-interp.
};
constexpr Peer kPeers[] = {
    {"node-liftoff", "--liftoff-only"}, {"node-turbofan", "--no-liftoff"}, {"wasm-interp", nullptr}};
constexpr int kRunsAPeer = 4;
constexpr Kernel kKernels[] = {{"keccak256", 40}, {"sha256", 30}, {"blake2b", 50},
                               {"loopmix", 80},   {"fib", 10},    {"token_transfer", 2'000}};

struct Vm {
    std::unique_ptr<zvm::Machine> machine = zvm::Machine::make();
    std::unique_ptr<zvm::Instance> instance;

    /// Nanoseconds an operation.
    double run(const char* name, std::uint32_t operations, bool metered) {
        const auto& function = *instance->function(*instance->module().find_function(name));
        const zvm::Slot arg = operations;
        zvm::Slot result = 0;
        auto gas = kGas;
        const auto start = Clock::now();
        const auto trap = machine->run(function, {&arg, 1}, {&result, function.type->results.size()}, gas,
                                       {.context = nullptr, .metered = metered});
        const auto took = nanoseconds(start);
        GC_ASSERT(trap == zvm::Trap::none);
        return took / operations;
    }
};

/// A module of many copies of the kernels' function bodies would be artificial; loading the kernels themselves over and
/// over is not, and they fit the cache as a contract does.
double load_rate(base::ByteView wasm) {
    constexpr int kLoads = 200;
    const auto start = Clock::now();
    for (int i = 0; i < kLoads; ++i) GC_ASSERT(zvm::Module::load(wasm, zvm::LoadOptions::contract()));
    return static_cast<double>(wasm.size()) * kLoads / nanoseconds(start) * 1'000;
}

}  // namespace

int main(int argc, char** argv) {
    const auto options = benchkit::Options::parse(argc, argv, "zvm");
    const int runs = options.runs_or(29);
    if (std::find(options.rest.begin(), options.rest.end(), "--calibrate") != options.rest.end()) {
        std::vector<std::string> files{ZVM_BENCH_WASM "/kernels.wasm", ZVM_BENCH_WASM "/contract.wasm"};
        for (const auto& word : options.rest) {
            if (word.ends_with(".wasm")) files.push_back(word);
        }
        const auto worst = zvm_bench::calibrate_start(options.runs_or(7), files);
        fmt::print("worst: {:.2f} ns of CPU time for a gas\n\n", worst);
        const bool starts_above = worst > 1;
        return zvm_bench::calibrate(options.runs_or(7)) | (starts_above ? 1 : 0);
    }
    const auto wasm = base::read_file(ZVM_BENCH_WASM "/kernels.wasm", 1u << 20);
    if (!wasm) {
        fmt::print(stderr, "{}\n", wasm.error().text);
        return 1;
    }
    const auto module = zvm::Module::load(*wasm, zvm::LoadOptions::contract());
    GC_ASSERT(module);
    const std::vector<zvm::HostFunction> hosts{
        {"bench", "host", {{zvm::ValType::i32, zvm::ValType::i32}, {zvm::ValType::i32}}, &host}};
    Vm vm;
    vm.instance = std::move(*zvm::Instance::make(*module, hosts));
    auto gas = kGas;
    GC_ASSERT(vm.instance->initialise(*vm.machine, gas) == zvm::Trap::none);
    vm.instance->take_image();

    benchkit::Report report{"zvm"};
    const auto add = [&](std::string name, std::vector<double> samples, std::string unit, benchkit::Better better,
                         std::optional<std::string> peer = {}, std::optional<double> peer_value = {}) {
        const auto best = better == benchkit::Better::lower ? *std::min_element(samples.begin(), samples.end())
                                                            : *std::max_element(samples.begin(), samples.end());
        report.add({std::move(name), best, std::move(unit), std::move(peer), peer_value, better, std::move(samples)});
        return best;
    };

    double overhead = 1;
    int measured = 0;
    for (const auto& kernel : kKernels) {
        const auto name = std::string{kernel.name} + "_ns";
        if (!options.wants(name) && !options.wants("gas_overhead")) continue;
        benchkit::progress(name);
        vm.run(kernel.name, kernel.operations, true);
        // In turn, so that what else the machine does meets all of them.
        std::vector<double> ours;
        std::vector<double> gas_off;
        std::array<std::vector<double>, std::size(kPeers)> theirs;
        for (int i = 0; i < runs; ++i) {
            ours.push_back(vm.run(kernel.name, kernel.operations, true));
            gas_off.push_back(vm.run(kernel.name, kernel.operations, false));
            if (i % kRunsAPeer != 0) continue;
            for (std::size_t peer = 0; peer < std::size(kPeers); ++peer) {
                const auto value = kPeers[peer].flag
                                       ? zvm_bench::node_ns(kPeers[peer].flag, kernel.name, kernel.operations)
                                       : zvm_bench::wasm_interp_ns(kernel.name);
                if (value) theirs[peer].push_back(*value);
            }
        }
        const auto smallest = [](const std::vector<double>& of) { return *std::min_element(of.begin(), of.end()); };
        overhead *= smallest(ours) / smallest(gas_off);
        ++measured;
        if (!options.wants(name)) continue;
        bool is_alone = true;
        for (std::size_t peer = 0; peer < std::size(kPeers); ++peer) {
            if (theirs[peer].empty()) continue;
            is_alone = false;
            add(name, ours, "ns", benchkit::Better::lower, kPeers[peer].name, smallest(theirs[peer]));
        }
        if (is_alone) add(name, ours, "ns", benchkit::Better::lower);
    }
    if (measured > 0) {
        add("gas_overhead", {std::pow(overhead, 1.0 / measured) - 1}, "share", benchkit::Better::lower);
    }
    const auto repeat = [&](const auto& sample) {
        std::vector<double> samples;
        for (int i = 0; i < runs; ++i) samples.push_back(sample());
        return samples;
    };
    if (options.wants("load_mb_per_s")) {
        add("load_mb_per_s", repeat([&] { return load_rate(*wasm); }), "MB/s", benchkit::Better::higher);
    }
    if (options.wants("host_call_ns")) {
        add("host_call_ns", repeat([&] { return vm.run("host_calls", 100'000, true); }), "ns", benchkit::Better::lower);
    }
    constexpr int kCalls = 50'000;
    if (options.wants("empty_call_ns")) {
        const auto& empty = *vm.instance->function(*(*module)->find_function("empty"));
        add("empty_call_ns", repeat([&] {
                const auto start = Clock::now();
                for (int i = 0; i < kCalls; ++i) {
                    auto left = kGas;
                    vm.machine->run(empty, {}, {}, left);
                    vm.instance->reset();
                }
                return nanoseconds(start) / kCalls;
            }),
            "ns", benchkit::Better::lower);
    }
    if (options.wants("instances_per_s")) {
        zvm::InstancePool pool{hosts, {.instances = 4}};
        const auto index = *(*module)->find_function("digest_word");
        add("instances_per_s", repeat([&] {
                const auto start = Clock::now();
                for (int i = 0; i < kCalls; ++i) {
                    const auto lease = pool.acquire(*module);
                    const zvm::Slot args[] = {3, 0};
                    zvm::Slot result = 0;
                    auto left = kGas;
                    vm.machine->run(*(*lease)->function(index), args, {&result, 1}, left);
                }
                return kCalls / nanoseconds(start) * 1e9;
            }),
            "1/s", benchkit::Better::higher);
    }
    if (options.wants("storage_roundtrip_us")) {
        const auto contract_wasm = base::read_file(ZVM_BENCH_WASM "/contract.wasm", 1u << 20);
        GC_ASSERT(contract_wasm);
        const auto contract = zvm::Module::load(*contract_wasm, zvm::LoadOptions::contract());
        GC_ASSERT(contract);
        zvm::InstancePool pool{zvm::zvm1_functions(), {.instances = 4}};
        zvm_bench::MemoryHost memory_host;
        const auto index = *(*contract)->find_function("call");
        add("storage_roundtrip_us", repeat([&] {
                const auto start = Clock::now();
                for (int i = 0; i < kCalls; ++i) {
                    const auto lease = pool.acquire(*contract);
                    auto left = kGas;
                    const auto trap = vm.machine->run(*(*lease)->function(index), {}, {}, left,
                                                      {.context = static_cast<zvm::ContractHost*>(&memory_host)});
                    GC_ASSERT(trap == zvm::Trap::none);
                }
                return nanoseconds(start) / kCalls / 1e3;
            }),
            "us", benchkit::Better::lower);
    }
    report.note(
        "hashes are of 1,024 bytes; fib is fib(20); a token transfer books in a table of the contract; every figure is "
        "the fastest run, gas on; Liftoff calls a C function for every rotation (node 20: 4.6 ns, a shift 0.7 ns), so "
        "its "
        "hashes say little about compiled code");
    return report.finish(options);
}

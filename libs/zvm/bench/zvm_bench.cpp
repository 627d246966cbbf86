// ./ghost bench zvm: the interpreter with gas on, on kernels compiled from C; loading; calls. Peers are node's two
// compilers when node is installed. Every figure is the fastest of the alternating runs.
#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <ctime>
#include <filesystem>
#include <limits>

#include "base/file.hpp"
#include "bench_report.hpp"
#include "calibrate.hpp"
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
constexpr Kernel kKernels[] = {{"keccak256", 40}, {"sha256", 30}, {"blake2b", 50}, {"loopmix", 80}, {"fib", 10}};

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

/// Empty when node is not there or fails.
std::optional<double> node(const char* flag, const Kernel& kernel) {
    const auto command = fmt::format("node {} {} {} {} {} 25 2>/dev/null", flag, ZVM_NODE_PEER, ZVM_KERNELS,
                                     kernel.name, kernel.operations);
    auto* const pipe = popen(command.c_str(), "r");
    if (!pipe) return std::nullopt;
    double value = 0;
    const bool read = std::fscanf(pipe, "%lf", &value) == 1;
    return pclose(pipe) == 0 && read ? std::optional{value} : std::nullopt;
}

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
    const int runs = options.runs_or(25);
    if (std::find(options.rest.begin(), options.rest.end(), "--calibrate") != options.rest.end()) {
        return zvm_bench::calibrate(options.runs_or(7));
    }
    const auto wasm = base::read_file(ZVM_KERNELS, 1u << 20);
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
        const auto pair = benchkit::alternate(
            runs, [&] { return vm.run(kernel.name, kernel.operations, true); },
            [&] { return vm.run(kernel.name, kernel.operations, false); });
        const auto metered = *std::min_element(pair.ours.begin(), pair.ours.end());
        const auto unmetered = *std::min_element(pair.theirs.begin(), pair.theirs.end());
        overhead *= metered / unmetered;
        ++measured;
        add(name, pair.ours, "ns", benchkit::Better::lower, "gas off", unmetered);
        for (const auto& [flag, peer] : {std::pair{"--liftoff-only", "node-liftoff"}, {"", "node-turbofan"}}) {
            if (const auto value = node(flag, kernel)) add(name, pair.ours, "ns", benchkit::Better::lower, peer, value);
        }
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
        zvm::InstancePool pool{hosts, 4};
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
    report.note("hashes are of 1,024 bytes; fib is fib(20); every figure is the fastest run, gas on unless it says so");
    return report.finish(options);
}

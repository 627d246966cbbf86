#include "peers.hpp"

#include <fmt/format.h>
#include <sys/resource.h>

#include <cstdio>
#include <cstdlib>

namespace zvm_bench {
namespace {

constexpr double kOperations = 200;  // ONLY_N in CMakeLists.txt

/// CPU nanoseconds of a child; nothing when it fails.
std::optional<double> child_ns(const std::string& command) {
    const auto used = [] {
        rusage usage{};
        getrusage(RUSAGE_CHILDREN, &usage);
        const auto ns = [](const timeval& t) {
            return static_cast<double>(t.tv_sec) * 1e9 + static_cast<double>(t.tv_usec) * 1e3;
        };
        return ns(usage.ru_utime) + ns(usage.ru_stime);
    };
    const auto before = used();
    if (std::system(command.c_str()) != 0) return std::nullopt;
    return used() - before;
}

}  // namespace

std::optional<double> node_ns(const std::string& flag, const std::string& kernel, unsigned operations) {
    const auto command = fmt::format("node {} {} {}/kernels.wasm {} {} 8 2>/dev/null", flag, ZVM_NODE_PEER,
                                     ZVM_BENCH_WASM, kernel, operations);
    auto* const pipe = popen(command.c_str(), "r");
    if (!pipe) return std::nullopt;
    double value = 0;
    const bool read = std::fscanf(pipe, "%lf", &value) == 1;
    return pclose(pipe) == 0 && read ? std::optional{value} : std::nullopt;
}

std::optional<double> wasm_interp_ns(const std::string& kernel) {
    const auto run = [](const std::string& name) {
        return child_ns(
            fmt::format("wasm-interp --run-all-exports --dummy-import-func {}/kernels_{}.wasm >/dev/null 2>&1",
                        ZVM_BENCH_WASM, name));
    };
    const auto without = run("none");
    const auto with = run(kernel);
    if (!without || !with) return std::nullopt;
    return (*with - *without) / kOperations;
}

}  // namespace zvm_bench

#pragma once
// The engines that bench_zvm measures beside ours, when they are installed: node's two compilers, wabt's interpreter.

#include <optional>
#include <string>

namespace zvm_bench {

/// Nanoseconds of CPU time an operation, the best of a few runs in a process of its own. Nothing when node is absent.
/// `flag` chooses the compiler.
std::optional<double> node_ns(const std::string& flag, const std::string& kernel, unsigned operations);

/// The same for wasm-interp: a process that runs the kernel, less one that does not.
std::optional<double> wasm_interp_ns(const std::string& kernel);

}  // namespace zvm_bench

#pragma once
// bench_zvm --calibrate: what each class of instruction, each way of loading and of starting costs in nanoseconds
// beside what it costs in gas.

#include <string>
#include <vector>

namespace zvm_bench {

/// Prints a line a class: gas and nanoseconds of one, and their ratio. 0, or 1 when a class takes more than a
/// nanosecond for a gas.
int calibrate(int runs);
/// The same for loading modules and making instances of them; `files` are real ones. Gives the worst ratio.
double calibrate_start(int runs, const std::vector<std::string>& files);

}  // namespace zvm_bench

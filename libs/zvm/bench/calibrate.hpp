#pragma once
// bench_zvm --calibrate: what each class of instruction costs in nanoseconds beside what it costs in gas.

namespace zvm_bench {

/// Prints a line a class: gas and nanoseconds of one, and their ratio. 0, or 1 when a class takes more than a
/// nanosecond for a gas.
int calibrate(int runs);

}  // namespace zvm_bench

#pragma once
// ./ghost bench chain --accounts LIST: what the number of accounts in the state costs. For each size a fresh chain
// whose genesis funds so many accounts; transfers go from accounts in a random order, each with its own key, to random
// ones, so that what a transfer reads was seldom read before.

#include <cstdint>
#include <string>
#include <vector>

#include "bench_report.hpp"

namespace chain_bench {

/// The sizes after `--accounts` (a list with commas), in the order given; empty without that flag. Ends the program
/// when the list is wrong or other flags stand beside it.
std::vector<std::size_t> accounts_of(const std::vector<std::string>& flags);

/// Measures every size and prints the report; the exit code of the program.
int run_accounts(const benchkit::Options& options, const std::vector<std::size_t>& sizes);

}  // namespace chain_bench

#pragma once
// `zvm test`: unit tests of contracts, libs/contract_kit.

#include <string>
#include <vector>

namespace CLI {
class App;
}

namespace zvm_tool {

struct TestFlags {
    std::string path;
    std::vector<std::string> wasm_dirs;
    std::string filter;
    std::string gas_snapshot;  ///< Compared with, or written with `update`.
    unsigned gas_tolerance_percent = 0;
    bool update = false;
    bool coverage = false;
    bool json = false;
};

/// 0: all passed; 1: a test failed or gas moved; 2: something could not be used.
int run_contract_tests(const TestFlags& flags);

/// Adds the subcommand; `code` becomes its exit code and must outlive the parsing.
void add_test_command(CLI::App& app, int& code);

}  // namespace zvm_tool

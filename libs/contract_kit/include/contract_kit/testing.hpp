#pragma once
// Unit tests of contracts: test files (docs/contracts.md, "Tests") run against a mock chain in memory with the real
// engine. Deterministic: no clock, no network, no randomness.

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "base/result.hpp"

namespace contract_kit {

struct TestOptions {
    std::string path;                    ///< A .test.json file, or a folder searched at any depth.
    std::vector<std::string> wasm_dirs;  ///< Where modules are looked for when they are not beside the test file.
    std::string filter;                  ///< Only tests whose name contains it; empty: all.
    bool update = false;                 ///< Writes storage snapshots instead of comparing.
    bool coverage = false;               ///< Runs everything a second time with counting modules.
};

struct TestResult {
    std::string name;
    std::uint64_t gas = 0;              ///< Of its calls, set-up not counted.
    std::vector<std::string> failures;  ///< "step 3 (call token.transfer): expected …, got …"; empty: passed.
};
struct FileResult {
    std::string file;
    std::vector<TestResult> tests;
};
struct FunctionCoverage {
    std::string name;
    std::uint32_t blocks = 0;
    std::uint32_t blocks_ran = 0;
};
struct GasUse {
    std::uint64_t calls = 0;
    std::uint64_t min = 0;
    std::uint64_t median = 0;
    std::uint64_t max = 0;
    friend bool operator==(const GasUse&, const GasUse&) = default;
};
struct TestReport {
    std::vector<FileResult> files;
    std::map<std::string, GasUse> gas;                              ///< By "contract.method", calls that succeeded.
    std::map<std::string, std::vector<FunctionCoverage>> coverage;  ///< By contract, in order of functions.

    [[nodiscard]] std::size_t passed() const noexcept;
    [[nodiscard]] std::size_t failed() const noexcept;
};

/// An error when there is no test file, or when one (or a module of it) cannot be used. Failing tests are no error.
base::Checked<TestReport> run_tests(const TestOptions& options);

/// For people, and for programs.
std::string to_text(const TestReport& report);
std::string to_json(const TestReport& report);

/// A gas snapshot is `report.gas` as JSON, a line a method. Compares: one sentence for each method whose minimum,
/// median or maximum differs by more than `tolerance_percent`, or that is new or gone.
std::string gas_snapshot(const TestReport& report);
base::Checked<std::vector<std::string>> compare_gas(const TestReport& report, const std::string& snapshot,
                                                    unsigned tolerance_percent);

}  // namespace contract_kit

#include "zvm_tool/test_command.hpp"

#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <filesystem>
#include <memory>

#include "base/file.hpp"
#include "contract_kit/testing.hpp"

namespace zvm_tool {
namespace {

constexpr std::size_t kSnapshotBytesMax = 4 * 1024 * 1024;

int complain(const base::Diagnostic& problem) {
    fmt::print(stderr, "zvm test: {}\n", problem.text);
    return 2;
}

/// The exit code.
int judge_gas(const contract_kit::TestReport& report, const TestFlags& flags) {
    if (flags.update) {
        const auto text = contract_kit::gas_snapshot(report);
        const auto written =
            base::write_file_atomic(flags.gas_snapshot, base::as_bytes(text), {.mode = 0644, .replace = true});
        return written ? 0 : complain(written.error());
    }
    const auto old = base::read_text_file(flags.gas_snapshot, kSnapshotBytesMax);
    if (!old) return complain(old.error());
    const auto changes = contract_kit::compare_gas(report, *old, flags.gas_tolerance_percent);
    if (!changes) return complain(changes.error());
    for (const auto& change : *changes) fmt::print(stderr, "gas: {}\n", change);
    return changes->empty() ? 0 : 1;
}

}  // namespace

int run_contract_tests(const TestFlags& flags) {
    const auto report = contract_kit::run_tests({.path = flags.path,
                                                 .wasm_dirs = flags.wasm_dirs,
                                                 .filter = flags.filter,
                                                 .update = flags.update,
                                                 .coverage = flags.coverage});
    if (!report) return complain(report.error());
    fmt::print("{}", flags.json ? contract_kit::to_json(*report) : contract_kit::to_text(*report));
    if (report->failed()) return 1;
    if (report->passed() == 0) return complain({{}, "no test ran"});
    return flags.gas_snapshot.empty() ? 0 : judge_gas(*report, flags);
}

void add_test_command(CLI::App& app, int& code) {
    const auto flags = std::make_shared<TestFlags>();
    auto* const command = app.add_subcommand("test", "run the unit tests of contracts (.test.json) on a mock chain");
    command->add_option("path", flags->path, "a test file, or a folder searched at any depth")->required();
    command->add_option("--wasm-dir,-I", flags->wasm_dirs, "where modules are that are not beside their tests");
    command->add_option("--filter", flags->filter, "only tests whose name contains this");
    command->add_flag("--update", flags->update, "record storage snapshots and the gas snapshot instead of comparing");
    command->add_option("--gas-snapshot", flags->gas_snapshot, "compare gas a method with this file");
    command->add_option("--gas-tolerance", flags->gas_tolerance_percent, "percent that gas may move; 0 when absent");
    command->add_flag("--coverage", flags->coverage, "show which functions and basic blocks ran");
    command->add_flag("--json", flags->json, "for programs");
    command->callback([flags, &code] { code = run_contract_tests(*flags); });
}

}  // namespace zvm_tool

#include "contract_kit/testing.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <filesystem>

#include "coverage.hpp"
#include "script.hpp"

namespace contract_kit {
namespace {

namespace fs = std::filesystem;
using base::Errc;

constexpr std::size_t kFilesMax = 10'000;

base::Checked<std::vector<std::string>> find_files(const std::string& path) {
    std::vector<std::string> out;
    std::error_code error;
    if (fs::is_regular_file(path, error)) return std::vector{path};
    for (fs::recursive_directory_iterator it{path, error}, end; !error && it != end; it.increment(error)) {
        const auto name = it->path().filename().string();
        // Installed packages bring files of their own.
        if (name == "node_modules" || name.starts_with('.'))
            it.disable_recursion_pending();
        else if (name.ends_with(".test.json"))
            out.push_back(it->path().string());
        if (out.size() > kFilesMax) return base::explain(Errc::out_of_range, path + ": too many test files");
    }
    if (error) return base::explain(Errc::not_found, path + ": " + error.message());
    if (out.empty()) return base::explain(Errc::not_found, path + ": no .test.json file in it");
    std::ranges::sort(out);
    return out;
}

GasUse summary(std::vector<std::uint64_t> values) {
    std::ranges::sort(values);
    return {.calls = values.size(), .min = values.front(), .median = values[values.size() / 2], .max = values.back()};
}

double percent(std::uint64_t part, std::uint64_t whole) {
    return whole ? 100.0 * static_cast<double>(part) / static_cast<double>(whole) : 100.0;
}

Json to_json_value(const GasUse& use) {
    return {{"calls", use.calls}, {"min", use.min}, {"median", use.median}, {"max", use.max}};
}

}  // namespace

std::size_t TestReport::passed() const noexcept {
    std::size_t count = 0;
    for (const auto& file : files)
        count += static_cast<std::size_t>(
            std::ranges::count_if(file.tests, [](const auto& t) { return t.failures.empty(); }));
    return count;
}
std::size_t TestReport::failed() const noexcept {
    std::size_t count = 0;
    for (const auto& file : files) count += file.tests.size();
    return count - passed();
}

base::Checked<TestReport> run_tests(const TestOptions& options) {
    GC_TRY(const auto paths, find_files(options.path));
    TestReport report;
    std::map<std::string, std::vector<std::uint64_t>> gas;
    ProgramStore programs{false};
    for (const auto& path : paths) {
        GC_TRY(auto file, run_script(path, {options, programs, gas}));
        report.files.push_back(std::move(file));
    }
    for (auto& [method, values] : gas) report.gas[method] = summary(std::move(values));
    if (!options.coverage) return report;
    ProgramStore counting{true};
    for (const auto& path : paths) {
        GC_CHECK(run_script(path, {.options = options, .programs = counting, .gas = gas, .checks_outcomes = false}));
    }
    for (const auto& [path, loaded] : counting.by_path())
        report.coverage[loaded->program.name] =
            coverage_of(*loaded->program.module, loaded->block_functions, loaded->program.ran);
    return report;
}

std::string to_text(const TestReport& report) {
    std::string out;
    for (const auto& file : report.files) {
        out += file.file + "\n";
        for (const auto& test : file.tests) {
            out += fmt::format("  {}  {} ({} gas)\n", test.failures.empty() ? "ok  " : "FAIL", test.name, test.gas);
            for (const auto& failure : test.failures) out += "        " + failure + "\n";
        }
    }
    if (!report.gas.empty())
        out += fmt::format("\n{:32} {:>6} {:>10} {:>10} {:>10}\n", "gas", "calls", "min", "median", "max");
    for (const auto& [method, use] : report.gas)
        out += fmt::format("{:32} {:>6} {:>10} {:>10} {:>10}\n", method, use.calls, use.min, use.median, use.max);
    if (!report.coverage.empty())
        out += fmt::format("\n{:32} {:>6} {:>10} {:>10}\n", "coverage", "ran", "blocks", "percent");
    for (const auto& [contract, functions] : report.coverage) {
        std::uint64_t blocks = 0;
        std::uint64_t ran = 0;
        for (const auto& function : functions) {
            blocks += function.blocks;
            ran += function.blocks_ran;
        }
        out += fmt::format("{:32} {:>6} {:>10} {:>9.0f}%\n", contract, ran, blocks, percent(ran, blocks));
        for (const auto& function : functions)
            out += fmt::format("  {:30} {:>6} {:>10} {:>9.0f}%\n", function.name, function.blocks_ran, function.blocks,
                               percent(function.blocks_ran, function.blocks));
    }
    return out + fmt::format("\n{} passed, {} failed\n", report.passed(), report.failed());
}

std::string to_json(const TestReport& report) {
    Json out{{"passed", report.passed()}, {"failed", report.failed()}, {"files", Json::array()}};
    for (const auto& file : report.files) {
        Json tests = Json::array();
        for (const auto& test : file.tests)
            tests.push_back(
                {{"name", test.name}, {"ok", test.failures.empty()}, {"gas", test.gas}, {"failures", test.failures}});
        out["files"].push_back({{"file", file.file}, {"tests", std::move(tests)}});
    }
    out["gas"] = Json::object();
    for (const auto& [method, use] : report.gas) out["gas"][method] = to_json_value(use);
    if (!report.coverage.empty()) {
        for (const auto& [contract, functions] : report.coverage) {
            Json list = Json::array();
            for (const auto& function : functions)
                list.push_back(
                    {{"function", function.name}, {"blocks", function.blocks}, {"ran", function.blocks_ran}});
            out["coverage"][contract] = std::move(list);
        }
    }
    return out.dump(2, ' ', false, Json::error_handler_t::replace) + "\n";
}

std::string gas_snapshot(const TestReport& report) {
    auto out = Json::object();
    for (const auto& [method, use] : report.gas) out[method] = to_json_value(use);
    return out.dump(2) + "\n";
}

base::Checked<std::vector<std::string>> compare_gas(const TestReport& report, const std::string& snapshot,
                                                    unsigned tolerance_percent) {
    const auto old = Json::parse(snapshot, nullptr, /*allow_exceptions=*/false);
    if (!old.is_object()) return base::explain(Errc::invalid_argument, "the gas snapshot is not a JSON object");
    std::vector<std::string> out;
    for (const auto& [method, use] : report.gas) {
        if (!old.contains(method)) {
            out.push_back(method + " is new");
            continue;
        }
        const auto now = to_json_value(use);
        for (const auto* const what : {"min", "median", "max"}) {
            const auto it = old[method].is_object() ? old[method].find(what) : old[method].end();
            if (it == old[method].end() || !it->is_number_unsigned())
                return base::explain(Errc::invalid_argument, "the gas snapshot has no " + method + "." + what);
            const auto was = it->get<std::uint64_t>();
            const auto is = now[what].get<std::uint64_t>();
            const auto difference = was > is ? was - is : is - was;
            if (static_cast<double>(difference) * 100 > static_cast<double>(was) * tolerance_percent)
                out.push_back(fmt::format("{} {}: {} gas, was {} ({:+.1f} %)", method, what, is, was,
                                          was ? percent(is, was) - 100 : 100.0));
        }
    }
    for (const auto& [method, use] : old.items()) {
        if (!report.gas.contains(method)) out.push_back(method + " was not called");
    }
    return out;
}

}  // namespace contract_kit

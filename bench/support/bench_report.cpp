#include "bench_report.hpp"

#include <fmt/core.h>
#include <sched.h>
#include <unistd.h>

#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <fstream>
#include <nlohmann/json.hpp>
#include <numeric>
#include <sstream>

namespace benchkit {
namespace {

std::string proc_path(int pid, std::string_view file) {
    return pid ? fmt::format("/proc/{}/{}", pid, file) : fmt::format("/proc/self/{}", file);
}

/// The number behind "`key`:" in a /proc file with lines such as "Pss:   123 kB", in bytes.
std::uint64_t proc_kib_field(int pid, std::string_view file, std::string_view key) {
    std::ifstream in{proc_path(pid, file)};
    for (std::string line; std::getline(in, line);)
        if (line.starts_with(key) && line.size() > key.size() && line[key.size()] == ':')
            return std::strtoull(line.c_str() + key.size() + 1, nullptr, 10) * 1024;
    return 0;
}

std::string number(double value) {
    if (std::abs(value) >= 1000) return fmt::format("{:.0f}", value);
    if (std::abs(value) >= 10) return fmt::format("{:.1f}", value);
    return fmt::format("{:.3f}", value);
}

}  // namespace

Options Options::parse(int argc, char** argv, std::string_view suite) {
    Options options;
    const auto usage = [&](std::FILE* to) {
        fmt::print(to,
                   "Usage: bench_{} [--json FILE] [--seconds N] [--runs N] [--only NAME] [suite flags]\n"
                   "  --json FILE   write the figures as JSON\n  --seconds N   length of one measurement\n"
                   "  --runs N      alternating runs a figure\n  --only NAME   only figures whose name contains NAME\n",
                   suite);
    };
    for (int i = 1; i < argc; ++i) {
        const std::string_view flag = argv[i];
        const auto value = [&]() -> std::string {
            if (i + 1 < argc) return argv[++i];
            fmt::print(stderr, "bench_{}: {} needs a value\n", suite, flag);
            std::exit(2);
        };
        if (flag == "--help") {
            usage(stdout);
            std::exit(0);
        } else if (flag == "--json") {
            options.json_path = value();
        } else if (flag == "--seconds") {
            options.seconds = std::strtod(value().c_str(), nullptr);
        } else if (flag == "--runs") {
            options.runs = static_cast<int>(std::strtol(value().c_str(), nullptr, 10));
        } else if (flag == "--only") {
            options.only = value();
        } else {
            options.rest.emplace_back(flag);
        }
    }
    return options;
}

std::optional<double> Figure::ratio() const {
    if (!peer_value || *peer_value <= 0 || value <= 0) return std::nullopt;
    return better == Better::higher ? value / *peer_value : *peer_value / value;
}

double median(std::vector<double> values) {
    if (values.empty()) return 0;
    std::sort(values.begin(), values.end());
    const auto middle = values.size() / 2;
    return values.size() % 2 ? values[middle] : (values[middle - 1] + values[middle]) / 2;
}

double percentile(std::vector<double> values, double share) {
    if (values.empty()) return 0;
    std::sort(values.begin(), values.end());
    const auto rank = static_cast<std::size_t>(std::ceil(share * static_cast<double>(values.size())));
    return values[std::clamp<std::size_t>(rank, 1, values.size()) - 1];
}

Pair alternate(int runs, const std::function<double()>& ours, const std::function<double()>& theirs) {
    Pair pair;
    for (int i = 0; i < runs; ++i) {
        pair.ours.push_back(ours());
        pair.theirs.push_back(theirs());
    }
    return pair;
}

void Report::add(Figure figure) { figures_.push_back(std::move(figure)); }

int Report::finish(const Options& options) const {
    fmt::print("{:<34} {:>12} {:<10} {:<18} {:>12} {:>7}\n", suite_, "value", "unit", "peer", "peer value", "ratio");
    auto json = nlohmann::ordered_json::array();
    for (const auto& figure : figures_) {
        const auto ratio = figure.ratio();
        fmt::print("{:<34} {:>12} {:<10} {:<18} {:>12} {:>7}\n", figure.name, number(figure.value), figure.unit,
                   figure.peer.value_or("-"), figure.peer_value ? number(*figure.peer_value) : "-",
                   ratio ? fmt::format("{:.2f}x", *ratio) : "-");
        nlohmann::ordered_json row;
        row["name"] = figure.name;
        row["value"] = figure.value;
        row["unit"] = figure.unit;
        row["peer"] = figure.peer ? nlohmann::ordered_json(*figure.peer) : nlohmann::ordered_json(nullptr);
        row["peer_value"] =
            figure.peer_value ? nlohmann::ordered_json(*figure.peer_value) : nlohmann::ordered_json(nullptr);
        row["ratio"] = ratio ? nlohmann::ordered_json(*ratio) : nlohmann::ordered_json(nullptr);
        row["better"] = figure.better == Better::higher ? "higher" : "lower";
        row["runs"] = figure.runs;
        json.push_back(std::move(row));
    }
    for (const auto& text : notes_) fmt::print("  {}\n", text);
    if (options.json_path.empty()) return 0;
    std::ofstream out{options.json_path};
    out << json.dump(2) << '\n';
    out.close();
    if (out) return 0;
    fmt::print(stderr, "bench_{}: cannot write {}\n", suite_, options.json_path);
    return 1;
}

void progress(std::string_view text) {
    fmt::print(stderr, "· {}\n", text);
    std::fflush(stderr);
}

double cpu_seconds(int pid) {
    std::ifstream in{proc_path(pid, "stat")};
    std::string all{std::istreambuf_iterator<char>{in}, {}};
    // The command name may contain spaces; the numbered fields begin after its closing bracket.
    const auto after = all.rfind(')');
    if (after == std::string::npos) return 0;
    std::istringstream fields{all.substr(after + 2)};
    std::string skipped;
    for (int i = 0; i < 11; ++i) fields >> skipped;
    double user = 0, system = 0;
    fields >> user >> system;
    return (user + system) / static_cast<double>(sysconf(_SC_CLK_TCK));
}

std::uint64_t pss_bytes(int pid) { return proc_kib_field(pid, "smaps_rollup", "Pss"); }
std::uint64_t rss_bytes(int pid) { return proc_kib_field(pid, "status", "VmRSS"); }
std::uint64_t peak_rss_bytes(int pid) { return proc_kib_field(pid, "status", "VmHWM"); }

bool pin_to_core(int core) {
    cpu_set_t set;
    CPU_ZERO(&set);
    CPU_SET(static_cast<std::size_t>(core), &set);
    return sched_setaffinity(0, sizeof set, &set) == 0;
}

}  // namespace benchkit

// ./ghost bench attack: what a listed caller sees while one stranger does his worst on a door.
//
//   quiet     listed caller (open loop)  +  a process that burns half a core
//   attacked  listed caller (open loop)  +  an attacker who may use half a core
//
// Both in turn, each several times; p50 and p99 are taken over all runs of a kind. The burner is there so that the two
// differ by what the daemons do, not by how many processes share the machine. The listed caller has an address of
// his own; ratio = quiet / attacked (1 means: nothing noticed, 0.5: twice as slow).

#include <fmt/format.h>
#include <signal.h>

#include <algorithm>
#include <chrono>
#include <cstdlib>
#include <filesystem>
#include <optional>
#include <thread>

#include "attacks.hpp"
#include "base/random.hpp"
#include "bench_report.hpp"
#include "bystander.hpp"
#include "cpu_share.hpp"

namespace attack {
namespace {

constexpr double kAttackerShare = 0.5;
constexpr double kCallsPerSecond = 200;

std::vector<Attack> all_attacks() {
    std::vector<Attack> out;
    for (const auto& list : {quic_attacks(), tcp_attacks()}) out.insert(out.end(), list.begin(), list.end());
    return out;
}

std::string name_of(const Attack& attack) { return fmt::format("{}.{}", attack.door, attack.name); }

volatile sig_atomic_t told_to_stop = 0;

/// The attacker's process: runs until SIGTERM, then prints what it counted.
int be_attacker(const std::string& name, const std::string& doors_json) {
    struct sigaction action{};
    action.sa_handler = [](int) { told_to_stop = 1; };
    sigaction(SIGTERM, &action, nullptr);
    const auto going = [] { return told_to_stop == 0; };
    if (name == "burner") {
        base::SeededRandom random{1};
        std::uint64_t sum = 0;
        while (going()) sum += random.below(1000);
        fmt::print("0 {}\n", sum == 1 ? 1 : 0);
        return 0;
    }
    for (const auto& attack : all_attacks()) {
        if (name_of(attack) != name) continue;
        const auto rates = attack.run(Doors::from_json(doors_json), going);
        fmt::print("{} {}\n", rates.offered, rates.served);
        std::fflush(stdout);
        std::_Exit(0);  // connections that stay half open are not to be closed
    }
    die("no attack named " + name);
}

struct Observation {
    Seen seen;
    Rates rates;
    double seconds = 0;
    std::vector<std::uint64_t> rss_bytes;  ///< Of each daemon, the most that was seen.
};

/// The listed caller beside one process at half a core.
Observation observe(const World& world, const std::string& name, double seconds) {
    auto process = benchkit::Process::start(
        {std::filesystem::read_symlink("/proc/self/exe").string(), "--attacker", name, world.doors().to_json()},
        {.stderr_path = world.folder() + "/attacker.log"});
    if (!process) die("cannot start the attacker");
    Observation out;
    out.rss_bytes.resize(world.daemons().size());
    {
        const CpuShare share{process->pid(), kAttackerShare};
        std::this_thread::sleep_for(std::chrono::milliseconds{500});  // under way before anybody looks
        std::jthread sampler{[&](const std::stop_token& stop) {
            while (!stop.stop_requested()) {
                for (std::size_t i = 0; i < out.rss_bytes.size(); ++i)
                    out.rss_bytes[i] =
                        std::max(out.rss_bytes[i], benchkit::rss_bytes(world.daemons()[i].process.pid()));
                std::this_thread::sleep_for(std::chrono::milliseconds{50});
            }
        }};
        const auto began = std::chrono::steady_clock::now();
        out.seen = watch(world, seconds, kCallsPerSecond);
        out.seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - began).count() + 0.5;
    }
    process->send(SIGTERM);
    const auto line = process->read_line(30'000);
    if (!line || std::sscanf(line->c_str(), "%lu %lu", &out.rates.offered, &out.rates.served) != 2)
        die("attacker " + name + " said nothing; its log is in " + world.folder());
    process->wait();
    return out;
}

void add(Observation& sum, Observation&& one) {
    auto& all = sum.seen.latencies_us;
    all.insert(all.end(), one.seen.latencies_us.begin(), one.seen.latencies_us.end());
    for (const auto& [why, count] : one.seen.failed) sum.seen.failed[why] += count;
    sum.rates.offered += one.rates.offered;
    sum.rates.served += one.rates.served;
    sum.seconds += one.seconds;
    sum.rss_bytes.resize(one.rss_bytes.size());
    for (std::size_t i = 0; i < one.rss_bytes.size(); ++i)
        sum.rss_bytes[i] = std::max(sum.rss_bytes[i], one.rss_bytes[i]);
}

/// False when the listed caller had failures, or a daemon passed its bound.
bool measure(const Attack& attack, const benchkit::Options& options, benchkit::Report& report) {
    const auto name = name_of(attack);
    benchkit::progress(name);
    const World world;  // fresh daemons: nothing of one attack is left for the next
    Observation quiet;
    Observation attacked;
    for (int run = 0; run < options.runs_or(3); ++run) {
        add(quiet, observe(world, "burner", options.seconds_or(5)));
        add(attacked, observe(world, name, options.seconds_or(5)));
    }
    bool held = true;
    for (const double share : {0.5, 0.99}) {
        const auto of = [&](const Observation& o) { return benchkit::percentile(o.seen.latencies_us, share); };
        report.add({.name = fmt::format("{}.p{}_us", name, share * 100),
                    .value = of(attacked),
                    .unit = "us",
                    .peer = "quiet",
                    .peer_value = of(quiet),
                    .better = benchkit::Better::lower,
                    .runs = {}});
    }
    report.note(fmt::format("{}: {:.0f} {}/s offered, {:.0f}/s served", name,
                            static_cast<double>(attacked.rates.offered) / attacked.seconds, attack.unit,
                            static_cast<double>(attacked.rates.served) / attacked.seconds));
    for (const auto& [why, count] : attacked.seen.failed) {
        held = false;
        report.note(fmt::format("{}: {} calls of the listed caller failed: {}", name, count, why));
    }
    for (std::size_t i = 0; i < attacked.rss_bytes.size(); ++i) {
        const auto& daemon = world.daemons()[i];
        report.add({.name = fmt::format("{}.{}_rss_mb", name, daemon.name),
                    .value = static_cast<double>(attacked.rss_bytes[i]) / 1e6,
                    .unit = "MB",
                    .peer = "bound",
                    .peer_value = static_cast<double>(daemon.rss_bytes_max) / 1e6,
                    .better = benchkit::Better::lower,
                    .runs = {}});
        if (attacked.rss_bytes[i] > daemon.rss_bytes_max) {
            held = false;
            report.note(fmt::format("{}: {} passed its bound", name, daemon.name));
        }
        if (attacked.rss_bytes[i] == 0) {
            held = false;
            report.note(fmt::format("{}: {} is gone", name, daemon.name));
        }
    }
    return held;
}

}  // namespace
}  // namespace attack

int main(int argc, char** argv) {
    if (argc == 4 && std::string_view{argv[1]} == "--attacker") return attack::be_attacker(argv[2], argv[3]);
    const auto options = benchkit::Options::parse(argc, argv, "attack");
    benchkit::Report report{"attack"};
    bool held = true;
    bool any = false;
    for (const auto& one : attack::all_attacks()) {
        if (!options.wants(attack::name_of(one))) continue;
        any = true;
        held = attack::measure(one, options, report) && held;
    }
    if (!any) attack::die("no attack's name contains '" + options.only + "'");
    const int written = report.finish(options);
    return held ? written : 1;
}

#include "accounts_bench.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <numeric>
#include <thread>

#include "base/random.hpp"
#include "chain_load.hpp"
#include "ledger/chain_state.hpp"
#include "zcrypto/hash.hpp"

namespace chain_bench {
namespace {

using benchkit::Better;

constexpr std::size_t kAccountsMin = 10'000;
constexpr std::size_t kReads = 20'000;
constexpr std::size_t kProofs = 2'000;
// The bars that a report prints beside its figures.
constexpr double kTpsShareBar = 0.5;
constexpr double kReadColdBarUs = 10;
constexpr double kRssBarMb = 400;

/// 10000 is "10k", 1000000 is "1m".
std::string label(std::size_t accounts) {
    if (accounts % 1'000'000 == 0) return fmt::format("{}m", accounts / 1'000'000);
    if (accounts % 1'000 == 0) return fmt::format("{}k", accounts / 1'000);
    return fmt::format("{}", accounts);
}

Wallet wallet_of(std::size_t index) {
    base::SeededRandom random{index};
    return {.key = zcrypto::ed25519::SigningKey::generate(random)};
}

std::vector<ledger::Address> addresses_of(std::size_t count) {
    std::vector<ledger::Address> out(count);
    const auto cores = std::max(1u, std::thread::hardware_concurrency());
    std::vector<std::jthread> threads;
    for (unsigned core = 0; core < cores; ++core) {
        threads.emplace_back([&out, core, cores] {
            for (auto i = std::size_t{core}; i < out.size(); i += cores) out[i] = wallet_of(i).address;
        });
    }
    threads.clear();
    return out;
}

/// Who pays next, and whom. Everybody pays in turn, in a random order.
class Payers {
 public:
    explicit Payers(const std::vector<ledger::Address>& addresses)
        : addresses_{addresses}, order_(addresses.size()), nonces_(addresses.size()) {
        std::iota(order_.begin(), order_.end(), 0u);
        for (auto i = order_.size() - 1; i > 0; --i) std::swap(order_[i], order_[random_.below(i + 1)]);
    }

    void sign(Phase& phase, std::size_t count, const ledger::ChainBinding& chain) {
        phase.prepare(count);
        last_.resize(count);
        for (std::size_t i = 0; i < count; ++i) {
            if (at_ == order_.size()) at_ = 0;
            const auto index = order_[at_++];
            last_[i] = index;
            const auto& to = addresses_[random_.below(addresses_.size())];
            phase.sign(i, wallet_of(index), nonces_[index]++,
                       {ledger::Transfer{.to = to, .asset = ledger::kGcc, .amount = 1}}, 0, chain);
        }
    }
    /// Who lost a transaction pays no more: the nonces behind it would wait for ever.
    void take_out(const Phase& phase) {
        std::vector<bool> lost(nonces_.size());
        for (std::size_t i = 0; i < phase.txs.size(); ++i)
            if (!phase.final_ns[i]) lost[last_[i]] = true;
        std::erase_if(order_, [&](auto index) { return lost[index]; });
        at_ = std::min(at_, order_.size());
        if (order_.size() < addresses_.size() / 4) die("too many transactions were lost");
    }

 private:
    base::SeededRandom random_{7};
    const std::vector<ledger::Address>& addresses_;
    std::vector<std::uint32_t> order_;
    std::vector<std::uint64_t> nonces_;
    std::vector<std::uint32_t> last_;
    std::size_t at_ = 0;
};

struct Measured {
    double tps = 0;
    double node_cpu_us_per_tx = 0;
    double peak_rss_mb = 0;
    double start_s = 0;    ///< With the genesis.
    double restart_s = 0;  ///< The folder was there.
    double read_p50_us = 0;
    double read_p99_us = 0;
    double prove_p50_us = 0;
    std::vector<double> latencies_ms;
};

double microseconds(const std::function<bool()>& what) {
    const auto begun = base::system_clock().now_ns();
    if (!what()) die("the reopened database cannot be read");
    return static_cast<double>(base::system_clock().now_ns() - begun) / 1e3;
}

/// Reads of random accounts from the database of a node that has ended, opened anew: nothing is in its caches. The
/// system still has the files in memory.
void read_cold(const std::string& home, const std::vector<ledger::Address>& addresses, Measured& out) {
    const ghostd::HomeLayout layout{home};
    const auto genesis = ledger::load_genesis(layout.genesis);
    if (!genesis) die(genesis.error().text);
    const auto chain = ledger::ChainState::open({.path = layout.data, .create_if_missing = false}, *genesis);
    if (!chain) die(chain.error().text);
    const auto view = (*chain)->view();
    base::SeededRandom random{11};
    std::vector<double> reads;
    for (std::size_t i = 0; i < kReads; ++i) {
        const auto& address = addresses[random.below(addresses.size())];
        reads.push_back(microseconds([&] {
            const auto amount = view->balance(address, ledger::kGcc);
            return amount && *amount > 0;
        }));
    }
    std::vector<double> proofs;
    for (std::size_t i = 0; i < kProofs; ++i) {
        const auto key = ledger::balance_key(addresses[random.below(addresses.size())], ledger::kGcc);
        proofs.push_back(microseconds([&] {
            const auto proof = view->prove(key, view->head().header.height);
            return proof && proof->value;
        }));
    }
    out.read_p50_us = benchkit::median(reads);
    out.read_p99_us = benchkit::percentile(reads, 0.99);
    out.prove_p50_us = benchkit::median(proofs);
}

/// The highest rate that the node follows for three seconds, and a finer step beyond it; then that rate for longer.
void measure_load(Client& client, const NodeProcess& node, Payers& payers, double seconds, Measured& out) {
    const auto run = [&](double offered, double length, double drain_s) {
        Phase phase;
        payers.sign(phase, static_cast<std::size_t>(offered * length), client.chain);
        auto outcome = run_phase(client, phase, offered, drain_s);
        if (outcome.lost_share > 0) payers.take_out(phase);
        return outcome;
    };
    const auto follows = [&](double offered) {
        for (int attempt = 0; attempt < 2; ++attempt) {  // A hiccup of the machine is not the node's limit.
            benchkit::progress(fmt::format("  trying {:.0f}/s", offered));
            const auto tried = run(offered, 3, 20);
            if (tried.tps >= 0.95 * offered && tried.lost_share == 0) return true;
        }
        return false;
    };
    run(500, 2, 10);
    double rate = 1000;
    for (double offered = rate; follows(offered); offered *= 1.3) rate = offered;
    if (follows(rate * 1.14)) rate *= 1.14;
    benchkit::progress(fmt::format("  {:.0f}/s for {:.0f} s", rate, seconds));
    const auto cpu_before = benchkit::cpu_seconds(node.pid());
    const auto full = run(rate, seconds, 30);
    out.tps = full.tps;
    out.latencies_ms = full.latencies_ms;
    out.node_cpu_us_per_tx = (benchkit::cpu_seconds(node.pid()) - cpu_before) * 1e6 /
                             static_cast<double>(std::max<std::size_t>(full.final_count, 1));
}

Measured measure(std::size_t accounts, double seconds) {
    Measured out;
    const TempFolder folder;
    const auto identity = zquic::Identity::generate();
    if (!identity) die("no key");
    benchkit::progress(fmt::format("{} accounts: making them", accounts));
    const auto addresses = addresses_of(accounts);
    auto init = node_options(folder.path() + "/ghostd", *identity);
    for (const auto& address : addresses) init.allocations.push_back({address, 1000 * ledger::kAgccPerGcc});
    if (const auto made = ghostd::init_home(init); !made) die(made.error().text);
    {
        benchkit::progress("  starting, with the genesis");
        NodeProcess node{init.home};
        out.start_s = node.start_seconds;
        Client client{node, *identity};
        Payers payers{addresses};
        measure_load(client, node, payers, seconds, out);
        out.peak_rss_mb = static_cast<double>(benchkit::peak_rss_bytes(node.pid())) / 1e6;
    }
    benchkit::progress("  starting again");
    out.restart_s = NodeProcess{init.home}.start_seconds;
    benchkit::progress("  reading cold");
    read_cold(init.home, addresses, out);
    return out;
}

benchkit::Figure figure(std::string name, double value, const char* unit, Better better) {
    return {.name = std::move(name), .value = value, .unit = unit, .better = better, .runs = {value}};
}
benchkit::Figure barred(benchkit::Figure plain, double bar) {
    plain.peer = "bar";
    plain.peer_value = bar;
    return plain;
}

}  // namespace

std::vector<std::size_t> accounts_of(const std::vector<std::string>& flags) {
    if (std::find(flags.begin(), flags.end(), "--accounts") == flags.end()) return {};
    if (flags.size() != 2 || flags[0] != "--accounts") die("--accounts LIST stands alone, for instance 10000,1000000");
    std::vector<std::size_t> out;
    for (std::size_t begin = 0; begin <= flags[1].size();) {
        const auto end = std::min(flags[1].find(',', begin), flags[1].size());
        std::size_t value = 0;
        const auto* last = flags[1].data() + end;
        const auto parsed = std::from_chars(flags[1].data() + begin, last, value);
        if (parsed.ec != std::errc{} || parsed.ptr != last || value < kAccountsMin ||
            value > ledger::kGenesisAllocationsMax)
            die(fmt::format("--accounts: each size is {} to {}", kAccountsMin, ledger::kGenesisAllocationsMax));
        out.push_back(value);
        begin = end + 1;
    }
    return out;
}

int run_accounts(const benchkit::Options& options, const std::vector<std::size_t>& sizes) {
    const auto seconds = options.seconds_or(15);
    const auto largest = *std::max_element(sizes.begin(), sizes.end());
    benchkit::Report report{"chain"};
    std::optional<double> first_tps;
    for (const auto size : sizes) {
        const auto found = measure(size, seconds);
        const auto name = label(size);
        auto tps = figure("tps_" + name, found.tps, "tx/s", Better::higher);
        report.add(first_tps ? barred(std::move(tps), kTpsShareBar * *first_tps) : std::move(tps));
        if (!first_tps) first_tps = found.tps;
        auto read = figure("read_cold_us_" + name, found.read_p50_us, "us", Better::lower);
        report.add(size == largest ? barred(std::move(read), kReadColdBarUs) : std::move(read));
        report.add(figure("prove_cold_us_" + name, found.prove_p50_us, "us", Better::lower));
        report.add(figure("start_genesis_s_" + name, found.start_s, "s", Better::lower));
        report.add(figure("restart_s_" + name, found.restart_s, "s", Better::lower));
        report.add(size == largest ? barred(figure("rss_mb", found.peak_rss_mb, "MB", Better::lower), kRssBarMb)
                                   : figure("rss_mb_" + name, found.peak_rss_mb, "MB", Better::lower));
        report.note(
            fmt::format("{}: ghostd used {:.0f} us of CPU a transfer; finality p50 {:.1f} ms, p99 {:.1f} ms at that "
                        "rate; cold reads p99 {:.1f} us",
                        name, found.node_cpu_us_per_tx, benchkit::percentile(found.latencies_ms, 0.5),
                        benchkit::percentile(found.latencies_ms, 0.99), found.read_p99_us));
    }
    report.note("bars: the later sizes' tps is half of the first one's; cold reads and memory at the largest size");
    report.note(
        fmt::format("read_cold: median of {} plain balance reads of random accounts, database opened anew (empty "
                    "caches; the system has its files in memory); prove_cold: with the proof, {} times",
                    kReads, kProofs));
    report.note("rss_mb: peak of the node's process, its genesis and the load included");
    report.note(
        "everybody pays in turn in a random order to random accounts; every signature checked, one synced commit a "
        "block");
    return report.finish(options);
}

}  // namespace chain_bench

// Where the time of a transfer goes: signature check, execution with the tree, durable commit. By hand:
//   bench_ledger [accounts] [transactions a block] [blocks] [folder]
// Payments go from 1,000 senders to random accounts that exist, so that every block touches cold parts of the tree.

#include <fmt/format.h>
#include <time.h>

#include <algorithm>
#include <chrono>
#include <filesystem>

#include "base/random.hpp"
#include "ledger/chain_state.hpp"
#include "zcrypto/ed25519.hpp"

namespace {

using Clock = std::chrono::steady_clock;

double micros_since(Clock::time_point start) {
    return std::chrono::duration<double, std::micro>(Clock::now() - start).count();
}

/// Wall time and this thread's own time: they differ on a busy machine and while the disk syncs.
struct Span {
    double wall_us = 0;
    double cpu_us = 0;
};
class Stopwatch {
 public:
    void stop(Span& total) const {
        total.wall_us += micros_since(wall_);
        total.cpu_us += thread_cpu_us() - cpu_;
    }

 private:
    static double thread_cpu_us() {
        timespec now{};
        ::clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
        return static_cast<double>(now.tv_sec) * 1e6 + static_cast<double>(now.tv_nsec) / 1e3;
    }
    Clock::time_point wall_ = Clock::now();
    double cpu_ = thread_cpu_us();
};

struct Options {
    std::size_t accounts = 100'000;
    std::size_t txs_per_block = 1'000;
    std::size_t blocks = 50;
    std::filesystem::path folder = std::filesystem::temp_directory_path() / "ghost-bench-ledger";
};

int run(const Options& options) {
    base::SeededRandom random{42};
    std::vector<zcrypto::ed25519::SigningKey> senders;
    ledger::Genesis genesis;
    genesis.chain_id = "ghost-bench-1";
    genesis.time_ms = 1'700'000'000'000;
    for (int i = 0; i < 1'000; ++i) senders.push_back(zcrypto::ed25519::SigningKey::generate(random));
    std::vector<ledger::Address> addresses;
    for (const auto& key : senders) addresses.push_back(gcrypt::address_of(key.public_key()));
    while (addresses.size() < options.accounts) random.fill(addresses.emplace_back().bytes);
    for (const auto& address : addresses) genesis.allocations.push_back({address, 1'000'000 * ledger::kAgccPerGcc});
    std::sort(genesis.allocations.begin(), genesis.allocations.end(),
              [](const auto& a, const auto& b) { return a.address < b.address; });
    genesis.validators.push_back({.name = "one", .public_key = {}, .address = addresses[0], .stake = 1});

    std::filesystem::remove_all(options.folder);
    auto opened_at = Clock::now();
    auto opened = ledger::ChainState::open({.path = options.folder}, genesis);
    if (!opened) {
        fmt::print(stderr, "{}\n", opened.error().text);
        return 1;
    }
    auto& chain = **opened;
    fmt::print("{} accounts: genesis {:.0f} ms\n", options.accounts, micros_since(opened_at) / 1000);

    Span verify;
    Span execute;
    Span commit;
    std::vector<std::uint64_t> nonces(senders.size());
    const auto disk_before = chain.disk_bytes();
    for (std::size_t height = 1; height <= options.blocks; ++height) {
        std::vector<ledger::SignedTx> txs;
        for (std::size_t i = 0; i < options.txs_per_block; ++i) {
            const auto who = random.below(senders.size());
            ledger::Tx tx;
            tx.genesis_hash = chain.binding().genesis_hash;
            tx.sender = addresses[who];
            tx.nonce = nonces[who]++;
            tx.valid_until_height = 1'000'000;
            tx.max_fee_per_gas = chain.head()->next_base_fee * 2;
            tx.tip_per_gas = 1'000;
            tx.msgs = {
                ledger::Transfer{addresses[random.below(addresses.size())], ledger::kGcc, 1 + random.below(1'000)}};
            tx.gas_limit = ledger::gas_bound(tx, ledger::rules_of(genesis.params));
            txs.push_back(ledger::sign(std::move(tx), senders[who], genesis.chain_id));
        }
        const Stopwatch verify_watch;
        auto results = ledger::verify_batch(std::move(txs), chain.binding());
        verify_watch.stop(verify);
        ledger::BlockProposal proposal{
            .slot = height, .time_ms = chain.head()->header.time_ms + 1, .proposer = addresses[0]};
        for (auto& result : results) {
            if (!result) return 1;
            proposal.txs.push_back(std::move(*result));
        }
        const Stopwatch execute_watch;
        const auto block = chain.propose(proposal);
        execute_watch.stop(execute);
        if (!block || !(*block)->skipped().empty()) {
            fmt::print(stderr, "block {}: not all transactions fit\n", height);
            return 1;
        }
        const Stopwatch commit_watch;
        const auto done = chain.commit(*block, base::as_bytes("certificate"));
        commit_watch.stop(commit);
        if (!done) {
            fmt::print(stderr, "{}\n", base::to_string(done.error()));
            return 1;
        }
    }
    const auto count = static_cast<double>(options.blocks * options.txs_per_block);
    const auto line = [count](const char* what, const Span& span) {
        fmt::print("  {:<20} {:7.1f} us wall {:7.1f} us cpu\n", what, span.wall_us / count, span.cpu_us / count);
    };
    fmt::print("{} blocks of {} transfers; of each transfer:\n", options.blocks, options.txs_per_block);
    line("signatures", verify);
    line("execution and tree", execute);
    line("durable commit", commit);
    const auto all_cpu = verify.cpu_us + execute.cpu_us + commit.cpu_us;
    fmt::print("commit {:.2f} ms a block; {:.0f} transfers/s wall, {:.0f}/s by cpu; disk {:.0f} bytes a transfer\n",
               commit.wall_us / 1000 / static_cast<double>(options.blocks),
               count / (verify.wall_us + execute.wall_us + commit.wall_us) * 1e6, count / all_cpu * 1e6,
               static_cast<double>(chain.disk_bytes() - disk_before) / count);
    const auto start = Clock::now();
    const auto report = chain.verify();
    if (!report) {
        fmt::print(stderr, "{}\n", report.error().text);
        return 1;
    }
    fmt::print("verified {} keys, {} transactions in {:.0f} ms\n", report->keys, report->txs,
               micros_since(start) / 1000);
    opened->reset();
    std::filesystem::remove_all(options.folder);
    return 0;
}

}  // namespace

int main(int argc, char** argv) {
    Options options;
    const auto number = [&](int at, std::size_t fallback) {
        return argc > at ? static_cast<std::size_t>(std::strtoull(argv[at], nullptr, 10)) : fallback;
    };
    options.accounts = std::max<std::size_t>(number(1, options.accounts), 1'000);
    options.txs_per_block = number(2, options.txs_per_block);
    options.blocks = number(3, options.blocks);
    if (argc > 4) options.folder = argv[4];
    return run(options);
}

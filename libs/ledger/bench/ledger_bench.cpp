// Where the time of a transfer goes: signature check, execution with the tree, durable commit. By hand:
//   bench_ledger [accounts] [transactions a block] [blocks] [folder]
// Payments go from 1,000 senders to random accounts that exist, so that every block touches cold parts of the tree.

#include <fmt/format.h>

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

    double verify_us = 0;
    double execute_us = 0;
    double commit_us = 0;
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
            tx.gas_limit = ledger::gas::kTx + ledger::gas::kTransfer;
            tx.max_fee_per_gas = chain.head()->next_base_fee * 2;
            tx.tip_per_gas = 1'000;
            tx.msgs = {
                ledger::Transfer{addresses[random.below(addresses.size())], ledger::kGcc, 1 + random.below(1'000)}};
            txs.push_back(ledger::sign(std::move(tx), senders[who], genesis.chain_id));
        }
        auto start = Clock::now();
        auto results = ledger::verify_batch(std::move(txs), chain.binding());
        verify_us += micros_since(start);
        ledger::BlockProposal proposal{
            .slot = height, .time_ms = chain.head()->header.time_ms + 1, .proposer = addresses[0]};
        for (auto& result : results) {
            if (!result) return 1;
            proposal.txs.push_back(std::move(*result));
        }
        start = Clock::now();
        const auto block = chain.propose(proposal);
        execute_us += micros_since(start);
        if (!block || !(*block)->skipped().empty()) {
            fmt::print(stderr, "block {}: not all transactions fit\n", height);
            return 1;
        }
        start = Clock::now();
        const auto done = chain.commit(*block, base::as_bytes("certificate"));
        commit_us += micros_since(start);
        if (!done) {
            fmt::print(stderr, "{}\n", base::to_string(done.error()));
            return 1;
        }
    }
    const auto count = static_cast<double>(options.blocks * options.txs_per_block);
    fmt::print(
        "{} blocks of {} transfers, microseconds a transfer: signatures {:.1f}, execution and tree {:.1f}, commit "
        "{:.1f}\n",
        options.blocks, options.txs_per_block, verify_us / count, execute_us / count, commit_us / count);
    fmt::print(
        "without signatures {:.0f}/s, all on one core {:.0f}/s; commit {:.2f} ms a block; disk {:.0f} bytes a "
        "transfer\n",
        count / (execute_us + commit_us) * 1e6, count / (verify_us + execute_us + commit_us) * 1e6,
        commit_us / 1000 / static_cast<double>(options.blocks),
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

// One validator under open-loop load: a ghostd process of its own (durable commits, every signature checked) and one
// client that submits over QUIC and hears of finality through StreamBlocks. Every transaction is signed before the
// clock of its phase starts. Latency counts from the moment a transaction was due, not from when the client got round
// to sending it. Client and node share the machine's cores; the report says what each used.
#include <fmt/format.h>

#include <algorithm>
#include <thread>

#include "accounts_bench.hpp"
#include "base/bcs.hpp"
#include "base/file.hpp"
#include "bench_report.hpp"
#include "chain_load.hpp"
#include "zcrypto/hash.hpp"

namespace {

using chain_bench::Client;
using chain_bench::die;
using chain_bench::folder_bytes;
using chain_bench::NodeProcess;
using chain_bench::Outcome;
using chain_bench::Phase;
using chain_bench::Wallet;

constexpr std::size_t kWalletsPerPhase = 1024;
constexpr std::size_t kPhasesMax = 24;

/// The token of contracts/examples, deployed by a wallet that owns the supply (`--contracts`).
struct Token {
    static constexpr std::uint64_t kGasRoom = 250'000;  ///< A transfer to a new holder needs less.
    Wallet owner;
    std::uint64_t nonce = 0;  ///< The owner's next.
    base::Bytes code = [] {
        const auto text = base::read_text_file(GHOSTD_TOKEN, ledger::kCodeBytesMax);
        if (!text) die(text.error().text);
        return base::to_bytes(base::as_bytes(*text));
    }();
    ledger::Address address = ledger::contract_address(owner.address, {}, ledger::code_hash(code));

    [[nodiscard]] ledger::Msg deploy() const {
        base::BcsWriter init;
        init.string("Bench");
        init.string("BNC");
        init.u8(0);
        init.u128(ledger::kAgccPerGcc);
        return ledger::ContractDeploy{.code = code, .input = std::move(init).take()};
    }
    [[nodiscard]] ledger::Msg transfer(const ledger::Address& to, ledger::Amount amount) const {
        static const auto selector = zcrypto::blake3(base::as_bytes("transfer(address,u128)"));
        base::BcsWriter input;
        input.fixed(base::ByteView{selector}.first(4));
        input.fixed(to.bytes);
        input.u128(amount);
        return ledger::ContractCall{.contract = address, .input = std::move(input).take(), .value = 0};
    }
};

struct Bench {
    const std::vector<Wallet>& wallets;
    Client& client;
    Token* token = nullptr;  ///< Its transfers are measured when there is one, else those of coins.
    std::size_t next_phase = 0;
    std::size_t final_total = 0;

    Outcome run(double per_second, double seconds, double drain_s) {
        if (next_phase == kPhasesMax) die("out of wallets");
        Phase phase;
        const auto count = static_cast<std::size_t>(per_second * seconds);
        const auto first = kWalletsPerPhase * next_phase++;
        if (token) give_tokens(first);
        sign_transfers(phase, first, count);
        auto outcome = run_phase(client, phase, per_second, drain_s);
        final_total += outcome.final_count;
        return outcome;
    }
    void deploy() {
        Phase phase;
        phase.prepare(1);
        phase.sign(0, token->owner, token->nonce++, {token->deploy()}, 20 * Token::kGasRoom, client.chain);
        finish(phase);
    }

 private:
    /// Each wallet of the phase pays the others in turn: coins, or tokens when there is a token.
    void sign_transfers(Phase& phase, std::size_t first, std::size_t count) const {
        phase.prepare(count);
        for (std::size_t i = 0; i < count; ++i) {
            const auto& to = wallets[first + (i * 7 + 1) % kWalletsPerPhase].address;
            const ledger::Msg msg = token ? token->transfer(to, 1)
                                          : ledger::Msg{ledger::Transfer{.to = to, .asset = ledger::kGcc, .amount = 1}};
            phase.sign(i, wallets[first + i % kWalletsPerPhase], i / kWalletsPerPhase, {msg},
                       token ? Token::kGasRoom : 0, client.chain);
        }
    }
    void give_tokens(std::size_t first) {
        constexpr auto kPerTx = ledger::kMsgsMax;
        Phase phase;
        phase.prepare(kWalletsPerPhase / kPerTx);
        for (std::size_t i = 0; i < phase.txs.size(); ++i) {
            std::vector<ledger::Msg> msgs;
            for (std::size_t k = 0; k < kPerTx; ++k)
                msgs.push_back(token->transfer(wallets[first + i * kPerTx + k].address, 1'000'000));
            phase.sign(i, token->owner, token->nonce++, std::move(msgs), kPerTx * Token::kGasRoom, client.chain);
        }
        finish(phase);
    }
    void finish(Phase& phase) {
        client.run(phase, 1000, 30);
        if (phase.final_count != phase.txs.size()) die("the token is not ready: " + phase.refusal);
    }
};

benchkit::Figure figure(const char* name, double value, const char* unit, benchkit::Better better) {
    return {.name = name, .value = value, .unit = unit, .better = better, .runs = {value}};
}

}  // namespace

int main(int argc, char** argv) {
    using benchkit::Better;
    const auto options = benchkit::Options::parse(argc, argv, "chain");
    if (const auto sizes = chain_bench::accounts_of(options.rest); !sizes.empty())
        return chain_bench::run_accounts(options, sizes);
    const auto seconds = options.seconds_or(30);
    const chain_bench::TempFolder folder;

    benchkit::progress("making wallets");
    const std::vector<Wallet> wallets(kWalletsPerPhase * kPhasesMax);
    const auto identity = zquic::Identity::generate();
    if (!identity) die("no key");
    const bool contracts = std::find(options.rest.begin(), options.rest.end(), "--contracts") != options.rest.end();
    const bool one_by_one =
        std::find(options.rest.begin(), options.rest.end(), "--verify-singly") != options.rest.end();
    if (options.rest.size() != (contracts ? 1u : 0u) + (one_by_one ? 1u : 0u))
        die("unknown flag; there are --contracts, --verify-singly (no batches of signatures, to see what they bring) "
            "and "
            "--accounts LIST");
    std::optional<Token> token;
    if (contracts) token.emplace();
    auto init = chain_bench::node_options(folder.path() + "/ghostd", *identity);
    for (const auto& wallet : wallets) init.allocations.push_back({wallet.address, 1000 * ledger::kAgccPerGcc});
    if (token) {
        init.allocations.push_back({token->owner.address, 1'000'000 * ledger::kAgccPerGcc});
        init.config.mempool.per_sender_max = 4096;  // One owner hands out the tokens.
    }
    if (one_by_one) init.config.limits.verify_batch_max = 1;
    if (const auto made = ghostd::init_home(init); !made) die(made.error().text);

    const NodeProcess node{init.home};
    Client client{node, *identity};
    const auto data = init.home + "/data";
    const auto disk_before = folder_bytes(data);
    Bench bench{wallets, client, token ? &*token : nullptr};
    benchkit::Report report{"chain"};
    if (token) {
        benchkit::progress("deploying the token");
        bench.deploy();
    }

    benchkit::progress("warming up");
    bench.run(500, 2, 10);
    benchkit::progress("idle: one transaction every 25 ms");
    const auto idle = bench.run(40, std::clamp(seconds / 2, 5.0, 15.0), 10);

    // The highest rate that the node still follows for three seconds is what the long run offers.
    const double first_rate = token ? 1000 : 2000;
    double rate = first_rate;
    // A second try, because a hiccup of the machine is not the node's limit.
    const auto follows = [&](double offered) {
        for (int attempt = 0; attempt < 2 && bench.next_phase < kPhasesMax - 2; ++attempt) {
            benchkit::progress(fmt::format("trying {:.0f}/s", offered));
            const auto tried = bench.run(offered, 3, 15);
            if (tried.tps >= 0.95 * offered && tried.lost_share == 0) return true;
        }
        return false;
    };
    for (double offered = first_rate; follows(offered); offered *= 1.3) rate = offered;
    benchkit::progress(fmt::format("{:.0f}/s for {:.0f} s", rate, seconds));
    const auto cpu_before = benchkit::cpu_seconds(node.pid());
    const auto own_before = benchkit::cpu_seconds();
    const auto full = bench.run(rate, seconds, 30);
    const auto node_cpu = benchkit::cpu_seconds(node.pid()) - cpu_before;
    const auto own_cpu = benchkit::cpu_seconds() - own_before;
    const auto rss = benchkit::rss_bytes(node.pid());

    benchkit::progress("half load");
    const auto half = bench.run(full.tps / 2, std::clamp(seconds / 2, 5.0, 30.0), 15);

    // Over everything that was sent, once the database has had time to put its files in order.
    std::this_thread::sleep_for(std::chrono::seconds{3});
    const auto disk_after = folder_bytes(data);
    const auto disk = disk_after > disk_before ? disk_after - disk_before : 0;

    using benchkit::percentile;
    report.add(figure(token ? "tps_token_durable" : "tps_transfer_durable", full.tps, "tx/s", Better::higher));
    report.add(figure("finality_idle_p50_ms", percentile(idle.latencies_ms, 0.5), "ms", Better::lower));
    report.add(figure("finality_idle_p99_ms", percentile(idle.latencies_ms, 0.99), "ms", Better::lower));
    report.add(figure("finality_half_load_p50_ms", percentile(half.latencies_ms, 0.5), "ms", Better::lower));
    report.add(figure("finality_half_load_p99_ms", percentile(half.latencies_ms, 0.99), "ms", Better::lower));
    report.add(figure("rss_mb", static_cast<double>(rss) / 1e6, "MB", Better::lower));
    report.add(figure("disk_bytes_per_tx", static_cast<double>(disk) / static_cast<double>(bench.final_total), "bytes",
                      Better::lower));
    report.note(fmt::format("offered {:.0f}/s for {:.0f} s, {} final; p50 {:.1f} ms, p99 {:.1f} ms at that load", rate,
                            seconds, full.final_count, percentile(full.latencies_ms, 0.5),
                            percentile(full.latencies_ms, 0.99)));
    report.note(
        fmt::format("CPU: ghostd {:.1f} s, client (submitting, and signing before the clock) {:.1f} s; both "
                    "share {} cores",
                    node_cpu, own_cpu, std::thread::hardware_concurrency()));
    report.note(one_by_one ? "signatures checked one by one" : "signatures checked in batches");
    report.note("every signature checked, one synced commit a block, client over QUIC with mutual TLS");
    return report.finish(options);
}

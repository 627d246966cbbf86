// One validator under open-loop load: a ghostd process of its own (durable commits, every signature checked) and one
// client that submits over QUIC and hears of finality through StreamBlocks. Every transaction is signed before the
// clock of its phase starts. Latency counts from the moment a transaction was due, not from when the client got round
// to sending it. Client and node share the machine's cores; the report says what each used.
#include <fmt/format.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <cstdio>
#include <filesystem>
#include <thread>
#include <unordered_map>

#include "base/bcs.hpp"
#include "base/clock.hpp"
#include "base/file.hpp"
#include "bench_report.hpp"
#include "ghostd/init.hpp"
#include "ghostd/methods.hpp"
#include "io/timer.hpp"
#include "ledger/codec.hpp"
#include "ledger/execute.hpp"
#include "rpc/blocking.hpp"
#include "rpc/quic.hpp"
#include "zcrypto/hash.hpp"

namespace {

namespace fs = std::filesystem;
namespace methods = ghostd::methods;
namespace v1 = ghost::chain::v1;

constexpr std::uint64_t kSecond = 1'000'000'000;
constexpr std::uint64_t kMillisecond = 1'000'000;
constexpr std::size_t kWalletsPerPhase = 1024;
constexpr std::size_t kPhasesMax = 24;
/// Submissions without an answer. A connection refuses calls beyond 10,000 that wait for a stream, and one that is
/// refused leaves a gap in its wallet's nonces.
constexpr std::size_t kUnansweredMax = 8192;

[[noreturn]] void die(const std::string& text) {
    fmt::print(stderr, "bench_chain: {}\n", text);
    std::exit(1);
}

struct Wallet {
    zcrypto::ed25519::SigningKey key = zcrypto::ed25519::SigningKey::generate(base::system_random());
    ledger::Address address = gcrypt::address_of(key.public_key());
};

std::uint64_t folder_bytes(const fs::path& folder) {
    std::uint64_t sum = 0;
    std::error_code ignored;
    for (const auto& entry : fs::recursive_directory_iterator{folder, ignored})
        if (entry.is_regular_file(ignored)) sum += entry.file_size(ignored);
    return sum;
}

/// The node as a process: `ghostd start` from the folder that this program is in.
class NodeProcess {
 public:
    explicit NodeProcess(const std::string& home) {
        const auto program = fs::read_symlink("/proc/self/exe").parent_path() / "ghostd";
        int out[2];
        if (pipe(out) != 0) die("no pipe");
        pid_ = fork();
        if (pid_ == 0) {
            prctl(PR_SET_PDEATHSIG, SIGKILL);
            dup2(out[1], STDOUT_FILENO);
            execl(program.c_str(), "ghostd", "start", "--home", home.c_str(), nullptr);
            _exit(127);
        }
        close(out[1]);
        std::string line;
        char c = 0;
        while (read(out[0], &c, 1) == 1 && c != '\n') line += c;
        close(out[0]);
        const auto at = line.find("udp ");
        const auto key = line.find("key ");
        if (at == line.npos || key == line.npos) die("ghostd does not start: " + line);
        address = *io::SocketAddress::parse(line.substr(at + 4, line.find(',', at) - at - 4));
        public_key = *base::fixed_from_hex<32>(line.substr(key + 4, 64));
    }
    ~NodeProcess() {
        kill(pid_, SIGTERM);
        waitpid(pid_, nullptr, 0);
    }
    [[nodiscard]] int pid() const noexcept { return pid_; }
    io::SocketAddress address;
    base::Digest public_key{};

 private:
    pid_t pid_ = -1;
};

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

/// One phase: transactions that are due at a fixed rate. Lives on the client's reactor while it runs.
struct Phase {
    std::vector<v1::Transaction> txs;
    std::unordered_map<std::uint64_t, std::size_t> index_of;  ///< First bytes of the id.
    std::vector<std::uint64_t> due_ns;
    std::vector<std::uint64_t> final_ns;
    std::size_t sent = 0;
    std::size_t answered = 0;
    std::size_t refused = 0;
    std::string refusal;
    std::size_t final_count = 0;

    void prepare(std::size_t count) {
        txs.resize(count);
        final_ns.assign(count, 0);
        due_ns.assign(count, 0);
        index_of.reserve(count);
    }
    void sign(std::size_t i, const Wallet& from, std::uint64_t nonce, std::vector<ledger::Msg> msgs,
              std::uint64_t gas_room, const ledger::ChainBinding& chain) {
        ledger::SignedTx tx;
        tx.tx.genesis_hash = chain.genesis_hash;
        tx.tx.sender = from.address;
        tx.tx.nonce = nonce;
        tx.tx.valid_until_height = 1'000'000'000;
        tx.tx.msgs = std::move(msgs);
        tx.tx.gas_limit = ledger::native_gas(tx.tx) + gas_room;
        tx.tx.max_fee_per_gas = 100'000'000'000;
        tx.tx.tip_per_gas = 1'000'000;
        tx.auth.public_key = from.key.public_key().bytes;
        tx.auth.signature = from.key.sign(ledger::sign_bytes(tx.tx, chain.chain_id)).bytes;
        txs[i].set_raw(std::string{base::as_text(ledger::encode(tx))});
        index_of[base::load_le<std::uint64_t>(ledger::tx_id(tx.tx).data())] = i;
    }
    /// Each wallet of the phase pays the others in turn: coins, or tokens when there is a token.
    void sign_transfers(const std::vector<Wallet>& wallets, std::size_t first, std::size_t count, const Token* token,
                        const ledger::ChainBinding& chain) {
        prepare(count);
        for (std::size_t i = 0; i < count; ++i) {
            const auto& to = wallets[first + (i * 7 + 1) % kWalletsPerPhase].address;
            const ledger::Msg msg = token ? token->transfer(to, 1)
                                          : ledger::Msg{ledger::Transfer{.to = to, .asset = ledger::kGcc, .amount = 1}};
            sign(i, wallets[first + i % kWalletsPerPhase], i / kWalletsPerPhase, {msg}, token ? Token::kGasRoom : 0,
                 chain);
        }
    }
    [[nodiscard]] std::vector<double> latencies_ms() const {
        std::vector<double> out;
        for (std::size_t i = 0; i < sent; ++i)
            if (final_ns[i]) out.push_back(static_cast<double>(final_ns[i] - due_ns[i]) / 1e6);
        return out;
    }
    /// Final in [from, to).
    [[nodiscard]] std::size_t final_between(std::uint64_t from, std::uint64_t to) const {
        return static_cast<std::size_t>(
            std::count_if(final_ns.begin(), final_ns.end(), [&](auto at) { return at >= from && at < to; }));
    }
};

class Client {
 public:
    Client(const NodeProcess& node, const zquic::Identity& identity) {
        auto made = rpc::BlockingClient::make([&](io::Reactor& reactor) {
            return rpc::make_quic_connector(
                reactor, {.server = node.address, .server_keys = {node.public_key}, .identity = identity});
        });
        if (!made) die("no client");
        client_ = std::move(*made);
        const auto status = client_->call(methods::kGetStatus, {}, {.timeout_ns = 20 * kSecond});
        if (!status) die(status.error().to_string());
        chain.chain_id = status->chain_id();
        chain.genesis_hash = *base::to_fixed<32>(base::as_bytes(status->genesis_hash()));
        client_->run([&](rpc::Channel& channel) {
            v1::StreamBlocksRequest request;
            request.set_include_transactions(true);
            blocks_ = channel.open(methods::kStreamBlocks, request);
            blocks_.for_each([this](const v1::Block& block) { on_block(block); },
                             [](const rpc::Status& end) { die("StreamBlocks ended: " + end.to_string()); });
        });
    }
    ~Client() {
        client_->run([&](rpc::Channel&) {
            timer_.reset();
            blocks_ = {};
        });
    }

    struct Window {
        std::uint64_t begin_ns = 0;
        std::uint64_t end_ns = 0;
    };
    /// Sends everything in `phase` at `per_second`, waits until all is final (at most `drain_s` longer).
    Window run(Phase& phase, double per_second, double drain_s) {
        std::atomic<bool> ended{false};
        Window window;
        client_->run([&](rpc::Channel& channel) {
            phase_ = &phase;
            window.begin_ns = channel.reactor().refresh_now();
            timer_ = std::make_unique<io::Timer>(channel.reactor(), [&, per_second] {
                auto& reactor = channel.reactor();
                const auto now = reactor.refresh_now();
                while (phase.sent < phase.txs.size() && phase.sent - phase.answered < kUnansweredMax) {
                    const auto due = window.begin_ns +
                                     static_cast<std::uint64_t>(static_cast<double>(phase.sent) / per_second * 1e9);
                    if (due > now) break;
                    phase.due_ns[phase.sent] = due;
                    submit(channel, phase, phase.sent++);
                }
                if (phase.sent == phase.txs.size()) {
                    window.end_ns = now;
                    ended.store(true);
                } else {
                    timer_->arm_after(kMillisecond);
                }
            });
            timer_->arm_after(0);
        });
        while (!ended.load()) std::this_thread::sleep_for(std::chrono::milliseconds{5});
        const auto deadline = base::system_clock().now_ns() + static_cast<std::uint64_t>(drain_s * 1e9);
        for (bool done = false; !done && base::system_clock().now_ns() < deadline;) {
            std::this_thread::sleep_for(std::chrono::milliseconds{5});
            client_->run([&](rpc::Channel&) { done = phase.final_count + phase.refused >= phase.sent; });
        }
        client_->run([&](rpc::Channel&) {
            phase_ = nullptr;
            timer_.reset();
        });
        return window;
    }

    ledger::ChainBinding chain;

 private:
    void submit(rpc::Channel& channel, Phase& phase, std::size_t index) {
        auto call = channel.call(methods::kSubmitTransaction, phase.txs[index], {.timeout_ns = 60 * kSecond},
                                 [this, &phase](const rpc::StatusOr<v1::TransactionReceipt>& answer) {
                                     if (phase_ != &phase) return;  // a straggler of a phase that was given up
                                     ++phase.answered;
                                     if (answer) return;
                                     ++phase.refused;
                                     phase.refusal = answer.error().to_string();
                                 });
        call.detach();
    }
    void on_block(const v1::Block& block) {
        if (!phase_) return;
        const auto now = base::system_clock().now_ns();
        for (const auto& tx : block.transactions()) {
            const auto at = phase_->index_of.find(base::load_le<std::uint64_t>(base::as_bytes(tx.tx_id()).data()));
            if (at == phase_->index_of.end() || phase_->final_ns[at->second]) continue;
            if (tx.execution() != v1::EXECUTION_STATUS_SUCCESS) die("a transfer failed: " + tx.error());
            phase_->final_ns[at->second] = now;
            ++phase_->final_count;
        }
    }

    std::unique_ptr<rpc::BlockingClient> client_;
    rpc::ClientStream<v1::StreamBlocksRequest, v1::Block> blocks_;
    std::unique_ptr<io::Timer> timer_;
    Phase* phase_ = nullptr;
};

struct Bench {
    const std::vector<Wallet>& wallets;
    Client& client;
    Token* token = nullptr;  ///< Its transfers are measured when there is one, else those of coins.
    std::size_t next_phase = 0;
    std::size_t final_total = 0;

    struct Outcome {
        double tps = 0;
        std::vector<double> latencies_ms;
        std::size_t final_count = 0;
        double lost_share = 0;
    };
    Outcome run(double per_second, double seconds, double drain_s) {
        if (next_phase == kPhasesMax) die("out of wallets");
        Phase phase;
        const auto count = static_cast<std::size_t>(per_second * seconds);
        const auto first = kWalletsPerPhase * next_phase++;
        if (token) give_tokens(first);
        phase.sign_transfers(wallets, first, count, token, client.chain);
        const auto window = client.run(phase, per_second, drain_s);
        if (phase.refused) fmt::print(stderr, "  {} refused, the last: {}\n", phase.refused, phase.refusal);
        final_total += phase.final_count;
        const auto length = static_cast<double>(window.end_ns - window.begin_ns) / 1e9;
        return {.tps = static_cast<double>(phase.final_between(window.begin_ns, window.end_ns)) / length,
                .latencies_ms = phase.latencies_ms(),
                .final_count = phase.final_count,
                .lost_share = 1 - static_cast<double>(phase.final_count) / static_cast<double>(count)};
    }
    void deploy() {
        Phase phase;
        phase.prepare(1);
        phase.sign(0, token->owner, token->nonce++, {token->deploy()}, 20 * Token::kGasRoom, client.chain);
        finish(phase);
    }

 private:
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
    const auto seconds = options.seconds_or(30);
    std::string folder = (fs::temp_directory_path() / "bench-chain-XXXXXX").string();
    if (!mkdtemp(folder.data())) die("no temporary folder");
    struct Cleanup {
        std::string path;
        ~Cleanup() {
            std::error_code ignored;
            fs::remove_all(path, ignored);
        }
    } const cleanup{folder};

    benchkit::progress("making wallets");
    const std::vector<Wallet> wallets(kWalletsPerPhase * kPhasesMax);
    const auto identity = zquic::Identity::generate();
    if (!identity) die("no key");
    const bool contracts = std::find(options.rest.begin(), options.rest.end(), "--contracts") != options.rest.end();
    const bool one_by_one =
        std::find(options.rest.begin(), options.rest.end(), "--verify-singly") != options.rest.end();
    if (options.rest.size() != (contracts ? 1u : 0u) + (one_by_one ? 1u : 0u))
        die("unknown flag; there are --contracts and --verify-singly (no batches of signatures, to see what they "
            "bring)");
    std::optional<Token> token;
    if (contracts) token.emplace();
    ghostd::InitOptions init{.home = folder + "/ghostd", .chain_id = "bench-1"};
    for (const auto& wallet : wallets) init.allocations.push_back({wallet.address, 1000 * ledger::kAgccPerGcc});
    if (token) {
        init.allocations.push_back({token->owner.address, 1'000'000 * ledger::kAgccPerGcc});
        init.config.mempool.per_sender_max = 4096;  // One owner hands out the tokens.
    }
    init.config.listen = "[::1]:0";
    init.config.ops_listen = "127.0.0.1:0";
    init.config.bridge.endpoint.clear();
    init.config.log.level = "warn";
    if (one_by_one) init.config.limits.verify_batch_max = 1;
    init.config.peers.push_back({.name = "bench", .key = base::to_hex(*identity->public_key()), .role = "admin"});
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

#include "chain_load.hpp"

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

#include "base/file.hpp"
#include "bench_report.hpp"

namespace chain_bench {
namespace {

namespace fs = std::filesystem;
namespace methods = ghostd::methods;

constexpr std::uint64_t kSecond = 1'000'000'000;
constexpr std::uint64_t kMillisecond = 1'000'000;
/// Submissions without an answer. A connection refuses calls beyond 10,000 that wait for a stream, and one that is
/// refused leaves a gap in its wallet's nonces.
constexpr std::size_t kUnansweredMax = 8192;

}  // namespace

void die(const std::string& text) {
    fmt::print(stderr, "bench_chain: {}\n", text);
    std::exit(1);
}

std::uint64_t folder_bytes(const std::string& folder) {
    std::uint64_t sum = 0;
    std::error_code ignored;
    for (const auto& entry : fs::recursive_directory_iterator{folder, ignored})
        if (entry.is_regular_file(ignored)) sum += entry.file_size(ignored);
    return sum;
}

TempFolder::TempFolder() : path_{(fs::temp_directory_path() / "bench-chain-XXXXXX").string()} {
    if (!mkdtemp(path_.data())) die("no temporary folder");
}
TempFolder::~TempFolder() {
    std::error_code ignored;
    fs::remove_all(path_, ignored);
}

ghostd::InitOptions node_options(std::string home, const zquic::Identity& client) {
    ghostd::InitOptions init{.home = std::move(home), .chain_id = "bench-1"};
    init.config.listen = "[::1]:0";
    init.config.ops_listen = "127.0.0.1:0";
    init.config.bridge.endpoint.clear();
    init.config.log.level = "warn";
    init.config.peers.push_back({.name = "bench", .key = base::to_hex(*client.public_key()), .role = "admin"});
    return init;
}

NodeProcess::NodeProcess(const std::string& home) {
    const auto begun = base::system_clock().now_ns();
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
    start_seconds = static_cast<double>(base::system_clock().now_ns() - begun) / 1e9;
}

void NodeProcess::stop() {
    if (pid_ < 0) return;
    kill(pid_, SIGTERM);
    waitpid(pid_, nullptr, 0);
    pid_ = -1;
}

void Phase::prepare(std::size_t count) {
    txs.resize(count);
    final_ns.assign(count, 0);
    due_ns.assign(count, 0);
    index_of.reserve(count);
}

void Phase::sign(std::size_t i, const Wallet& from, std::uint64_t nonce, std::vector<ledger::Msg> msgs,
                 std::uint64_t gas_room, const ledger::ChainBinding& chain) {
    ledger::SignedTx tx;
    tx.tx.genesis_hash = chain.genesis_hash;
    tx.tx.sender = from.address;
    tx.tx.nonce = nonce;
    tx.tx.valid_until_height = 1'000'000'000;
    tx.tx.msgs = std::move(msgs);
    tx.tx.gas_limit = ledger::gas_bound(tx.tx, ledger::rules_of(ledger::Params{})) + gas_room;
    tx.tx.max_fee_per_gas = 100'000'000'000;
    tx.tx.tip_per_gas = 1'000'000;
    tx.auth.public_key = from.key.public_key().bytes;
    tx.auth.signature = from.key.sign(ledger::sign_bytes(tx.tx, chain.chain_id)).bytes;
    txs[i].set_raw(std::string{base::as_text(ledger::encode(tx))});
    index_of[base::load_le<std::uint64_t>(ledger::tx_id(tx.tx).data())] = i;
}

std::vector<double> Phase::latencies_ms() const {
    std::vector<double> out;
    for (std::size_t i = 0; i < sent; ++i)
        if (final_ns[i]) out.push_back(static_cast<double>(final_ns[i] - due_ns[i]) / 1e6);
    return out;
}

std::size_t Phase::final_between(std::uint64_t from, std::uint64_t to) const {
    return static_cast<std::size_t>(
        std::count_if(final_ns.begin(), final_ns.end(), [&](auto at) { return at >= from && at < to; }));
}

Client::Client(const NodeProcess& node, const zquic::Identity& identity) {
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

Client::~Client() {
    client_->run([&](rpc::Channel&) {
        timer_.reset();
        blocks_ = {};
    });
}

Client::Window Client::run(Phase& phase, double per_second, double drain_s) {
    std::atomic<bool> ended{false};
    Window window;
    client_->run([&](rpc::Channel& channel) {
        phase_ = &phase;
        window.begin_ns = channel.reactor().refresh_now();
        timer_ = std::make_unique<io::Timer>(channel.reactor(), [&, per_second] {
            auto& reactor = channel.reactor();
            const auto now = reactor.refresh_now();
            while (phase.sent < phase.txs.size() && phase.sent - phase.answered < kUnansweredMax) {
                const auto due =
                    window.begin_ns + static_cast<std::uint64_t>(static_cast<double>(phase.sent) / per_second * 1e9);
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

void Client::submit(rpc::Channel& channel, Phase& phase, std::size_t index) {
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

void Client::on_block(const v1::Block& block) {
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

Outcome run_phase(Client& client, Phase& phase, double per_second, double drain_s) {
    const auto window = client.run(phase, per_second, drain_s);
    if (phase.refused) fmt::print(stderr, "  {} refused, the last: {}\n", phase.refused, phase.refusal);
    const auto length = static_cast<double>(window.end_ns - window.begin_ns) / 1e9;
    return {.tps = static_cast<double>(phase.final_between(window.begin_ns, window.end_ns)) / length,
            .latencies_ms = phase.latencies_ms(),
            .final_count = phase.final_count,
            .lost_share = 1 - static_cast<double>(phase.final_count) / static_cast<double>(phase.txs.size())};
}

}  // namespace chain_bench

// What a gas of state access costs a node, through the real state, tree and database: `./ghost bench gas`. Each case is
// a block that does one thing many times, on keys that are far apart and that nothing has touched since the database
// was opened, as somebody would do who wants to slow the chain down. The figure is processor time of the whole process,
// with what the database does in the background, over the gas of the block.
//
//   [--accounts 25000,1000000] [--operations N] [--write-docs FILE] [--folder DIR] [--json FILE] [--runs N] [--only
//   CASE]

#include <fmt/format.h>
#include <sys/resource.h>
#include <time.h>

#include <algorithm>
#include <chrono>
#include <filesystem>
#include <functional>
#include <map>

#include "base/file.hpp"
#include "base/random.hpp"
#include "bench_report.hpp"
#include "ledger/chain_state.hpp"
#include "ledger/codec.hpp"
#include "ledger/contracts.hpp"
#include "zvm/gas_table.hpp"

namespace {

using namespace ledger;
namespace fs = std::filesystem;

constexpr std::uint64_t kAbsent = std::uint64_t{1} << 40;  ///< Indices of which nothing is in the genesis.
/// Slots that exist: made before the measurements, in as many blocks.
constexpr std::uint64_t kSlots = 200'000;
constexpr std::size_t kSenders = 4'096;  ///< Accounts with keys.

std::uint64_t mix(std::uint64_t x) {
    x += 0x9e3779b97f4a7c15U;
    x = (x ^ (x >> 30U)) * 0xbf58476d1ce4e5b9U;
    x = (x ^ (x >> 27U)) * 0x94d049bb133111ebU;
    return x ^ (x >> 31U);
}
Address address_of(std::uint64_t index) {
    Address out;
    for (std::uint64_t word = 0; word < 4; ++word) base::store_le(out.bytes.data() + 8 * word, mix(index * 4 + word));
    return out;
}

struct Cost {
    double cpu_ns = 0;
    double wall_ns = 0;
    std::uint64_t gas = 0;
    std::uint64_t operations = 0;
    std::uint64_t disk_bytes = 0;
    [[nodiscard]] double ns_per_gas() const { return cpu_ns / static_cast<double>(gas); }
};

double process_cpu_ns() {
    timespec now{};
    ::clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
    return static_cast<double>(now.tv_sec) * 1e9 + static_cast<double>(now.tv_nsec);
}

[[noreturn]] void die(std::string_view what) {
    fmt::print(stderr, "bench_gas: {}\n", what);
    std::exit(1);
}

/// A chain of its own, opened anew for every case.
class Subject {
 public:
    Subject(std::size_t accounts, fs::path folder) : accounts_{accounts}, folder_{std::move(folder)} {
        base::SeededRandom random{42};
        owner_ = zcrypto::ed25519::SigningKey::generate(random);
        genesis_.chain_id = "ghost-bench-1";
        genesis_.time_ms = 1'700'000'000'000;
        genesis_.params.block_gas_limit = 100'000'000'000;
        genesis_.params.tx_gas_divisor = 1;
        genesis_.params.elasticity = 1;
        for (std::size_t i = 0; i < accounts; ++i) genesis_.allocations.push_back({address_of(i), kAgccPerGcc});
        sender_ = gcrypt::address_of(owner_->public_key());
        for (std::size_t i = 0; i < kSenders; ++i) {
            senders_.push_back(zcrypto::ed25519::SigningKey::generate(random));
            genesis_.allocations.push_back({gcrypt::address_of(senders_.back().public_key()), 100 * kAgccPerGcc});
        }
        genesis_.allocations.push_back({sender_, Amount{1'000'000'000} * kAgccPerGcc});
        std::sort(genesis_.allocations.begin(), genesis_.allocations.end(),
                  [](const auto& a, const auto& b) { return a.address < b.address; });
        genesis_.validators.push_back({.name = "one", .public_key = {}, .address = sender_, .stake = 1});
        fs::remove_all(folder_);
        open();
        const auto code = base::read_file(LEDGER_BENCH_WASM, 1U << 20U);
        if (!code) die(code.error().text);
        code_hash_ = ledger::code_hash(*code);
        contract_ = contract_address(sender_, {}, code_hash_);
        block({ContractDeploy{.code = *code, .input = {}, .value = kAgccPerGcc}});
        for (std::uint64_t at = 0; at < kSlots; at += 20'000) block({touch('S', at, 20'000)});
    }
    ~Subject() {
        chain_.reset();
        fs::remove_all(folder_);
    }
    Subject(const Subject&) = delete;
    Subject& operator=(const Subject&) = delete;

    [[nodiscard]] std::size_t accounts() const noexcept { return accounts_; }
    [[nodiscard]] std::uint64_t take_accounts(std::uint64_t count) { return take(next_account_, count, accounts_); }
    [[nodiscard]] std::uint64_t take_slots(std::uint64_t count) { return take(next_slot_, count, kSlots); }
    [[nodiscard]] std::uint64_t take_absent(std::uint64_t count) {
        next_absent_ += count;
        return kAbsent + next_absent_ - count;
    }

    [[nodiscard]] Msg touch(char operation, std::uint64_t first, std::uint64_t count, std::uint8_t variant = 0) const {
        base::Bytes input(52);
        input[0] = static_cast<std::byte>(operation);
        input[1] = static_cast<std::byte>(variant);
        base::store_le(input.data() + 8, first);
        base::store_le(input.data() + 16, static_cast<std::uint32_t>(count));
        std::copy(code_hash_.begin(), code_hash_.end(), input.begin() + 20);
        return ContractCall{.contract = contract_, .input = std::move(input), .value = 0};
    }

    void reopen() {
        chain_.reset();
        open();
    }

    /// Makes and commits a block with one transaction of each list.
    Cost block(std::vector<Msg> msgs) { return blocks({std::move(msgs)}); }
    Cost blocks(std::vector<std::vector<Msg>> lists) {
        std::vector<SignedTx> txs;
        for (auto& msgs : lists) txs.push_back(make(*owner_, nonce_++, std::move(msgs), 3'000'000'000));
        return run(std::move(txs));
    }
    /// A payment of each sender to an account.
    Cost payments() {
        std::vector<SignedTx> txs;
        const auto first = take_accounts(kSenders);
        for (std::size_t i = 0; i < kSenders; ++i)
            txs.push_back(make(senders_[i], payment_nonce_, {Transfer{address_of(first + i), kGcc, 1}}, 0));
        ++payment_nonce_;
        return run(std::move(txs));
    }

 private:
    [[nodiscard]] SignedTx make(const zcrypto::ed25519::SigningKey& key, std::uint64_t nonce, std::vector<Msg> msgs,
                                std::uint64_t room) const {
        Tx tx;
        tx.genesis_hash = chain_->binding().genesis_hash;
        tx.sender = gcrypt::address_of(key.public_key());
        tx.nonce = nonce;
        tx.valid_until_height = ~std::uint64_t{0};
        tx.msgs = std::move(msgs);
        tx.max_fee_per_gas = chain_->head()->next_base_fee;
        tx.gas_limit = gas_bound(tx, rules_of(genesis_.params)) + room;
        return sign(std::move(tx), key, genesis_.chain_id);
    }
    Cost run(std::vector<SignedTx> txs) {
        BlockProposal proposal;
        proposal.slot = chain_->head()->header.slot + 1;
        proposal.time_ms = chain_->head()->header.time_ms + 1;
        proposal.proposer = sender_;
        for (auto& verified : verify_batch(std::move(txs), chain_->binding())) {
            if (!verified) die(base::to_string(verified.error()));
            proposal.txs.push_back(std::move(*verified));
        }
        Cost cost{.operations = proposal.txs.size()};
        const auto disk = chain_->disk_bytes();
        const auto wall = std::chrono::steady_clock::now();
        const auto cpu = process_cpu_ns();
        const auto made = chain_->propose(proposal);
        if (!made) die(base::to_string(made.error()));
        if (!(*made)->skipped().empty()) die(base::to_string((*made)->skipped()[0].error));
        const auto done = chain_->commit(*made, base::as_bytes("certificate"));
        if (!done) die(base::to_string(done.error()));
        cost.cpu_ns = process_cpu_ns() - cpu;
        cost.wall_ns = std::chrono::duration<double, std::nano>(std::chrono::steady_clock::now() - wall).count();
        cost.disk_bytes = chain_->disk_bytes() - std::min(disk, chain_->disk_bytes());
        for (const auto& receipt : (*made)->receipts()) {
            if (receipt.status != ExecStatus::success) die(fmt::format("a run failed: {}", describe(receipt.status)));
            cost.gas += receipt.gas_used;
        }
        return cost;
    }

    void open() {
        auto opened = ChainState::open({.path = folder_}, genesis_);
        if (!opened) die(opened.error().text);
        chain_ = std::move(*opened);
    }
    /// Each index once, as long as they last: what was touched may be in a cache.
    static std::uint64_t take(std::uint64_t& next, std::uint64_t count, std::uint64_t all) {
        if (count > all) die("more operations than there are records");
        if (next + count > all) next = 0;
        next += count;
        return next - count;
    }

    std::size_t accounts_;
    fs::path folder_;
    Genesis genesis_;
    std::optional<zcrypto::ed25519::SigningKey> owner_;
    Address sender_;
    Hash code_hash_{};
    Address contract_;
    std::unique_ptr<ChainState> chain_;
    std::uint64_t nonce_ = 0;
    std::vector<zcrypto::ed25519::SigningKey> senders_;
    std::uint64_t payment_nonce_ = 0;
    std::uint64_t next_account_ = 0;
    std::uint64_t next_slot_ = 0;
    std::uint64_t next_absent_ = 0;
};

struct Case {
    const char* name;
    const char* what;
    std::function<Cost(Subject&, std::uint64_t operations)> run;
};

Cost transfers(Subject& subject, std::uint64_t first, std::uint64_t count) {
    std::vector<std::vector<Msg>> txs;
    for (std::uint64_t at = 0; at < count;) {
        auto& msgs = txs.emplace_back();
        while (at < count && msgs.size() < 4) {
            BatchTransfer batch;
            for (std::size_t i = 0; i < kBatchTransfersMax && at < count; ++i, ++at)
                batch.transfers.push_back({address_of(first + at), kGcc, 1});
            msgs.emplace_back(std::move(batch));
        }
    }
    return subject.blocks(std::move(txs));
}

const std::vector<Case>& cases() {
    static const std::vector<Case> all{
        {"balance", "`balance` of an account",
         [](Subject& s, std::uint64_t n) { return s.block({s.touch('B', s.take_accounts(n), n)}); }},
        {"balance_absent", "`balance` of nobody",
         [](Subject& s, std::uint64_t n) { return s.block({s.touch('B', s.take_absent(n), n)}); }},
        {"get", "`storage_get` of a slot",
         [](Subject& s, std::uint64_t n) { return s.block({s.touch('G', s.take_slots(n), n)}); }},
        {"get_absent", "`storage_get` of no slot",
         [](Subject& s, std::uint64_t n) { return s.block({s.touch('G', s.take_absent(n), n)}); }},
        // There is no contract, so it is refused: what it looks at first is what is measured.
        {"call_value", "`call` with a value",
         [](Subject& s, std::uint64_t n) { return s.block({s.touch('V', s.take_accounts(n), n)}); }},
        {"call_absent", "`call` to where no contract is",
         [](Subject& s, std::uint64_t n) { return s.block({s.touch('C', s.take_accounts(n), n)}); }},
        {"set", "`storage_set` of a slot that exists",
         [](Subject& s, std::uint64_t n) { return s.block({s.touch('S', s.take_slots(n), n, 1)}); }},
        {"set_new", "`storage_set` of a new slot",
         [](Subject& s, std::uint64_t n) { return s.block({s.touch('S', s.take_absent(n), n)}); }},
        {"del", "`storage_del` of a slot, made again",
         [](Subject& s, std::uint64_t n) {
             const auto first = s.take_slots(n);
             const auto cost = s.block({s.touch('D', first, n)});
             s.block({s.touch('S', first, n)});
             return cost;
         }},
        {"del_absent", "`storage_del` of no slot",
         [](Subject& s, std::uint64_t n) { return s.block({s.touch('D', s.take_absent(n), n)}); }},
        // Each is an event too, of which a transaction has at most so many.
        {"transfer", "`transfer` to an account",
         [](Subject& s, std::uint64_t n) {
             std::vector<std::vector<Msg>> txs;
             for (std::uint64_t at = 0; at < n; at += kContractEventsMax)
                 txs.push_back({s.touch('T', s.take_accounts(kContractEventsMax), kContractEventsMax)});
             return s.blocks(std::move(txs));
         }},
        {"transfer_new", "`transfer` to a new account",
         [](Subject& s, std::uint64_t n) {
             std::vector<std::vector<Msg>> txs;
             for (std::uint64_t at = 0; at < n; at += kContractEventsMax)
                 txs.push_back({s.touch('T', s.take_absent(kContractEventsMax), kContractEventsMax)});
             return s.blocks(std::move(txs));
         }},
        {"create", "`create`",
         [](Subject& s, std::uint64_t n) {
             std::vector<std::vector<Msg>> txs;
             for (std::uint64_t at = 0; at < n / 4; at += kContractEventsMax)
                 txs.push_back({s.touch('N', s.take_absent(kContractEventsMax), kContractEventsMax)});
             return s.blocks(std::move(txs));
         }},
        {"payment", "a transaction with a transfer, each of another sender (signatures apart)",
         [](Subject& s, std::uint64_t) { return s.payments(); }},
        {"pay", "a transfer of a batch, to an account",
         [](Subject& s, std::uint64_t n) { return transfers(s, s.take_accounts(n), n); }},
        {"pay_new", "a transfer of a batch, to a new account",
         [](Subject& s, std::uint64_t n) { return transfers(s, s.take_absent(n), n); }},
    };
    return all;
}

struct Line {
    const Case* of;
    std::map<std::size_t, Cost> by_accounts;
};

std::string table(const std::vector<Line>& lines, const std::vector<std::size_t>& sizes) {
    std::string out =
        "\n## State access, measured\nProcessor time of the whole node over gas, in blocks that do one "
        "thing to records that no cache has.\n\n| a block of |";
    for (const auto size : sizes) out += fmt::format(" gas | ns a gas, {:L} accounts |", size);
    out += "\n|---|";
    for (std::size_t i = 0; i < sizes.size(); ++i) out += "---|---|";
    out += "\n";
    for (const auto& line : lines) {
        out += fmt::format("| {} |", line.of->what);
        for (const auto size : sizes) {
            const auto& cost = line.by_accounts.at(size);
            out += fmt::format(" {} | {:.1f} |", cost.gas / cost.operations, cost.ns_per_gas());
        }
        out += "\n";
    }
    return out;
}

void write_docs(const fs::path& path, const std::string& made) {
    const auto before = base::read_file(path, 1U << 20U);
    if (!before) die(before.error().text);
    std::string text{base::as_text(*before)};
    text.resize(std::min(text.size(), text.find(zvm::kGasTableEnd)));
    text += zvm::kGasTableEnd;
    text += native_gas_table();
    text += made;
    if (const auto written = base::write_file_atomic(path, base::as_bytes(text)); !written) die(written.error().text);
}

}  // namespace

int main(int argc, char** argv) {
    const auto options = benchkit::Options::parse(argc, argv, "gas");
    std::vector<std::size_t> sizes{25'000, 1'000'000};
    std::uint64_t operations = 16'384;
    fs::path docs;
    fs::path folder = fs::temp_directory_path() / fmt::format("ghost-bench-gas-{}", ::getpid());
    for (std::size_t i = 0; i + 1 < options.rest.size(); i += 2) {
        const auto& flag = options.rest[i];
        const auto& value = options.rest[i + 1];
        if (flag == "--accounts") {
            sizes.clear();
            for (std::size_t at = 0; at < value.size();
                 at = value.find(',', at) == value.npos ? value.size() : value.find(',', at) + 1)
                sizes.push_back(std::stoull(value.substr(at)));
        } else if (flag == "--operations") {
            operations = std::stoull(value);
        } else if (flag == "--write-docs") {
            docs = value;
        } else if (flag == "--folder") {
            folder = value;
        } else {
            die(fmt::format("unknown flag {}", flag));
        }
    }
    const int runs = options.runs_or(3);
    benchkit::Report report{"gas"};
    std::vector<Line> lines;
    for (const auto& item : cases()) {
        if (options.wants(item.name)) lines.push_back({&item, {}});
    }
    for (const auto size : sizes) {
        benchkit::progress(fmt::format("a chain of {} accounts", size));
        Subject subject{size, folder};
        double worst = 0;
        for (auto& line : lines) {
            std::vector<Cost> costs;
            for (int run = 0; run < runs; ++run) {
                subject.reopen();
                costs.push_back(line.of->run(subject, operations));
            }
            std::sort(costs.begin(), costs.end(),
                      [](const Cost& a, const Cost& b) { return a.ns_per_gas() < b.ns_per_gas(); });
            auto cost = costs[costs.size() / 2];
            if (cost.operations != kSenders)
                cost.operations = std::string_view{line.of->name} == "create" ? operations / 4 : operations;
            line.by_accounts[size] = cost;
            worst = std::max(worst, cost.ns_per_gas());
            benchkit::progress(fmt::format(
                "{:<16} {:6.2f} ns a gas, {:7.2f} us and {} gas each, wall {:.2f} us, {} bytes of disk", line.of->name,
                cost.ns_per_gas(), cost.cpu_ns / 1e3 / static_cast<double>(cost.operations), cost.gas / cost.operations,
                cost.wall_ns / 1e3 / static_cast<double>(cost.operations), cost.disk_bytes / cost.operations));
        }
        const auto name = size == 1'000'000 ? std::string{"worst_ns_per_gas_1m"}
                          : size == 25'000  ? std::string{"worst_ns_per_gas"}
                                            : fmt::format("worst_ns_per_gas_{}", size);
        report.add({.name = name, .value = worst, .unit = "ns", .better = benchkit::Better::lower});
    }
    for (const auto& line : lines) {
        for (const auto& [size, cost] : line.by_accounts)
            report.add({.name = fmt::format("{}_{}", line.of->name, size),
                        .value = cost.ns_per_gas(),
                        .unit = "ns",
                        .better = benchkit::Better::lower});
    }
    report.note(
        "processor time of the process over gas; the median run of each case; every run opens the database anew");
    if (!docs.empty()) write_docs(docs, table(lines, sizes));
    return report.finish(options);
}

#include "ghostd/chain.hpp"

#include "base/log.hpp"
#include "block_builder.hpp"
#include "consensus/header_time.hpp"
#include "store/disk_space.hpp"

namespace ghostd {
namespace {

const base::Log& logger() {
    static const base::Log log{"ghostd"};
    return log;
}

/// Encoded transactions in one proposal. Well below ledger::kBlockBytesMax, so that a block with its receipts also fits
/// one gRPC message of the default size.
constexpr std::size_t kProposalBytesMax = 2u << 20;

/// Full blocks that a transaction should be able to outlast: the pool judges by what the base fee may be then.
constexpr unsigned kHeadroomBlocks = 2;

double seconds(std::uint64_t ns) { return static_cast<double>(ns) / 1e9; }

Mempool::ChainPoint point_after(std::uint64_t height, ledger::Amount base_fee, const ledger::Params& params) {
    return {.next_height = height + 1,
            .base_fee = base_fee,
            .base_fee_headroom = ledger::base_fee_ceiling(params, base_fee, kHeadroomBlocks)};
}

/// The nonces that unfinalized blocks leave; `ancestors` newest first.
std::vector<std::pair<base::Digest, std::uint64_t>> nonces_after(
    const std::vector<ledger::ExecutedBlockPtr>& ancestors) {
    std::map<base::Digest, std::uint64_t> nonces;
    for (const auto& block : ancestors) {
        for (const auto& touched : block->touched()) nonces.emplace(touched.address.bytes, touched.nonce);
    }
    return {nonces.begin(), nonces.end()};
}

Mempool::Built built(const ledger::ExecutedBlock& block, std::vector<base::Digest> included) {
    return {.hash = block.hash(),
            .parent = block.header().parent,
            .height = block.header().height,
            .included = std::move(included)};
}

bool has_room(const std::filesystem::path& database) {
    const auto space = store::disk_space(database);
    return space.free_bytes >= space.needed_bytes;
}

std::string store_failure(const base::Error& error, const std::filesystem::path& database) {
    if (error.is(store::Errc::disk_full)) return store::explain_full_disk(database);
    return "the database failed (" + base::to_string(error) + "): check the disk, then start ghostd again";
}

}  // namespace

Chain::Chain(std::unique_ptr<ledger::ChainState> state, io::Reactor& reactor, const GhostdConfig& config,
             base::MetricsRegistry& metrics, Listener listener)
    : state_{std::move(state)},
      reactor_{reactor},
      block_config_{config.block},
      listener_{std::move(listener)},
      finalized_ns_{reactor.clock().now_ns()},
      pool_{{.bytes_max = config.mempool.bytes_max, .per_sender_max = config.mempool.per_sender_max}},
      height_metric_{metrics.gauge("ghostd_height", "Height of the newest finalized block.")},
      txs_metric_{metrics.counter("ghostd_txs_total", "Transactions finalized since the start.")},
      blocks_metric_{metrics.counter("ghostd_blocks_total", "Blocks finalized since the start.")},
      pool_txs_metric_{metrics.gauge("ghostd_mempool_txs", "Transactions waiting.")},
      execute_metric_{
          metrics.histogram("ghostd_execute_seconds", "Making and executing a block.", base::latency_bounds_seconds())},
      commit_metric_{
          metrics.histogram("ghostd_commit_seconds", "One synced commit of a block.", base::latency_bounds_seconds())} {
    const auto head = state_->head();
    std::vector<PoolDrop> none;
    pool_.set_chain(point_after(head->header.height, head->next_base_fee, head->params), none);
    height_metric_.set(static_cast<std::int64_t>(head->header.height));
    if (state_->read_only()) {
        out_of_space_ = true;
        refusal_ = store::explain_full_disk(state_->path());
    }
}

Chain::~Chain() = default;

void Chain::start(std::unique_ptr<ConsensusDriver> driver) {
    driver_ = std::move(driver);
    driver_->start(*this);
}

void Chain::stop() {
    refuse("the node is stopping");
    if (driver_) driver_->stop();
    driver_.reset();
}

/// Reads the state without the lock, for which everybody who asks for the status waits. What was read must not be older
/// than what finalized() has told the pool since: then it is read again, the last time under the lock.
template <typename Read>
auto Chain::read_with_pool(Read read) const {
    constexpr int kReadsMax = 3;
    std::unique_lock lock{mutex_, std::defer_lock};
    for (int reads = 1;; ++reads) {
        if (reads == kReadsMax) lock.lock();
        const auto view = state_->view();
        auto result = read(*view);
        if (!lock.owns_lock()) lock.lock();
        if (view->head().header.height + 1 >= pool_.next_height()) return std::pair{std::move(result), std::move(lock)};
        lock.unlock();
    }
}

std::vector<base::Result<void>> Chain::admit(std::span<const ledger::VerifiedTx> txs) {
    std::vector<base::Result<void>> results;
    results.reserve(txs.size());
    std::vector<PoolDrop> dropped;
    const auto judge_all = [&](const ledger::ChainView& view) {
        std::vector<base::Result<Candidate>> judged;
        judged.reserve(txs.size());
        for (const auto& tx : txs) judged.push_back(judge(tx, view));
        return judged;
    };
    bool waiting = false;
    {
        auto [judged, lock] = read_with_pool(judge_all);
        for (auto& candidate : judged) {
            if (!refusal_.empty()) {
                results.push_back(base::fail(base::Errc::unavailable, "node does not accept transactions"));
            } else if (!candidate) {
                results.push_back(std::unexpected{candidate.error()});
            } else {
                results.push_back(pool_.add(std::move(candidate->entry), candidate->account, dropped));
            }
        }
        waiting = pool_.has_executable();
        pool_txs_metric_.set(static_cast<std::int64_t>(pool_.size()));
    }
    report_drops(std::move(dropped));
    if (waiting) wake_driver();
    return results;
}

base::Result<Chain::Candidate> Chain::judge(const ledger::VerifiedTx& verified, const ledger::ChainView& view) {
    const auto& tx = verified.tx();
    const auto& head = view.head();
    GC_TRY(const auto account, view.account(tx.sender));
    GC_TRY(const auto balance, view.balance(tx.sender, ledger::kGcc));
    if (const auto standing = ledger::check_state(
            tx, account, balance,
            {.height = head.header.height + 1, .base_fee = head.next_base_fee, .params = head.params});
        !standing) {
        // A used nonce may be this very transaction, sent twice: say so, the caller's payment has gone through.
        if (standing.error().is(ledger::Errc::nonce_too_low)) {
            GC_TRY(const auto stored, view.tx(verified.id()));
            if (stored) return base::fail(base::Errc::already_exists, "the transaction is final already");
        }
        return std::unexpected{standing.error()};
    }
    GC_TRY(const auto cost, ledger::max_cost(tx));
    const auto bytes = verified.encoded().size();
    return Candidate{.entry = {.id = verified.id(),
                               .sender = tx.sender.bytes,
                               .nonce = tx.nonce,
                               .gas_limit = tx.gas_limit,
                               .max_fee_per_gas = tx.max_fee_per_gas,
                               .tip_per_gas = tx.tip_per_gas,
                               .max_cost = cost,
                               .valid_until_height = tx.valid_until_height,
                               .bytes = bytes,
                               // Code, inputs and texts are at most as long as they are encoded.
                               .decoded_bytes = sizeof(PooledTx) + tx.msgs.size() * sizeof(ledger::Msg) + bytes,
                               .payload = std::make_shared<const PooledTx>(PooledTx{verified})},
                     .account = {.nonce = account.nonce, .balance = balance}};
}

void Chain::wake_driver() {
    if (wake_posted_.exchange(true)) return;
    const bool posted = reactor_.post([this] {
        wake_posted_.store(false);
        if (driver_) driver_->transactions_waiting();
    });
    if (!posted) wake_posted_.store(false);  // the inbox is full of other wake-ups; the next block looks anyway
}

base::Result<ledger::ExecutedBlockPtr> Chain::propose(const Slot& slot, const ledger::ExecutedBlockPtr& parent) {
    const auto begun = reactor_.clock().now_ns();
    const ledger::BlockProposal proposal{.epoch = slot.epoch,
                                         .slot = slot.slot,
                                         .time_ms = slot.time_ms,
                                         .proposer = slot.proposer,
                                         .parent_cert_hash = slot.parent_cert_hash,
                                         .txs = {}};
    const auto head = state_->head();
    const auto ancestors = state_->unfinalized(parent);
    const auto nonces = nonces_after(ancestors);
    const auto& params = ancestors.empty() ? head->params : parent->params();
    BlockBuilder builder{pool_,
                         mutex_,
                         reactor_.clock(),
                         {.gas = params.block_gas_limit, .bytes = kProposalBytesMax, .count = block_config_.txs_max},
                         ancestors.empty()};
    {
        const std::lock_guard lock{mutex_};
        pool_.begin_block(
            {.base_fee = ancestors.empty() ? head->next_base_fee : parent->next_base_fee(), .nonces = nonces});
    }
    auto block = state_->propose(proposal, builder, parent);
    builder.finish();
    {
        const std::lock_guard lock{mutex_};
        pool_.end_block(block ? std::optional{built(**block, builder.take_included())} : std::nullopt);
    }
    report_drops(builder.take_dropped());
    execute_metric_.observe(seconds(reactor_.clock().now_ns() - begun));
    // A driver may choose a parent that the finalized chain has just left; anything else is this node's own fault.
    const bool misplaced = !block && parent && block.error().is(ledger::Errc::bad_parent);
    if (!block && !misplaced) refuse("no block can be made: " + base::to_string(block.error()));
    return block;
}

base::Result<ledger::ExecutedBlockPtr> Chain::execute(const ledger::BlockHeader& header,
                                                      std::span<const ledger::VerifiedTx> txs,
                                                      const ledger::ExecutedBlockPtr& parent,
                                                      std::uint64_t received_ms) {
    GC_CHECK(consensus::check_received_time(header, received_ms));
    GC_TRY(auto block, state_->execute(header, txs, parent));
    std::vector<base::Digest> ids;
    for (const auto& tx : txs) ids.push_back(tx.id());
    const std::lock_guard lock{mutex_};
    pool_.in_flight(built(*block, std::move(ids)));
    return block;
}

void Chain::notarized(const ledger::ExecutedBlockPtr& block) {
    if (listener_.notarized) listener_.notarized(block);
}

base::Result<void> Chain::finalized(const ledger::ExecutedBlockPtr& block, base::Bytes certificate) {
    const auto begun = reactor_.clock().now_ns();
    if (auto committed = state_->commit(block, certificate); !committed) {
        const auto reason = store_failure(committed.error(), state_->path());
        // A limit on file sizes or a quota looks like a full disk, but nobody could see when it ends: starting anew
        // would go round in circles.
        out_of_space_ = committed.error().is(store::Errc::disk_full) && !has_room(state_->path());
        logger().error("block not committed; accepting nothing more",
                       {{"height", block->header().height}, {"reason", reason}});
        refuse(reason);
        return committed;
    }
    const auto now = reactor_.clock().now_ns();
    commit_metric_.observe(seconds(now - begun));
    finalized_ns_.store(now, std::memory_order_relaxed);
    height_metric_.set(static_cast<std::int64_t>(block->header().height));
    txs_metric_.add(block->txs().size());
    blocks_metric_.add();
    std::vector<PoolDrop> dropped;
    {
        const std::lock_guard lock{mutex_};
        for (const auto& touched : block->touched())
            pool_.account_changed(touched.address.bytes, {.nonce = touched.nonce, .balance = touched.gcc_balance},
                                  dropped);
        pool_.finalized(block->hash(), block->header().height);
        pool_.set_chain(point_after(block->header().height, block->next_base_fee(), block->params()), dropped);
        pool_txs_metric_.set(static_cast<std::int64_t>(pool_.size()));
    }
    // After the pool: whoever finds a transaction neither waiting nor final can rely on hearing of it here.
    if (listener_.finalized)
        listener_.finalized(std::make_shared<const FinalizedBlock>(FinalizedBlock{block, std::move(certificate), now}));
    report_drops(std::move(dropped));
    return {};
}

bool Chain::has_space_again() const {
    if (!out_of_space_) return false;
    return has_room(state_->path());
}

bool Chain::transactions_wait() const {
    const std::lock_guard lock{mutex_};
    return pool_.has_executable();
}

void Chain::refuse(std::string reason) {
    const std::lock_guard lock{mutex_};
    if (refusal_.empty()) refusal_ = std::move(reason);
}

void Chain::report_drops(std::vector<PoolDrop> dropped) {
    if (!dropped.empty() && listener_.dropped) listener_.dropped(std::move(dropped));
}

Chain::PoolStats Chain::pool_stats() const {
    const std::lock_guard lock{mutex_};
    return {.txs = pool_.size(), .bytes = pool_.bytes()};
}

std::shared_ptr<const PooledTx> Chain::pooled(const base::Digest& id) const {
    const std::lock_guard lock{mutex_};
    const auto* entry = pool_.find(id);
    return entry ? entry->payload : nullptr;
}

base::Result<std::uint64_t> Chain::pending_nonce(const ledger::Address& address) const {
    const auto [account, lock] = read_with_pool([&](const ledger::ChainView& view) { return view.account(address); });
    if (!account) return std::unexpected{account.error()};
    return pool_.pending_nonce(address.bytes, account->nonce);
}

std::string Chain::not_accepting() const {
    const std::lock_guard lock{mutex_};
    return refusal_;
}

}  // namespace ghostd

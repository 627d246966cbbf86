#pragma once
// The chain thread's object: finalized state, mempool and the consensus driver above them.

#include <atomic>
#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "base/metrics.hpp"
#include "ghostd/config.hpp"
#include "ghostd/consensus_driver.hpp"
#include "ghostd/mempool.hpp"
#include "io/reactor.hpp"

namespace ghostd {

/// What the pool carries along.
struct PooledTx {
    ledger::VerifiedTx tx;
};

/// A block that has just become final. Immutable, shared with every reader.
struct FinalizedBlock {
    ledger::ExecutedBlockPtr block;
    base::Bytes certificate;
    std::uint64_t finalized_ns = 0;  ///< Clock of the chain's reactor.
};
using FinalizedBlockPtr = std::shared_ptr<const FinalizedBlock>;

class Chain final : public ConsensusHost {
 public:
    /// Called on the chain thread, dropped() also on admitting threads. Must be cheap: post what takes time. May be
    /// empty.
    struct Listener {
        std::function<void(const FinalizedBlockPtr&)> finalized;
        std::function<void(const ledger::ExecutedBlockPtr&)> notarized;
        std::function<void(std::vector<PoolDrop>)> dropped;
    };
    struct PoolStats {
        std::size_t txs = 0;
        std::size_t bytes = 0;
    };

    /// `reactor` is the chain thread's; both outlive this.
    Chain(std::unique_ptr<ledger::ChainState> state, io::Reactor& reactor, const GhostdConfig& config,
          base::MetricsRegistry& metrics, Listener listener);
    ~Chain();

    /// Before the reactor runs, or on its thread. Transactions may be admitted before. Not for a state that was opened
    /// for reading.
    void start(std::unique_ptr<ConsensusDriver> driver);
    /// On the chain thread: no more blocks, no more admissions.
    void stop();

    // Any thread.

    /// Puts verified transactions into the mempool. `error` is empty on success: from ledger (check_state), from the
    /// pool, or base `already_exists` (final already), `unavailable` (see not_accepting()).
    [[nodiscard]] std::vector<base::Result<void>> admit(std::span<const ledger::VerifiedTx> txs);
    [[nodiscard]] std::shared_ptr<const ledger::ChainView> view() const { return state_->view(); }
    [[nodiscard]] std::shared_ptr<const ledger::Head> head() const override { return state_->head(); }
    [[nodiscard]] const ledger::ChainState& state() const noexcept { return *state_; }
    [[nodiscard]] const ledger::ChainBinding& binding() const noexcept { return state_->binding(); }
    [[nodiscard]] PoolStats pool_stats() const;
    /// The waiting transaction, if it waits.
    [[nodiscard]] std::shared_ptr<const PooledTx> pooled(const base::Digest& id) const;
    /// The nonce that the sender's next transaction takes: behind the state's and behind what waits in a row.
    [[nodiscard]] base::Result<std::uint64_t> pending_nonce(const ledger::Address& address) const;
    /// The disk was full and has room again: this chain stays out of service, one that is opened anew would not.
    [[nodiscard]] bool has_space_again() const;
    /// Empty while transactions are accepted; else why not.
    [[nodiscard]] std::string not_accepting() const;
    [[nodiscard]] std::uint64_t finalized_ns() const noexcept { return finalized_ns_.load(std::memory_order_relaxed); }

    // ConsensusHost, on the chain thread.
    base::Result<ledger::ExecutedBlockPtr> propose(const Slot& slot, const ledger::ExecutedBlockPtr& parent) override;
    base::Result<ledger::ExecutedBlockPtr> execute(const ledger::BlockHeader& header,
                                                   std::span<const ledger::VerifiedTx> txs,
                                                   const ledger::ExecutedBlockPtr& parent,
                                                   std::uint64_t received_ms) override;
    void notarized(const ledger::ExecutedBlockPtr& block) override;
    base::Result<void> finalized(const ledger::ExecutedBlockPtr& block, base::Bytes certificate) override;
    [[nodiscard]] bool transactions_wait() const override;

 private:
    void refuse(std::string reason);
    void report_drops(std::vector<PoolDrop> dropped);
    void wake_driver();
    /// {what `read(view)` says, the lock on the pool}; the state that was read is not older than the pool's.
    template <typename Read>
    [[nodiscard]] auto read_with_pool(Read read) const;
    /// What the state says of a transaction, ready for the pool.
    struct Candidate {
        PoolEntry entry;
        PoolAccount account;
    };
    [[nodiscard]] static base::Result<Candidate> judge(const ledger::VerifiedTx& tx, const ledger::ChainView& view);

    std::unique_ptr<ledger::ChainState> state_;
    io::Reactor& reactor_;
    BlockConfig block_config_;
    const Listener listener_;  ///< Fixed from the start: admitting threads use it without a lock.
    std::unique_ptr<ConsensusDriver> driver_;
    std::atomic<bool> wake_posted_{false};
    std::atomic<bool> out_of_space_{false};
    std::atomic<std::uint64_t> finalized_ns_;

    mutable std::mutex mutex_;  // guards what follows
    Mempool pool_;
    std::string refusal_;

    base::Gauge& height_metric_;
    base::Counter& txs_metric_;
    base::Counter& blocks_metric_;
    base::Gauge& pool_txs_metric_;
    base::Histogram& execute_metric_;
    base::Histogram& commit_metric_;
};

}  // namespace ghostd

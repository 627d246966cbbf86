#pragma once
// The seam between the node and whatever decides on blocks. Today SoloDriver (one validator, its own signature is the
// certificate); later a consensus core with votes, leaders and timeouts. Nothing on the node's side of the seam chooses
// between blocks: it makes, executes and commits what it is told.
//
//   driver                                   host (the node)
//     │── propose(slot, parent) ──────────────▶ best transactions of the mempool, executed on `parent`
//     │── execute(header, txs, parent, …) ────▶ somebody else's block, checked and executed
//     │── notarized(block) ───────────────────▶ told to clients as such; may still be abandoned
//     │── finalized(block, certificate) ──────▶ one synced commit; mempool and clients follow
//     ◀── transactions_waiting() ───────────────│

#include <cstdint>
#include <memory>
#include <span>
#include <string>

#include "base/bytes.hpp"
#include "ledger/chain_state.hpp"

namespace ghostd {

/// What the node does for a driver. Chain thread only.
class ConsensusHost {
 public:
    struct Slot {
        std::uint64_t epoch = 0;
        std::uint64_t slot = 0;
        std::uint64_t time_ms = 0;
        ledger::Address proposer;
        base::Digest parent_cert_hash{};
    };
    /// A block of waiting transactions on top of `parent` (null: the head). It may be empty.
    virtual base::Result<ledger::ExecutedBlockPtr> propose(const Slot& slot,
                                                           const ledger::ExecutedBlockPtr& parent) = 0;
    /// Executes a received block whose transactions were verified; any difference to its header is an error, and so is
    /// a time ahead of `received_ms`, Unix milliseconds when this node first saw the header
    /// (consensus/header_time.hpp).
    virtual base::Result<ledger::ExecutedBlockPtr> execute(const ledger::BlockHeader& header,
                                                           std::span<const ledger::VerifiedTx> txs,
                                                           const ledger::ExecutedBlockPtr& parent,
                                                           std::uint64_t received_ms) = 0;
    virtual void notarized(const ledger::ExecutedBlockPtr& block) = 0;
    /// In height order. An error means that nothing was committed and that this node is out of service until it is
    /// started again: propose nothing further.
    virtual base::Result<void> finalized(const ledger::ExecutedBlockPtr& block, base::Bytes certificate) = 0;

    [[nodiscard]] virtual std::shared_ptr<const ledger::Head> head() const = 0;
    [[nodiscard]] virtual bool transactions_wait() const = 0;

 protected:
    ~ConsensusHost() = default;
};

/// What decides on blocks. Made before the chain thread runs, destroyed on it; every call is on it.
class ConsensusDriver {
 public:
    virtual ~ConsensusDriver() = default;
    /// Once; `host` outlives the driver.
    virtual void start(ConsensusHost& host) = 0;
    /// The mempool has something to offer. Called at least once after a change from nothing to something.
    virtual void transactions_waiting() = 0;
    /// No proposals any more.
    virtual void stop() = 0;
};

}  // namespace ghostd

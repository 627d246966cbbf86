#pragma once
// Consensus of one: proposes, signs and finalizes its own blocks, one after the other. No votes, no forks.
//
//   idle ──transaction──▶ block at once        heartbeat: an empty block when nothing came for so long
//   busy ──transaction──▶ wait until `batch_window` after the last block, then one block for all

#include <cstdint>
#include <memory>

#include "ghostd/config.hpp"
#include "ghostd/consensus_driver.hpp"
#include "io/timer.hpp"
#include "ledger/signing.hpp"
#include "zcrypto/ed25519.hpp"

namespace ghostd {

class SoloDriver final : public ConsensusDriver {
 public:
    struct Options {
        BlockConfig block;
        ledger::ChainBinding chain;
        ledger::Address proposer;  ///< Receives the tips.
    };
    /// `key` is the chain's only validator. `reactor` is the chain thread's and outlives the driver.
    SoloDriver(io::Reactor& reactor, zcrypto::ed25519::SigningKey key, Options options);

    void start(ConsensusHost& host) override;
    void transactions_waiting() override;
    void stop() override;

 private:
    void make_block();
    [[nodiscard]] base::Bytes certify(const ledger::ExecutedBlock& block) const;

    io::Reactor& reactor_;
    zcrypto::ed25519::SigningKey key_;
    Options options_;
    ConsensusHost* host_ = nullptr;
    std::uint64_t last_block_ns_ = 0;
    bool busy_ = false;  ///< The last block carried a crowd, so waiting a little pays.
    io::Timer block_timer_;
    io::Timer heartbeat_timer_;
};

}  // namespace ghostd

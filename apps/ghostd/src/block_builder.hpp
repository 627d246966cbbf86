#pragma once
// Fills a block from the pool while it is executed: by gas that was used, not by gas that was asked for.
//
//   pool ─take (some at a time)─▶ next() ─▶ executed ─▶ included / refused
//
// Fairness: a sender who has used its share of the block's gas, bytes or time steps back until nobody else offers
// anything, so it neither fills a block that others wait for nor holds up its making. One that does not fit steps back
// for this block; it comes early in the next one, since those before it are gone.

#include <algorithm>
#include <map>
#include <mutex>
#include <set>

#include "base/clock.hpp"
#include "ghostd/chain.hpp"

namespace ghostd {

struct BuildLimits {
    std::uint64_t gas = 0;
    std::size_t bytes = 0;
    std::size_t count = 0;
    std::uint64_t time_ns = 500'000'000;  ///< Then the block ends with what it has.
    std::uint64_t sender_divisor = 4;     ///< A sender's share of gas, bytes and time while others wait.
    std::size_t misfits_max = 1'024;      ///< So many that do not fit end the search.
};

/// Between pool.begin_block() and end_block(), on the chain thread. `mutex` guards the pool.
class BlockBuilder final : public ledger::TxSource {
 public:
    /// `on_final_state`: the parent is final, so one that is not valid there never will be and leaves the pool.
    BlockBuilder(Mempool& pool, std::mutex& mutex, const base::Clock& clock, const BuildLimits& limits,
                 bool on_final_state);

    const ledger::VerifiedTx* next(std::uint64_t gas_used) override;
    void included(std::uint64_t gas_used) override;
    void refused(const base::Error& error) override;

    /// After the last next(): what was taken and not tried goes back.
    void finish();
    [[nodiscard]] std::vector<base::Digest> take_included() { return std::move(included_); }
    [[nodiscard]] std::vector<PoolDrop> take_dropped() { return std::move(dropped_); }

 private:
    struct Taken {
        base::Digest id;
        base::Digest sender;
        std::uint64_t gas_limit;
        std::size_t bytes;
        std::shared_ptr<const PooledTx> payload;
    };
    struct Used {
        std::uint64_t gas = 0;
        std::uint64_t time_ns = 0;
        std::size_t bytes = 0;
    };
    bool refill();
    /// This sender is not for this block, or not now; `item` and what else was taken of it goes back.
    void step_back(const Taken& item, bool for_now);
    [[nodiscard]] bool had_its_share(const base::Digest& sender) const;
    void count_time();

    Mempool& pool_;
    std::mutex& mutex_;
    const base::Clock& clock_;
    const BuildLimits limits_;
    const bool on_final_state_;
    const std::uint64_t begun_ns_;
    std::uint64_t item_begun_ns_ = 0;
    std::vector<Taken> taken_;  ///< The next one last.
    Taken current_;
    std::map<base::Digest, Used> used_;
    std::set<base::Digest> aside_;  ///< Senders whose taken ones go back.
    bool sharing_ = true;
    std::size_t bytes_ = 0;
    std::size_t misfits_ = 0;
    std::vector<base::Digest> included_;
    std::vector<PoolDrop> dropped_;
};

}  // namespace ghostd

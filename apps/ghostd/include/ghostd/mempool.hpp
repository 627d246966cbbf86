#pragma once
// Transactions that wait for a block. A pure data structure: no threads, no clock, no signatures; the node checks
// those before and guards it with a lock.
//
//   sender ─▶ nonce queue:  [5][6][7]      [9]        executable run = 5..7 (contiguous from the account's nonce)
//                            └ offer └ tail └ future  offers go to blocks, the dearest first; futures leave first, then
//                                                     tails, the cheapest first
//
// A block in the making: begin_block ─▶ take … take / set_aside / refuse / untake ─▶ end_block. What was taken is in no
// other block meanwhile, is neither replaced nor pushed out, and comes back when the block does not become final.
//
// Rules (design 03 section 6, without gossip): bounded bytes and transactions a sender; what all of a sender's
// transactions may cost together never exceeds its balance; a future nonce never pushes anything out; a replacement
// pays at least 10 % more. What is worth keeping is judged at a base fee with head-room (pool_order.hpp): what could
// not pay it pushes nothing out and is the first to go.

#include <cstddef>
#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <span>
#include <string>
#include <vector>

#include "base/bytes.hpp"
#include "base/keyed_hash.hpp"
#include "base/u128.hpp"
#include "ghostd/pool_order.hpp"

namespace ghostd {

enum class PoolErrc : std::int32_t {
    known = 1,       ///< This very transaction waits already.
    nonce_too_low,   ///< The account's nonce is past it.
    nonce_too_high,  ///< More than `per_sender_max` ahead of the account's nonce.
    sender_full,     ///< The sender has `per_sender_max` transactions waiting.
    underfunded,     ///< The sender's waiting transactions together could cost more than its balance.
    underpriced,     ///< Replaces a waiting transaction without paying 10 % more in max fee and tip.
    fee_below_base,  ///< max_fee_per_gas is below the present base fee.
    pool_full,       ///< No room, and nothing that waits is worth less.
    expired,         ///< valid_until_height is behind the next block.
    in_block,        ///< Would replace one that a block is being made of.
};
const base::ErrorDomain& error_domain(PoolErrc) noexcept;

/// An account as the finalized state has it.
struct PoolAccount {
    std::uint64_t nonce = 0;
    base::u128 balance = 0;
};

/// A transaction that left without a block.
struct PoolDrop {
    base::Digest id;
    std::string reason;
};

struct MempoolLimits {
    std::size_t bytes_max = 64u << 20;  ///< Encoded, decoded and overhead together.
    std::size_t per_sender_max = 64;
    std::uint32_t replace_percent = 10;
    /// Of the indexes, counted for each, so that small transactions cannot use memory that the bound does not see.
    std::size_t overhead_bytes = 512;
};

class Mempool {
 public:
    using Limits = MempoolLimits;
    explicit Mempool(Limits limits = {}) noexcept : limits_{limits} {}

    /// Takes a transaction whose sender stands at `account`. Those that it pushed out are appended to `dropped`.
    /// Uses the fees and the height of the last set_chain().
    base::Result<void> add(PoolEntry entry, const PoolAccount& account, std::vector<PoolDrop>& dropped);

    /// What a block is built on.
    struct Parent {
        base::u128 base_fee = 0;  ///< Of the block.
        /// Senders that unfinalized ancestors moved on, with the nonces that they have now.
        std::span<const std::pair<base::Digest, std::uint64_t>> nonces;
    };
    /// Begins a block; one at a time. Every sender's offer is its next transaction behind those of the ancestors.
    void begin_block(const Parent& parent);
    /// The offer with the highest price, min(tip + base fee, max fee), the earliest among equals; its sender's next one
    /// is offered then. Null when none can pay the base fee. Valid until end_block(), unless it is refused.
    [[nodiscard]] const PoolEntry* take();
    /// This sender offers nothing until end_block(), or until offer_again() when `for_now`.
    void set_aside(const base::Digest& sender, bool for_now);
    /// Brings those back that were set aside for now; false when there are none.
    bool offer_again();
    /// It was taken and is not in the block; its sender was set aside. A sender's last ones first or last, all the
    /// same.
    void untake(const base::Digest& id);
    /// Ends it. `block` has those of `included` that still wait; the rest of what was taken is free again. Without a
    /// block everything is.
    struct Built {
        base::Digest hash{};
        base::Digest parent{};
        std::uint64_t height = 0;
        std::vector<base::Digest> included;
    };
    void end_block(std::optional<Built> block);
    /// The same for a block that somebody else made.
    void in_flight(Built block);
    /// This block is final: it, and every unfinalized block that is not above it, hold nothing any more.
    void finalized(const base::Digest& block, std::uint64_t height);
    static constexpr std::size_t kFlightsMax = 256;  ///< Unfinalized blocks remembered; the oldest goes first.

    /// The next finalized block's height and base fee, and the base fee that transactions are judged by: the highest
    /// that may come soon. Drops what has expired.
    struct ChainPoint {
        std::uint64_t next_height = 0;
        base::u128 base_fee = 0;
        base::u128 base_fee_headroom = 0;  ///< Not below base_fee.
    };
    void set_chain(const ChainPoint& point, std::vector<PoolDrop>& dropped);
    /// A finalized block moved this account. Included transactions (nonce below) leave silently; others leave with a
    /// reason when the account can no longer pay for them.
    void account_changed(const base::Digest& sender, const PoolAccount& account, std::vector<PoolDrop>& dropped);
    /// Removes one that execution refused. The sender's later ones wait as futures.
    void remove(const base::Digest& id);

    [[nodiscard]] const PoolEntry* find(const base::Digest& id) const noexcept;
    /// The nonce after the sender's executable run, or `state_nonce` when nothing waits.
    [[nodiscard]] std::uint64_t pending_nonce(const base::Digest& sender, std::uint64_t state_nonce) const noexcept;
    [[nodiscard]] std::uint64_t next_height() const noexcept { return point_.next_height; }
    [[nodiscard]] std::size_t size() const noexcept { return by_id_.size(); }
    [[nodiscard]] std::size_t bytes() const noexcept { return bytes_; }
    /// True when take() would give something on the finalized state.
    [[nodiscard]] bool has_executable() const;
    [[nodiscard]] base::u128 base_fee() const noexcept { return point_.base_fee; }
    [[nodiscard]] const Limits& limits() const noexcept { return limits_; }

    /// Ends the process when the indexes disagree with the queues. For tests.
    void check_invariants() const;

 private:
    using Slot = PoolSlot;
    struct Sender {
        std::map<std::uint64_t, std::unique_ptr<Slot>> queue;
        PoolAccount account;
        std::uint64_t run_end = 0;  ///< First nonce that the executable run lacks.
        std::uint64_t next = 0;     ///< The nonce to offer: behind what ancestors and the block in the making have.
        base::u128 cost = 0;        ///< Sum of max_cost.
        Slot* offer = nullptr;      ///< In offers_.
        Slot* tail = nullptr;       ///< In tails_.
        bool aside = false;
    };
    using Senders = base::HashMap<base::Digest, Sender>;

    struct Flight {
        base::Digest hash{};
        base::Digest parent{};
        std::uint64_t height = 0;
        std::vector<base::Digest> ids;  ///< Of slots that were marked.
    };

    [[nodiscard]] std::size_t weight(const PoolEntry& entry) const noexcept {
        return entry.bytes + entry.decoded_bytes + limits_.overhead_bytes;
    }
    base::Result<void> make_room(std::size_t needed, const PoolEntry& newcomer, bool executable,
                                 std::vector<PoolDrop>& dropped);
    void erase(Sender& sender, std::uint64_t nonce);
    void refresh(Sender& sender);
    void make_future(Slot& slot);
    void set_tail(Sender& sender);
    void set_offer(Sender& sender);
    void move_next(Sender& sender, std::uint64_t nonce);
    void rewind();
    void forget_if_empty(Senders::iterator at);
    void drop(const base::Digest& id, std::string reason, std::vector<PoolDrop>& dropped);
    void land(const std::vector<base::Digest>& ids);

    Limits limits_;
    Senders senders_;
    base::HashMap<base::Digest, Slot*> by_id_;
    BestFirst offers_;
    WorstFirst tails_;
    WorstFirst futures_;
    std::set<std::pair<std::uint64_t, const Slot*>> expiries_;
    std::size_t bytes_ = 0;
    std::uint64_t arrivals_ = 0;
    ChainPoint point_{.next_height = 1};

    base::u128 build_base_fee_ = 0;
    std::vector<base::Digest> moved_;    ///< Senders whose `next` may not be their account's nonce.
    std::vector<base::Digest> aside_;    ///< Senders set aside,
    std::vector<base::Digest> for_now_;  ///< and those of them that offer_again() brings back.
    std::vector<base::Digest> taken_;
    std::vector<Flight> flights_;  ///< Parents before children.
};

}  // namespace ghostd

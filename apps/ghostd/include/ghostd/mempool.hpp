#pragma once
// Transactions that wait for a block. A pure data structure: no threads, no clock, no signatures; the node checks
// those before and guards it with a lock.
//
//   sender ─▶ nonce queue:  [5][6][7]      [9]        executable run = 5..7 (contiguous from the account's nonce)
//                            └ head  └ tail └ future  heads are offered to blocks by tip; futures leave first
//
// Rules (design 03 section 6, without gossip): bounded bytes and transactions a sender; what all of a sender's
// transactions may cost together never exceeds its balance; a future nonce never pushes anything out; a replacement
// pays at least 10 % more.

#include <cstddef>
#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <span>
#include <string>
#include <unordered_map>
#include <vector>

#include "base/bytes.hpp"
#include "base/u128.hpp"

namespace ghostd {

struct PooledTx;  ///< The decoded, signature-checked transaction; see admission.hpp. The pool only carries it.

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

/// What the pool knows of a transaction.
struct PoolEntry {
    base::Digest id{};
    base::Digest sender{};
    std::uint64_t nonce = 0;
    std::uint64_t gas_limit = 0;
    base::u128 max_fee_per_gas = 0;
    base::u128 tip_per_gas = 0;
    base::u128 max_cost = 0;  ///< Everything it can take from the sender's GCC: gas_limit × max_fee + what it sends.
    std::uint64_t valid_until_height = 0;
    std::size_t bytes = 0;          ///< Encoded size: what it takes of a block.
    std::size_t decoded_bytes = 0;  ///< What `payload` holds beside the encoding.
    std::shared_ptr<const PooledTx> payload;
};

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
    /// Uses the base fee and the height of the last set_chain().
    base::Result<void> add(PoolEntry entry, const PoolAccount& account, std::vector<PoolDrop>& dropped);

    struct Selection {
        std::uint64_t gas_max = 0;
        std::size_t bytes_max = 0;
        std::size_t count_max = 0;
    };
    /// The best transactions for the next block: by effective tip min(tip, max_fee − base fee), each sender's in nonce
    /// order, first come first among equals. Those that cannot pay the base fee stay. Nothing is removed, and until the
    /// next set_chain() or select() nothing replaces or pushes out what was chosen: a block is being made of it.
    [[nodiscard]] std::vector<PoolEntry> select(const Selection& selection);

    /// The next block's height and base fee. Drops what has expired.
    void set_chain(std::uint64_t next_height, base::u128 base_fee, std::vector<PoolDrop>& dropped);
    /// A finalized block moved this account. Included transactions (nonce below) leave silently; others leave with a
    /// reason when the account can no longer pay for them.
    void account_changed(const base::Digest& sender, const PoolAccount& account, std::vector<PoolDrop>& dropped);
    /// Removes one that execution refused. The sender's later ones wait as futures.
    void remove(const base::Digest& id);

    [[nodiscard]] const PoolEntry* find(const base::Digest& id) const noexcept;
    /// The nonce after the sender's executable run, or `state_nonce` when nothing waits.
    [[nodiscard]] std::uint64_t pending_nonce(const base::Digest& sender, std::uint64_t state_nonce) const noexcept;
    [[nodiscard]] std::uint64_t next_height() const noexcept { return next_height_; }
    [[nodiscard]] std::size_t size() const noexcept { return by_id_.size(); }
    [[nodiscard]] std::size_t bytes() const noexcept { return bytes_; }
    /// True when select() would give something, given room.
    [[nodiscard]] bool has_executable() const noexcept {
        return !head_fees_.empty() && head_fees_.rbegin()->first >= base_fee_;
    }
    [[nodiscard]] base::u128 base_fee() const noexcept { return base_fee_; }
    [[nodiscard]] const Limits& limits() const noexcept { return limits_; }

    /// Ends the process when the indexes disagree with the queues. For tests.
    void check_invariants() const;

 private:
    struct DigestHash {
        std::size_t operator()(const base::Digest& digest) const noexcept {
            return base::load_le<std::size_t>(digest.data());  // digests are uniform already
        }
    };
    struct Slot {
        PoolEntry entry;
        std::uint64_t arrival = 0;
        std::uint64_t selection = 0;  ///< The last select() that chose it.
    };
    /// Orders by tip, then by arrival; `lowest` sets use it forwards, `heads_` backwards by negating nothing but order.
    struct Rank {
        base::u128 tip = 0;
        std::uint64_t arrival = 0;
        const Slot* slot = nullptr;
    };
    struct BestFirst {
        bool operator()(const Rank& a, const Rank& b) const noexcept {
            return a.tip != b.tip ? a.tip > b.tip : a.arrival < b.arrival;
        }
    };
    struct WorstFirst {
        bool operator()(const Rank& a, const Rank& b) const noexcept {
            return a.tip != b.tip ? a.tip < b.tip : a.arrival > b.arrival;
        }
    };
    struct Sender {
        std::map<std::uint64_t, std::unique_ptr<Slot>> queue;
        PoolAccount account;
        std::uint64_t run_end = 0;  ///< First nonce that the executable run lacks.
        base::u128 cost = 0;        ///< Sum of max_cost.
        const Slot* head = nullptr;
        const Slot* tail = nullptr;
    };
    using Senders = std::unordered_map<base::Digest, Sender, DigestHash>;

    [[nodiscard]] static Rank rank(const Slot& slot) noexcept { return {slot.entry.tip_per_gas, slot.arrival, &slot}; }
    [[nodiscard]] std::size_t weight(const PoolEntry& entry) const noexcept {
        return entry.bytes + entry.decoded_bytes + limits_.overhead_bytes;
    }
    base::Result<void> make_room(std::size_t needed, const PoolEntry& newcomer, bool executable,
                                 std::vector<PoolDrop>& dropped);
    void erase(Sender& sender, std::uint64_t nonce);
    void refresh(Sender& sender);
    void set_head(Sender& sender, const Slot* head);
    void forget_if_empty(Senders::iterator at);
    void drop(const base::Digest& id, std::string reason, std::vector<PoolDrop>& dropped);
    [[nodiscard]] bool in_block(const Slot& slot) const noexcept { return slot.selection == selection_; }

    Limits limits_;
    Senders senders_;
    std::unordered_map<base::Digest, const Slot*, DigestHash> by_id_;
    std::set<Rank, BestFirst> heads_;
    std::set<std::pair<base::u128, const Slot*>> head_fees_;  ///< The same heads by max_fee_per_gas.
    std::set<Rank, WorstFirst> tails_;
    std::set<Rank, WorstFirst> futures_;
    std::set<std::pair<std::uint64_t, const Slot*>> expiries_;
    std::size_t bytes_ = 0;
    std::uint64_t arrivals_ = 0;
    std::uint64_t selection_ = 1;  ///< Counted up by select() and at the end of its block.
    std::uint64_t next_height_ = 1;
    base::u128 base_fee_ = 0;
};

}  // namespace ghostd

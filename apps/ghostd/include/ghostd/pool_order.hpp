#pragma once
// The orders of a mempool whose base fee moves with every block. What a transaction pays for a unit of gas is
//
//   price(base) = min(tip + base, max_fee)
//
// and which of two transactions pays more depends on the base fee. Nothing is sorted anew for that: an order by tip and
// an order by max_fee do not move, and the price is the smaller of two keys, one of each.
//
//   WorstFirst  the smallest price of all is the smallest key of both orders: look at two fronts.
//   BestFirst   each transaction stands in one of the orders, under a key that is never below its price. Whoever comes
//   to
//               the front under a key above its price moves to the other order, where its key is its price.
//
// Pure data structures over slots that somebody else owns; every operation O(log n), those of BestFirst amortised.

#include <cstddef>
#include <cstdint>
#include <memory>
#include <set>

#include "base/bytes.hpp"
#include "base/u128.hpp"

namespace ghostd {

struct PooledTx;  ///< The decoded, signature-checked transaction; see chain.hpp. The pool only carries it.

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

/// A transaction in the pool.
struct PoolSlot {
    PoolEntry entry;
    std::uint64_t arrival = 0;
    /// What WorstFirst goes by: the least of it and of everything that must go before it. A transaction behind one that
    /// nobody takes is worth no more than that one.
    base::u128 worst_tip = 0;
    base::u128 worst_fee = 0;
    std::uint32_t blocks = 0;  ///< Blocks in the making and unfinalized ones that have it.
    bool by_tip = false;       ///< Which order of BestFirst it stands in.
};

/// min(tip + base, max_fee): payable when this is not below `base`.
[[nodiscard]] base::u128 pool_price(base::u128 tip, base::u128 max_fee, base::u128 base_fee) noexcept;

namespace pool_order {
struct Key {
    base::u128 value = 0;
    std::uint64_t arrival = 0;
    PoolSlot* slot = nullptr;
};
struct Ascending {  ///< The latest first among equals.
    bool operator()(const Key& a, const Key& b) const noexcept {
        return a.value != b.value ? a.value < b.value : a.arrival > b.arrival;
    }
};
struct Descending {  ///< The earliest first among equals.
    bool operator()(const Key& a, const Key& b) const noexcept {
        return a.value != b.value ? a.value > b.value : a.arrival < b.arrival;
    }
};
}  // namespace pool_order

/// By worst_tip and worst_fee, which must not change while a slot is inside.
class WorstFirst {
 public:
    void insert(PoolSlot& slot);
    void erase(PoolSlot& slot);
    [[nodiscard]] std::size_t size() const noexcept { return by_tip_.size(); }
    [[nodiscard]] bool contains(PoolSlot& slot) const {
        return by_tip_.contains({slot.worst_tip, slot.arrival, &slot});
    }

    /// Calls visit(slot, price) by rising price at this base fee, the latest first among equals, until it returns
    /// false.
    template <typename Visit>
    void visit(base::u128 base_fee, Visit visit) const {
        auto tip = by_tip_.begin();
        auto fee = by_fee_.begin();
        while (tip != by_tip_.end() || fee != by_fee_.end()) {
            const bool tip_next = tip != by_tip_.end() && (fee == by_fee_.end() || is_before(*tip, *fee, base_fee));
            const auto& key = tip_next ? *tip++ : *fee++;
            // Each is visited where its key is its price; the other key comes later.
            if (tip_is_price(*key.slot, base_fee) != tip_next) continue;
            if (!visit(*key.slot, pool_price(key.slot->worst_tip, key.slot->worst_fee, base_fee))) return;
        }
    }

 private:
    using Order = std::set<pool_order::Key, pool_order::Ascending>;
    [[nodiscard]] static bool is_before(const pool_order::Key& tip, const pool_order::Key& fee,
                                        base::u128 base_fee) noexcept;
    [[nodiscard]] static bool tip_is_price(const PoolSlot& slot, base::u128 base_fee) noexcept;
    Order by_tip_;
    Order by_fee_;
};

/// By tip_per_gas and max_fee_per_gas.
class BestFirst {
 public:
    void insert(PoolSlot& slot, base::u128 base_fee);
    void erase(PoolSlot& slot);
    /// The one with the highest price at this base fee, the earliest among equals; null when there is none.
    [[nodiscard]] PoolSlot* best(base::u128 base_fee) const;
    [[nodiscard]] std::size_t size() const noexcept { return by_tip_.size() + by_fee_.size(); }
    [[nodiscard]] bool contains(PoolSlot& slot) const { return order_of(slot).contains(key_of(slot)); }

 private:
    using Order = std::set<pool_order::Key, pool_order::Descending>;
    [[nodiscard]] Order& order_of(const PoolSlot& slot) const noexcept { return slot.by_tip ? by_tip_ : by_fee_; }
    [[nodiscard]] static pool_order::Key key_of(PoolSlot& slot) noexcept;
    void move(PoolSlot& slot) const;
    // Where a slot stands is no more than a memory of the last question.
    mutable Order by_tip_;
    mutable Order by_fee_;
};

}  // namespace ghostd

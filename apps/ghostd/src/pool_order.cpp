#include "ghostd/pool_order.hpp"

#include <algorithm>

namespace ghostd {
namespace {

base::u128 plus(base::u128 a, base::u128 b) noexcept { return base::checked_add(a, b).value_or(~base::u128{0}); }

/// Whether tip + base is its price at this base fee, else max_fee is.
bool is_tip_bound(const PoolEntry& entry, base::u128 base_fee) noexcept {
    return plus(entry.tip_per_gas, base_fee) <= entry.max_fee_per_gas;
}

}  // namespace

base::u128 pool_price(base::u128 tip, base::u128 max_fee, base::u128 base_fee) noexcept {
    return std::min(plus(tip, base_fee), max_fee);
}

void WorstFirst::insert(PoolSlot& slot) {
    by_tip_.insert({slot.worst_tip, slot.arrival, &slot});
    by_fee_.insert({slot.worst_fee, slot.arrival, &slot});
}

void WorstFirst::erase(PoolSlot& slot) {
    by_tip_.erase({slot.worst_tip, slot.arrival, &slot});
    by_fee_.erase({slot.worst_fee, slot.arrival, &slot});
}

bool WorstFirst::is_before(const pool_order::Key& tip, const pool_order::Key& fee, base::u128 base_fee) noexcept {
    const auto price = plus(tip.value, base_fee);
    return price != fee.value ? price < fee.value : tip.arrival >= fee.arrival;
}

bool WorstFirst::tip_is_price(const PoolSlot& slot, base::u128 base_fee) noexcept {
    return plus(slot.worst_tip, base_fee) <= slot.worst_fee;
}

pool_order::Key BestFirst::key_of(PoolSlot& slot) noexcept {
    return {slot.by_tip ? slot.entry.tip_per_gas : slot.entry.max_fee_per_gas, slot.arrival, &slot};
}

void BestFirst::insert(PoolSlot& slot, base::u128 base_fee) {
    slot.by_tip = is_tip_bound(slot.entry, base_fee);
    order_of(slot).insert(key_of(slot));
}

void BestFirst::erase(PoolSlot& slot) { order_of(slot).erase(key_of(slot)); }

void BestFirst::move(PoolSlot& slot) const {
    order_of(slot).erase(key_of(slot));
    slot.by_tip = !slot.by_tip;
    order_of(slot).insert(key_of(slot));
}

PoolSlot* BestFirst::best(base::u128 base_fee) const {
    // Every turn but the last moves one to where its key is its price, so no slot moves twice at one base fee.
    for (;;) {
        auto* tip = by_tip_.empty() ? nullptr : by_tip_.begin()->slot;
        auto* fee = by_fee_.empty() ? nullptr : by_fee_.begin()->slot;
        if (!tip && !fee) return nullptr;
        const auto tip_key = tip ? plus(tip->entry.tip_per_gas, base_fee) : 0;
        const auto fee_key = fee ? fee->entry.max_fee_per_gas : 0;
        if (tip && (!fee || tip_key >= fee_key) && !is_tip_bound(tip->entry, base_fee)) {
            move(*tip);
        } else if (fee && (!tip || fee_key >= tip_key) && plus(fee->entry.tip_per_gas, base_fee) < fee_key) {
            move(*fee);
        } else if (!tip || !fee) {
            return tip ? tip : fee;
        } else if (tip_key != fee_key) {
            return tip_key > fee_key ? tip : fee;
        } else {
            return tip->arrival < fee->arrival ? tip : fee;
        }
    }
}

}  // namespace ghostd

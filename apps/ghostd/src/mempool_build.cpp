// Blocks in the making and unfinalized ones: what they take of the pool, and how it comes back.

#include <algorithm>

#include "ghostd/mempool.hpp"

namespace ghostd {

void Mempool::begin_block(const Parent& parent) {
    build_base_fee_ = parent.base_fee;
    rewind();
    for (const auto& [sender, nonce] : parent.nonces) {
        const auto at = senders_.find(sender);
        if (at != senders_.end() && nonce > at->second.next) move_next(at->second, nonce);
    }
}

const PoolEntry* Mempool::take() {
    auto* slot = offers_.best(build_base_fee_);
    if (!slot || slot->entry.max_fee_per_gas < build_base_fee_) return nullptr;
    ++slot->blocks;
    taken_.push_back(slot->entry.id);
    move_next(senders_.find(slot->entry.sender)->second, slot->entry.nonce + 1);
    return &slot->entry;
}

void Mempool::set_aside(const base::Digest& address, bool for_now) {
    const auto at = senders_.find(address);
    if (at == senders_.end() || at->second.aside) return;
    at->second.aside = true;
    (for_now ? for_now_ : aside_).push_back(address);
    set_offer(at->second);
}

bool Mempool::offer_again() {
    const bool any = !for_now_.empty();
    for (const auto& address : std::exchange(for_now_, {})) {
        const auto at = senders_.find(address);
        if (at == senders_.end()) continue;
        at->second.aside = false;
        set_offer(at->second);
    }
    return any;
}

void Mempool::untake(const base::Digest& id) {
    const auto found = by_id_.find(id);
    if (found == by_id_.end()) return;
    // It stays marked until end_block(), as often as it was taken.
    const auto& entry = found->second->entry;
    auto& sender = senders_.find(entry.sender)->second;
    sender.next = std::min(sender.next, entry.nonce);
    set_offer(sender);
}

void Mempool::end_block(std::optional<Built> block) {
    land(std::exchange(taken_, {}));
    offer_again();
    for (const auto& address : std::exchange(aside_, {})) {
        const auto at = senders_.find(address);
        if (at == senders_.end()) continue;
        at->second.aside = false;
        set_offer(at->second);
    }
    if (!block) return rewind();
    in_flight(std::move(*block));  // What is in it is not offered again before the next begin_block().
}

void Mempool::in_flight(Built block) {
    if (flights_.size() == kFlightsMax) {
        land(flights_.front().ids);
        flights_.erase(flights_.begin());
    }
    Flight flight{.hash = block.hash, .parent = block.parent, .height = block.height, .ids = {}};
    for (const auto& id : block.included) {
        const auto at = by_id_.find(id);
        if (at == by_id_.end()) continue;
        ++at->second->blocks;
        flight.ids.push_back(id);
    }
    flights_.push_back(std::move(flight));
}

void Mempool::finalized(const base::Digest& block, std::uint64_t height) {
    std::set<base::Digest> alive{block};
    std::vector<Flight> kept;
    bool abandoned = false;
    for (auto& flight : flights_) {
        if (flight.height > height && alive.contains(flight.parent)) {
            alive.insert(flight.hash);
            kept.push_back(std::move(flight));
        } else {
            abandoned |= flight.hash != block;
            if (flight.hash != block) land(flight.ids);  // What is final leaves the pool.
        }
    }
    flights_ = std::move(kept);
    if (abandoned) rewind();
}

/// These are in one block less. Some may have left, or come anew, since they were marked.
void Mempool::land(const std::vector<base::Digest>& ids) {
    for (const auto& id : ids) {
        const auto at = by_id_.find(id);
        if (at != by_id_.end() && at->second->blocks > 0) --at->second->blocks;
    }
}

void Mempool::move_next(Sender& sender, std::uint64_t nonce) {
    if (sender.next == sender.account.nonce && !sender.queue.empty())
        moved_.push_back(sender.queue.begin()->second->entry.sender);
    sender.next = nonce;
    set_offer(sender);
}

/// Everybody offers from the finalized state on.
void Mempool::rewind() {
    for (const auto& address : std::exchange(moved_, {})) {
        const auto at = senders_.find(address);
        if (at == senders_.end()) continue;
        at->second.next = at->second.account.nonce;
        set_offer(at->second);
    }
}

}  // namespace ghostd

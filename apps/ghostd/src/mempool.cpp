#include "ghostd/mempool.hpp"

#include <algorithm>

namespace ghostd {
namespace {

const char* describe(std::int32_t code) noexcept {
    switch (static_cast<PoolErrc>(code)) {
        case PoolErrc::known: return "the transaction is already waiting";
        case PoolErrc::nonce_too_low: return "the nonce was used before";
        case PoolErrc::nonce_too_high: return "the nonce is too far ahead of the account";
        case PoolErrc::sender_full: return "the sender has too many transactions waiting";
        case PoolErrc::underfunded: return "the balance does not cover the waiting transactions";
        case PoolErrc::underpriced: return "a replacement must pay at least 10 % more";
        case PoolErrc::fee_below_base: return "the maximum fee is below the base fee";
        case PoolErrc::pool_full: return "the mempool is full";
        case PoolErrc::expired: return "the transaction has expired";
        case PoolErrc::in_block: return "a block is being made of the transaction that it would replace";
    }
    return "unknown mempool error";
}
constexpr base::ErrorDomain kDomain{"mempool", &describe};

/// value × (100 + percent) / 100, rounded up; saturates, which only makes the demand impossible to meet.
base::u128 raised(base::u128 value, std::uint32_t percent) noexcept {
    const auto scaled = base::checked_mul(value, 100 + percent);
    return scaled ? (*scaled + 99) / 100 : ~base::u128{0};
}

}  // namespace

const base::ErrorDomain& error_domain(PoolErrc) noexcept { return kDomain; }

base::Result<void> Mempool::add(PoolEntry entry, const PoolAccount& account, std::vector<PoolDrop>& dropped) {
    using base::fail;
    if (by_id_.contains(entry.id)) return fail(PoolErrc::known);
    if (entry.valid_until_height < point_.next_height) return fail(PoolErrc::expired);
    if (entry.nonce < account.nonce) return fail(PoolErrc::nonce_too_low);
    if (entry.nonce - account.nonce >= limits_.per_sender_max) return fail(PoolErrc::nonce_too_high);
    if (entry.max_fee_per_gas < point_.base_fee) return fail(PoolErrc::fee_below_base);

    account_changed(entry.sender, account, dropped);
    const auto known = senders_.find(entry.sender);
    const Slot* replaced = nullptr;
    base::u128 cost = 0;
    bool executable = entry.nonce == account.nonce;
    if (known != senders_.end()) {
        const auto& sender = known->second;
        cost = sender.cost;
        executable = entry.nonce <= sender.run_end;
        if (const auto at = sender.queue.find(entry.nonce); at != sender.queue.end()) replaced = at->second.get();
        if (!replaced && sender.queue.size() >= limits_.per_sender_max) return fail(PoolErrc::sender_full);
    }
    if (replaced) {
        if (replaced->blocks > 0) return fail(PoolErrc::in_block);
        const auto& old = replaced->entry;
        if (entry.max_fee_per_gas < raised(old.max_fee_per_gas, limits_.replace_percent) ||
            entry.tip_per_gas < raised(old.tip_per_gas, limits_.replace_percent))
            return fail(PoolErrc::underpriced);
        cost -= old.max_cost;
    }
    const auto total = base::checked_add(cost, entry.max_cost);
    if (!total || *total > account.balance) return fail(PoolErrc::underfunded);

    const auto freed = replaced ? weight(replaced->entry) : 0;
    const auto needed = weight(entry) > freed ? weight(entry) - freed : 0;
    GC_CHECK(make_room(needed, entry, executable, dropped));

    // make_room() may have dropped the sender altogether, so everything is looked up again.
    auto& sender = senders_[entry.sender];
    if (sender.queue.empty()) sender.run_end = sender.next = account.nonce;
    sender.account = account;
    if (const auto at = sender.queue.find(entry.nonce); at != sender.queue.end()) {
        dropped.push_back({at->second->entry.id, "replaced by a transaction with a higher fee"});
        erase(sender, entry.nonce);
    }
    auto slot = std::make_unique<Slot>();
    slot->entry = std::move(entry);
    slot->arrival = ++arrivals_;
    const auto& stored = slot->entry;
    bytes_ += weight(stored);
    sender.cost += stored.max_cost;
    by_id_.emplace(stored.id, slot.get());
    expiries_.emplace(stored.valid_until_height, slot.get());
    make_future(*slot);  // refresh() promotes it when the run reaches it
    sender.queue.emplace(stored.nonce, std::move(slot));
    refresh(sender);
    return {};
}

base::Result<void> Mempool::make_room(std::size_t needed, const PoolEntry& newcomer, bool executable,
                                      std::vector<PoolDrop>& dropped) {
    if (bytes_ + needed <= limits_.bytes_max) return {};
    if (!executable) return base::fail(PoolErrc::pool_full, "for a future nonce");
    auto tip = newcomer.tip_per_gas;
    auto fee = newcomer.max_fee_per_gas;
    if (const auto at = senders_.find(newcomer.sender); at != senders_.end()) {
        for (const auto& [nonce, slot] : at->second.queue) {
            if (nonce >= newcomer.nonce) break;
            tip = std::min(tip, slot->entry.tip_per_gas);
            fee = std::min(fee, slot->entry.max_fee_per_gas);
        }
    }
    const auto headroom = point_.base_fee_headroom;
    if (fee < headroom) return base::fail(PoolErrc::pool_full, "for one that cannot pay the base fees to come");
    const auto price = pool_price(tip, fee, headroom);
    // Look before touching anything: a newcomer that finds no room must not have cost others theirs.
    auto reachable = limits_.bytes_max - std::min(bytes_, limits_.bytes_max);
    std::vector<base::Digest> victims;
    const auto choose = [&](const Slot& slot) {
        if (slot.entry.sender == newcomer.sender || slot.blocks > 0) return;
        reachable += weight(slot.entry);
        victims.push_back(slot.entry.id);
    };
    futures_.visit(headroom, [&](const Slot& slot, base::u128) {
        if (reachable >= needed) return false;
        choose(slot);
        return true;
    });
    tails_.visit(headroom, [&](const Slot& slot, base::u128 worst) {
        if (reachable >= needed || worst >= price) return false;
        choose(slot);
        return true;
    });
    if (reachable < needed) return base::fail(PoolErrc::pool_full);
    for (const auto& id : victims) drop(id, "evicted: the mempool is full", dropped);
    return {};
}

void Mempool::set_chain(const ChainPoint& point, std::vector<PoolDrop>& dropped) {
    point_ = point;
    while (!expiries_.empty() && expiries_.begin()->first < point.next_height)
        drop(base::Digest{expiries_.begin()->second->entry.id}, "expired: valid_until_height has passed", dropped);
}

void Mempool::account_changed(const base::Digest& address, const PoolAccount& account, std::vector<PoolDrop>& dropped) {
    const auto at = senders_.find(address);
    if (at == senders_.end()) return;
    auto& sender = at->second;
    sender.account = account;
    while (!sender.queue.empty() && sender.queue.begin()->first < account.nonce)
        erase(sender, sender.queue.begin()->first);
    sender.run_end = std::max(sender.run_end, account.nonce);
    sender.next = std::max(sender.next, account.nonce);
    while (!sender.queue.empty() && sender.cost > account.balance) {
        const auto last = std::prev(sender.queue.end());
        dropped.push_back({last->second->entry.id, "the balance no longer covers it"});
        erase(sender, last->first);
    }
    refresh(sender);
    forget_if_empty(at);
}

void Mempool::remove(const base::Digest& id) {
    const auto found = by_id_.find(id);
    if (found == by_id_.end()) return;
    const auto& entry = found->second->entry;
    const auto at = senders_.find(entry.sender);
    auto& sender = at->second;
    const auto nonce = entry.nonce;
    erase(sender, nonce);
    sender.next = std::max(sender.account.nonce, std::min(sender.next, nonce));
    refresh(sender);
    forget_if_empty(at);
}

void Mempool::drop(const base::Digest& id, std::string reason, std::vector<PoolDrop>& dropped) {
    dropped.push_back({id, std::move(reason)});
    remove(id);
}

const PoolEntry* Mempool::find(const base::Digest& id) const noexcept {
    const auto at = by_id_.find(id);
    return at == by_id_.end() ? nullptr : &at->second->entry;
}

std::uint64_t Mempool::pending_nonce(const base::Digest& address, std::uint64_t state_nonce) const noexcept {
    const auto at = senders_.find(address);
    return at == senders_.end() ? state_nonce : std::max(state_nonce, at->second.run_end);
}

bool Mempool::has_executable() const {
    const auto* best = offers_.best(point_.base_fee);
    return best && best->entry.max_fee_per_gas >= point_.base_fee;
}

/// Takes one out of its queue and all indexes. The caller refreshes the sender and forgets it when empty.
void Mempool::erase(Sender& sender, std::uint64_t nonce) {
    const auto at = sender.queue.find(nonce);
    auto& slot = *at->second;
    if (sender.offer == &slot) {
        offers_.erase(slot);
        sender.offer = nullptr;
    }
    if (sender.tail) {  // refresh() finds the new one.
        tails_.erase(*sender.tail);
        sender.tail = nullptr;
    }
    if (nonce >= sender.run_end) futures_.erase(slot);
    expiries_.erase({slot.entry.valid_until_height, &slot});
    by_id_.erase(slot.entry.id);
    bytes_ -= weight(slot.entry);
    sender.cost -= slot.entry.max_cost;
    // Everything behind a hole waits as a future.
    if (nonce >= sender.account.nonce && nonce < sender.run_end) {
        for (auto behind = std::next(at); behind != sender.queue.end() && behind->first < sender.run_end; ++behind)
            make_future(*behind->second);
        sender.run_end = nonce;
    }
    sender.queue.erase(at);
}

void Mempool::make_future(Slot& slot) {
    slot.worst_tip = slot.entry.tip_per_gas;
    slot.worst_fee = slot.entry.max_fee_per_gas;
    futures_.insert(slot);
}

/// Extends the executable run over what has become contiguous and puts offer and tail into their indexes.
void Mempool::refresh(Sender& sender) {
    for (auto at = sender.queue.find(sender.run_end); at != sender.queue.end() && at->first == sender.run_end; ++at) {
        futures_.erase(*at->second);
        ++sender.run_end;
    }
    set_tail(sender);
    set_offer(sender);
}

void Mempool::set_tail(Sender& sender) {
    if (sender.tail) tails_.erase(*sender.tail);
    sender.tail = nullptr;
    auto tip = ~base::u128{0};
    auto fee = ~base::u128{0};
    for (auto& [nonce, slot] : sender.queue) {
        if (nonce >= sender.run_end) break;
        tip = std::min(tip, slot->entry.tip_per_gas);
        fee = std::min(fee, slot->entry.max_fee_per_gas);
        sender.tail = slot.get();
    }
    if (!sender.tail) return;
    sender.tail->worst_tip = tip;
    sender.tail->worst_fee = fee;
    tails_.insert(*sender.tail);
}

void Mempool::set_offer(Sender& sender) {
    Slot* offer = nullptr;
    if (!sender.aside && sender.next < sender.run_end) {
        const auto at = sender.queue.find(sender.next);
        if (at != sender.queue.end()) offer = at->second.get();
    }
    if (offer == sender.offer) return;
    if (sender.offer) offers_.erase(*sender.offer);
    if (offer) offers_.insert(*offer, build_base_fee_);
    sender.offer = offer;
}

void Mempool::forget_if_empty(Senders::iterator at) {
    if (at->second.queue.empty()) senders_.erase(at);
}

void Mempool::check_invariants() const {
    std::size_t count = 0, bytes = 0, futures = 0, offers = 0, tails = 0;
    for (const auto& [address, sender] : senders_) {
        GC_ASSERT(!sender.queue.empty() && sender.queue.size() <= limits_.per_sender_max);
        GC_ASSERT(sender.queue.begin()->first >= sender.account.nonce && sender.next >= sender.account.nonce);
        base::u128 cost = 0;
        auto run = sender.account.nonce;
        for (const auto& [nonce, slot] : sender.queue) {
            GC_ASSERT(slot->entry.nonce == nonce && slot->entry.sender == address);
            cost += slot->entry.max_cost;
            bytes += weight(slot->entry);
            if (nonce == run) ++run;
            const bool future = nonce >= sender.run_end;
            GC_ASSERT(futures_.contains(*slot) == future);
            futures += future;
            ++count;
        }
        GC_ASSERT(run == sender.run_end && cost == sender.cost && cost <= sender.account.balance);
        GC_ASSERT((sender.tail != nullptr) == (run > sender.account.nonce));
        GC_ASSERT((sender.offer != nullptr) == (!sender.aside && sender.next < run));
        GC_ASSERT(!sender.offer || (sender.offer->entry.nonce == sender.next && offers_.contains(*sender.offer)));
        GC_ASSERT(!sender.tail || (sender.tail->entry.nonce == run - 1 && tails_.contains(*sender.tail)));
        offers += sender.offer != nullptr;
        tails += sender.tail != nullptr;
    }
    GC_ASSERT(count == by_id_.size() && count == expiries_.size() && bytes == bytes_ && bytes <= limits_.bytes_max);
    GC_ASSERT(offers == offers_.size() && tails == tails_.size() && futures == futures_.size());
}

}  // namespace ghostd

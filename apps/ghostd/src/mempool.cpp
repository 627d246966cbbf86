#include "ghostd/mempool.hpp"

#include <algorithm>
#include <queue>

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
    if (entry.valid_until_height < next_height_) return fail(PoolErrc::expired);
    if (entry.nonce < account.nonce) return fail(PoolErrc::nonce_too_low);
    if (entry.nonce - account.nonce >= limits_.per_sender_max) return fail(PoolErrc::nonce_too_high);
    if (entry.max_fee_per_gas < base_fee_) return fail(PoolErrc::fee_below_base);

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
        if (in_block(*replaced)) return fail(PoolErrc::in_block);
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
    if (sender.queue.empty()) sender.run_end = account.nonce;
    sender.account = account;
    if (const auto at = sender.queue.find(entry.nonce); at != sender.queue.end()) {
        dropped.push_back({at->second->entry.id, "replaced by a transaction with a higher fee"});
        erase(sender, entry.nonce);
    }
    auto slot = std::make_unique<Slot>(Slot{std::move(entry), ++arrivals_});
    const auto& stored = slot->entry;
    bytes_ += weight(stored);
    sender.cost += stored.max_cost;
    by_id_.emplace(stored.id, slot.get());
    expiries_.emplace(stored.valid_until_height, slot.get());
    futures_.insert(rank(*slot));  // refresh() promotes it when the run reaches it
    sender.queue.emplace(stored.nonce, std::move(slot));
    refresh(sender);
    return {};
}

base::Result<void> Mempool::make_room(std::size_t needed, const PoolEntry& newcomer, bool executable,
                                      std::vector<PoolDrop>& dropped) {
    if (bytes_ + needed <= limits_.bytes_max) return {};
    if (!executable) return base::fail(PoolErrc::pool_full, "for a future nonce");
    // Look before touching anything: a newcomer that finds no room must not have cost others theirs.
    auto reachable = limits_.bytes_max - std::min(bytes_, limits_.bytes_max);
    std::vector<base::Digest> victims;
    for (const auto& worst : futures_) {
        if (reachable >= needed) break;
        if (worst.slot->entry.sender == newcomer.sender) continue;
        reachable += weight(worst.slot->entry);
        victims.push_back(worst.slot->entry.id);
    }
    for (const auto& worst : tails_) {
        if (reachable >= needed) break;
        if (worst.tip >= newcomer.tip_per_gas) break;
        if (worst.slot->entry.sender == newcomer.sender || in_block(*worst.slot)) continue;
        reachable += weight(worst.slot->entry);
        victims.push_back(worst.slot->entry.id);
    }
    if (reachable < needed) return base::fail(PoolErrc::pool_full);
    for (const auto& id : victims) drop(id, "evicted: the mempool is full", dropped);
    return {};
}

std::vector<PoolEntry> Mempool::select(const Selection& selection) {
    struct Candidate {
        base::u128 tip;
        std::uint64_t arrival;
        const Slot* slot;
        bool operator<(const Candidate& other) const noexcept {
            return tip != other.tip ? tip < other.tip : arrival > other.arrival;
        }
    };
    std::vector<PoolEntry> chosen;
    std::priority_queue<Candidate> candidates;
    const auto offer = [&](const Slot& slot) {
        const auto& entry = slot.entry;
        if (entry.max_fee_per_gas < base_fee_) return;
        candidates.push(
            {std::min<base::u128>(entry.tip_per_gas, entry.max_fee_per_gas - base_fee_), slot.arrival, &slot});
    };
    ++selection_;
    std::uint64_t gas = 0;
    std::size_t bytes = 0;
    auto next = heads_.begin();
    while (chosen.size() < selection.count_max) {
        // heads_ is ordered by declared tip, an upper bound of the effective one: take heads in until none of the rest
        // can beat the best candidate. A declared tip that the max fee does not back wins nothing.
        while (next != heads_.end() && (candidates.empty() || next->tip >= candidates.top().tip))
            offer(*(next++)->slot);
        if (candidates.empty()) break;
        const auto& slot = *candidates.top().slot;
        candidates.pop();
        const auto& entry = slot.entry;
        // One that does not fit ends its sender's turn; smaller ones of others may still fit.
        if (entry.gas_limit > selection.gas_max - gas || entry.bytes > selection.bytes_max - bytes) continue;
        gas += entry.gas_limit;
        bytes += entry.bytes;
        chosen.push_back(entry);
        auto& queue = senders_.find(entry.sender)->second.queue;
        const auto at = queue.find(entry.nonce);
        at->second->selection = selection_;
        const auto following = std::next(at);
        if (following != queue.end() && following->first == entry.nonce + 1) offer(*following->second);
    }
    return chosen;
}

void Mempool::set_chain(std::uint64_t next_height, base::u128 base_fee, std::vector<PoolDrop>& dropped) {
    ++selection_;
    next_height_ = next_height;
    base_fee_ = base_fee;
    while (!expiries_.empty() && expiries_.begin()->first < next_height)
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
    erase(sender, entry.nonce);
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

/// Takes one out of its queue and all indexes. The caller refreshes the sender and forgets it when empty.
void Mempool::erase(Sender& sender, std::uint64_t nonce) {
    const auto at = sender.queue.find(nonce);
    const auto& slot = *at->second;
    if (sender.head == &slot) set_head(sender, nullptr);
    if (sender.tail == &slot) {
        tails_.erase(rank(slot));
        sender.tail = nullptr;
    }
    futures_.erase(rank(slot));
    expiries_.erase({slot.entry.valid_until_height, &slot});
    by_id_.erase(slot.entry.id);
    bytes_ -= weight(slot.entry);
    sender.cost -= slot.entry.max_cost;
    // Everything behind a hole waits as a future.
    if (nonce >= sender.account.nonce && nonce < sender.run_end) {
        for (auto behind = std::next(at); behind != sender.queue.end() && behind->first < sender.run_end; ++behind)
            futures_.insert(rank(*behind->second));
        sender.run_end = nonce;
    }
    sender.queue.erase(at);
}

/// Extends the executable run over what has become contiguous and puts head and tail into their indexes.
void Mempool::refresh(Sender& sender) {
    for (auto at = sender.queue.find(sender.run_end); at != sender.queue.end() && at->first == sender.run_end; ++at) {
        futures_.erase(rank(*at->second));
        ++sender.run_end;
    }
    const auto slot_at = [&](std::uint64_t nonce) -> const Slot* {
        const auto at = sender.queue.find(nonce);
        return at == sender.queue.end() ? nullptr : at->second.get();
    };
    const bool runs = sender.run_end > sender.account.nonce;
    const auto* head = runs ? slot_at(sender.account.nonce) : nullptr;
    const auto* tail = runs ? slot_at(sender.run_end - 1) : nullptr;
    if (head != sender.head) set_head(sender, head);
    if (tail != sender.tail) {
        if (sender.tail) tails_.erase(rank(*sender.tail));
        if (tail) tails_.insert(rank(*tail));
        sender.tail = tail;
    }
}

void Mempool::set_head(Sender& sender, const Slot* head) {
    if (const auto* old = sender.head) {
        heads_.erase(rank(*old));
        head_fees_.erase({old->entry.max_fee_per_gas, old});
    }
    if (head) {
        heads_.insert(rank(*head));
        head_fees_.emplace(head->entry.max_fee_per_gas, head);
    }
    sender.head = head;
}

void Mempool::forget_if_empty(Senders::iterator at) {
    if (at->second.queue.empty()) senders_.erase(at);
}

void Mempool::check_invariants() const {
    std::size_t count = 0, bytes = 0, futures = 0, heads = 0;
    for (const auto& [address, sender] : senders_) {
        GC_ASSERT(!sender.queue.empty() && sender.queue.size() <= limits_.per_sender_max);
        GC_ASSERT(sender.queue.begin()->first >= sender.account.nonce);
        base::u128 cost = 0;
        auto run = sender.account.nonce;
        for (const auto& [nonce, slot] : sender.queue) {
            GC_ASSERT(slot->entry.nonce == nonce && slot->entry.sender == address);
            cost += slot->entry.max_cost;
            bytes += weight(slot->entry);
            if (nonce == run) ++run;
            const bool future = nonce >= sender.run_end;
            GC_ASSERT(futures_.contains(rank(*slot)) == future);
            futures += future;
            ++count;
        }
        GC_ASSERT(run == sender.run_end && cost == sender.cost && cost <= sender.account.balance);
        GC_ASSERT((sender.head != nullptr) == (run > sender.account.nonce));
        GC_ASSERT(!sender.head || heads_.contains(rank(*sender.head)));
        GC_ASSERT(!sender.head || head_fees_.contains({sender.head->entry.max_fee_per_gas, sender.head}));
        GC_ASSERT(!sender.tail || tails_.contains(rank(*sender.tail)));
        heads += sender.head != nullptr;
    }
    GC_ASSERT(count == by_id_.size() && count == expiries_.size() && bytes == bytes_ && bytes <= limits_.bytes_max);
    GC_ASSERT(heads == heads_.size() && heads == head_fees_.size() && heads == tails_.size() &&
              futures == futures_.size());
}

}  // namespace ghostd

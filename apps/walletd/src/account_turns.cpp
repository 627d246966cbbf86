#include "account_turns.hpp"

#include <algorithm>

namespace walletd {

AccountTurns::AccountTurns(io::Reactor& reactor) : reactor_{reactor} {}

AccountTurns::Ticket AccountTurns::join(std::uint32_t account, std::move_only_function<void()> go) {
    auto& queue = (*queues_)[account];
    queue.push_back({.ticket = ++last_, .go = std::move(go)});
    if (queue.size() == 1) call_front(account);
    return last_;
}

void AccountTurns::leave(std::uint32_t account, Ticket ticket) {
    const auto found = queues_->find(account);
    if (found == queues_->end()) return;
    auto& queue = found->second;
    const auto place = std::ranges::find(queue, ticket, &Place::ticket);
    if (place == queue.end()) return;
    const bool was_front = place == queue.begin();
    // What `go` holds may end with it, and must then find this in order.
    const auto gone = std::move(*place);
    queue.erase(place);
    if (queue.empty()) {
        queues_->erase(found);
    } else if (was_front) {
        call_front(account);
    }
}

void AccountTurns::call_front(std::uint32_t account) {
    const auto ticket = queues_->at(account).front().ticket;
    reactor_.defer([queues = std::weak_ptr{queues_}, account, ticket] {
        const auto alive = queues.lock();
        if (!alive) return;
        const auto found = alive->find(account);
        if (found == alive->end() || found->second.front().ticket != ticket) return;
        if (auto go = std::exchange(found->second.front().go, nullptr)) go();
    });
}

}  // namespace walletd

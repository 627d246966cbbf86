#include "rpc/caller.hpp"

#include <algorithm>
#include <map>
#include <mutex>

#include "base/bytes.hpp"

namespace rpc {

struct CallerShares::State {
    explicit State(const Bounds& the_bounds) : bounds{the_bounds} {}

    using Key = std::pair<Caller::Class, std::string>;
    const Bounds bounds;
    mutable std::mutex mutex;
    std::map<Key, std::size_t> held;  ///< Callers that hold nothing have no entry.
    std::size_t all = 0;
    std::size_t strangers = 0;

    [[nodiscard]] bool grow(const Caller& caller, std::size_t amount) {
        const bool stranger = caller.kind == Caller::Class::stranger;
        const auto fits = [amount](std::size_t has, std::size_t max) { return has <= max && amount <= max - has; };
        const std::scoped_lock lock{mutex};
        if (!fits(all, bounds.max) || (stranger && !fits(strangers, bounds.strangers_max))) return false;
        const auto at = held.try_emplace({caller.kind, caller.origin}, 0).first;
        if (!fits(at->second, stranger ? bounds.stranger_each_max : bounds.listed_each_max)) {
            if (at->second == 0) held.erase(at);
            return false;
        }
        at->second += amount;
        all += amount;
        if (stranger) strangers += amount;
        return true;
    }
    void shrink(const Caller& caller, std::size_t amount) noexcept {
        const std::scoped_lock lock{mutex};
        const auto at = held.find({caller.kind, caller.origin});
        at->second -= amount;
        if (at->second == 0) held.erase(at);
        all -= amount;
        if (caller.kind == Caller::Class::stranger) strangers -= amount;
    }
};

Caller Caller::of(const Peer& peer) {
    return {.kind = Class::listed,
            .origin = peer.public_key ? base::to_hex(*peer.public_key) : peer.address.to_string()};
}

CallerShares::Bounds CallerShares::Bounds::of(std::size_t max, std::size_t part) noexcept {
    const auto share = [max](std::size_t parts) { return std::max<std::size_t>(max / parts, 1); };
    return {.max = max, .strangers_max = share(2), .listed_each_max = share(part), .stranger_each_max = share(8)};
}

CallerShares::CallerShares(const Bounds& bounds) : state_{std::make_shared<State>(bounds)} {}

CallerShares::Ticket CallerShares::take(const Caller& caller) const {
    auto ticket = of(caller);
    static_cast<void>(ticket.resize(1));
    return ticket;
}

std::size_t CallerShares::callers() const {
    const std::scoped_lock lock{state_->mutex};
    return state_->held.size();
}

bool CallerShares::Ticket::resize(std::size_t amount) {
    if (amount > held_) {
        if (!state_ || !state_->grow(caller_, amount - held_)) return false;
    } else if (amount < held_) {
        state_->shrink(caller_, held_ - amount);
    }
    held_ = amount;
    return true;
}

CallerShares::Ticket& CallerShares::Ticket::operator=(Ticket&& other) noexcept {
    if (this == &other) return *this;
    give_back();
    state_ = std::move(other.state_);
    caller_ = std::move(other.caller_);
    held_ = std::exchange(other.held_, 0);
    return *this;
}

void CallerShares::Ticket::give_back() noexcept {
    if (held_ > 0) state_->shrink(caller_, std::exchange(held_, 0));
}

}  // namespace rpc

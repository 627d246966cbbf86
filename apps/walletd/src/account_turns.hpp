#pragma once
// One send at a time for each account, from choosing a nonce until the node has answered: a send that fails leaves no
// hole for the next one to wait behind.

#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <memory>

#include "io/reactor.hpp"

namespace walletd {

/// Thread: the reactor's.
class AccountTurns {
 public:
    using Ticket = std::uint64_t;

    explicit AccountTurns(io::Reactor& reactor);

    /// Queues for `account`. `go` runs once, in a later turn of the reactor, when everybody before has left.
    Ticket join(std::uint32_t account, std::move_only_function<void()> go);
    /// Ends the turn, or gives up the place in the queue: `go` then never runs. Nothing when it left before.
    void leave(std::uint32_t account, Ticket ticket);

 private:
    struct Place {
        Ticket ticket;
        std::move_only_function<void()> go;  ///< Empty once it runs.
    };
    /// By account; never empty: whoever is in front has the turn.
    using Queues = std::map<std::uint32_t, std::deque<Place>>;
    void call_front(std::uint32_t account);

    io::Reactor& reactor_;
    std::shared_ptr<Queues> queues_ = std::make_shared<Queues>();  ///< What was deferred may outlive this.
    Ticket last_ = 0;
};

}  // namespace walletd

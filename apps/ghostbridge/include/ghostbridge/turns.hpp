#pragma once
// Turns of work on the bridge's thread for callers that prove no key. What such a caller makes the bridge do is done in
// a turn and paid for by his network, so that listed callers keep the rest of the thread. Nothing else waits unseen:
// who has no turn does not read, and TCP stops his sender.
//
//   Seat::want() ─▶ seats that wait, by network ─▶ the network that has used the least ─▶ Worker::work() ─▶ its cost
//
// A network that worked for c nanoseconds rests until c is its share of the time that passed; all networks together
// have a share likewise (GCRA, once for each). One reactor turn has kRoundNs of such work at most.

#include <cstdint>
#include <list>
#include <map>
#include <optional>
#include <utility>

#include "io/network.hpp"
#include "io/timer.hpp"

namespace ghostbridge {

/// Thread: the reactor's. Must outlive its seats.
class Turns {
 public:
    /// What one seat should do in one turn before it asks for another.
    static constexpr std::uint64_t kSliceNs = 100'000;
    /// What all do in one turn of the reactor, and the slice that passes it.
    static constexpr std::uint64_t kRoundNs = 300'000;
    /// What an idle network may use at once before its share counts: time, of which it gets its percentage.
    static constexpr std::uint64_t kCreditNs = 20'000'000;
    /// Networks remembered: those with seats, and those in debt. More share one account.
    static constexpr std::size_t kNetworksMax = 4096;

    struct Options {
        std::uint32_t percent = 50;              ///< Of the thread, for all seats together.
        std::uint32_t per_network_percent = 25;  ///< For those of one network (io::network_of).
    };

    class Worker {
     public:
        /// Works until about `slice_ns` is used and returns what that cost, by an estimate in nanoseconds of the
        /// thread; where the thread's own clock says more, that counts. Asks for another turn with Seat::want(). May
        /// destroy its seat.
        virtual std::uint64_t work(std::uint64_t slice_ns) = 0;

     protected:
        ~Worker() = default;
    };

 private:
    struct Network;

 public:
    /// A worker's membership.
    class Seat {
     public:
        Seat(Turns& turns, const io::SocketAddress& address, Worker& worker);
        ~Seat();
        Seat(const Seat&) = delete;
        Seat& operator=(const Seat&) = delete;

        /// The worker gets a turn, never from inside this call. Again before that changes nothing.
        void want();
        /// Lets its network pay for work that was done outside of a turn.
        void charge(std::uint64_t cost_ns);

     private:
        friend class Turns;
        Turns& turns_;
        Worker& worker_;
        Network& network_;
        std::optional<std::list<Seat*>::iterator> waits_;
    };

    Turns(io::Reactor& reactor, Options options);
    ~Turns();
    Turns(const Turns&) = delete;
    Turns& operator=(const Turns&) = delete;

    [[nodiscard]] std::size_t networks() const noexcept { return networks_.size(); }

 private:
    /// When it was last served enough, and a number that keeps the order of arrival.
    using Place = std::pair<std::uint64_t, std::uint64_t>;
    struct Account {
        std::uint64_t next_ns = 0;  ///< It may work from then on.
        void charge(std::uint64_t now_ns, std::uint64_t cost_ns, std::uint32_t percent) noexcept;
    };
    struct Network {
        Account account;
        std::list<Seat*> waiting;
        std::size_t seats = 0;
        std::optional<Place> place;  ///< In queue_, while somebody waits.
    };
    Network& network_of(const io::SocketAddress& address);
    void enqueue(Network& network);
    void forget_idle();
    void charge(Network& network, std::uint64_t cost_ns);
    void round();
    std::uint64_t take_turn(Network& network);

    io::Reactor& reactor_;
    Options options_;
    std::map<io::SocketAddress, Network, io::HostLess> networks_;
    Network crowd_;  ///< Who comes when there are kNetworksMax.
    std::map<Place, Network*> queue_;
    std::uint64_t next_number_ = 0;
    std::uint64_t forgot_ns_ = 0;
    Account all_;
    io::Deferred round_;
    io::Timer wake_;
};

}  // namespace ghostbridge

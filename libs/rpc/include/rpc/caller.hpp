#pragma once
// Whom a call counts for, and what callers may hold of something that a service shares out.
//
//   all together            max
//   strangers together      strangers_max: the rest is always there for listed callers
//   one listed caller       listed_each_max
//   one stranger's network  stranger_each_max

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <utility>

#include "rpc/stream.hpp"

namespace rpc {

/// Decides about shares and nothing else: behind a bridge it is the bridge's word.
struct Caller {
    enum class Class : std::uint8_t { listed, stranger };
    Class kind = Class::listed;
    std::string origin{};  ///< A key in hexadecimal; of strangers their network (io::network_of()).

    /// The peer itself: listed, by its key or else its address.
    static Caller of(const Peer& peer);
};

/// Any thread.
class CallerShares {
    struct State;

 public:
    struct Bounds {
        std::size_t max;
        std::size_t strangers_max;
        std::size_t listed_each_max;
        std::size_t stranger_each_max;

        /// Strangers have a half of `max` together and an eighth each, a listed caller its `part`th; none less than 1.
        static Bounds of(std::size_t max, std::size_t part) noexcept;
    };

    /// What one call holds; given back when it is destroyed. May outlive the shares. One thread at a time.
    class Ticket {
     public:
        Ticket() noexcept = default;
        ~Ticket() { give_back(); }
        Ticket(Ticket&& other) noexcept
            : state_{std::move(other.state_)},
              caller_{std::move(other.caller_)},
              held_{std::exchange(other.held_, 0)} {}
        Ticket& operator=(Ticket&& other) noexcept;

        /// Holds `amount` from now on. False, and nothing changed, when that would pass a bound; less always works.
        [[nodiscard]] bool resize(std::size_t amount);
        [[nodiscard]] std::size_t held() const noexcept { return held_; }
        [[nodiscard]] explicit operator bool() const noexcept { return held_ > 0; }

     private:
        friend class CallerShares;
        Ticket(std::shared_ptr<State> state, Caller caller) noexcept
            : state_{std::move(state)}, caller_{std::move(caller)} {}
        void give_back() noexcept;
        std::shared_ptr<State> state_;
        Caller caller_;
        std::size_t held_ = 0;
    };

    explicit CallerShares(const Bounds& bounds);

    /// Holds nothing yet.
    [[nodiscard]] Ticket of(const Caller& caller) const { return {state_, caller}; }
    /// Holds one; false when a bound is reached.
    [[nodiscard]] Ticket take(const Caller& caller) const;
    /// Callers that hold something.
    [[nodiscard]] std::size_t callers() const;

 private:
    std::shared_ptr<State> state_;
};

}  // namespace rpc

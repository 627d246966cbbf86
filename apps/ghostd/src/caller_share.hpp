#pragma once
// How much of a shared resource one caller may hold, so that nobody can take all of it.

#include <cstddef>
#include <map>
#include <memory>
#include <mutex>
#include <string>

#include "rpc/call.hpp"

namespace ghostd {

/// Whom a call counts for: the key that a GhostBridge vouches for, else the connection's own. Callers without a key
/// that come through one bridge count as one.
std::string caller_of(const rpc::CallContext& context);

/// Any thread.
class CallerShare {
    struct State {
        explicit State(std::size_t max) : each_max{max} {}
        const std::size_t each_max;
        std::mutex mutex;
        std::map<std::string, std::size_t> held;  ///< Callers that hold nothing have no entry.
    };

 public:
    /// A unit, given back when it is destroyed. May outlive the CallerShare.
    class Ticket {
     public:
        Ticket() noexcept = default;
        ~Ticket() { give_back(); }
        Ticket(Ticket&&) noexcept = default;
        Ticket& operator=(Ticket&& other) noexcept {
            give_back();
            state_ = std::move(other.state_);
            caller_ = std::move(other.caller_);
            return *this;
        }
        [[nodiscard]] explicit operator bool() const noexcept { return state_ != nullptr; }

     private:
        friend class CallerShare;
        Ticket(std::shared_ptr<State> state, std::string caller) noexcept
            : state_{std::move(state)}, caller_{std::move(caller)} {}
        void give_back() noexcept;
        std::shared_ptr<State> state_;
        std::string caller_;
    };

    explicit CallerShare(std::size_t each_max) : state_{std::make_shared<State>(each_max)} {}
    /// False when `caller` holds its share already.
    [[nodiscard]] Ticket take(const std::string& caller);

 private:
    std::shared_ptr<State> state_;
};

}  // namespace ghostd

#pragma once
// What a Channel and its calls share: the connection and who waits for it. Reactor's thread.
//
//   idle ─▶ connecting ─▶ ready ─▶ idle (connection lost)
//               └───────▶ transient_failure ─▶ (back-off) ─▶ connecting when somebody waits, else idle

#include <list>
#include <memory>
#include <optional>
#include <string>
#include <unordered_set>
#include <vector>

#include "base/random.hpp"
#include "io/timer.hpp"
#include "rpc/client.hpp"

namespace rpc {

struct Channel::State : std::enable_shared_from_this<Channel::State> {
    State(io::Reactor& the_reactor, std::unique_ptr<Connector> the_connector, ChannelOptions the_options);

    /// One connection with its events. A drained one stays until it closes, for the calls still on it.
    struct Link final : ConnectionEvents {
        explicit Link(State& the_state) noexcept : state{the_state} {}
        void on_ready() override { state.link_ready(*this); }
        void on_streams_available() override { state.flush(); }
        void on_draining() override { state.link_draining(*this); }
        void on_closed(const ConnectionError& error) override { state.link_closed(*this, error); }

        State& state;
        std::unique_ptr<ClientConnection> connection;
    };

    void start(const std::shared_ptr<ClientCall>& call);
    /// The call is over: forgets it.
    void forget(const std::shared_ptr<ClientCall>& call);
    void connect();
    void shut_down();

    void link_ready(Link& link);
    void link_draining(Link& link);
    void link_closed(Link& link, const ConnectionError& error);
    /// Gives waiting calls their streams.
    void flush();
    void fail_attempt(std::string text);
    void change(ChannelState next);
    void retry_now();
    [[nodiscard]] std::uint64_t next_backoff_ns();
    [[nodiscard]] Status unreachable() const;
    [[nodiscard]] std::unique_ptr<HttpStream> open();
    void drop(std::unique_ptr<Link> link);

    io::Reactor& reactor;
    std::unique_ptr<Connector> connector;
    ChannelOptions options;
    std::string authority;
    ChannelState state = ChannelState::idle;
    std::move_only_function<void(ChannelState)> on_change;

    std::unique_ptr<Link> link;
    std::vector<std::unique_ptr<Link>> retired;
    std::vector<std::unique_ptr<Link>> dropped;  ///< Closed; destroyed in the next deferred pass.
    std::uint64_t ready_since_ns = 0;
    std::list<std::shared_ptr<ClientCall>> waiting;
    std::unordered_set<std::shared_ptr<ClientCall>> calls;  ///< Not over, waiting ones included. unkeyed: our addresses
    std::vector<detail::StatusCallback> ready_waiters;

    io::Timer attempt_timer;
    io::Timer backoff_timer;
    std::uint64_t backoff_ns;
    std::string last_error = "not connected";
    bool dead = false;
};

}  // namespace rpc

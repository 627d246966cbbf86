#pragma once
// What a Server and its calls share. Reactor's thread.

#include <map>
#include <memory>
#include <optional>
#include <string>
#include <unordered_set>

#include "io/timer.hpp"
#include "mailbox.hpp"
#include "rpc/health.hpp"
#include "rpc/server.hpp"
#include "server_metrics.hpp"

namespace rpc {

struct Server::State {
    State(io::Reactor& the_reactor, ServerOptions the_options);

    struct Method {
        MethodEntry entry;
        std::optional<MethodMetrics> metrics;
    };
    [[nodiscard]] Method* find(std::string_view path) noexcept {
        const auto found = methods.find(path);
        return found == methods.end() ? nullptr : &found->second;
    }
    void forget(const ServerCallPtr& call);
    void check_drained();

    io::Reactor& reactor;
    ServerOptions options;
    CallerShares call_shares;
    CallerShares request_shares;  ///< Bytes.
    CallerShares answer_shares;   ///< Bytes.
    std::shared_ptr<Mailbox> mailbox;
    std::map<std::string, Method, std::less<>> methods;
    std::optional<MethodMetrics> unknown_method;  ///< All paths that no method serves, as one: peers choose them.
    base::Gauge* in_flight = nullptr;
    RawHandler raw;
    Authorizer authorizer;
    std::unique_ptr<Health> health;
    bool reflection = false;
    std::unordered_set<ServerCallPtr> calls;  // unkeyed: our addresses

    bool draining = false;
    io::Task drained;
    io::Timer drain_timer;
};

}  // namespace rpc

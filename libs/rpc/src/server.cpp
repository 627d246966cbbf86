#include "rpc/server.hpp"

#include <set>
#include <utility>

#include "reflection.hpp"
#include "rpc/health.hpp"
#include "server_call.hpp"
#include "server_state.hpp"

namespace rpc {

Server::State::State(io::Reactor& the_reactor, ServerOptions the_options)
    : reactor{the_reactor},
      options{the_options},
      call_shares{CallerShares::Bounds::of(the_options.calls_max, 2)},
      request_shares{CallerShares::Bounds::of(the_options.held_bytes_max, 2)},
      answer_shares{CallerShares::Bounds::of(the_options.answer_bytes_max, 2)},
      mailbox{Mailbox::make(the_reactor)},
      drain_timer{the_reactor, [this] {
                      const auto rest = calls;
                      for (const auto& call : rest)
                          call->abort({StatusCode::unavailable, "the server is shutting down"});
                  }} {
    if (!options.metrics) return;
    unknown_method.emplace(*options.metrics, "unknown");
    in_flight = &options.metrics->gauge("rpc_server_calls_in_flight", "Calls that have begun and not ended.");
}

void Server::State::forget(const ServerCallPtr& call) {
    if (calls.erase(call) > 0 && in_flight) in_flight->add(-1);
    check_drained();
}

void Server::State::check_drained() {
    if (!draining || !drained || !calls.empty()) return;
    drain_timer.cancel();
    reactor.defer(std::exchange(drained, {}));
}

Server::Server(std::unique_ptr<State> state) noexcept : state_{std::move(state)} {}

std::unique_ptr<Server> Server::make(io::Reactor& reactor, ServerOptions options) {
    return std::unique_ptr<Server>{new Server{std::make_unique<State>(reactor, options)}};
}

Server::~Server() {
    state_->draining = true;
    state_->drained = {};
    const auto rest = state_->calls;
    for (const auto& call : rest) call->abort({StatusCode::unavailable, "the server is shutting down"});
    state_->mailbox->close();
}

void Server::add_method(std::string_view path, MethodEntry entry) {
    GC_ASSERT(!service_of(path).empty());
    const auto [slot, added] = state_->methods.try_emplace(std::string{path});
    GC_ASSERT(added);
    slot->second.entry = std::move(entry);
    if (state_->options.metrics) slot->second.metrics.emplace(*state_->options.metrics, std::string{path});
}

void Server::set_raw_handler(RawHandler handler) { state_->raw = std::move(handler); }
void Server::set_authorizer(Authorizer authorizer) { state_->authorizer = std::move(authorizer); }

Health& Server::enable_health() {
    if (!state_->health) state_->health = std::make_unique<Health>(*this);
    return *state_->health;
}

void Server::enable_reflection() {
    if (!std::exchange(state_->reflection, true)) add_reflection(*this);
}

std::vector<std::string> Server::services() const {
    std::set<std::string> names;
    for (const auto& [path, method] : state_->methods) names.emplace(service_of(path));
    return {names.begin(), names.end()};
}

void Server::accept(std::unique_ptr<HttpStream> stream) {
    state_->mailbox->claim_thread();
    const auto call = std::make_shared<ServerCall>(*state_, std::move(stream));
    state_->calls.insert(call);
    if (state_->in_flight) state_->in_flight->add(1);
    call->start();
}

void Server::drain(std::uint64_t timeout_ns, io::Task done) {
    state_->draining = true;
    state_->drained = std::move(done);
    if (state_->health) state_->health->shut_down();
    state_->drain_timer.arm_after(timeout_ns);
    state_->check_drained();
}

std::size_t Server::calls_in_flight() const noexcept { return state_->calls.size(); }
io::Reactor& Server::reactor() const noexcept { return state_->reactor; }
base::MetricsRegistry* Server::metrics() const noexcept { return state_->options.metrics; }

}  // namespace rpc

#include <algorithm>
#include <unordered_map>

#include "endpoint.hpp"
#include "h3_session.hpp"

namespace zquic::h3 {

struct Server::State final : SessionOwner, std::enable_shared_from_this<Server::State> {
    State(Endpoint& at, Options wanted, RequestFactory make)
        : endpoint{at}, options{std::move(wanted)}, factory{std::move(make)} {}

    bool session_ready(Session& session) override {
        if (gone) return false;
        auto held = options.accept ? options.accept(*session.connection()) : Options::Held{};
        if (!held) return false;
        sessions.emplace(&session, std::move(*held));
        if (draining) session.begin_drain();
        return true;
    }
    std::shared_ptr<ExchangeHandler> session_request(Exchange& exchange, Fields fields, bool fin) override {
        if (gone) return nullptr;
        ++requests;
        return factory(exchange, std::move(fields), fin);
    }
    void session_refused_request() override { ++refused; }
    [[nodiscard]] Fields session_too_large_answer() const override { return options.too_large_answer; }
    void session_goaway() override {}
    void session_closed(Session& session, const CloseInfo&) override {
        sessions.erase(&session);
        finish_drain();
    }
    void finish_drain() {
        if (!draining || !sessions.empty() || gone || !drained) return;
        drain_timer.reset();
        // The callback may destroy the server.
        auto callback = std::move(drained);
        drained = nullptr;
        callback();
    }

    Endpoint& endpoint;
    Options options;
    RequestFactory factory;
    std::unordered_map<Session*, Options::Held> sessions;  // unkeyed: our addresses
    std::unique_ptr<io::Timer> drain_timer;
    std::move_only_function<void()> drained;
    std::uint64_t requests = 0;
    std::uint64_t refused = 0;
    bool draining = false;
    bool gone = false;
};

Server::Server(std::shared_ptr<State> state) noexcept : state_{std::move(state)} {}

base::Checked<std::unique_ptr<Server>> Server::make(Endpoint& endpoint, Options options, RequestFactory factory) {
    auto alpn = options.alpn;
    const auto streams = endpoint.impl().settings_->max_streams_bidi;
    auto state = std::make_shared<State>(endpoint, std::move(options), std::move(factory));
    GC_CHECK(endpoint.listen(alpn, [state, streams](Connection&) -> std::shared_ptr<ConnectionHandler> {
        if (state->gone) return nullptr;
        return std::make_shared<Session>(state, state->options.limits, true, streams);
    }));
    return std::unique_ptr<Server>{new Server{std::move(state)}};
}

Server::~Server() {
    state_->gone = true;
    state_->drain_timer.reset();
    state_->drained = nullptr;
    for (const auto& [session, held] : state_->sessions) session->close(Code::no_error);
    // What the factory captured may die before the last session does.
    state_->factory = nullptr;
    state_->options.accept = nullptr;
}

void Server::drain(std::uint64_t timeout_ms, std::move_only_function<void()> done) {
    auto& state = *state_;
    state.draining = true;
    state.drained = std::move(done);
    // From the reactor, also when nobody is connected.
    state.drain_timer = std::make_unique<io::Timer>(state.endpoint.reactor(), [&state] {
        for (const auto& [session, held] : state.sessions) session->close(Code::no_error);
        state.finish_drain();
    });
    state.drain_timer->arm_after(state.sessions.empty() ? 0 : timeout_ms * 1'000'000);
    for (const auto& [session, held] : state.sessions) session->begin_drain();
}

ServerStats Server::stats() const noexcept {
    ServerStats out{.connections = state_->sessions.size(),
                    .exchanges = 0,
                    .requests = state_->requests,
                    .requests_refused = state_->refused};
    for (const auto& [session, held] : state_->sessions) out.exchanges += session->exchange_count();
    return out;
}

}  // namespace zquic::h3

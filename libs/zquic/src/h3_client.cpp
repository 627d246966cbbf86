#include "h3_session.hpp"

namespace zquic::h3 {

struct Client::State final : SessionOwner {
    explicit State(ClientCallbacks wanted) : callbacks{std::move(wanted)} {}

    bool session_ready(Session&) override {
        if (gone) return false;
        if (callbacks.on_ready) callbacks.on_ready();
        return true;
    }
    std::shared_ptr<ExchangeHandler> session_request(Exchange&, Fields, bool) override { return nullptr; }
    void session_refused_request() override {}
    [[nodiscard]] Fields session_too_large_answer() const override { return {}; }
    void session_goaway() override {
        if (!gone && callbacks.on_goaway) callbacks.on_goaway();
    }
    void session_closed(Session&, const CloseInfo& info) override {
        session = nullptr;
        // The callback may destroy the client.
        if (const auto call = std::move(callbacks.on_closed); !gone && call) call(info);
    }

    ClientCallbacks callbacks;
    Session* session = nullptr;  ///< Lives with its connection; null afterwards.
    bool gone = false;
};

Client::Client(std::shared_ptr<State> state) noexcept : state_{std::move(state)} {}

base::Result<std::unique_ptr<Client>> Client::connect(Endpoint& endpoint, ConnectOptions options, Limits limits,
                                                      ClientCallbacks callbacks) {
    if (options.alpn.empty()) options.alpn.emplace_back(kAlpn);
    auto state = std::make_shared<State>(std::move(callbacks));
    auto session = std::make_shared<Session>(state, limits, false, 0);
    GC_TRY(auto* const connection, endpoint.connect(std::move(options), session));
    session->set_connection(*connection);
    state->session = session.get();
    return std::unique_ptr<Client>{new Client{std::move(state)}};
}

Client::~Client() {
    state_->gone = true;
    if (state_->session) state_->session->close(Code::no_error);
}

base::Result<Exchange*> Client::request(const Fields& fields, bool fin, std::shared_ptr<ExchangeHandler> handler) {
    if (!state_->session) return fail(Errc::closed, "client");
    return state_->session->start_request(fields, fin, std::move(handler));
}

void Client::finish() {
    if (state_->session) state_->session->close_when_idle();
}

void Client::close(Code code) {
    if (state_->session) state_->session->close(code);
}

bool Client::usable() const noexcept { return state_->session && state_->session->usable(); }
bool Client::ready() const noexcept { return state_->session && state_->session->ready(); }
std::size_t Client::exchanges() const noexcept { return state_->session ? state_->session->exchange_count() : 0; }
Connection* Client::connection() noexcept { return state_->session ? state_->session->connection() : nullptr; }

}  // namespace zquic::h3

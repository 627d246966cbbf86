#include <algorithm>
#include <utility>

#include "channel_state.hpp"
#include "client_call.hpp"

namespace rpc {
namespace {

/// Connections that drain and still carry calls; an older one is closed when there are more.
constexpr std::size_t kRetiredMax = 8;

}  // namespace

Channel::State::State(io::Reactor& the_reactor, std::unique_ptr<Connector> the_connector, ChannelOptions the_options)
    : reactor{the_reactor},
      connector{std::move(the_connector)},
      options{std::move(the_options)},
      authority{options.authority.empty() ? connector->endpoint() : options.authority},
      attempt_timer{reactor,
                    [this] {
                        const auto self = shared_from_this();
                        drop(std::exchange(link, nullptr));
                        fail_attempt("timeout");
                    }},
      backoff_timer{reactor, [this] { retry_now(); }},
      backoff_ns{options.backoff_initial_ns} {}

void Channel::State::start(const std::shared_ptr<ClientCall>& call) {
    calls.insert(call);
    call->arm_deadline();
    if (state == ChannelState::ready && waiting.empty()) {
        if (auto stream = open()) return call->bind(std::move(stream), authority);
    }
    if (state == ChannelState::transient_failure && !call->wait_for_ready()) return call->end_later(unreachable());
    if (waiting.size() >= options.waiting_calls_max) {
        return call->end_later({StatusCode::resource_exhausted, "too many calls wait for " + options.name});
    }
    waiting.push_back(call);
    if (state == ChannelState::idle) connect();
}

void Channel::State::forget(const std::shared_ptr<ClientCall>& call) {
    calls.erase(call);
    // Waiting ones are few or go in order, so the search is short.
    if (const auto found = std::ranges::find(waiting, call); found != waiting.end()) waiting.erase(found);
}

void Channel::State::connect() {
    if (link || dead) return;
    backoff_timer.cancel();
    link = std::make_unique<Link>(*this);
    // The turn's timestamp may be old: before the first turn, or when the caller computed for long.
    reactor.refresh_now();
    attempt_timer.arm_after(options.connect_timeout_ns);
    change(ChannelState::connecting);
    if (link) link->connection = connector->connect(*link);
}

std::unique_ptr<HttpStream> Channel::State::open() {
    return link && link->connection ? link->connection->open() : nullptr;
}

void Channel::State::link_ready(Link& ready) {
    if (&ready != link.get()) return;
    const auto self = shared_from_this();
    attempt_timer.cancel();
    backoff_ns = options.backoff_initial_ns;
    ready_since_ns = reactor.now_ns();
    change(ChannelState::ready);
    for (auto& waiter : std::exchange(ready_waiters, {})) waiter({});
    flush();
}

void Channel::State::flush() {
    const auto self = shared_from_this();
    while (state == ChannelState::ready && !waiting.empty()) {
        auto stream = open();
        if (!stream) return;
        const auto call = waiting.front();
        waiting.pop_front();
        if (call->waiting()) call->bind(std::move(stream), authority);
    }
}

void Channel::State::link_draining(Link& draining) {
    if (&draining != link.get()) return;
    const auto self = shared_from_this();
    if (retired.size() >= kRetiredMax) {
        drop(std::move(retired.front()));
        retired.erase(retired.begin());
    }
    attempt_timer.cancel();
    retired.push_back(std::exchange(link, nullptr));
    change(ChannelState::idle);
    if (!waiting.empty() || !ready_waiters.empty()) connect();
}

void Channel::State::link_closed(Link& closed, const ConnectionError& error) {
    const auto self = shared_from_this();
    if (&closed != link.get()) {
        const auto found = std::ranges::find(retired, &closed, &std::unique_ptr<Link>::get);
        if (found == retired.end()) return;
        drop(std::move(*found));
        retired.erase(found);
        return;
    }
    drop(std::exchange(link, nullptr));
    attempt_timer.cancel();
    // A connection that is lost as soon as it stands counts as a failed attempt, or reconnecting would spin.
    if (state == ChannelState::ready && reactor.now_ns() - ready_since_ns >= options.backoff_initial_ns) {
        last_error = error.text;
        change(ChannelState::idle);
        if (!waiting.empty()) connect();
        return;
    }
    fail_attempt(error.text);
}

void Channel::State::fail_attempt(std::string text) {
    const auto self = shared_from_this();
    last_error = std::move(text);
    backoff_timer.arm_after(next_backoff_ns());
    change(ChannelState::transient_failure);
    std::vector<std::shared_ptr<ClientCall>> failed;
    for (const auto& call : waiting) {
        if (!call->wait_for_ready()) failed.push_back(call);
    }
    for (const auto& call : failed) call->end(unreachable());
    for (auto& waiter : std::exchange(ready_waiters, {})) waiter(unreachable());
}

void Channel::State::retry_now() {
    const auto self = shared_from_this();
    if (waiting.empty()) return change(ChannelState::idle);
    connect();
}

std::uint64_t Channel::State::next_backoff_ns() {
    auto& random = options.random ? *options.random : base::system_random();
    const auto spread = std::max<std::uint64_t>(backoff_ns / 5 * 2, 1);
    const auto delay = backoff_ns - spread / 2 + random.below(spread);
    backoff_ns = std::min(options.backoff_max_ns, backoff_ns / 5 * 8);
    return delay;
}

Status Channel::State::unreachable() const {
    return {StatusCode::unavailable,
            "cannot reach " + options.name + " at " + connector->endpoint() + ": " + last_error};
}

void Channel::State::change(ChannelState next) {
    if (std::exchange(state, next) != next && on_change) on_change(next);
}

void Channel::State::drop(std::unique_ptr<Link> old) {
    if (!old) return;
    // The connection may be calling us right now; it goes when nothing of it is on the stack.
    if (old->connection) old->connection->close();
    dropped.push_back(std::move(old));
    reactor.defer([weak = weak_from_this()] {
        if (const auto self = weak.lock()) self->dropped.clear();
    });
}

void Channel::State::shut_down() {
    const auto self = shared_from_this();
    dead = true;
    on_change = {};
    attempt_timer.cancel();
    backoff_timer.cancel();
    const auto rest = calls;
    for (const auto& call : rest) call->end({StatusCode::cancelled, "the channel was closed"});
    for (auto& waiter : std::exchange(ready_waiters, {})) waiter({StatusCode::cancelled, "the channel was closed"});
    link.reset();
    retired.clear();
    dropped.clear();
}

Channel::Channel(std::shared_ptr<State> state) noexcept : state_{std::move(state)} {}
Channel::~Channel() { state_->shut_down(); }

std::unique_ptr<Channel> Channel::make(io::Reactor& reactor, std::unique_ptr<Connector> connector,
                                       ChannelOptions options) {
    return std::unique_ptr<Channel>{
        new Channel{std::make_shared<State>(reactor, std::move(connector), std::move(options))}};
}

CallHandle Channel::start_unary(std::string_view path, const google::protobuf::MessageLite& request,
                                CallOptions options, UnaryBytes callback) {
    auto call = std::make_shared<ClientCall>(state_, path, std::move(options));
    call->set_request(request);
    call->set_unary(std::move(callback));
    state_->start(call);
    return CallHandle{std::move(call)};
}

std::shared_ptr<ClientCall> Channel::start_stream(std::string_view path, const google::protobuf::MessageLite* request,
                                                  CallOptions options) {
    auto call = std::make_shared<ClientCall>(state_, path, std::move(options));
    if (request) call->set_request(*request);
    state_->start(call);
    return call;
}

std::unique_ptr<HttpStream> Channel::open_raw() {
    return state_->state == ChannelState::ready ? state_->open() : nullptr;
}

void Channel::when_ready(detail::StatusCallback callback) {
    const auto answer = [this](detail::StatusCallback waiter, Status status) {
        state_->reactor.defer([waiter = std::move(waiter), status = std::move(status)]() mutable { waiter(status); });
    };
    switch (state_->state) {
        case ChannelState::ready: return answer(std::move(callback), {});
        case ChannelState::transient_failure: return answer(std::move(callback), state_->unreachable());
        case ChannelState::idle:
        case ChannelState::connecting: break;
    }
    if (state_->ready_waiters.size() >= state_->options.waiting_calls_max) {
        return answer(std::move(callback),
                      {StatusCode::resource_exhausted, "too many wait for " + state_->options.name});
    }
    state_->ready_waiters.push_back(std::move(callback));
    state_->connect();
}

void Channel::connect() {
    if (state_->state == ChannelState::idle) state_->connect();
}
ChannelState Channel::state() const noexcept { return state_->state; }
void Channel::on_state_change(std::move_only_function<void(ChannelState)> callback) {
    state_->on_change = std::move(callback);
}
std::string Channel::endpoint() const { return state_->connector->endpoint(); }
io::Reactor& Channel::reactor() const noexcept { return state_->reactor; }

}  // namespace rpc

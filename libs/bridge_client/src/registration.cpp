#include "bridge_client/registration.hpp"

#include <algorithm>
#include <utility>

#include "base/random.hpp"
#include "ghost/bridge/v1/registry.pb.h"
#include "io/timer.hpp"

namespace bridge_client {
namespace {

namespace v1 = ghost::bridge::v1;
constexpr rpc::BidiMethod<v1::RegisterRequest, v1::Lease> kRegister{"/ghost.bridge.v1.Registry/Register"};

constexpr std::uint64_t kMillisecond = 1'000'000;
// A bridge that grants absurd leases must neither make us spin nor go silent.
constexpr std::uint64_t kRenewMin = 50 * kMillisecond;
constexpr std::uint64_t kRenewMax = 30'000 * kMillisecond;

v1::InstanceState to_wire(InstanceState state) {
    switch (state) {
        case InstanceState::healthy: return v1::INSTANCE_STATE_HEALTHY;
        case InstanceState::degraded: return v1::INSTANCE_STATE_DEGRADED;
        case InstanceState::draining: return v1::INSTANCE_STATE_DRAINING;
    }
    return v1::INSTANCE_STATE_UNSPECIFIED;
}

}  // namespace

struct Registration::State : std::enable_shared_from_this<State> {
    State(std::unique_ptr<rpc::Channel> owned, Options given, ChangeHandler handler)
        : channel{std::move(owned)},
          options{std::move(given)},
          on_change{std::move(handler)},
          retry_timer{channel->reactor(), [this] { open(); }},
          renew_timer{channel->reactor(), [this] { send(); }},
          answer_timer{channel->reactor(), [this] { lost("the bridge does not answer"); }} {}

    void open() {
        stream = channel->open(kRegister);
        send();
        stream.for_each(
            [weak = weak_from_this()](const v1::Lease& lease) {
                if (const auto self = weak.lock()) self->on_lease(lease);
            },
            [weak = weak_from_this()](const rpc::Status& status) {
                if (const auto self = weak.lock()) self->lost(status.to_string());
            });
    }

    void send() {
        v1::RegisterRequest request;
        for (const auto& service : options.services) request.add_services(service);
        request.set_endpoint(options.endpoint);
        request.set_state(to_wire(state));
        for (const auto& [key, value] : options.labels) (*request.mutable_labels())[key] = value;
        if (!answer_timer.armed()) answer_timer.arm_after(options.answer_max_ns);
        // A refused write is a stream that has ended (its end callback tells why) or one whose peer does not read (the
        // answer timer ends it).
        static_cast<void>(stream.write(request));
    }

    void on_lease(const v1::Lease& lease) {
        answer_timer.cancel();
        retry_ns = 0;
        instance_id = lease.instance_id();
        const auto ttl_ns = std::min<std::uint64_t>(lease.ttl_ms(), kRenewMax) * kMillisecond;
        renew_timer.arm_after(std::clamp(ttl_ns / 3, kRenewMin, kRenewMax));
        change(true, {});
    }

    void lost(const std::string& reason) {
        const auto keep = shared_from_this();  // the handler may destroy the registration
        stream = {};
        renew_timer.cancel();
        answer_timer.cancel();
        instance_id.clear();
        retry_ns = std::clamp(retry_ns * 2, options.retry_min_ns, options.retry_max_ns);
        // ±20 %, so that the daemons of one machine do not come back in step.
        retry_timer.arm_after(retry_ns * (80 + base::system_random().below(41)) / 100);
        change(false, reason);
    }

    void change(bool now, const std::string& reason) {
        if (now == registered && reason == last_reason) return;
        registered = now;
        last_reason = reason;
        // The handler may destroy the registration; it must not go itself while it runs.
        auto handler = std::exchange(on_change, {});
        if (handler) handler(now, reason);
        if (!ended) on_change = std::move(handler);
    }

    std::unique_ptr<rpc::Channel> channel;
    Options options;
    ChangeHandler on_change;
    InstanceState state = InstanceState::healthy;
    bool registered = false;
    bool ended = false;  ///< The registration is gone.
    std::string last_reason;
    std::string instance_id;
    std::uint64_t retry_ns = 0;
    rpc::ClientStream<v1::RegisterRequest, v1::Lease> stream;
    io::Timer retry_timer;
    io::Timer renew_timer;
    io::Timer answer_timer;
};

std::unique_ptr<Registration> Registration::start(std::unique_ptr<rpc::Channel> channel, Options options,
                                                  ChangeHandler on_change) {
    auto state = std::make_shared<State>(std::move(channel), std::move(options), std::move(on_change));
    state->open();
    return std::unique_ptr<Registration>{new Registration{std::move(state)}};
}

Registration::Registration(std::shared_ptr<State> state) noexcept : state_{std::move(state)} {}

Registration::~Registration() {
    state_->ended = true;
    state_->on_change = {};
    state_->retry_timer.cancel();
    state_->renew_timer.cancel();
    state_->answer_timer.cancel();
    state_->stream = {};
}

void Registration::set_state(InstanceState state) {
    if (state_->state == state) return;
    state_->state = state;
    if (state_->stream.active()) state_->send();
}
bool Registration::registered() const noexcept { return state_->registered; }
const std::string& Registration::instance_id() const noexcept { return state_->instance_id; }

}  // namespace bridge_client

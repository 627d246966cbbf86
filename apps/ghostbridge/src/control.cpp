#include "ghostbridge/control.hpp"

#include <algorithm>
#include <utility>

#include "base/log.hpp"
#include "descriptors.hpp"
#include "ghost/bridge/v1/registry.pb.h"
#include "grpc/health/v1/health.pb.h"

namespace ghostbridge {
namespace {

namespace pb = ghost::bridge::v1;
namespace health_pb = grpc::health::v1;
using rpc::StatusCode;

constexpr std::uint64_t kNsPerMs = 1'000'000;
const base::Log kLog{"ghostbridge"};

constexpr rpc::BidiMethod<pb::RegisterRequest, pb::Lease> kRegister{"/ghost.bridge.v1.Registry/Register"};
constexpr rpc::UnaryMethod<pb::ListServicesRequest, pb::ListServicesResponse> kListServices{
    "/ghost.bridge.v1.Registry/ListServices"};
constexpr rpc::ServerStreamMethod<pb::ListServicesRequest, pb::ListServicesResponse> kWatch{
    "/ghost.bridge.v1.Registry/Watch"};
constexpr rpc::UnaryMethod<health_pb::HealthCheckRequest, health_pb::HealthCheckResponse> kHealthCheck{
    "/grpc.health.v1.Health/Check"};

/// A renewal that names no state leaves HEALTHY.
std::optional<InstanceState> state_from(pb::InstanceState state) {
    switch (state) {
        case pb::INSTANCE_STATE_UNSPECIFIED:
        case pb::INSTANCE_STATE_HEALTHY: return InstanceState::healthy;
        case pb::INSTANCE_STATE_DEGRADED: return InstanceState::degraded;
        case pb::INSTANCE_STATE_DRAINING: return InstanceState::draining;
        default: return std::nullopt;  // proto3 enums are open
    }
}

/// What callers see: an instance that fails its health check counts as degraded.
pb::InstanceState shown_state(const Instance& instance, std::uint64_t now_ns) {
    const auto state = instance.registration.state;
    if (state == InstanceState::healthy && (!instance.probe_ok || instance.ejected_until_ns > now_ns))
        return pb::INSTANCE_STATE_DEGRADED;
    return static_cast<pb::InstanceState>(state);
}

pb::ListServicesResponse snapshot(const Registry& registry, std::string_view service, std::uint64_t now_ns) {
    pb::ListServicesResponse response;
    for (const auto* const instance : registry.list(service)) {
        auto& out = *response.add_instances();
        const auto& registration = instance->registration;
        out.set_instance_id(instance->id_text());
        for (const auto& name : registration.services) out.add_services(name);
        out.set_endpoint(registration.endpoint);
        out.set_state(shown_state(*instance, now_ns));
        out.set_public_key(std::string{base::as_text(registration.key)});
        out.set_lease_left_ms(instance->lease_until_ns > now_ns ? (instance->lease_until_ns - now_ns) / kNsPerMs : 0);
        out.set_calls(instance->calls);
        out.set_failures(instance->failures);
        for (const auto& [name, value] : registration.labels) (*out.mutable_labels())[name] = value;
    }
    return response;
}

rpc::Status status_of_registration(const base::Error& error) {
    const auto code = error.is(Errc::registry_full) ? StatusCode::resource_exhausted : StatusCode::invalid_argument;
    return {code, base::to_string(error)};
}

}  // namespace

/// One Register stream.
struct Control::Registrant {
    Registrant(Control& control_in, rpc::CallContext context_in, rpc::ServerReader<pb::RegisterRequest> reader_in,
               rpc::ServerStream<pb::Lease> stream_in)
        : control{control_in},
          context{std::move(context_in)},
          reader{std::move(reader_in)},
          stream{std::move(stream_in)},
          id{control.next_id_++} {}
    ~Registrant() { leave("the stream ended"); }

    void leave(const char* why) {
        if (instance == 0) return;
        kLog.info("instance gone", {{"peer", peer_name}, {"reason", why}});
        control.registry_.remove(std::exchange(instance, 0));
    }
    /// The first request registers, later ones renew. False ends the stream.
    bool take(const pb::RegisterRequest& request) {
        const auto state = state_from(request.state());
        if (!state) return end({StatusCode::invalid_argument, "unknown state"});
        if (instance != 0) {
            if (!control.registry_.renew(instance, *state)) {
                instance = 0;
                return end({StatusCode::not_found, "the lease has run out or was replaced: register again"});
            }
            return answer();
        }
        const auto peer = control.access_.may_register(context.peer().public_key);
        if (!peer) return end(peer.error());
        peer_name = (*peer)->name;
        Registration registration{.services = {},
                                  .endpoint = request.endpoint(),
                                  .key = (*peer)->key,
                                  .state = *state,
                                  .labels = {request.labels().begin(), request.labels().end()}};
        for (const auto& name : request.services()) {
            if (is_bridge_service(name)) continue;  // every server has health and reflection; ours are merged
            if (!service_allowed((*peer)->services, name))
                return end({StatusCode::permission_denied,
                            "peer \"" + peer_name + "\" may not register " + name.substr(0, kServiceNameMax)});
            if (registration.services.size() > kServicesPerInstanceMax) break;  // add() refuses it
            registration.services.push_back(name);
        }
        const auto added = control.registry_.add(std::move(registration));
        if (!added) return end(status_of_registration(added.error()));
        instance = *added;
        const auto* const entry = control.registry_.find(instance);
        kLog.info("instance registered", {{"peer", peer_name},
                                          {"endpoint", entry->registration.endpoint},
                                          {"services", entry->registration.services.size()},
                                          {"key", entry->registration.key}});
        control.descriptors_->fetch(*entry);  // connects, so that the first call need not wait for a handshake
        return answer();
    }
    bool answer() {
        pb::Lease lease;
        lease.set_instance_id(control.registry_.find(instance)->id_text());
        lease.set_ttl_ms(control.registry_.lease_ttl_ms());
        // A registrant that does not read its answers loses them, not its lease.
        static_cast<void>(stream.write(lease));
        return true;
    }
    bool end(rpc::Status status) {
        leave("refused");
        stream.finish(std::move(status));
        return false;
    }

    Control& control;
    rpc::CallContext context;
    rpc::ServerReader<pb::RegisterRequest> reader;
    rpc::ServerStream<pb::Lease> stream;
    std::uint64_t id;
    InstanceId instance = 0;
    std::string peer_name;
};

/// One Watch stream: at most one snapshot is on its way; changes meanwhile make one more.
struct Control::Watcher : std::enable_shared_from_this<Control::Watcher> {
    Watcher(Control& control_in, std::string service_in, rpc::ServerStream<pb::ListServicesResponse> stream_in)
        : control{control_in},
          service{std::move(service_in)},
          stream{std::move(stream_in)},
          id{control.next_id_++},
          push{control.server_.reactor(), [this] { send(); }} {}
    ~Watcher() { control.registry_.unwatch(watch); }

    void send() {
        if (stream.cancelled()) return;
        if (stream.write(snapshot(control.registry_, service, control.server_.reactor().now_ns()))) return;
        stream.when_ready([weak = weak_from_this()] {
            if (const auto self = weak.lock()) self->send();
        });
    }

    Control& control;
    std::string service;
    rpc::ServerStream<pb::ListServicesResponse> stream;
    std::uint64_t id;
    WatchId watch = 0;
    io::Deferred push;
};

Control::Control(rpc::Server& server, Registry& registry, Egress& egress, const Access& access, Turns& turns,
                 const Config& config)
    : server_{server},
      registry_{registry},
      egress_{egress},
      access_{access},
      config_{config},
      health_{server.enable_health()},
      descriptors_{std::make_unique<Descriptors>(registry, egress)},
      housekeeping_timer_{server.reactor(), [this] { housekeeping(); }},
      probe_timer_{server.reactor(), [this] { probe(); }} {
    add_registry();
    add_reflection(
        server,
        {.registry = registry, .egress = egress, .descriptors = *descriptors_, .access = access, .turns = turns});
    own_watch_ = registry_.watch([this] { on_changed(); }).value_or(0);
    housekeeping();
    probe_timer_.arm_after(config_.health_interval_ms * kNsPerMs);
}

Control::~Control() { registry_.unwatch(own_watch_); }

void Control::add_registry() {
    server_.add(kRegister, [this](rpc::CallContext& context, rpc::ServerReader<pb::RegisterRequest> reader,
                                  rpc::ServerStream<pb::Lease> stream) {
        if (stopping_) return stream.finish({StatusCode::unavailable, "the bridge is shutting down"});
        auto registrant = std::make_shared<Registrant>(*this, context, std::move(reader), std::move(stream));
        registrants_[registrant->id] = registrant;
        read_registrant(registrant);
    });
    server_.add(kListServices, [this](rpc::CallContext&, const pb::ListServicesRequest& request,
                                      rpc::Responder<pb::ListServicesResponse> done) {
        done.respond(snapshot(registry_, request.service(), server_.reactor().now_ns()));
    });
    server_.add(kWatch, [this](rpc::CallContext& context, const pb::ListServicesRequest& request,
                               rpc::ServerStream<pb::ListServicesResponse> stream) {
        if (stopping_) return stream.finish({StatusCode::unavailable, "the bridge is shutting down"});
        auto watcher = std::make_shared<Watcher>(*this, request.service(), std::move(stream));
        const auto watch = registry_.watch([raw = watcher.get()] { raw->push.schedule(); });
        if (!watch) return watcher->stream.finish({StatusCode::resource_exhausted, "too many watchers"});
        watcher->watch = *watch;
        watchers_[watcher->id] = watcher;
        watcher->send();
        context.on_cancel([this, id = watcher->id] { watchers_.erase(id); });
    });
}

/// The pending read owns the registrant: when the stream ends, so does the registration.
void Control::read_registrant(const std::shared_ptr<Registrant>& registrant) {
    registrant->reader.read([this, registrant](std::optional<pb::RegisterRequest> request) {
        if (request && !stopping_ && registrant->take(*request)) return read_registrant(registrant);
        registrant->leave("the stream ended");
        registrants_.erase(registrant->id);
        if (!registrant->stream.finished()) registrant->stream.finish();
    });
}

void Control::on_changed() {
    const auto available = registry_.available_services();
    for (const auto& name : registry_.services())
        if (reported_.size() < kRememberedServicesMax) reported_.try_emplace(name, false);
    for (auto& [name, serving] : reported_) {
        const bool now = std::ranges::binary_search(available, name);
        serving = now;
        health_.set(name, now ? rpc::Serving::serving : rpc::Serving::not_serving);
    }
}

void Control::housekeeping() {
    if (const auto gone = registry_.expire(); gone != 0) kLog.warn("leases ran out", {{"instances", gone}});
    descriptors_->retain();
    egress_.retain(registry_);
    std::erase_if(probes_, [](const auto& entry) { return !entry.second.active(); });
    housekeeping_timer_.arm_after(std::clamp<std::uint64_t>(config_.lease_ttl_ms / 8, 20, 1000) * kNsPerMs);
}

void Control::probe() {
    if (stopping_) return;
    for (const auto* const instance : registry_.list()) {
        const auto id = instance->id;
        // A probe that is asked again before its time is up would never fail.
        if (const auto at = probes_.find(id); at != probes_.end() && at->second.active()) continue;
        probes_[id] = egress_.channel(*instance).call(
            kHealthCheck, health_pb::HealthCheckRequest{}, {.timeout_ns = config_.health_timeout_ms * kNsPerMs},
            [this, id](rpc::StatusOr<health_pb::HealthCheckResponse> answer) {
                // A server without the health service is as healthy as its connection.
                const bool ok = answer ? answer->status() == health_pb::HealthCheckResponse::SERVING
                                       : answer.error().code == StatusCode::unimplemented;
                const auto* const entry = registry_.find(id);
                if (entry && entry->probe_ok != ok)
                    kLog.info(ok ? "instance passes its health check" : "instance fails its health check",
                              {{"endpoint", entry->registration.endpoint},
                               {"reason", answer ? "not serving" : answer.error().message}});
                registry_.set_probe(id, ok);
            });
    }
    probe_timer_.arm_after(config_.health_interval_ms * kNsPerMs);
}

void Control::shutdown() {
    stopping_ = true;
    probe_timer_.cancel();
    probes_.clear();
    descriptors_->stop();
    const rpc::Status status{StatusCode::unavailable, "the bridge is shutting down"};
    for (const auto& [id, weak] : std::exchange(registrants_, {}))
        if (const auto registrant = weak.lock()) registrant->stream.finish(status);
    for (const auto& [id, watcher] : std::exchange(watchers_, {})) watcher->stream.finish(status);
}

}  // namespace ghostbridge

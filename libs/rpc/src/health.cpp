#include "rpc/health.hpp"

#include <list>
#include <map>
#include <memory>
#include <optional>
#include <utility>

#include "grpc/health/v1/health.pb.h"
#include "rpc/server.hpp"

namespace rpc {
namespace {

namespace v1 = grpc::health::v1;
constexpr UnaryMethod<v1::HealthCheckRequest, v1::HealthCheckResponse> kCheck{"/grpc.health.v1.Health/Check"};
constexpr ServerStreamMethod<v1::HealthCheckRequest, v1::HealthCheckResponse> kWatch{"/grpc.health.v1.Health/Watch"};

using WireStatus = v1::HealthCheckResponse::ServingStatus;

WireStatus to_wire(Serving status) noexcept {
    switch (status) {
        case Serving::unknown: return v1::HealthCheckResponse::UNKNOWN;
        case Serving::serving: return v1::HealthCheckResponse::SERVING;
        case Serving::not_serving: return v1::HealthCheckResponse::NOT_SERVING;
    }
    return v1::HealthCheckResponse::UNKNOWN;
}

/// Keeps only the newest status for a watcher that does not read: intermediate ones may be skipped.
struct Watcher {
    Watcher(std::string the_service, ServerStream<v1::HealthCheckResponse> the_stream)
        : service{std::move(the_service)}, stream{std::move(the_stream)} {}

    std::string service;
    ServerStream<v1::HealthCheckResponse> stream;
    std::optional<WireStatus> sent;
};

}  // namespace

struct Health::State {
    std::map<std::string, Serving, std::less<>> services{{"", Serving::serving}};
    std::list<std::shared_ptr<Watcher>> watchers;
    bool down = false;

    [[nodiscard]] WireStatus watched(std::string_view service) const {
        const auto found = services.find(service);
        return found == services.end() ? v1::HealthCheckResponse::SERVICE_UNKNOWN : to_wire(found->second);
    }
    void update(const std::shared_ptr<Watcher>& watcher) {
        const auto status = watched(watcher->service);
        if (watcher->sent == status) return;
        v1::HealthCheckResponse response;
        response.set_status(status);
        if (watcher->stream.write(response)) {
            watcher->sent = status;
        } else if (!watcher->stream.cancelled()) {
            watcher->stream.when_ready([this, weak = std::weak_ptr{watcher}] {
                const auto alive = weak.lock();
                if (alive && !alive->stream.cancelled()) update(alive);
            });
        }
    }
    void update_all() {
        for (const auto& watcher : watchers) update(watcher);
    }
};

Health::Health(Server& server) : state_{std::make_unique<State>()} {
    server.add(kCheck, [state = state_.get()](CallContext&, const v1::HealthCheckRequest& request,
                                              Responder<v1::HealthCheckResponse> done) {
        const auto found = state->services.find(request.service());
        if (found == state->services.end()) return done.fail(StatusCode::not_found, "unknown service");
        v1::HealthCheckResponse response;
        response.set_status(to_wire(found->second));
        done.respond(response);
    });
    server.add(kWatch, [state = state_.get()](CallContext& context, const v1::HealthCheckRequest& request,
                                              ServerStream<v1::HealthCheckResponse> stream) {
        const auto watcher = std::make_shared<Watcher>(request.service(), std::move(stream));
        state->watchers.push_back(watcher);
        context.on_cancel([state, weak = std::weak_ptr{watcher}] { state->watchers.remove(weak.lock()); });
        state->update(watcher);
    });
}

Health::~Health() = default;

void Health::set(std::string service, Serving status) {
    if (state_->down) return;
    state_->services.insert_or_assign(std::move(service), status);
    state_->update_all();
}

std::size_t Health::watchers() const noexcept { return state_->watchers.size(); }

void Health::shut_down() {
    state_->down = true;
    for (auto& [service, status] : state_->services) status = Serving::not_serving;
    state_->update_all();
    // A watch has no end of its own; a draining server would wait for it.
    for (const auto& watcher : std::exchange(state_->watchers, {})) {
        watcher->stream.finish({StatusCode::unavailable, "the server is shutting down"});
    }
}

}  // namespace rpc

#include "ghostbridge/egress.hpp"

#include <utility>

namespace ghostbridge {

Egress::Egress(io::Reactor& reactor, ConnectorFactory connector, std::uint64_t connect_timeout_ns)
    : reactor_{reactor}, connector_{std::move(connector)}, connect_timeout_ns_{connect_timeout_ns} {}

Egress::~Egress() = default;

Egress::Link& Egress::link(const Instance& instance) {
    auto& link = links_[instance.id];
    if (!link.channel)
        link.channel = rpc::Channel::make(reactor_, connector_(instance),
                                          {.name = "the instance", .connect_timeout_ns = connect_timeout_ns_});
    return link;
}

rpc::Channel& Egress::channel(const Instance& instance) { return *link(instance).channel; }

void Egress::open(const Instance& instance, OnStream on_stream) {
    const auto& channel = link(instance).channel;
    if (auto stream = channel->open_raw()) return on_stream(std::move(stream));
    channel->when_ready(
        [weak = std::weak_ptr{channel}, on_stream = std::move(on_stream)](const rpc::Status& status) mutable {
            if (!status.ok()) return on_stream(std::unexpected{status});
            const auto alive = weak.lock();
            auto stream = alive ? alive->open_raw() : nullptr;
            if (!stream) return on_stream(rpc::error(rpc::StatusCode::unavailable, "the connection was lost at once"));
            on_stream(std::move(stream));
        });
}

void Egress::hold(const Instance& instance) { ++link(instance).calls; }

void Egress::release(InstanceId id) noexcept {
    if (const auto at = links_.find(id); at != links_.end() && at->second.calls > 0) --at->second.calls;
}

void Egress::retain(const Registry& registry) {
    std::erase_if(links_,
                  [&](const auto& entry) { return entry.second.calls == 0 && registry.find(entry.first) == nullptr; });
}

}  // namespace ghostbridge

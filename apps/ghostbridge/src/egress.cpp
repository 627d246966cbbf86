#include "ghostbridge/egress.hpp"

#include <algorithm>
#include <utility>

namespace ghostbridge {

Egress::Egress(io::Reactor& reactor, ConnectorFactory connector, Options options)
    : reactor_{reactor}, connector_{std::move(connector)}, options_{options} {}

Egress::~Egress() = default;

Egress::Link Egress::make_link(const Instance& instance) {
    return {.channel = rpc::Channel::make(reactor_, connector_(instance),
                                          {.name = "the instance", .connect_timeout_ns = options_.connect_timeout_ns})};
}

std::vector<Egress::Link>& Egress::links(const Instance& instance) {
    auto& links = links_[instance.id];
    if (links.empty()) links.push_back(make_link(instance));
    return links;
}

rpc::Channel& Egress::channel(const Instance& instance) { return *links(instance).front().channel; }

std::optional<Egress::Slot> Egress::hold(const Instance& instance) {
    auto& all = links(instance);
    auto at =
        std::ranges::find_if(all, [this](const Link& link) { return link.calls < options_.calls_per_connection_max; });
    if (at == all.end()) {
        if (all.size() >= options_.connections_per_instance_max) return std::nullopt;
        at = all.insert(all.end(), make_link(instance));
    }
    ++at->calls;
    return static_cast<Slot>(at - all.begin());
}

void Egress::release(InstanceId id, Slot slot) noexcept {
    if (const auto at = links_.find(id); at != links_.end()) --at->second[slot].calls;
}

void Egress::open(const Instance& instance, Slot slot, OnStream on_stream) {
    const auto& channel = links(instance)[slot].channel;
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

void Egress::retain(const Registry& registry) {
    for (auto at = links_.begin(); at != links_.end();) {
        auto& all = at->second;
        const std::size_t keep = registry.find(at->first) ? 1 : 0;
        // From the end only: the slots of calls under way must not move.
        while (all.size() > keep && all.back().calls == 0) all.pop_back();
        at = all.empty() ? links_.erase(at) : std::next(at);
    }
}

std::size_t Egress::connections() const noexcept {
    std::size_t count = 0;
    for (const auto& [id, links] : links_) count += links.size();
    return count;
}

}  // namespace ghostbridge

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

std::unique_ptr<rpc::HttpStream> Egress::open(const Instance& instance, Slot slot) {
    return links(instance)[slot].channel->open_raw();
}

struct Egress::Waiter {
    Waiter(std::shared_ptr<Waiters> all_in, OnStream on_stream_in)
        : all{std::move(all_in)}, on_stream{std::move(on_stream_in)} {
        place = all->list.insert(all->list.end(), this);
    }
    Waiter(const Waiter&) = delete;
    Waiter& operator=(const Waiter&) = delete;
    ~Waiter() {
        if (place) all->list.erase(*place);
    }
    std::shared_ptr<Waiters> all;
    OnStream on_stream;
    std::optional<std::list<Waiter*>::iterator> place;  ///< Until it is told.
};

Egress::Waiting Egress::wait(const Instance& instance, Slot slot, OnStream on_stream) {
    const auto& link = links(instance)[slot];
    auto waiter = std::make_shared<Waiter>(link.waiters, std::move(on_stream));
    ask(link.channel, link.waiters);
    return waiter;
}

void Egress::ask(const std::shared_ptr<rpc::Channel>& channel, const std::shared_ptr<Waiters>& waiters) {
    if (std::exchange(waiters->asked, true)) return;
    channel->when_ready([weak = std::weak_ptr{channel}, waiters](const rpc::Status& status) {
        const auto alive = weak.lock();
        waiters->asked = false;
        // The channel may answer from inside of wait(), its callers must not be called from there.
        if (alive) alive->reactor().defer([weak, waiters, status] { tell(weak.lock().get(), *waiters, status); });
    });
}

void Egress::tell(rpc::Channel* channel, Waiters& waiters, const rpc::Status& status) {
    // Those who come meanwhile, because this very connection failed, wait for the next answer.
    for (auto left = waiters.list.size(); left > 0 && !waiters.list.empty(); --left) {
        auto& waiter = *waiters.list.front();
        waiters.list.pop_front();
        waiter.place.reset();
        auto on_stream = std::move(waiter.on_stream);  // the waiter may die in the call
        auto stream = status.ok() && channel ? channel->open_raw() : nullptr;
        if (stream)
            on_stream(std::move(stream));
        else if (!status.ok())
            on_stream(std::unexpected{status});
        else
            on_stream(rpc::error(rpc::StatusCode::unavailable, "the connection was lost at once"));
    }
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

std::size_t Egress::waiting() const noexcept {
    std::size_t count = 0;
    for (const auto& [id, links] : links_)
        for (const auto& link : links) count += link.waiters->list.size();
    return count;
}

std::size_t Egress::connections() const noexcept {
    std::size_t count = 0;
    for (const auto& [id, links] : links_) count += links.size();
    return count;
}

}  // namespace ghostbridge

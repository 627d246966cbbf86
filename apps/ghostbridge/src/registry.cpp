#include "ghostbridge/registry.hpp"

#include <algorithm>
#include <array>
#include <cstring>

namespace ghostbridge {
namespace {

constexpr std::uint64_t kNsPerMs = 1'000'000;
constexpr std::uint32_t kEjectDoublingsMax = 3;  // 1, 2, 4, 8 times

base::Result<void> check_services(const std::vector<std::string>& services) {
    if (services.empty()) return base::fail(Errc::bad_services, "none");
    if (services.size() > kServicesPerInstanceMax) return base::fail(Errc::bad_services, "too many");
    for (const auto& name : services) {
        if (!valid_service_name(name)) return base::fail(Errc::bad_services, "malformed name");
        if (is_bridge_service(name)) return base::fail(Errc::bad_services, "served by the bridge itself");
    }
    return {};
}

base::Result<void> check_labels(const std::map<std::string, std::string>& labels) {
    if (labels.size() > kLabelsMax) return base::fail(Errc::too_large, "labels");
    for (const auto& [name, value] : labels)
        if (name.size() > kLabelBytesMax || value.size() > kLabelBytesMax) return base::fail(Errc::too_large, "label");
    return {};
}

}  // namespace

bool valid_service_name(std::string_view name) noexcept {
    if (name.empty() || name.size() > kServiceNameMax || name.front() == '.' || name.back() == '.') return false;
    if (name.find("..") != std::string_view::npos) return false;
    return std::ranges::all_of(name, [](char c) {
        return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' || c == '.';
    });
}

bool is_bridge_service(std::string_view name) noexcept {
    static constexpr std::array<std::string_view, 4> kOwn{"ghost.bridge.v1.Registry", "grpc.health.v1.Health",
                                                          "grpc.reflection.v1.ServerReflection",
                                                          "grpc.reflection.v1alpha.ServerReflection"};
    return std::ranges::find(kOwn, name) != kOwn.end();
}

std::string Instance::id_text() const {
    base::FixedBytes<8> raw;
    base::store_be(raw.data(), id);
    return base::to_hex(raw);
}

base::Result<InstanceId> Registry::add(Registration registration) {
    std::ranges::sort(registration.services);
    const auto repeated = std::ranges::unique(registration.services);
    registration.services.erase(repeated.begin(), repeated.end());
    GC_CHECK(check_services(registration.services));
    GC_CHECK(check_labels(registration.labels));
    const auto address = io::SocketAddress::parse(registration.endpoint);
    if (!address || address->port() == 0 || address->is_any()) return base::fail(Errc::bad_endpoint, "endpoint");

    const auto same = std::ranges::find_if(instances_, [&](const auto& entry) {
        return entry.second.registration.key == registration.key && entry.second.address == *address;
    });
    if (same != instances_.end()) {
        unindex(same->second);
        instances_.erase(same);
    }
    if (instances_.size() >= options_.instances_max) {
        changed();
        return base::fail(Errc::registry_full, "instances");
    }
    // Random, so that a restarted bridge does not hand out ids that an old lease holder still uses.
    InstanceId id = 0;
    while (id == 0 || instances_.contains(id)) id = random_.u64();
    auto& instance = instances_[id];
    instance.id = id;
    instance.registration = std::move(registration);
    instance.address = *address;
    instance.lease_until_ns = clock_.now_ns() + options_.lease_ttl_ms * kNsPerMs;
    index(instance);
    changed();
    return id;
}

base::Result<void> Registry::renew(InstanceId id, InstanceState state) {
    auto* const instance = find_mutable(id);
    if (!instance) return base::fail(Errc::unknown_instance, "renew");
    instance->lease_until_ns = clock_.now_ns() + options_.lease_ttl_ms * kNsPerMs;
    if (instance->registration.state == state) return {};
    instance->registration.state = state;
    changed();
    return {};
}

void Registry::remove(InstanceId id) {
    const auto at = instances_.find(id);
    if (at == instances_.end()) return;
    unindex(at->second);
    instances_.erase(at);
    changed();
}

std::size_t Registry::expire() {
    const auto now = clock_.now_ns();
    std::size_t gone = 0;
    for (auto at = instances_.begin(); at != instances_.end();) {
        if (at->second.lease_until_ns > now) {
            ++at;
            continue;
        }
        unindex(at->second);
        at = instances_.erase(at);
        ++gone;
    }
    if (gone != 0) changed();
    return gone;
}

bool Registry::is_first_choice(const Instance& instance) const noexcept {
    return instance.registration.state == InstanceState::healthy && instance.probe_ok &&
           instance.ejected_until_ns <= clock_.now_ns();
}

std::expected<InstanceId, NoInstance> Registry::pick(std::string_view service, std::span<const InstanceId> excluded,
                                                     const std::optional<base::Digest>& key) const {
    const auto at = by_service_.find(service);
    if (at == by_service_.end()) return std::unexpected{NoInstance::unknown_service};
    std::vector<const Instance*> first;
    std::vector<const Instance*> second;
    for (const auto id : at->second) {
        const auto& instance = instances_.at(id);
        if (instance.registration.state == InstanceState::draining) continue;
        if (instance.lease_until_ns <= clock_.now_ns()) continue;
        if (key && instance.registration.key != *key) continue;
        if (std::ranges::find(excluded, id) != excluded.end()) continue;
        (is_first_choice(instance) ? first : second).push_back(&instance);
    }
    const auto& candidates = first.empty() ? second : first;
    if (candidates.empty()) return std::unexpected{NoInstance::none_available};
    if (candidates.size() == 1) return candidates.front()->id;
    const auto a = random_.below(candidates.size());
    const auto other = random_.below(candidates.size() - 1);
    const auto b = other >= a ? other + 1 : other;
    return candidates[candidates[b]->outstanding < candidates[a]->outstanding ? b : a]->id;
}

void Registry::started(InstanceId id) {
    if (auto* const instance = find_mutable(id)) {
        ++instance->calls;
        ++instance->outstanding;
    }
}

void Registry::ended(InstanceId id, CallOutcome outcome) {
    auto* const instance = find_mutable(id);
    if (!instance) return;
    if (instance->outstanding > 0) --instance->outstanding;
    switch (outcome) {
        case CallOutcome::ok:
            instance->consecutive_failures = 0;
            instance->ejections = 0;
            return;
        case CallOutcome::abandoned: return;  // says nothing about the instance
        case CallOutcome::transport_failure: break;
    }
    ++instance->failures;
    if (++instance->consecutive_failures < options_.eject_after_failures) return;
    instance->consecutive_failures = 0;
    const auto factor = std::uint64_t{1} << std::min(instance->ejections, kEjectDoublingsMax);
    ++instance->ejections;
    instance->ejected_until_ns = clock_.now_ns() + options_.eject_ms * factor * kNsPerMs;
    changed();
}

void Registry::set_probe(InstanceId id, bool ok) {
    auto* const instance = find_mutable(id);
    if (!instance || instance->probe_ok == ok) return;
    instance->probe_ok = ok;
    changed();
}

const Instance* Registry::find(InstanceId id) const noexcept {
    const auto at = instances_.find(id);
    return at == instances_.end() ? nullptr : &at->second;
}

Instance* Registry::find_mutable(InstanceId id) noexcept {
    const auto at = instances_.find(id);
    return at == instances_.end() ? nullptr : &at->second;
}

std::vector<const Instance*> Registry::list(std::string_view service) const {
    std::vector<const Instance*> found;
    for (const auto& [id, instance] : instances_)
        if (service.empty() ||
            std::ranges::find(instance.registration.services, service) != instance.registration.services.end())
            found.push_back(&instance);
    return found;
}

std::vector<std::string> Registry::services() const {
    std::vector<std::string> names;
    for (const auto& [name, ids] : by_service_)
        if (!ids.empty()) names.push_back(name);
    return names;
}

std::vector<std::string> Registry::available_services() const {
    std::vector<std::string> names;
    for (const auto& [name, ids] : by_service_)
        if (pick(name)) names.push_back(name);
    return names;
}

base::Result<WatchId> Registry::watch(std::function<void()> callback) {
    if (watchers_.size() >= options_.watchers_max) return base::fail(Errc::registry_full, "watchers");
    watchers_.emplace(next_watch_, std::move(callback));
    return next_watch_++;
}

void Registry::unwatch(WatchId id) noexcept { watchers_.erase(id); }

void Registry::index(const Instance& instance) {
    for (const auto& name : instance.registration.services) by_service_[name].push_back(instance.id);
}

void Registry::unindex(const Instance& instance) {
    for (const auto& name : instance.registration.services) {
        const auto at = by_service_.find(name);
        std::erase(at->second, instance.id);
        if (at->second.empty() && by_service_.size() > kRememberedServicesMax) by_service_.erase(at);
    }
}

void Registry::changed() {
    // Ids first: a watcher may unwatch itself or another.
    std::vector<WatchId> ids;
    ids.reserve(watchers_.size());
    for (const auto& [id, callback] : watchers_) ids.push_back(id);
    for (const auto id : ids)
        if (const auto at = watchers_.find(id); at != watchers_.end()) {
            const auto callback = at->second;  // outlives its own removal
            callback();
        }
}

}  // namespace ghostbridge

#pragma once
// Who serves what: instances with leases, and the choice among them. Pure state; the clock and randomness are given, no
// I/O happens here. One thread.

#include <cstdint>
#include <expected>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/bytes.hpp"
#include "base/clock.hpp"
#include "base/random.hpp"
#include "ghostbridge/error.hpp"
#include "io/address.hpp"

namespace ghostbridge {

/// Numbers as in ghost.bridge.v1.InstanceState.
enum class InstanceState : std::uint8_t { healthy = 1, degraded = 2, draining = 3 };

using InstanceId = std::uint64_t;
using WatchId = std::uint64_t;

inline constexpr std::size_t kServicesPerInstanceMax = 64;
inline constexpr std::size_t kServiceNameMax = 200;
inline constexpr std::size_t kRememberedServicesMax = 10'000;
inline constexpr std::size_t kLabelsMax = 32;
inline constexpr std::size_t kLabelBytesMax = 256;

/// What an instance says of itself.
struct Registration {
    std::vector<std::string> services;
    std::string endpoint;  ///< Numeric: "[::1]:50051".
    base::Digest key{};    ///< The registrant's proved key; the endpoint must prove the same one.
    InstanceState state = InstanceState::healthy;
    std::map<std::string, std::string> labels;
};

struct Instance {
    InstanceId id = 0;
    Registration registration;
    io::SocketAddress address;
    std::uint64_t lease_until_ns = 0;
    bool probe_ok = true;  ///< The last active health check, if any.
    std::uint64_t calls = 0;
    std::uint64_t failures = 0;  ///< Transport failures; a gRPC status is not one.
    std::uint32_t outstanding = 0;
    std::uint32_t consecutive_failures = 0;
    std::uint32_t ejections = 0;
    std::uint64_t ejected_until_ns = 0;

    [[nodiscard]] std::string id_text() const;
};

/// How a call ended, as far as the instance is concerned.
enum class CallOutcome : std::uint8_t { ok, transport_failure, abandoned };

/// Why there is no instance.
enum class NoInstance : std::uint8_t {
    unknown_service,  ///< Nobody has ever registered it: UNIMPLEMENTED.
    none_available,   ///< Somebody did, but none takes calls now: UNAVAILABLE.
};

class Registry {
 public:
    struct Options {
        std::uint64_t lease_ttl_ms = 10'000;
        std::size_t instances_max = 1'000;
        std::size_t watchers_max = 256;
        std::uint32_t eject_after_failures = 5;
        std::uint64_t eject_ms = 5'000;
    };
    /// Both must outlive the registry.
    Registry(Options options, const base::Clock& clock, base::Random& random) noexcept
        : options_{options}, clock_{clock}, random_{random} {}

    /// Adds an instance with a fresh lease. One with the same key and endpoint is replaced: a service that restarted
    /// before its old lease ran out. `bad_services`, `bad_endpoint`, `registry_full`.
    base::Result<InstanceId> add(Registration registration);
    /// A fresh lease, and the state from now on. `unknown_instance`.
    base::Result<void> renew(InstanceId id, InstanceState state);
    void remove(InstanceId id);
    /// Removes what has outlived its lease; returns how many.
    std::size_t expire();

    /// The better of two random candidates by open calls (P2C), leaving out `excluded`. HEALTHY ones that pass their
    /// health check and are not ejected come first; then DEGRADED, failing and ejected ones; DRAINING never. With `key`
    /// only instances that proved this key.
    [[nodiscard]] std::expected<InstanceId, NoInstance> pick(
        std::string_view service, std::span<const InstanceId> excluded = {},
        const std::optional<base::Digest>& key = std::nullopt) const;

    /// A call went to the instance; ended() must follow once. Unknown ids are ignored: instances go while calls run.
    void started(InstanceId id);
    /// Consecutive transport failures eject the instance for a while (outlier ejection).
    void ended(InstanceId id, CallOutcome outcome);
    void set_probe(InstanceId id, bool ok);

    [[nodiscard]] const Instance* find(InstanceId id) const noexcept;
    /// Instances of `service`, all when it is empty, by id.
    [[nodiscard]] std::vector<const Instance*> list(std::string_view service = {}) const;
    /// Registered service names, sorted, once each.
    [[nodiscard]] std::vector<std::string> services() const;
    /// Those of which pick() would find an instance.
    [[nodiscard]] std::vector<std::string> available_services() const;
    [[nodiscard]] std::size_t size() const noexcept { return instances_.size(); }
    [[nodiscard]] std::uint64_t lease_ttl_ms() const noexcept { return options_.lease_ttl_ms; }

    /// Calls `changed` after every change (instances, states, health). It may read the registry, and unwatch itself,
    /// but must not change it. `registry_full`.
    base::Result<WatchId> watch(std::function<void()> changed);
    void unwatch(WatchId id) noexcept;

 private:
    [[nodiscard]] bool is_first_choice(const Instance& instance) const noexcept;
    Instance* find_mutable(InstanceId id) noexcept;
    void index(const Instance& instance);
    void unindex(const Instance& instance);
    void changed();

    Options options_;
    const base::Clock& clock_;
    base::Random& random_;
    std::map<InstanceId, Instance> instances_;
    /// A name stays when its last instance goes (up to kRememberedServicesMax): a service that restarts is
    /// unavailable, not unimplemented.
    std::map<std::string, std::vector<InstanceId>, std::less<>> by_service_;
    std::map<WatchId, std::function<void()>> watchers_;
    WatchId next_watch_ = 1;
};

/// "package.Service": letters, digits, '_' and '.', neither empty nor too long, no empty part.
bool valid_service_name(std::string_view name) noexcept;
/// Services that the bridge itself answers; nobody registers them.
bool is_bridge_service(std::string_view name) noexcept;

}  // namespace ghostbridge

#pragma once
// What the bridge itself answers: ghost.bridge.v1.Registry, grpc.health.v1 and merged reflection; and who may call
// what.

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string_view>
#include <vector>

#include "ghostbridge/config.hpp"
#include "ghostbridge/egress.hpp"
#include "ghostbridge/registry.hpp"
#include "ghostbridge/turns.hpp"
#include "io/timer.hpp"
#include "rpc/health.hpp"
#include "rpc/server.hpp"

namespace ghostbridge {

/// Who a caller is to this bridge. Immutable.
class Access {
 public:
    /// `own` is the bridge's key, which counts as an administrator: who holds it is the bridge.
    Access(const Config& config, const base::Digest& own);

    /// Whether the key is listed, with a role.
    [[nodiscard]] bool knows(const std::optional<base::Digest>& key) const noexcept;
    /// OK, UNAUTHENTICATED (a key that is not listed) or PERMISSION_DENIED (no key) for a method that is not public.
    [[nodiscard]] rpc::Status may_call(std::string_view path, const std::optional<base::Digest>& key) const;
    /// The peer, when it may register services; the status says why not.
    [[nodiscard]] rpc::StatusOr<const Peer*> may_register(const std::optional<base::Digest>& key) const;

 private:
    std::map<base::Digest, Peer> peers_;
    std::vector<std::string> public_methods_;
};

class Descriptors;  // src/descriptors.hpp

/// Adds the bridge's own services to `server`. Thread: the reactor's.
class Control {
 public:
    /// Everything must outlive it; the server's calls must have ended before it is destroyed.
    Control(rpc::Server& server, Registry& registry, Egress& egress, const Access& access, Turns& turns,
            const Config& config);
    ~Control();
    Control(const Control&) = delete;
    Control& operator=(const Control&) = delete;

    /// Ends Register and Watch streams with UNAVAILABLE and stops probing.
    void shutdown();

 private:
    struct Registrant;
    struct Watcher;

    void add_registry();
    void on_changed();
    void housekeeping();
    void probe();
    void read_registrant(const std::shared_ptr<Registrant>& registrant);

    rpc::Server& server_;
    Registry& registry_;
    Egress& egress_;
    const Access& access_;
    const Config& config_;
    rpc::Health& health_;
    std::unique_ptr<Descriptors> descriptors_;
    WatchId own_watch_ = 0;
    std::map<std::string, bool> reported_;  ///< Service → SERVING, as last told to health.
    std::map<InstanceId, rpc::CallHandle> probes_;
    std::map<std::uint64_t, std::weak_ptr<Registrant>> registrants_;
    std::map<std::uint64_t, std::shared_ptr<Watcher>> watchers_;
    std::uint64_t next_id_ = 1;
    io::Timer housekeeping_timer_;
    io::Timer probe_timer_;
    bool stopping_ = false;
};

/// What reflection stands on; everything outlives the server's calls.
struct ReflectionSources {
    const Registry& registry;
    Egress& egress;
    Descriptors& descriptors;
    const Access& access;
    Turns& turns;
};
/// grpc.reflection.v1 and v1alpha over all registered services: list_services is merged, look-ups are answered from
/// what instances said when they registered. What is not known there is asked of the instances for callers with a known
/// key; their look-up ends with their call. Strangers' look-ups never leave the bridge, and are answered one a turn.
void add_reflection(rpc::Server& server, ReflectionSources sources);
/// Names of the services that the bridge answers itself.
std::vector<std::string> own_services();

}  // namespace ghostbridge

#pragma once
// Connections to instances: pooled, made at the first call, again with back-off when lost; one an instance, and more
// only when it carries as many calls as it can.

#include <cstddef>
#include <functional>
#include <list>
#include <map>
#include <memory>
#include <optional>
#include <vector>

#include "ghostbridge/registry.hpp"
#include "rpc/client.hpp"

namespace ghostbridge {

/// Thread: the reactor's.
class Egress {
 public:
    /// How to reach an instance. Production: QUIC with this bridge's identity, pinned to the registrant's key.
    using ConnectorFactory = std::function<std::unique_ptr<rpc::Connector>(const Instance&)>;

    struct Options {
        std::uint64_t connect_timeout_ns = 3'000'000'000;
        /// Calls on one connection: below the streams that an instance allows (rpc::default_quic_settings), since what
        /// is beyond would wait unseen; a few are left to the bridge's own probes.
        std::size_t calls_per_connection_max = 1000;
        std::size_t connections_per_instance_max = 4;
    };
    Egress(io::Reactor& reactor, ConnectorFactory connector, Options options);
    ~Egress();
    Egress(const Egress&) = delete;
    Egress& operator=(const Egress&) = delete;

    /// One of an instance's connections.
    using Slot = std::size_t;
    /// A call uses the connection that hold() chose until release(). Nothing when all that the instance may have carry
    /// as many calls as they can.
    std::optional<Slot> hold(const Instance& instance);
    void release(InstanceId id, Slot slot) noexcept;
    /// A stream on a connection that stands and has room; else null: see wait().
    std::unique_ptr<rpc::HttpStream> open(const Instance& instance, Slot slot);
    /// Connects. Calls back once, in a later turn, with a stream or with UNAVAILABLE: then nothing was sent. Destroying
    /// what is returned gives up: nothing is opened and nobody called. At most calls_per_connection_max can wait for a
    /// connection, since each holds it.
    using OnStream = std::move_only_function<void(rpc::StatusOr<std::unique_ptr<rpc::HttpStream>>)>;
    using Waiting = std::shared_ptr<void>;
    [[nodiscard]] Waiting wait(const Instance& instance, Slot slot, OnStream on_stream);
    /// The first connection's channel, for the bridge's own calls (health, reflection).
    rpc::Channel& channel(const Instance& instance);
    /// Drops connections that no call uses: all of an instance that `registry` no longer has, else those beyond the
    /// first. Not from inside a callback of a stream or channel.
    void retain(const Registry& registry);
    [[nodiscard]] std::size_t connections() const noexcept;
    /// Calls that wait for a connection.
    [[nodiscard]] std::size_t waiting() const noexcept;

 private:
    io::Reactor& reactor_;
    ConnectorFactory connector_;
    Options options_;
    struct Waiter;
    /// Who waits for one connection. The channel is asked once for all of them.
    struct Waiters {
        std::list<Waiter*> list;
        bool asked = false;
    };
    struct Link {
        std::shared_ptr<rpc::Channel> channel;
        std::shared_ptr<Waiters> waiters = std::make_shared<Waiters>();
        std::size_t calls = 0;
    };
    static void ask(const std::shared_ptr<rpc::Channel>& channel, const std::shared_ptr<Waiters>& waiters);
    static void tell(rpc::Channel* channel, Waiters& waiters, const rpc::Status& status);
    Link make_link(const Instance& instance);
    /// With the first one at least.
    std::vector<Link>& links(const Instance& instance);
    std::map<InstanceId, std::vector<Link>> links_;
};

}  // namespace ghostbridge

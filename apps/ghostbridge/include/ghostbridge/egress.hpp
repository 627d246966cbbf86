#pragma once
// Connections to instances: pooled, made at the first call, again with back-off when lost; one an instance, and more
// only when it carries as many calls as it can.

#include <cstddef>
#include <functional>
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
    /// Calls back once, in this turn or later, with a stream or with UNAVAILABLE: then nothing was sent.
    using OnStream = std::move_only_function<void(rpc::StatusOr<std::unique_ptr<rpc::HttpStream>>)>;
    void open(const Instance& instance, Slot slot, OnStream on_stream);
    /// The first connection's channel, for the bridge's own calls (health, reflection).
    rpc::Channel& channel(const Instance& instance);
    /// Drops connections that no call uses: all of an instance that `registry` no longer has, else those beyond the
    /// first. Not from inside a callback of a stream or channel.
    void retain(const Registry& registry);
    [[nodiscard]] std::size_t connections() const noexcept;

 private:
    io::Reactor& reactor_;
    ConnectorFactory connector_;
    Options options_;
    struct Link {
        std::shared_ptr<rpc::Channel> channel;
        std::size_t calls = 0;
    };
    Link make_link(const Instance& instance);
    /// With the first one at least.
    std::vector<Link>& links(const Instance& instance);
    std::map<InstanceId, std::vector<Link>> links_;
};

}  // namespace ghostbridge

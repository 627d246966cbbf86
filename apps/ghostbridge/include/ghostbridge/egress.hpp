#pragma once
// Connections to instances: one pooled connection an instance, made at the first call, again with back-off when lost.

#include <cstddef>
#include <functional>
#include <map>
#include <memory>

#include "ghostbridge/registry.hpp"
#include "rpc/client.hpp"

namespace ghostbridge {

/// Thread: the reactor's.
class Egress {
 public:
    /// How to reach an instance. Production: QUIC with this bridge's identity, pinned to the registrant's key.
    using ConnectorFactory = std::function<std::unique_ptr<rpc::Connector>(const Instance&)>;

    Egress(io::Reactor& reactor, ConnectorFactory connector, std::uint64_t connect_timeout_ns);
    ~Egress();
    Egress(const Egress&) = delete;
    Egress& operator=(const Egress&) = delete;

    /// Calls back once, in this turn or later, with a stream or with UNAVAILABLE: then nothing was sent.
    using OnStream = std::move_only_function<void(rpc::StatusOr<std::unique_ptr<rpc::HttpStream>>)>;
    void open(const Instance& instance, OnStream on_stream);
    /// The channel itself, for the bridge's own calls (health, reflection).
    rpc::Channel& channel(const Instance& instance);
    /// A call uses the instance's connection from hold() to release(); both ignore unknown ids.
    void hold(const Instance& instance);
    void release(InstanceId id) noexcept;
    /// Drops the connections of instances that `registry` no longer has, once no call uses them. Not from inside a
    /// callback of a stream or channel.
    void retain(const Registry& registry);
    [[nodiscard]] std::size_t connections() const noexcept { return links_.size(); }

 private:
    io::Reactor& reactor_;
    ConnectorFactory connector_;
    std::uint64_t connect_timeout_ns_;
    struct Link {
        std::shared_ptr<rpc::Channel> channel;
        std::size_t calls = 0;
    };
    Link& link(const Instance& instance);
    std::map<InstanceId, Link> links_;
};

}  // namespace ghostbridge

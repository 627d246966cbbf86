#pragma once
// Makes a daemon's services known to GhostBridge and keeps them known: one Registry.Register stream, whose lease is
// renewed at a third of its life, opened again (with back-off) whenever it ends.
//
//   waiting ──stream opens, request sent──▶ registering ──lease──▶ registered ──renew──▶ registered …
//      ▲                                        │                      │
//      └────────── back-off ◀── stream ends, lease not answered in time┘
//
//   auto channel = rpc::Channel::make(reactor, rpc::make_quic_connector(reactor, {…}), {.name = "ghostbridge"});
//   registration_ = bridge_client::Registration::start(std::move(channel), {.services = …, .endpoint = "[::1]:50051"});

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "rpc/client.hpp"

namespace bridge_client {

enum class InstanceState : std::uint8_t { healthy, degraded, draining };

struct RegistrationOptions {
    std::vector<std::string> services;  ///< Full gRPC names: "ghost.chain.v1.BlockchainService".
    std::string endpoint;               ///< Where the bridge reaches them: "[::1]:50051".
    std::map<std::string, std::string> labels;
    std::uint64_t retry_min_ns = 100'000'000;     ///< First pause after a failure; doubles, ±20 %.
    std::uint64_t retry_max_ns = 5'000'000'000;   ///< Longest pause.
    std::uint64_t answer_max_ns = 5'000'000'000;  ///< A bridge that does not answer a request for so long is given up.
};

/// Thread: the channel's reactor's, destruction included. Destroying it ends the stream; the bridge then forgets the
/// instance at once. For a graceful end set `draining` first and leave the bridge some time.
class Registration {
 public:
    using Options = RegistrationOptions;
    /// Tells of every change: registered or not, and why not. On the reactor; may destroy the registration.
    using ChangeHandler = std::move_only_function<void(bool registered, const std::string& reason)>;

    static std::unique_ptr<Registration> start(std::unique_ptr<rpc::Channel> channel, Options options,
                                               ChangeHandler on_change = {});
    ~Registration();
    Registration(const Registration&) = delete;
    Registration& operator=(const Registration&) = delete;

    /// Told to the bridge at once.
    void set_state(InstanceState state);
    [[nodiscard]] bool registered() const noexcept;
    /// The bridge's name for this instance; empty while not registered.
    [[nodiscard]] const std::string& instance_id() const noexcept;

 private:
    struct State;
    explicit Registration(std::shared_ptr<State> state) noexcept;
    std::shared_ptr<State> state_;
};

}  // namespace bridge_client

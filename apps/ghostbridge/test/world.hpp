#pragma once
// A bridge, services and clients on loopback sockets with keys of their own, in temporary folders.

#include <gtest/gtest.h>
#include <stdlib.h>

#include <chrono>
#include <filesystem>
#include <memory>
#include <mutex>
#include <string>

#include "bridge_client/registration.hpp"
#include "echo_service.hpp"
#include "eventually.hpp"
#include "ghostbridge/bridge.hpp"
#include "io/thread.hpp"
#include "rpc/blocking.hpp"
#include "rpc/health.hpp"
#include "rpc/quic.hpp"
#include "rpc/server.hpp"

namespace ghostbridge::test {

inline rpc::CallOptions in(std::chrono::seconds timeout) {
    return {.timeout_ns = static_cast<std::uint64_t>(std::chrono::nanoseconds{timeout}.count())};
}
/// Long enough on a busy machine.
inline rpc::CallOptions soon() { return in(std::chrono::seconds{60}); }

class TempFolder {
 public:
    TempFolder() {
        std::string pattern = std::filesystem::temp_directory_path() / "ghostbridge-test-XXXXXX";
        path_ = ::mkdtemp(pattern.data());
    }
    ~TempFolder() { std::filesystem::remove_all(path_); }
    TempFolder(const TempFolder&) = delete;
    TempFolder& operator=(const TempFolder&) = delete;
    [[nodiscard]] const std::string& path() const { return path_; }

 private:
    std::string path_;
};

inline std::unique_ptr<rpc::BlockingClient> connect(std::uint16_t port, const base::Digest& server_key,
                                                    const zquic::Identity& identity) {
    return rpc::BlockingClient::make(
               [=](io::Reactor& reactor) {
                   return rpc::make_quic_connector(reactor, {.server = io::SocketAddress::loopback_v4(port),
                                                             .server_keys = {server_key},
                                                             .identity = identity});
               },
               {.name = "ghostbridge"})
        .value();
}

/// A connector with the endpoint that it uses.
class BoundConnector final : public rpc::Connector {
 public:
    BoundConnector(std::unique_ptr<zquic::Endpoint> endpoint, std::uint16_t port, const base::Digest& server_key,
                   const zquic::Identity& identity)
        : endpoint_{std::move(endpoint)},
          connector_{rpc::make_quic_connector(
              *endpoint_,
              {.server = io::SocketAddress::loopback_v4(port), .server_keys = {server_key}, .identity = identity})} {}
    std::unique_ptr<rpc::ClientConnection> connect(rpc::ConnectionEvents& events) override {
        return connector_->connect(events);
    }
    [[nodiscard]] std::string endpoint() const override { return connector_->endpoint(); }

 private:
    std::unique_ptr<zquic::Endpoint> endpoint_;
    std::unique_ptr<rpc::Connector> connector_;
};

/// A daemon with the echo service, registered at a bridge.
class Service {
 public:
    struct Options {
        std::uint16_t bridge_port;
        base::Digest bridge_key;
        zquic::Identity identity;                  ///< Shown when registering.
        std::optional<zquic::Identity> served_as;  ///< Shown when serving; the same one by default.
        std::vector<std::string> services{"test.v1.Echo"};
        std::uint16_t port = 0;
        zquic::Settings settings = rpc::default_quic_settings();
    };
    explicit Service(Options options) : options_{std::move(options)} {
        thread_ = io::ReactorThread::start("service").value();
        thread_->run_and_wait([this] {
            auto& reactor = thread_->reactor();
            server_ = rpc::Server::make(reactor, {.message_bytes_max = 64 << 20});
            add_echo(*server_, log);
            health_ = &server_->enable_health();
            server_->enable_reflection();
            auto listener = rpc::QuicListener::start(
                *server_, {.address = io::SocketAddress::loopback_v4(options_.port),
                           .identity = options_.served_as.value_or(options_.identity),
                           .accept_key = [key = options_.bridge_key](const auto& shown) { return shown == key; },
                           .settings = options_.settings});
            ASSERT_TRUE(listener) << listener.error().text;
            listener_ = std::move(*listener);
            port = listener_->bound_address().port();
            register_again();
        });
    }
    ~Service() { stop(); }

    /// On the reactor.
    void register_again() {
        auto connector = rpc::make_quic_connector(thread_->reactor(),
                                                  {.server = io::SocketAddress::loopback_v4(options_.bridge_port),
                                                   .server_keys = {options_.bridge_key},
                                                   .identity = options_.identity});
        registration_ = bridge_client::Registration::start(
            rpc::Channel::make(thread_->reactor(), std::move(connector), {.name = "ghostbridge"}),
            {.services = options_.services,
             .endpoint = "127.0.0.1:" + std::to_string(port),
             .labels = {{"version", "1"}},
             .retry_max_ns = 200'000'000},
            [this](bool, const std::string& reason) {
                const std::lock_guard lock{mutex_};
                reason_ = reason;
            });
    }
    void run(io::Task task) { thread_->run_and_wait(std::move(task)); }
    bridge_client::Registration& registration() { return *registration_; }
    rpc::Health& health() { return *health_; }
    bool registered() {
        bool now = false;
        run([&] { now = registration_ && registration_->registered(); });
        return now;
    }
    std::string reason() {
        const std::lock_guard lock{mutex_};
        return reason_;
    }
    void deregister() {
        run([&] { registration_.reset(); });
    }
    void stop() {
        if (!thread_) return;
        run([&] {
            registration_.reset();
            listener_.reset();
            server_.reset();
        });
        thread_.reset();
    }

    std::shared_ptr<EchoLog> log = std::make_shared<EchoLog>();
    std::uint16_t port = 0;

 private:
    Options options_;
    std::unique_ptr<io::ReactorThread> thread_;
    std::unique_ptr<rpc::Server> server_;
    rpc::Health* health_ = nullptr;
    std::unique_ptr<rpc::QuicListener> listener_;
    std::unique_ptr<bridge_client::Registration> registration_;
    std::mutex mutex_;
    std::string reason_;
};

/// The fixture: one bridge that knows a service's, a client's and nobody else's key.
class World : public ::testing::Test {
 protected:
    void SetUp() override { start_bridge(); }
    void TearDown() override { bridge_.reset(); }

    virtual void configure(Config&) {}
    void start_bridge() {
        const auto made = init_identity(home_.path());
        ASSERT_TRUE(made) << made.error().text;
        Config config;
        config.home = home_.path();
        config.listen_quic = config.listen_tcp = config.listen_metrics = "127.0.0.1:0";
        config.peers = {
            {.name = "service",
             .key = *service_id_.public_key(),
             .roles = role_bits(Role::service),
             .services = {"test.v1.*", "ghost.wallet.v1.*"}},
            {.name = "other",
             .key = *other_id_.public_key(),
             .roles = role_bits(Role::service),
             .services = {"test.v1.Second"}},
            {.name = "client", .key = *client_id_.public_key(), .roles = role_bits(Role::client), .services = {}}};
        config.public_methods.push_back("test.v1.Echo");
        config.quic.public_connections_max = 2;
        // On a busy machine nothing may end before its time: tests of these limits set their own.
        config.lease_ttl_ms = 120'000;
        config.health_interval_ms = 100;
        config.health_timeout_ms = config.connect_timeout_ms = config.drain_timeout_ms = 60'000;
        configure(config);
        auto started = Bridge::start(std::move(config));
        ASSERT_TRUE(started) << started.error().text;
        bridge_ = std::move(*started);
    }
    Service::Options service_options() {
        return {.bridge_port = bridge_->quic_port(),
                .bridge_key = bridge_->public_key(),
                .identity = service_id_,
                .served_as = {}};
    }
    std::unique_ptr<Service> start_service() { return std::make_unique<Service>(service_options()); }
    std::unique_ptr<rpc::BlockingClient> connect_as(const zquic::Identity& identity) {
        return connect(bridge_->quic_port(), bridge_->public_key(), identity);
    }
    /// With a socket bound to config.address.
    std::unique_ptr<rpc::BlockingClient> connect_from(const zquic::EndpointConfig& config,
                                                      const zquic::Identity& identity) {
        return rpc::BlockingClient::make(
                   [&](io::Reactor& reactor) {
                       auto endpoint = zquic::Endpoint::make(reactor, config).value();
                       return std::make_unique<BoundConnector>(std::move(endpoint), bridge_->quic_port(),
                                                               bridge_->public_key(), identity);
                   },
                   {.name = "ghostbridge"})
            .value();
    }
    bool wait_for_service(const std::string& name) {
        return eventually([&] {
            const auto names = bridge_->available_services();
            return std::ranges::find(names, name) != names.end();
        });
    }
    bool wait_for_services(std::size_t count) {
        return eventually([&] { return bridge_->available_services().size() == count; });
    }

    TempFolder home_;
    zquic::Identity service_id_ = zquic::Identity::generate().value();
    zquic::Identity other_id_ = zquic::Identity::generate().value();
    zquic::Identity client_id_ = zquic::Identity::generate().value();
    zquic::Identity stranger_id_ = zquic::Identity::generate().value();
    std::unique_ptr<Bridge> bridge_;
};

}  // namespace ghostbridge::test

// Who may call a whole bridge, and how much of it: keys that are listed, keys that are not, and callers without one.

#include "grpc_client.hpp"
#include "world.hpp"

namespace {

using namespace ghostbridge;
using namespace ghostbridge::test;
using namespace std::chrono_literals;

constexpr rpc::UnaryMethod<EchoMessage, EchoMessage> kWallet{"/ghost.wallet.v1.WalletService/GetStatus"};

using AccessTest = World;

TEST_F(AccessTest, RefusesCallersByTheirKey) {
    auto options = service_options();
    options.services = {"test.v1.Echo", "test.v1.Second", "ghost.wallet.v1.WalletService"};
    Service service{options};
    ASSERT_TRUE(wait_for_service("test.v1.Second"));
    const auto stranger = connect_as(stranger_id_);
    EXPECT_TRUE(stranger->call(kSay, text("x"), soon())) << "test.v1.Echo is public here";
    auto refused = stranger->call(kSecond, text("x"), soon());
    ASSERT_FALSE(refused);
    EXPECT_EQ(refused.error().code, rpc::StatusCode::unauthenticated);
    EXPECT_NE(refused.error().message.find(base::to_hex(*stranger_id_.public_key())), std::string::npos);

    GrpcClient tcp{bridge_->tcp_port()};
    for (const auto* path : {"/test.v1.Second/Say", "/ghost.wallet.v1.WalletService/GetStatus",
                             "/ghost.bridge.v1.Registry/ListServices", "/ghost.bridge.v1.Registry/Register"})
        EXPECT_EQ(tcp.unary(path, message("x")).status.error_code(), grpc::StatusCode::PERMISSION_DENIED) << path;

    const auto client = connect_as(client_id_);
    EXPECT_TRUE(client->call(kSecond, text("x"), soon()));
    EXPECT_EQ(client->call(kWallet, text("x"), soon()).error().code, rpc::StatusCode::unimplemented)
        << "it reaches the service, which has no such method";
}

class StrictBridgeTest : public World {
    void configure(Config& config) override { config.quic.public_connections_max = 0; }
};

TEST_F(StrictBridgeTest, RefusesAKeyThatIsNotListedInTheHandshake) {
    const auto service = start_service();
    ASSERT_TRUE(wait_for_service("test.v1.Echo"));
    const auto answer = connect_as(stranger_id_)->call(kSay, text("x"), soon());
    ASSERT_FALSE(answer);
    EXPECT_EQ(answer.error().code, rpc::StatusCode::unavailable);
    EXPECT_NE(answer.error().message.find("refuses our key"), std::string::npos) << answer.error().message;
    EXPECT_TRUE(eventually([&] {
        return bridge_->metrics_text().find("\nzquic_handshakes_total{result=\"failed\"} 0\n") == std::string::npos;
    })) << "it has no connection, not even for a moment";
    EXPECT_TRUE(connect_as(client_id_)->call(kSay, text("x"), soon()));
}

TEST_F(AccessTest, TakesFewConnectionsOfKeysThatAreNotListed) {
    const auto service = start_service();
    ASSERT_TRUE(wait_for_service("test.v1.Echo"));
    auto first = connect_as(stranger_id_);
    const auto second = connect_as(zquic::Identity::generate().value());
    ASSERT_TRUE(first->call(kSay, text("x"), soon()));
    ASSERT_TRUE(second->call(kSay, text("x"), soon()));
    EXPECT_FALSE(connect_as(zquic::Identity::generate().value())->call(kSay, text("x"), in(2s)));
    EXPECT_TRUE(connect_as(client_id_)->call(kSay, text("x"), soon())) << "listed keys are not concerned";
    first.reset();
    EXPECT_TRUE(eventually([&] {
        return connect_as(zquic::Identity::generate().value())->call(kSay, text("x"), in(2s)).has_value();
    })) << "one that goes makes room";
}

/// Open health watches, each on a connection of its own.
class Watches {
 public:
    explicit Watches(std::uint16_t port) : port_{port} {}
    ~Watches() {
        for (auto& one : open_) {
            one->context.TryCancel();
            static_cast<void>(one->stream->finish());
        }
    }
    /// The status of one that was refused; OK when it is open.
    grpc::Status add() {
        auto one = std::make_unique<OpenCall>(port_);
        one->stream = std::make_unique<GrpcClient::Stream>(one->client, one->context, "/grpc.health.v1.Health/Watch");
        // Both fail when the refusal is there already.
        static_cast<void>(one->stream->write(Message{}));
        static_cast<void>(one->stream->half_close());
        if (!one->stream->read()) return one->stream->finish();
        open_.push_back(std::move(one));
        return grpc::Status::OK;
    }
    /// How the newest one ends.
    grpc::Status finish() {
        while (open_.back()->stream->read()) {
        }
        auto status = open_.back()->stream->finish();
        open_.pop_back();
        return status;
    }

 private:
    std::uint16_t port_;
    std::vector<std::unique_ptr<OpenCall>> open_;
};

/// Whose strangers may call little at a time, and one of them less.
class PublicBridgeTest : public World {
    void configure(Config& config) override {
        config.public_calls_max = 4;
        config.public_calls_per_address_max = 3;
    }
};

TEST_F(PublicBridgeTest, SharesThePublicCallsAmongAddresses) {
    const auto service = start_service();
    ASSERT_TRUE(wait_for_service("test.v1.Echo"));
    {
        // The bridge's own services and relayed calls count alike.
        Watches watches{bridge_->tcp_port()};
        for (int i = 0; i < 3; ++i) ASSERT_TRUE(watches.add().ok()) << i;
        const auto refused = watches.add();
        EXPECT_EQ(refused.error_code(), grpc::StatusCode::RESOURCE_EXHAUSTED);
        EXPECT_NE(refused.error_message().find("this address"), std::string::npos) << refused.error_message();
        GrpcClient tcp{bridge_->tcp_port()};
        EXPECT_EQ(tcp.unary("/test.v1.Echo/Say", message("x")).status.error_code(),
                  grpc::StatusCode::RESOURCE_EXHAUSTED);

        zquic::EndpointConfig elsewhere{.address = io::SocketAddress::parse("127.0.0.2:0").value()};
        const auto neighbour = connect_from(elsewhere, stranger_id_);
        EXPECT_TRUE(neighbour->call(kSay, text("x"), soon())) << "another address has its own share";
        EXPECT_TRUE(connect_as(client_id_)->call(kSay, text("x"), soon())) << "a known key needs none";
    }
    GrpcClient tcp{bridge_->tcp_port()};
    EXPECT_TRUE(eventually([&] { return tcp.unary("/test.v1.Echo/Say", message("x")).status.ok(); }))
        << "what has ended counts no longer";
}

/// Whose strangers are served briefly.
class BriefBridgeTest : public World {
    void configure(Config& config) override { config.public_call_timeout_ms = 1'000; }
};

TEST_F(BriefBridgeTest, EndsTheWatchesOfCallersWithoutAKnownKey) {
    Watches watches{bridge_->tcp_port()};
    // On a busy machine the time may be over before the request is complete.
    ASSERT_TRUE(eventually([&] { return watches.add().ok(); }));
    EXPECT_EQ(watches.finish().error_code(), grpc::StatusCode::DEADLINE_EXCEEDED);
}

/// Which would wait for calls longer than any test may take.
class PatientBridgeTest : public World {
    void configure(Config& config) override { config.drain_timeout_ms = 3'600'000; }
};

TEST_F(PatientBridgeTest, DoesNotWaitForHealthWatchesWhenItStops) {
    Watches watches{bridge_->tcp_port()};
    ASSERT_TRUE(watches.add().ok());
    bridge_->stop();
    EXPECT_EQ(watches.finish().error_code(), grpc::StatusCode::UNAVAILABLE);
}

}  // namespace

// The TCP ingress against peers that are broken, slow or hostile: they lose their connection, everybody else keeps
// theirs.

#include <random>

#include "grpc_client.hpp"
#include "io/stream_socket.hpp"
#include "world.hpp"

namespace {

using namespace ghostbridge;
using namespace ghostbridge::test;

constexpr std::string_view kPreface = "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";

/// A raw TCP connection that remembers what came and whether it was closed.
class RawPeer {
 public:
    explicit RawPeer(std::uint16_t port) {
        thread_ = io::ReactorThread::start("raw-peer").value();
        thread_->run_and_wait([&] {
            socket_ =
                io::StreamSocket::connect_tcp(thread_->reactor(), io::SocketAddress::loopback_v4(port), {}).value();
            EXPECT_TRUE(socket_->start({.on_connected = {},
                                        .on_data =
                                            [this](base::ByteView bytes) {
                                                const std::lock_guard lock{mutex_};
                                                received_ += base::as_text(bytes);
                                            },
                                        .on_end = [this] { closed_ = true; },
                                        .on_drained = {},
                                        .on_closed = [this](base::Error) { closed_ = true; }}));
        });
    }
    ~RawPeer() {
        thread_->run_and_wait([&] { socket_.reset(); });
    }
    void send(base::ByteView bytes) {
        thread_->run_and_wait([&] { static_cast<void>(socket_->write(bytes)); });
    }
    [[nodiscard]] bool closed() const { return closed_; }

 private:
    std::unique_ptr<io::ReactorThread> thread_;
    std::unique_ptr<io::StreamSocket> socket_;
    std::mutex mutex_;
    std::string received_;
    std::atomic<bool> closed_{false};
};

class TcpTest : public World {
 protected:
    void configure(Config& config) override {
        config.tcp.handshake_timeout_ms = 200;
        config.tcp.idle_timeout_ms = 400;
        config.tcp.connections_max = 8;
    }
    void SetUp() override {
        World::SetUp();
        service_ = start_service();
        ASSERT_TRUE(wait_for_service("test.v1.Echo"));
    }
    void TearDown() override {
        service_.reset();
        World::TearDown();
    }
    void expect_served() {
        GrpcClient client{bridge_->tcp_port()};
        EXPECT_EQ(client.unary("/test.v1.Echo/Say", message("still here")).response.raw(), "still here");
    }
    std::unique_ptr<Service> service_;
};

TEST_F(TcpTest, ClosesOnABadPreface) {
    RawPeer peer{bridge_->tcp_port()};
    peer.send(base::as_bytes("GET / HTTP/1.1\r\nHost: x\r\n\r\n"));
    EXPECT_TRUE(eventually([&] { return peer.closed(); }));
    expect_served();
}

TEST_F(TcpTest, SurvivesGarbageAfterThePreface) {
    constexpr std::uint64_t kSeed = 20260101;
    SCOPED_TRACE("seed " + std::to_string(kSeed));
    base::SeededRandom random{kSeed};
    for (int i = 0; i < 30; ++i) {
        RawPeer peer{bridge_->tcp_port()};
        base::Bytes garbage(64 + random.below(4000));
        random.fill(garbage);
        peer.send(base::as_bytes(kPreface));
        peer.send(base::from_hex("000000040000000000").value());
        peer.send(garbage);
        EXPECT_TRUE(eventually([&] { return peer.closed(); })) << "round " << i;
    }
    expect_served();
}

TEST_F(TcpTest, ClosesPeersThatSayNothingOrStopHalfway) {
    RawPeer silent{bridge_->tcp_port()};
    RawPeer halfway{bridge_->tcp_port()};
    halfway.send(base::as_bytes(kPreface.substr(0, 10)));
    RawPeer block{bridge_->tcp_port()};
    block.send(base::as_bytes(kPreface));
    block.send(base::from_hex("000000040000000000"
                              "000001010000000001"
                              "83")
                   .value());
    RawPeer idle{bridge_->tcp_port()};
    idle.send(base::as_bytes(kPreface));
    idle.send(base::from_hex("000000040000000000").value());
    for (auto* peer : {&silent, &halfway, &block, &idle}) EXPECT_TRUE(eventually([&] { return peer->closed(); }));
    expect_served();
}

TEST_F(TcpTest, RefusesConnectionsBeyondTheLimit) {
    std::vector<std::unique_ptr<RawPeer>> peers;
    for (int i = 0; i < 12; ++i) peers.push_back(std::make_unique<RawPeer>(bridge_->tcp_port()));
    EXPECT_TRUE(
        eventually([&] { return std::ranges::count_if(peers, [](const auto& peer) { return peer->closed(); }) >= 4; }));
    peers.clear();
    EXPECT_TRUE(eventually([&] {
        GrpcClient client{bridge_->tcp_port()};
        return client.unary("/test.v1.Echo/Say", message("x")).status.ok();
    }));
}

TEST_F(TcpTest, AnswersOversizeHeadersAndLivesOn) {
    GrpcClient client{bridge_->tcp_port()};
    grpc::ClientContext context;
    context.AddMetadata("x-big", std::string(15 << 10, 'v'));
    context.AddMetadata("x-big", std::string(15 << 10, 'v'));
    EXPECT_FALSE(client.unary(context, "/test.v1.Echo/Say", message("x")).status.ok());
    EXPECT_TRUE(client.unary("/test.v1.Echo/Say", message("x")).status.ok());
}

TEST_F(TcpTest, CountsWhatItRefuses) {
    {
        RawPeer peer{bridge_->tcp_port()};
        peer.send(base::as_bytes("nonsense nonsense nonsense"));
        EXPECT_TRUE(eventually([&] { return peer.closed(); }));
    }
    EXPECT_TRUE(eventually(
        [&] { return bridge_->metrics_text().find("ghostbridge_tcp_broken_total 1") != std::string::npos; }));
}

}  // namespace

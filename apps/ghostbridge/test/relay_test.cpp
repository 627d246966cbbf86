// The relay between a real TCP ingress with a real outside client (libgrpc++) and a real rpc::Server, joined in memory.

#include "ghostbridge/relay.hpp"

#include <gtest/gtest.h>

#include <chrono>
#include <functional>
#include <thread>

#include "echo_service.hpp"
#include "eventually.hpp"
#include "ghostbridge/h2_server.hpp"
#include "grpc_client.hpp"
#include "io/thread.hpp"

namespace {

using namespace ghostbridge;
using namespace ghostbridge::test;
using namespace std::chrono_literals;

constexpr std::size_t kWindow = 256 << 10;

/// Reaches nobody: the connection is refused in a later turn.
class RefusedConnector final : public rpc::Connector {
 public:
    explicit RefusedConnector(io::Reactor& reactor) : reactor_{reactor} {}
    std::unique_ptr<rpc::ClientConnection> connect(rpc::ConnectionEvents& events) override {
        struct Connection final : rpc::ClientConnection {
            Connection(io::Reactor& reactor, rpc::ConnectionEvents& events_in)
                : refuse{reactor, [&events_in] {
                             events_in.on_closed({rpc::ConnectionError::Kind::refused, "connection refused"});
                         }} {
                refuse.schedule();
            }
            std::unique_ptr<rpc::HttpStream> open() override { return nullptr; }
            void close() override {}
            io::Deferred refuse;
        };
        return std::make_unique<Connection>(reactor_, events);
    }
    [[nodiscard]] std::string endpoint() const override { return "127.0.0.1:2"; }

 private:
    io::Reactor& reactor_;
};

/// Connects when it is told to, and not before.
class LateConnector final : public rpc::Connector {
 public:
    /// Of all connectors that were made. On the reactor.
    struct Gate {
        bool open = false;
        std::vector<io::Task> waiting;
        void let_through() {
            open = true;
            for (auto& task : std::exchange(waiting, {})) task();
        }
    };
    LateConnector(Gate& gate, std::unique_ptr<rpc::Connector> inner) : gate_{gate}, inner_{std::move(inner)} {}
    std::unique_ptr<rpc::ClientConnection> connect(rpc::ConnectionEvents& events) override {
        if (gate_.open) return inner_->connect(events);
        struct Connection final : rpc::ClientConnection {
            std::unique_ptr<rpc::HttpStream> open() override { return inner ? inner->open() : nullptr; }
            void close() override {
                if (inner) inner->close();
            }
            std::unique_ptr<rpc::ClientConnection> inner;
        };
        auto connection = std::make_unique<Connection>();
        gate_.waiting.push_back([this, &events, raw = connection.get()] { raw->inner = inner_->connect(events); });
        return connection;
    }
    [[nodiscard]] std::string endpoint() const override { return inner_->endpoint(); }

 private:
    Gate& gate_;
    std::unique_ptr<rpc::Connector> inner_;
};

/// Answers with headers, and refuses the call as never begun when its request is complete.
struct Begun final : rpc::StreamEvents {
    explicit Begun(std::unique_ptr<rpc::HttpStream> stream_in) : stream{std::move(stream_in)} {
        stream->set_events(*this);
    }
    void on_headers(rpc::Fields) override {
        stream->send_headers({{":status", "200"}, {"content-type", "application/grpc"}}, false);
    }
    void on_data(base::ByteView bytes) override { stream->consume(bytes.size()); }
    void on_end(rpc::Fields) override { stream->reset(static_cast<std::uint64_t>(rpc::H3Code::request_rejected)); }
    void on_writable() override {}
    void on_reset(std::uint64_t, const std::string&) override {}
    std::unique_ptr<rpc::HttpStream> stream;
};

class RelayTest : public ::testing::Test {
 protected:
    void SetUp() override {
        thread_ = io::ReactorThread::start("relay-test").value();
        thread_->run_and_wait([this] {
            auto& reactor = thread_->reactor();
            service_ = rpc::Server::make(reactor, {.message_bytes_max = 64 << 20});
            add_echo(*service_, log_);
            registry_.emplace(Registry::Options{}, reactor.clock(), random_);
            egress_.emplace(
                reactor,
                [this, &reactor](const Instance& instance) -> std::unique_ptr<rpc::Connector> {
                    // By port: 1 serves, 2 cannot be reached, 3 refuses every call, 4 answers none and then resets, 5
                    // begins an answer and then says that it never began, 6 serves once it was told to.
                    const auto port = instance.address.port();
                    if (port == 2) return std::make_unique<RefusedConnector>(reactor);
                    auto reached = rpc::make_loopback(
                        reactor, kWindow,
                        [this, port](std::unique_ptr<rpc::HttpStream> stream) {
                            if (port == 6) ++late_streams_;
                            if (port == 1 || port == 6) return service_->accept(std::move(stream));
                            ++turned_away_;
                            if (port == 5) return begun_.push_back(std::make_unique<Begun>(std::move(stream)));
                            stream->reset(static_cast<std::uint64_t>(port == 3 ? rpc::H3Code::request_rejected
                                                                               : rpc::H3Code::excessive_load));
                        },
                        rpc::Peer{.address = {}, .public_key = base::Digest{}});
                    if (port == 6) return std::make_unique<LateConnector>(gate_, std::move(reached));
                    return reached;
                },
                egress_options_);
            relay_.emplace(reactor, *registry_, *egress_, metrics_, options_);
            front_ = rpc::Server::make(reactor);
            front_->set_raw_handler([this](rpc::RawCall call) { relay_->start(std::move(call), Caller::anonymous); });
            turns_.emplace(reactor, Turns::Options{.percent = 100, .per_network_percent = 100});
            auto tcp = H2Server::listen(
                reactor, io::SocketAddress::loopback_v4(0), limits_, *turns_, metrics_,
                [this](std::unique_ptr<rpc::HttpStream> stream) { front_->accept(std::move(stream)); });
            ASSERT_TRUE(tcp) << tcp.error().text;
            tcp_ = std::move(*tcp);
            instance_ = add_instance(1);
        });
        port_ = tcp_->port();
    }
    void TearDown() override {
        thread_->run_and_wait([this] {
            relay_.reset();
            tcp_.reset();
            front_.reset();
            egress_.reset();
            begun_.clear();
            service_.reset();
            registry_.reset();
            turns_.reset();
        });
        thread_->stop();
    }
    /// On the reactor.
    InstanceId add_instance(int port) {
        Registration registration;
        registration.services = {"test.v1.Echo", "test.v1.Second"};
        registration.endpoint = "127.0.0.1:" + std::to_string(port);
        return registry_->add(std::move(registration)).value();
    }
    std::size_t open_calls() {
        std::size_t open = 0;
        thread_->run_and_wait([&] { open = relay_->open_calls(); });
        return open;
    }

    base::SeededRandom random_{11};
    base::MetricsRegistry metrics_;
    RelayOptions options_{.window_bytes = kWindow};
    Egress::Options egress_options_{.connect_timeout_ns = 60'000'000'000};
    TcpLimits limits_;
    std::shared_ptr<EchoLog> log_ = std::make_shared<EchoLog>();
    std::unique_ptr<io::ReactorThread> thread_;
    std::unique_ptr<rpc::Server> service_;
    std::optional<Registry> registry_;
    std::optional<Egress> egress_;
    std::optional<Relay> relay_;
    std::unique_ptr<rpc::Server> front_;
    std::optional<Turns> turns_;
    std::unique_ptr<H2Server> tcp_;
    InstanceId instance_ = 0;
    std::vector<std::unique_ptr<Begun>> begun_;
    std::atomic<int> turned_away_{0};
    LateConnector::Gate gate_;
    std::atomic<int> late_streams_{0};
    std::uint16_t port_ = 0;
};

TEST_F(RelayTest, CarriesUnaryCallsWithMetadataAndTrailers) {
    GrpcClient client{port_};
    grpc::ClientContext context;
    context.AddMetadata("x-a", "1");
    context.AddMetadata("x-a", "2");
    context.AddMetadata("x-blob-bin", std::string("\x00\xff\x01", 3));
    const auto answer = client.unary(context, "/test.v1.Echo/Say", message("hello"));
    ASSERT_TRUE(answer.status.ok()) << answer.status.error_message();
    EXPECT_EQ(answer.response.raw(), "hello");
    EXPECT_EQ(context.GetServerInitialMetadata().count("ix-a"), 2u);
    EXPECT_EQ(context.GetServerTrailingMetadata().count("tx-a"), 2u);
    const auto blob = context.GetServerTrailingMetadata().find("tx-blob-bin");
    ASSERT_NE(blob, context.GetServerTrailingMetadata().end());
    EXPECT_EQ(std::string(blob->second.data(), blob->second.size()), std::string("\x00\xff\x01", 3));
}

TEST_F(RelayTest, KeepsEveryStatusWithItsMessage) {
    GrpcClient client{port_};
    for (int code = 1; code <= 16; ++code) {
        grpc::ClientContext context;
        const auto answer =
            client.unary(context, "/test.v1.Echo/Fail", message(std::to_string(code) + " 100 % wrong:\n\xc3\xa4 \x01"));
        EXPECT_EQ(static_cast<int>(answer.status.error_code()), code);
        EXPECT_EQ(answer.status.error_message(), "100 % wrong:\n\xc3\xa4 \x01");
        EXPECT_EQ(context.GetServerTrailingMetadata().count("why-bin"), 1u);
    }
}

TEST_F(RelayTest, CarriesServerStreams) {
    GrpcClient client{port_};
    grpc::ClientContext context;
    GrpcClient::Stream stream{client, context, "/test.v1.Echo/Pour"};
    ASSERT_TRUE(stream.write(message("1000 100")));
    ASSERT_TRUE(stream.half_close());
    int count = 0;
    while (const auto piece = stream.read()) {
        EXPECT_EQ(piece->raw().size(), 100u);
        ++count;
    }
    EXPECT_TRUE(stream.finish().ok());
    EXPECT_EQ(count, 1000);
    EXPECT_EQ(context.GetServerTrailingMetadata().count("poured"), 1u);
}

TEST_F(RelayTest, CarriesConversationsTurnByTurn) {
    GrpcClient client{port_};
    grpc::ClientContext context;
    GrpcClient::Stream stream{client, context, "/test.v1.Echo/Chat"};
    for (int i = 0; i < 100; ++i) {
        ASSERT_TRUE(stream.write(message(std::to_string(i))));
        ASSERT_EQ(stream.read().value_or(message("nothing")).raw(), "re: " + std::to_string(i));
    }
    ASSERT_TRUE(stream.half_close());
    EXPECT_FALSE(stream.read());
    EXPECT_TRUE(stream.finish().ok());
}

TEST_F(RelayTest, DeliversAnAnswerThatEndsBeforeTheRequest) {
    GrpcClient client{port_};
    for (int i = 0; i < 20; ++i) {
        grpc::ClientContext context;
        GrpcClient::Stream stream{client, context, "/test.v1.Echo/Chat"};
        ASSERT_TRUE(stream.write(message("end early")));
        EXPECT_FALSE(stream.read());
        const auto status = stream.finish();
        EXPECT_EQ(status.error_code(), grpc::StatusCode::RESOURCE_EXHAUSTED);
        EXPECT_EQ(status.error_message(), "enough");
    }
    EXPECT_TRUE(eventually([&] { return open_calls() == 0; }));
}

TEST_F(RelayTest, CarriesBigMessagesBothWays) {
    GrpcClient client{port_};
    const std::string big(20 << 20, 'b');
    const auto answer = client.unary("/test.v1.Echo/Say", message(big));
    ASSERT_TRUE(answer.status.ok()) << answer.status.error_message();
    EXPECT_TRUE(answer.response.raw() == big);
}

TEST_F(RelayTest, EnforcesTheDeadlineAndCancelsTheService) {
    GrpcClient client{port_};
    expect_deadline(client, *log_);
    EXPECT_TRUE(eventually([&] { return open_calls() == 0; }));
}

TEST_F(RelayTest, DoesNotCallAnAnsweredCallUnprocessed) {
    thread_->run_and_wait([&] {
        registry_->remove(instance_);
        add_instance(5);
    });
    GrpcClient client{port_};
    grpc::ClientContext context;
    GrpcClient::Stream stream{client, context, "/test.v1.Echo/Chat"};
    ASSERT_TRUE(stream.write(message("x")));
    ASSERT_TRUE(stream.read_headers());
    ASSERT_TRUE(stream.half_close());
    EXPECT_FALSE(stream.read());
    EXPECT_EQ(stream.finish().error_code(), grpc::StatusCode::INTERNAL)
        << "UNAVAILABLE would tell the caller that it may try again";
}

/// Open calls, each of its own client so that none waits for another one's answer.
class HangingCalls {
 public:
    HangingCalls(std::uint16_t port, int count) {
        for (int i = 0; i < count; ++i) {
            auto& one = calls_.emplace_back(std::make_unique<OpenCall>(port));
            one->stream = std::make_unique<GrpcClient::Stream>(one->client, one->context, "/test.v1.Echo/Hang");
            EXPECT_TRUE(one->stream->write(message("")));
            EXPECT_TRUE(one->stream->half_close());
        }
    }
    ~HangingCalls() {
        for (auto& one : calls_) {
            one->context.TryCancel();
            static_cast<void>(one->stream->finish());
        }
    }

 private:
    std::vector<std::unique_ptr<OpenCall>> calls_;
};

class SmallRelayTest : public RelayTest {
 protected:
    void SetUp() override {
        egress_options_.calls_per_connection_max = 2;
        egress_options_.connections_per_instance_max = 3;
        RelayTest::SetUp();
    }
    GrpcClient::Answer say() {
        GrpcClient client{port_};
        return client.unary("/test.v1.Echo/Say", message("x"));
    }
    std::size_t connections() {
        std::size_t count = 0;
        thread_->run_and_wait([&] { count = egress_->connections(); });
        return count;
    }
};

class HastyRelayTest : public RelayTest {
    void SetUp() override {
        options_.public_call_timeout_max_ns = 1'500'000'000;
        RelayTest::SetUp();
    }
};

TEST_F(HastyRelayTest, EndsCallsOfCallersWithoutAKnownKey) {
    GrpcClient client{port_};
    EXPECT_EQ(client.unary("/test.v1.Echo/Hang", message("")).status.error_code(), grpc::StatusCode::DEADLINE_EXCEEDED);
    EXPECT_TRUE(eventually([&] { return open_calls() == 0; }));
}

TEST_F(SmallRelayTest, OpensMoreConnectionsWhenOneIsFullAndThenSaysSo) {
    ASSERT_TRUE(say().status.ok());
    EXPECT_EQ(connections(), 1u);
    {
        const HangingCalls hanging{port_, 6};
        ASSERT_TRUE(eventually([&] { return log_->calls == 1 + 6; })) << "none waits unseen";
        EXPECT_EQ(connections(), 3u);
        const auto refused = say().status;
        EXPECT_EQ(refused.error_code(), grpc::StatusCode::RESOURCE_EXHAUSTED);
        EXPECT_NE(refused.error_message().find("test.v1.Echo"), std::string::npos) << refused.error_message();
    }
    ASSERT_TRUE(eventually([&] { return open_calls() == 0; }));
    EXPECT_TRUE(say().status.ok());
    thread_->run_and_wait([&] { egress_->retain(*registry_); });
    EXPECT_EQ(connections(), 1u);
}

TEST_F(RelayTest, PassesCancellationOn) {
    GrpcClient client{port_};
    grpc::ClientContext context;
    GrpcClient::Stream stream{client, context, "/test.v1.Echo/Chat"};
    ASSERT_TRUE(stream.write(message("x")));
    ASSERT_TRUE(stream.read());
    context.TryCancel();
    EXPECT_EQ(stream.finish().error_code(), grpc::StatusCode::CANCELLED);
    EXPECT_TRUE(eventually([&] { return log_->cancelled == 1; }));
    EXPECT_TRUE(eventually([&] { return open_calls() == 0; }));
}

TEST_F(RelayTest, PassesALostClientOn) {
    {
        auto client = std::make_unique<GrpcClient>(port_);
        auto context = std::make_unique<grpc::ClientContext>();
        auto stream = std::make_unique<GrpcClient::Stream>(*client, *context, "/test.v1.Echo/Chat");
        ASSERT_TRUE(stream->write(message("x")));
        ASSERT_TRUE(stream->read());
        context->TryCancel();
        static_cast<void>(stream->finish());
    }
    EXPECT_TRUE(eventually([&] { return log_->cancelled == 1 && open_calls() == 0; }));
}

TEST_F(RelayTest, HoldsAWindowForASlowReaderNotTheStream) {
    GrpcClient client{port_};
    grpc::ClientContext context;
    GrpcClient::Stream stream{client, context, "/test.v1.Echo/Pour"};
    ASSERT_TRUE(stream.write(message("1024 65536")));  // 64 MiB
    ASSERT_TRUE(stream.half_close());
    // Nobody reads: the service must come to a halt.
    std::uint64_t before = ~std::uint64_t{0};
    ASSERT_TRUE(eventually([&] {
        std::this_thread::sleep_for(300ms);
        return std::exchange(before, log_->poured_bytes.load()) == log_->poured_bytes.load() && before > 0;
    }));
    EXPECT_LT(log_->poured_bytes, 16u << 20) << "kernel and libgrpc buffers, and one window";
    std::size_t got = 0;
    while (const auto piece = stream.read()) got += piece->raw().size();
    EXPECT_TRUE(stream.finish().ok());
    EXPECT_EQ(got, std::size_t{64} << 20);
}

TEST_F(RelayTest, HoldsAWindowForASlowServiceNotTheStream) {
    GrpcClient client{port_};
    grpc::ClientContext context;
    GrpcClient::Stream stream{client, context, "/test.v1.Echo/Sink"};
    const auto piece = message(std::string(65'536, 's'));
    std::atomic<int> written{0};
    std::thread writer{[&] {
        for (int i = 0; i < 512; ++i) {  // 32 MiB
            if (!stream.write(piece)) return;
            ++written;
        }
    }};
    int before = -1;
    EXPECT_TRUE(eventually([&] {
        std::this_thread::sleep_for(300ms);
        return std::exchange(before, written.load()) == written.load() && before > 0;
    }));
    EXPECT_LT(written, 256) << "the client must have been stopped";
    log_->drink = true;
    writer.join();
    EXPECT_EQ(written, 512);
    ASSERT_TRUE(stream.half_close());
    EXPECT_EQ(stream.read().value_or(message("")).raw(), std::to_string(512 * 65'536));
    EXPECT_TRUE(stream.finish().ok());
}

TEST_F(RelayTest, NamesTheServiceThatIsNotThere) {
    GrpcClient client{port_};
    auto answer = client.unary("/test.v1.Nobody/Say", message("x"));
    EXPECT_EQ(answer.status.error_code(), grpc::StatusCode::UNIMPLEMENTED);
    EXPECT_NE(answer.status.error_message().find("test.v1.Nobody"), std::string::npos);
    thread_->run_and_wait([&] { registry_->remove(instance_); });
    answer = client.unary("/test.v1.Echo/Say", message("x"));
    EXPECT_EQ(answer.status.error_code(), grpc::StatusCode::UNAVAILABLE);
    EXPECT_NE(answer.status.error_message().find("test.v1.Echo"), std::string::npos);
}

TEST_F(RelayTest, TriesAnotherInstanceWhenOneIsNotReached) {
    thread_->run_and_wait([&] { add_instance(2); });
    GrpcClient client{port_};
    for (int i = 0; i < 10; ++i) {
        const auto answer = client.unary("/test.v1.Echo/Say", message("hello"));
        ASSERT_TRUE(answer.status.ok()) << answer.status.error_message();
        EXPECT_EQ(answer.response.raw(), "hello");
    }
}

TEST_F(RelayTest, TriesAnotherInstanceWhenOneRefusesUnprocessed) {
    thread_->run_and_wait([&] { add_instance(3); });
    GrpcClient client{port_};
    for (int i = 0; i < 10; ++i) EXPECT_EQ(client.unary("/test.v1.Echo/Say", message("x")).response.raw(), "x");
    EXPECT_EQ(log_->calls, 10) << "no call was processed twice";
}

TEST_F(RelayTest, NeverTriesAgainWhatMayHaveBeenProcessed) {
    thread_->run_and_wait([&] {
        registry_->remove(instance_);
        add_instance(4);
    });
    GrpcClient client{port_};
    EXPECT_EQ(client.unary("/test.v1.Echo/Say", message("x")).status.error_code(), grpc::StatusCode::RESOURCE_EXHAUSTED)
        << "ENHANCE_YOUR_CALM arrives as such";
    EXPECT_EQ(turned_away_, 1);
}

TEST_F(RelayTest, SaysWhoCouldNotBeReached) {
    thread_->run_and_wait([&] {
        registry_->remove(instance_);
        add_instance(2);
    });
    GrpcClient client{port_};
    const auto answer = client.unary("/test.v1.Echo/Say", message("x"));
    EXPECT_EQ(answer.status.error_code(), grpc::StatusCode::UNAVAILABLE);
    EXPECT_NE(answer.status.error_message().find("127.0.0.1:2"), std::string::npos) << answer.status.error_message();
    EXPECT_NE(answer.status.error_message().find("test.v1.Echo"), std::string::npos);
}

TEST(RetryBudget, AllowsAFifthOfTheCallsAndAFew) {
    RetryBudget budget;
    int taken = 0;
    while (budget.take()) ++taken;
    EXPECT_EQ(taken, 10);
    for (int i = 0; i < 50; ++i) budget.on_call();
    while (budget.take()) ++taken;
    EXPECT_EQ(taken, 20);
}

TEST_F(RelayTest, LeavesUnknownMethodsToTheService) {
    GrpcClient client{port_};
    EXPECT_EQ(client.unary("/test.v1.Echo/Nothing", message("x")).status.error_code(), grpc::StatusCode::UNIMPLEMENTED);
    EXPECT_EQ(client.unary("/test.v1.Second/Say", message("x")).response.raw(), "second: x");
}

TEST_F(RelayTest, CarriesManyCallsAtOnceOnOneConnection) {
    GrpcClient client{port_};
    std::vector<std::thread> threads;
    std::atomic<int> good{0};
    for (int t = 0; t < 4; ++t)
        threads.emplace_back([&] {
            GrpcClient own{port_};
            for (int i = 0; i < 50; ++i) {
                const auto body = std::string(static_cast<std::size_t>(i) * 997, 'x');
                good += own.unary("/test.v1.Echo/Say", message(body)).response.raw() == body;
            }
        });
    for (auto& thread : threads) thread.join();
    EXPECT_EQ(good, 200);
    EXPECT_EQ(open_calls(), 0u);
}

TEST_F(RelayTest, CountsCallsByServiceAndStatus) {
    GrpcClient client{port_};
    for (int i = 0; i < 3; ++i) client.unary("/test.v1.Echo/Say", message("12345"));
    client.unary("/test.v1.Echo/Fail", message("5 x"));
    client.unary("/made.up.Name/Say", message("x"));
    EXPECT_TRUE(eventually([&] { return open_calls() == 0; }));
    const auto text = metrics_.render();
    EXPECT_NE(text.find("ghostbridge_calls_total{service=\"test.v1.Echo\",code=\"OK\"} 3"), std::string::npos) << text;
    EXPECT_NE(text.find("ghostbridge_calls_total{service=\"test.v1.Echo\",code=\"NOT_FOUND\"} 1"), std::string::npos);
    EXPECT_NE(text.find("ghostbridge_calls_total{service=\"unknown\",code=\"UNIMPLEMENTED\"} 1"), std::string::npos);
    EXPECT_EQ(text.find("made.up"), std::string::npos) << "callers do not name metrics";
}

TEST_F(RelayTest, ForgetsCallsThatEndWhileItsConnectionIsMade) {
    thread_->run_and_wait([&] {
        registry_->remove(instance_);
        add_instance(6);
    });
    constexpr int kCalls = 40;
    for (int i = 0; i < kCalls; ++i) {
        OpenCall call{port_};
        call.stream = std::make_unique<GrpcClient::Stream>(call.client, call.context, "/test.v1.Echo/Chat");
        ASSERT_TRUE(eventually([&] { return open_calls() == 1; }));
        call.context.TryCancel();
        EXPECT_EQ(call.stream->finish().error_code(), grpc::StatusCode::CANCELLED);
        ASSERT_TRUE(eventually([&] { return open_calls() == 0; }));
        thread_->run_and_wait([&] { EXPECT_EQ(egress_->waiting(), 0u); });
    }
    thread_->run_and_wait([&] { gate_.let_through(); });
    GrpcClient client{port_};
    EXPECT_EQ(client.unary("/test.v1.Echo/Say", message("hello")).response.raw(), "hello");
    EXPECT_EQ(late_streams_, 1) << "nothing reaches the service for those who are gone";
}

TEST_F(RelayTest, ServesCallsThatWaitForItsConnection) {
    thread_->run_and_wait([&] {
        registry_->remove(instance_);
        add_instance(6);
    });
    std::vector<std::unique_ptr<OpenCall>> calls;
    for (int i = 0; i < 20; ++i) {
        auto& call = *calls.emplace_back(std::make_unique<OpenCall>(port_));
        call.stream = std::make_unique<GrpcClient::Stream>(call.client, call.context, "/test.v1.Echo/Chat");
        ASSERT_TRUE(call.stream->write(message(std::to_string(i))));
    }
    ASSERT_TRUE(eventually([&] { return open_calls() == calls.size(); }));
    thread_->run_and_wait([&] { gate_.let_through(); });
    for (std::size_t i = 0; i < calls.size(); ++i)
        EXPECT_EQ(calls[i]->stream->read().value_or(message("nothing")).raw(), "re: " + std::to_string(i));
    EXPECT_EQ(late_streams_, 20);
    for (const auto& call : calls) call->context.TryCancel();
    EXPECT_TRUE(eventually([&] { return open_calls() == 0; }));
}

}  // namespace

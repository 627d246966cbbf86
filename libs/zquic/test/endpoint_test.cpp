#include <atomic>
#include <thread>

#include "base/metrics.hpp"
#include "io/thread.hpp"
#include "support.hpp"
#include "zquic/metrics.hpp"
#include "zquic/workers.hpp"

namespace zquic::test {
namespace {

using Endpoints = Net;

TEST_F(Endpoints, SurviveGarbage) {
    serve();
    auto noise = must(io::UdpSocket::bind(io::SocketAddress::loopback_v4(0)));
    constexpr std::uint64_t kSeed = 99;
    SCOPED_TRACE(testing::Message() << "seed " << kSeed);
    base::SeededRandom random{kSeed};
    const auto start_ns = reactor->refresh_now();
    for (int i = 0; i < 3000; ++i) {
        base::Bytes bytes(random.below(1500));
        random.fill(bytes);
        // A third looks like an Initial of version 1 in its first bytes, a third like a 1-RTT packet.
        if (bytes.size() > 6 && i % 3 == 0) {
            bytes[0] = std::byte{0xc0};
            base::store_be<std::uint32_t>(bytes.data() + 1, 1);
            bytes[5] = std::byte{8};
        } else if (!bytes.empty() && i % 3 == 1) {
            bytes[0] = std::byte{0x40};
        }
        (void)noise->send({.payload = bytes, .peer = server->bound_address()});
        if (i % 50 == 0) turns(1);
    }
    ASSERT_TRUE(run_until([&] { return server->stats().datagrams_received > 2000; }));
    turns(10);
    EXPECT_TRUE(accepted.empty());
    EXPECT_GT(server->stats().dropped_malformed, 1000u);
    const auto seconds = (reactor->now_ns() - start_ns) / 1'000'000'000 + 2;  // the first and the last begun
    EXPECT_LE(server->stats().stateless_resets_sent, 100 * seconds);
    const auto dialed = connected();
    EXPECT_TRUE(dialed->done);
}

TEST_F(Endpoints, ShowTheirStatisticsAsMetrics) {
    serve();
    base::MetricsRegistry registry;
    const auto has = [&registry](const std::string& line) {
        return registry.render().find("\n" + line + "\n") != std::string::npos;
    };
    {
        EndpointMetrics metrics{*server, registry};
        const auto dialed = connected();
        auto noise = must(io::UdpSocket::bind(io::SocketAddress::loopback_v4(0)));
        must(noise->send({.payload = pattern(20, 1), .peer = server->bound_address()}));
        ASSERT_TRUE(run_until([&] { return server->stats().dropped_malformed == 1; }));
        metrics.update();
        metrics.update();  // what was counted is not counted again
        EXPECT_TRUE(has("zquic_connections 1"));
        EXPECT_TRUE(has("zquic_half_open_connections 0"));
        EXPECT_TRUE(has("zquic_handshakes_total{result=\"accepted\"} 1"));
        EXPECT_TRUE(has("zquic_dropped_total{reason=\"malformed\"} 1"));
        EXPECT_TRUE(has("zquic_stateless_answers_total{kind=\"retry\"} 0"));
        EXPECT_FALSE(has("zquic_bytes_total{direction=\"received\"} 0"));
        dialed->connection->close(0, {});
        // By itself, too.
        EXPECT_TRUE(run_until([&] { return has("zquic_connections 0"); })) << registry.render();
        const auto again = connected();
        metrics.update();
    }
    EXPECT_TRUE(has("zquic_connections 0")) << "an endpoint that is no longer shown has none";
    EXPECT_TRUE(has("zquic_handshakes_total{result=\"accepted\"} 2"));
}

/// Passes on what a client sends, cut or changed, and keeps copies.
class Middle {
 public:
    Middle(io::Reactor& reactor, const io::SocketAddress& target)
        : socket{must(io::UdpSocket::bind(io::SocketAddress::loopback_v4(0)))}, to{target} {
        must(socket->attach(reactor, [this](const io::Datagram& datagram) {
            if (lose && lose()) return;
            if (datagram.peer == to) {
                if (!from.empty()) (void)socket->send({.payload = datagram.payload, .peer = from});
                return;
            }
            from = datagram.peer;
            seen.push_back(base::to_bytes(datagram.payload));
            if (pass) (void)socket->send({.payload = datagram.payload, .peer = to});
        }));
    }
    std::unique_ptr<io::UdpSocket> socket;
    io::SocketAddress to;
    io::SocketAddress from;
    std::vector<base::Bytes> seen;
    bool pass = true;
    std::function<bool()> lose;
};

TEST_F(Endpoints, ForgetHalfOpenConnectionsOfAFloodOfInitials) {
    auto config = server_config();
    config.settings.handshake_timeout_ms = 3000;
    config.half_open_max = 64;
    config.retry_above_half_open = 1000;
    serve(std::move(config));
    Middle middle{*reactor, server->bound_address()};
    middle.pass = false;
    auto how = options();
    how.address = middle.socket->bound_address();
    for (int i = 0; i < 80; ++i) (void)dial(how);
    ASSERT_TRUE(run_until([&] { return middle.seen.size() >= 80; }));
    for (auto& initial : middle.seen) {
        (void)middle.socket->send({.payload = initial, .peer = server->bound_address()});
        // Cut short it is not even an Initial.
        (void)middle.socket->send({.payload = base::ByteView{initial}.first(600), .peer = server->bound_address()});
    }
    ASSERT_TRUE(run_until([&] { return server->stats().half_open_evicted > 0; }));
    EXPECT_LE(server->stats().half_open, 64u);
    ASSERT_TRUE(run_until([&] { return server->stats().connections == 0; }));
    EXPECT_EQ(server->stats().half_open, 0u);
    EXPECT_TRUE(accepted.empty());
}

TEST_F(Endpoints, FinishEveryHandshakeInSpiteOfLoss) {
    prepare = [](ConnectionEvents& events) {
        events.stream = [](Connection&, Stream&) { return std::make_shared<Echo>(); };
    };
    serve();
    constexpr std::uint64_t kSeed = 2024;
    SCOPED_TRACE(testing::Message() << "seed " << kSeed);
    base::SeededRandom random{kSeed};
    for (int i = 0; i < 100; ++i) {
        Middle middle{*reactor, server->bound_address()};
        middle.lose = [&] { return random.below(4) == 0; };
        auto how = options();
        how.address = middle.socket->bound_address();
        how.settings = Settings{};
        how.settings->handshake_timeout_ms = 60'000;
        const auto dialed = dial(how);
        ASSERT_TRUE(run_until([&] { return dialed->done || dialed->closed; })) << i;
        ASSERT_TRUE(dialed->done) << i;
        const auto events = std::make_shared<StreamEvents>();
        auto* const stream = must(dialed->connection->open_stream(Direction::bidirectional, events));
        must(stream->write(pattern(3000, 1), true));
        ASSERT_TRUE(run_until([&] { return events->closed; })) << i;
        EXPECT_EQ(events->received, pattern(3000, 1)) << i;
        middle.lose = nullptr;
        dialed->connection->close(0, "");
        ASSERT_TRUE(run_until([&] { return server->stats().connections == 0; })) << i;
    }
}

TEST_F(Endpoints, AskForAProofOfAddressUnderLoad) {
    auto config = server_config();
    config.retry_above_half_open = 0;
    serve(std::move(config));
    const auto dialed = connected();
    EXPECT_TRUE(dialed->done);
    EXPECT_EQ(server->stats().retries_sent, 1u);
    EXPECT_EQ(server->stats().accepted, 1u);
}

TEST_F(Endpoints, AnswerUnknownVersionsWithTheirOwn) {
    serve();
    auto probe = must(io::UdpSocket::bind(io::SocketAddress::loopback_v4(0)));
    base::Bytes packet(1200);
    packet[0] = std::byte{0xc0};
    base::store_be<std::uint32_t>(packet.data() + 1, 0x1a2a3a4a);
    packet[5] = std::byte{8};
    packet[14] = std::byte{8};
    (void)probe->send({.payload = packet, .peer = server->bound_address()});
    base::Bytes answer;
    io::DatagramHandler keep = [&](const io::Datagram& datagram) { answer = base::to_bytes(datagram.payload); };
    ASSERT_TRUE(run_until([&] {
        probe->receive(keep);
        return !answer.empty();
    }));
    ASSERT_EQ(answer.size(), 23u + 8u);
    EXPECT_EQ(base::load_be<std::uint32_t>(answer.data() + 1), 0u);
    EXPECT_EQ(base::load_be<std::uint32_t>(answer.data() + 23), 1u) << "QUIC v1";
    EXPECT_EQ(server->stats().version_negotiations_sent, 1u);
    packet.resize(400);  // too short to be answered: it would amplify
    (void)probe->send({.payload = packet, .peer = server->bound_address()});
    ASSERT_TRUE(run_until([&] { return server->stats().dropped_malformed == 1; }));
}

TEST_F(Endpoints, ResetConnectionsOfAnEarlierLife) {
    // The same random source gives the restarted server the same secrets.
    base::SeededRandom first_life{5};
    auto config = server_config();
    config.address = io::SocketAddress::loopback_v4(quiet_port());
    config.random = &first_life;
    serve(config);
    Middle middle{*reactor, server->bound_address()};
    auto how = options();
    how.address = middle.socket->bound_address();
    const auto dialed = dial(how);
    ASSERT_TRUE(run_until([&] { return dialed->done && !accepted.empty() && accepted[0]->done; }));
    turns(20);
    const auto relay = std::exchange(middle.from, {});  // its last words are lost
    server.reset();
    turns(2);
    base::SeededRandom second_life{5};
    config.random = &second_life;
    server = must(Endpoint::make(*reactor, config));
    must_listen(*server, {"test"});
    middle.from = relay;
    auto* const stream = must(dialed->connection->open_stream(Direction::unidirectional, nullptr));
    must(stream->write(pattern(500, 1), true));
    ASSERT_TRUE(run_until([&] { return dialed->closed.has_value(); }));
    EXPECT_EQ(dialed->closed->cause, CloseCause::stateless_reset);
    EXPECT_GE(server->stats().stateless_resets_sent, 1u);
}

TEST_F(Endpoints, RepeatTheCloseToAPeerThatMissedIt) {
    serve();
    Middle middle{*reactor, server->bound_address()};
    auto how = options();
    how.address = middle.socket->bound_address();
    const auto dialed = dial(how);
    ASSERT_TRUE(run_until([&] { return dialed->done && !accepted.empty() && accepted[0]->done; }));
    turns(10);
    const auto relay = std::exchange(middle.from, {});  // what the server sends now is lost
    accepted[0]->connection->close(9, "");
    ASSERT_TRUE(run_until([&] { return accepted[0]->closed.has_value(); }));
    turns(5);
    EXPECT_FALSE(dialed->closed);
    middle.from = relay;
    auto* const stream = must(dialed->connection->open_stream(Direction::unidirectional, nullptr));
    must(stream->write(Buffer::copy("still there?"), true));
    ASSERT_TRUE(run_until([&] { return dialed->closed.has_value(); }));
    EXPECT_EQ(dialed->closed->code, 9u);
}

TEST_F(Endpoints, DrainWaitsForConnectionsAndThenClosesTheRest) {
    serve();
    const auto polite = connected();
    const auto stubborn = connected();
    bool drained = false;
    server->drain(3000, 55, [&] { drained = true; });
    const auto late = dial();
    ASSERT_TRUE(run_until([&] { return late->closed.has_value(); }));
    EXPECT_EQ(late->closed->cause, CloseCause::peer_transport);
    EXPECT_EQ(late->closed->code, 0x2u) << "CONNECTION_REFUSED";
    polite->connection->close(0, "");
    ASSERT_TRUE(run_until([&] { return drained && stubborn->closed; }));
    EXPECT_EQ(stubborn->closed->cause, CloseCause::peer_application);
    EXPECT_EQ(stubborn->closed->code, 55u);
    EXPECT_EQ(server->stats().connections, 0u);
}

TEST_F(Endpoints, DrainAtOnceWithoutConnections) {
    serve();
    bool drained = false;
    server->drain(60'000, 0, [&] { drained = true; });
    EXPECT_FALSE(drained) << "never from inside the call";
    ASSERT_TRUE(run_until([&] { return drained; }));
}

TEST_F(Endpoints, CloseTheirConnectionsWhenDestroyed) {
    serve();
    const auto dialed = connected();
    server.reset();
    EXPECT_TRUE(accepted[0]->closed);
    ASSERT_TRUE(run_until([&] { return dialed->closed.has_value(); }));
    EXPECT_EQ(dialed->closed->cause, CloseCause::peer_application);
}

TEST_F(Endpoints, HoldTheirConnectionLimit) {
    auto config = server_config();
    config.connections_max = 2;
    serve(std::move(config));
    (void)connected();
    (void)connected();
    auto how = options();
    how.settings = Settings{};
    how.settings->handshake_timeout_ms = 300;
    const auto third = dial(how);
    ASSERT_TRUE(run_until([&] { return third->closed.has_value(); }));
    EXPECT_EQ(third->closed->cause, CloseCause::handshake_timeout);
    EXPECT_GT(server->stats().dropped_overload, 0u);
}

TEST(Workers, ShareAPortAndKeepMigratedConnections) {
    std::vector<std::unique_ptr<io::ReactorThread>> threads;
    std::vector<io::Reactor*> reactors;
    for (int i = 0; i < 3; ++i) {
        threads.push_back(must(io::ReactorThread::start("worker" + std::to_string(i))));
        reactors.push_back(&threads.back()->reactor());
    }
    auto config = EndpointConfig{};
    config.address = io::SocketAddress::loopback_v4(0);
    config.identity = identity(1);
    auto workers = must(WorkerEndpoints::make(reactors, config));
    std::atomic<int> streams{0};
    workers->on_each([&](std::size_t, Endpoint& endpoint) {
        ASSERT_TRUE(endpoint.listen({"test"}, [&streams](Connection&) {
            auto events = std::make_shared<ConnectionEvents>();
            events->stream = [&streams](Connection&, Stream&) {
                ++streams;
                return std::make_shared<Echo>();
            };
            return events;
        }));
    });

    auto thread = must(io::ReactorThread::start("client"));
    std::unique_ptr<Endpoint> client;
    std::vector<std::shared_ptr<ConnectionEvents>> dialed;
    std::vector<std::shared_ptr<StreamEvents>> echoes;
    const auto wait = [&](const std::function<bool()>& condition) {
        const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds{kPatienceSeconds};
        for (;;) {
            bool met = false;
            thread->run_and_wait([&] { met = condition(); });
            if (met) return true;
            if (std::chrono::steady_clock::now() > deadline) return false;
            std::this_thread::sleep_for(std::chrono::milliseconds{2});
        }
    };
    thread->run_and_wait([&] {
        client = must(Endpoint::make(thread->reactor(), EndpointConfig{.address = io::SocketAddress::loopback_v4(0)}));
        for (int i = 0; i < 4; ++i) {
            dialed.push_back(std::make_shared<ConnectionEvents>());
            ConnectOptions how;
            how.address = workers->bound_address();
            how.alpn = {"test"};
            how.verifier = PinnedKey{*identity(1).public_key()};
            dialed.back()->connection = must(client->connect(how, dialed.back()));
        }
    });
    ASSERT_TRUE(wait([&] { return std::ranges::all_of(dialed, [](const auto& one) { return one->done; }); }));
    // From another port the kernel hashes to any worker: most datagrams must hop to the connection's own. One free id
    // is needed for each move, so moves are repeated until they are possible.
    for (std::size_t round = 0; round < 4; ++round) {
        for (auto& one : dialed) {
            ASSERT_TRUE(wait([&] { return one->connection->migrate(io::SocketAddress::loopback_v4(0)).has_value(); }));
        }
        thread->run_and_wait([&] {
            for (auto& one : dialed) {
                echoes.push_back(std::make_shared<StreamEvents>());
                auto* const stream = must(one->connection->open_stream(Direction::bidirectional, echoes.back()));
                must(stream->write(pattern(20'000, round), true));
            }
        });
        ASSERT_TRUE(wait([&] { return std::ranges::all_of(echoes, [](const auto& one) { return one->closed; }); }));
    }
    for (const auto& echo : echoes) EXPECT_EQ(echo->received.size(), 20'000u);
    EXPECT_EQ(streams.load(), 16);
    const auto stats = workers->stats();
    EXPECT_EQ(stats.accepted, 4u);
    EXPECT_GT(stats.forwarded, 0u) << "16 moves over 3 workers all stayed at home: 1 in 10^7";
    thread->run_and_wait([&] { client.reset(); });
    workers.reset();
}

}  // namespace
}  // namespace zquic::test

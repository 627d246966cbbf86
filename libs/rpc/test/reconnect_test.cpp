// Channels without a server, with the wrong server, and with a server that comes back.
#include "io/thread.hpp"
#include "rig.hpp"
#include "rpc/blocking.hpp"

namespace rpc::test {
namespace {

class Reconnect : public Rig {
 public:
    void SetUp() override { make({}, {.name = "ghosttest", .backoff_initial_ns = 20 * kMillisecond}, quiet_address()); }
};

TEST_P(Reconnect, CallsWorkAgainAfterTheServerRestarted) {
    serve_echo();
    ASSERT_TRUE(call(message("one")));
    const auto address = listener->bound_address();
    listener.reset();
    server.reset();
    server = Server::make(*reactor);
    serve_echo();
    listen(address);
    // The first calls may still meet the old connection's end.
    std::optional<StatusOr<Message>> answer;
    ASSERT_TRUE(until([&] {
        answer = call(message("two"), {.timeout_ns = 5 * kSecond, .wait_for_ready = true});
        return answer->has_value();
    }));
    EXPECT_EQ((*answer)->raw(), "two");
}

TEST_P(Reconnect, CallsFailFastWhileNobodyListens) {
    listener.reset();
    const auto answer = call({}, {.timeout_ns = 30 * kSecond});
    ASSERT_FALSE(answer);
    EXPECT_EQ(answer.error().code, StatusCode::unavailable);
    EXPECT_NE(answer.error().message.find("cannot reach ghosttest at [::1]:"), std::string::npos)
        << answer.error().message;
    EXPECT_EQ(channel->state(), ChannelState::transient_failure);
    EXPECT_EQ(call({}).error().code, StatusCode::unavailable);
}

TEST_P(Reconnect, WaitForReadyWaitsForTheServer) {
    const auto address = listener->bound_address();
    listener.reset();
    ASSERT_FALSE(call({}));
    serve_echo();
    std::optional<StatusOr<Message>> answer;
    const auto handle = channel->call(kUnary, message("late"), {.timeout_ns = 60 * kSecond, .wait_for_ready = true},
                                      [&](StatusOr<Message> result) { answer = std::move(result); });
    for (int i = 0; i < 5; ++i) reactor->run_once(10 * kMillisecond);
    EXPECT_FALSE(answer);
    listen(address);
    ASSERT_TRUE(until([&] { return answer.has_value(); }));
    ASSERT_TRUE(*answer) << answer->error().to_string();
}

TEST_P(Reconnect, WaitForReadyEndsAtTheDeadlineAndSaysWhy) {
    listener.reset();
    const auto answer = call({}, {.timeout_ns = 300 * kMillisecond, .wait_for_ready = true});
    EXPECT_EQ(answer.error().code, StatusCode::deadline_exceeded);
    EXPECT_NE(answer.error().message.find("ghosttest"), std::string::npos) << answer.error().message;
}

TEST_P(Reconnect, ServerWithAnUnexpectedKeyIsRefused) {
    const auto address = listener->bound_address();
    const auto other = zquic::Identity::generate().value();
    auto stranger = Channel::make(
        *reactor,
        make_quic_connector(*reactor,
                            {.server = address, .server_keys = {*other.public_key()}, .identity = client_identity}),
        {.name = "ghosttest"});
    std::optional<Status> status;
    stranger->when_ready([&](const Status& result) { status = result; });
    ASSERT_TRUE(until([&] { return status.has_value(); }));
    EXPECT_EQ(status->code, StatusCode::unavailable);
    EXPECT_NE(status->message.find("handshake: server key " + base::to_hex(*server_identity.public_key())),
              std::string::npos)
        << status->message;
}

TEST_P(Reconnect, ClientWithAnUnknownKeyIsRefused) {
    serve_echo();
    const auto other = zquic::Identity::generate().value();
    auto stranger = Channel::make(*reactor,
                                  make_quic_connector(*reactor, {.server = listener->bound_address(),
                                                                 .server_keys = {*server_identity.public_key()},
                                                                 .identity = other}),
                                  {.name = "ghosttest"});
    std::optional<StatusOr<Message>> answer;
    const auto handle = stranger->call(kUnary, {}, {}, [&](StatusOr<Message> result) { answer = std::move(result); });
    ASSERT_TRUE(until([&] { return answer.has_value(); }));
    ASSERT_FALSE(*answer);
    EXPECT_EQ(answer->error().code, StatusCode::unavailable);
}

TEST_P(Reconnect, DrainedListenerLetsCallsEndAndTheChannelMovesOn) {
    std::optional<Responder<Message>> held;
    server->add(kUnary, [&](CallContext&, const Message&, Responder<Message> done) { held.emplace(std::move(done)); });
    std::optional<StatusOr<Message>> answer;
    const auto handle = channel->call(kUnary, {}, {}, [&](StatusOr<Message> result) { answer = std::move(result); });
    ASSERT_TRUE(until([&] { return held.has_value(); }));
    bool drained = false;
    listener->drain(60 * kSecond, [&] { drained = true; });
    for (int i = 0; i < 5; ++i) reactor->run_once(kMillisecond);
    EXPECT_FALSE(drained);
    held->respond(message("last"));
    ASSERT_TRUE(until([&] { return drained && answer.has_value(); }));
    ASSERT_TRUE(*answer) << answer->error().to_string();
    EXPECT_EQ((*answer)->raw(), "last");
    EXPECT_NE(channel->state(), ChannelState::ready);
}

TEST_P(Reconnect, ChannelMayDieInsideItsOwnCallback) {
    serve_echo();
    bool done = false;
    channel
        ->call(kUnary, {}, {},
               [&](StatusOr<Message>) {
                   channel.reset();
                   done = true;
               })
        .detach();
    ASSERT_TRUE(until([&] { return done; }));
    for (int i = 0; i < 5; ++i) reactor->run_once(kMillisecond);
}

INSTANTIATE_TEST_SUITE_P(Over, Reconnect, testing::Values(Transport::quic), name_of);

/// A server on a thread of its own, as a daemon has it, and the blocking client of a command line.
class Blocking : public testing::Test {
 public:
    void SetUp() override {
        thread->run_and_wait([&] {
            server = Server::make(thread->reactor());
            server->add(kUnary,
                        [](CallContext&, const Message& request, Responder<Message> done) { done.respond(request); });
            server->add(kServerStream, [](CallContext&, const Message&, ServerStream<Message> stream) {
                for (int i = 0; i < 100; ++i) EXPECT_TRUE(stream.write(message(std::to_string(i))));
                stream.finish({StatusCode::out_of_range, "no more"});
            });
            auto started = QuicListener::start(
                *server, {.address = io::SocketAddress::loopback_v6(0), .identity = server_identity});
            ASSERT_TRUE(started) << started.error().text;
            listener = std::move(*started);
            address = listener->bound_address();
        });
        client = BlockingClient::make([&](io::Reactor& reactor) {
                     return make_quic_connector(reactor, {.server = address,
                                                          .server_keys = {*server_identity.public_key()},
                                                          .identity = client_identity});
                 }).value();
    }
    void TearDown() override {
        client.reset();
        thread->run_and_wait([&] {
            listener.reset();
            server.reset();
        });
    }
    std::unique_ptr<io::ReactorThread> thread = io::ReactorThread::start("rpc-test").value();
    zquic::Identity server_identity = zquic::Identity::generate().value();
    zquic::Identity client_identity = zquic::Identity::generate().value();
    std::unique_ptr<Server> server;
    std::unique_ptr<QuicListener> listener;
    io::SocketAddress address;
    std::unique_ptr<BlockingClient> client;
};

TEST_F(Blocking, CallsAndWaits) {
    for (int i = 0; i < 20; ++i) {
        const auto answer = client->call(kUnary, message(std::to_string(i)), {.timeout_ns = 60 * kSecond});
        ASSERT_TRUE(answer) << answer.error().to_string();
        EXPECT_EQ(answer->raw(), std::to_string(i));
    }
    constexpr UnaryMethod<Message, Message> kMissing{"/test.v1.Test/Missing"};
    EXPECT_EQ(client->call(kMissing, {}).error().code, StatusCode::unimplemented);
}

TEST_F(Blocking, StreamsToTheEndOrUntilItHasEnough) {
    int received = 0;
    auto status = client->stream(kServerStream, {}, {}, [&](const Message&) { return ++received < 1000; });
    EXPECT_EQ(status, (Status{StatusCode::out_of_range, "no more"}));
    EXPECT_EQ(received, 100);
    received = 0;
    status = client->stream(kServerStream, {}, {}, [&](const Message&) { return ++received < 10; });
    EXPECT_TRUE(status.ok());
    EXPECT_EQ(received, 10);
}

}  // namespace
}  // namespace rpc::test

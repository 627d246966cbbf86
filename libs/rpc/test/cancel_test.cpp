#include <thread>

#include "rig.hpp"

namespace rpc::test {
namespace {

class Ending : public Rig {
 public:
    /// A unary method that keeps its caller waiting.
    void serve_nothing() {
        server->add(kUnary, [this](CallContext& context, const Message&, Responder<Message> done) {
            contexts.push_back(context);
            context.on_cancel([this] { ++cancelled; });
            held.push_back(std::move(done));
        });
    }
    std::vector<CallContext> contexts;
    std::vector<Responder<Message>> held;
    int cancelled = 0;
};

TEST_P(Ending, DeadlineIsEnforcedByTheServer) {
    make();
    serve_nothing();
    // The client's own clock must not be what ends the call: it asks at the byte level.
    ASSERT_TRUE(call(kUnary, {}, {.timeout_ns = kMillisecond}).error().code == StatusCode::deadline_exceeded);
    std::optional<Status> connected;
    channel->when_ready([&](const Status& status) { connected = status; });
    ASSERT_TRUE(until([&] { return connected.has_value(); }));
    struct Events final : StreamEvents {
        void on_headers(Fields fields) override { headers = std::move(fields); }
        void on_data(base::ByteView) override {}
        void on_end(Fields fields) override {
            trailers = std::move(fields);
            ended = true;
        }
        void on_writable() override {}
        void on_reset(std::uint64_t, const std::string&) override { ended = true; }
        Fields headers, trailers;
        bool ended = false;
    } events;
    const int before = cancelled;
    const auto stream = channel->open_raw();
    ASSERT_TRUE(stream);
    stream->set_events(events);
    stream->send_headers({{":method", "POST"},
                          {":scheme", "https"},
                          {":authority", "test"},
                          {":path", std::string{kUnary.path}},
                          {"content-type", "application/grpc+proto"},
                          {"grpc-timeout", "200m"}},
                         false);
    stream->write(base::Bytes(5), true);
    ASSERT_TRUE(until([&] { return events.ended; }));
    const auto* status = find_field(events.headers, "grpc-status");  // Trailers-Only.
    ASSERT_TRUE(status);
    EXPECT_EQ(*status, "4");
    EXPECT_TRUE(events.trailers.empty());
    EXPECT_GT(cancelled, before);  // The call that opened the connection may have ended there later than here.
    EXPECT_TRUE(contexts.back().cancelled());
    held.back().respond({});  // Goes nowhere.
}

TEST_P(Ending, DeadlineIsEnforcedByTheClient) {
    make();
    serve_nothing();
    EXPECT_EQ(call(kUnary, {}, {.timeout_ns = 30 * kMillisecond}).error().code, StatusCode::deadline_exceeded);
    EXPECT_TRUE(until([&] { return cancelled == static_cast<int>(held.size()); }));
    auto stream = channel->open(kServerStream, {}, {.timeout_ns = 1});
    std::optional<Status> end;
    stream.for_each([](const Message&) {}, [&](const Status& status) { end = status; });
    ASSERT_TRUE(until([&] { return end.has_value(); }));
}

TEST_P(Ending, ServerSeesThatTheClientCancelled) {
    make();
    serve_nothing();
    std::optional<Status> end;
    auto handle = channel->call(kUnary, {}, {}, [&](StatusOr<Message> answer) { end = answer.error(); });
    ASSERT_TRUE(until([&] { return held.size() == 1; }));
    handle.cancel();
    EXPECT_FALSE(end) << "the callback must not run from inside cancel()";
    ASSERT_TRUE(until([&] { return end.has_value() && cancelled == 1; }));
    EXPECT_EQ(end->code, StatusCode::cancelled);
    EXPECT_TRUE(contexts[0].cancelled());
    EXPECT_EQ(server->calls_in_flight(), 0u);
}

TEST_P(Ending, DestroyedHandleCancelsSilently) {
    make();
    serve_nothing();
    bool called = false;
    {
        const auto handle = channel->call(kUnary, {}, {}, [&](StatusOr<Message>) { called = true; });
        ASSERT_TRUE(until([&] { return held.size() == 1; }));
    }
    ASSERT_TRUE(until([&] { return cancelled == 1; }));
    EXPECT_FALSE(called);
}

TEST_P(Ending, DetachedCallGoesOn) {
    make();
    serve_nothing();
    bool called = false;
    channel->call(kUnary, {}, {}, [&](StatusOr<Message> answer) { called = answer.has_value(); }).detach();
    ASSERT_TRUE(until([&] { return held.size() == 1; }));
    held[0].respond({});
    EXPECT_TRUE(until([&] { return called; }));
}

TEST_P(Ending, StreamsMayDieInsideTheirCallbacks) {
    make();
    bool cancelled_stream = false;
    std::optional<ServerStream<Message>> writer;
    server->add(kServerStream, [&](CallContext& context, const Message&, ServerStream<Message> stream) {
        context.on_cancel([&] { cancelled_stream = true; });
        for (int i = 0; i < 10; ++i) EXPECT_TRUE(stream.write(message("x")));
        writer.emplace(std::move(stream));
    });
    auto stream = std::make_unique<ClientStream<Message, Message>>(channel->open(kServerStream, {}));
    int received = 0;
    stream->for_each(
        [&](const Message&) {
            if (++received == 3) stream.reset();
        },
        [](const Status&) { FAIL() << "nothing may follow"; });
    ASSERT_TRUE(until([&] { return cancelled_stream; }));
    EXPECT_EQ(received, 3);
    EXPECT_TRUE(writer->cancelled());
    EXPECT_FALSE(writer->write({}));
}

TEST_P(Ending, ServerReaderLearnsOfTheCancellation) {
    make();
    std::optional<ServerReader<Message>> reader;
    std::optional<Responder<Message>> done;
    bool got_nothing = false;
    server->add(kClientStream, [&](CallContext&, ServerReader<Message> the_reader, Responder<Message> the_done) {
        reader.emplace(the_reader);
        done.emplace(std::move(the_done));
        reader->read([&](std::optional<Message> request) { got_nothing = !request; });
    });
    auto stream = channel->open(kClientStream);
    ASSERT_TRUE(until([&] { return reader.has_value(); }));
    stream.cancel();
    EXPECT_TRUE(until([&] { return got_nothing; }));
}

TEST_P(Ending, AnswersMayComeFromAnyThread) {
    make();
    std::vector<std::jthread> workers;
    server->add(kUnary, [&](CallContext&, Message request, Responder<Message> done) {
        workers.emplace_back([request = std::move(request), done = std::move(done)]() mutable {
            if (request.raw() == "drop") return;
            done.respond(request);
        });
    });
    for (int i = 0; i < 50; ++i) {
        const auto answer = call(message(std::to_string(i)));
        ASSERT_TRUE(answer) << answer.error().to_string();
        EXPECT_EQ(answer->raw(), std::to_string(i));
    }
    EXPECT_EQ(call(message("drop")).error().code, StatusCode::internal);
}

TEST_P(Ending, StreamsMayBeWrittenFromAnotherThread) {
    make({.stream_buffer_bytes = 8 * 1024});
    std::jthread worker;
    constexpr int kCount = 5000;
    server->add(kServerStream, [&](CallContext&, const Message&, ServerStream<Message> stream) {
        worker = std::jthread{[stream = std::move(stream)]() mutable {
            for (int i = 0; i < kCount && !stream.cancelled();) {
                if (stream.write(message(std::to_string(i)))) {
                    ++i;
                } else {
                    std::this_thread::sleep_for(std::chrono::microseconds{200});
                }
            }
            stream.finish();
        }};
    });
    auto stream = channel->open(kServerStream, {});
    int received = 0;
    bool in_order = true;
    std::optional<Status> end;
    stream.for_each([&](const Message& item) { in_order = in_order && item.raw() == std::to_string(received++); },
                    [&](const Status& status) { end = status; });
    ASSERT_TRUE(until([&] { return end.has_value(); }));
    EXPECT_TRUE(end->ok()) << end->to_string();
    EXPECT_EQ(received, kCount);
    EXPECT_TRUE(in_order);
}

TEST_P(Ending, HandlesMayOutliveTheServer) {
    make();
    serve_nothing();
    std::optional<Status> end;
    const auto handle = channel->call(kUnary, {}, {}, [&](StatusOr<Message> answer) { end = answer.error(); });
    ASSERT_TRUE(until([&] { return held.size() == 1; }));
    listener.reset();
    server.reset();
    EXPECT_TRUE(contexts[0].cancelled());
    held[0].respond({});
    std::jthread{[done = std::move(held[0])] {}}.join();
    EXPECT_EQ(contexts[0].path(), kUnary.path);
    ASSERT_TRUE(until([&] { return end.has_value(); }));
    EXPECT_EQ(end->code, StatusCode::unavailable);
}

TEST_P(Ending, DestroyedChannelEndsItsCalls) {
    make();
    serve_nothing();
    std::optional<Status> end;
    channel->call(kUnary, {}, {}, [&](StatusOr<Message> answer) { end = answer.error(); }).detach();
    ASSERT_TRUE(until([&] { return held.size() == 1; }));
    channel.reset();
    ASSERT_TRUE(end);
    EXPECT_EQ(end->code, StatusCode::cancelled);
    EXPECT_TRUE(until([&] { return cancelled == 1; }));
}

TEST_P(Ending, DrainLetsCallsEndAndRefusesNewOnes) {
    make();
    serve_nothing();
    bool answered = false;
    std::optional<Status> late;
    const auto handle = channel->call(kUnary, {}, {}, [&](StatusOr<Message> answer) { answered = answer.has_value(); });
    ASSERT_TRUE(until([&] { return held.size() == 1; }));
    bool drained = false;
    server->drain(60 * kSecond, [&] { drained = true; });
    const auto refused = channel->call(kUnary, {}, {}, [&](StatusOr<Message> answer) { late = answer.error(); });
    ASSERT_TRUE(until([&] { return late.has_value(); }));
    EXPECT_EQ(late->code, StatusCode::unavailable);
    EXPECT_FALSE(drained);
    held[0].respond({});
    EXPECT_TRUE(until([&] { return drained && answered; }));
}

TEST_P(Ending, DrainCancelsWhatOutlastsIt) {
    make();
    serve_nothing();
    std::optional<Status> end;
    const auto handle = channel->call(kUnary, {}, {}, [&](StatusOr<Message> answer) { end = answer.error(); });
    ASSERT_TRUE(until([&] { return held.size() == 1; }));
    bool drained = false;
    server->drain(20 * kMillisecond, [&] { drained = true; });
    ASSERT_TRUE(until([&] { return drained && end.has_value(); }));
    EXPECT_EQ(end->code, StatusCode::unavailable);
    EXPECT_EQ(cancelled, 1);
}

INSTANTIATE_TEST_SUITE_P(Over, Ending, testing::Values(Transport::loopback, Transport::quic), name_of);

}  // namespace
}  // namespace rpc::test

#include "rig.hpp"

namespace rpc::test {
namespace {

class Streaming : public Rig {};

TEST_P(Streaming, HundredThousandSmallMessagesArriveInOrderUnderBackPressure) {
    make();
    constexpr std::uint64_t kCount = 100'000;
    struct Source : std::enable_shared_from_this<Source> {
        explicit Source(ServerStream<Message> the_stream) : stream{std::move(the_stream)} {}
        void run() {
            for (; next < kCount; ++next) {
                if (stream.write(message(std::to_string(next)))) continue;
                ++waits;
                return stream.when_ready([self = shared_from_this()] { self->run(); });
            }
            stream.finish();
        }
        ServerStream<Message> stream;
        std::uint64_t next = 0;
        std::uint64_t waits = 0;
    };
    std::shared_ptr<Source> source;
    server->add(kServerStream, [&](CallContext&, const Message&, ServerStream<Message> stream) {
        source = std::make_shared<Source>(std::move(stream));
        source->run();
    });
    auto stream = channel->open(kServerStream, {});
    std::uint64_t received = 0;
    bool in_order = true;
    std::optional<Status> end;
    stream.for_each([&](const Message& item) { in_order = in_order && item.raw() == std::to_string(received++); },
                    [&](const Status& status) { end = status; });
    ASSERT_TRUE(until([&] { return end.has_value(); }));
    EXPECT_TRUE(end->ok()) << end->to_string();
    EXPECT_EQ(received, kCount);
    EXPECT_TRUE(in_order);
    EXPECT_GT(source->waits, 0u);
}

TEST_P(Streaming, WriterStopsWhenNobodyReads) {
    make({.stream_buffer_bytes = 32 * 1024});
    std::optional<ServerStream<Message>> writer;
    server->add(kServerStream,
                [&](CallContext&, const Message&, ServerStream<Message> stream) { writer.emplace(std::move(stream)); });
    auto stream = channel->open(kServerStream, {});
    ASSERT_TRUE(until([&] { return writer.has_value(); }));
    std::size_t written = 0;
    bool ready = true;
    // Write whenever there is room, until there has been none for a while: windows and buffers are full.
    int idle = 0;
    while (idle < 50 && written < 200'000) {
        if (ready) {
            while (writer->write(message(std::string(1000, 'x')))) ++written;
            ready = false;
            idle = 0;
            writer->when_ready([&] { ready = true; });
        }
        reactor->run_once(2 * kMillisecond);
        if (!ready) ++idle;
    }
    EXPECT_GT(written, 10u);
    EXPECT_LT(written, 100'000u);
    // Reading opens the window again.
    std::size_t received = 0;
    std::optional<Status> end;
    stream.for_each([&](const Message&) { ++received; }, [&](const Status& status) { end = status; });
    ASSERT_TRUE(until([&] { return ready; }));
    writer->finish();
    ASSERT_TRUE(until([&] { return end.has_value(); }));
    EXPECT_EQ(received, written);
}

TEST_P(Streaming, BidirectionalPingPong) {
    make();
    struct Echo : std::enable_shared_from_this<Echo> {
        Echo(ServerReader<Message> the_reader, ServerStream<Message> the_writer)
            : reader{std::move(the_reader)}, writer{std::move(the_writer)} {}
        void next() {
            reader.read([self = shared_from_this()](std::optional<Message> request) {
                if (!request) return self->writer.finish({StatusCode::aborted, "done"});
                EXPECT_TRUE(self->writer.write(*request));
                self->next();
            });
        }
        ServerReader<Message> reader;
        ServerStream<Message> writer;
    };
    server->add(kBidi, [](CallContext&, ServerReader<Message> reader, ServerStream<Message> writer) {
        std::make_shared<Echo>(std::move(reader), std::move(writer))->next();
    });
    auto stream = channel->open(kBidi);
    constexpr int kRounds = 200;
    for (int i = 0; i < kRounds; ++i) {
        ASSERT_TRUE(stream.write(message(std::to_string(i))));
        std::optional<Message> answer;
        stream.read([&](std::optional<Message> item) { answer = std::move(item).value_or(message("end")); });
        ASSERT_TRUE(until([&] { return answer.has_value(); }));
        EXPECT_EQ(answer->raw(), std::to_string(i));
    }
    stream.half_close();
    EXPECT_FALSE(stream.write({}));
    bool ended = false;
    stream.read([&](std::optional<Message> item) { ended = !item; });
    ASSERT_TRUE(until([&] { return ended; }));
    EXPECT_EQ(stream.status(), (Status{StatusCode::aborted, "done"}));
}

TEST_P(Streaming, ClientStreamGathersManyRequestsIntoOneAnswer) {
    make();
    struct Sum : std::enable_shared_from_this<Sum> {
        Sum(ServerReader<Message> the_reader, Responder<Message> the_done)
            : reader{std::move(the_reader)}, done{std::move(the_done)} {}
        void next() {
            reader.read([self = shared_from_this()](std::optional<Message> request) {
                if (!request) return self->done.respond(message(std::to_string(self->bytes)));
                self->bytes += request->raw().size();
                self->next();
            });
        }
        ServerReader<Message> reader;
        Responder<Message> done;
        std::size_t bytes = 0;
    };
    server->add(kClientStream, [](CallContext&, ServerReader<Message> reader, Responder<Message> done) {
        std::make_shared<Sum>(std::move(reader), std::move(done))->next();
    });
    auto stream = channel->open(kClientStream);
    constexpr std::size_t kCount = 5000;
    std::size_t written = 0;
    bool ready = true;
    ASSERT_TRUE(until([&] {
        while (ready && written < kCount) {
            if (stream.write(message(std::string(200, 'x')))) {
                ++written;
            } else {
                ready = false;
                stream.when_ready([&] { ready = true; });
            }
        }
        return written == kCount;
    }));
    stream.half_close();
    std::string answer;
    std::optional<Status> end;
    stream.for_each([&](const Message& item) { answer = item.raw(); }, [&](const Status& status) { end = status; });
    ASSERT_TRUE(until([&] { return end.has_value(); }));
    EXPECT_TRUE(end->ok()) << end->to_string();
    EXPECT_EQ(answer, std::to_string(kCount * 200));
}

TEST_P(Streaming, ServerThatNeverReadsStopsTheClient) {
    make();
    std::optional<ServerReader<Message>> reader;
    std::optional<Responder<Message>> done;
    server->add(kClientStream, [&](CallContext&, ServerReader<Message> the_reader, Responder<Message> the_done) {
        reader.emplace(std::move(the_reader));
        done.emplace(std::move(the_done));
    });
    auto stream = channel->open(kClientStream);
    ASSERT_TRUE(until([&] { return done.has_value(); }));
    std::size_t written = 0;
    for (int i = 0; i < 300; ++i) {
        while (written < 200'000 && stream.write(message(std::string(1000, 'x')))) ++written;
        reactor->run_once(kMillisecond);
    }
    EXPECT_LT(written, 100'000u);
    // Answering early ends the call although the requests have not been read.
    done->fail(StatusCode::failed_precondition, "enough");
    bool ended = false;
    stream.read([&](std::optional<Message>) { ended = true; });
    ASSERT_TRUE(until([&] { return ended; }));
    EXPECT_EQ(stream.status(), (Status{StatusCode::failed_precondition, "enough"}));
}

TEST_P(Streaming, EmptyStreamEndsWithItsStatus) {
    make();
    server->add(kServerStream, [](CallContext& context, const Message&, ServerStream<Message> stream) {
        EXPECT_TRUE(context.add_trailing("why", "nothing here"));
        stream.finish({StatusCode::not_found, "no blocks"});
    });
    std::string why;
    auto stream = channel->open(kServerStream, {}, {.on_metadata = [&](const Metadata&, const Metadata& trailing) {
                                    why = trailing.get("why").value_or("");
                                }});
    std::optional<Status> end;
    stream.for_each([](const Message&) { FAIL(); }, [&](const Status& status) { end = status; });
    ASSERT_TRUE(until([&] { return end.has_value(); }));
    EXPECT_EQ(*end, (Status{StatusCode::not_found, "no blocks"}));
    EXPECT_EQ(why, "nothing here");
}

TEST_P(Streaming, DroppedWriterIsAnInternalErrorAfterWhatItWrote) {
    make();
    server->add(kServerStream, [](CallContext&, const Message&, ServerStream<Message> stream) {
        EXPECT_TRUE(stream.write(message("one")));
    });
    auto stream = channel->open(kServerStream, {});
    int received = 0;
    std::optional<Status> end;
    stream.for_each([&](const Message&) { ++received; }, [&](const Status& status) { end = status; });
    ASSERT_TRUE(until([&] { return end.has_value(); }));
    EXPECT_EQ(end->code, StatusCode::internal);
    EXPECT_EQ(received, 1);
}

TEST_P(Streaming, LargeMessagesPassWindowsSmallerThanThey) {
    make();
    server->add(kServerStream, [](CallContext&, const Message& request, ServerStream<Message> stream) {
        EXPECT_TRUE(stream.write(request));
        stream.finish();
    });
    auto stream = channel->open(kServerStream, message(std::string(4'000'000, 'b')));
    std::size_t size = 0;
    std::optional<Status> end;
    stream.for_each([&](const Message& item) { size = item.raw().size(); },
                    [&](const Status& status) { end = status; });
    ASSERT_TRUE(until([&] { return end.has_value(); }));
    EXPECT_TRUE(end->ok()) << end->to_string();
    EXPECT_EQ(size, 4'000'000u);
}

INSTANTIATE_TEST_SUITE_P(Over, Streaming, testing::Values(Transport::loopback, Transport::quic), name_of);

}  // namespace
}  // namespace rpc::test

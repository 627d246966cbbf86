#include "support.hpp"

namespace zquic::test {
namespace {

using Streams = Net;

std::shared_ptr<StreamHandler> echo(Connection&, Stream&) { return std::make_shared<Echo>(); }

/// Writes all of `bytes` in pieces as the queue allows, then fin.
struct Sender {
    base::Bytes bytes;
    std::size_t piece = 64 * 1024;
    std::size_t at = 0;
    bool fin = false;
    void pump(Stream& stream) {
        while (at < bytes.size() && stream.writable_bytes() > 0) {
            const auto size = std::min(piece, bytes.size() - at);
            must(stream.write(Buffer::copy(base::ByteView{bytes}.subspan(at, size)), false));
            at += size;
        }
        if (at == bytes.size() && !std::exchange(fin, true)) must(stream.finish());
    }
};

TEST_F(Streams, EchoOnABidirectionalStream) {
    prepare = [](ConnectionEvents& events) { events.stream = echo; };
    serve();
    const auto dialed = connected();
    const auto events = std::make_shared<StreamEvents>();
    auto* const stream = must(dialed->connection->open_stream(Direction::bidirectional, events));
    must(stream->write(Buffer::copy("hello"), true));
    ASSERT_TRUE(run_until([&] { return events->closed; }));
    EXPECT_EQ(base::as_text(events->received), "hello");
    EXPECT_TRUE(events->fin);
    EXPECT_FALSE(events->end->reset);
    EXPECT_EQ(events->acknowledged, 5u);
}

TEST_F(Streams, DeliversUnidirectionalStreamsInBothDirections) {
    prepare = [](ConnectionEvents& events) {
        events.handshake = [](Connection& connection) {
            auto* const stream = must(connection.open_stream(Direction::unidirectional, nullptr));
            must(stream->write(Buffer::copy("from the server"), true));
        };
    };
    serve();
    const auto dialed = connected();
    auto* const stream = must(dialed->connection->open_stream(Direction::unidirectional, nullptr));
    must(stream->write(Buffer::copy("from the client"), true));
    ASSERT_TRUE(run_until([&] {
        return !dialed->streams.empty() && dialed->streams[0]->closed && !accepted[0]->streams.empty() &&
               accepted[0]->streams[0]->closed;
    }));
    EXPECT_EQ(base::as_text(dialed->streams[0]->received), "from the server");
    EXPECT_EQ(base::as_text(accepted[0]->streams[0]->received), "from the client");
}

TEST_F(Streams, CarryDatagrams) {
    prepare = [](ConnectionEvents& events) {
        events.datagram = [](Connection& connection, base::ByteView bytes) {
            must(connection.send_datagram(Buffer::copy(bytes)));
        };
    };
    serve();
    const auto dialed = connected();
    const auto limit = dialed->connection->datagram_bytes_max();
    ASSERT_GE(limit, 1100u);
    must(dialed->connection->send_datagram(Buffer::copy("ping")));
    must(dialed->connection->send_datagram(pattern(limit, 1)));
    EXPECT_TRUE(dialed->connection->send_datagram(pattern(limit + 1, 1)).error().is(Errc::too_large));
    ASSERT_TRUE(run_until([&] { return dialed->datagrams.size() == 2; }));
    EXPECT_EQ(base::as_text(dialed->datagrams[0]), "ping");
    EXPECT_EQ(dialed->datagrams[1], pattern(limit, 1));
}

TEST_F(Streams, TransferTwentyMegabytesBothWaysIntact) {
    prepare = [](ConnectionEvents& events) { events.stream = echo; };
    serve();
    const auto dialed = connected();
    const auto events = std::make_shared<StreamEvents>();
    Sender sender{.bytes = pattern(20u << 20, 20)};
    events->writable = [&](Stream& stream) { sender.pump(stream); };
    auto* const stream = must(dialed->connection->open_stream(Direction::bidirectional, events));
    sender.pump(*stream);
    ASSERT_TRUE(run_until([&] { return events->closed; }));
    EXPECT_TRUE(events->received == sender.bytes);
    EXPECT_EQ(events->acknowledged, sender.bytes.size());
}

TEST_F(Streams, ASlowReaderHoldsTheSenderBack) {
    std::shared_ptr<StreamEvents> reader;
    Stream* incoming = nullptr;
    prepare = [&](ConnectionEvents& events) {
        events.stream = [&](Connection&, Stream& stream) {
            reader = std::make_shared<StreamEvents>();
            reader->auto_consume = false;
            incoming = &stream;
            return reader;
        };
    };
    auto config = server_config();
    config.settings.stream_window_bytes = 64 << 10;
    config.settings.stream_window_bytes_max = 64 << 10;
    serve(std::move(config));
    const auto dialed = connected();
    const auto events = std::make_shared<StreamEvents>();
    Sender sender{.bytes = pattern(2u << 20, 21)};
    events->writable = [&](Stream& stream) { sender.pump(stream); };
    auto* const stream = must(dialed->connection->open_stream(Direction::unidirectional, events));
    sender.pump(*stream);
    ASSERT_TRUE(run_until([&] { return reader && reader->received.size() == 64u << 10; }));
    turns(30);
    // Not a byte beyond the window, and the sender's queue is bounded too.
    EXPECT_EQ(reader->received.size(), 64u << 10);
    sender.pump(*stream);
    EXPECT_EQ(stream->writable_bytes(), 0u);
    const auto more = stream->write(Buffer::copy("x"), false);
    ASSERT_FALSE(more);
    EXPECT_TRUE(more.error().is(Errc::blocked));
    EXPECT_LT(sender.at, 1u << 20);
    std::size_t consumed = 0;
    ASSERT_TRUE(run_until([&] {
        if (!reader->closed) {
            incoming->consume(reader->received.size() - consumed);
            consumed = reader->received.size();
        }
        return reader->fin;
    }));
    EXPECT_TRUE(reader->received == sender.bytes);
}

TEST_F(Streams, ManyAtOnceEachGetTheirOwnBytes) {
    prepare = [](ConnectionEvents& events) { events.stream = echo; };
    serve();
    const auto dialed = connected();
    std::vector<std::shared_ptr<StreamEvents>> all;
    constexpr std::size_t kStreams = 1000;
    constexpr std::size_t kBytes = 3000;
    const auto open_more = [&] {
        while (all.size() < kStreams && dialed->connection->streams_left(Direction::bidirectional) > 0) {
            all.push_back(std::make_shared<StreamEvents>());
            auto* const stream = must(dialed->connection->open_stream(Direction::bidirectional, all.back()));
            must(stream->write(pattern(kBytes, all.size()), true));
        }
    };
    open_more();
    EXPECT_EQ(all.size(), 128u);
    EXPECT_TRUE(dialed->connection->open_stream(Direction::bidirectional, nullptr).error().is(Errc::stream_limit));
    ASSERT_TRUE(run_until([&] {
        open_more();
        return all.size() == kStreams && std::ranges::all_of(all, [](const auto& one) { return one->closed; });
    }));
    for (std::size_t i = 0; i < all.size(); ++i) EXPECT_TRUE(all[i]->received == pattern(kBytes, i + 1)) << i;
    EXPECT_EQ(dialed->connection->stats().streams_open, 0u);
}

TEST_F(Streams, ResetAndStopSendingArriveWithTheirCodes) {
    serve();
    const auto dialed = connected();
    const auto first = std::make_shared<StreamEvents>();
    auto* const one = must(dialed->connection->open_stream(Direction::bidirectional, first));
    must(one->write(Buffer::copy("partial"), false));
    ASSERT_TRUE(run_until([&] { return !accepted[0]->streams.empty(); }));
    const auto peer = accepted[0]->streams[0];
    one->reset(77);
    one->stop_sending(78);
    ASSERT_TRUE(run_until([&] { return peer->closed && first->closed; }));
    EXPECT_EQ(peer->reset_code, 77u);
    EXPECT_EQ(peer->stop_code, 78u);
    EXPECT_TRUE(peer->end->reset);
    EXPECT_TRUE(first->end->reset);
}

TEST_F(Streams, AreResetWhenNobodyTakesThem) {
    prepare = [](ConnectionEvents& events) {
        events.stream = [](Connection&, Stream&) -> std::shared_ptr<StreamHandler> { return nullptr; };
    };
    serve();
    const auto dialed = connected();
    const auto events = std::make_shared<StreamEvents>();
    auto* const stream = must(dialed->connection->open_stream(Direction::bidirectional, events));
    must(stream->write(Buffer::copy("anybody?"), false));
    ASSERT_TRUE(run_until([&] { return events->closed; }));
    EXPECT_EQ(events->reset_code, 0u);
    EXPECT_EQ(events->stop_code, 0u);
}

TEST_F(Streams, RefuseWritesAfterFinAndOnTheWrongDirection) {
    Stream* incoming = nullptr;
    prepare = [&](ConnectionEvents& events) {
        events.stream = [&](Connection&, Stream& stream) {
            incoming = &stream;
            EXPECT_TRUE(stream.write(Buffer::copy("x"), false).error().is(Errc::closed));
            EXPECT_EQ(stream.writable_bytes(), 0u);
            return std::make_shared<StreamEvents>();
        };
    };
    serve();
    const auto dialed = connected();
    auto* const stream = must(dialed->connection->open_stream(Direction::unidirectional, nullptr));
    must(stream->write(Buffer::copy("all"), true));
    EXPECT_TRUE(stream->write(Buffer::copy("more"), false).error().is(Errc::closed));
    EXPECT_TRUE(stream->finish().error().is(Errc::closed));
    ASSERT_TRUE(run_until([&] { return incoming != nullptr; }));
}

TEST_F(Streams, UrgentOnesOvertake) {
    std::vector<std::uint64_t> order;
    prepare = [&](ConnectionEvents& events) {
        events.stream = [&](Connection&, Stream&) {
            auto handler = std::make_shared<StreamEvents>();
            handler->data = [&](Stream& stream, base::ByteView, bool fin) {
                if (fin) order.push_back(stream.id());
            };
            return handler;
        };
    };
    serve();
    const auto dialed = connected();
    auto* const bulk = must(dialed->connection->open_stream(Direction::unidirectional, nullptr));
    auto* const urgent = must(dialed->connection->open_stream(Direction::unidirectional, nullptr));
    bulk->set_priority({.urgency = 6, .incremental = false});
    urgent->set_priority({.urgency = 1, .incremental = false});
    must(bulk->write(pattern(200'000, 1), true));
    must(urgent->write(pattern(100'000, 2), true));
    const auto bulk_id = bulk->id();
    const auto urgent_id = urgent->id();
    ASSERT_TRUE(run_until([&] { return order.size() == 2; }));
    EXPECT_EQ(order, (std::vector<std::uint64_t>{urgent_id, bulk_id}));
}

}  // namespace
}  // namespace zquic::test

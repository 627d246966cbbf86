// Handshakes of peers that break TLS's or QUIC's rules: they end with the right code, and the process lives.

#include <atomic>
#include <fstream>
#include <nlohmann/json.hpp>
#include <thread>

#include "close_seen.hpp"
#include "published_vectors.hpp"
#include "raw_net.hpp"

namespace zquic::test {
namespace {

class HostileHandshake : public Net {};

TEST_F(HostileHandshake, AClientHelloWithoutTransportParametersEndsWithMissingExtension) {
    GHOST_NEEDS_VECTORS();
    const auto datagram = testkit::read_case(ghost_test::vectors_folder(), "quic-initial-without-transport-parameters");
    ASSERT_EQ(datagram.size(), 1200u);
    server = must(Endpoint::make(*reactor, server_config()));
    must_listen(*server, {"h3"});
    std::optional<std::uint64_t> code;
    std::atomic<bool> over{false};
    std::thread stranger{[&, to = server->bound_address()] {
        code = testkit::close_code_after(to, datagram, kPatienceSeconds * 1000);
        over = true;
    }};
    EXPECT_TRUE(run_until([&] { return over.load(); }));
    stranger.join();
    ASSERT_TRUE(code);
    EXPECT_EQ(*code, 0x16du);
    EXPECT_EQ(server->stats().handshakes_failed, 1u);
    EXPECT_EQ(server->stats().half_open, 0u);
}

class HostilePeer : public RawNet {
 protected:
    static testkit::RawPeerOptions without_parameters() {
        testkit::RawPeerOptions options;
        options.parameters = [](const testkit::Parameters&) -> std::optional<base::Bytes> { return std::nullopt; };
        return options;
    }
    static base::ByteView handshake_done() {
        static constexpr std::array kFrame{std::byte{0x1e}};
        return kFrame;
    }
    /// Sends the server's first flight with `frames` in a 1-RTT packet behind it, all before the client can answer.
    void answer_with(base::ByteView frames) {
        read();
        flush();
        send_frames(Space::app, frames);
    }
};

TEST_F(HostilePeer, IsAnHonestOneWhereItIsNotToldOtherwise) {
    serve();
    dial_raw();
    finish_handshake();
    ASSERT_TRUE(run_until([&] { return accepted.size() == 1 && accepted[0]->done; }));
    testkit::WireWriter stream;
    stream.byte(0x0b).varint(0).varint(5).bytes(base::as_bytes(std::string_view{"hello"}));
    send_frames(Space::app, stream.view());
    ASSERT_TRUE(run_until([&] { return !accepted[0]->streams.empty() && accepted[0]->streams[0]->fin; }));
    EXPECT_EQ(accepted[0]->streams[0]->received, base::to_bytes(std::string_view{"hello"}));
}

TEST_F(HostilePeer, AsAServerIsAnHonestOneWhereItIsNotToldOtherwise) {
    const auto events = dial_from_ours();
    finish_handshake();
    EXPECT_TRUE(run_until([&] { return events->done; }));
    EXPECT_EQ(events->connection->alpn(), "test");
}

TEST_F(HostilePeer, AsAClientWithoutTransportParametersGetsMissingExtension) {
    serve();
    dial_raw(without_parameters());
    EXPECT_EQ(close_code(), 0x16du);
}

TEST_F(HostilePeer, AsAServerWithoutTransportParametersGetsMissingExtension) {
    const auto events = dial_from_ours(without_parameters());
    pump();
    EXPECT_EQ(close_code(), 0x16du);
    ASSERT_TRUE(run_until([&] { return events->closed.has_value(); }));
    EXPECT_EQ(events->closed->cause, CloseCause::handshake_failed);
    EXPECT_FALSE(events->done);
}

TEST_F(HostilePeer, WithoutAlpnGetsNoApplicationProtocol) {
    serve();
    dial_raw({.alpn = {}});
    EXPECT_EQ(close_code(), 0x178u);  // alert 120
    EXPECT_TRUE(accepted.empty());
}

TEST_F(HostilePeer, AsAServerWithoutAlpnGetsNoApplicationProtocol) {
    const auto events = dial_from_ours({.alpn = {}});
    pump();
    EXPECT_EQ(close_code(), 0x178u);
    EXPECT_TRUE(run_until([&] { return events->closed.has_value(); }));
    EXPECT_FALSE(events->done);
}

TEST_F(HostilePeer, ThatSaysHandshakeDoneBeforeItCanKnowEndsTheConnectionOnly) {
    const auto events = dial_from_ours();
    answer_with(handshake_done());
    ASSERT_TRUE(run_until([&] { return events->closed.has_value(); }));
    EXPECT_EQ(events->closed->cause, CloseCause::protocol_error);
    EXPECT_EQ(close_code(), 0x0au);  // PROTOCOL_VIOLATION
}

TEST_F(HostilePeer, ThatRetiresItsFirstIdDuringTheHandshakeDoesNoHarm) {
    testkit::RawPeerOptions options;
    options.parameters = [](testkit::Parameters list) -> std::optional<base::Bytes> {
        list.emplace_back(0x02, base::Bytes(16, std::byte{7}));  // stateless_reset_token
        return testkit::encode(list);
    };
    const auto events = dial_from_ours(std::move(options));
    testkit::WireWriter retire;
    retire.byte(0x18).varint(1).varint(1).byte(8).bytes(base::Bytes(8, std::byte{5})).bytes(base::Bytes(16));
    answer_with(retire.view());
    finish_handshake();
    EXPECT_TRUE(run_until([&] { return events->done; }));
    EXPECT_FALSE(events->closed);
}

TEST_F(HostilePeer, MakesAUserUpdateKeysInTheMiddleOfTheHandshake) {
    prepare = [](ConnectionEvents& events) {
        events.handshake = [](Connection& connection) {
            const auto updated = connection.update_keys();
            EXPECT_TRUE(!updated && updated.error().is(Errc::not_ready));
        };
    };
    serve();
    dial_raw();
    finish_handshake();
    EXPECT_TRUE(run_until([&] { return accepted.size() == 1 && accepted[0]->done; }));
}

TEST_F(HostilePeer, WithHugeTransportParametersDoesNoHarmToTheQlog) {
    const TempFolder folder;
    auto config = server_config();
    config.settings.qlog_dir = folder.path();
    serve(std::move(config));
    testkit::RawPeerOptions options;
    options.parameters = [](testkit::Parameters list) -> std::optional<base::Bytes> {
        for (auto& [id, value] : list) {
            if (id >= 0x04 && id <= 0x07) value = testkit::integer((1ULL << 62) - 1);
            if (id == 0x01 || id == 0x20) value = testkit::integer((1ULL << 62) - 1);
            if (id == 0x08 || id == 0x09) value = testkit::integer(1ULL << 60);
        }
        for (std::uint64_t id = 0x7000; id < 0x7020; ++id) list.emplace_back(id, base::Bytes(8, std::byte{0xff}));
        return testkit::encode(list);
    };
    dial_raw(std::move(options));
    finish_handshake();
    ASSERT_TRUE(run_until([&] { return accepted.size() == 1 && accepted[0]->done; }));
    const auto name = folder.file(accepted[0]->connection->trace_id() + ".sqlog");
    send_frames(Space::app,
                testkit::WireWriter{}.byte(0x1d).varint(5).varint(300).bytes(base::Bytes(300, std::byte{0xfe})).view());
    ASSERT_TRUE(run_until([&] { return accepted[0]->closed.has_value(); }));
    turns(2);

    // JSON-SEQ, RFC 7464: each record begins with 0x1e and ends with a line feed.
    std::ifstream file{name};
    std::map<std::string, int> events;
    bool header = false;
    for (std::string line; std::getline(file, line);) {
        ASSERT_FALSE(line.empty());
        ASSERT_EQ(line[0], '\x1e');
        const auto record = nlohmann::json::parse(line.substr(1), nullptr, false);
        ASSERT_TRUE(record.is_object()) << line;
        if (!std::exchange(header, true)) {
            EXPECT_EQ(record["qlog_format"], "JSON-SEQ");
            EXPECT_EQ(record["trace"]["vantage_point"]["type"], "server");
            continue;
        }
        EXPECT_TRUE(record["time"].is_number());
        ++events[record["name"].get<std::string>()];
        if (record["name"] == "transport:parameters_set" && record["data"]["owner"] == "remote") {
            EXPECT_EQ(record["data"]["initial_max_data"], (1ULL << 62) - 1);
        }
    }
    EXPECT_EQ(events["connectivity:connection_started"], 1);
    EXPECT_EQ(events["transport:parameters_set"], 2);
    EXPECT_GE(events["transport:packet_received"], 3);
    EXPECT_GE(events["transport:packet_sent"], 2);
    EXPECT_GE(events["recovery:metrics_updated"], 1);
    EXPECT_EQ(events["connectivity:connection_closed"], 1);
}

TEST_F(HostilePeer, EchoesAnEmptyDatagram) {
    prepare = [](ConnectionEvents& events) {
        events.datagram = [](Connection& connection, base::ByteView bytes) {
            must(connection.send_datagram(Buffer{base::to_bytes(bytes)}));
        };
    };
    serve();
    dial_raw();
    finish_handshake();
    ASSERT_TRUE(run_until([&] { return accepted.size() == 1 && accepted[0]->done; }));
    send_frames(Space::app, testkit::WireWriter{}.byte(0x31).varint(0).view());
    EXPECT_TRUE(run_until([&] {
        read();
        return peer->frames_seen(0x30) + peer->frames_seen(0x31) > 0;
    }));
    EXPECT_EQ(accepted[0]->datagrams.size(), 1u);
}

}  // namespace
}  // namespace zquic::test

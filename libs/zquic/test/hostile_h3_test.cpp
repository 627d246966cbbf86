// HTTP/3 peers that break rules, and how much memory they get for it.

#include "h3_net.hpp"
#include "raw_net.hpp"

namespace zquic::test {
namespace {

constexpr std::uint64_t kControl = 0x00;
constexpr std::uint64_t kEncoder = 0x02;
constexpr std::uint64_t kDecoder = 0x03;

class HostileHttp3 : public RawNet {
 protected:
    ~HostileHttp3() override {
        http_client.reset();
        http_server.reset();
    }
    /// A server of ours, and a peer that has said SETTINGS and opened its QPACK streams (2, 6, 10).
    void serve_http(const h3::Limits& limits = {}) {
        server = must(Endpoint::make(*reactor, server_config()));
        http_server = must(h3::Server::make(*server, {.limits = limits}, echo_server));
        dial_raw({.alpn = {"h3"}});
        finish_handshake();
        open_streams(2);
    }
    /// A client of ours at a peer that has opened its streams (3, 7, 11).
    void dial_http() {
        testkit::RawPeerOptions options;
        options.server = true;
        options.identity = &peer_identity;
        options.alpn = {"h3"};
        listen_raw(std::move(options));
        client = must(Endpoint::make(*reactor, client_config()));
        ConnectOptions how;
        how.address = socket->bound_address();
        how.verifier = PinnedKey{*peer_identity.public_key()};
        http_client = must(h3::Client::connect(*client, std::move(how), {}, {}));
        const h3::Fields fields{{":method", "GET"}, {":scheme", "https"}, {":authority", "a"}, {":path", "/"}};
        request = std::make_shared<Events>();
        (void)must(http_client->request(fields, true, request));
        finish_handshake();
        open_streams(3);
    }
    void open_streams(std::uint64_t first) {
        for (const auto type : {kControl, kEncoder, kDecoder}) {
            testkit::WireWriter content;
            content.varint(type);
            if (type == kControl) content.varint(0x04).varint(0);  // SETTINGS without any
            stream(first + 4 * (type == kControl ? 0 : type - 1), content.view());
        }
    }
    /// Continues a stream.
    void stream(std::uint64_t id, base::ByteView data, bool fin = false) {
        testkit::WireWriter frame;
        auto& offset = offsets[id];
        frame.byte(fin ? 0x0f : 0x0e).varint(id).varint(offset).varint(data.size()).bytes(data);
        offset += data.size();
        send_frames(Space::app, frame.view());
    }
    void reset(std::uint64_t id) {
        send_frames(Space::app, testkit::WireWriter{}.byte(0x04).varint(id).varint(0x10c).varint(offsets[id]).view());
    }
    void stop_sending(std::uint64_t id) {
        send_frames(Space::app, testkit::WireWriter{}.byte(0x05).varint(id).varint(0x10c).view());
    }
    /// The close code; acknowledges meanwhile, so that resets of the victim come to an end.
    std::uint64_t close_code_of_pumping() {
        EXPECT_TRUE(run_until([&] {
            if (!peer->close_code()) pump();
            return peer->close_code().has_value();
        }));
        return peer->close_code().value_or(UINT64_MAX);
    }

    std::unique_ptr<h3::Server> http_server;
    std::unique_ptr<h3::Client> http_client;
    std::shared_ptr<Events> request;
    std::map<std::uint64_t, std::uint64_t> offsets;
};

TEST_F(HostileHttp3, IsToldThatThereIsNoTableAndNothingMayBlock) {
    serve_http();
    ASSERT_TRUE(run_until([&] {
        pump();
        const auto control = peer->streams().find(3);
        return control != peer->streams().end() && control->second.size() > 2;
    }));
    testkit::WireReader in{peer->streams().at(3)};
    EXPECT_EQ(in.varint(), kControl);
    EXPECT_EQ(in.varint(), 0x04u);
    testkit::WireReader settings{in.bytes(in.varint())};
    while (!settings.empty()) {
        const auto id = settings.varint();
        const auto value = settings.varint();
        EXPECT_TRUE((id != 0x01 && id != 0x07) || value == 0) << id;
    }
}

TEST_F(HostileHttp3, CannotBlockAStreamOrFillATable) {
    serve_http();
    // HEADERS whose prefix asks for one insertion (RFC 9204 section 4.5.1).
    stream(0, testkit::WireWriter{}.varint(0x01).varint(3).byte(0x02).byte(0x00).byte(0x80).view());
    EXPECT_EQ(close_code_of_pumping(), 0x200u);  // QPACK_DECOMPRESSION_FAILED
    EXPECT_EQ(http_server->stats().requests, 0u);
}

TEST_F(HostileHttp3, CannotInsertIntoATable) {
    serve_http();
    // Insert with a literal name (RFC 9204 section 4.3.3).
    stream(6, testkit::WireWriter{}.byte(0x41).byte('a').byte(0x01).byte('b').view());
    EXPECT_EQ(close_code_of_pumping(), 0x201u);  // QPACK_ENCODER_STREAM_ERROR
}

TEST_F(HostileHttp3, LeavesNothingBehindWithStreamsThatItResets) {
    constexpr int kBatches = 400;
    constexpr int kBatch = 50;
    serve_http();
    std::uint64_t id = 0;
    std::size_t after_warm_up = 0;
    for (int batch = 0; batch < kBatches; ++batch) {
        for (int i = 0; i < kBatch; ++i, id += 4) {
            // The beginning of HEADERS, of which the rest never comes.
            stream(id, testkit::WireWriter{}.varint(0x01).varint(100).byte(0x00).byte(0x00).byte(0xd1).view());
            reset(id);
            offsets.erase(id);
        }
        settle();
        ASSERT_TRUE(run_until([&] {
            pump();
            return http_server->stats().exchanges == 0 || peer->close_code();
        }));
        ASSERT_FALSE(peer->close_code()) << *peer->close_code();
        if (batch == kBatches / 10) after_warm_up = memory_in_use();
    }
    const auto grown = static_cast<std::int64_t>(memory_in_use()) - static_cast<std::int64_t>(after_warm_up);
    // 18,000 streams; one that stayed would cost 500 bytes.
    expect_below(grown, 512 * 1024);
}

TEST_F(HostileHttp3, EndsTheConnectionByEndingACriticalStream) {
    for (const std::uint64_t id : {2, 6, 10}) {
        for (const bool by_reset : {false, true}) {
            serve_http();
            by_reset ? reset(id) : stream(id, {}, true);
            EXPECT_EQ(close_code_of_pumping(), 0x104u) << id << (by_reset ? " reset" : " fin");
            http_server.reset();
            offsets.clear();
        }
    }
    for (const std::uint64_t id : {3, 7, 11}) {
        serve_http();
        stop_sending(id);
        EXPECT_EQ(close_code_of_pumping(), 0x104u) << id << " stop_sending";
        http_server.reset();
        offsets.clear();
    }
}

TEST_F(HostileHttp3, MayNotRaiseTheIdOfItsGoaway) {
    serve_http();
    stream(2, testkit::WireWriter{}.varint(0x07).varint(1).varint(0).view());
    stream(2, testkit::WireWriter{}.varint(0x07).varint(1).varint(1).view());
    EXPECT_EQ(close_code_of_pumping(), 0x108u);
}

TEST_F(HostileHttp3, MayNotRaiseTheIdOfItsGoawayAsAServer) {
    dial_http();
    stream(3, testkit::WireWriter{}.varint(0x07).varint(1).varint(4).view());
    stream(3, testkit::WireWriter{}.varint(0x07).varint(1).varint(8).view());
    EXPECT_EQ(close_code_of_pumping(), 0x108u);
    EXPECT_TRUE(run_until([&] { return request->end.has_value(); }));
}

TEST_F(HostileHttp3, GetsNoMemoryForPrioritiesOfStreamsThatNeverOpen) {
    constexpr int kRounds = 200;
    serve_http();
    settle();
    const auto before = memory_in_use();
    for (int round = 0; round < kRounds; ++round) {
        testkit::WireWriter updates;
        for (std::uint64_t i = 0; i < 100; ++i) {
            updates.varint(0xf0700).varint(1 + 3 + (i >= 16 ? 1 : 0)).varint(i * 4);
            updates.bytes(base::as_bytes(std::string_view{"u=1"}));
        }
        stream(2, updates.view());
        settle();
        ASSERT_FALSE(peer->close_code());
        flush();
    }
    const auto grown = static_cast<std::int64_t>(memory_in_use()) - static_cast<std::int64_t>(before);
    // The engine makes a stream for each id that the peer may open: 128 of them, and no more.
    expect_below(grown, 256 * 1024);
    stream(2, testkit::WireWriter{}
                  .varint(0xf0700)
                  .varint(7)
                  .varint(100'000)
                  .bytes(base::as_bytes(std::string_view{"u=1"}))
                  .view());
    EXPECT_EQ(close_code_of_pumping(), 0x108u);
}

TEST_F(HostileHttp3, GetsNothingDoneByARequestThatItStoppedBeforehand) {
    serve_http();
    // GET https://a/ from the static table (RFC 9204 appendix A).
    const auto get = [&](std::uint64_t id) {
        const auto block = base::from_hex("0000d1d7500161c1").value();
        stream(id, testkit::WireWriter{}.varint(0x01).varint(block.size()).bytes(block).view(), true);
    };
    // The frames of a stream may come in any order: STOP_SENDING first.
    stop_sending(0);
    get(0);
    get(4);
    ASSERT_TRUE(run_until([&] {
        pump();
        return peer->streams().contains(4);
    }));
    EXPECT_EQ(http_server->stats().requests, 1u);
    EXPECT_FALSE(peer->close_code());
}

}  // namespace
}  // namespace zquic::test

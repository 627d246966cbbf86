// The TCP ingress against peers that are broken, slow or hostile: they lose their connection, everybody else keeps
// theirs.

#include <nghttp2/nghttp2.h>

#include <chrono>
#include <map>

#include "grpc_client.hpp"
#include "raw_peer.hpp"
#include "world.hpp"

namespace {

using namespace ghostbridge;
using namespace ghostbridge::test;

/// The header blocks in what a server sent, by stream; trailers join the headers.
std::map<std::uint32_t, rpc::Fields> answers(std::string_view wire) {
    std::map<std::uint32_t, rpc::Fields> out;
    nghttp2_hd_inflater* inflater = nullptr;
    EXPECT_EQ(nghttp2_hd_inflate_new(&inflater), 0);
    while (wire.size() >= 9) {
        const auto* const head = reinterpret_cast<const std::byte*>(wire.data());
        const std::size_t size = base::load_be<std::uint32_t>(head) >> 8;
        if (wire.size() < 9 + size) break;
        const auto stream = base::load_be<std::uint32_t>(head + 5);
        auto block = wire.substr(9, size);
        const bool headers = wire[3] == NGHTTP2_HEADERS;
        wire.remove_prefix(9 + size);
        while (headers) {
            nghttp2_nv field{};
            int flags = 0;
            const auto used = nghttp2_hd_inflate_hd2(
                inflater, &field, &flags, reinterpret_cast<const std::uint8_t*>(block.data()), block.size(), 1);
            EXPECT_GE(used, 0);
            if (used < 0) break;
            block.remove_prefix(static_cast<std::size_t>(used));
            if ((flags & NGHTTP2_HD_INFLATE_EMIT) != 0)
                out[stream].push_back({std::string(reinterpret_cast<const char*>(field.name), field.namelen),
                                       std::string(reinterpret_cast<const char*>(field.value), field.valuelen)});
            if ((flags & NGHTTP2_HD_INFLATE_FINAL) == 0) continue;
            nghttp2_hd_inflate_end_headers(inflater);
            break;
        }
    }
    nghttp2_hd_inflate_del(inflater);
    return out;
}

class TcpTest : public World {
 protected:
    void configure(Config& config) override {
        config.tcp.handshake_timeout_ms = 200;
        config.tcp.idle_timeout_ms = 400;
        config.tcp.control_frames_burst = 1'000'000;
        config.tcp.control_frames_per_s = 1'000'000;
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
    static base::Bytes hanging_call(std::uint8_t stream) { return call_of("Hang", stream); }
    /// Connections that the bridge counted as broken by the peer.
    int broken() {
        const auto text = bridge_->metrics_text();
        constexpr std::string_view kName = "\nghostbridge_tcp_broken_total ";
        const auto at = text.find(kName);
        return at == std::string::npos ? -1 : std::stoi(text.substr(at + kName.size()));
    }
    /// On a busy machine a client may be too slow for these timeouts, but not for ever.
    void expect_served() {
        EXPECT_TRUE(eventually([&] {
            GrpcClient client{bridge_->tcp_port()};
            return client.unary("/test.v1.Echo/Say", message("still here")).response.raw() == "still here";
        }));
    }
    std::unique_ptr<Service> service_;
};

/// Whose timeouts no test lives to see: what closes a connection here is what the peer said.
class PatientTcpTest : public TcpTest {
 protected:
    void configure(Config& config) override { config.tcp.handshake_timeout_ms = config.tcp.idle_timeout_ms = 600'000; }
};

/// Which never finds a connection idle.
class WakefulTcpTest : public TcpTest {
 protected:
    void configure(Config& config) override {
        TcpTest::configure(config);
        config.tcp.idle_timeout_ms = 600'000;
    }
};

/// Which answers any number of PINGs.
class GenerousTcpTest : public PatientTcpTest {
 protected:
    void configure(Config& config) override {
        PatientTcpTest::configure(config);
        config.tcp.control_frames_burst = config.tcp.control_frames_per_s = 100'000'000;
    }
};

/// With few places.
class SmallTcpTest : public PatientTcpTest {
 protected:
    void configure(Config& config) override {
        PatientTcpTest::configure(config);
        config.tcp.connections_max = 8;
    }
    int refused() {
        const auto text = bridge_->metrics_text();
        constexpr std::string_view kName = "\nghostbridge_tcp_refused_total ";
        const auto at = text.find(kName);
        return at == std::string::npos ? -1 : std::stoi(text.substr(at + kName.size()));
    }
};

TEST_F(PatientTcpTest, ClosesOnABadPreface) {
    RawPeer peer{bridge_->tcp_port()};
    peer.send(base::as_bytes("GET / HTTP/1.1\r\nHost: x\r\n\r\n"));
    EXPECT_TRUE(eventually([&] { return broken() == 1; }));
    EXPECT_TRUE(eventually([&] { return peer.closed(); }));
    expect_served();
}

TEST_F(PatientTcpTest, SaysGoodbyeToAPeerThatStillSends) {
    auto wire = base::to_bytes(kPreface);
    const auto append = [&](base::ByteView bytes) { wire.insert(wire.end(), bytes.begin(), bytes.end()); };
    append(kSettings);
    append(kSettingsAck);
    append(base::from_hex("000000000000000000").value());  // DATA on stream 0: PROTOCOL_ERROR
    wire.resize(wire.size() + 300'000);                    // more than is read at once
    // A peer that is kept from sending for long is reset in the end, so there is more than one.
    EXPECT_TRUE(eventually(
        [&] {
            RawPeer peer{bridge_->tcp_port()};
            peer.send(wire);
            EXPECT_TRUE(eventually([&] { return peer.closed() && peer.unsent_bytes() == 0; }));
            constexpr std::string_view kGoaway{"\x07\x00\x00\x00\x00\x00", 6};
            return !peer.failed() && peer.received().find(kGoaway) != std::string::npos;
        },
        20));
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
    idle.send(kSettings);
    idle.send(kSettingsAck);
    for (auto* peer : {&silent, &halfway, &block, &idle}) EXPECT_TRUE(eventually([&] { return peer->closed(); }));
    expect_served();
}

TEST_F(WakefulTcpTest, ClosesPeersThatSendAHeaderBlockByHalf) {
    RawPeer peer{bridge_->tcp_port()};
    peer.send(base::as_bytes(kPreface));
    peer.send(kSettings);
    peer.send(kSettingsAck);
    // HEADERS with END_HEADERS and END_STREAM, of which only the frame header comes.
    peer.send(base::from_hex("000032010500000001").value());
    EXPECT_TRUE(eventually([&] { return peer.closed(); }));
    EXPECT_TRUE(eventually([&] { return broken() == 1; })) << "for the block, not for being idle";
}

TEST_F(WakefulTcpTest, ClosesPeersThatDoNotAcknowledgeItsSettings) {
    RawPeer peer{bridge_->tcp_port()};
    peer.send(base::as_bytes(kPreface));
    peer.send(kSettings);
    peer.send(hanging_call(1));
    EXPECT_TRUE(eventually([&] { return peer.closed(); })) << "an open call does not excuse it";
}

TEST_F(PatientTcpTest, AnswersAPeerThatEndedItsSideAfterTheRequest) {
    RawPeer peer{bridge_->tcp_port()};
    peer.send(base::as_bytes(kPreface));
    peer.send(kSettings);
    peer.send(call_of("Say", 1));
    peer.end();
    ASSERT_TRUE(eventually([&] { return peer.closed(); })) << "and then the bridge ends its side";
    const auto answer = answers(peer.received());
    ASSERT_TRUE(answer.contains(1));
    EXPECT_EQ(*rpc::find_field(answer.at(1), ":status"), "200");
    EXPECT_EQ(*rpc::find_field(answer.at(1), "grpc-status"), "0");
    EXPECT_FALSE(peer.failed());
}

TEST_F(PatientTcpTest, EndsACallWhosePeerIsGone) {
    {
        RawPeer peer{bridge_->tcp_port()};
        peer.send(base::as_bytes(kPreface));
        peer.send(kSettings);
        peer.send(kSettingsAck);
        peer.send(hanging_call(1));
        ASSERT_TRUE(eventually([&] { return service_->log->calls == 1; }));
    }
    EXPECT_TRUE(eventually([&] { return service_->log->cancelled == 1; }))
        << "a closed connection is not one that still reads";
}

TEST_F(PatientTcpTest, ResetsARequestThatItsPeerCannotComplete) {
    RawPeer peer{bridge_->tcp_port()};
    peer.send(base::as_bytes(kPreface));
    peer.send(kSettings);
    peer.send(kSettingsAck);
    peer.send(call_of("Chat", 1, false));
    ASSERT_TRUE(eventually([&] { return service_->log->calls == 1; }));
    peer.end();
    EXPECT_TRUE(eventually([&] { return peer.closed(); }));
    EXPECT_TRUE(eventually([&] { return service_->log->cancelled == 1; }));
}

TEST_F(GenerousTcpTest, StopsReadingFromPeersThatDoNotRead) {
    RawPeer peer{bridge_->tcp_port()};
    peer.send(base::as_bytes(kPreface));
    peer.send(kSettings);
    peer.send(kSettingsAck);
    peer.send(hanging_call(1));  // not idle
    ASSERT_TRUE(eventually([&] { return service_->log->calls == 1; }));
    peer.set_reading(false);
    const auto ping = base::from_hex("0000080600000000000102030405060708").value();
    base::Bytes pings;
    for (int i = 0; i < 60'000; ++i) pings.insert(pings.end(), ping.begin(), ping.end());
    bool stopped = false;
    for (int i = 0; i < 30 && !stopped; ++i) {
        peer.send(pings);
        stopped = !eventually([&] { return peer.unsent_bytes() == 0; }, 200);
    }
    EXPECT_TRUE(stopped) << "30 MB of answers are held for a peer that takes none";
    EXPECT_FALSE(peer.closed());
    peer.set_reading(true);
    EXPECT_TRUE(eventually([&] { return peer.unsent_bytes() == 0; })) << "and it goes on when the peer does";
    expect_served();
}

TEST_F(SmallTcpTest, RefusesConnectionsBeyondTheLimit) {
    std::vector<std::unique_ptr<RawPeer>> peers;
    for (int i = 0; i < 12; ++i) peers.push_back(std::make_unique<RawPeer>(bridge_->tcp_port()));
    const auto closed = [&] { return std::ranges::count_if(peers, [](const auto& peer) { return peer->closed(); }); };
    EXPECT_TRUE(eventually([&] { return closed() == 4; }));
    EXPECT_EQ(refused(), 4);
    peers.clear();
    expect_served();
}

/// Whose callers come and go at a bounded rate.
class SteadyTcpTest : public SmallTcpTest {
    void configure(Config& config) override {
        SmallTcpTest::configure(config);
        config.tcp.connections_per_address_max = 4;
        config.tcp.connections_per_address_per_s = 1;
    }
};

TEST_F(SteadyTcpTest, RefusesConnectionsThatComeTooOften) {
    const auto began = std::chrono::steady_clock::now();
    int refusals = 0;
    constexpr int kComing = 40;
    for (int i = 0; i < kComing; ++i) {
        RawPeer peer{bridge_->tcp_port()};
        peer.send(base::as_bytes(kPreface));
        peer.send(kSettings);
        ASSERT_TRUE(eventually([&] { return peer.closed() || !peer.received().empty(); }));
        if (peer.received().empty()) ++refusals;
    }
    // A burst of 4, with one more while it lasts, and one a second.
    const auto seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - began).count();
    EXPECT_GE(refusals + 6 + seconds, kComing);
    expect_served();  // after a while
}

class SharedTcpTest : public SmallTcpTest {
    void configure(Config& config) override {
        SmallTcpTest::configure(config);
        config.tcp.connections_per_address_max = 2;
    }
};

TEST_F(SharedTcpTest, LeavesConnectionsToOtherAddresses) {
    std::vector<std::unique_ptr<RawPeer>> peers;
    for (int i = 0; i < 3; ++i) peers.push_back(std::make_unique<RawPeer>(bridge_->tcp_port()));
    EXPECT_TRUE(eventually([&] { return refused() == 1; }));
    peers.clear();
    expect_served();
}

TEST_F(PatientTcpTest, AnswersOversizeHeadersAndLivesOn) {
    RawPeer peer{bridge_->tcp_port()};
    peer.send(base::as_bytes(kPreface));
    peer.send(kSettings);
    peer.send(kSettingsAck);
    // Twice 9,000 bytes of a field, in HEADERS and CONTINUATION.
    std::string half = "\x83\x86\x04\x12/test.v1.Echo/Hang\x01\x01x";
    const std::string field = std::string("\0\1x\x7f", 4) + "\xa9\x45" + std::string(9000, 'v');
    half += field;
    auto first = base::from_hex("000000010100000001").value();
    base::store_be(first.data(), static_cast<std::uint32_t>(half.size() << 8 | 1));
    auto second = base::from_hex("000000090400000001").value();
    base::store_be(second.data(), static_cast<std::uint32_t>(field.size() << 8 | 9));
    peer.send(first);
    peer.send(base::as_bytes(half));
    peer.send(second);
    peer.send(base::as_bytes(field));
    ASSERT_TRUE(eventually([&] { return answers(peer.received()).contains(1); }));
    const auto refusal = answers(peer.received()).at(1);
    EXPECT_EQ(*rpc::find_field(refusal, ":status"), "200");
    EXPECT_EQ(*rpc::find_field(refusal, "grpc-status"), "8");
    EXPECT_FALSE(peer.closed());
    peer.send(hanging_call(3));
    EXPECT_TRUE(eventually([&] { return service_->log->calls == 1; })) << "on the same connection";
}

TEST_F(PatientTcpTest, CountsWhatItRefuses) {
    {
        RawPeer peer{bridge_->tcp_port()};
        peer.send(base::as_bytes("nonsense nonsense nonsense"));
        EXPECT_TRUE(eventually([&] { return peer.closed(); }));
    }
    EXPECT_TRUE(eventually([&] { return broken() == 1; }));
    EXPECT_EQ(broken(), 1);
}

}  // namespace

// Frames of a peer that holds the keys and breaks rules: the right code, and memory that stays flat.
// Trap numbers are those of the list of known attacks on QUIC engines that docs/ngtcp2-assertions.md goes through.

#include "raw_net.hpp"

namespace zquic::test {
namespace {

constexpr std::uint64_t kProtocolViolation = 0x0a;

class HostileFrames : public RawNet {
 protected:
    void connect() {
        serve();
        dial_raw();
        finish_handshake();
        ASSERT_TRUE(run_until([&] { return accepted.size() == 1 && accepted[0]->done; }));
        settle();
    }
    /// Sends `frames(i)` for each i in packets of some 1,000 bytes, and never acknowledges anything.
    void flood(int count, const std::function<void(testkit::WireWriter&, int)>& frames) {
        testkit::WireWriter packet;
        for (int i = 0, packets = 0; i < count && !peer->close_code(); ++i) {
            frames(packet, i);
            if (packet.view().size() < 1000 && i + 1 < count) continue;
            send_frames(Space::app, packet.view());
            packet = {};
            if (++packets % 32 == 0) {
                turns(1);
                read();
            }
        }
        turns(5);
        read();
    }
    /// Bytes that `work` left allocated.
    std::int64_t memory_of(const std::function<void()>& work) {
        const auto before = memory_in_use();
        work();
        return static_cast<std::int64_t>(memory_in_use()) - static_cast<std::int64_t>(before);
    }
};

TEST_F(HostileFrames, AcknowledgePacketsThatWereNeverSent) {  // traps 1 and 2
    for (const auto space : {Space::app, Space::handshake}) {
        serve();
        dial_raw();
        if (space == Space::app) finish_handshake();
        ASSERT_TRUE(run_until([&] {
            read();
            return peer->has_keys(Space::handshake);  // so that it can read the close
        }));
        send_frames(space, testkit::WireWriter{}.byte(0x02).varint(1000).varint(0).varint(0).varint(3).view());
        EXPECT_EQ(close_code(), kProtocolViolation) << static_cast<int>(space);
        server.reset();
        accepted.clear();
    }
}

TEST_F(HostileFrames, FloodOfPathChallengesHoldsNoMemory) {  // trap 3
    connect();
    const auto grown = memory_of([&] {
        flood(100'000,
              [](testkit::WireWriter& out, int i) { out.byte(0x1a).u32(static_cast<std::uint32_t>(i)).u32(0); });
    });
    expect_below(grown, 1 << 20);
}

TEST_F(HostileFrames, FloodOfNewIdsThatRetireEachOtherEndsTheConnection) {  // trap 4
    connect();
    const auto grown = memory_of([&] {
        flood(50'000, [](testkit::WireWriter& out, int i) {
            const auto sequence = static_cast<std::uint64_t>(i) + 1;
            out.byte(0x18).varint(sequence).varint(sequence).byte(8).u32(static_cast<std::uint32_t>(i)).u32(7);
            out.bytes(base::Bytes(16, static_cast<std::byte>(i)));
        });
    });
    expect_below(grown, 1 << 20);
    EXPECT_TRUE(peer->close_code());
}

TEST_F(HostileFrames, FloodOfRetirementsHoldsNoMemory) {  // traps 4 and 57
    connect();
    const auto grown = memory_of([&] {
        // Each makes us issue another id. One that is not issued yet would end the connection.
        for (std::uint64_t sequence = 0; sequence < 2'000 && !peer->close_code(); ++sequence) {
            send_frames(Space::app, testkit::WireWriter{}.byte(0x19).varint(sequence + 1).view());
            turns(1);
            pump();
        }
    });
    expect_below(grown, 2 << 20);
}

TEST_F(HostileFrames, CryptoAtTheEndOfNumbersIsRefused) {  // trap 5
    for (const auto space : {Space::app, Space::handshake}) {
        serve();
        dial_raw();
        if (space == Space::app) finish_handshake();
        ASSERT_TRUE(run_until([&] {
            read();
            return peer->has_keys(Space::handshake);
        }));
        send_frames(space, testkit::WireWriter{}.byte(0x06).varint((1ULL << 62) - 10).varint(4).u32(0).view());
        const auto code = close_code();
        EXPECT_TRUE(code == 0x0d || code == 0x07) << code;  // CRYPTO_BUFFER_EXCEEDED or FRAME_ENCODING_ERROR
        server.reset();
        accepted.clear();
    }
}

TEST_F(HostileFrames, CryptoInPiecesWithHolesIsBounded) {  // trap 5
    connect();
    const auto grown = memory_of([&] {
        flood(40'000, [](testkit::WireWriter& out, int i) {
            out.byte(0x06).varint(2 * static_cast<std::uint64_t>(i) + 1).varint(1).byte(0);
        });
    });
    expect_below(grown, 8 << 20);
}

TEST_F(HostileFrames, CryptoAfterTheHandshakeIsBounded) {  // trap 5
    connect();
    const auto grown = memory_of([&] {
        flood(20'000, [](testkit::WireWriter& out, int i) {
            out.byte(0x06).varint(500 * static_cast<std::uint64_t>(i)).varint(500).bytes(base::Bytes(500));
        });
    });
    expect_below(grown, 1 << 20);
}

TEST_F(HostileFrames, StreamDataInPiecesWithHolesIsBounded) {  // traps 6 and 21
    // The engine ends a connection that leaves 5,000 holes in one stream; an honest one has some hundreds.
    static constexpr int kStreams = 50;
    static constexpr int kPieces = 4'900;
    connect();
    const auto grown = memory_of([&] {
        flood(kStreams * kPieces, [](testkit::WireWriter& out, int i) {
            const auto id = 4 * static_cast<std::uint64_t>(i / kPieces);
            out.byte(0x0e).varint(id).varint(2 * static_cast<std::uint64_t>(i % kPieces) + 1).varint(1).byte(0);
        });
    });
    EXPECT_FALSE(peer->close_code());
    std::printf("%lld bytes for %d pieces of one byte\n", static_cast<long long>(grown), kStreams * kPieces);
    expect_below(grown, 64 << 20);
}

TEST_F(HostileFrames, EmptyDatagramsOfTheNetworkCostACounter) {  // trap 12
    connect();
    for (int i = 0; i < 2'000; ++i) send({});
    EXPECT_TRUE(run_until([&] { return server->stats().dropped_malformed >= 1'000; }));
    settle();
    EXPECT_FALSE(accepted[0]->closed);
}

TEST_F(HostileFrames, FramesInTheWrongSpaceEndTheConnection) {  // trap 9
    for (const std::uint64_t type : {0x04, 0x05, 0x07, 0x10, 0x18, 0x19, 0x1a, 0x1d, 0x1e, 0x30}) {
        serve();
        dial_raw();
        ASSERT_TRUE(run_until([&] {
            read();
            return peer->has_keys(Space::handshake);
        }));
        testkit::WireWriter frame;
        frame.varint(type).bytes(base::Bytes(40));
        send_frames(Space::handshake, frame.view());
        const auto code = close_code();
        EXPECT_TRUE(code == kProtocolViolation || code == 0x07) << type << ": " << code;
        server.reset();
        accepted.clear();
    }
}

TEST_F(HostileFrames, HandshakeDoneFromAClientEndsTheConnection) {  // trap 9
    connect();
    send_frames(Space::app, testkit::WireWriter{}.byte(0x1e).view());
    EXPECT_EQ(close_code(), kProtocolViolation);
}

TEST_F(HostileFrames, ForeignPacketsBehindAGoodOneAreIgnored) {  // trap 10
    serve();
    open_raw();
    peer.emplace(testkit::RawPeerOptions{});
    auto datagrams = peer->flush();
    ASSERT_EQ(datagrams.size(), 1u);
    testkit::PacketEdit foreign;
    foreign.destination = base::Bytes(8, std::byte{0x77});
    for (int i = 0; i < 3; ++i) {
        const auto more = peer->packet(Space::initial, testkit::WireWriter{}.byte(0x01).view(), foreign);
        datagrams[0].insert(datagrams[0].end(), more->begin(), more->end());
    }
    send(datagrams[0]);
    finish_handshake();
    EXPECT_TRUE(run_until([&] { return accepted.size() == 1 && accepted[0]->done; }));
    EXPECT_EQ(server->stats().connections, 1u);
}

TEST_F(HostileFrames, AServerSendsAtMostThriceWhatItGot) {  // trap 14
    serve();
    open_raw();
    peer.emplace(testkit::RawPeerOptions{});
    const auto hello = peer->flush();
    send(hello[0]);
    // Silence: everything that comes before the handshake is given up is the server's own doing.
    turns(300);
    std::size_t bytes = 0;
    for (const auto& datagram : unread) bytes += datagram.size();
    EXPECT_GT(bytes, 0u);
    EXPECT_LE(bytes, 3 * hello[0].size());
}

TEST_F(HostileFrames, OversizedFinalSizesAreRefused) {  // trap 56
    connect();
    send_frames(Space::app, testkit::WireWriter{}.byte(0x04).varint(0).varint(0).varint((1ULL << 62) - 1).view());
    const auto code = close_code();
    EXPECT_TRUE(code == 0x03 || code == 0x06 || code == 0x07) << code;  // FLOW_CONTROL, FINAL_SIZE, FRAME_ENCODING
}

TEST_F(HostileFrames, CreditsAtTheEndOfNumbersDoNoHarm) {  // trap 56
    connect();
    constexpr auto kMax = (1ULL << 62) - 1;
    send_frames(Space::app, testkit::WireWriter{}.byte(0x10).varint(kMax).view());
    send_frames(Space::app, testkit::WireWriter{}.byte(0x08).varint(0).byte('a').view());
    send_frames(Space::app, testkit::WireWriter{}.byte(0x11).varint(0).varint(kMax).view());
    settle();
    EXPECT_FALSE(accepted[0]->closed);
    ASSERT_EQ(accepted[0]->streams.size(), 1u);
    send_frames(Space::app, testkit::WireWriter{}.byte(0x12).varint(kMax).view());
    EXPECT_EQ(close_code(), 0x07u);  // above 2^60 streams: FRAME_ENCODING_ERROR
}

}  // namespace
}  // namespace zquic::test

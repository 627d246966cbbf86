#pragma once
// A RawPeer on a real socket against an endpoint of ours.

#include <malloc.h>

#include "base/sanitizers.hpp"
#include "raw_peer.hpp"
#include "support.hpp"

namespace zquic::test {

/// Bytes that malloc has given out in this process, both ends of a test included.
inline std::size_t memory_in_use() {
    const auto info = ::mallinfo2();
    return info.uordblks + info.hblkhd;
}

/// Sanitizers keep memory of their own: nothing can be said there.
inline void expect_below(std::int64_t grown, std::int64_t limit) {
    if (base::kSanitized) return;
    EXPECT_LT(grown, limit);
}

class RawNet : public Net {
 protected:
    using Space = testkit::Space;

    /// A peer that dials the listening endpoint (serve() first).
    void dial_raw(testkit::RawPeerOptions options = {}) {
        options.server = false;
        open_raw();
        peer.emplace(std::move(options));
        flush();
    }
    /// A peer that listens, and an endpoint of ours that dials it. It answers nothing before answer().
    std::shared_ptr<ConnectionEvents> dial_from_ours(testkit::RawPeerOptions options = {}) {
        listen_raw(std::move(options));
        client = must(Endpoint::make(*reactor, client_config()));
        ConnectOptions how;
        how.address = socket->bound_address();
        how.alpn = {"test"};
        how.verifier = PinnedKey{*peer_identity.public_key()};
        auto events = dial(std::move(how));
        EXPECT_TRUE(run_until([&] { return !unread.empty(); }));
        return events;
    }
    /// A socket towards the listening endpoint; the peer is the test's to make.
    void open_raw() {
        open_socket();
        victim = server->bound_address();
    }
    void listen_raw(testkit::RawPeerOptions options) {
        options.server = true;
        options.identity = &peer_identity;
        open_socket();
        peer.emplace(std::move(options));
    }
    /// Runs the honest handshake to its end.
    void finish_handshake() {
        EXPECT_TRUE(run_until([&] {
            pump();
            return peer->done();
        }));
        flush();
    }
    /// Reads what has come, and says what an honest peer would.
    void pump() {
        read();
        flush();
    }
    void read() {
        while (!unread.empty()) {
            peer->receive(unread.front());
            unread.erase(unread.begin());
        }
    }
    void flush() {
        for (const auto& datagram : peer->flush()) send(datagram);
    }
    void send(base::ByteView datagram) {
        EXPECT_TRUE(socket->send({.payload = datagram, .peer = victim, .local = {}}));
    }
    void send_frames(Space space, base::ByteView frames, const testkit::PacketEdit& edit = {}) {
        const auto datagram = peer->datagram(space, frames, edit);
        ASSERT_TRUE(datagram);
        send(*datagram);
    }
    /// Until the victim has told the peer why it ends.
    [[nodiscard]] std::uint64_t close_code() {
        EXPECT_TRUE(run_until([&] {
            read();
            return peer->close_code().has_value();
        }));
        return peer->close_code().value_or(UINT64_MAX);
    }
    /// Until the victim has acknowledged everything that was sent in 1-RTT packets: it has read it.
    void settle() {
        const auto before = peer->frames_seen(0x02) + peer->frames_seen(0x03);
        send_frames(Space::app, testkit::WireWriter{}.byte(0x01).view());
        EXPECT_TRUE(run_until([&] {
            read();
            return peer->frames_seen(0x02) + peer->frames_seen(0x03) > before || peer->close_code();
        }));
    }

    Identity peer_identity = identity(9);
    std::unique_ptr<io::UdpSocket> socket;
    io::SocketAddress victim;
    std::vector<base::Bytes> unread;
    std::optional<testkit::RawPeer> peer;

 private:
    void open_socket() {
        unread.clear();
        socket = must(io::UdpSocket::bind(io::SocketAddress::loopback_v4(0), {.recv_buffer_bytes = 4u << 20}));
        must(socket->attach(*reactor, [this](const io::Datagram& datagram) {
            victim = datagram.peer;
            unread.push_back(base::to_bytes(datagram.payload));
        }));
    }
};

}  // namespace zquic::test

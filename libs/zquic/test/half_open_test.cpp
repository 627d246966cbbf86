// Who holds half-open handshakes: shares of networks, the reserve of listed peers, and what makes room.

#include <fmt/format.h>

#include <set>

#include "../src/known_networks.hpp"
#include "../src/network_shares.hpp"
#include "raw_net.hpp"

namespace zquic::test {
namespace {

io::SocketAddress at(const std::string& text) { return io::SocketAddress::parse(text).value(); }

TEST(NetworkSharesTest, TheHeaviestLosesItsOldestFirst) {
    NetworkShares<int> shares;
    int one[8] = {};
    EXPECT_EQ(shares.oldest_of_heaviest(), nullptr);
    shares.add(one[0], at("192.0.2.1:1"));
    shares.add(one[1], at("192.0.2.2:1"));
    shares.add(one[2], at("192.0.2.2:2"));
    shares.add(one[3], at("[2001:db8::1]:1"));
    shares.add(one[4], at("[2001:db8::2]:1"));
    EXPECT_EQ(shares.held_by(at("[2001:db8::ffff]:9")), 2u) << "a /64 is one network";
    EXPECT_EQ(shares.oldest_of_heaviest(), &one[1]) << "of equals the one with the oldest";
    shares.remove(one[1]);
    EXPECT_EQ(shares.oldest_of_heaviest(), &one[3]);
    shares.remove(one[3]);
    EXPECT_EQ(shares.oldest_of_heaviest(), &one[0]);
    EXPECT_EQ(shares.oldest_of(at("192.0.2.2:7")), &one[2]);
    EXPECT_EQ(shares.oldest_of(at("192.0.2.9:7")), nullptr);
    shares.remove(one[7]);  // never in
    EXPECT_EQ(shares.size(), 3u);
    for (auto& each : one) shares.remove(each);
    EXPECT_EQ(shares.size(), 0u);
    EXPECT_EQ(shares.oldest_of_heaviest(), nullptr);
}

TEST(KnownNetworksTest, RemembersTheLatest) {
    KnownNetworks known;
    const auto host = [](std::size_t i) { return at(fmt::format("10.0.{}.{}:1", i / 250, i % 250)); };
    for (std::size_t i = 0; i < KnownNetworks::kMax; ++i) known.remember(host(i));
    known.remember(host(0));
    known.remember(at("192.0.2.1:1"));
    EXPECT_EQ(known.size(), KnownNetworks::kMax);
    EXPECT_TRUE(known.contains(host(0).with_port(9)));
    EXPECT_FALSE(known.contains(host(1))) << "it was seen longest ago";
    EXPECT_TRUE(known.contains(at("192.0.2.1:77")));
}

class HalfOpen : public Net {
 protected:
    static EndpointConfig patient(std::size_t half_open_max) {
        auto config = server_config();
        config.settings.handshake_timeout_ms = 600'000;  // nothing ends by itself
        config.half_open_max = half_open_max;
        config.retry_above_half_open = 1u << 20;
        return config;
    }
    /// First datagrams of `count` handshakes, each of another connection, that nobody will go on with.
    std::vector<base::Bytes> initials(std::size_t count) {
        std::vector<base::Bytes> out;
        std::set<base::Bytes> ids;
        const auto sink = must(io::UdpSocket::bind(io::SocketAddress::loopback_v4(0), {.recv_buffer_bytes = 4u << 20}));
        must(sink->attach(*reactor, [&](const io::Datagram& datagram) {
            const auto id = base::to_bytes(datagram.payload.subspan(6, 8));
            if (ids.insert(id).second) out.push_back(base::to_bytes(datagram.payload));
        }));
        auto how = options();
        how.address = sink->bound_address();
        while (out.size() < count) {
            const auto before = out.size();
            for (int i = 0; i < 50; ++i) (void)dial(how);
            EXPECT_TRUE(run_until([&] { return out.size() >= before + 50; }));
            client = must(Endpoint::make(*reactor, client_config()));
        }
        out.resize(count);
        return out;
    }
    /// Begins the handshakes from `host`; returns when each is half-open or has been.
    void hold(const std::string& host, std::span<const base::Bytes> firsts) {
        auto socket = must(io::UdpSocket::bind(at(host + ":0")));
        for (const auto& first : firsts) {
            const auto before = held();
            must(socket->send({.payload = first, .peer = server->bound_address()}));
            ASSERT_TRUE(run_until([&] { return held() > before; }));
        }
        sockets.push_back(std::move(socket));
    }
    [[nodiscard]] std::uint64_t held() const {
        const auto stats = server->stats();
        return stats.half_open + stats.half_open_evicted;
    }
    /// A client at `host` finishes its handshake.
    void expect_welcome(const std::string& host) {
        client = must(Endpoint::make(*reactor, {.address = at(host + ":0")}));
        const auto before = server->stats().accepted;
        const auto dialed = dial();
        EXPECT_TRUE(run_until([&] { return server->stats().accepted > before || dialed->closed; })) << host;
        EXPECT_TRUE(dialed->done) << host;
        dialed->connection = nullptr;
        client.reset();
    }

    std::vector<std::unique_ptr<io::UdpSocket>> sockets;
};

TEST_F(HalfOpen, OneAddressHoldsAShareAndLeavesRoomForAnother) {
    serve(patient(2048));
    const auto firsts = initials(2100);
    hold("127.0.0.2", firsts);
    const auto stats = server->stats();
    EXPECT_EQ(stats.half_open, 2048u * 7 / 8 / 4);
    EXPECT_EQ(stats.half_open + stats.half_open_evicted, 2100u);
    expect_welcome("127.0.0.3");
    expect_welcome("127.0.0.2");
    EXPECT_LE(server->stats().half_open, 2048u * 7 / 8 / 4);
}

TEST_F(HalfOpen, ManyAddressesThatHoldAllKeepNobodyOut) {
    serve(patient(512));
    const auto firsts = initials(600);
    for (int i = 0; i < 100; ++i) hold(fmt::format("127.0.1.{}", i + 1), std::span{firsts}.subspan(i * 6, 6));
    EXPECT_EQ(server->stats().half_open, 448u);
    expect_welcome("127.0.0.3");
    EXPECT_EQ(server->stats().half_open, 447u) << "one made room, the newcomer is done";
}

TEST_F(HalfOpen, WhereListedPeersCameFromThereIsRoomThatStrangersCannotTake) {
    serve(patient(128));
    server->remember_peer(at("127.0.0.9:1"));
    EXPECT_EQ(server->stats().known_networks, 1u);
    const auto firsts = initials(202);
    for (int i = 0; i < 100; ++i) hold(fmt::format("127.0.1.{}", i + 1), std::span{firsts}.subspan(i * 2, 2));
    EXPECT_EQ(server->stats().half_open, 112u) << "an eighth stays free";
    const auto evicted = server->stats().half_open_evicted;
    hold("127.0.0.9", std::span{firsts}.subspan(200, 2));
    expect_welcome("127.0.0.9");
    EXPECT_EQ(server->stats().half_open, 114u);
    EXPECT_EQ(server->stats().half_open_evicted, evicted) << "no stranger had to go";
}

TEST_F(HalfOpen, AnAddressThatHoldsManyMustProveItself) {
    auto config = patient(4096);
    config.retry_above_half_open = 512;
    serve(std::move(config));
    const auto firsts = initials(65);
    hold("127.0.0.2", std::span{firsts}.first(64));
    must(sockets.back()->send({.payload = firsts.back(), .peer = server->bound_address()}));
    ASSERT_TRUE(run_until([&] { return server->stats().retries_sent == 1; }));
    EXPECT_EQ(server->stats().half_open, 64u) << "addresses that are not theirs take no more";
    expect_welcome("127.0.0.3");
    EXPECT_EQ(server->stats().retries_sent, 1u) << "another network is not asked";
    expect_welcome("127.0.0.2");
    EXPECT_EQ(server->stats().retries_sent, 2u);
}

TEST_F(HalfOpen, EachHoldsBoundedMemory) {
    constexpr std::size_t kCount = 400;
    serve(patient(1024));
    const auto firsts = initials(kCount);
    const auto before = memory_in_use();
    hold("127.0.0.2", std::span{firsts}.first(kCount / 2));
    hold("127.0.0.3", std::span{firsts}.subspan(kCount / 2));
    ASSERT_EQ(server->stats().half_open, kCount);
    const auto grown = static_cast<std::int64_t>(memory_in_use() - before);
    RecordProperty("bytes_each", static_cast<int>(grown / kCount));
    expect_below(grown, kCount * (80 << 10));
}

TEST_F(HalfOpen, AnEvictedOneIsTold) {
    serve(patient(1));  // one for each part
    const auto firsts = initials(1);
    const auto silent = must(io::UdpSocket::bind(at("127.0.0.2:0"), {.recv_buffer_bytes = 1u << 20}));
    must(silent->send({.payload = firsts[0], .peer = server->bound_address()}));
    ASSERT_TRUE(run_until([&] { return server->stats().half_open == 1; }));
    std::size_t heard = 0;
    io::DatagramHandler count = [&](const io::Datagram&) { ++heard; };
    turns(5);
    silent->receive(count);
    const auto before = heard;
    expect_welcome("127.0.0.3");
    ASSERT_TRUE(run_until([&] {
        silent->receive(count);
        return heard > before;
    }));
    EXPECT_EQ(server->stats().half_open_evicted, 1u);
}

}  // namespace
}  // namespace zquic::test

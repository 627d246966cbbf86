#include "io/udp.hpp"

#include <gtest/gtest.h>

#include <deque>
#include <string>
#include <vector>

#include "io/timer.hpp"

namespace {

using io::SocketAddress;

struct Received {
    std::string payload;
    SocketAddress peer;
    SocketAddress local;
    io::Ecn ecn;
};

/// A socket on a reactor that keeps what it gets.
struct Party {
    Party(io::Reactor& on, const SocketAddress& at, io::UdpSocket::Options options = {})
        : reactor{on}, socket{io::UdpSocket::bind(at, options).value()} {
        EXPECT_TRUE(socket->attach(reactor, [this](const io::Datagram& datagram) {
            received.push_back(
                {std::string{base::as_text(datagram.payload)}, datagram.peer, datagram.local, datagram.ecn});
        }));
    }
    /// Turns until `count` datagrams are here; loopback loses none, but a busy machine may be late.
    void wait_for(std::size_t count) {
        for (int turn = 0; turn < 6000 && received.size() < count; ++turn) reactor.run_once(10'000'000);
        ASSERT_EQ(received.size(), count);
    }
    io::Reactor& reactor;
    std::unique_ptr<io::UdpSocket> socket;
    std::vector<Received> received;
};

std::string pattern(std::size_t size) {
    std::string text(size, '\0');
    for (std::size_t i = 0; i < size; ++i) text[i] = static_cast<char>('a' + (i * 7 + i / 1000) % 26);
    return text;
}

class Udp : public ::testing::TestWithParam<std::tuple<const char*, bool>> {
 protected:
    std::unique_ptr<io::Reactor> reactor = *io::Reactor::make();
    SocketAddress at = *SocketAddress::parse(std::get<0>(GetParam()));
    io::UdpSocket::Options options{.gro = std::get<1>(GetParam()), .gso = std::get<1>(GetParam())};
};

TEST_P(Udp, CarriesDatagramsWithPeerLocalAddressAndEcn) {
    Party server{*reactor, at, options};
    Party client{*reactor, at, options};
    const auto target = server.socket->bound_address();
    EXPECT_NE(target.port(), 0);
    for (const auto ecn : {io::Ecn::not_ect, io::Ecn::ect1, io::Ecn::ect0, io::Ecn::ce}) {
        const auto text = "ecn" + std::to_string(static_cast<int>(ecn));
        ASSERT_EQ(client.socket->send({.payload = base::as_bytes(text), .peer = target, .ecn = ecn}), text.size());
        server.received.clear();
        server.wait_for(1);
        EXPECT_EQ(server.received[0].payload, text);
        EXPECT_EQ(server.received[0].ecn, ecn);
        EXPECT_EQ(server.received[0].peer, client.socket->bound_address());
        EXPECT_EQ(server.received[0].local, target);
    }
    // And back, from the address the client spoke to.
    const auto& last = server.received[0];
    ASSERT_TRUE(server.socket->send({.payload = base::as_bytes("re"), .peer = last.peer, .local = last.local}));
    client.wait_for(1);
    EXPECT_EQ(client.received[0].peer, target);
}

TEST_P(Udp, SplitsATrainIntoItsSegmentsInOrder) {
    options.recv_buffer_bytes = 4u << 20;
    Party server{*reactor, at, options};
    Party client{*reactor, at, options};
    const auto train = pattern(100 * 1200 + 77);  // more than one GSO call
    const auto sent = client.socket->send({.payload = base::as_bytes(train),
                                           .peer = server.socket->bound_address(),
                                           .ecn = io::Ecn::ect0,
                                           .segment_size = 1200});
    ASSERT_TRUE(sent) << base::to_string(sent.error());
    ASSERT_EQ(*sent, train.size());
    server.wait_for(101);
    std::string joined;
    for (std::size_t i = 0; i < server.received.size(); ++i) {
        EXPECT_EQ(server.received[i].payload.size(), i < 100 ? 1200u : 77u);
        EXPECT_EQ(server.received[i].ecn, io::Ecn::ect0);
        joined += server.received[i].payload;
    }
    EXPECT_EQ(joined, train);
    EXPECT_EQ(client.socket->stats().datagrams_sent, 101u);
    EXPECT_EQ(client.socket->stats().bytes_sent, train.size());
    EXPECT_EQ(server.socket->stats().datagrams_received, 101u);
    EXPECT_EQ(server.socket->stats().bytes_received, train.size());
}

TEST_P(Udp, SendsABatchOfDatagramsAndTrainsToSeveralPeers) {
    options.recv_buffer_bytes = 4u << 20;
    Party a{*reactor, at, options};
    Party b{*reactor, at, options};
    Party client{*reactor, at, options};
    const auto train = pattern(10 * 500 + 1);
    std::vector<std::string> singles;
    for (int i = 0; i < 90; ++i) singles.push_back("single" + std::to_string(i));
    std::vector<io::Transmit> batch;
    for (std::size_t i = 0; i < singles.size(); ++i) {
        batch.push_back({.payload = base::as_bytes(singles[i]), .peer = (i % 2 ? a : b).socket->bound_address()});
        if (i == 40)
            batch.push_back({.payload = base::as_bytes(train), .peer = a.socket->bound_address(), .segment_size = 500});
    }
    EXPECT_EQ(client.socket->send_batch(batch), batch.size());
    a.wait_for(45 + 11);
    b.wait_for(45);
    EXPECT_EQ(b.received.front().payload, "single0");
    EXPECT_EQ(a.received.back().payload, "single89");
    const auto huge = pattern(65 * 500);
    batch.assign(1, {.payload = base::as_bytes(huge), .peer = a.socket->bound_address(), .segment_size = 500});
    const auto refused = client.socket->send_batch(batch);
    ASSERT_FALSE(refused);
    EXPECT_TRUE(refused.error().is(io::Errc::message_too_large));
}

TEST_P(Udp, DeliversEmptyDatagrams) {
    Party server{*reactor, at, options};
    Party client{*reactor, at, options};
    ASSERT_EQ(client.socket->send({.payload = {}, .peer = server.socket->bound_address()}), 0u);
    server.wait_for(1);
    EXPECT_EQ(server.received[0].payload, "");
}

INSTANTIATE_TEST_SUITE_P(Families, Udp,
                         ::testing::Combine(::testing::Values("127.0.0.1:0", "[::1]:0"), ::testing::Bool()),
                         [](const auto& instance) {
                             const std::string host = std::get<0>(instance.param);
                             return std::string{host[0] == '[' ? "V6" : "V4"} +
                                    (std::get<1>(instance.param) ? "Gso" : "Plain");
                         });

TEST(UdpDualStack, ServesIpv4PeersInPlainFormWithEcnAndLocalAddress) {
    auto reactor = *io::Reactor::make();
    Party server{*reactor, SocketAddress::any_v6(0)};
    Party client{*reactor, SocketAddress::loopback_v4(0)};
    const auto target = SocketAddress::loopback_v4(server.socket->bound_address().port());
    const auto train = pattern(5 * 1000);
    ASSERT_TRUE(client.socket->send(
        {.payload = base::as_bytes(train), .peer = target, .ecn = io::Ecn::ce, .segment_size = 1000}));
    server.wait_for(5);
    EXPECT_EQ(server.received[4].peer, client.socket->bound_address());
    EXPECT_EQ(server.received[4].local, target);
    EXPECT_EQ(server.received[4].ecn, io::Ecn::ce);
    ASSERT_TRUE(server.socket->send({.payload = base::as_bytes(train),
                                     .peer = server.received[4].peer,
                                     .local = server.received[4].local,
                                     .ecn = io::Ecn::ect0,
                                     .segment_size = 1000}));
    client.wait_for(5);
    EXPECT_EQ(client.received[0].peer, target);
    EXPECT_EQ(client.received[0].ecn, io::Ecn::ect0);
}

TEST(UdpDualStack, AnswersFromTheLoopbackAddressThatWasAsked) {
    auto reactor = *io::Reactor::make();
    Party server{*reactor, SocketAddress::any_v6(0)};
    Party client{*reactor, SocketAddress::loopback_v4(0)};
    const auto target = SocketAddress::parse("127.0.0.2:0")->with_port(server.socket->bound_address().port());
    ASSERT_TRUE(client.socket->send({.payload = base::as_bytes("hi"), .peer = target}));
    server.wait_for(1);
    EXPECT_EQ(server.received[0].local, target);
    ASSERT_TRUE(server.socket->send(
        {.payload = base::as_bytes("re"), .peer = server.received[0].peer, .local = server.received[0].local}));
    client.wait_for(1);
    EXPECT_EQ(client.received[0].peer, target);
}

TEST(UdpSocket, NamesTheAddressThatIsInUse) {
    const auto first = io::UdpSocket::bind(SocketAddress::loopback_v4(0)).value();
    const auto second = io::UdpSocket::bind(first->bound_address());
    ASSERT_FALSE(second);
    EXPECT_TRUE(second.error().error.is(io::Errc::address_in_use));
    EXPECT_NE(second.error().text.find(first->bound_address().to_string()), std::string::npos) << second.error().text;
}

TEST(UdpSocket, SharesAPortWhenAllAskForIt) {
    const auto first = io::UdpSocket::bind(SocketAddress::loopback_v4(0), {.reuse_port = true}).value();
    EXPECT_TRUE(io::UdpSocket::bind(first->bound_address(), {.reuse_port = true}));
}

TEST(UdpSocket, ReportsDatagramsAboveTheLimit) {
    const auto socket = io::UdpSocket::bind(SocketAddress::loopback_v4(0), {.dont_fragment = true}).value();
    const std::string big(70'000, 'x');
    const auto sent = socket->send({.payload = base::as_bytes(big), .peer = socket->bound_address()});
    ASSERT_FALSE(sent);
    EXPECT_TRUE(sent.error().is(io::Errc::message_too_large));
    EXPECT_EQ(socket->stats().send_failures, 1u);
}

TEST(UdpSocket, GoesOnAfterAPeerRefuses) {
    auto reactor = *io::Reactor::make();
    Party client{*reactor, SocketAddress::loopback_v4(0)};
    auto gone = io::UdpSocket::bind(SocketAddress::loopback_v4(0)).value();
    const auto nobody = gone->bound_address();
    Party server{*reactor, SocketAddress::loopback_v4(0)};  // before that port is free for it
    gone.reset();
    ASSERT_TRUE(client.socket->send({.payload = base::as_bytes("lost"), .peer = nobody}));
    reactor->run_once(1'000'000);
    ASSERT_TRUE(client.socket->send({.payload = base::as_bytes("kept"), .peer = server.socket->bound_address()}));
    server.wait_for(1);
}

TEST(UdpSocket, StopsDeliveringWhenTheHandlerDetaches) {
    auto reactor = *io::Reactor::make();
    const auto server = io::UdpSocket::bind(SocketAddress::loopback_v4(0)).value();
    const auto client = io::UdpSocket::bind(SocketAddress::loopback_v4(0)).value();
    int seen = 0;
    ASSERT_TRUE(server->attach(*reactor, [&](const io::Datagram&) {
        ++seen;
        server->detach();
    }));
    const auto train = pattern(5000);
    ASSERT_TRUE(
        client->send({.payload = base::as_bytes(train), .peer = server->bound_address(), .segment_size = 1000}));
    for (int i = 0; i < 6000 && seen == 0; ++i) reactor->run_once(10'000'000);
    for (int i = 0; i < 5; ++i) reactor->run_once(1'000'000);
    EXPECT_EQ(seen, 1);
}

TEST(UdpSocket, SaysWhetherMoreWaits) {
    const auto sender = io::UdpSocket::bind(SocketAddress::loopback_v4(0)).value();
    const auto receiver =
        io::UdpSocket::bind(SocketAddress::loopback_v4(0), {.gro = false, .receive_batch_max = 1}).value();
    EXPECT_TRUE(receiver->drained());
    for (int i = 0; i < 6; ++i)
        ASSERT_TRUE(sender->send({.payload = base::as_bytes("x"), .peer = receiver->bound_address()}));
    io::DatagramHandler ignore = [](const io::Datagram&) {};
    EXPECT_EQ(receiver->receive(ignore), 4u) << "the bound of one call";
    EXPECT_FALSE(receiver->drained());
    EXPECT_EQ(receiver->receive(ignore), 2u);
    EXPECT_TRUE(receiver->drained());
}

TEST(UdpSocket, TellsOnceWhenItIsWritableAgain) {
    auto reactor = *io::Reactor::make();
    Party party{*reactor, SocketAddress::loopback_v4(0)};
    int told = 0;
    party.socket->notify_writable([&] { ++told; });
    for (int i = 0; i < 6000 && told == 0; ++i) reactor->run_once(10'000'000);
    for (int i = 0; i < 3; ++i) reactor->run_once(1'000'000);
    EXPECT_EQ(told, 1);
}

}  // namespace

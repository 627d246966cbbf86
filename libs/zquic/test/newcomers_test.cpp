#include "../src/newcomers.hpp"

#include <gtest/gtest.h>

#include <set>
#include <vector>

#include "support.hpp"

namespace zquic::test {
namespace {

/// Moves on by `step_ns` each time that it is read.
struct SteppingClock final : base::Clock {
    explicit SteppingClock(std::uint64_t step) : step_ns{step} {}
    [[nodiscard]] std::uint64_t now_ns() const noexcept override { return now += step_ns; }
    [[nodiscard]] std::uint64_t unix_ms() const noexcept override { return 0; }
    std::uint64_t step_ns;
    mutable std::uint64_t now = 1;
};

class NewcomersTest : public ::testing::Test {
 protected:
    bool add(std::string_view peer, std::size_t size = 1200) {
        const base::Bytes bytes(size);
        return newcomers.add(*socket, {.payload = bytes,
                                       .peer = io::SocketAddress::parse(peer).value(),
                                       .local = socket->bound_address(),
                                       .ecn = io::Ecn::not_ect});
    }
    /// Hosts in the order of service.
    std::vector<std::string> serve(const base::Clock& clock, bool hurry = false) {
        std::vector<std::string> hosts;
        newcomers.serve(clock, hurry, [&](io::UdpSocket&, const io::Datagram& datagram) {
            hosts.push_back(datagram.peer.host_string());
        });
        return hosts;
    }

    std::unique_ptr<io::UdpSocket> socket = must(io::UdpSocket::bind(io::SocketAddress::loopback_v4(0)));
    Newcomers newcomers;
};

TEST_F(NewcomersTest, HoldsAShareOfEachNetworkAndABoundedNumberOfAll) {
    for (std::size_t i = 0; i < Newcomers::kPerNetworkMax; ++i) ASSERT_TRUE(add("192.0.2.1:" + std::to_string(i + 1)));
    EXPECT_FALSE(add("192.0.2.1:9999"));
    EXPECT_TRUE(add("192.0.2.2:1")) << "another network's room is not theirs";
    EXPECT_TRUE(add("[2001:db8::1]:1"));
    for (std::size_t i = 0; newcomers.size() < Newcomers::kMax; ++i)
        ASSERT_TRUE(add("198.51.100." + std::to_string(i % 250) + ":1"));
    EXPECT_FALSE(add("203.0.113.1:1"));
}

TEST_F(NewcomersTest, ServesNetworksInTurn) {
    for (int i = 0; i < 5; ++i) ASSERT_TRUE(add("192.0.2.1:1"));
    ASSERT_TRUE(add("192.0.2.9:1"));
    ASSERT_TRUE(add("192.0.2.5:1"));
    const auto hosts = serve(SteppingClock{0});
    ASSERT_EQ(hosts.size(), 7u);
    EXPECT_EQ((std::set<std::string>{hosts.begin(), hosts.begin() + 3}),
              (std::set<std::string>{"192.0.2.1", "192.0.2.5", "192.0.2.9"}))
        << "a flood from one does not delay the others";
    EXPECT_TRUE(newcomers.empty());
}

TEST_F(NewcomersTest, TakesABoundedPartOfATurn) {
    for (int i = 0; i < 10; ++i) ASSERT_TRUE(add("192.0.2.1:1"));
    EXPECT_EQ(serve(SteppingClock{Newcomers::kTurnNs}).size(), 1u) << "always one, or nobody would ever get in";
    EXPECT_EQ(serve(SteppingClock{Newcomers::kTurnNs / 4}).size(), 4u);
    EXPECT_EQ(newcomers.size(), 5u);
    EXPECT_EQ(serve(SteppingClock{1}, true).size(), 1u) << "the socket still holds datagrams of connections";
}

TEST_F(NewcomersTest, RefusesDatagramsThatNobodyBeginsWith) {
    EXPECT_TRUE(add("192.0.2.1:1", Newcomers::kBytesMax));
    EXPECT_FALSE(add("192.0.2.1:1", Newcomers::kBytesMax + 1));
}

TEST_F(NewcomersTest, ForgetsASocketThatGoes) {
    ASSERT_TRUE(add("192.0.2.1:1"));
    newcomers.forget(*socket);
    EXPECT_TRUE(newcomers.empty());
    EXPECT_TRUE(serve(SteppingClock{0}).empty());
}

using NewcomersOnTheWire = Net;

TEST_F(NewcomersOnTheWire, AFloodOfOneAddressLeavesRoomForAnother) {
    serve();
    const auto flood = must(io::UdpSocket::bind(io::SocketAddress::parse("127.0.0.2:0").value()));
    const auto live = connected();
    base::SeededRandom random{7};
    const auto send_noise = [&] {
        base::Bytes bytes(1200);
        for (int i = 0; i < 200; ++i) {
            random.fill(bytes);
            bytes[0] = std::byte{0xc3};
            base::store_be<std::uint32_t>(bytes.data() + 1, 1);
            bytes[5] = bytes[14] = std::byte{8};
            bytes[23] = std::byte{0};
            base::store_be<std::uint16_t>(bytes.data() + 24, 0x4000 | 1174);
            (void)flood->send({.payload = bytes, .peer = server->bound_address()});
        }
    };
    auto dialed = dial();
    const auto echoed = std::make_shared<StreamEvents>();
    auto* const stream = must(live->connection->open_stream(Direction::bidirectional, echoed));
    must(stream->write(Buffer::copy("hello"), true));
    EXPECT_TRUE(run_until([&] {
        send_noise();
        return server->stats().dropped_overload > 0 && dialed->done && !accepted.front()->streams.empty() &&
               accepted.front()->streams.front()->fin;
    }));
}

}  // namespace
}  // namespace zquic::test

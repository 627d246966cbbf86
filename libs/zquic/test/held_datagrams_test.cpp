// What a full socket does not take. Real sockets stand in connection_test.cpp; loopback never fills them.
#include "../src/held_datagrams.hpp"

#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace zquic {
namespace {

/// Takes `room` bytes, in segments of one.
struct FullSocket {
    std::size_t room = 0;
    bool broken = false;
    std::string taken;
    io::Task writable;

    base::Result<std::size_t> send(const io::Transmit& transmit) {
        if (broken) return base::fail(io::Errc::unreachable);
        const auto size = std::min(room, transmit.payload.size());
        if (size == 0) return base::fail(io::Errc::would_block);
        room -= size;
        taken += base::as_text(transmit.payload.first(size));
        return size;
    }
    void notify_writable(io::Task callback) { writable = std::move(callback); }
    /// The kernel has room for `bytes` more and says so.
    void drain(std::size_t bytes) {
        room += bytes;
        if (auto told = std::exchange(writable, {})) told();
    }
};

class Held : public testing::Test {
 protected:
    void send(FullSocket& socket, std::string_view text) { held.send(socket, {.payload = base::as_bytes(text)}); }
    FullSocket first;
    FullSocket second;
    int told = 0;
    HeldDatagrams<FullSocket> held{[this] { ++told; }};
};

TEST_F(Held, AreSentInOrderOnceTheSocketHasRoom) {
    first.room = 3;
    send(first, "one+");
    send(first, "two");
    EXPECT_FALSE(held.empty());
    EXPECT_EQ(first.taken, "one");
    first.drain(2);
    EXPECT_EQ(first.taken, "one+t");
    EXPECT_EQ(told, 0);
    first.drain(100);
    EXPECT_EQ(first.taken, "one+two");
    EXPECT_TRUE(held.empty());
    EXPECT_EQ(told, 1);
    send(first, "!");
    EXPECT_EQ(first.taken, "one+two!");
}

TEST_F(Held, AreLostWhenTheSocketFails) {
    first.broken = true;
    send(first, "a");
    EXPECT_TRUE(held.empty());
    first.broken = false;
    send(first, "b");
    first.broken = true;
    first.drain(1);
    EXPECT_TRUE(held.empty());
    EXPECT_EQ(told, 1);
}

TEST_F(Held, AreBounded) {
    for (std::size_t i = 0; i < decltype(held)::kMax + 5; ++i) send(first, "x");
    first.drain(1u << 20);
    EXPECT_EQ(first.taken.size(), decltype(held)::kMax);
}

TEST_F(Held, GoWithTheirSocket) {
    send(first, "gone");
    held.forget(first);
    EXPECT_TRUE(held.empty());
    EXPECT_EQ(told, 1) << "connections may write again";
    held.forget(first);
    EXPECT_EQ(told, 1);
}

TEST_F(Held, OfOtherSocketsWaitForTheirOwn) {
    send(first, "gone");
    send(second, "kept");
    send(first, "gone too");
    EXPECT_FALSE(second.writable) << "the first is waited for";
    held.forget(first);
    EXPECT_EQ(told, 0);
    ASSERT_TRUE(second.writable) << "nobody else would ever wake them";
    second.drain(100);
    EXPECT_EQ(second.taken, "kept");
    EXPECT_EQ(told, 1);
}

TEST_F(Held, OfTheSocketThatIsWaitedForStayWhenAnotherGoes) {
    send(first, "kept");
    send(second, "gone");
    held.forget(second);
    EXPECT_FALSE(held.empty());
    EXPECT_EQ(told, 0);
    first.drain(100);
    EXPECT_EQ(first.taken, "kept");
    EXPECT_TRUE(second.taken.empty());
    EXPECT_EQ(told, 1);
}

}  // namespace
}  // namespace zquic

#pragma once
// A server and a channel to it on one reactor, over each transport there is.

#include <gtest/gtest.h>
#include <unistd.h>

#include <chrono>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "ghost/chain/v1/chain.pb.h"
#include "io/udp.hpp"
#include "rpc/client.hpp"
#include "rpc/quic.hpp"
#include "rpc/server.hpp"

namespace rpc::test {

using Message = ghost::chain::v1::Transaction;  // One bytes field: any payload.
inline constexpr UnaryMethod<Message, Message> kUnary{"/test.v1.Test/Unary"};
inline constexpr ServerStreamMethod<Message, Message> kServerStream{"/test.v1.Test/ServerStream"};
inline constexpr ClientStreamMethod<Message, Message> kClientStream{"/test.v1.Test/ClientStream"};
inline constexpr BidiMethod<Message, Message> kBidi{"/test.v1.Test/Bidi"};

inline constexpr std::uint64_t kSecond = 1'000'000'000;
inline constexpr std::uint64_t kMillisecond = 1'000'000;

inline Message message(std::string text) {
    Message out;
    out.set_raw(std::move(text));
    return out;
}

enum class Transport { loopback, quic };
inline std::string name_of(const testing::TestParamInfo<Transport>& info) {
    return info.param == Transport::loopback ? "Loopback" : "Quic";
}

/// Turns the reactor until `done()`; false after a minute, which only a hang reaches.
template <typename Done>
bool run_until(io::Reactor& reactor, Done done) {
    const auto limit = std::chrono::steady_clock::now() + std::chrono::seconds{60};
    while (!done()) {
        if (std::chrono::steady_clock::now() > limit) return false;
        reactor.run_once(20 * kMillisecond);
    }
    return true;
}

/// An address that nobody takes while no server has it: its port is below those that the kernel hands out.
inline io::SocketAddress quiet_address() {
    constexpr int kFirst = 10'000;
    constexpr int kCount = 20'000;
    for (int i = 0; i < kCount; ++i) {
        const auto address =
            io::SocketAddress::loopback_v6(static_cast<std::uint16_t>(kFirst + (::getpid() + i) % kCount));
        if (io::UdpSocket::bind(address)) return address;
    }
    return io::SocketAddress::loopback_v6(0);
}

class Rig : public testing::TestWithParam<Transport> {
 public:
    void make(ServerOptions server_options = {}, ChannelOptions channel_options = {.name = "test"},
              const io::SocketAddress& address = io::SocketAddress::loopback_v6(0));
    /// A connector to the server that is up now.
    [[nodiscard]] std::unique_ptr<Connector> connector();
    void listen(io::SocketAddress address = io::SocketAddress::loopback_v6(0));
    void TearDown() override;

    template <typename Done>
    [[nodiscard]] bool until(Done done) {
        return run_until(*reactor, std::move(done));
    }
    /// Makes a unary call and waits for its end.
    StatusOr<Message> call(const Message& request, CallOptions options = {}) {
        return call(kUnary, request, std::move(options));
    }
    template <typename Req, typename Res>
    StatusOr<Res> call(const UnaryMethod<Req, Res>& method, const Req& request, CallOptions options = {}) {
        std::optional<StatusOr<Res>> result;
        const auto handle = channel->call(method, request, std::move(options),
                                          [&](StatusOr<Res> answer) { result.emplace(std::move(answer)); });
        EXPECT_TRUE(until([&] { return result.has_value(); }));
        return result ? std::move(*result) : error(StatusCode::data_loss, "the test hangs");
    }
    void serve_echo() {
        server->add(kUnary,
                    [](CallContext&, const Message& request, Responder<Message> done) { done.respond(request); });
    }

    std::unique_ptr<io::Reactor> reactor = io::Reactor::make().value();
    zquic::Identity server_identity = zquic::Identity::generate().value();
    zquic::Identity client_identity = zquic::Identity::generate().value();
    std::unique_ptr<Server> server;
    std::unique_ptr<QuicListener> listener;
    std::unique_ptr<Channel> channel;
};

}  // namespace rpc::test

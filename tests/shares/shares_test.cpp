// One stranger holds all the incomplete requests that he can, through a real bridge; a listed caller goes on.

#include <gtest/gtest.h>
#include <netinet/in.h>
#include <nghttp2/nghttp2.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <chrono>
#include <filesystem>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <thread>

#include "ghost/chain/v1/chain.pb.h"
#include "ghostbridge/bridge.hpp"
#include "ghostd/init.hpp"
#include "ghostd/methods.hpp"
#include "ghostd/node.hpp"
#include "rpc/blocking.hpp"
#include "rpc/client.hpp"
#include "rpc/quic.hpp"

namespace {

using namespace std::chrono_literals;
namespace v1 = ghost::chain::v1;

constexpr std::size_t kCalls = 62;
constexpr std::uint32_t kMessageBytes = 4'000'000;
/// Of each message: all but one of the calls leave nothing of the 128 MiB that one peer may hold.
constexpr std::size_t kPartBytes = 2'200'000;

std::string part_of_message() {
    std::string part(1, '\0');
    for (int shift = 24; shift >= 0; shift -= 8) part += static_cast<char>(kMessageBytes >> shift);
    part.resize(kPartBytes, 'x');
    return part;
}

template <typename Condition>
bool comes_true(Condition holds) {
    for (const auto limit = std::chrono::steady_clock::now() + 1min; !holds(); std::this_thread::sleep_for(5ms))
        if (std::chrono::steady_clock::now() > limit) return false;
    return true;
}

class SharesTest : public testing::Test {
 protected:
    void SetUp() override {
        char name[] = "/tmp/shares_test_XXXXXX";
        home_ = mkdtemp(name);
        using ghostbridge::Role;
        const auto bridge_key = ghostbridge::init_identity(home_ + "/bridge");
        const auto node = ghostd::init_home({.home = home_ + "/node", .dev = true});
        ASSERT_TRUE(bridge_key && node);
        ghostbridge::Config bridge;
        bridge.home = home_ + "/bridge";
        bridge.listen_quic = bridge.listen_tcp = "127.0.0.1:0";
        bridge.listen_metrics = "";
        bridge.public_methods = {"ghost.chain.v1.BlockchainService/SubmitTransaction"};
        bridge.quic.public_connections_max = 8;
        bridge.peers = {
            {.name = "node",
             .key = node->node_key,
             .roles = role_bits(Role::service),
             .services = {"ghost.chain.v1.*"}},
            {.name = "listed", .key = *listed_.public_key(), .roles = role_bits(Role::client), .services = {}}};
        auto bridge_started = ghostbridge::Bridge::start(bridge);
        ASSERT_TRUE(bridge_started) << bridge_started.error().text;
        bridge_ = std::move(*bridge_started);

        const auto key_text = base::to_hex(*bridge_key);
        ghostd::GhostdConfig config;
        config.home = home_ + "/node";
        config.listen = "[::1]:0";
        config.ops_listen = "127.0.0.1:0";
        config.bridge = {.endpoint = "127.0.0.1:" + std::to_string(bridge_->quic_port()), .key = key_text};
        config.peers = {{.name = "bridge", .key = key_text, .role = "service"}};
        auto node_started = ghostd::Node::start(config);
        ASSERT_TRUE(node_started) << node_started.error().text;
        node_ = std::move(*node_started);
        ASSERT_TRUE(comes_true([&] { return !bridge_->available_services().empty(); }));
    }
    void TearDown() override {
        if (node_) node_->stop();
        if (bridge_) bridge_->stop();
        std::filesystem::remove_all(home_);
    }

    [[nodiscard]] rpc::QuicClientOptions door(const zquic::Identity& identity) const {
        return {.server = *io::SocketAddress::parse("127.0.0.1:" + std::to_string(bridge_->quic_port())),
                .server_keys = {bridge_->public_key()},
                .identity = identity};
    }
    /// A request as large as a deployment's; that it makes no sense is told once it is there.
    void expect_listed_caller_is_served() {
        const auto client = rpc::BlockingClient::make(
            [&](io::Reactor& reactor) { return rpc::make_quic_connector(reactor, door(listed_)); });
        ASSERT_TRUE(client);
        v1::Transaction large;
        large.set_raw(std::string(500'000, 'y'));
        for (int i = 0; i < 5; ++i) {
            const auto answer =
                (*client)->call(ghostd::methods::kSubmitTransaction, large, {.timeout_ns = 60'000'000'000});
            ASSERT_FALSE(answer);
            EXPECT_EQ(answer.error().code, rpc::StatusCode::invalid_argument) << answer.error().to_string();
        }
    }

    std::string home_;
    zquic::Identity listed_ = zquic::Identity::generate().value();
    std::unique_ptr<ghostbridge::Bridge> bridge_;
    std::unique_ptr<ghostd::Node> node_;
};

/// A call of the QUIC attacker.
struct Held final : rpc::StreamEvents {
    void on_headers(rpc::Fields fields) override { note(fields); }
    void on_data(base::ByteView) override {}
    void on_end(rpc::Fields fields) override { note(fields); }
    void on_writable() override {}
    void on_reset(std::uint64_t, const std::string&) override {}
    void note(const rpc::Fields& fields) {
        if (const auto* status = rpc::find_field(fields, "grpc-status")) refused = *status == "8";
    }
    std::unique_ptr<rpc::HttpStream> stream;
    bool refused = false;
};

TEST_F(SharesTest, IncompleteRequestsOfAStrangerOverQuicLeaveAListedCallerAlone) {
    const auto reactor = io::Reactor::make().value();
    const auto channel = rpc::Channel::make(
        *reactor, rpc::make_quic_connector(*reactor, door(zquic::Identity::generate().value())), {.name = "stranger"});
    const auto until = [&](auto condition) {
        const auto limit = std::chrono::steady_clock::now() + 1min;
        while (!condition() && std::chrono::steady_clock::now() < limit) reactor->run_once(20'000'000);
        return condition();
    };
    std::optional<rpc::Status> ready;
    channel->when_ready([&](const rpc::Status& status) { ready = status; });
    ASSERT_TRUE(until([&] { return ready.has_value(); }));
    ASSERT_TRUE(ready->ok()) << ready->to_string();
    std::vector<Held> calls(kCalls);
    for (auto& call : calls) {
        call.stream = channel->open_raw();
        ASSERT_TRUE(call.stream);
        call.stream->set_events(call);
        call.stream->send_headers({{":method", "POST"},
                                   {":scheme", "https"},
                                   {":authority", "x"},
                                   {":path", std::string{ghostd::methods::kSubmitTransaction.path}},
                                   {"content-type", "application/grpc"}},
                                  false);
        call.stream->write(base::to_bytes(part_of_message()), false);
    }
    ASSERT_TRUE(until([&] { return std::ranges::any_of(calls, [](const Held& call) { return call.refused; }); }))
        << "he holds as much as he may";
    // The attacker goes on meanwhile.
    std::atomic<bool> served{false};
    const std::jthread listed{[&] {
        expect_listed_caller_is_served();
        served = true;
    }};
    EXPECT_TRUE(until([&] { return served.load(); }));
}

/// HTTP/2 over TCP, without TLS, as strangers come: calls whose one message never ends. Runs on its own thread.
class TcpStranger {
 public:
    explicit TcpStranger(std::uint16_t port) {
        fd_ = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
        sockaddr_in door{};
        door.sin_family = AF_INET;
        door.sin_port = htons(port);
        door.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
        EXPECT_EQ(::connect(fd_, reinterpret_cast<const sockaddr*>(&door), sizeof door), 0);
        nghttp2_session_callbacks* callbacks = nullptr;
        nghttp2_session_callbacks_new(&callbacks);
        nghttp2_session_callbacks_set_on_header_callback(
            callbacks, [](nghttp2_session*, const nghttp2_frame*, const std::uint8_t* name, std::size_t name_size,
                          const std::uint8_t* value, std::size_t value_size, std::uint8_t, void* user) {
                const std::string_view field{reinterpret_cast<const char*>(name), name_size};
                const std::string_view text{reinterpret_cast<const char*>(value), value_size};
                if (field == "grpc-status" && text == "8") static_cast<TcpStranger*>(user)->refused_ = true;
                return 0;
            });
        nghttp2_session_client_new(&session_, callbacks, this);
        nghttp2_session_callbacks_del(callbacks);
        nghttp2_submit_settings(session_, NGHTTP2_FLAG_NONE, nullptr, 0);
        thread_ = std::jthread{[this](const std::stop_token& stop) { run(stop); }};
    }
    ~TcpStranger() {
        thread_ = {};
        nghttp2_session_del(session_);
        ::close(fd_);
    }
    TcpStranger(const TcpStranger&) = delete;
    TcpStranger& operator=(const TcpStranger&) = delete;
    /// Of some call of his the service holds no more.
    [[nodiscard]] bool refused() const { return refused_; }

 private:
    void begin_call() {
        const auto field = [](std::string_view name, std::string_view value) {
            return nghttp2_nv{const_cast<std::uint8_t*>(reinterpret_cast<const std::uint8_t*>(name.data())),
                              const_cast<std::uint8_t*>(reinterpret_cast<const std::uint8_t*>(value.data())),
                              name.size(), value.size(), NGHTTP2_NV_FLAG_NONE};
        };
        const std::array<nghttp2_nv, 6> fields{field(":method", "POST"),
                                               field(":scheme", "http"),
                                               field(":path", ghostd::methods::kSubmitTransaction.path),
                                               field(":authority", "x"),
                                               field("te", "trailers"),
                                               field("content-type", "application/grpc")};
        nghttp2_data_provider body{};
        body.read_callback = [](nghttp2_session*, std::int32_t stream, std::uint8_t* out, std::size_t room,
                                std::uint32_t*, nghttp2_data_source*, void* user) -> ssize_t {
            auto& self = *static_cast<TcpStranger*>(user);
            auto& sent = self.sent_[stream];
            const auto size = std::min(room, self.part_.size() - sent);
            if (size == 0) return NGHTTP2_ERR_DEFERRED;
            std::copy_n(self.part_.data() + sent, size, out);
            sent += size;
            return static_cast<ssize_t>(size);
        };
        nghttp2_submit_request(session_, nullptr, fields.data(), fields.size(), &body, nullptr);
    }
    void run(const std::stop_token& stop) {
        for (std::size_t i = 0; i < kCalls; ++i) begin_call();
        std::vector<std::uint8_t> chunk(65536);
        while (!stop.stop_requested()) {
            const std::uint8_t* bytes = nullptr;
            for (ssize_t size = 0; (size = nghttp2_session_mem_send(session_, &bytes)) > 0;) {
                for (ssize_t at = 0; at < size;) {
                    const auto sent = ::send(fd_, bytes + at, static_cast<std::size_t>(size - at), MSG_NOSIGNAL);
                    if (sent <= 0) return;
                    at += sent;
                }
            }
            pollfd wait{.fd = fd_, .events = POLLIN, .revents = 0};
            if (::poll(&wait, 1, 20) <= 0) continue;
            const auto got = ::recv(fd_, chunk.data(), chunk.size(), 0);
            if (got <= 0 || nghttp2_session_mem_recv(session_, chunk.data(), static_cast<std::size_t>(got)) < 0) return;
        }
    }

    int fd_ = -1;
    nghttp2_session* session_ = nullptr;
    const std::string part_ = part_of_message();
    std::map<std::int32_t, std::size_t> sent_;
    std::atomic<bool> refused_{false};
    std::jthread thread_;
};

TEST_F(SharesTest, IncompleteRequestsOfAStrangerOverTcpLeaveAListedCallerAlone) {
    const TcpStranger stranger{bridge_->tcp_port()};
    ASSERT_TRUE(comes_true([&] { return stranger.refused(); })) << "he holds as much as he may";
    expect_listed_caller_is_served();
}

}  // namespace

#pragma once
// Two endpoints on one reactor, talking over loopback sockets; handlers made of lambdas.

#include <gtest/gtest.h>
#include <stdlib.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <filesystem>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "io/reactor.hpp"
#include "io/udp.hpp"
#include "zquic/endpoint.hpp"
#include "zquic/h3.hpp"

namespace zquic::test {

/// A bound on waiting, not an expectation: slow machines and sanitizers stay below it.
inline constexpr int kPatienceSeconds = 60;

template <typename T>
T must(base::Result<T> result) {
    if (!result) ADD_FAILURE() << base::to_string(result.error());
    return std::move(result).value();
}
template <typename T>
T must(base::Checked<T> result) {
    if (!result) ADD_FAILURE() << result.error().text;
    return std::move(result).value();
}
inline void must(base::Result<void> result) { ASSERT_TRUE(result) << base::to_string(result.error()); }

/// A loopback port that nobody takes while it is not bound: below those that the kernel hands out.
inline std::uint16_t quiet_port() {
    constexpr int kFirst = 10'000;
    constexpr int kCount = 20'000;
    for (int i = 0; i < kCount; ++i) {
        const auto port = static_cast<std::uint16_t>(kFirst + (::getpid() + i) % kCount);
        if (io::UdpSocket::bind(io::SocketAddress::loopback_v4(port))) return port;
    }
    return 0;
}

class TempFolder {
 public:
    TempFolder() {
        auto pattern = (std::filesystem::temp_directory_path() / "zquic-test-XXXXXX").string();
        path_ = ::mkdtemp(pattern.data());
    }
    ~TempFolder() { std::filesystem::remove_all(path_); }
    TempFolder(const TempFolder&) = delete;
    TempFolder& operator=(const TempFolder&) = delete;
    [[nodiscard]] std::string file(const std::string& name) const { return path_ + "/" + name; }
    [[nodiscard]] const std::string& path() const { return path_; }

 private:
    std::string path_;
};

inline KeySeed seed_of(unsigned char fill) {
    KeySeed seed;
    seed.fill(std::byte{fill});
    return seed;
}
inline Identity identity(unsigned char fill) { return must(Identity::from_seed(seed_of(fill))); }

/// `size` bytes that differ along the way, so that a swapped or lost piece shows.
inline base::Bytes pattern(std::size_t size, std::uint64_t seed) {
    base::Bytes out(size);
    base::SeededRandom{seed}.fill(out);
    return out;
}

struct StreamEvents : StreamHandler {
    base::Bytes received;
    bool fin = false;
    bool closed = false;
    bool auto_consume = true;
    std::optional<std::uint64_t> reset_code;
    std::optional<std::uint64_t> stop_code;
    std::optional<StreamEnd> end;
    std::uint64_t acknowledged = 0;
    std::function<void(Stream&, base::ByteView, bool)> data;
    std::function<void(Stream&)> writable;
    void on_data(Stream& stream, base::ByteView bytes, bool last) override {
        received.insert(received.end(), bytes.begin(), bytes.end());
        fin = fin || last;
        if (data) data(stream, bytes, last);
        if (auto_consume) stream.consume(bytes.size());
    }
    void on_reset(Stream&, std::uint64_t code) override { reset_code = code; }
    void on_stop_sending(Stream&, std::uint64_t code) override { stop_code = code; }
    void on_writable(Stream& stream) override {
        if (writable) writable(stream);
    }
    void on_acknowledged(Stream&, std::uint64_t bytes) override { acknowledged += bytes; }
    void on_closed(Stream&, const StreamEnd& how) override {
        closed = true;
        end = how;
    }
};

struct ConnectionEvents : ConnectionHandler {
    Connection* connection = nullptr;  ///< Null after its end.
    bool done = false;
    std::optional<CloseInfo> closed;
    std::vector<base::Bytes> datagrams;
    std::vector<std::shared_ptr<StreamEvents>> streams;
    std::function<void(Connection&)> handshake;
    std::function<std::shared_ptr<StreamHandler>(Connection&, Stream&)> stream;
    std::function<void(Connection&, base::ByteView)> datagram;
    void on_handshake_done(Connection& which) override {
        connection = &which;
        done = true;
        if (handshake) handshake(which);
    }
    void on_stream(Connection& which, Stream& opened) override {
        if (stream) {
            opened.set_handler(stream(which, opened));
            return;
        }
        streams.push_back(std::make_shared<StreamEvents>());
        opened.set_handler(streams.back());
    }
    void on_datagram(Connection& which, base::ByteView bytes) override {
        datagrams.push_back(base::to_bytes(bytes));
        if (datagram) datagram(which, bytes);
    }
    void on_closed(Connection&, const CloseInfo& info) override {
        connection = nullptr;
        closed = info;
    }
};

/// Sends everything back, keeping the sender's pace: credit is returned when the echo has room.
struct Echo : StreamHandler {
    void on_data(Stream& stream, base::ByteView data, bool fin) override {
        if (!data.empty()) held.push_back(base::to_bytes(data));
        ended = ended || fin;
        pump(stream);
    }
    void on_writable(Stream& stream) override { pump(stream); }
    void pump(Stream& stream) {
        while (!held.empty() && stream.writable_bytes() > 0) {
            const auto size = held.front().size();
            if (!stream.write(std::move(held.front()), false)) return;
            held.erase(held.begin());
            stream.consume(size);
        }
        if (held.empty() && ended) (void)stream.finish();
    }
    std::vector<base::Bytes> held;
    bool ended = false;
};

class Net : public ::testing::Test {
 protected:
    Net() : reactor{must(io::Reactor::make())} {}
    ~Net() override {
        client.reset();
        server.reset();
    }

    static EndpointConfig server_config() {
        EndpointConfig config;
        config.address = io::SocketAddress::loopback_v4(0);
        config.identity = identity(1);
        return config;
    }
    static EndpointConfig client_config() {
        EndpointConfig config;
        config.address = io::SocketAddress::loopback_v4(0);
        return config;
    }
    /// A server for the protocol "test"; `accepted` collects its connections.
    void serve(EndpointConfig config = server_config()) {
        server = must(Endpoint::make(*reactor, std::move(config)));
        must_listen(*server, {"test"});
        if (!client) client = must(Endpoint::make(*reactor, client_config()));
    }
    void must_listen(Endpoint& endpoint, const std::vector<std::string>& alpn) {
        const auto listening = endpoint.listen(alpn, [this](Connection&) {
            accepted.push_back(std::make_shared<ConnectionEvents>());
            if (prepare) prepare(*accepted.back());
            return accepted.back();
        });
        ASSERT_TRUE(listening) << listening.error().text;
    }
    ConnectOptions options() const {
        ConnectOptions out;
        out.address = server->bound_address();
        out.alpn = {"test"};
        out.verifier = PinnedKey{*identity(1).public_key()};
        return out;
    }
    std::shared_ptr<ConnectionEvents> dial(ConnectOptions how) {
        auto events = std::make_shared<ConnectionEvents>();
        events->connection = must(client->connect(std::move(how), events));
        return events;
    }
    std::shared_ptr<ConnectionEvents> dial() { return dial(options()); }
    /// Connected on both sides.
    std::shared_ptr<ConnectionEvents> connected() {
        const auto before = accepted.size();
        auto events = dial();
        EXPECT_TRUE(run_until([&] { return events->done && accepted.size() > before && accepted.back()->done; }));
        return events;
    }
    [[nodiscard]] bool run_until(const std::function<bool()>& condition) {
        const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds{kPatienceSeconds};
        while (!condition()) {
            if (std::chrono::steady_clock::now() > deadline) return false;
            reactor->run_once(1'000'000);
        }
        return true;
    }
    void turns(int count) {
        for (int i = 0; i < count; ++i) reactor->run_once(1'000'000);
    }

    std::unique_ptr<io::Reactor> reactor;
    std::unique_ptr<Endpoint> server;
    std::unique_ptr<Endpoint> client;
    std::vector<std::shared_ptr<ConnectionEvents>> accepted;
    std::function<void(ConnectionEvents&)> prepare;
};

}  // namespace zquic::test

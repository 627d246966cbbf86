#pragma once
// Victims of zquic_protected_fuzz: a listening endpoint (raw streams and HTTP/3) and a dialling one, on one reactor
// with a clock that stands still until told. What they send is kept in memory; no socket carries anything.

#include <array>
#include <cstdio>
#include <cstdlib>
#include <deque>

#include "../src/endpoint.hpp"
#include "base/clock.hpp"
#include "raw_peer.hpp"
#include "zquic/h3.hpp"

namespace protected_fuzz {

using zquic::testkit::Space;

/// Packets whose protection held, and the frames in them, by type, space and role of the victim.
struct Counters {
    static constexpr std::size_t kTypes = 0x32;  ///< Others share the last place.
    std::uint64_t accepted = 0;
    std::uint64_t runs = 0;
    std::uint64_t handshakes = 0;
    std::array<std::array<std::array<std::uint64_t, kTypes + 1>, 3>, 2> frames{};

    void count(bool server, Space space, base::ByteView payload) {
        auto& row = frames[server ? 1 : 0][space == Space::early ? 2 : static_cast<std::size_t>(space)];
        zquic::testkit::WireReader in{payload};
        bool padding = false;  // a run of it counts once
        while (!in.empty()) {
            const auto type = in.varint();
            if (type != 0 || !std::exchange(padding, true)) ++row[std::min<std::uint64_t>(type, kTypes)];
            if (type != 0) padding = false;
            if (!in.skip_frame(type)) return;
        }
    }
    /// The first lines are for tools/fuzz.py, which adds them up over runs that are resumed.
    void print() const {
        const auto number = [](std::uint64_t value) { return static_cast<unsigned long long>(value); };
        std::printf("fuzz: accepted=%llu\nfuzz: runs=%llu\nfuzz: handshakes=%llu\n", number(accepted), number(runs),
                    number(handshakes));
        static constexpr const char* kRoles[] = {"client", "server"};
        static constexpr const char* kSpaces[] = {"initial", "handshake", "app"};
        for (std::size_t role = 0; role < 2; ++role) {
            for (std::size_t space = 0; space < 3; ++space) {
                std::printf("frames to the %s, %s:", kRoles[role], kSpaces[space]);
                for (std::size_t type = 0; type <= kTypes; ++type) {
                    if (const auto count = frames[role][space][type]) std::printf(" %02zx=%llu", type, number(count));
                }
                std::printf("\n");
            }
        }
        std::fflush(stdout);
    }
};

/// Echoes a little, so that the victim writes as well.
struct Streams : zquic::StreamHandler {
    void on_data(zquic::Stream& stream, base::ByteView data, bool fin) override {
        stream.consume(data.size());
        if (data.size() < 64) (void)stream.write(zquic::Buffer{base::to_bytes(data)}, fin);
    }
};

struct Connections : zquic::ConnectionHandler {
    zquic::Connection* connection = nullptr;
    void on_handshake_done(zquic::Connection& which) override {
        connection = &which;
        if (const auto stream = which.open_stream(zquic::Direction::bidirectional, std::make_shared<Streams>())) {
            (void)(*stream)->write(zquic::Buffer{base::Bytes(3000)}, false);
        }
    }
    void on_stream(zquic::Connection&, zquic::Stream& stream) override {
        stream.set_handler(std::make_shared<Streams>());
    }
    void on_closed(zquic::Connection&, const zquic::CloseInfo&) override { connection = nullptr; }
};

struct Exchanges : zquic::h3::ExchangeHandler {
    void on_data(zquic::h3::Exchange& exchange, base::ByteView data) override { exchange.consume(data.size()); }
    void on_end(zquic::h3::Exchange& exchange) override {
        if (exchange.connection().is_server()) (void)exchange.send_trailers({{"grpc-status", "0"}});
    }
};

struct World final : zquic::Watcher {
    World() {
        zquic::KeySeed seed;
        seed.fill(std::byte{1});
        identity = *zquic::Identity::from_seed(seed);
        zquic::EndpointConfig config;
        config.address = io::SocketAddress::loopback_v4(0);
        config.random = &random;
        dialler = std::move(zquic::Endpoint::make(*reactor, config)).value();
        config.identity = identity;
        config.retry_above_half_open = 1000;
        listener = std::move(zquic::Endpoint::make(*reactor, config)).value();
        const auto listening = listener->listen({"test"}, [this](zquic::Connection&) {
            raw = std::make_shared<Connections>();
            return raw;
        });
        h3_server = std::move(zquic::h3::Server::make(
                                  *listener, {.limits = {.resets_per_s = 100, .datagrams = true}, .alpn = {"h3"}},
                                  [](zquic::h3::Exchange& exchange, zquic::h3::Fields, bool) {
                                      (void)exchange.send_headers({{":status", "200"}}, false);
                                      (void)exchange.send_data(zquic::Buffer{base::Bytes(200)}, false);
                                      return std::make_shared<Exchanges>();
                                  }))
                        .value();
        if (!listening) std::abort();
        listener->impl().watcher_ = this;
        dialler->impl().watcher_ = this;
    }

    void sent(const io::Transmit& transmit) override {
        constexpr std::size_t kOutboxMax = 256;
        auto rest = transmit.payload;
        while (!rest.empty() && outbox.size() < kOutboxMax) {
            const auto size =
                transmit.segment_size ? std::min<std::size_t>(transmit.segment_size, rest.size()) : rest.size();
            outbox.push_back(base::to_bytes(rest.first(size)));
            rest = rest.subspan(size);
        }
    }
    void opened(bool server, base::ByteView header, base::ByteView payload) override {
        if (!counting) return;
        ++counters.accepted;
        const auto first = std::to_integer<unsigned>(header[0]);
        const auto space = (first & 0x80) == 0     ? Space::app
                           : (first >> 4 & 3) == 0 ? Space::initial
                           : (first >> 4 & 3) == 2 ? Space::handshake
                                                   : Space::early;
        counters.count(server, space, payload);
    }

    /// Starts a dialled victim; `peer` is the address that its packets seem to go to.
    void dial(const std::string& alpn) {
        zquic::ConnectOptions options;
        options.address = peer;
        options.alpn = {alpn};
        options.verifier = zquic::PinnedKey{*identity->public_key()};
        if (alpn == "h3") {
            h3_client =
                std::move(zquic::h3::Client::connect(*dialler, std::move(options), {.datagrams = true}, {})).value();
            const zquic::h3::Fields fields{
                {":method", "GET"}, {":scheme", "https"}, {":authority", "a"}, {":path", "/"}};
            for (int i = 0; i < 2; ++i) (void)h3_client->request(fields, i == 0, std::make_shared<Exchanges>());
        } else {
            raw = std::make_shared<Connections>();
            if (!dialler->connect(std::move(options), raw)) std::abort();
        }
    }
    /// Gives `datagram` to the victim; counted when `counts`.
    void deliver(bool server, base::ByteView datagram, bool counts) {
        auto& impl = (server ? listener : dialler)->impl();
        // A first packet waits for the end of the turn.
        counting = counts;
        impl.receive(*impl.socket_,
                     {.payload = datagram, .peer = peer, .local = impl.socket_->bound_address(), .ecn = io::Ecn::ect0},
                     true);
    }
    void turn(std::uint64_t advance_ns) {
        clock.advance_ns(advance_ns);
        for (int i = 0; i < 2; ++i) reactor->run_once(0);  // what a first packet made is served by the second
        counting = false;
    }
    void reset() {
        h3_client.reset();
        listener->impl().clear();
        dialler->impl().clear();
        raw.reset();
        outbox.clear();
        if (peer.port() > other_peer.port()) std::swap(peer, other_peer);
        turn(1000);
    }

    base::ManualClock clock{1'000'000'000};
    std::unique_ptr<io::Reactor> reactor = std::move(io::Reactor::make({.clock = &clock})).value();
    base::SeededRandom random{1};
    std::optional<zquic::Identity> identity;
    io::SocketAddress peer = io::SocketAddress::loopback_v4(9);
    io::SocketAddress other_peer = io::SocketAddress::loopback_v4(10);
    std::unique_ptr<zquic::Endpoint> listener;
    std::unique_ptr<zquic::Endpoint> dialler;
    std::unique_ptr<zquic::h3::Server> h3_server;
    std::unique_ptr<zquic::h3::Client> h3_client;
    std::shared_ptr<Connections> raw;  ///< Of the last connection of the protocol "test".
    std::deque<base::Bytes> outbox;
    Counters counters;
    bool counting = false;
};

}  // namespace protected_fuzz

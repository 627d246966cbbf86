#pragma once
// Small steps that sockets share; private to io.

#include <sys/socket.h>

#include <string>

#include "fd.hpp"
#include "io/address.hpp"

namespace io {

inline bool set_option(int fd, int level, int option, int value) noexcept {
    return ::setsockopt(fd, level, option, &value, sizeof value) == 0;
}

/// A non-blocking, close-on-exec socket bound to `address`. `what` starts the sentence of an error.
struct BindOptions {
    int type;  ///< SOCK_DGRAM or SOCK_STREAM.
    bool reuse_port = false;
    bool dual_stack = true;
    const char* what;
};
base::Checked<Fd> bind_socket(const SocketAddress& address, const BindOptions& options);

/// The address a socket is bound to, or its peer's; empty for others than IP.
SocketAddress local_address_of(int fd) noexcept;
SocketAddress peer_address_of(int fd) noexcept;

/// "what: text of errno".
std::unexpected<base::Diagnostic> explain_errno(int error, std::string what);

}  // namespace io

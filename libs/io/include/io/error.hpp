#pragma once
// Errors of `io`, and the one place where errno becomes one of them.

#include <cstdint>

#include "base/result.hpp"

namespace io {

enum class Errc : std::int32_t {
    would_block = 1,    ///< The kernel's buffer is full; try again when the socket is writable.
    closed,             ///< The socket, reactor or pool is closed, or the peer closed it.
    address_in_use,     ///< Another socket holds the address.
    bad_address,        ///< Text that is not an address, or an address of the wrong family.
    name_not_found,     ///< The system's resolver knows no such host.
    refused,            ///< Nobody listens there.
    reset,              ///< The peer aborted the connection.
    unreachable,        ///< No route, or the network is down.
    message_too_large,  ///< The datagram is larger than the path or the socket allows.
    permission_denied,
    timed_out,
    overloaded,     ///< A bounded queue is full; nothing was taken.
    limit_reached,  ///< The process or the system is out of descriptors, threads or memory.
    system,         ///< Any other refusal by the kernel.
};
const base::ErrorDomain& error_domain(Errc) noexcept;

/// The code that stands for this errno. Both EAGAIN spellings are `would_block`; unknown ones are `system`.
Errc errc_from_errno(int error) noexcept;

}  // namespace io

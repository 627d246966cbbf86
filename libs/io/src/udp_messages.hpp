#pragma once
// Control messages (cmsg) of datagrams: what comes with a received one, what a sent one carries. Private to io.

#include <sys/socket.h>

#include <cstddef>
#include <cstdint>

#include "io/udp.hpp"

namespace io {

/// pktinfo (v6 is the larger) + tos/tclass + GRO or GSO size, on receive also both families' TOS.
inline constexpr std::size_t kControlSize = 192;

struct alignas(cmsghdr) ControlBuffer {
    std::byte bytes[kControlSize];
};

struct ReceivedControl {
    SocketAddress local;  ///< Without a port; empty when the kernel gave none.
    Ecn ecn = Ecn::not_ect;
    std::size_t segment_size = 0;  ///< 0: one datagram.
};
ReceivedControl read_control(const msghdr& message) noexcept;

struct OutgoingControl {
    const SocketAddress& peer;
    const SocketAddress& local;
    Ecn ecn;
    std::size_t segment_size;  ///< 0: no UDP_SEGMENT.
};
/// Fills `buffer` and points `message` at what was used of it.
void write_control(msghdr& message, ControlBuffer& buffer, const OutgoingControl& control) noexcept;

}  // namespace io

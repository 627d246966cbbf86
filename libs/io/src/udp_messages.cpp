#include "udp_messages.hpp"

#include <netinet/in.h>
#include <netinet/udp.h>

#include <cstring>

namespace io {
namespace {

template <typename T>
T read_value(const cmsghdr* header) noexcept {
    T value{};
    const auto size = header->cmsg_len - CMSG_LEN(0);
    std::memcpy(&value, CMSG_DATA(header), size < sizeof value ? size : sizeof value);
    return value;
}

class ControlWriter {
 public:
    explicit ControlWriter(ControlBuffer& buffer) noexcept : buffer_{buffer} {}

    template <typename T>
    void add(int level, int type, const T& value) noexcept {
        GC_ASSERT(used_ + CMSG_SPACE(sizeof value) <= kControlSize);
        auto* const header = reinterpret_cast<cmsghdr*>(buffer_.bytes + used_);
        std::memset(header, 0, CMSG_SPACE(sizeof value));
        header->cmsg_level = level;
        header->cmsg_type = type;
        header->cmsg_len = CMSG_LEN(sizeof value);
        std::memcpy(CMSG_DATA(header), &value, sizeof value);
        used_ += CMSG_SPACE(sizeof value);
    }
    [[nodiscard]] std::size_t used() const noexcept { return used_; }

 private:
    ControlBuffer& buffer_;
    std::size_t used_ = 0;
};

}  // namespace

ReceivedControl read_control(const msghdr& message) noexcept {
    ReceivedControl out;
    auto* at = CMSG_FIRSTHDR(&message);
    for (; at; at = CMSG_NXTHDR(const_cast<msghdr*>(&message), at)) {
        if (at->cmsg_level == IPPROTO_IP && at->cmsg_type == IP_TOS) {
            out.ecn = static_cast<Ecn>(read_value<std::uint8_t>(at) & 3);
        } else if (at->cmsg_level == IPPROTO_IPV6 && at->cmsg_type == IPV6_TCLASS) {
            out.ecn = static_cast<Ecn>(read_value<int>(at) & 3);
        } else if (at->cmsg_level == IPPROTO_IP && at->cmsg_type == IP_PKTINFO) {
            out.local = SocketAddress::v4(read_value<in_pktinfo>(at).ipi_addr, 0);
        } else if (at->cmsg_level == IPPROTO_IPV6 && at->cmsg_type == IPV6_PKTINFO) {
            const auto info = read_value<in6_pktinfo>(at);
            const bool link_local = IN6_IS_ADDR_LINKLOCAL(&info.ipi6_addr);
            out.local = SocketAddress::v6(info.ipi6_addr, 0, link_local ? info.ipi6_ifindex : 0).normalized();
        } else if (at->cmsg_level == SOL_UDP && at->cmsg_type == UDP_GRO) {
            out.segment_size = static_cast<std::size_t>(read_value<int>(at));
        }
    }
    return out;
}

void write_control(msghdr& message, ControlBuffer& buffer, const OutgoingControl& control) noexcept {
    ControlWriter writer{buffer};
    // The peer's family decides: an IPv6 socket that sends to a mapped address takes the IPv4 messages.
    const bool v4 = control.peer.is_v4() || control.peer.is_v4_mapped();
    if (control.ecn != Ecn::not_ect) {
        writer.add(v4 ? IPPROTO_IP : IPPROTO_IPV6, v4 ? IP_TOS : IPV6_TCLASS, static_cast<int>(control.ecn));
    }
    const auto local = control.local.normalized();
    if (v4 && local.is_v4()) {
        in_pktinfo info{};
        std::memcpy(&info.ipi_spec_dst, local.host_bytes().data(), sizeof info.ipi_spec_dst);
        writer.add(IPPROTO_IP, IP_PKTINFO, info);
    } else if (!v4 && local.is_v6() && !local.is_any()) {
        in6_pktinfo info{};
        std::memcpy(&info.ipi6_addr, local.host_bytes().data(), sizeof info.ipi6_addr);
        writer.add(IPPROTO_IPV6, IPV6_PKTINFO, info);
    }
    if (control.segment_size != 0) writer.add(SOL_UDP, UDP_SEGMENT, static_cast<std::uint16_t>(control.segment_size));
    message.msg_control = writer.used() ? buffer.bytes : nullptr;
    message.msg_controllen = writer.used();
}

}  // namespace io

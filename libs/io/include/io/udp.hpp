#pragma once
// Datagrams in batches: recvmmsg with UDP_GRO inwards, sendmsg with UDP_SEGMENT (GSO) and sendmmsg outwards, with ECN
// (RFC 3168) and the local address of every datagram. One socket belongs to one thread.

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <span>

#include "base/bytes.hpp"
#include "io/address.hpp"
#include "io/reactor.hpp"

namespace io {

/// The two ECN bits of the IP header, RFC 3168 section 5.
enum class Ecn : std::uint8_t { not_ect = 0, ect1 = 1, ect0 = 2, ce = 3 };

/// One received datagram. Everything borrows the socket's buffers and is valid inside the callback only.
struct Datagram {
    base::ByteView payload;
    SocketAddress peer;   ///< Normalised: an IPv4 peer of a dual-stack socket is plain IPv4.
    SocketAddress local;  ///< The address it was sent to, with the bound port; normalised.
    Ecn ecn = Ecn::not_ect;
};
using DatagramHandler = std::move_only_function<void(const Datagram&)>;

/// One train to send: `payload` cut into datagrams of `segment_size` bytes, the last may be shorter.
struct Transmit {
    base::ByteView payload;
    SocketAddress peer;
    SocketAddress local;  ///< Source address; empty lets the kernel choose. Its port is ignored.
    Ecn ecn = Ecn::not_ect;
    std::uint16_t segment_size = 0;  ///< 0: one datagram.
};

struct UdpStats {
    std::uint64_t datagrams_received = 0;
    std::uint64_t bytes_received = 0;
    std::uint64_t receive_calls = 0;
    std::uint64_t datagrams_truncated = 0;  ///< Dropped: larger than the buffer.
    std::uint64_t datagrams_sent = 0;
    std::uint64_t bytes_sent = 0;
    std::uint64_t send_calls = 0;
    std::uint64_t send_would_block = 0;
    std::uint64_t send_failures = 0;
    std::uint64_t gso_refusals = 0;  ///< Trains that the kernel refused and that went out one datagram at a time.
};

class UdpSocket {
 public:
    struct Options {
        bool reuse_port = false;  ///< Several sockets share the port (one a worker); all must ask for it.
        bool gro = true;          ///< Used only when gso is on as well: alone it is slower.
        bool gso = true;
        bool dual_stack = true;             ///< An IPv6 socket also serves IPv4.
        bool dont_fragment = false;         ///< IP_PMTUDISC_PROBE: DF is set and the kernel's path MTU guess ignored.
        std::size_t recv_buffer_bytes = 0;  ///< 0 keeps the system's default; capped by net.core.rmem_max.
        std::size_t send_buffer_bytes = 0;
        std::size_t receive_batch_max = 8;  ///< Buffers of 64 KiB, touched only when used. 1..64.
    };
    /// `address_in_use` and `permission_denied` name the address in the text.
    static base::Checked<std::unique_ptr<UdpSocket>> bind(const SocketAddress& address, Options options);
    static base::Checked<std::unique_ptr<UdpSocket>> bind(const SocketAddress& address) {
        return bind(address, Options{});
    }
    ~UdpSocket();
    UdpSocket(const UdpSocket&) = delete;
    UdpSocket& operator=(const UdpSocket&) = delete;

    /// Receives on `reactor` until detach() or destruction. The handler may call send() and detach() but must not
    /// destroy the socket; do that from a deferred task.
    base::Result<void> attach(Reactor& reactor, DatagramHandler handler);
    void detach() noexcept;
    /// Calls `callback` once when the socket can take datagrams again; ask after `would_block`. Needs attach().
    void notify_writable(Task callback);

    /// Receives what is there, at most four batches. Returns the number of datagrams given to `handler`; 0 when none
    /// waits. attach() does this by itself; call it in loops of your own.
    std::size_t receive(DatagramHandler& handler);

    /// False when the last receive() ended for its bound: more datagrams wait, perhaps of peers that matter more.
    [[nodiscard]] bool drained() const noexcept;

    /// Sends a train. Returns the bytes the kernel took: all of them, or whole segments less when its buffer filled up
    /// on the way (send the rest later). `would_block` when it took none. `message_too_large` means the datagram
    /// exceeds the interface or, with dont_fragment, the path MTU. Trains of any length are split as the kernel needs.
    base::Result<std::size_t> send(const Transmit& transmit) noexcept;
    /// Sends single datagrams and trains with as few system calls as it can. Returns how many of them went out
    /// completely, from the front; fewer than all means would-block or a failure of the next one: call again with the
    /// rest. A failure of the first is the result's error. Trains above one GSO call (64 segments, 65,507 bytes) are
    /// refused with `message_too_large`. Without GSO a train may have gone out in part and still count as unsent.
    base::Result<std::size_t> send_batch(std::span<const Transmit> transmits) noexcept;

    /// The address and the real port, also after binding port 0.
    [[nodiscard]] const SocketAddress& bound_address() const noexcept;
    [[nodiscard]] const UdpStats& stats() const noexcept;
    /// False when the kernel has no UDP_SEGMENT or has refused it for good.
    [[nodiscard]] bool gso_enabled() const noexcept;
    [[nodiscard]] bool gro_enabled() const noexcept;
    [[nodiscard]] int fd() const noexcept;

 private:
    struct State;
    explicit UdpSocket(std::unique_ptr<State> state) noexcept;
    std::unique_ptr<State> state_;
};

/// What one GSO call may carry; larger trains are split by UdpSocket::send.
inline constexpr std::size_t kGsoSegmentsMax = 64;
inline constexpr std::size_t kUdpPayloadMax = 65507;

}  // namespace io

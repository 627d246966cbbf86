#include "io/udp.hpp"

#include <netinet/in.h>
#include <netinet/udp.h>
#include <sys/socket.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <vector>

#include "fd.hpp"
#include "socket_options.hpp"
#include "udp_messages.hpp"

namespace io {
namespace {

constexpr std::size_t kReceiveBufferSize = 65536;
constexpr std::size_t kReceiveRoundsMax = 4;  ///< Batches a wake-up; then timers and others get their turn.
constexpr std::size_t kSendBatchMax = 64;

/// What one recvmmsg fills. The pages of buffers that stay unused are never touched.
struct ReceiveBatch {
    explicit ReceiveBatch(std::size_t count)
        : size{count},
          payloads{new std::byte[count * kReceiveBufferSize]},
          controls{new ControlBuffer[count]},
          peers(count),
          vectors(count),
          messages(count) {}

    void prepare() noexcept {
        for (std::size_t i = 0; i < size; ++i) {
            vectors[i] = {.iov_base = payloads.get() + i * kReceiveBufferSize, .iov_len = kReceiveBufferSize};
            auto& header = messages[i].msg_hdr;
            header = {};
            header.msg_name = &peers[i];
            header.msg_namelen = sizeof peers[i];
            header.msg_iov = &vectors[i];
            header.msg_iovlen = 1;
            header.msg_control = controls[i].bytes;
            header.msg_controllen = kControlSize;
        }
    }

    std::size_t size;
    std::unique_ptr<std::byte[]> payloads;
    std::unique_ptr<ControlBuffer[]> controls;
    std::vector<sockaddr_in6> peers;
    std::vector<iovec> vectors;
    std::vector<mmsghdr> messages;
};

/// Errors of sendmsg that mean "not with UDP_SEGMENT on this path": no checksum offload, odd devices, old kernels.
bool refuses_gso(int error) noexcept { return error == EIO || error == EINVAL || error == EOPNOTSUPP; }

std::size_t segments_in(const Transmit& transmit) noexcept {
    if (transmit.segment_size == 0 || transmit.payload.size() <= transmit.segment_size) return 1;
    return (transmit.payload.size() + transmit.segment_size - 1) / transmit.segment_size;
}

}  // namespace

struct UdpSocket::State {
    Fd fd;
    SocketAddress bound;
    bool v6 = false;
    bool gso = false;
    bool gro = false;
    UdpStats stats;
    std::unique_ptr<ReceiveBatch> batch;

    Reactor* reactor = nullptr;
    DatagramHandler handler;
    Task on_writable;
    bool watching_write = false;
    bool drained = true;

    void on_ready(Ready ready, UdpSocket& socket);
    std::size_t deliver(const mmsghdr& message, DatagramHandler& to);

    /// A dual-stack socket takes IPv4 peers in their mapped form only.
    [[nodiscard]] SocketAddress native_peer(const SocketAddress& peer) const noexcept {
        return v6 ? peer.mapped() : peer.normalized();
    }
    void count_sent(const Transmit& transmit, std::size_t bytes) noexcept;
    std::unexpected<base::Error> send_failed(int error) noexcept;
    int send_message(const Transmit& transmit, std::size_t segment_size) noexcept;
    base::Result<std::size_t> send_one_call(const Transmit& train) noexcept;
    base::Result<std::size_t> send_segments(const Transmit& train) noexcept;
    base::Result<std::size_t> send_messages(std::span<const Transmit> transmits) noexcept;
};

base::Checked<std::unique_ptr<UdpSocket>> UdpSocket::bind(const SocketAddress& address, Options options) {
    auto state = std::make_unique<State>();
    GC_TRY(state->fd, bind_socket(address, {.type = SOCK_DGRAM,
                                            .reuse_port = options.reuse_port,
                                            .dual_stack = options.dual_stack,
                                            .what = "cannot bind udp"}));
    const int fd = state->fd.get();
    state->v6 = address.is_v6();
    state->bound = local_address_of(fd);

    bool good = true;
    const auto need = [&](int level, int option, int value) { good = good && set_option(fd, level, option, value); };
    const bool serves_v4 = !state->v6 || options.dual_stack;
    if (serves_v4) {
        need(IPPROTO_IP, IP_RECVTOS, 1);
        need(IPPROTO_IP, IP_PKTINFO, 1);
    }
    if (state->v6) {
        need(IPPROTO_IPV6, IPV6_RECVTCLASS, 1);
        need(IPPROTO_IPV6, IPV6_RECVPKTINFO, 1);
    }
    if (options.dont_fragment) {
        if (serves_v4) need(IPPROTO_IP, IP_MTU_DISCOVER, IP_PMTUDISC_PROBE);
        if (state->v6) need(IPPROTO_IPV6, IPV6_MTU_DISCOVER, IPV6_PMTUDISC_PROBE);
    }
    // The kernel cuts buffer sizes to its limits without an error.
    const auto buffer = [](std::size_t bytes) { return static_cast<int>(std::min<std::size_t>(bytes, 1u << 30)); };
    if (options.recv_buffer_bytes) need(SOL_SOCKET, SO_RCVBUF, buffer(options.recv_buffer_bytes));
    if (options.send_buffer_bytes) need(SOL_SOCKET, SO_SNDBUF, buffer(options.send_buffer_bytes));
    if (!good) return explain_errno(errno, "cannot set up udp " + address.to_string());

    // Absent offloads are no error: the slow path does the same.
    state->gso = options.gso && set_option(fd, SOL_UDP, UDP_SEGMENT, 0);
    state->gro = options.gro && state->gso && set_option(fd, SOL_UDP, UDP_GRO, 1);
    state->batch = std::make_unique<ReceiveBatch>(std::clamp<std::size_t>(options.receive_batch_max, 1, 64));
    return std::unique_ptr<UdpSocket>{new UdpSocket{std::move(state)}};
}

UdpSocket::UdpSocket(std::unique_ptr<State> state) noexcept : state_{std::move(state)} {}
UdpSocket::~UdpSocket() { detach(); }

const SocketAddress& UdpSocket::bound_address() const noexcept { return state_->bound; }
const UdpStats& UdpSocket::stats() const noexcept { return state_->stats; }
bool UdpSocket::gso_enabled() const noexcept { return state_->gso; }
bool UdpSocket::gro_enabled() const noexcept { return state_->gro; }
bool UdpSocket::drained() const noexcept { return state_->drained; }
int UdpSocket::fd() const noexcept { return state_->fd.get(); }

base::Result<void> UdpSocket::attach(Reactor& reactor, DatagramHandler handler) {
    detach();
    GC_CHECK(reactor.watch(fd(), Ready{.read = true}, [this](Ready ready) { state_->on_ready(ready, *this); }));
    state_->reactor = &reactor;
    state_->handler = std::move(handler);
    return {};
}

void UdpSocket::detach() noexcept {
    if (!state_->reactor) return;
    state_->reactor->unwatch(fd());
    state_->reactor = nullptr;
    state_->watching_write = false;
    // The handlers stay until they are replaced or the socket goes: we may be inside one of them.
}

void UdpSocket::notify_writable(Task callback) {
    state_->on_writable = std::move(callback);
    if (!state_->reactor || state_->watching_write) return;
    state_->watching_write = state_->reactor->modify(fd(), Ready{.read = true, .write = true}).has_value();
}

void UdpSocket::State::on_ready(Ready ready, UdpSocket& socket) {
    if (ready.write && watching_write) {
        watching_write = false;
        [[maybe_unused]] const auto modified = reactor->modify(fd.get(), Ready{.read = true});
        auto callback = std::move(on_writable);
        on_writable = nullptr;
        if (callback) callback();
    }
    if (ready.read && reactor) socket.receive(handler);
}

std::size_t UdpSocket::receive(DatagramHandler& handler) {
    auto& state = *state_;
    auto& batch = *state.batch;
    const bool was_attached = state.reactor != nullptr;
    std::size_t delivered = 0;
    state.drained = false;
    for (std::size_t round = 0; round < kReceiveRoundsMax; ++round) {
        batch.prepare();
        const int count =
            ::recvmmsg(fd(), batch.messages.data(), static_cast<unsigned>(batch.size), MSG_DONTWAIT, nullptr);
        ++state.stats.receive_calls;
        // A pending ICMP error is reported once and in place of datagrams: look again.
        if (count < 0 && errno != EAGAIN && errno != EWOULDBLOCK) continue;
        if (count <= 0) {
            state.drained = true;
            break;
        }
        for (int i = 0; i < count; ++i) {
            if (was_attached && !state.reactor) return delivered;  // detached by the handler
            delivered += state.deliver(batch.messages[static_cast<std::size_t>(i)], handler);
        }
        if (static_cast<std::size_t>(count) < batch.size) {
            state.drained = true;
            break;
        }
    }
    return delivered;
}

std::size_t UdpSocket::State::deliver(const mmsghdr& message, DatagramHandler& to) {
    const auto& header = message.msg_hdr;
    if (header.msg_flags & MSG_TRUNC) {
        ++stats.datagrams_truncated;
        return 0;
    }
    const auto peer = SocketAddress::from_native(static_cast<const sockaddr*>(header.msg_name), header.msg_namelen);
    if (!peer) return 0;
    const auto control = read_control(header);
    Datagram datagram{.payload = {},
                      .peer = peer->normalized(),
                      .local = (control.local.empty() ? bound.normalized() : control.local).with_port(bound.port()),
                      .ecn = control.ecn};
    const base::ByteView all{static_cast<const std::byte*>(header.msg_iov->iov_base), message.msg_len};
    const auto step = control.segment_size ? control.segment_size : std::max<std::size_t>(all.size(), 1);
    const bool was_attached = reactor != nullptr;
    std::size_t delivered = 0;
    std::size_t at = 0;
    do {  // an empty datagram is a datagram
        datagram.payload = all.subspan(at, std::min(step, all.size() - at));
        at += step;
        ++stats.datagrams_received;
        stats.bytes_received += datagram.payload.size();
        ++delivered;
        to(datagram);
    } while (at < all.size() && (!was_attached || reactor));
    return delivered;
}

void UdpSocket::State::count_sent(const Transmit& transmit, std::size_t bytes) noexcept {
    stats.bytes_sent += bytes;
    stats.datagrams_sent += segments_in({.payload = transmit.payload.first(bytes),
                                         .peer = {},
                                         .local = {},
                                         .ecn = Ecn::not_ect,
                                         .segment_size = transmit.segment_size});
}

std::unexpected<base::Error> UdpSocket::State::send_failed(int error) noexcept {
    const auto code = errc_from_errno(error);
    ++(code == Errc::would_block ? stats.send_would_block : stats.send_failures);
    return base::fail(code, "udp send");
}

/// One sendmsg; 0 or errno. A refused connection reported by ICMP for an earlier datagram is not ours: try once more.
int UdpSocket::State::send_message(const Transmit& transmit, std::size_t segment_size) noexcept {
    const auto peer = native_peer(transmit.peer);
    iovec vector{.iov_base = const_cast<std::byte*>(transmit.payload.data()), .iov_len = transmit.payload.size()};
    ControlBuffer control;
    msghdr message{};
    message.msg_name = const_cast<sockaddr*>(peer.native());
    message.msg_namelen = peer.native_size();
    message.msg_iov = &vector;
    message.msg_iovlen = 1;
    write_control(message, control,
                  {.peer = peer, .local = transmit.local, .ecn = transmit.ecn, .segment_size = segment_size});
    int error = 0;
    for (int attempt = 0; attempt < 3; ++attempt) {
        ++stats.send_calls;
        if (::sendmsg(fd.get(), &message, MSG_DONTWAIT | MSG_NOSIGNAL) >= 0) return 0;
        error = errno;
        if (error != EINTR && error != ECONNREFUSED) break;
    }
    return error;
}

/// A train that fits one GSO call, or a single datagram.
base::Result<std::size_t> UdpSocket::State::send_one_call(const Transmit& train) noexcept {
    if (segments_in(train) > 1) {
        if (!gso) return send_segments(train);
        const int error = send_message(train, train.segment_size);
        if (refuses_gso(error)) {
            ++stats.gso_refusals;
            // EIO: the device cannot. EINVAL may be this train alone (a segment above the MTU, say), so GSO stays.
            if (error == EIO || error == EOPNOTSUPP) gso = false;
            return send_segments(train);
        }
        if (error != 0) return send_failed(error);
    } else if (const int error = send_message(train, 0); error != 0) {
        return send_failed(error);
    }
    count_sent(train, train.payload.size());
    return train.payload.size();
}

/// The slow path: the segments as datagrams of their own, many a system call.
base::Result<std::size_t> UdpSocket::State::send_segments(const Transmit& train) noexcept {
    std::array<Transmit, kSendBatchMax> parts;
    std::size_t done = 0;
    while (done < train.payload.size()) {
        std::size_t count = 0;
        for (auto at = done; at < train.payload.size() && count < parts.size(); ++count) {
            const auto size = std::min<std::size_t>(train.segment_size, train.payload.size() - at);
            parts[count] = {.payload = train.payload.subspan(at, size),
                            .peer = train.peer,
                            .local = train.local,
                            .ecn = train.ecn,
                            .segment_size = 0};
            at += size;
        }
        const auto sent = send_messages(std::span{parts}.first(count));
        if (!sent) {
            if (done > 0) break;
            return std::unexpected{sent.error()};
        }
        for (std::size_t i = 0; i < *sent; ++i) done += parts[i].payload.size();
        if (*sent < count) break;
    }
    return done;
}

/// One sendmmsg of at most kSendBatchMax entries, each of which fits one call. How many went out.
base::Result<std::size_t> UdpSocket::State::send_messages(std::span<const Transmit> transmits) noexcept {
    std::array<mmsghdr, kSendBatchMax> messages;
    std::array<iovec, kSendBatchMax> vectors;
    std::array<ControlBuffer, kSendBatchMax> controls;
    std::array<SocketAddress, kSendBatchMax> peers;
    for (std::size_t i = 0; i < transmits.size(); ++i) {
        const auto& transmit = transmits[i];
        peers[i] = native_peer(transmit.peer);
        vectors[i] = {.iov_base = const_cast<std::byte*>(transmit.payload.data()), .iov_len = transmit.payload.size()};
        messages[i] = {};
        auto& header = messages[i].msg_hdr;
        header.msg_name = const_cast<sockaddr*>(peers[i].native());
        header.msg_namelen = peers[i].native_size();
        header.msg_iov = &vectors[i];
        header.msg_iovlen = 1;
        const std::size_t segment = segments_in(transmit) > 1 ? transmit.segment_size : 0u;
        write_control(header, controls[i],
                      {.peer = peers[i], .local = transmit.local, .ecn = transmit.ecn, .segment_size = segment});
    }
    int count = -1;
    for (int attempt = 0; attempt < 3 && count < 0; ++attempt) {
        ++stats.send_calls;
        count =
            ::sendmmsg(fd.get(), messages.data(), static_cast<unsigned>(transmits.size()), MSG_DONTWAIT | MSG_NOSIGNAL);
        if (count < 0 && errno != EINTR && errno != ECONNREFUSED) break;
    }
    if (count < 0) {
        const int error = errno;
        if (!refuses_gso(error) || segments_in(transmits.front()) == 1) return send_failed(error);
        const auto sent = send_one_call(transmits.front());  // takes the slow path and remembers
        if (!sent) return sent;
        return *sent == transmits.front().payload.size() ? 1 : 0;
    }
    for (std::size_t i = 0; i < static_cast<std::size_t>(count); ++i)
        count_sent(transmits[i], transmits[i].payload.size());
    return static_cast<std::size_t>(count);
}

base::Result<std::size_t> UdpSocket::send(const Transmit& transmit) noexcept {
    const auto segment = transmit.segment_size;
    if (segment == 0 || transmit.payload.size() <= segment) return state_->send_one_call(transmit);
    const auto call_bytes = std::min(kGsoSegmentsMax, std::max<std::size_t>(kUdpPayloadMax / segment, 1)) * segment;
    std::size_t done = 0;
    while (done < transmit.payload.size()) {
        auto part = transmit;
        part.payload =
            transmit.payload.subspan(done, std::min<std::size_t>(call_bytes, transmit.payload.size() - done));
        const auto sent = state_->send_one_call(part);
        if (!sent) {
            if (done > 0) break;
            return sent;
        }
        done += *sent;
        if (*sent < part.payload.size()) break;
    }
    return done;
}

base::Result<std::size_t> UdpSocket::send_batch(std::span<const Transmit> transmits) noexcept {
    const auto fits = [](const Transmit& transmit) {
        return transmit.payload.size() <= kUdpPayloadMax && segments_in(transmit) <= kGsoSegmentsMax;
    };
    if (!std::ranges::all_of(transmits, fits)) return base::fail(Errc::message_too_large, "train above one GSO call");
    std::size_t done = 0;
    while (done < transmits.size()) {
        auto rest = transmits.subspan(done);
        if (!state_->gso && segments_in(rest.front()) > 1) {
            const auto sent = state_->send_segments(rest.front());
            if (!sent && done == 0) return sent;
            if (!sent || *sent < rest.front().payload.size()) break;
            ++done;
            continue;
        }
        std::size_t count = 0;
        while (count < std::min(rest.size(), kSendBatchMax) && (state_->gso || segments_in(rest[count]) == 1)) ++count;
        const auto sent = state_->send_messages(rest.first(count));
        if (!sent && done == 0) return sent;
        if (!sent) break;
        done += *sent;
        // Fewer than asked: the next one fails. Learn why with the next call, which starts there.
        if (*sent == 0) break;
    }
    return done;
}

}  // namespace io

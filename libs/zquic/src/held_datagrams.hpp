#pragma once
// Datagrams that a socket did not take, until it does. While some are held, connections do not write.
//
// A template only for its tests: loopback takes every datagram, so nothing but a socket made for the purpose can refuse
// one. The endpoint uses io::UdpSocket.

#include <deque>
#include <functional>
#include <utility>

#include "base/bytes.hpp"
#include "io/error.hpp"
#include "io/udp.hpp"

namespace zquic {

template <typename Socket>
class HeldDatagrams {
 public:
    /// One train of each connection that writes when the socket fills up; what comes beyond is lost.
    static constexpr std::size_t kMax = 1024;

    /// `on_empty`: nothing is held any more, so connections may write again.
    explicit HeldDatagrams(std::move_only_function<void()> on_empty) : on_empty_{std::move(on_empty)} {}
    HeldDatagrams(const HeldDatagrams&) = delete;
    HeldDatagrams& operator=(const HeldDatagrams&) = delete;

    [[nodiscard]] bool empty() const noexcept { return held_.empty(); }
    void clear() noexcept { held_.clear(); }

    /// Sends, or holds what cannot be sent now. `socket` stays until forget().
    void send(Socket& socket, const io::Transmit& transmit) {
        std::size_t done = 0;
        if (held_.empty()) {
            const auto sent = socket.send(transmit);
            // Other failures (no route, too large for the interface) are losses; QUIC recovers or times out.
            if (!sent && !sent.error().is(io::Errc::would_block)) return;
            done = sent ? *sent : 0;
        }
        if (done >= transmit.payload.size() || held_.size() >= kMax) return;
        held_.push_back({.socket = &socket,
                         .bytes = base::to_bytes(transmit.payload.subspan(done)),
                         .peer = transmit.peer,
                         .local = transmit.local,
                         .ecn = transmit.ecn,
                         .segment_size = transmit.segment_size});
        if (held_.size() == 1) wait();
    }

    /// `socket` is about to go, and with it what it did not take.
    void forget(const Socket& socket) {
        if (held_.empty()) return;
        const bool waited_for = held_.front().socket == &socket;
        std::erase_if(held_, [&socket](const Held& held) { return held.socket == &socket; });
        if (!waited_for) return;
        if (!held_.empty()) return wait();
        on_empty_();
    }

 private:
    struct Held {
        Socket* socket;
        base::Bytes bytes;
        io::SocketAddress peer;
        io::SocketAddress local;
        io::Ecn ecn;
        std::uint16_t segment_size;
    };
    void wait() {
        held_.front().socket->notify_writable([this] { retry(); });
    }
    void retry() {
        while (!held_.empty()) {
            auto& first = held_.front();
            const auto sent = first.socket->send({.payload = first.bytes,
                                                  .peer = first.peer,
                                                  .local = first.local,
                                                  .ecn = first.ecn,
                                                  .segment_size = first.segment_size});
            if (!sent && sent.error().is(io::Errc::would_block)) return wait();
            if (sent && *sent < first.bytes.size()) {
                first.bytes.erase(first.bytes.begin(), first.bytes.begin() + static_cast<std::ptrdiff_t>(*sent));
                return wait();
            }
            held_.pop_front();
        }
        on_empty_();
    }

    std::deque<Held> held_;
    std::move_only_function<void()> on_empty_;
};

}  // namespace zquic

#pragma once
// Datagrams that belong to no connection and would cost much: first packets of handshakes, and versions to negotiate.
// They wait until the turn has served the connections that exist, and get a bounded part of each turn. Networks
// (io::network_of) are served in turn and each holds a share, so that a flood from one delays only its own.

#include <cstdint>
#include <deque>
#include <functional>
#include <map>

#include "base/bytes.hpp"
#include "base/clock.hpp"
#include "io/network.hpp"
#include "io/udp.hpp"

namespace zquic {

class Newcomers {
 public:
    static constexpr std::size_t kMax = 512;
    static constexpr std::size_t kPerNetworkMax = 128;
    /// Of one datagram. First packets are 1,200 bytes by rule, and rarely above 1,452.
    static constexpr std::size_t kBytesMax = 2048;
    /// Of one turn. What one of them costs comes on top: a handshake's answer is some 200 us.
    static constexpr std::uint64_t kTurnNs = 500'000;

    /// Copies the datagram; false when there is no room for it. `socket` stays until forget().
    bool add(io::UdpSocket& socket, const io::Datagram& datagram);
    /// Gives datagrams to `serve` until none is left or the turn's time is used up; at least one. With `hurry` one:
    /// more waits in the socket, and what it holds of connections must not be lost there.
    void serve(const base::Clock& clock, bool hurry,
               const std::function<void(io::UdpSocket&, const io::Datagram&)>& serve);
    void forget(const io::UdpSocket& socket);
    [[nodiscard]] bool empty() const noexcept { return count_ == 0; }
    [[nodiscard]] std::size_t size() const noexcept { return count_; }

 private:
    struct Waiting {
        io::UdpSocket* socket;
        base::Bytes bytes;
        io::SocketAddress peer, local;
        io::Ecn ecn;
    };
    using Queues = std::map<io::SocketAddress, std::deque<Waiting>, io::HostLess>;
    Waiting take();

    Queues queues_;           ///< None is empty.
    io::SocketAddress last_;  ///< The network that was served last.
    std::size_t count_ = 0;
};

}  // namespace zquic

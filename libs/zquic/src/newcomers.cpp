#include "newcomers.hpp"

#include <utility>

namespace zquic {

bool Newcomers::add(io::UdpSocket& socket, const io::Datagram& datagram) {
    if (count_ >= kMax || datagram.payload.size() > kBytesMax) return false;
    const auto network = io::network_of(datagram.peer);
    const auto known = queues_.find(network);
    if (known != queues_.end() && known->second.size() >= kPerNetworkMax) return false;
    auto& queue = known != queues_.end() ? known->second : queues_[network];
    queue.push_back({.socket = &socket,
                     .bytes = base::to_bytes(datagram.payload),
                     .peer = datagram.peer,
                     .local = datagram.local,
                     .ecn = datagram.ecn});
    ++count_;
    return true;
}

Newcomers::Waiting Newcomers::take() {
    auto next = queues_.upper_bound(last_);
    if (next == queues_.end()) next = queues_.begin();
    last_ = next->first;
    auto first = std::move(next->second.front());
    next->second.pop_front();
    if (next->second.empty()) queues_.erase(next);
    --count_;
    return first;
}

void Newcomers::serve(const base::Clock& clock, bool hurry,
                      const std::function<void(io::UdpSocket&, const io::Datagram&)>& serve) {
    const auto until_ns = clock.now_ns() + (hurry ? 0 : kTurnNs);
    while (count_ > 0) {
        const auto next = take();
        serve(*next.socket, {.payload = next.bytes, .peer = next.peer, .local = next.local, .ecn = next.ecn});
        if (clock.now_ns() >= until_ns) return;
    }
}

void Newcomers::forget(const io::UdpSocket& socket) {
    for (auto at = queues_.begin(); at != queues_.end();) {
        count_ -= std::erase_if(at->second, [&](const Waiting& waiting) { return waiting.socket == &socket; });
        at = at->second.empty() ? queues_.erase(at) : std::next(at);
    }
}

}  // namespace zquic

#include "ghostbridge/turns.hpp"

#include <algorithm>
#include <ctime>

namespace ghostbridge {
namespace {

/// Looking for networks to forget takes time too.
constexpr std::uint64_t kForgetEveryNs = 1'000'000'000;

/// What this thread has used of a processor.
std::uint64_t thread_ns() noexcept {
    timespec spent{};
    if (clock_gettime(CLOCK_THREAD_CPUTIME_ID, &spent) != 0) return 0;
    return static_cast<std::uint64_t>(spent.tv_sec) * 1'000'000'000 + static_cast<std::uint64_t>(spent.tv_nsec);
}

}  // namespace

void Turns::Account::charge(std::uint64_t now_ns, std::uint64_t cost_ns, std::uint32_t percent) noexcept {
    const auto credit_from = now_ns - std::min(now_ns, kCreditNs);
    next_ns = std::max(next_ns, credit_from) + cost_ns * 100 / percent;
}

Turns::Seat::Seat(Turns& turns, const io::SocketAddress& address, Worker& worker)
    : turns_{turns}, worker_{worker}, network_{turns.network_of(address)} {
    ++network_.seats;
}

Turns::Seat::~Seat() {
    --network_.seats;
    if (!waits_) return;
    network_.waiting.erase(*waits_);
    if (!network_.waiting.empty() || !network_.place) return;
    turns_.queue_.erase(*network_.place);
    network_.place.reset();
}

void Turns::Seat::want() {
    if (waits_) return;
    waits_ = network_.waiting.insert(network_.waiting.end(), this);
    if (!network_.place) turns_.enqueue(network_);
    turns_.round_.schedule();
}

void Turns::Seat::charge(std::uint64_t cost_ns) { turns_.charge(network_, cost_ns); }

Turns::Turns(io::Reactor& reactor, Options options)
    : reactor_{reactor},
      options_{options},
      round_{reactor, [this] { round(); }},
      wake_{reactor, [this] { round_.schedule(); }} {}

Turns::~Turns() = default;

Turns::Network& Turns::network_of(const io::SocketAddress& address) {
    const auto key = io::network_of(address);
    if (const auto at = networks_.find(key); at != networks_.end()) return at->second;
    if (networks_.size() >= kNetworksMax) forget_idle();
    return networks_.size() >= kNetworksMax ? crowd_ : networks_[key];
}

/// A debt outlives its connections: who comes again at once has it still.
void Turns::forget_idle() {
    const auto now = reactor_.now_ns();
    if (now - forgot_ns_ < kForgetEveryNs) return;
    forgot_ns_ = now;
    std::erase_if(networks_,
                  [now](const auto& entry) { return entry.second.seats == 0 && entry.second.account.next_ns <= now; });
}

void Turns::enqueue(Network& network) {
    network.place = Place{network.account.next_ns, next_number_++};
    queue_.emplace(*network.place, &network);
}

void Turns::charge(Network& network, std::uint64_t cost_ns) {
    const auto now = reactor_.now_ns();
    network.account.charge(now, cost_ns, options_.per_network_percent);
    all_.charge(now, cost_ns, options_.percent);
    if (!network.place) return;
    queue_.erase(*network.place);  // behind those who have used less
    enqueue(network);
}

void Turns::round() {
    const auto now = reactor_.now_ns();
    std::uint64_t used = 0;
    while (used < kRoundNs && !queue_.empty() && all_.next_ns <= now) {
        auto& network = *queue_.begin()->second;
        if (network.account.next_ns > now) break;
        used += take_turn(network);
    }
    if (queue_.empty()) return wake_.cancel();
    const auto next = std::max(all_.next_ns, queue_.begin()->second->account.next_ns);
    if (next <= now) return round_.schedule();
    wake_.arm(next);
}

std::uint64_t Turns::take_turn(Network& network) {
    queue_.erase(*network.place);
    network.place.reset();
    auto& seat = *network.waiting.front();
    network.waiting.pop_front();
    seat.waits_.reset();
    ++network.seats;  // it stays while it works, whatever becomes of the seat
    const auto began = thread_ns();
    const auto estimate = seat.worker_.work(kSliceNs);
    const auto cost = std::max(estimate, thread_ns() - began);
    --network.seats;
    charge(network, cost);
    if (!network.place && !network.waiting.empty()) enqueue(network);
    return cost;
}

}  // namespace ghostbridge

#include "caller_share.hpp"

#include "base/bytes.hpp"

namespace ghostd {
namespace {

constexpr std::string_view kCallerKeyField = "ghost-caller-key";  // as GhostBridge writes it, whoever calls

}  // namespace

std::string caller_of(const rpc::CallContext& context) {
    // Only bridges and operators connect (PeerKey), and a bridge drops the field when a caller sends it himself.
    if (const auto vouched = context.metadata().get(kCallerKeyField)) return std::string{*vouched};
    const auto& peer = context.peer();
    return peer.public_key ? base::to_hex(*peer.public_key) : peer.address.to_string();
}

void CallerShare::Ticket::give_back() noexcept {
    if (!state_) return;
    const std::scoped_lock lock{state_->mutex};
    const auto at = state_->held.find(caller_);
    if (--at->second == 0) state_->held.erase(at);
}

CallerShare::Ticket CallerShare::take(const std::string& caller) {
    const std::scoped_lock lock{state_->mutex};
    auto& held = state_->held[caller];
    if (held >= state_->each_max) return {};
    ++held;
    return {state_, caller};
}

}  // namespace ghostd

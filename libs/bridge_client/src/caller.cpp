#include "bridge_client/caller.hpp"

#include "base/bytes.hpp"
#include "io/network.hpp"

namespace bridge_client {
namespace {

constexpr std::string_view kListed = "listed";
constexpr std::string_view kStranger = "stranger";
constexpr std::size_t kNetworkBytesMax = 64;

/// "192.0.2.7" or "2001:db8::/64"'s first address; without a port.
std::string network_text(const io::SocketAddress& address) {
    auto text = io::network_of(address).with_port(0).to_string();
    if (const auto colon = text.rfind(':'); colon != std::string::npos) text.resize(colon);
    return text;
}

}  // namespace

bool is_caller_field(std::string_view name) noexcept {
    return name == kCallerKeyField || name == kCallerClassField || name == kCallerNetworkField;
}

void add_caller(rpc::Fields& fields, const rpc::Peer& caller, bool listed) {
    if (caller.public_key) fields.push_back({std::string{kCallerKeyField}, base::to_hex(*caller.public_key)});
    fields.push_back({std::string{kCallerClassField}, std::string{listed ? kListed : kStranger}});
    if (!listed) fields.push_back({std::string{kCallerNetworkField}, network_text(caller.address)});
}

rpc::Caller caller_at_bridge(const rpc::Peer& peer, bool listed) {
    if (listed) return rpc::Caller::of(peer);
    return {.kind = rpc::Caller::Class::stranger, .origin = network_text(peer.address)};
}

rpc::Caller caller_of(const rpc::CallInfo& call, bool from_bridge) {
    if (!from_bridge) return rpc::Caller::of(call.peer);
    const auto key = call.metadata.get(kCallerKeyField);
    const auto kind = call.metadata.get(kCallerClassField);
    const auto network = call.metadata.get(kCallerNetworkField);
    if (!key && !kind && !network) return rpc::Caller::of(call.peer);
    if (kind == kListed && key) {
        if (const auto bytes = base::fixed_from_hex<32>(*key)) return {.origin = base::to_hex(*bytes)};
    }
    return {.kind = rpc::Caller::Class::stranger,
            .origin = std::string{network.value_or("").substr(0, kNetworkBytesMax)}};
}

}  // namespace bridge_client

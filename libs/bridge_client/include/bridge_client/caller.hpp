#pragma once
// What a bridge tells a service of the caller whose call it relays, as metadata:
//
//   ghost-caller-class     "listed": the bridge's configuration names the key; "stranger": it does not
//   ghost-caller-key       the key that the caller proved to the bridge, 64 hexadecimal digits; none over plaintext
//   ghost-caller-network   of strangers: the IPv4 host, or the IPv6 /64 by its first address
//
// A bridge removes fields of these names that come from callers. A service believes them from a peer that its own
// configuration calls a bridge, and uses them for shares (rpc::CallerShares) and for no permission that matters.

#include <string_view>

#include "rpc/caller.hpp"
#include "rpc/server.hpp"

namespace bridge_client {

inline constexpr std::string_view kCallerKeyField = "ghost-caller-key";
inline constexpr std::string_view kCallerClassField = "ghost-caller-class";
inline constexpr std::string_view kCallerNetworkField = "ghost-caller-network";

/// One of the three above.
bool is_caller_field(std::string_view name) noexcept;
/// For a bridge.
void add_caller(rpc::Fields& fields, const rpc::Peer& caller, bool listed);
/// For a bridge's own methods.
rpc::Caller caller_at_bridge(const rpc::Peer& peer, bool listed);
/// For a service: whom the call counts for. Without `from_bridge` the peer itself. A bridge that says nothing of its
/// caller calls for itself (health checks); whose caller has neither class nor network, for one stranger.
rpc::Caller caller_of(const rpc::CallInfo& call, bool from_bridge);

}  // namespace bridge_client

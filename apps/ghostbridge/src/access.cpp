#include <utility>

#include "ghostbridge/control.hpp"
#include "rpc/method.hpp"

namespace ghostbridge {

using rpc::StatusCode;

Access::Access(const Config& config, const base::Digest& own) : public_methods_{config.public_methods} {
    for (const auto& peer : config.peers) peers_.emplace(peer.key, peer);
    peers_.insert_or_assign(own,
                            Peer{.name = "this bridge", .key = own, .roles = role_bits(Role::admin), .services = {}});
}

bool Access::knows(const std::optional<base::Digest>& key) const noexcept {
    if (!key) return false;
    const auto at = peers_.find(*key);
    return at != peers_.end() && at->second.roles != 0;
}

rpc::Status Access::may_call(std::string_view path, const std::optional<base::Digest>& key) const {
    if (knows(key)) return {};
    if (method_is_public(public_methods_, path)) return {};
    const std::string method{path.substr(0, 200)};
    if (key) return {StatusCode::unauthenticated, "this bridge does not know the key " + base::to_hex(*key)};
    return {StatusCode::permission_denied, method + " is not open to callers without a key"};
}

rpc::StatusOr<const Peer*> Access::may_register(const std::optional<base::Digest>& key) const {
    if (!key) return rpc::error(StatusCode::unauthenticated, "registering needs a key");
    const auto at = peers_.find(*key);
    if (at == peers_.end())
        return rpc::error(StatusCode::unauthenticated, "this bridge does not know the key " + base::to_hex(*key));
    if (!has_role(at->second.roles, Role::service))
        return rpc::error(StatusCode::permission_denied, "peer \"" + at->second.name + "\" has not the role service");
    return &at->second;
}

}  // namespace ghostbridge

#pragma once
// WalletService over QUIC: who may call, and which method does what.

#include <map>

#include "operations.hpp"
#include "rpc/server.hpp"

namespace walletd {

/// Metadata in which a bridge names the key of the caller it relays for (see ghostbridge/bridge.hpp).
inline constexpr std::string_view kCallerKeyField = "ghost-caller-key";

/// Which keys may do what. Immutable after construction.
class Access {
 public:
    explicit Access(const Config& config);

    /// Whether a connection with this key is let in at all.
    [[nodiscard]] bool may_connect(const base::Digest& key) const noexcept { return roles_.contains(key); }
    /// A client or admin may call; a bridge may call for a client or admin whose key it names, and for its own health
    /// checks. PERMISSION_DENIED and UNAUTHENTICATED say which key is missing.
    [[nodiscard]] rpc::Status may_call(const rpc::CallInfo& info) const;

 private:
    static constexpr unsigned kService = 1, kClient = 2;
    [[nodiscard]] unsigned roles_of(const base::Digest& key) const noexcept;
    std::map<base::Digest, unsigned> roles_;
};

/// Registers every method of WalletService. `core` outlives the server's calls.
void add_wallet_service(rpc::Server& server, Core& core);

}  // namespace walletd

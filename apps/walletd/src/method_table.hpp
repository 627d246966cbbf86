#pragma once
// Who may call which method of WalletService, in one place. Every method wants a caller who proves himself end to end:
// by a signed call header (call_proof), or by a connection of his own to walletd, whose TLS ends here. What a bridge
// says of a caller (ghost-caller-key) opens none of them.

#include <array>
#include <cstdint>
#include <string_view>

namespace walletd {

enum class Need : std::uint8_t {
    reader,  ///< client or admin
    client,
    admin,
};
enum class Effect : std::uint8_t {
    reads,
    spends,   ///< Also checked against what the wallet was unlocked for; see UnlockScope.
    manages,  ///< Changes the wallet, moves no coins.
};
struct MethodRule {
    std::string_view path;
    Need need;
    Effect effect;
};

inline constexpr std::array kMethodTable{
    MethodRule{"/ghost.wallet.v1.WalletService/GetStatus", Need::reader, Effect::reads},
    MethodRule{"/ghost.wallet.v1.WalletService/ListAccounts", Need::reader, Effect::reads},
    MethodRule{"/ghost.wallet.v1.WalletService/GetBalance", Need::reader, Effect::reads},
    MethodRule{"/ghost.wallet.v1.WalletService/GetHistory", Need::reader, Effect::reads},
    MethodRule{"/ghost.wallet.v1.WalletService/GetOpenTransactions", Need::reader, Effect::reads},
    MethodRule{"/ghost.wallet.v1.WalletService/QueryContract", Need::reader, Effect::reads},
    MethodRule{"/ghost.wallet.v1.WalletService/GetContract", Need::reader, Effect::reads},
    MethodRule{"/ghost.wallet.v1.WalletService/Send", Need::client, Effect::spends},
    MethodRule{"/ghost.wallet.v1.WalletService/SendContract", Need::client, Effect::spends},
    MethodRule{"/ghost.wallet.v1.WalletService/SignTransaction", Need::client, Effect::spends},
    // Passwords and words never cross the mesh, so unlocking, locking and limits are not offered there at all.
    MethodRule{"/ghost.wallet.v1.WalletService/CreateAccount", Need::admin, Effect::manages},
};

/// Null for a path that is not in the table.
constexpr const MethodRule* rule_of(std::string_view path) noexcept {
    for (const auto& rule : kMethodTable) {
        if (rule.path == path) return &rule;
    }
    return nullptr;
}

}  // namespace walletd

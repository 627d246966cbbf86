#pragma once
// What one unlocking is for: which client may spend over the mesh, from which account, how much and (in the keystore)
// until when. It lives with the unlocked keys and dies with them.

#include <cstdint>
#include <optional>
#include <string>

#include "base/bytes.hpp"
#include "base/u128.hpp"
#include "walletd/error.hpp"

namespace ledger {
struct Tx;
}

namespace walletd {

struct UnlockScope {
    std::optional<base::Digest> client;    ///< The one key that may spend over the mesh; none: nobody may.
    std::optional<std::uint32_t> account;  ///< The one account to spend from; none: every one.
    std::optional<base::u128> limit;       ///< agcc, of all spends together; none: no limit.
};

/// What a signature lets go.
struct Spend {
    std::optional<base::Digest> client;  ///< Who asks; none: a process of the same user, over the local socket.
    std::uint32_t account{};
    base::u128 agcc{};          ///< Values and the highest fee.
    bool other_powers = false;  ///< Other assets, or a contract's code: nothing that a limit in agcc bounds.
};
/// `bad_transaction` when its amounts and fee are more than a number can hold.
base::Checked<Spend> spend_of(const ledger::Tx& tx);

/// A scope in use. The local socket needs no client, but keeps to account and limit. Not thread-safe.
class ScopeInUse {
 public:
    ScopeInUse() = default;
    explicit ScopeInUse(UnlockScope scope) noexcept : scope_{scope} {}
    /// Counts it, or says what is missing: `out_of_scope`. What was counted stays counted, whatever becomes of the
    /// transaction: whoever has seen the signature can submit it until it expires.
    base::Checked<void> take(const Spend& spend);
    [[nodiscard]] const UnlockScope& scope() const noexcept { return scope_; }
    [[nodiscard]] base::u128 spent() const noexcept { return spent_; }

 private:
    UnlockScope scope_;
    base::u128 spent_ = 0;
};

}  // namespace walletd

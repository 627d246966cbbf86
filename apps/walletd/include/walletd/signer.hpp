#pragma once
// Signs transactions, and nothing it does not understand or that is beyond a bound. The only way to an account's key.

#include "ledger/signing.hpp"
#include "walletd/config.hpp"
#include "walletd/journal.hpp"
#include "walletd/keystore.hpp"

namespace walletd {

struct SignedTransaction {
    ledger::SignedTx tx;
    base::Bytes raw;  ///< BCS of `tx`.
    ledger::Hash id;
    AccountInfo account;
};

/// Whoever asks says what he agreed to.
struct SignOrder {
    const ledger::ChainBinding& chain;
    std::string_view account{};               ///< Address, label or index when he insists on one; empty: the sender's.
    std::optional<base::Digest> client{};     ///< Who asks, proved; none: the local socket.
    std::optional<ledger::Amount> fee_max{};  ///< agcc
    bool accept_look_alike = false;
};

/// Thread-safe as keystore and journal are. Blocks on the wallet file.
class Signer {
 public:
    /// All three must outlive it.
    Signer(Keystore& keystore, Journal& journal, const Config& config) noexcept
        : keystore_{keystore}, journal_{journal}, config_{config} {}

    /// Decodes `unsigned_tx` (BCS of ledger::Tx; strict, so unknown messages are refused), checks that its sender is an
    /// account of this wallet and that it is for `order.chain`, holds it against every bound (src/sign_policy.hpp),
    /// signs, verifies the signed transaction the way a node does, and counts it against what the wallet was unlocked
    /// for before it releases it.
    /// `bad_transaction`, `not_ours`, `wrong_chain`, `locked`, `unknown_account`, `over_bound`, `look_alike`,
    /// `out_of_scope`.
    base::Checked<SignedTransaction> sign(base::ByteView unsigned_tx, const SignOrder& order);

 private:
    base::Checked<void> claim(const SignedTransaction& signed_tx, const SignOrder& order);

    Keystore& keystore_;
    Journal& journal_;
    const Config& config_;
};

}  // namespace walletd

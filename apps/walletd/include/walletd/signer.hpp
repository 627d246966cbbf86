#pragma once
// Signs transactions, and nothing it does not understand.

#include "ledger/signing.hpp"
#include "walletd/keystore.hpp"

namespace walletd {

struct SignedTransaction {
    ledger::SignedTx tx;
    base::Bytes raw;  ///< BCS of `tx`.
    ledger::Hash id;
    AccountInfo account;
};

/// Thread-safe as far as the keystore is. Blocks on the keystore's mutex only.
class Signer {
 public:
    explicit Signer(Keystore& keystore) noexcept : keystore_{keystore} {}

    /// Decodes `unsigned_tx` (BCS of ledger::Tx; strict, so unknown messages are refused), checks that its sender is an
    /// account of this wallet and that it is for `chain`, signs, and verifies the signed transaction the way a node
    /// does before it releases it. `wanted` names the account when the caller insists on one.
    /// `bad_transaction`, `not_ours`, `wrong_chain`, `locked`, `unknown_account`.
    base::Checked<SignedTransaction> sign(base::ByteView unsigned_tx, const ledger::ChainBinding& chain,
                                          std::string_view wanted = {});

 private:
    Keystore& keystore_;
};

}  // namespace walletd

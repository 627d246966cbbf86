#pragma once
// Errors of `walletd`.

#include <cstdint>

#include "base/result.hpp"

namespace walletd {

enum class Errc : std::int32_t {
    locked = 1,           ///< Needs an unlocked wallet.
    wrong_password,       ///< The password does not open the wallet (or the wrapped key is damaged).
    back_off,             ///< Too many wrong passwords; wait.
    not_initialised,      ///< The wallet has no keys yet.
    already_initialised,  ///< The wallet has keys already.
    bad_words,            ///< Not a valid BIP-39 phrase.
    weak_password,        ///< Empty, or longer than the bound.
    not_a_wallet,         ///< The file belongs to something else.
    newer_version,        ///< The file was written by a newer walletd.
    damaged,              ///< The file contradicts itself.
    in_use,               ///< Another process holds the file.
    storage,              ///< The disk refused (full, failing).
    unknown_account,      ///< No account has this address, label or index.
    label_taken,          ///< Another account has this label.
    bad_transaction,      ///< Not a transaction that walletd understands.
    not_ours,             ///< The sender is none of our accounts.
    wrong_chain,          ///< Another genesis hash than the one this wallet is for.
    bad_proof,            ///< The node's proof, header or certificate does not hold.
    node_behind,          ///< The node proves a block older than one that was proved before.
    insufficient_funds,   ///< Balance below amount and fee.
    denied,               ///< The caller may not.
    out_of_scope,         ///< Not what the wallet was unlocked for.
    over_bound,           ///< Tip, price or fee above what caller or configuration allow, or it never expires.
    look_alike,           ///< The recipient looks like a known address, but is another one.
};
const base::ErrorDomain& error_domain(Errc) noexcept;

/// A diagnostic for errors without a sentence of their own.
inline std::unexpected<base::Diagnostic> explained(const base::Error& error) {
    return std::unexpected{base::Diagnostic{.error = error, .text = base::to_string(error)}};
}

}  // namespace walletd

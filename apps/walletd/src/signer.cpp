#include "walletd/signer.hpp"

#include <fmt/format.h>

#include "ledger/codec.hpp"
#include "sign_policy.hpp"

namespace walletd {

base::Checked<SignedTransaction> Signer::sign(base::ByteView unsigned_tx, const SignOrder& order) {
    const auto& chain = order.chain;
    auto tx = ledger::decode_tx(unsigned_tx);
    if (!tx) {
        return base::explain(Errc::bad_transaction, fmt::format("not a transaction that this wallet understands: {}",
                                                                base::to_string(tx.error())));
    }
    if (tx->genesis_hash != chain.genesis_hash) {
        return base::explain(
            Errc::wrong_chain,
            fmt::format("the transaction is for the chain with genesis {}, this wallet signs for {} ({})",
                        base::to_hex(tx->genesis_hash), chain.chain_id, base::to_hex(chain.genesis_hash)));
    }
    auto account = keystore_.find_address(tx->sender);
    if (!account) {
        return base::explain(Errc::not_ours, fmt::format("{} is not an account of this wallet", tx->sender.to_text()));
    }
    if (!order.account.empty()) {
        GC_TRY(const auto named, keystore_.find(order.account));
        if (named.address != account->address) {
            return base::explain(Errc::not_ours, "the transaction's sender is another account than the one named");
        }
    }
    GC_CHECK(check_bounds(*tx, config_, order));
    GC_CHECK(check_recipients(*tx, keystore_, journal_, order));
    const auto message = ledger::sign_bytes(*tx, chain.chain_id);
    const auto signature = keystore_.sign(account->index, message);
    if (!signature) {
        return std::unexpected{base::Diagnostic{signature.error(), base::to_string(signature.error())}};
    }

    ledger::SignedTx signed_tx{.tx = std::move(*tx),
                               .auth = {.scheme = gcrypt::Scheme::ed25519_zip215_v1,
                                        .public_key = account->public_key.bytes,
                                        .signature = signature->bytes}};
    // The node's own judgement, before anything leaves: a fault in memory or in us must not become a bad signature.
    const auto verified = ledger::verify(signed_tx, chain);
    if (!verified) {
        return base::explain(Errc::bad_transaction,
                             fmt::format("no node would take this transaction: {}", base::to_string(verified.error())));
    }
    SignedTransaction out{.tx = std::move(signed_tx),
                          .raw = base::to_bytes(verified->encoded()),
                          .id = verified->id(),
                          .account = std::move(*account)};
    GC_CHECK(claim(out, order));
    return out;
}

base::Checked<void> Signer::claim(const SignedTransaction& signed_tx, const SignOrder& order) {
    GC_TRY(auto spend, spend_of(signed_tx.tx.tx));
    spend.client = order.client;
    spend.account = signed_tx.account.index;
    return keystore_.claim(spend);
}

}  // namespace walletd

#pragma once
// Pays out on development chains. Its nonces count what waits in the mempool, so many calls fit into one block.

#include "ghostd/admission.hpp"
#include "ghostd/chain.hpp"

namespace ghostd {

class Faucet {
 public:
    struct Options {
        ledger::Amount amount;
        ledger::Amount amount_max;
    };
    Faucet(Chain& chain, Admission& admission, zcrypto::ed25519::SigningKey key, Options options)
        : chain_{chain}, admission_{admission}, key_{std::move(key)}, options_{options} {}

    /// `amount` empty: the default. Any thread; `done` as in Admission::submit.
    void pay(const ledger::Address& to, const std::string& amount, Admission::Done done);

 private:
    [[nodiscard]] rpc::StatusOr<ledger::SignedTx> make_payment(const ledger::Address& to, ledger::Amount amount) const;
    Chain& chain_;
    Admission& admission_;
    zcrypto::ed25519::SigningKey key_;
    Options options_;
};

/// What a transaction that shall get in soon should offer.
struct SuggestedFee {
    ledger::Amount tip;
    ledger::Amount max_fee_per_gas;
};
SuggestedFee suggest_fee(const ledger::Head& head);

}  // namespace ghostd

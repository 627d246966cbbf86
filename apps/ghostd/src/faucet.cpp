#include "faucet.hpp"

#include <fmt/format.h>

namespace ghostd {

using rpc::StatusCode;

SuggestedFee suggest_fee(const ledger::Head& head) {
    // A tenth of the floor keeps tips cheap; twice the base fee survives five full blocks in a row.
    const auto tip = head.params.base_fee_floor / 10;
    const auto doubled = base::checked_mul(head.next_base_fee, 2);
    const auto max_fee = doubled ? base::checked_add(*doubled, tip) : std::nullopt;
    return {.tip = tip, .max_fee_per_gas = max_fee.value_or(head.next_base_fee)};
}

void Faucet::pay(const ledger::Address& to, const std::string& amount, Admission::Done done) {
    auto units = options_.amount;
    if (!amount.empty()) {
        const auto parsed = base::u128_from_string(amount);
        if (!parsed || *parsed == 0)
            return done(rpc::error(StatusCode::invalid_argument, "amount: a positive number of agcc is wanted"));
        units = *parsed;
    }
    if (units > options_.amount_max)
        return done(rpc::error(StatusCode::invalid_argument,
                               fmt::format("the faucet gives at most {} GCC",
                                           base::units_to_decimal(options_.amount_max, ledger::kGccDecimals))));
    admission_.submit_made([this, to, units] { return make_payment(to, units); }, std::move(done));
}

rpc::StatusOr<ledger::SignedTx> Faucet::make_payment(const ledger::Address& to, ledger::Amount amount) const {
    const auto view = chain_.view();
    const auto& head = view->head();
    ledger::SignedTx signed_tx;
    auto& tx = signed_tx.tx;
    tx.genesis_hash = chain_.binding().genesis_hash;
    tx.sender = gcrypt::address_of(key_.public_key());
    const auto nonce = chain_.pending_nonce(tx.sender);
    if (!nonce) return rpc::error(StatusCode::internal, base::to_string(nonce.error()));
    tx.nonce = *nonce;
    tx.valid_until_height = head.header.height + 1000;
    tx.msgs.emplace_back(ledger::Transfer{.to = to, .asset = ledger::kGcc, .amount = amount});
    tx.gas_limit = ledger::gas_bound(tx, ledger::rules_of(head.params));
    const auto fee = suggest_fee(head);
    tx.max_fee_per_gas = fee.max_fee_per_gas;
    tx.tip_per_gas = fee.tip;
    signed_tx.auth.scheme = ledger::Scheme::ed25519_zip215_v1;
    signed_tx.auth.public_key = key_.public_key().bytes;
    signed_tx.auth.signature = key_.sign(ledger::sign_bytes(tx, chain_.binding().chain_id)).bytes;
    return signed_tx;
}

}  // namespace ghostd

#include "walletd/unlock_scope.hpp"

#include <fmt/format.h>

#include "gcc_text.hpp"

namespace walletd {
namespace {

std::unexpected<base::Diagnostic> outside(std::string text) {
    return base::explain(Errc::out_of_scope, std::move(text));
}

/// Adds what a message takes; false when the sum does not fit.
class Adder {
 public:
    explicit Adder(Spend& spend) noexcept : spend_{spend} {}
    bool operator()(const ledger::Transfer& msg) { return of_asset(msg.asset, msg.amount); }
    bool operator()(const ledger::BatchTransfer& msg) {
        for (const auto& transfer : msg.transfers) {
            if (!(*this)(transfer)) return false;
        }
        return true;
    }
    bool operator()(const ledger::AssetBurn& msg) { return of_asset(msg.asset, msg.amount); }
    bool operator()(const ledger::ContractDeploy& msg) { return add(msg.value); }
    bool operator()(const ledger::ContractCall& msg) { return add(msg.value); }
    bool operator()(const ledger::AssetCreate&) { return other(); }
    bool operator()(const ledger::AssetMint&) { return other(); }
    bool operator()(const ledger::ContractUpgrade&) { return other(); }
    bool add(base::u128 agcc) {
        const auto sum = base::checked_add(spend_.agcc, agcc);
        if (sum) spend_.agcc = *sum;
        return sum.has_value();
    }

 private:
    bool of_asset(const ledger::AssetId& asset, ledger::Amount amount) {
        return asset == ledger::kGcc ? add(amount) : other();
    }
    bool other() {
        spend_.other_powers = true;
        return true;
    }
    Spend& spend_;
};

}  // namespace

base::Checked<Spend> spend_of(const ledger::Tx& tx) {
    Spend spend;
    Adder adder{spend};
    const auto fee = base::checked_mul(tx.max_fee_per_gas, ledger::Amount{tx.gas_limit});
    bool fits = fee && adder.add(*fee);
    for (const auto& msg : tx.msgs) fits = fits && std::visit(adder, msg);
    if (!fits) return base::explain(Errc::bad_transaction, "the transaction's amounts and fee are beyond any balance");
    return spend;
}

base::Checked<void> ScopeInUse::take(const Spend& spend) {
    if (spend.client) {
        if (!scope_.client) {
            return outside(
                "the wallet was unlocked for its own machine only; name a client: zwallet unlock --client KEY");
        }
        if (*scope_.client != *spend.client) {
            return outside(fmt::format("the wallet was unlocked for the client {}, not for {}",
                                       base::to_hex(*scope_.client), base::to_hex(*spend.client)));
        }
    }
    if (scope_.account && *scope_.account != spend.account) {
        return outside(
            fmt::format("the wallet was unlocked for account {}, not for account {}", *scope_.account, spend.account));
    }
    const auto sum = base::checked_add(spent_, spend.agcc);
    if (scope_.limit) {
        if (spend.other_powers) {
            return outside("the wallet was unlocked for an amount of GCC, not for other assets or a contract's code");
        }
        if (!sum || *sum > *scope_.limit) {
            return outside(
                fmt::format("this takes up to {} with the fee, {} of the {} that the wallet was unlocked for "
                            "are left",
                            gcc_text(spend.agcc), gcc_text(*scope_.limit - spent_), gcc_text(*scope_.limit)));
        }
    }
    spent_ = sum.value_or(~base::u128{0});
    return {};
}

}  // namespace walletd

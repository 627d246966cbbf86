#include "sign_policy.hpp"

#include <fmt/format.h>

#include "gcc_text.hpp"
#include "recipient.hpp"

namespace walletd {
namespace {

struct Named {
    std::vector<std::string> addresses;
    void operator()(const ledger::Transfer& msg) { addresses.push_back(msg.to.to_text()); }
    void operator()(const ledger::BatchTransfer& msg) {
        for (const auto& transfer : msg.transfers) addresses.push_back(transfer.to.to_text());
    }
    void operator()(const ledger::AssetMint& msg) { addresses.push_back(msg.to.to_text()); }
    void operator()(const ledger::ContractCall& msg) { addresses.push_back(msg.contract.to_text()); }
    void operator()(const ledger::ContractUpgrade& msg) { addresses.push_back(msg.contract.to_text()); }
    // Nobody is named: a kind of message that is added must say so here.
    void operator()(const ledger::AssetCreate&) {}
    void operator()(const ledger::AssetBurn&) {}
    void operator()(const ledger::ContractDeploy&) {}
};

}  // namespace

base::Checked<void> check_bounds(const ledger::Tx& tx, const Config& config, const SignOrder& order) {
    const auto per_gas = [](std::string_view what, ledger::Amount asked, std::uint64_t allowed, std::string_view key) {
        return base::explain(Errc::over_bound, fmt::format("the {} is {} agcc per gas, walletd.toml allows {} ({})",
                                                           what, base::to_string(asked), allowed, key));
    };
    if (tx.tip_per_gas > config.tip_per_gas_max)
        return per_gas("tip", tx.tip_per_gas, config.tip_per_gas_max, "tip_per_gas_max");
    if (tx.max_fee_per_gas > config.fee_per_gas_max)
        return per_gas("fee", tx.max_fee_per_gas, config.fee_per_gas_max, "fee_per_gas_max");
    const auto fee = base::checked_mul(tx.max_fee_per_gas, tx.gas_limit);
    if (!fee) return base::explain(Errc::bad_transaction, "its fee is beyond any balance");
    if (order.fee_max && *fee > *order.fee_max) {
        return base::explain(Errc::over_bound, fmt::format("the fee may be {}, more than the {} that are allowed",
                                                           gcc_text(*fee), gcc_text(*order.fee_max)));
    }
    if (tx.valid_until_height > kHeightMax + kTxValidBlocksMax) {
        return base::explain(Errc::over_bound,
                             fmt::format("it is valid until block {}, which no chain reaches: it would never expire",
                                         tx.valid_until_height));
    }
    return {};
}

base::Checked<void> check_recipients(const ledger::Tx& tx, Keystore& keystore, Journal& journal,
                                     const SignOrder& order) {
    if (order.accept_look_alike) return {};
    Named named;
    for (const auto& msg : tx.msgs) std::visit(named, msg);
    GC_TRY(const auto recipients, look_at_recipients(keystore, journal, named.addresses));
    for (const auto& recipient : recipients) {
        if (!recipient.looks_like.empty()) return std::unexpected{imitates(recipient.looks_like)};
    }
    return {};
}

}  // namespace walletd

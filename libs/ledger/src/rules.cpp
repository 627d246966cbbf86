#include "ledger/rules.hpp"

#include <fmt/format.h>

#include <array>

#include "base/result.hpp"
#include "ledger/genesis.hpp"
#include "zvm/cache.hpp"

namespace ledger {
namespace {

namespace price = zvm::gas::host;

constexpr NativePrices kNative1{.tx = 21'000,
                                .transfer = 5'000,
                                .asset_create = 45'000,
                                .asset_mint = 10'000,
                                .asset_burn = 10'000,
                                .contract_deploy = 32'000,
                                .contract_call = 5'000,
                                .contract_upgrade = 30'000,
                                .code_byte = 200,
                                .input_byte = 10};
// docs/decisions, "Gas follows what is measured and what stays".
constexpr NativePrices kNative2{.tx = 40'000,
                                .transfer = 25'000,
                                .asset_create = 60'000,
                                .asset_mint = 40'000,
                                .asset_burn = 40'000,
                                .contract_deploy = 60'000,
                                .contract_call = 10'000,
                                .contract_upgrade = 40'000,
                                .code_byte = 200,
                                .input_byte = 10,
                                .account_new = price::growth(32 + 8),
                                .code_new = price::growth(32 + 52) + price::growth(0)};  // Its own bytes: code_byte.

constexpr std::array kVersions{
    Rules{.version = 1, .engine_version = 1, .caps_tx_gas = false, .native = &kNative1, .state = &price::kState1},
    Rules{.version = 2, .engine_version = 1, .caps_tx_gas = true, .native = &kNative1, .state = &price::kState1},
    Rules{.version = 3,
          .engine_version = 1,
          .caps_tx_gas = true,
          .whole_native_gas_is_due = true,
          .native = &kNative2,
          .state = &price::kState2},
};
static_assert(kVersions.front().version == kRulesFirst && kVersions.back().version == kRulesLatest);
static_assert(kVersions.back().engine_version == zvm::kEngineVersion,
              "an engine that runs contracts in another way is for a new version of the rules");

}  // namespace

const Rules* find_rules(std::uint32_t version) noexcept {
    for (const auto& rules : kVersions) {
        if (rules.version == version) return &rules;
    }
    return nullptr;
}

const Rules& rules_of(const Params& params) noexcept {
    const auto* rules = find_rules(params.rules_version);
    GC_ASSERT(rules != nullptr);
    return *rules;
}

std::string native_gas_table() {
    const auto& rules = kVersions.back();
    const auto& native = *rules.native;
    std::string out = fmt::format(
        "\n## Transactions and messages\nRules version {}. All of it is due, also for messages behind one that "
        "fails.\n\n"
        "| what | gas |\n|---|---|\n",
        rules.version);
    const auto row = [&out](const char* what, std::uint64_t gas) { out += fmt::format("| {} | {} |\n", what, gas); };
    row("a transaction, its signature included", native.tx);
    row("a transfer, each of a batch", native.transfer);
    row("asset_create", native.asset_create);
    row("asset_mint", native.asset_mint);
    row("asset_burn", native.asset_burn);
    row("contract_deploy", native.contract_deploy);
    row("contract_call", native.contract_call);
    row("contract_upgrade", native.contract_upgrade);
    row("each byte of code that is brought", native.code_byte);
    row("each byte of input", native.input_byte);
    out +=
        "\nWhat a transaction adds to the state comes on top; its gas_limit must leave room for it:\n\n| what | gas "
        "|\n|---|---|\n";
    row("the first transaction of an address: its account", native.account_new);
    row("a payment to whom had none of the asset: its balance", rules.state->balance_new);
    row("a code that the chain did not have: its records", native.code_new);
    return out;
}

std::uint64_t tx_gas_limit_max(const Params& params) noexcept {
    return rules_of(params).caps_tx_gas ? params.block_gas_limit / params.tx_gas_divisor : params.block_gas_limit;
}

}  // namespace ledger

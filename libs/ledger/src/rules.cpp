#include "ledger/rules.hpp"

#include <array>

#include "base/result.hpp"
#include "ledger/genesis.hpp"
#include "zvm/cache.hpp"

namespace ledger {
namespace {

constexpr std::array kVersions{
    Rules{.version = 1, .engine_version = 1, .caps_tx_gas = false},
    Rules{.version = 2, .engine_version = 1, .caps_tx_gas = true},
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

std::uint64_t tx_gas_limit_max(const Params& params) noexcept {
    return rules_of(params).caps_tx_gas ? params.block_gas_limit / params.tx_gas_divisor : params.block_gas_limit;
}

}  // namespace ledger

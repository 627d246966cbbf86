#include "ledger/types.hpp"

namespace ledger {
namespace {

template <typename... F>
struct Overloaded : F... {
    using F::operator()...;
};

std::string hex(const AssetId& asset) { return asset == kGcc ? std::string{kGccSymbol} : base::to_hex(asset.bytes); }

}  // namespace

std::string_view event_kind(const Event& event) noexcept {
    return std::visit(Overloaded{[](const TransferEvent&) { return std::string_view{"transfer"}; },
                                 [](const AssetCreatedEvent&) { return std::string_view{"asset_create"}; },
                                 [](const AssetMintedEvent&) { return std::string_view{"asset_mint"}; },
                                 [](const AssetBurnedEvent&) { return std::string_view{"asset_burn"}; },
                                 [](const ContractEvent&) { return std::string_view{"contract"}; },
                                 [](const ContractDeployedEvent&) { return std::string_view{"contract_deploy"}; },
                                 [](const ContractUpgradeEvent&) { return std::string_view{"contract_upgrade"}; }},
                      event);
}

std::vector<std::pair<std::string, std::string>> event_fields(const Event& event) {
    using Fields = std::vector<std::pair<std::string, std::string>>;
    return std::visit(
        Overloaded{[](const TransferEvent& e) -> Fields {
                       return {{"from", e.from.to_text()},
                               {"to", e.to.to_text()},
                               {"asset", hex(e.asset)},
                               {"amount", base::to_string(e.amount)}};
                   },
                   [](const AssetCreatedEvent& e) -> Fields {
                       return {{"asset", hex(e.asset)},
                               {"owner", e.owner.to_text()},
                               {"symbol", e.symbol},
                               {"decimals", std::to_string(e.decimals)},
                               {"mintable", e.mintable ? "true" : "false"},
                               {"initial_supply", base::to_string(e.initial_supply)}};
                   },
                   [](const AssetMintedEvent& e) -> Fields {
                       return {{"asset", hex(e.asset)}, {"to", e.to.to_text()}, {"amount", base::to_string(e.amount)}};
                   },
                   [](const AssetBurnedEvent& e) -> Fields {
                       return {
                           {"asset", hex(e.asset)}, {"from", e.from.to_text()}, {"amount", base::to_string(e.amount)}};
                   },
                   [](const ContractEvent& e) -> Fields {
                       Fields out{{"contract", e.contract.to_text()}, {"data", base::to_hex(e.data)}};
                       for (std::size_t i = 0; i < e.topics.size(); ++i) {
                           out.emplace_back("topic" + std::to_string(i), base::to_hex(e.topics[i]));
                       }
                       return out;
                   },
                   [](const ContractDeployedEvent& e) -> Fields {
                       return {{"contract", e.contract.to_text()},
                               {"owner", e.owner.to_text()},
                               {"code_hash", base::to_hex(e.code_hash)}};
                   },
                   [](const ContractUpgradeEvent& e) -> Fields {
                       return {{"contract", e.contract.to_text()},
                               {"code_hash", base::to_hex(e.code_hash)},
                               {"ready_ms", std::to_string(e.ready_ms)}};
                   }},
        event);
}

std::string_view describe(ExecStatus status) noexcept {
    switch (status) {
        case ExecStatus::success: return "success";
        case ExecStatus::insufficient_balance: return "the sender's balance is too low";
        case ExecStatus::asset_unknown: return "there is no such asset";
        case ExecStatus::asset_exists: return "the asset exists already";
        case ExecStatus::not_asset_owner: return "only the asset's owner may do this";
        case ExecStatus::not_mintable: return "the asset's supply is fixed";
        case ExecStatus::supply_overflow: return "the asset's supply would be too large";
        case ExecStatus::balance_overflow: return "the receiver's balance would be too large";
        case ExecStatus::out_of_gas: return "out of gas";
        case ExecStatus::contract_reverted: return "the contract refused";
        case ExecStatus::contract_trapped: return "the contract trapped";
        case ExecStatus::contract_unknown: return "there is no contract at this address";
        case ExecStatus::contract_exists: return "there is a contract at this address already";
        case ExecStatus::code_invalid: return "the code is not one that may be deployed";
        case ExecStatus::code_unknown: return "there is no code with this hash";
        case ExecStatus::not_contract_owner: return "only the contract's owner may do this";
    }
    return "unknown status";
}

}  // namespace ledger

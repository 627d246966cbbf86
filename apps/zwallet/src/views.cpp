#include "views.hpp"

#include <fmt/format.h>

#include <nlohmann/json.hpp>

#include "base/bytes.hpp"
#include "base/u128.hpp"
#include "ghost/chain/v1/chain.pb.h"
#include "ghost/wallet/v1/wallet.pb.h"
#include "zwallet/amount.hpp"
#include "zwallet/output.hpp"

namespace zwallet {
namespace {

using nlohmann::json;
namespace chain = ghost::chain::v1;
namespace wallet = ghost::wallet::v1;

std::string_view execution_name(const chain::TransactionReceipt& receipt) noexcept {
    switch (receipt.execution()) {
        case chain::EXECUTION_STATUS_SUCCESS: return "success";
        case chain::EXECUTION_STATUS_FAILED: return "failed";
        default: return "unknown";
    }
}

}  // namespace

std::string hex(std::string_view bytes) { return base::to_hex(base::as_bytes(bytes)); }

std::string amount_text(std::string_view units, std::string_view symbol, unsigned decimals) {
    const auto value = base::u128_from_string(units);
    if (!value || decimals > 38) return fmt::format("{} units of {}", printable(units), printable(symbol));
    return fmt::format("{} {}", base::units_to_decimal(*value, decimals), printable(symbol));
}

json json_of(const wallet::Account& account) {
    return {{"index", account.index()},
            {"address", account.address()},
            {"label", account.label()},
            {"path", account.path()},
            {"public_key", hex(account.public_key())},
            {"created_ms", account.created_ms()}};
}

json json_of(const chain::AssetBalance& balance) {
    const auto value = base::u128_from_string(balance.amount());
    return {{"asset", balance.asset_id().empty() ? std::string{kCoinSymbol} : hex(balance.asset_id())},
            {"symbol", balance.symbol()},
            {"units", balance.amount()},
            {"decimals", balance.decimals()},
            {"amount", value && balance.decimals() <= 38 ? base::units_to_decimal(*value, balance.decimals())
                                                         : balance.amount()}};
}

json json_of(const chain::Status& status) {
    return {{"chain_id", status.chain_id()},
            {"genesis_hash", hex(status.genesis_hash())},
            {"version", status.version()},
            {"finalized_height", status.finalized_height()},
            {"finalized_hash", hex(status.finalized_hash())},
            {"finality_age_ms", status.finality_age_ms()},
            {"accepting", status.accepting()},
            {"faucet", status.faucet()}};
}

json json_of(const chain::TransactionReceipt& receipt) {
    json out{{"tx_id", hex(receipt.tx_id())}, {"state", state_name(receipt)}};
    if (receipt.execution() != chain::EXECUTION_STATUS_UNSPECIFIED) {
        out["execution"] = execution_name(receipt);
        out["height"] = receipt.height();
        out["index"] = receipt.index();
        out["block_hash"] = hex(receipt.block_hash());
        out["gas_used"] = receipt.gas_used();
        out["fee"] = receipt.fee();
    }
    if (!receipt.error().empty()) out["error"] = receipt.error();
    json events = json::array();
    for (const auto& event : receipt.events()) {
        json fields = json::object();
        for (const auto& [key, value] : event.fields()) fields[key] = value;
        json entry{{"kind", event.kind()}, {"fields", std::move(fields)}};
        if (event.has_log()) entry["log"] = json_of(event.log());
        events.push_back(std::move(entry));
    }
    out["events"] = std::move(events);
    if (!receipt.output().empty()) out["output"] = hex(receipt.output());
    return out;
}

json json_of(const chain::ContractLog& log) {
    json topics = json::array();
    for (const auto& topic : log.topics()) topics.push_back(hex(topic));
    return {{"contract", log.contract()}, {"topics", std::move(topics)}, {"data", hex(log.data())}};
}

json json_of(const wallet::HistoryEntry& entry) {
    return {{"direction", entry.direction()},
            {"counterparty", entry.counterparty()},
            {"units", entry.amount()},
            {"asset", entry.asset_id().empty() ? std::string{kCoinSymbol} : hex(entry.asset_id())},
            {"memo", entry.memo()},
            {"receipt", json_of(entry.receipt())}};
}

json json_of(const wallet::OpenTransaction& open) {
    json out{{"tx_id", hex(open.tx_id())},
             {"from", open.from()},
             {"nonce", open.nonce()},
             {"may_happen_until", open.valid_until_height()},
             {"node_says", open.state()},
             {"to", open.to()},
             {"units", open.amount()},
             {"asset", open.asset_id().empty() ? std::string{kCoinSymbol} : hex(open.asset_id())},
             {"sent_ms", open.sent_ms()}};
    if (!open.reason().empty()) out["reason"] = open.reason();
    return out;
}

std::string describe(const wallet::OpenTransaction& open) {
    const auto amount = open.asset_id().empty() ? amount_text(open.amount(), kCoinSymbol, kCoinDecimals)
                                                : amount_text(open.amount(), "units of " + hex(open.asset_id()), 0);
    const auto reason = open.reason().empty() ? std::string{} : fmt::format(" ({})", printable(open.reason()));
    return fmt::format("{}  may still happen until block {}: nonce {}, {}, to {}, the node says: {}{}",
                       hex(open.tx_id()), open.valid_until_height(), open.nonce(), amount,
                       open.to().empty() ? "-" : printable(open.to()), printable(open.state()), reason);
}

std::string describe(const wallet::Account& account) {
    return fmt::format("{:>3}  {}  {}", account.index(), printable(account.address()), printable(account.label()));
}

std::string_view state_name(const chain::TransactionReceipt& receipt) noexcept {
    switch (receipt.state()) {
        case chain::TX_STATE_PENDING: return "pending";
        case chain::TX_STATE_NOTARIZED: return "notarized";
        case chain::TX_STATE_FINALIZED: return "finalized";
        case chain::TX_STATE_DROPPED: return "dropped";
        default: return "unknown";
    }
}

bool succeeded(const chain::TransactionReceipt& receipt) noexcept {
    return receipt.state() == chain::TX_STATE_FINALIZED && receipt.execution() == chain::EXECUTION_STATUS_SUCCESS;
}

}  // namespace zwallet

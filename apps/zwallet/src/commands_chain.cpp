// balance, send, history, tx, doctor: over QUIC to the bridge.
#include <fmt/format.h>

#include <nlohmann/json.hpp>

#include "base/bytes.hpp"
#include "commands.hpp"
#include "ghost/wallet/v1/local.pb.h"
#include "methods.hpp"
#include "remote.hpp"
#include "sending.hpp"
#include "views.hpp"
#include "zwallet/amount.hpp"

namespace zwallet {
namespace {

using nlohmann::json;

constexpr std::uint32_t kHistoryMax = 10'000;
constexpr std::uint32_t kPageMax = 200;

/// The asset that a send moves: GCC, an id, or a symbol found among the sender's own balances. Symbols are not unique
/// on the chain, so an ambiguous one is refused rather than guessed.
struct Coin {
    std::string asset_id;  ///< Raw bytes; empty for GCC.
    std::string symbol;
    unsigned decimals;
};

Outcome<Coin> find_coin(Remote& remote, const AmountText& amount, const std::string& from) {
    if (amount.is_gcc()) return Coin{.asset_id = {}, .symbol = std::string{kCoinSymbol}, .decimals = kCoinDecimals};
    wallet::BalanceRequest request;
    request.set_account(from.empty() ? "0" : from);
    GC_TRY(const auto balance, remote.call(kGetBalance, request));
    const chain::AssetBalance* found = nullptr;
    for (const auto& account : balance.accounts()) {
        for (const auto& asset : account.balances()) {
            if (asset.asset_id().empty()) continue;
            const bool matches =
                amount.is_asset_id() ? hex(asset.asset_id()) == amount.coin : asset.symbol() == amount.coin;
            if (!matches) continue;
            if (found) {
                return give_up(ExitCode::usage, fmt::format("you hold several assets called {}", amount.coin),
                               "name the asset by its id of 64 hexadecimal digits: zwallet balance --json");
            }
            found = &asset;
        }
    }
    if (!found) {
        return give_up(ExitCode::insufficient, fmt::format("the account holds no {}", amount.coin), "zwallet balance");
    }
    return Coin{.asset_id = found->asset_id(), .symbol = found->symbol(), .decimals = found->decimals()};
}

struct Preview {
    wallet::SendProgress first;
    std::string amount;
};

Outcome<Preview> preview_send(Context& context, Remote& remote, const wallet::SendRequest& request, const Coin& coin) {
    Preview preview;
    GC_TRY(preview.first, dry_run(remote, kSend, request));
    preview.amount = amount_text(request.amount(), coin.symbol, coin.decimals);
    auto& out = context.out;
    out.field("send", out.strong(preview.amount));
    out.field("to", request.to());
    out.field("from", printable(preview.first.from()));
    out.field("fee at most", amount_text(preview.first.max_fee(), kCoinSymbol, kCoinDecimals));
    if (!request.memo().empty()) out.field("memo", printable(request.memo()));
    if (!preview.first.looks_like().empty()) {
        out.warn(
            fmt::format("the recipient looks like an address you know, but is another one:\n  known      {}\n  "
                        "recipient  {}",
                        printable(preview.first.looks_like()), request.to()));
    } else if (preview.first.first_time_recipient()) {
        out.warn("this wallet has never sent to this address before; compare it in full");
    }
    warn_instead_of(out, preview.first);
    return preview;
}

json json_of_preview(const Preview& preview, const wallet::SendRequest& request) {
    return {{"from", preview.first.from()},
            {"to", request.to()},
            {"units", request.amount()},
            {"asset", request.asset_id().empty() ? std::string{kCoinSymbol} : hex(request.asset_id())},
            {"max_fee", preview.first.max_fee()},
            {"first_time_recipient", preview.first.first_time_recipient()},
            {"looks_like", preview.first.looks_like()},
            {"instead_of", json_of_instead_of(preview.first)}};
}

}  // namespace

Outcome<void> run_balance(Context& context, const std::string& account) {
    GC_TRY(auto* remote, context.remote());
    wallet::BalanceRequest request;
    request.set_account(account);
    GC_TRY(const auto balance, remote->call(kGetBalance, request));
    auto& out = context.out;
    json accounts = json::array();
    bool all_verified = true;
    for (const auto& entry : balance.accounts()) {
        all_verified = all_verified && entry.verified();
        json balances = json::array();
        out.line(fmt::format("{}  {}", printable(entry.address()), printable(entry.label())));
        for (const auto& asset : entry.balances()) {
            out.line(fmt::format("    {}", out.strong(amount_text(asset.amount(), asset.symbol(), asset.decimals()))));
            balances.push_back(json_of(asset));
        }
        if (!entry.verified()) out.warn("this balance is not proved by a finalized block");
        accounts.push_back({{"address", entry.address()},
                            {"label", entry.label()},
                            {"nonce", entry.nonce()},
                            {"verified", entry.verified()},
                            {"balances", std::move(balances)}});
    }
    out.line(out.faint(fmt::format("{} block {}", all_verified ? "proved against finalized" : "as the node says, at",
                                   balance.height())));
    out.document("balance", {{"height", balance.height()}, {"accounts", std::move(accounts)}});
    return {};
}

Outcome<void> run_send(Context& context, const SendOptions& options) {
    auto& out = context.out;
    const auto parsed = parse_amount(options.amount, options.coin);
    if (!parsed) return give_up(ExitCode::usage, parsed.error());
    GC_TRY(auto fee_max, agcc_of(options.fee_max, "fees"));
    GC_TRY(const auto* settings, context.config());
    GC_TRY(auto* remote, context.remote());
    const auto& from = options.from.empty() ? settings->account : options.from;
    GC_TRY(const auto coin, find_coin(*remote, *parsed, from));
    const auto units = to_units(*parsed, coin.decimals);
    if (!units) return give_up(ExitCode::usage, units.error());
    if (*units == 0) return give_up(ExitCode::usage, "nothing to send: the amount is zero");

    wallet::SendRequest request;
    request.set_from(from);
    request.set_to(options.to);
    request.set_amount(base::to_string(*units));
    request.set_asset_id(coin.asset_id);
    request.set_memo(options.memo);
    if (!options.tip_per_gas.empty()) request.set_tip_per_gas(options.tip_per_gas);
    request.set_fee_max(std::move(fee_max));
    request.set_accept_look_alike(options.accept_look_alike);
    request.set_sign(options.sign);

    GC_TRY(const auto preview, preview_send(context, *remote, request, coin));
    if (options.dry_run) {
        auto document = json_of_preview(preview, request);
        document["dry_run"] = true;
        document["tx_id"] = hex(preview.first.receipt().tx_id());
        if (options.sign) {
            document["raw"] = hex(preview.first.raw());
            out.field("signed", hex(preview.first.raw()));
        }
        out.line("dry run: nothing was sent");
        out.document("send", document);
        return {};
    }
    if (!preview.first.looks_like().empty() && !options.accept_look_alike) {
        return give_up(ExitCode::denied, "the recipient imitates an address you know; nothing was sent",
                       "compare the addresses in full; --accept-look-alike sends all the same");
    }
    if (!options.yes && !confirmed(out, "Send it?"))
        return give_up(ExitCode::denied, "not confirmed; nothing was sent");

    // What was shown is what may be taken.
    request.set_fee_max(preview.first.max_fee());
    GC_TRY(auto watched, send_and_watch(out, *remote, kSend, request, options.timeout_s));
    const auto& last = watched.receipt;
    const auto id = hex(last.tx_id());
    if (!succeeded(last)) {
        const auto why = last.error().empty() ? std::string{state_name(last)} : printable(last.error());
        return std::unexpected{failure_of(watched, why)};
    }
    auto document = json_of_preview(preview, request);
    document["receipt"] = json_of(last);
    document["states"] = std::move(watched.states);
    document["tx_id"] = id;
    document["height"] = last.height();
    out.keep_progress();
    out.line(fmt::format("{} in block {}", out.good("finalized"), last.height()));
    out.field("tx", id);
    out.field("fee", amount_text(last.fee(), kCoinSymbol, kCoinDecimals));
    out.document("send", document);
    return {};
}

Outcome<void> run_history(Context& context, const HistoryOptions& options) {
    GC_TRY(auto* remote, context.remote());
    auto& out = context.out;
    if (options.limit == 0 || options.limit > kHistoryMax) {
        return give_up(ExitCode::usage, fmt::format("--limit takes 1 to {}", kHistoryMax));
    }
    wallet::HistoryRequest request;
    request.set_account(options.account);
    json entries = json::array();
    std::uint32_t left = options.limit;
    while (left > 0) {
        request.set_page_size(std::min(left, kPageMax));
        GC_TRY(const auto page, remote->call(kGetHistory, request));
        for (const auto& entry : page.entries()) {
            if (left == 0) break;
            --left;
            const auto sign = entry.direction() == "in" ? "+" : entry.direction() == "out" ? "-" : " ";
            const auto amount = entry.asset_id().empty()
                                    ? amount_text(entry.amount(), kCoinSymbol, kCoinDecimals)
                                    : amount_text(entry.amount(), "units of " + hex(entry.asset_id()), 0);
            out.line(fmt::format("{:>8}  {:<9}  {}{}  {}  {}", entry.receipt().height(), state_name(entry.receipt()),
                                 sign, amount, printable(entry.counterparty()),
                                 out.faint(hex(entry.receipt().tx_id()))));
            if (!entry.memo().empty()) out.line(fmt::format("          memo: {}", printable(entry.memo())));
            entries.push_back(json_of(entry));
        }
        // A page without entries but with a token could go on for ever.
        if (page.next_page_token().empty() || page.entries().empty()) break;
        request.set_page_token(page.next_page_token());
    }
    wallet::OpenRequest open_request;
    open_request.set_account(options.account);
    GC_TRY(const auto open, remote->call(kGetOpen, open_request));
    json may_happen = json::array();
    for (const auto& entry : open.transactions()) {
        out.line(describe(entry));
        may_happen.push_back(json_of(entry));
    }
    if (!open.proved() && open.transactions_size() > 0)
        out.warn("what may still happen was not checked against a proved block: some of it may be over");
    if (entries.empty() && may_happen.empty()) out.note("no transaction yet");
    out.document(
        "history",
        {{"entries", std::move(entries)}, {"may_happen", std::move(may_happen)}, {"may_happen_proved", open.proved()}});
    return {};
}

namespace {

/// What walletd keeps of a transaction of its own that is not proved to be over. Without walletd, and for others'
/// transactions: nothing.
std::optional<wallet::OpenTransaction> open_entry(Remote& remote, const base::Digest& id) {
    wallet::OpenRequest request;
    request.set_tx_id(std::string{base::as_text(id)});
    const auto found = remote.call(kGetOpen, request);
    if (!found || found->transactions_size() == 0) return std::nullopt;
    return found->transactions(0);
}

}  // namespace

Outcome<void> run_tx_show(Context& context, const std::string& id) {
    const auto bytes = base::fixed_from_hex<32>(id);
    if (!bytes) {
        return give_up(ExitCode::usage, fmt::format("'{}' is not a transaction id of 64 hexadecimal digits", id),
                       "zwallet history");
    }
    GC_TRY(auto* remote, context.remote());
    chain::TransactionRequest request;
    request.set_tx_id(std::string{base::as_text(*bytes)});
    GC_TRY(const auto receipt, remote->call(kGetTransaction, request));
    auto& out = context.out;
    const auto wanted = base::to_hex(*bytes);
    const bool known = hex(receipt.tx_id()) == wanted && receipt.state() != chain::TX_STATE_UNKNOWN &&
                       receipt.state() != chain::TX_STATE_UNSPECIFIED;
    const auto open = receipt.state() == chain::TX_STATE_FINALIZED ? std::nullopt : open_entry(*remote, *bytes);
    if (!known && open) {
        out.line(describe(*open));
        out.document("tx show",
                     {{"receipt", {{"tx_id", wanted}, {"state", "unknown"}}}, {"may_happen", json_of(*open)}});
        return {};
    }
    if (!known) {
        return give_up(ExitCode::failure, fmt::format("the node knows no transaction {}", wanted), "zwallet history");
    }
    out.field("tx", wanted);
    out.field("state", state_name(receipt));
    if (receipt.execution() != chain::EXECUTION_STATUS_UNSPECIFIED) {
        out.field("result",
                  receipt.execution() == chain::EXECUTION_STATUS_SUCCESS ? out.good("success") : out.bad("failed"));
        out.field("block", fmt::format("{} ({})", receipt.height(), hex(receipt.block_hash())));
        out.field("fee", amount_text(receipt.fee(), kCoinSymbol, kCoinDecimals));
        out.field("gas", fmt::format("{}", receipt.gas_used()));
    }
    if (!receipt.error().empty()) out.field("error", printable(receipt.error()));
    for (const auto& event : receipt.events()) {
        std::string fields;
        // A protobuf map has no order of its own.
        for (const auto& [key, value] :
             std::map<std::string, std::string>{event.fields().begin(), event.fields().end()}) {
            fields += fmt::format("  {}={}", printable(key), printable(value));
        }
        out.field(printable(event.kind()), fields.empty() ? fields : std::string_view{fields}.substr(2));
    }
    json document{{"receipt", json_of(receipt)}};
    if (open) {
        out.line(describe(*open));
        document["may_happen"] = json_of(*open);
    }
    out.document("tx show", document);
    return {};
}

Outcome<void> run_doctor(Context& context) {
    auto& out = context.out;
    json checks = json::array();
    std::optional<Failure> worst;
    const auto check = [&](std::string_view what, Outcome<std::string> result) {
        if (result) {
            out.line(fmt::format("{}  {:<10} {}", out.good("ok  "), what, *result));
            checks.push_back({{"check", what}, {"ok", true}, {"detail", *result}});
            return;
        }
        const auto& failure = result.error();
        out.line(fmt::format("{}  {:<10} {}", out.bad("fail"), what, printable(failure.cause)));
        if (!failure.next.empty()) out.line(fmt::format("      next:      {}", printable(failure.next)));
        checks.push_back(
            {{"check", what}, {"ok", false}, {"detail", printable(failure.cause)}, {"next", failure.next}});
        if (!worst) worst = failure;
    };
    check("settings", [&]() -> Outcome<std::string> {
        GC_TRY(const auto* settings, context.config());
        return fmt::format("{}, bridge {}", settings->home, settings->bridge);
    }());
    check("identity", [&]() -> Outcome<std::string> {
        GC_TRY(const auto* settings, context.config());
        return own_public_key(*settings);
    }());
    check("walletd", [&]() -> Outcome<std::string> {
        ghost::wallet::v1::LocalRequest request;
        request.mutable_status();
        GC_TRY(const auto response, context.ask_wallet(request));
        const auto& status = response.status();
        return fmt::format("{}, {} account(s)",
                           !status.initialised() ? "not initialised"
                           : status.locked()     ? "locked"
                                                 : "unlocked",
                           status.accounts());
    }());
    check("node", [&]() -> Outcome<std::string> {
        GC_TRY(auto* remote, context.remote());
        GC_TRY(const auto status, remote->call(kChainStatus, chain::GetStatusRequest{}));
        return fmt::format("{} at height {}, version {}", printable(status.chain_id()), status.finalized_height(),
                           printable(status.version()));
    }());
    check("wallet", [&]() -> Outcome<std::string> {
        GC_TRY(auto* remote, context.remote());
        GC_TRY(const auto status, remote->call(kWalletStatus, wallet::WalletStatusRequest{}));
        if (!status.node_reachable() && !status.node_error().empty()) {
            return give_up(ExitCode::network, "walletd cannot reach the node: " + status.node_error(),
                           "compare bridge and bridge_key in walletd.toml");
        }
        return fmt::format("answers over QUIC, verified up to block {}", status.verified_height());
    }());
    // One document even when something fails: `ok` and the exit code tell.
    out.document("doctor", {{"ok", !worst}, {"checks", std::move(checks)}});
    if (!worst) return {};
    return std::unexpected{Failure{worst->code, {}, {}}};
}

}  // namespace zwallet

// faucet: coins of a development chain, over QUIC to the bridge.
#include <fmt/format.h>

#include <nlohmann/json.hpp>

#include "commands.hpp"
#include "methods.hpp"
#include "remote.hpp"
#include "views.hpp"
#include "zwallet/amount.hpp"

namespace zwallet {
namespace {

constexpr std::uint64_t kFinalityTimeoutNs = 60'000'000'000;

/// Follows a transaction until it is final or gone.
Outcome<chain::TransactionReceipt> follow(Context& context, Remote& remote, const std::string& tx_id) {
    chain::TransactionRequest request;
    request.set_tx_id(tx_id);
    chain::TransactionReceipt last;
    GC_CHECK(remote.stream<chain::TransactionRequest, chain::TransactionReceipt>(
        kStreamTxStatus, request, kFinalityTimeoutNs, [&](chain::TransactionReceipt receipt) {
            last = std::move(receipt);
            context.out.progress(fmt::format("{}… {}", hex(last.tx_id()).substr(0, 16), state_name(last)));
            return last.state() != chain::TX_STATE_FINALIZED && last.state() != chain::TX_STATE_DROPPED;
        }));
    return last;
}

}  // namespace

Outcome<void> run_faucet(Context& context, const FaucetOptions& options) {
    auto& out = context.out;
    chain::FaucetRequest request;
    if (!options.amount.empty()) {
        const auto parsed = parse_amount(options.amount, "");
        if (!parsed) return give_up(ExitCode::usage, parsed.error());
        const auto units = to_units(*parsed, kCoinDecimals);
        if (!units) return give_up(ExitCode::usage, units.error());
        request.set_amount(base::to_string(*units));
    }
    GC_TRY(const auto account, context.find_account(options.account));
    request.set_address(account.address());
    GC_TRY(auto* remote, context.remote());
    GC_TRY(const auto accepted, remote->call(kFaucet, request));
    GC_TRY(const auto receipt, follow(context, *remote, accepted.tx_id()));
    if (!succeeded(receipt)) {
        return give_up(ExitCode::rejected,
                       fmt::format("the faucet's transaction did not succeed: {}", printable(receipt.error())),
                       fmt::format("zwallet tx show {}", hex(accepted.tx_id())));
    }
    out.keep_progress();
    out.line(fmt::format("{} in block {}: {} is funded", out.good("finalized"), receipt.height(), account.address()));
    out.document("faucet", {{"address", account.address()}, {"receipt", json_of(receipt)}});
    return {};
}

}  // namespace zwallet

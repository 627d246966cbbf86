#pragma once
// What payments and contract messages have in common once walletd is asked to send them.

#include <fmt/format.h>

#include <nlohmann/json.hpp>

#include "context.hpp"
#include "methods.hpp"
#include "remote.hpp"
#include "views.hpp"

namespace zwallet {

/// agcc of an amount of GCC as people type it ("1.5", "20 agcc"); empty for no text. `what` takes the coins, in the
/// message of a refusal: "contracts".
Outcome<std::string> agcc_of(const std::string& text, std::string_view what);
/// True when the person agrees. Not asked when nobody can answer: then the command line itself is the decision.
bool confirmed(Output& out, std::string_view question);
/// One line of progress: short id, state, block.
void show_progress(Output& out, const chain::TransactionReceipt& receipt);

/// walletd's description of a transaction that is not sent.
template <typename Request>
Outcome<wallet::SendProgress> dry_run(Remote& remote,
                                      const rpc::ServerStreamMethod<Request, wallet::SendProgress>& method,
                                      Request request) {
    request.set_dry_run(true);
    std::optional<wallet::SendProgress> first;
    GC_CHECK(remote.stream<Request, wallet::SendProgress>(method, request, 30'000'000'000,
                                                          [&](wallet::SendProgress progress) {
                                                              if (!first) first = std::move(progress);
                                                              return true;
                                                          }));
    // Without a fee there is nothing that the send could be bound to.
    if (!first || first->max_fee().empty()) {
        return give_up(ExitCode::failure, "walletd did not describe the transaction");
    }
    return *std::move(first);
}

struct Watched {
    chain::TransactionReceipt receipt;                ///< The last one.
    nlohmann::json states = nlohmann::json::array();  ///< Each state that was seen.
};
/// Sends, and follows until the transaction is final or dropped. A failure names the transaction when it is under way.
template <typename Request>
Outcome<Watched> send_and_watch(Output& out, Remote& remote,
                                const rpc::ServerStreamMethod<Request, wallet::SendProgress>& method,
                                const Request& request, std::uint64_t timeout_s) {
    Watched watched;
    const auto outcome = remote.stream<Request, wallet::SendProgress>(
        method, request, timeout_s * 1'000'000'000, [&](wallet::SendProgress progress) {
            watched.receipt = std::move(*progress.mutable_receipt());
            watched.states.push_back(state_name(watched.receipt));
            show_progress(out, watched.receipt);
            return true;
        });
    if (outcome) return watched;
    auto failure = outcome.error();
    // The transaction is under way: whatever broke, its outcome can still be learnt.
    if (const auto id = hex(watched.receipt.tx_id()); !id.empty()) {
        failure.cause = fmt::format("{}; transaction {} may still be finalized", failure.cause, id);
        failure.next = fmt::format("zwallet tx show {}", id);
    }
    return std::unexpected{std::move(failure)};
}

}  // namespace zwallet

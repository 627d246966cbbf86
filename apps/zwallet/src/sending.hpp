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

inline constexpr std::string_view kWhatToDo =
    "zwallet history shows when it is over; to replace it, send again: both have one nonce, so only one can happen";

struct Watched {
    chain::TransactionReceipt receipt;                ///< The last one.
    nlohmann::json states = nlohmann::json::array();  ///< Each state that was seen.
    std::uint64_t may_happen_until = 0;               ///< 0: final, or never signed.
};
/// For one that did not succeed, `why` from the node. Not final: `uncertain`, what the node calls it ends nothing.
Failure failure_of(const Watched& watched, std::string_view why);
/// Names earlier transactions that can happen instead of this one.
void warn_instead_of(Output& out, const wallet::SendProgress& preview);
nlohmann::json json_of_instead_of(const wallet::SendProgress& preview);

/// Sends, and follows until the transaction is final or the node calls it dropped. A failure after walletd signed is
/// `uncertain` and names the transaction.
template <typename Request>
Outcome<Watched> send_and_watch(Output& out, Remote& remote,
                                const rpc::ServerStreamMethod<Request, wallet::SendProgress>& method,
                                const Request& request, std::uint64_t timeout_s) {
    Watched watched;
    const auto outcome = remote.stream<Request, wallet::SendProgress>(
        method, request, timeout_s * 1'000'000'000, [&](wallet::SendProgress progress) {
            watched.receipt = std::move(*progress.mutable_receipt());
            watched.states.push_back(state_name(watched.receipt));
            watched.may_happen_until = progress.may_happen_until();
            show_progress(out, watched.receipt);
            return true;
        });
    if (outcome) return watched;
    auto failure = outcome.error();
    // Whatever broke: it is signed, and its outcome can still be learnt.
    if (watched.may_happen_until > 0) {
        failure.code = ExitCode::uncertain;
        failure.tx_id = hex(watched.receipt.tx_id());
        failure.may_happen_until = watched.may_happen_until;
        if (failure.cause.find(failure.tx_id) == std::string::npos) {
            failure.cause += fmt::format("; transaction {} may still happen until block {}", failure.tx_id,
                                         failure.may_happen_until);
        }
        failure.next = std::string{kWhatToDo};
    }
    return std::unexpected{std::move(failure)};
}

}  // namespace zwallet

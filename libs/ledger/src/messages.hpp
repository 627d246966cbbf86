#pragma once
// What the messages of a transaction do.

#include <vector>

#include "ledger/contracts.hpp"

namespace ledger {

/// What a transaction's messages did, or would have done. When they failed, what they wrote is still in the overlay:
/// the caller rolls it back.
struct MessagesOutcome {
    ExecStatus status{ExecStatus::success};
    std::uint64_t gas_used{};  ///< At most tx.gas_limit.
    std::vector<Event> events;
    base::Bytes output;
    std::vector<TraceFrame> trace;
};
/// What only a run that reads may have.
struct Observation {
    bool trace = false;
    zvm::Watch* watch = nullptr;
};
/// Errors are the reader's, and `run_stopped`.
base::Result<MessagesOutcome> run_messages(Overlay& state, const Tx& tx, const BlockContext& context,
                                           const Params& params, ContractEngine& engine,
                                           const Observation& observation = {});

/// The form of one message: sizes and amounts.
base::Result<void> check_msg(const Msg& msg);

}  // namespace ledger

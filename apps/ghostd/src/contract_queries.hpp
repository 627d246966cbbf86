#pragma once
// What the contract methods answer: functions of a finalized view. They run contracts, so they belong on the "run"
// lane, whose threads bound how many run at once; the gas cap bounds each.

#include <functional>

#include "ghost/chain/v1/chain.pb.h"
#include "ghostd/chain.hpp"
#include "rpc/status.hpp"

namespace ghostd::queries {

namespace v1 = ghost::chain::v1;

struct RunLimits {
    ledger::ContractEngine& engine;
    ledger::Hash genesis_hash;
    std::uint64_t gas_max = 0;                                  ///< For contracts, a call.
    std::uint64_t now_ms = 0;                                   ///< Block time of the run, unless the head is later.
    std::function<bool()> is_cancelled = [] { return false; };  ///< Asked before each run.
};

rpc::StatusOr<v1::CallContractResponse> call_contract(const ledger::ChainView& view,
                                                      const v1::CallContractRequest& request, const RunLimits& limits);
rpc::StatusOr<v1::SimulateResponse> simulate(const ledger::ChainView& view, const v1::SimulateRequest& request,
                                             const RunLimits& limits);
/// Whether a fee depends on running a contract. False for what does not decode.
bool needs_run(const v1::EstimateFeeRequest& request);
/// Of a transaction that may have contract messages: runs it for its gas.
rpc::StatusOr<v1::FeeEstimate> fee_of_run(const ledger::ChainView& view, const v1::EstimateFeeRequest& request,
                                          const RunLimits& limits);
rpc::StatusOr<v1::Contract> contract(const ledger::ChainView& view, const v1::ContractRequest& request,
                                     std::uint64_t now_ms);
rpc::StatusOr<v1::Code> code(const ledger::ChainView& view, const v1::CodeRequest& request, std::uint64_t now_ms);

}  // namespace ghostd::queries

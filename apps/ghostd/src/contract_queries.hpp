#pragma once
// What the contract methods answer: functions of a finalized view. They run contracts, so they belong on the "run"
// lane, whose threads bound how many run at once. Each is bounded by gas and by processor time, and ends when nobody
// waits for it any more.

#include <cstdint>
#include <functional>

#include "ghost/chain/v1/chain.pb.h"
#include "ghostd/chain.hpp"
#include "rpc/status.hpp"
#include "zvm/machine.hpp"

namespace ghostd::queries {

namespace v1 = ghost::chain::v1;

/// Ends what a call runs when the call has gone or its processor time is used up. Made and asked on the thread that
/// runs.
class RunWatch final : public zvm::Watch {
 public:
    RunWatch(std::function<bool()> is_cancelled, std::uint64_t cpu_ms_max);
    bool should_stop() noexcept override;
    [[nodiscard]] bool stopped() const noexcept { return end_ != End::none; }
    /// Why it stopped.
    [[nodiscard]] rpc::Status status() const;

 private:
    std::function<bool()> is_cancelled_;
    std::uint64_t cpu_ms_max_;
    std::uint64_t end_ns_;  ///< Of the thread's processor time.
    enum class End { none, cancelled, out_of_time } end_ = End::none;
};

struct RunLimits {
    ledger::ContractEngine& engine;
    ledger::Hash genesis_hash;
    RunWatch& watch;
    std::uint64_t gas_max = 0;  ///< For contracts, a call.
    std::uint64_t now_ms = 0;   ///< Block time of the run, unless the head is later.
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

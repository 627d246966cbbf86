#pragma once
// ghost.chain.v1.BlockchainService on an rpc::Server. Reads see finalized state only and run on the "read"
// lane, those that run contracts on the "run" lane.

#include <memory>
#include <optional>
#include <string>

#include "base/metrics.hpp"
#include "block_streams.hpp"
#include "contract_queries.hpp"
#include "event_streams.hpp"
#include "faucet.hpp"
#include "ghostd/admission.hpp"
#include "ghostd/chain.hpp"
#include "io/offload.hpp"
#include "rpc/server.hpp"
#include "status_streams.hpp"

namespace ghostd {

/// Thread: the RPC reactor's.
class BlockchainService {
 public:
    struct Options {
        LimitsConfig limits;
        std::string node_address;  ///< Shown in Status.
        std::string version;
    };
    /// `server` lives on `reactor`; everything given outlives this.
    BlockchainService(rpc::Server& server, Chain& chain, Admission& admission, Faucet* faucet, io::Offload& offload,
                      base::MetricsRegistry& metrics, Options options);

    void finalized(const FinalizedBlockPtr& block);
    void notarized(const ledger::ExecutedBlockPtr& block) { statuses_.notarized(*block); }
    void dropped(const std::vector<PoolDrop>& drops) { statuses_.dropped(drops); }
    /// Ends the open streams.
    void close();

 private:
    void add_writes(rpc::Server& server);
    void add_reads(rpc::Server& server);
    void add_contracts(rpc::Server& server);
    [[nodiscard]] queries::RunLimits run_limits(queries::RunWatch& watch);
    [[nodiscard]] Admission::Done answer_with_receipt(rpc::Responder<ghost::chain::v1::TransactionReceipt> done);
    [[nodiscard]] ghost::chain::v1::Status status() const;
    template <typename Res>
    void read(const rpc::CallContext& context, rpc::Responder<Res> done,
              std::move_only_function<rpc::StatusOr<Res>(const ledger::ChainView&)> query);
    /// The same on the lane that runs contracts: within the caller's share of it, and not at all once nobody waits.
    template <typename Res>
    void run(const rpc::CallContext& context, rpc::Responder<Res> done,
             std::move_only_function<rpc::StatusOr<Res>(const ledger::ChainView&, const queries::RunLimits&)> query);

    Chain& chain_;
    Admission& admission_;
    Faucet* faucet_;
    io::Offload& offload_;
    io::Reactor& reactor_;
    Options options_;
    BlockStreams blocks_;
    StatusStreams statuses_;
    EventStreams events_;
    rpc::CallerShares submit_shares_, read_shares_, run_shares_;
    base::Counter& runs_metric_;
    base::Counter& runs_skipped_metric_;
    base::Counter& runs_stopped_metric_;
    /// Queries have an engine of their own: whatever code they bring, blocks keep their modules.
    ledger::ContractEngine engine_;
};

}  // namespace ghostd

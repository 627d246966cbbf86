#pragma once
// What the reading methods answer: pure functions of a finalized view.

#include <optional>
#include <string>

#include "ghost/chain/v1/chain.pb.h"
#include "ghostd/chain.hpp"
#include "rpc/status.hpp"

namespace ghostd::queries {

namespace v1 = ghost::chain::v1;

v1::TransactionReceipt waiting(const ledger::Hash& id, const PooledTx& tx);
/// `drop_reason`: why it left the mempool, when that is known.
rpc::StatusOr<v1::TransactionReceipt> transaction(const ledger::ChainView& view, const ledger::Hash& id,
                                                  const std::optional<std::string>& drop_reason);
rpc::StatusOr<v1::Block> block(const ledger::ChainView& view, const v1::BlockRequest& request);
/// `chain` knows the pending nonce.
rpc::StatusOr<v1::Account> account(const ledger::ChainView& view, const v1::AccountRequest& request,
                                   const Chain& chain);
rpc::StatusOr<v1::Proof> proof(const ledger::ChainView& view, const v1::ProofRequest& request);
rpc::StatusOr<v1::FeeEstimate> fee(const ledger::Head& head, const v1::EstimateFeeRequest& request);
rpc::StatusOr<v1::FeeEstimate> fee_of_gas(const ledger::Head& head, std::uint64_t gas);
rpc::StatusOr<v1::SearchTransactionsResponse> search(const ledger::ChainView& view,
                                                     const v1::SearchTransactionsRequest& request);

}  // namespace ghostd::queries

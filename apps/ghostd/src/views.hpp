#pragma once
// Ledger values as protobuf messages.

#include "ghost/chain/v1/chain.pb.h"
#include "ghostd/chain.hpp"

namespace ghostd::views {

namespace v1 = ghost::chain::v1;

/// Blocks whose receipts would make a larger message leave out the receipts' events and outputs; GetTransaction has
/// them.
inline constexpr std::size_t kEventsBytesMax = 1u << 20;

void fill(v1::BlockHeader& out, const ledger::BlockHeader& header);
void fill(v1::TransactionReceipt& out, const ledger::Receipt& receipt, bool with_events);
void fill(v1::ContractLog& out, const ledger::ContractEvent& emitted);
v1::Event event(const ledger::Event& source);
v1::TransactionReceipt final_receipt(const ledger::Hash& id, const ledger::Receipt& receipt, std::uint64_t height,
                                     std::uint32_t index, const ledger::Hash& block_hash, bool with_events = true);
v1::TransactionReceipt final_receipt(const ledger::StoredTx& stored, const ledger::Hash& id);

v1::Block block(const FinalizedBlock& finalized, bool with_transactions);
v1::Block block(const ledger::StoredBlock& stored, base::ByteView certificate, bool with_transactions);

inline void set_bytes(std::string& out, base::ByteView bytes) { out.assign(base::as_text(bytes)); }

}  // namespace ghostd::views

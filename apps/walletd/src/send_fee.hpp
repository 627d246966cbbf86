#pragma once
// What a transaction may cost, from the node's estimate and the bounds of caller and configuration.

#include "ghost/chain/v1/chain.pb.h"
#include "send_order.hpp"
#include "walletd/config.hpp"

namespace walletd {

struct Fee {
    std::uint64_t gas_limit{};
    ledger::Amount tip_per_gas{};
    ledger::Amount max_fee_per_gas{};
    ledger::Amount max_fee{};  ///< max_fee_per_gas * gas_limit, in agcc.
};
/// Tip and most per gas are the node's word at this moment, and no more than the caller and walletd.toml allow.
/// FAILED_PRECONDITION "rejected: …" above a bound, DATA_LOSS for an estimate that cannot be one.
rpc::StatusOr<Fee> choose_fee(const SendOrder& order, const ghost::chain::v1::FeeEstimate& estimate,
                              const Config& config);

}  // namespace walletd

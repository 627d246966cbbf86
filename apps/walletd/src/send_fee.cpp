#include "send_fee.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "gcc_text.hpp"

namespace walletd {
namespace {

std::unexpected<rpc::Status> refuse(const std::string& text) {
    return rpc::error(rpc::StatusCode::failed_precondition, "rejected: " + text);
}
std::unexpected<rpc::Status> no_estimate(std::string_view what) {
    return rpc::error(rpc::StatusCode::data_loss, fmt::format("the node's fee estimate is {}", what));
}

/// The estimate has room above what the trial run used; the caller may want to give less.
rpc::StatusOr<std::uint64_t> choose_gas(const SendOrder& order, const ghost::chain::v1::FeeEstimate& estimate) {
    if (estimate.gas_limit() == 0) return no_estimate("malformed");
    if (order.gas_max == 0 || order.gas_max >= estimate.gas_limit()) return estimate.gas_limit();
    if (order.gas_max < estimate.gas_used() && !order.accept_failure) {
        return refuse(
            fmt::format("it used {} gas in a trial run, at most {} are allowed", estimate.gas_used(), order.gas_max));
    }
    return order.gas_max;
}

}  // namespace

rpc::StatusOr<Fee> choose_fee(const SendOrder& order, const ghost::chain::v1::FeeEstimate& estimate,
                              const Config& config) {
    const auto base_fee = base::u128_from_string(estimate.base_fee());
    const auto suggested_tip = base::u128_from_string(estimate.suggested_tip()).value_or(0);
    const auto suggested_max = base::u128_from_string(estimate.suggested_max_fee_per_gas());
    if (!base_fee || !suggested_max) return no_estimate("malformed");
    Fee fee;
    GC_TRY(fee.gas_limit, choose_gas(order, estimate));
    const ledger::Amount tip_max = config.tip_per_gas_max;
    if (order.tip_per_gas && *order.tip_per_gas > tip_max) {
        return refuse(fmt::format("the tip is {} agcc per gas, walletd.toml allows {} (tip_per_gas_max)",
                                  base::to_string(*order.tip_per_gas), base::to_string(tip_max)));
    }
    // The base fee is what the chain really takes; a tip is a gift. A node that suggests a large one gets none of it.
    fee.tip_per_gas = order.tip_per_gas ? *order.tip_per_gas : std::min({suggested_tip, *base_fee, tip_max});
    const auto least = base::checked_add(*base_fee, fee.tip_per_gas);
    const auto least_fee = least ? base::checked_mul(*least, fee.gas_limit) : std::nullopt;
    if (!least_fee) return no_estimate("beyond any balance");
    if (*least > config.fee_per_gas_max) {
        return refuse(fmt::format("the fee is {} agcc per gas, walletd.toml allows {} (fee_per_gas_max)",
                                  base::to_string(*least), config.fee_per_gas_max));
    }
    fee.max_fee_per_gas = std::min<ledger::Amount>(std::max(*suggested_max, *least), config.fee_per_gas_max);
    if (order.fee_max) {
        if (*least_fee > *order.fee_max) {
            return refuse(fmt::format("the fee may be {}, more than the {} that are allowed", gcc_text(*least_fee),
                                      gcc_text(*order.fee_max)));
        }
        // The estimate has room for a rising base fee; less of it still pays for a block.
        fee.max_fee_per_gas = std::min(fee.max_fee_per_gas, *order.fee_max / fee.gas_limit);
    }
    const auto max_fee = base::checked_mul(fee.max_fee_per_gas, fee.gas_limit);
    if (!max_fee) return no_estimate("beyond any balance");
    fee.max_fee = *max_fee;
    return fee;
}

}  // namespace walletd

#pragma once
// Errors of `ledger`: why a transaction or block is refused. (Why a transaction *in* a block had no effect is
// ExecStatus, in its receipt.)

#include <cstdint>

#include "base/result.hpp"

namespace ledger {

enum class Errc : std::int32_t {
    // Decoding and stateless checks.
    too_large = 1,        ///< Beyond kTxBytesMax, kBlockBytesMax, ….
    malformed,            ///< A field's value is not allowed: empty message list, bad symbol, bad text.
    bad_version,          ///< Transaction or block version unknown.
    unsupported_message,  ///< A reserved message tag that this version does not execute.
    unknown_message,      ///< A tag that no version knows.
    unsupported_scheme,   ///< A signature scheme that this version does not check.
    wrong_chain,          ///< Another genesis hash or chain id.
    wrong_signer,         ///< The key does not hash to the sender's address.
    bad_signature,
    bad_amount,    ///< Zero, or sums beyond 2^128-1.
    gas_too_low,   ///< gas_limit is below what its messages cost.
    gas_too_high,  ///< gas_limit is above tx_gas_limit_max().
    bad_fee,       ///< tip above max_fee_per_gas, or gas_limit × max_fee_per_gas overflows.
    // Against the state.
    nonce_too_low,   ///< Replayed or replaced.
    nonce_too_high,  ///< Not yet: earlier transactions of the sender are missing.
    expired,         ///< valid_until_height is behind.
    underfunded,     ///< Balance below gas_limit × max_fee_per_gas.
    fee_below_base,  ///< max_fee_per_gas is below the block's base fee.
    // Blocks.
    bad_parent,  ///< Not on top of the given parent: hash, height, epoch or slot.
    bad_time,    ///< Not later than the parent, or beyond kTimeMsMax.
    bad_header,  ///< A header field differs from what execution gives; the note names it.
    block_full,  ///< Gas, bytes or count beyond the block's bounds.
    not_head,    ///< commit() of a block whose parent is not the committed head.
    // Stored chain.
    corrupt_chain,   ///< Stored records contradict one another.
    unknown_height,  ///< No such block.
    history_pruned,  ///< Outside the history window.
    bad_genesis,
    // Runs that only read.
    run_stopped,  ///< Its zvm::Watch ended it.
};
const base::ErrorDomain& error_domain(Errc) noexcept;

}  // namespace ledger

#pragma once
// What may be signed at all. Every signature of an account's key passes through here: Signer calls it, and Keystore
// lets nobody but Signer sign. Whoever asks and over whichever door, the bounds are the same.

#include "ledger/types.hpp"
#include "walletd/signer.hpp"

namespace walletd {

/// Heights that a node may speak of: a block each microsecond would need nine years. What is far beyond any chain would
/// make a signature that never expires, and does not fit the journal.
inline constexpr std::uint64_t kHeightMax = std::uint64_t{1} << 48;
/// Highest `tx_valid_blocks`, and so the last block that anything may be signed for: kHeightMax and this.
inline constexpr std::uint64_t kTxValidBlocksMax = 1'000'000;

/// Tip and price per gas against walletd.toml, the fee against `order.fee_max`, the last block against what a chain can
/// reach. Pure. `over_bound`, `bad_transaction`.
base::Checked<void> check_bounds(const ledger::Tx& tx, const Config& config, const SignOrder& order);
/// Each address that a message names, against those that the wallet knows. Blocks on the wallet file. `look_alike`.
base::Checked<void> check_recipients(const ledger::Tx& tx, Keystore& keystore, Journal& journal,
                                     const SignOrder& order);

}  // namespace walletd

#pragma once
// The state transition: a pure function of the parent's state, a block's context and its transactions. No clock, no
// randomness, no threads, no I/O but reads through StateReader: the same input gives the same roots everywhere.
//
// Fees (EIP-1559): price = min(max_fee, base_fee + tip). gas_limit × price is set aside before the messages run, the
// unused part returned after. base_fee × gas_used is burned; the rest goes to the proposer when the block ends.
// Native gas is fixed per message, so a transaction whose gas_limit is too low for it never enters a block, and all of
// it is due, also when an early message fails (from rules version 3). What gas_limit leaves beyond it is there for what
// the messages add to the state and for contracts; a transaction that runs out of it burns the whole limit, one that
// fails otherwise pays for what it used.

#include <functional>
#include <span>
#include <vector>

#include "ledger/rules.hpp"
#include "ledger/signing.hpp"
#include "ledger/state.hpp"

namespace ledger {

/// Gas of a transaction's messages plus that of the transaction itself, and of an address's first one its account: due
/// whatever happens, so gas_limit covers it. What messages add to the state (balances, codes) and what contracts use
/// comes on top.
std::uint64_t native_gas(const Tx& tx, const Rules& rules) noexcept;
std::uint64_t native_gas(const Msg& msg, const Rules& rules) noexcept;
/// What a transaction uses at most without what its contracts do: native_gas and all that its messages may add to the
/// state. A gas_limit for everybody who runs nothing; the part that was not needed is returned.
std::uint64_t gas_bound(const Tx& tx, const Rules& rules) noexcept;

/// gas_limit × max_fee_per_gas. `bad_fee` on overflow.
base::Result<Amount> max_fee(const Tx& tx);
/// max_fee plus the GCC its messages send, burn or give to contracts: what a mempool must see covered. `bad_amount` on
/// overflow.
base::Result<Amount> max_cost(const Tx& tx);

/// Next block's base fee. Never below the floor.
Amount next_base_fee(const Params& params, Amount base_fee, std::uint64_t gas_used);

/// What the base fee may be after so many full blocks.
Amount base_fee_ceiling(const Params& params, Amount base_fee, unsigned blocks);

/// Checks that need no state and no signature: versions, bounds, texts, amounts, fee arithmetic, genesis hash, and the
/// gas that any rules ask for.
base::Result<void> check_form(const SignedTx& tx, const Hash& genesis_hash);

/// How a transaction stands to an account. `nonce_gap` > 0: valid once that many earlier ones are in.
struct TxStanding {
    std::uint64_t nonce_gap{};
};
struct TxContext {
    std::uint64_t height{};  ///< Of the block it would enter.
    Amount base_fee{};
    const Params& params;
};
/// Checks against the sender's state: `nonce_too_low`, `expired`, `underfunded`, `fee_below_base`, `gas_too_high`,
/// `gas_too_low`: native_gas() of these rules is not covered.
/// A future nonce is no error here; a block refuses it with `nonce_too_high`.
base::Result<TxStanding> check_state(const Tx& tx, const Account& account, Amount gcc_balance,
                                     const TxContext& context);

/// What the transactions of a block can know about it.
struct BlockContext {
    std::uint64_t height{};
    std::uint64_t time_ms{};
    Address proposer;
    Amount base_fee{};
};

/// What to do with a transaction that is not valid at its place.
enum class OnInvalid {
    refuse_block,  ///< Checking somebody's block: the block is invalid.
    skip,          ///< Making a block: leave it out and report it.
};

/// A sender or receiver of GCC as a block leaves it.
struct TouchedAccount {
    Address address;
    std::uint64_t nonce{};
    Amount gcc_balance{};
};

struct BlockResult {
    std::vector<VerifiedTx> txs;  ///< Those that are in, in order.
    std::vector<Receipt> receipts;
    StateWrites writes;
    std::vector<TouchedAccount> touched;  ///< Sorted by address.
    std::uint64_t gas_used{};
    Amount base_fee_burned{};
    Amount tips{};
    Params params;           ///< After this block: the next one's.
    Amount next_base_fee{};  ///< By these.
    struct Skipped {
        Hash tx_id;
        base::Error error;  ///< `block_full`: try again in the next block.
    };
    std::vector<Skipped> skipped;
};

class ContractEngine;  // contracts.hpp

/// Where a block in the making gets its transactions: one after the other, each told what became of it. So a block is
/// filled by gas that was used, not by gas that was asked for.
class TxSource {
 public:
    virtual ~TxSource() = default;
    /// The next to try in a block that has used so much gas; null ends the block. Borrowed until the next call.
    virtual const VerifiedTx* next(std::uint64_t gas_used) = 0;
    virtual void included(std::uint64_t gas_used) = 0;
    /// It cannot stand at this place, and left no trace. `block_full`: nothing is wrong with it, there is no room.
    virtual void refused(const base::Error& error) = 0;
};

/// What the chain itself does when a block's transactions are done. Part of the rules: a pure function of context and
/// state. For tests, until messages change parameters.
using BlockEnd = std::function<base::Result<void>(const BlockContext& context, Overlay& state)>;

/// Makes a block of what `source` gives, until it gives no more. Errors are the reader's.
base::Result<BlockResult> build_block(const StateReader& parent, const BlockContext& context, TxSource& source,
                                      ContractEngine& engine, const BlockEnd& end = {});

/// Runs the transactions in order. Bounds: block_gas_limit (gas used before it and its gas_limit), kBlockTxsMax,
/// kBlockBytesMax. `engine` only saves time: null makes one for this block.
base::Result<BlockResult> execute_block(const StateReader& parent, const BlockContext& context,
                                        std::span<const VerifiedTx> txs, OnInvalid on_invalid,
                                        ContractEngine* engine = nullptr, const BlockEnd& end = {});

}  // namespace ledger

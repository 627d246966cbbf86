#pragma once
// The finalized chain on disk and the unfinalized blocks above it in memory.
//
//   propose()/execute() ─▶ ExecutedBlock ─▶ ExecutedBlock ─▶ …     in memory, a tree of candidates
//                              │ commit(): one synced batch
//                              ▼
//   flat state · tree nodes · block · receipts · tx index · head    RocksDB
//
// Threads: one thread executes, one (the same or another) commits, in height order; an execution on top of a block may
// run while that block is being committed. Views are immutable and for any thread.

#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "ledger/contracts.hpp"
#include "ledger/execute.hpp"
#include "ledger/genesis.hpp"
#include "store/jmt.hpp"
#include "store/kv.hpp"

namespace ledger {

/// BLAKE3, as the state tree uses it.
store::JmtHashFn state_hash_fn() noexcept;

struct ChainOptions {
    std::filesystem::path path;
    std::uint64_t history_heights = 1024;  ///< Proofs reach this far back; older tree nodes are pruned.
    bool create_if_missing = true;
    bool read_only_when_full = false;                            ///< As store::KvOptions.
    std::uint64_t memory_bytes = store::default_memory_bytes();  ///< As store::KvOptions.
    std::size_t node_cache_count = 24'576;                       ///< Tree records held decoded, about 2 KB each.
    std::size_t value_cache_count = 262'144;  ///< State values held, about 200 B each; longer ones count for several.
    ContractEngine::Options contracts;
    BlockEnd block_end;  ///< For tests.
};

/// The newest finalized block.
struct Head {
    BlockHeader header;
    Hash hash{};
    Amount next_base_fee{};   ///< Of the block that comes next.
    Params params;            ///< Of the block that comes next.
    Hash certificate_hash{};  ///< What the next header's parent_cert_hash must be when it builds on this one.
};

/// What a proposer decides; the rest of the header follows from the parent and from execution.
struct BlockProposal {
    std::uint64_t epoch{};
    std::uint64_t slot{};
    std::uint64_t time_ms{};
    Address proposer;
    Hash parent_cert_hash{};
    std::vector<VerifiedTx> txs;  ///< For propose() without a source.
};

/// What a header must be on top of its parent, whatever its transactions do: `bad_header` (version), `wrong_chain`,
/// `bad_parent` (height, epoch, slot), `bad_time`. Pure: whether the time is now is for whoever received it
/// (consensus/header_time.hpp).
base::Result<void> check_header(const BlockHeader& header, const BlockHeader& parent);

/// A block with its effects, not yet durable. Immutable; any thread may read it.
class ExecutedBlock {
 public:
    virtual ~ExecutedBlock() = default;
    [[nodiscard]] const BlockHeader& header() const noexcept { return header_; }
    [[nodiscard]] const Hash& hash() const noexcept { return hash_; }
    [[nodiscard]] const std::vector<VerifiedTx>& txs() const noexcept { return txs_; }
    [[nodiscard]] const std::vector<Receipt>& receipts() const noexcept { return receipts_; }
    [[nodiscard]] Amount next_base_fee() const noexcept { return next_base_fee_; }
    /// After this block.
    [[nodiscard]] const Params& params() const noexcept { return params_; }
    /// Left out by propose(), with the reason.
    [[nodiscard]] const std::vector<BlockResult::Skipped>& skipped() const noexcept { return skipped_; }
    /// BCS of the Block.
    [[nodiscard]] base::Bytes encoded() const;
    /// Account and GCC balance after this block of every address whose account or GCC it touched.
    using Touched = TouchedAccount;
    [[nodiscard]] const std::vector<Touched>& touched() const noexcept { return touched_; }
    /// About the bytes of memory that it takes once it is final: what it changes is let go of then.
    [[nodiscard]] std::size_t memory_bytes() const noexcept { return memory_bytes_; }

 protected:
    BlockHeader header_;
    Hash hash_{};
    std::vector<VerifiedTx> txs_;
    std::vector<Receipt> receipts_;
    Amount next_base_fee_{};
    Params params_;
    std::vector<BlockResult::Skipped> skipped_;
    std::vector<Touched> touched_;
    std::size_t memory_bytes_ = 0;
};
using ExecutedBlockPtr = std::shared_ptr<const ExecutedBlock>;

struct StoredTx {
    std::uint64_t height{};
    std::uint32_t index{};
    Hash block_hash{};
    SignedTx tx;
    base::Bytes raw;  ///< encode(tx)
    Receipt receipt;
};
struct StoredBlock {
    BlockHeader header;
    Hash hash{};
    base::Bytes raw_header;
    std::vector<base::Bytes> raw_txs;  ///< encode(SignedTx) each; decode_signed_tx() succeeds on them.
    std::vector<Receipt> receipts;
};
struct AssetBalance {
    AssetId id;
    Asset asset;
    Amount amount{};
};
struct StateProof {
    std::optional<base::Bytes> value;  ///< Nothing: the proof shows absence.
    store::JmtProof proof;
    BlockHeader header;  ///< proof.verify(state_hash_fn(), header.state_root, key, value) succeeds.
};
/// A place in an address's history: read on with `before`.
struct HistoryEntry {
    std::uint64_t height{};
    std::uint32_t index{};
    Hash tx_id{};
};

/// The finalized chain at one moment. Holds back disk reclamation: let go of it after use.
class ChainView {
 public:
    virtual ~ChainView() = default;
    [[nodiscard]] virtual const Head& head() const noexcept = 0;

    [[nodiscard]] virtual base::Result<Account> account(const Address& address) const = 0;
    [[nodiscard]] virtual base::Result<Amount> balance(const Address& address, const AssetId& asset) const = 0;
    /// At most `limit`, by asset id; GCC first.
    [[nodiscard]] virtual base::Result<std::vector<AssetBalance>> balances(const Address& address,
                                                                           std::size_t limit) const = 0;
    [[nodiscard]] virtual base::Result<std::optional<Asset>> asset(const AssetId& id) const = 0;
    [[nodiscard]] virtual base::Result<Amount> supply(const AssetId& id) const = 0;
    [[nodiscard]] virtual base::Result<std::optional<base::Bytes>> state(std::string_view key) const = 0;

    /// `unknown_height` above the head, `history_pruned` below the window.
    [[nodiscard]] virtual base::Result<StateProof> prove(std::string_view key, std::uint64_t height) const = 0;

    /// `unknown_height` when there is none.
    [[nodiscard]] virtual base::Result<BlockHeader> header(std::uint64_t height) const = 0;
    [[nodiscard]] virtual base::Result<StoredBlock> block(std::uint64_t height) const = 0;
    [[nodiscard]] virtual base::Result<std::optional<std::uint64_t>> height_of(const Hash& block_hash) const = 0;
    /// Empty when the block has none.
    [[nodiscard]] virtual base::Result<base::Bytes> certificate(std::uint64_t height) const = 0;

    [[nodiscard]] virtual base::Result<std::optional<StoredTx>> tx(const Hash& tx_id) const = 0;
    /// Transactions that an address sent or that paid it, newest first, strictly before (height, index).
    [[nodiscard]] virtual base::Result<std::vector<HistoryEntry>> history(const Address& address,
                                                                          std::optional<HistoryEntry> before,
                                                                          std::size_t limit) const = 0;
    /// Heights from `from` on, ascending, at which this contract (any, when not given) emitted events.
    [[nodiscard]] virtual base::Result<std::vector<std::uint64_t>> event_heights(const std::optional<Address>& contract,
                                                                                 std::uint64_t from,
                                                                                 std::size_t limit) const = 0;
};

/// A view as what execution reads, to run contracts on it. Borrows the view.
class ViewReader final : public StateReader {
 public:
    explicit ViewReader(const ChainView& view) noexcept : view_{view} {}
    base::Result<std::optional<base::Bytes>> read(std::string_view key) const override { return view_.state(key); }

 private:
    const ChainView& view_;
};

struct VerifyReport {
    std::uint64_t blocks{};
    std::uint64_t keys{};
    std::uint64_t txs{};
    Hash state_root{};
};

class ChainState {
 public:
    /// Opens the chain of this genesis, or makes it. The text of an error names the path: another chain's database,
    /// a corrupt or locked one, a folder that cannot be written. The genesis is read here only. Making a chain takes
    /// memory for 65 bytes an account beside the genesis; a folder in which it was interrupted is finished.
    static base::Checked<std::unique_ptr<ChainState>> open(const ChainOptions& options, const Genesis& genesis);
    ~ChainState();

    [[nodiscard]] const ChainBinding& binding() const noexcept;
    [[nodiscard]] std::shared_ptr<const Head> head() const;
    [[nodiscard]] std::shared_ptr<const ChainView> view() const;
    /// What contracts run with; for queries and simulations on views, too.
    [[nodiscard]] ContractEngine& contracts() const noexcept;

    /// Makes a block on top of `parent` (null: the head), leaving out what is not valid there. `bad_parent` when the
    /// finalized chain went another way meanwhile; so for execute().
    base::Result<ExecutedBlockPtr> propose(const BlockProposal& proposal, const ExecutedBlockPtr& parent = nullptr);
    /// The same of what `source` gives; proposal.txs is ignored.
    base::Result<ExecutedBlockPtr> propose(const BlockProposal& proposal, TxSource& source,
                                           const ExecutedBlockPtr& parent = nullptr);
    /// Checks and executes somebody's block: `txs` are its transactions, verified, in order.
    base::Result<ExecutedBlockPtr> execute(const BlockHeader& header, std::span<const VerifiedTx> txs,
                                           const ExecutedBlockPtr& parent = nullptr);
    /// Makes it the head: durable when this returns. `not_head` unless its parent is the head. After a store error
    /// (disk full, …) nothing further is accepted until the chain is opened again; what was committed stays.
    base::Result<void> commit(const ExecutedBlockPtr& block, base::ByteView certificate);

    /// `tip` and what is below it down to the finalized head, newest first; empty when `tip` is null or final.
    [[nodiscard]] std::vector<ExecutedBlockPtr> unfinalized(const ExecutedBlockPtr& tip) const;

    [[nodiscard]] bool poisoned() const noexcept;
    /// The disk had no room to open the chain for writing: reads go on, commit() says `disk_full`.
    [[nodiscard]] bool read_only() const noexcept;
    [[nodiscard]] const std::filesystem::path& path() const noexcept;
    [[nodiscard]] std::uint64_t disk_bytes() const;
    [[nodiscard]] std::uint64_t memory_bytes() const;
    base::Checked<void> checkpoint(const std::filesystem::path& target) const;

    /// Recomputes the state root from the flat state, sums every asset's balances against its supply, and walks all
    /// blocks: parent links, hashes, transaction and receipt roots, indexes. Slow; call on a quiet chain.
    /// The text of an error says what disagrees with what.
    base::Checked<VerifyReport> verify() const;

    /// Every state record in key order, for export. Return false to stop.
    base::Result<void> for_each_state(
        const std::function<bool(std::string_view key, base::ByteView value)>& visit) const;

 private:
    struct Impl;
    explicit ChainState(std::unique_ptr<Impl> impl);
    std::unique_ptr<Impl> impl_;
};

}  // namespace ledger

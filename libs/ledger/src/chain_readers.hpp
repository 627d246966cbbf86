#pragma once
// Where execution reads: unfinalized blocks in memory, then caches, then the database.

#include <memory>
#include <mutex>

#include "bounded_cache.hpp"
#include "ledger/chain_state.hpp"

namespace ledger {

/// Reads tree records from the database as they are.
class KvNodeReader final : public store::JmtReader {
 public:
    explicit KvNodeReader(const store::KvReader& kv) noexcept : kv_{kv} {}
    base::Result<store::JmtNodePtr> read_node(const store::NodeKey& key) override;

 private:
    const store::KvReader& kv_;
};

/// Finalized state with caches before it. Any thread.
class BaseReader final : public StateReader, public store::JmtReader {
 public:
    BaseReader(const store::KvReader& kv, const ChainOptions& options)
        : kv_{kv}, nodes_{options.node_cache_count}, values_{options.value_cache_count} {}

    base::Result<std::optional<base::Bytes>> read(std::string_view key) const override;
    base::Result<store::JmtNodePtr> read_node(const store::NodeKey& key) override;
    /// These are in the database now.
    void committed(const StateWrites& writes, const store::JmtUpdate& tree);

 private:
    const store::KvReader& kv_;
    mutable std::mutex mutex_;
    std::uint64_t commits_ = 0;  ///< A value read before a commit must not enter the cache after it.
    BoundedCache<store::NodeKey, store::JmtNodePtr, store::NodeKeyHash> nodes_;
    mutable BoundedCache<std::string, std::optional<base::Bytes>> values_;
};

/// What a block changes. By far the largest part of it, and in the database once the block is final.
struct Effects {
    StateWrites writes;
    store::JmtUpdate tree;
    std::vector<base::Digest> changed_hashes;  ///< Key hash of each write.
    base::Bytes raw_header;
    std::vector<base::Bytes> raw_receipts;

    [[nodiscard]] store::JmtNodePtr find_node(const store::NodeKey& key) const;

 private:
    mutable std::once_flag index_once_;
    using NodeIndex =  // keyed: NodeKeyHash
        std::unordered_map<store::NodeKey, store::JmtNodePtr, store::NodeKeyHash>;
    mutable NodeIndex node_index_;
};
using EffectsPtr = std::shared_ptr<const Effects>;

/// The one implementation of ExecutedBlock.
class ExecutedImpl final : public ExecutedBlock {
 public:
    void fill(BlockHeader header, BlockResult&& result);
    /// For who makes the block, before anybody else has it.
    [[nodiscard]] Effects& making() noexcept { return *made_; }
    /// Completes the header from what execution gave and from the tree's root, and hashes it.
    void seal(const base::Digest& state_root);

    [[nodiscard]] std::shared_ptr<const ExecutedImpl> parent() const {
        const std::scoped_lock lock{mutex_};
        return parent_;
    }
    void set_parent(std::shared_ptr<const ExecutedImpl> parent) const {
        const std::scoped_lock lock{mutex_};
        parent_.swap(parent);
    }
    /// Null once released.
    [[nodiscard]] EffectsPtr effects() const {
        const std::scoped_lock lock{mutex_};
        return made_;
    }
    /// Forgets its effects and its parent: both are in the database. Gives the effects, for whoever calls to drop them
    /// where nobody waits.
    [[nodiscard]] EffectsPtr release() const {
        const std::scoped_lock lock{mutex_};
        parent_.reset();
        return std::exchange(made_, nullptr);
    }

 private:
    mutable std::mutex mutex_;  ///< Guards the two below.
    mutable std::shared_ptr<const ExecutedImpl> parent_;
    mutable std::shared_ptr<Effects> made_;
};
using ExecutedImplPtr = std::shared_ptr<const ExecutedImpl>;

/// The state after an unfinalized block, or the finalized state when `top` is null. What it found unfinalized it holds:
/// a commit meanwhile takes nothing from under it.
class LayeredReader final : public StateReader, public store::JmtReader {
 public:
    LayeredReader(const ExecutedImplPtr& top, BaseReader& base);
    base::Result<std::optional<base::Bytes>> read(std::string_view key) const override;
    base::Result<store::JmtNodePtr> read_node(const store::NodeKey& key) override;

 private:
    std::vector<EffectsPtr> layers_;  ///< Newest first.
    BaseReader& base_;
};

}  // namespace ledger

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

/// The one implementation of ExecutedBlock.
class ExecutedImpl final : public ExecutedBlock {
 public:
    StateWrites writes;
    store::JmtUpdate tree;
    std::vector<base::Digest> changed_hashes;  ///< Key hash of each write.
    base::Bytes raw_header;
    std::vector<base::Bytes> raw_receipts;

    void fill(BlockHeader header, BlockResult&& result);
    void seal();

    [[nodiscard]] std::shared_ptr<const ExecutedImpl> parent() const {
        const std::scoped_lock lock{parent_mutex_};
        return parent_;
    }
    /// Forgets the parent once that is in the database.
    void set_parent(std::shared_ptr<const ExecutedImpl> parent) const {
        const std::scoped_lock lock{parent_mutex_};
        parent_.swap(parent);
    }
    [[nodiscard]] store::JmtNodePtr find_node(const store::NodeKey& key) const;

 private:
    mutable std::mutex parent_mutex_;
    mutable std::shared_ptr<const ExecutedImpl> parent_;
    mutable std::once_flag index_once_;
    using NodeIndex =  // keyed: NodeKeyHash
        std::unordered_map<store::NodeKey, store::JmtNodePtr, store::NodeKeyHash>;
    mutable NodeIndex node_index_;
};
using ExecutedImplPtr = std::shared_ptr<const ExecutedImpl>;

/// The state after an unfinalized block, or the finalized state when `top` is null.
class LayeredReader final : public StateReader, public store::JmtReader {
 public:
    LayeredReader(ExecutedImplPtr top, BaseReader& base) : top_{std::move(top)}, base_{base} {}
    base::Result<std::optional<base::Bytes>> read(std::string_view key) const override;
    base::Result<store::JmtNodePtr> read_node(const store::NodeKey& key) override;

 private:
    ExecutedImplPtr top_;
    BaseReader& base_;
};

}  // namespace ledger

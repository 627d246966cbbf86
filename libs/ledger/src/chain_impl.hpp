#pragma once
// The inside of ChainState.

#include <functional>
#include <mutex>

#include "chain_readers.hpp"
#include "chain_view.hpp"

namespace ledger {

struct ChainState::Impl {
    Impl(const ChainOptions& chain_options, ChainBinding chain, std::unique_ptr<store::KvStore> store);

    /// Reads the head, or writes block 0.
    base::Checked<void> load(const Genesis& genesis);
    using Execution = std::function<base::Result<BlockResult>(const StateReader&, const BlockContext&)>;
    base::Result<ExecutedBlockPtr> run(const BlockHeader& wanted, const ExecutedBlockPtr& parent,
                                       const Execution& execution);
    [[nodiscard]] base::Result<void> check_binding(std::span<const VerifiedTx> txs) const;
    base::Result<void> commit(const ExecutedBlockPtr& block, base::ByteView certificate);

    [[nodiscard]] std::shared_ptr<const Head> head() const {
        const std::scoped_lock lock{head_mutex};
        return current_head;
    }
    [[nodiscard]] std::shared_ptr<const ChainView> view() const {
        const std::scoped_lock lock{head_mutex};
        return current_view;
    }

    const ChainOptions options;
    const ChainBinding binding;
    std::unique_ptr<store::KvStore> kv;
    store::Jmt tree{state_hash_fn()};
    BaseReader base_reader;
    ContractEngine contracts;

 private:
    base::Result<void> write_genesis(const Genesis& genesis);
    base::Result<void> read_head();
    base::Result<store::JmtUpdate> update_tree(store::JmtReader& reader, std::uint64_t base_version,
                                               std::uint64_t version, const StateWrites& writes,
                                               std::vector<base::Digest>& changed_hashes) const;
    void put_block(store::Batch& batch, const ExecutedImpl& block, const Effects& effects,
                   base::ByteView certificate) const;
    void put_state(store::Batch& batch, std::uint64_t height, const Effects& effects) const;
    base::Result<void> put_pruning(store::Batch& batch, std::uint64_t height, std::uint64_t& oldest) const;
    void publish(Head head, std::uint64_t oldest, const ExecutedImpl* committed);

    std::mutex commit_mutex;
    mutable std::mutex head_mutex;  ///< Guards the three below.
    std::shared_ptr<const Head> current_head;
    std::shared_ptr<const ChainView> current_view;
    std::uint64_t oldest_tree = 0;
};

}  // namespace ledger

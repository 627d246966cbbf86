#include "chain_readers.hpp"

namespace ledger {
namespace {

/// Most records are short; slots and code of contracts need not be.
std::size_t weight_of(const std::optional<base::Bytes>& value) {
    constexpr std::size_t kTypicalBytes = 128;
    return 1 + (value ? value->size() / kTypicalBytes : 0);
}

}  // namespace

base::Result<store::JmtNodePtr> KvNodeReader::read_node(const store::NodeKey& key) {
    GC_TRY(const auto bytes, kv_.get(store::Family::node, key.encode()));
    if (!bytes) return base::fail(store::Errc::missing_node, "database");
    GC_TRY(const auto node, store::JmtNode::decode(*bytes, state_hash_fn()));
    return std::make_shared<const store::JmtNode>(node);
}

base::Result<std::optional<base::Bytes>> BaseReader::read(std::string_view key) const {
    const std::string owned{key};
    std::uint64_t commits = 0;
    {
        const std::scoped_lock lock{mutex_};
        if (const auto* value = values_.find(owned)) return *value;
        commits = commits_;
    }
    GC_TRY(auto value, kv_.get(store::Family::flat, base::as_bytes(key)));
    const std::scoped_lock lock{mutex_};
    if (commits == commits_) values_.put(owned, value, weight_of(value));
    return value;
}

base::Result<store::JmtNodePtr> BaseReader::read_node(const store::NodeKey& key) {
    {
        const std::scoped_lock lock{mutex_};
        if (const auto* node = nodes_.find(key)) return *node;
    }
    GC_TRY(auto node, KvNodeReader{kv_}.read_node(key));
    const std::scoped_lock lock{mutex_};
    nodes_.put(key, node);
    return node;
}

void BaseReader::committed(const StateWrites& writes, const store::JmtUpdate& tree) {
    const std::scoped_lock lock{mutex_};
    ++commits_;
    for (const auto& [key, change] : writes) values_.put(key, change.after, weight_of(change.after));
    for (const auto& key : tree.stale) nodes_.erase(key);
    for (const auto& [key, node] : tree.nodes) nodes_.put(key, node);
}

void ExecutedImpl::fill(BlockHeader header, BlockResult&& result) {
    header_ = std::move(header);
    txs_ = std::move(result.txs);
    receipts_ = std::move(result.receipts);
    next_base_fee_ = result.next_base_fee;
    params_ = result.params;
    skipped_ = std::move(result.skipped);
    touched_ = std::move(result.touched);
    made_ = std::make_shared<Effects>();
    made_->writes = std::move(result.writes);
}

void ExecutedImpl::seal(const base::Digest& state_root) {
    memory_bytes_ = sizeof(ExecutedImpl) + skipped_.size() * sizeof(BlockResult::Skipped) +
                    touched_.size() * sizeof(TouchedAccount);
    std::vector<base::ByteView> items;
    items.reserve(txs_.size());
    for (const auto& tx : txs_) {
        items.push_back(tx.encoded());
        // Encoded, and decoded: code, inputs and texts are at most as long as they are encoded.
        memory_bytes_ += sizeof(SignedTx) + tx.tx().msgs.size() * sizeof(Msg) + 2 * tx.encoded().size();
    }
    header_.tx_root = ledger::tx_root(items);
    auto& raw_receipts = made_->raw_receipts;
    raw_receipts.reserve(receipts_.size());
    for (const auto& receipt : receipts_) {
        raw_receipts.push_back(encode(receipt));
        memory_bytes_ += sizeof(Receipt) + receipt.events.size() * sizeof(Event) + raw_receipts.back().size();
    }
    items.assign(raw_receipts.begin(), raw_receipts.end());
    header_.receipts_root = ledger::receipts_root(items);
    header_.state_root = state_root;
    made_->raw_header = encode(header_);
    hash_ = block_hash(header_);
}

store::JmtNodePtr Effects::find_node(const store::NodeKey& key) const {
    // Most blocks are committed before anything is built on them: index only when asked.
    std::call_once(index_once_, [this] { node_index_.insert(tree.nodes.begin(), tree.nodes.end()); });
    const auto at = node_index_.find(key);
    return at == node_index_.end() ? nullptr : at->second;
}

base::Bytes ExecutedBlock::encoded() const {
    std::vector<base::ByteView> items;
    items.reserve(txs_.size());
    for (const auto& tx : txs_) items.push_back(tx.encoded());
    return encode_block(header_, items);
}

LayeredReader::LayeredReader(const ExecutedImplPtr& top, BaseReader& base) : base_{base} {
    for (auto layer = top; layer; layer = layer->parent()) {
        auto effects = layer->effects();
        if (!effects) break;  // Committed meanwhile, with everything below it.
        layers_.push_back(std::move(effects));
    }
}

base::Result<std::optional<base::Bytes>> LayeredReader::read(std::string_view key) const {
    if (!layers_.empty()) {
        const std::string owned{key};
        for (const auto& layer : layers_) {
            if (const auto at = layer->writes.find(owned); at != layer->writes.end()) return at->second.after;
        }
    }
    return base_.read(key);
}

base::Result<store::JmtNodePtr> LayeredReader::read_node(const store::NodeKey& key) {
    for (const auto& layer : layers_) {
        if (auto node = layer->find_node(key)) return node;
    }
    return base_.read_node(key);
}

}  // namespace ledger

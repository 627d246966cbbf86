#pragma once
// Hashes and an in-memory node store for the tree's tests.

#include <openssl/sha.h>

#include <unordered_map>

#include "store/jmt.hpp"

namespace store::test {

inline base::Digest sha256(std::span<const base::ByteView> parts) noexcept {
    base::Bytes joined;
    for (const auto part : parts) joined.insert(joined.end(), part.begin(), part.end());
    base::Digest out;
    SHA256(base::as_u8(base::ByteView{joined}), joined.size(), base::as_u8(base::MutableBytes{out}));
    return out;
}

inline std::span<const std::byte> text(std::string_view value) { return base::as_bytes(value); }

class MemoryNodes final : public JmtReader {
 public:
    base::Result<JmtNodePtr> read_node(const NodeKey& key) override {
        const auto at = records_.find(key);
        if (at == records_.end()) return base::fail(Errc::missing_node);
        ++reads;
        // Through the bytes, so that every test is a test of the codec as well.
        GC_TRY(auto node, JmtNode::decode(at->second, &sha256));
        return std::make_shared<const JmtNode>(std::move(node));
    }
    void write(const JmtUpdate& update) {
        for (const auto& [key, node] : update.nodes) records_[key] = node->encode();
    }
    void prune(const std::vector<NodeKey>& stale) {
        for (const auto& key : stale) pruned_missing += records_.erase(key) == 1 ? 0 : 1;
    }
    [[nodiscard]] std::size_t size() const { return records_.size(); }
    std::size_t reads = 0;
    std::size_t pruned_missing = 0;

 private:
    std::unordered_map<NodeKey, base::Bytes, NodeKeyHash> records_;
};

}  // namespace store::test

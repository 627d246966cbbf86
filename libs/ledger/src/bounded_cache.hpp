#pragma once
// A map that forgets: entries of at most `capacity` weight together (1 each unless put() says more), the least recently
// used half goes first. Two generations instead of a list: a hit in the old one moves the entry to the young one; when
// the young one has half the capacity it becomes the old one and the old one is dropped. No bookkeeping per entry.

#include <utility>

#include "base/keyed_hash.hpp"

namespace ledger {

template <typename Key, typename Value, typename Hash = base::KeyedHash<Key>>
class BoundedCache {
 public:
    explicit BoundedCache(std::size_t capacity) : half_{capacity / 2 + 1} {}

    /// Null when absent; valid until the next change.
    const Value* find(const Key& key) {
        if (const auto at = young_.find(key); at != young_.end()) return &at->second.value;
        const auto at = old_.find(key);
        if (at == old_.end()) return nullptr;
        auto node = old_.extract(at);
        make_room();
        weight_ += node.mapped().weight;
        return &young_.insert(std::move(node)).position->second.value;
    }
    /// What alone outweighs half the capacity is not kept.
    void put(const Key& key, Value value, std::size_t weight = 1) {
        erase(key);
        if (weight > half_) return;
        make_room();
        weight_ += weight;
        young_.emplace(key, Entry{std::move(value), weight});
    }
    void erase(const Key& key) {
        if (const auto at = young_.find(key); at != young_.end()) {
            weight_ -= at->second.weight;
            young_.erase(at);
        }
        old_.erase(key);
    }
    [[nodiscard]] std::size_t size() const noexcept { return young_.size() + old_.size(); }

 private:
    struct Entry {
        Value value;
        std::size_t weight;
    };
    using Map = std::unordered_map<Key, Entry, Hash>;  // keyed: by default, and by NodeKeyHash
    void make_room() {
        if (weight_ < half_) return;
        old_ = std::exchange(young_, Map{});
        weight_ = 0;
    }
    std::size_t half_;
    std::size_t weight_ = 0;  ///< Of the young ones.
    Map young_;
    Map old_;
};

}  // namespace ledger

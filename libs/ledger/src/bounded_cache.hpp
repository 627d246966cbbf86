#pragma once
// A map that forgets: at most `capacity` entries, the least recently used half goes first.
// Two generations instead of a list: a hit in the old one moves the entry to the young one; when the young one has
// half the capacity it becomes the old one and the old one is dropped. No bookkeeping per entry.

#include <unordered_map>
#include <utility>

namespace ledger {

template <typename Key, typename Value, typename Hash = std::hash<Key>>
class BoundedCache {
 public:
    explicit BoundedCache(std::size_t capacity) : half_{capacity / 2 + 1} {}

    /// Null when absent; valid until the next change.
    const Value* find(const Key& key) {
        if (const auto at = young_.find(key); at != young_.end()) return &at->second;
        const auto at = old_.find(key);
        if (at == old_.end()) return nullptr;
        auto node = old_.extract(at);
        make_room();
        return &young_.insert(std::move(node)).position->second;
    }
    void put(const Key& key, Value value) {
        old_.erase(key);
        if (const auto at = young_.find(key); at != young_.end()) {
            at->second = std::move(value);
            return;
        }
        make_room();
        young_.emplace(key, std::move(value));
    }
    void erase(const Key& key) {
        young_.erase(key);
        old_.erase(key);
    }
    [[nodiscard]] std::size_t size() const noexcept { return young_.size() + old_.size(); }

 private:
    using Map = std::unordered_map<Key, Value, Hash>;
    void make_room() {
        if (young_.size() < half_) return;
        old_ = std::exchange(young_, Map{});
    }
    std::size_t half_;
    Map young_;
    Map old_;
};

}  // namespace ledger

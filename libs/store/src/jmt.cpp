#include "store/jmt.hpp"

#include <algorithm>
#include <bit>

#include "jmt_hash.hpp"

namespace store {
namespace {

using Kind = JmtChild::Kind;

JmtChild make_leaf(JmtHashFn hash, const JmtWrite& write) {
    return {.kind = Kind::leaf,
            .hash = leaf_hash(hash, write.key_hash, *write.value_hash),
            .key_hash = write.key_hash,
            .value_hash = *write.value_hash};
}

NodeKey child_path(const NodeKey& parent, unsigned nibble) {
    auto key = parent;
    auto& byte = key.path[key.nibbles / 2U];
    byte |= static_cast<std::byte>(key.nibbles % 2 == 0 ? nibble << 4U : nibble);
    ++key.nibbles;
    return key;
}

/// One update of one tree. `at` always carries the new version. Finished records are kept, or given to a sink.
class Updater {
 public:
    Updater(JmtHashFn hash, JmtReader& reader, std::size_t writes) : hash_{hash}, reader_{&reader} {
        update_.nodes.reserve(writes * 2 + 8);
        update_.stale.reserve(writes * 2 + 8);
    }
    /// For a tree from nothing.
    Updater(JmtHashFn hash, const Jmt::NodeSink& sink) : hash_{hash}, sink_{&sink} {}

    base::Result<JmtChild> change(const JmtChild& child, const NodeKey& at, std::span<const JmtWrite> writes) {
        if (writes.empty()) return child;
        switch (child.kind) {
            case Kind::none: return grow(at, JmtChild{}, writes);
            case Kind::leaf: return change_leaf(child, at, writes);
            case Kind::node: return change_record(child, at, writes);
        }
        std::unreachable();
    }

    JmtUpdate take() && { return std::move(update_); }
    base::Result<void> add(const NodeKey& key, JmtNodePtr node) {
        if (sink_) return (*sink_)(key, *node);
        update_.nodes.emplace_back(key, std::move(node));
        return {};
    }
    /// Each version has a root record of its own, also when the tree has at most one leaf.
    base::Result<void> add_single_root(const NodeKey& at, const JmtChild& single) {
        auto record = std::make_shared<JmtNode>();
        record->is_root_single = true;
        record->single = single;
        return add(at, std::move(record));
    }
    void make_stale(const NodeKey& key) { update_.stale.push_back(key); }

 private:
    base::Result<JmtChild> change_leaf(const JmtChild& leaf, const NodeKey& at, std::span<const JmtWrite> writes) {
        const auto same = std::find_if(writes.begin(), writes.end(),
                                       [&leaf](const JmtWrite& write) { return write.key_hash == leaf.key_hash; });
        if (same == writes.end()) return grow(at, leaf, writes);
        if (writes.size() == 1 && same->value_hash == leaf.value_hash) return leaf;
        return grow(at, JmtChild{}, writes);
    }

    /// A subtree from nothing but `kept` (a leaf that stays, or none) and the insertions among `writes`.
    base::Result<JmtChild> grow(const NodeKey& at, const JmtChild& kept, std::span<const JmtWrite> writes) {
        std::size_t leaves = kept.kind == Kind::leaf ? 1 : 0;
        const JmtWrite* only = nullptr;
        for (const auto& write : writes) {
            if (!write.value_hash) continue;
            ++leaves;
            only = &write;
        }
        if (leaves == 0) return JmtChild{};
        if (leaves == 1) return only ? make_leaf(hash_, *only) : kept;
        auto node = std::make_shared<JmtNode>();
        const std::size_t depth = at.nibbles;
        const auto kept_slot = kept.kind == Kind::leaf ? nibble_at(kept.key_hash, depth) : 16U;
        for (unsigned nibble = 0; nibble < 16; ++nibble) {
            const auto group = take_group(writes, depth, nibble);
            const auto& keep_here = nibble == kept_slot ? kept : kNothing;
            if (group.empty() && nibble != kept_slot) continue;
            GC_TRY(node->children[nibble], grow(child_path(at, nibble), keep_here, group));
        }
        return finish(at, std::move(node));
    }

    base::Result<JmtChild> change_record(const JmtChild& child, const NodeKey& at, std::span<const JmtWrite> writes) {
        auto old_key = at;
        old_key.version = child.version;
        GC_TRY(const auto old, reader_->read_node(old_key));
        if (old->is_root_single) return base::fail(Errc::corrupt, "root record inside the tree");
        auto node = std::make_shared<JmtNode>(*old);
        bool changed = false;
        for (unsigned nibble = 0; nibble < 16; ++nibble) {
            const auto group = take_group(writes, at.nibbles, nibble);
            if (group.empty()) continue;
            auto& slot = node->children[nibble];
            GC_TRY(auto next, change(slot, child_path(at, nibble), group));
            if (next == slot) continue;
            slot = next;
            changed = true;
        }
        if (!changed) return child;
        make_stale(old_key);
        return finish(at, std::move(node));
    }

    /// The writes whose next nibble is `nibble`, taken off the front: they are sorted.
    static std::span<const JmtWrite> take_group(std::span<const JmtWrite>& writes, std::size_t depth, unsigned nibble) {
        std::size_t end = 0;
        while (end < writes.size() && nibble_at(writes[end].key_hash, depth) == nibble) ++end;
        const auto group = writes.first(end);
        writes = writes.subspan(end);
        return group;
    }

    /// The record's place in its parent: itself, or what is left of it when it has at most one leaf.
    base::Result<JmtChild> finish(const NodeKey& at, std::shared_ptr<JmtNode> node) {
        const ChildRange all;
        const auto count = all.count(*node);
        if (count == 0) return JmtChild{};
        if (const auto* first = all.first(*node); count == 1 && first->kind == Kind::leaf) return *first;
        JmtChild out{.kind = Kind::node, .version = at.version, .hash = range_hash(hash_, *node, all)};
        GC_CHECK(add(at, std::move(node)));
        return out;
    }

    static inline const JmtChild kNothing{};
    JmtHashFn hash_;
    JmtReader* reader_ = nullptr;
    const Jmt::NodeSink* sink_ = nullptr;
    JmtUpdate update_;
};

base::Result<void> check_order(std::span<const JmtWrite> writes) {
    const auto unsorted = std::adjacent_find(
        writes.begin(), writes.end(), [](const JmtWrite& a, const JmtWrite& b) { return a.key_hash >= b.key_hash; });
    if (unsorted != writes.end()) return base::fail(base::Errc::invalid_argument, "tree writes out of order");
    return {};
}

NodeKey root_key(std::uint64_t version) { return {.version = version}; }

/// The whole tree as a child.
JmtChild root_child(JmtHashFn hash, const JmtNode& record, std::uint64_t version) {
    if (record.is_root_single) return record.single;
    return {.kind = Kind::node, .version = version, .hash = range_hash(hash, record, {})};
}

base::Digest hash_of(const JmtChild& child) { return child.kind == Kind::none ? placeholder_hash() : child.hash; }

base::Digest root_of_range(JmtHashFn hash, std::span<const JmtWrite> leaves, std::size_t depth) {
    if (leaves.empty()) return placeholder_hash();
    if (leaves.size() == 1) return leaf_hash(hash, leaves[0].key_hash, *leaves[0].value_hash);
    const auto split = std::partition_point(leaves.begin(), leaves.end(),
                                            [depth](const JmtWrite& leaf) { return !bit_at(leaf.key_hash, depth); });
    const auto left = static_cast<std::size_t>(split - leaves.begin());
    return inner_hash(hash, root_of_range(hash, leaves.first(left), depth + 1),
                      root_of_range(hash, leaves.subspan(left), depth + 1));
}

}  // namespace

base::Digest range_hash(JmtHashFn hash, const JmtNode& node, ChildRange range) noexcept {
    const auto count = range.count(node);
    if (count == 0) return placeholder_hash();
    const auto* first = range.first(node);
    if (range.width == 1 || (count == 1 && first->kind == Kind::leaf)) return first->hash;
    return inner_hash(hash, range_hash(hash, node, range.left()), range_hash(hash, node, range.right()));
}

base::Digest Jmt::hash_bytes(base::ByteView bytes) const noexcept {
    const std::array<base::ByteView, 1> parts{bytes};
    return hash_(parts);
}

base::Result<JmtUpdate> Jmt::apply(JmtReader& reader, std::uint64_t base_version, std::uint64_t version,
                                   std::span<const JmtWrite> writes) const {
    GC_CHECK(check_order(writes));
    if (version == kNoVersion || (base_version != kNoVersion && version <= base_version)) {
        return base::fail(base::Errc::invalid_argument, "tree version");
    }
    Updater updater{hash_, reader, writes.size()};
    JmtChild before;
    JmtNodePtr old_root;
    if (base_version != kNoVersion) {
        GC_TRY(old_root, reader.read_node(root_key(base_version)));
        before = root_child(hash_, *old_root, base_version);
        // Each version has a root record of its own, also when nothing changed.
        if (before.kind != Kind::node) updater.make_stale(root_key(base_version));
    }
    GC_TRY(const auto after, updater.change(before, root_key(version), writes));
    if (after.kind != Kind::node) {
        GC_CHECK(updater.add_single_root(root_key(version), after));
    } else if (after.version != version) {
        GC_CHECK(updater.add(root_key(version), old_root));
        updater.make_stale(root_key(base_version));
    }
    auto update = std::move(updater).take();
    update.root = hash_of(after);
    return update;
}

base::Result<base::Digest> Jmt::build(std::uint64_t version, std::span<const JmtWrite> leaves,
                                      const NodeSink& sink) const {
    GC_CHECK(check_order(leaves));
    if (version == kNoVersion) return base::fail(base::Errc::invalid_argument, "tree version");
    Updater updater{hash_, sink};
    GC_TRY(const auto top, updater.change(JmtChild{}, root_key(version), leaves));
    if (top.kind != Kind::node) GC_CHECK(updater.add_single_root(root_key(version), top));
    return hash_of(top);
}

base::Result<base::Digest> Jmt::root(JmtReader& reader, std::uint64_t version) const {
    GC_TRY(const auto record, reader.read_node(root_key(version)));
    return hash_of(root_child(hash_, *record, version));
}

base::Result<Jmt::Lookup> Jmt::prove(JmtReader& reader, std::uint64_t version, base::ByteView key) const {
    const auto path = hash_bytes(key);
    Lookup out;
    const auto end_at = [&](const JmtChild* leaf) {
        if (!leaf) return;
        out.proof.leaf = {leaf->key_hash, leaf->value_hash};
        if (leaf->key_hash == path) out.value_hash = leaf->value_hash;
    };
    auto at = root_key(version);
    GC_TRY(auto record, reader.read_node(at));
    if (record->is_root_single) {
        end_at(record->single.kind == Kind::leaf ? &record->single : nullptr);
        return out;
    }
    for (;;) {
        const auto depth = std::size_t{at.nibbles};
        ChildRange range;
        for (;;) {
            const auto* first = range.first(*record);
            if (!first || (first->kind == Kind::leaf && range.count(*record) == 1)) {
                end_at(first);
                return out;
            }
            if (range.width == 1) break;
            const auto level = 4 - static_cast<std::size_t>(std::countr_zero(range.width));
            const bool right = bit_at(path, depth * 4 + level);
            out.proof.siblings.push_back(range_hash(hash_, *record, right ? range.left() : range.right()));
            range = right ? range.right() : range.left();
        }
        if (depth == 63) return base::fail(Errc::corrupt, "tree is too deep");
        const auto& child = record->children[range.start];
        const auto next_version = child.version;
        at = child_path(at, static_cast<unsigned>(range.start));
        at.version = next_version;
        GC_TRY(record, reader.read_node(at));
        if (record->is_root_single) return base::fail(Errc::corrupt, "root record inside the tree");
    }
}

base::Digest Jmt::root_of(std::span<const JmtWrite> leaves) const { return root_of_range(hash_, leaves, 0); }

}  // namespace store

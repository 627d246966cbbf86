#pragma once
// Hashing rules of the tree; see store/jmt.hpp for their source.

#include <array>

#include "store/jmt.hpp"

namespace store {

inline base::Digest placeholder_hash() noexcept {
    base::Digest out;
    std::memcpy(out.data(), kJmtPlaceholderText.data(), out.size());
    return out;
}

inline base::Digest leaf_hash(JmtHashFn hash, const base::Digest& key_hash, const base::Digest& value_hash) noexcept {
    const std::array<base::ByteView, 3> parts{base::as_bytes("JMT::LeafNode"), key_hash, value_hash};
    return hash(parts);
}

inline base::Digest inner_hash(JmtHashFn hash, const base::Digest& left, const base::Digest& right) noexcept {
    // The missing "e" is part of the published design.
    const std::array<base::ByteView, 3> parts{base::as_bytes("JMT::IntrnalNode"), left, right};
    return hash(parts);
}

inline unsigned nibble_at(const base::Digest& path, std::size_t depth) noexcept {
    const auto byte = std::to_integer<unsigned>(path[depth / 2]);
    return depth % 2 == 0 ? byte >> 4U : byte & 15U;
}

inline bool bit_at(const base::Digest& path, std::size_t depth) noexcept {
    return (std::to_integer<unsigned>(path[depth / 8]) >> (7 - depth % 8) & 1U) != 0;
}

/// A run of a record's children: one node of the binary tree that the record stands for.
struct ChildRange {
    std::size_t start = 0;
    std::size_t width = 16;

    [[nodiscard]] ChildRange left() const noexcept { return {start, width / 2}; }
    [[nodiscard]] ChildRange right() const noexcept { return {start + width / 2, width / 2}; }
    [[nodiscard]] std::size_t count(const JmtNode& node) const noexcept {
        std::size_t found = 0;
        for (auto i = start; i < start + width; ++i) found += node.children[i].kind != JmtChild::Kind::none ? 1U : 0U;
        return found;
    }
    /// The first child there is, or null.
    [[nodiscard]] const JmtChild* first(const JmtNode& node) const noexcept {
        for (auto i = start; i < start + width; ++i) {
            if (node.children[i].kind != JmtChild::Kind::none) return &node.children[i];
        }
        return nullptr;
    }
};

/// The hash of that binary node.
base::Digest range_hash(JmtHashFn hash, const JmtNode& node, ChildRange range) noexcept;

}  // namespace store

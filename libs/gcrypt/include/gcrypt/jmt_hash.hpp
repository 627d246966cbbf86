#pragma once
// Hashing rules of the Jellyfish Merkle tree (design 03 §4), compatible with the public penumbra/jmt vectors.
// The hash is a plain function pointer over `base` types, so that the tree itself needs no crypto library.

#include "base/bytes.hpp"

namespace gcrypt {

/// Hash of the parts as if joined.
using JmtHash = base::Digest (*)(std::span<const base::ByteView> parts) noexcept;

base::Digest jmt_blake3(std::span<const base::ByteView> parts) noexcept;  ///< Production.
base::Digest jmt_sha256(std::span<const base::ByteView> parts) noexcept;  ///< The public vectors use it.

/// The rules over one hash; a value of one pointer.
struct JmtHasher {
    JmtHash hash = &jmt_blake3;

    /// Path of a key: H(key), most significant bit first.
    [[nodiscard]] base::Digest key_hash(base::ByteView key) const noexcept;
    [[nodiscard]] base::Digest value_hash(base::ByteView value) const noexcept;
    /// H("JMT::LeafNode" || key hash || value hash)
    [[nodiscard]] base::Digest leaf(const base::Digest& key_hash, const base::Digest& value_hash) const noexcept;
    /// H("JMT::IntrnalNode" || left || right); the spelling is part of the format.
    [[nodiscard]] base::Digest inner(const base::Digest& left, const base::Digest& right) const noexcept;
    /// The empty subtree: the 32 characters "SPARSE_MERKLE_PLACEHOLDER_HASH__".
    [[nodiscard]] static base::Digest placeholder() noexcept;
};

}  // namespace gcrypt

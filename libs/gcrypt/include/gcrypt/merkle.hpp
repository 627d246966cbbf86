#pragma once
// Binary Merkle trees of blocks: tx_root and receipts_root.
//
// Shape of RFC 6962 §2.1: n leaves split at the largest power of two below n, so nothing is duplicated and no two lists
// share a root. Hashes are BLAKE3 in the merkle context: leaf H(0x00 || leaf), inner H(0x01 || left || right), and the
// empty list H().

#include <vector>

#include "base/bytes.hpp"
#include "gcrypt/errc.hpp"

namespace gcrypt {

inline constexpr std::size_t kMaxMerkleProof = 64;  ///< Hashes in a proof: more than any list needs.

[[nodiscard]] base::Digest merkle_leaf_hash(const base::Digest& leaf) noexcept;
[[nodiscard]] base::Digest merkle_root(std::span<const base::Digest> leaves);

struct MerkleProof {
    std::uint64_t index = 0;         ///< Of the leaf.
    std::uint64_t leaf_count = 0;    ///< Of the tree.
    std::vector<base::Digest> path;  ///< Sibling hashes from the leaf up.
};
/// `index` < leaves.size(), else base `out_of_range`.
base::Result<MerkleProof> merkle_prove(std::span<const base::Digest> leaves, std::size_t index);
/// That `leaf` is one of the leaves under `root`; else bad_proof. It is the index-th only if leaf_count is right, which
/// the root does not say (as in RFC 6962): whoever relies on the index takes the count from elsewhere, not from the
/// proof.
base::Result<void> merkle_verify(const base::Digest& root, const base::Digest& leaf, const MerkleProof& proof) noexcept;

}  // namespace gcrypt

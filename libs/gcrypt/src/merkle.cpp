#include "gcrypt/merkle.hpp"

#include <array>

#include "gcrypt/hash.hpp"

namespace gcrypt {
namespace {

constexpr std::array kLeafTag{std::byte{0}};
constexpr std::array kInnerTag{std::byte{1}};

base::Digest inner_hash(const base::Digest& left, const base::Digest& right) noexcept {
    return hash(Domain::merkle, {kInnerTag, left, right});
}

/// Replaces a level by the one above it. An odd node at the end moves up unchanged, which gives the same tree as
/// splitting at the largest power of two.
void climb(std::vector<base::Digest>& nodes) noexcept {
    std::size_t out = 0;
    for (std::size_t i = 0; i + 1 < nodes.size(); i += 2) nodes[out++] = inner_hash(nodes[i], nodes[i + 1]);
    if (nodes.size() % 2) nodes[out++] = nodes.back();
    nodes.resize(out);
}

std::vector<base::Digest> leaf_hashes(std::span<const base::Digest> leaves) {
    std::vector<base::Digest> nodes;
    nodes.reserve(leaves.size());
    for (const auto& leaf : leaves) nodes.push_back(merkle_leaf_hash(leaf));
    return nodes;
}

}  // namespace

base::Digest merkle_leaf_hash(const base::Digest& leaf) noexcept { return hash(Domain::merkle, {kLeafTag, leaf}); }

base::Digest merkle_root(std::span<const base::Digest> leaves) {
    if (leaves.empty()) return hash(Domain::merkle, base::ByteView{});
    auto nodes = leaf_hashes(leaves);
    while (nodes.size() > 1) climb(nodes);
    return nodes.front();
}

base::Result<MerkleProof> merkle_prove(std::span<const base::Digest> leaves, std::size_t index) {
    if (index >= leaves.size()) return base::fail(base::Errc::out_of_range, "Merkle leaf index");
    MerkleProof proof{.index = index, .leaf_count = leaves.size(), .path = {}};
    auto nodes = leaf_hashes(leaves);
    while (nodes.size() > 1) {
        // The last node of an odd level has no sibling there.
        if ((index ^ 1) < nodes.size()) proof.path.push_back(nodes[index ^ 1]);
        climb(nodes);
        index /= 2;
    }
    return proof;
}

base::Result<void> merkle_verify(const base::Digest& root, const base::Digest& leaf,
                                 const MerkleProof& proof) noexcept {
    if (proof.index >= proof.leaf_count || proof.path.size() > kMaxMerkleProof) {
        return base::fail(Errc::bad_proof, "index or length");
    }
    auto node = merkle_leaf_hash(leaf);
    auto index = proof.index;
    auto count = proof.leaf_count;
    std::size_t used = 0;
    // Walk up as the prover did; index and count alone decide at which levels a sibling exists.
    while (count > 1) {
        if ((index ^ 1) < count) {
            if (used == proof.path.size()) return base::fail(Errc::bad_proof, "too short");
            const auto& sibling = proof.path[used++];
            node = index % 2 ? inner_hash(sibling, node) : inner_hash(node, sibling);
        }
        index /= 2;
        count = count / 2 + count % 2;
    }
    if (used != proof.path.size()) return base::fail(Errc::bad_proof, "too long");
    if (node != root) return base::fail(Errc::bad_proof, "root");
    return {};
}

}  // namespace gcrypt

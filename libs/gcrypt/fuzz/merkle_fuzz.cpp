// No made-up proof verifies against a tree that the leaf is not in. Input: index(8) leaf count(8) path(32 each).
#include "gcrypt/merkle.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    static const std::vector<base::Digest> leaves(5, base::Digest{std::byte{1}});
    static const auto root = gcrypt::merkle_root(leaves);
    if (size < 16) return 0;
    const auto* at = reinterpret_cast<const std::byte*>(data);
    gcrypt::MerkleProof proof{
        .index = base::load_le<std::uint64_t>(at), .leaf_count = base::load_le<std::uint64_t>(at + 8), .path = {}};
    for (std::size_t i = 16; i + 32 <= size && proof.path.size() <= gcrypt::kMaxMerkleProof; i += 32) {
        auto& node = proof.path.emplace_back();
        std::memcpy(node.data(), data + i, node.size());
    }
    GC_ASSERT(!gcrypt::merkle_verify(root, base::Digest{std::byte{2}}, proof));
    return 0;
}

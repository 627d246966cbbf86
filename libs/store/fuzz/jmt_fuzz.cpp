// Tree records, node keys and proofs from arbitrary bytes: no crash, and what decodes encodes to the same bytes.

#include "base/result.hpp"
#include "store/jmt.hpp"

namespace {

base::Digest weak_hash(std::span<const base::ByteView> parts) noexcept {
    base::Digest out{};
    std::size_t at = 0;
    for (const auto part : parts) {
        for (const auto byte : part) out[at++ % out.size()] ^= byte;
    }
    return out;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const auto input = std::as_bytes(std::span{data, size});
    if (const auto proof = store::JmtProof::decode(input)) {
        GC_ASSERT(base::equal(proof->encode(), input));
        const auto verdict = proof->verify(&weak_hash, store::jmt_empty_root(), input, std::nullopt);
        static_cast<void>(verdict);
    }
    if (const auto node = store::JmtNode::decode(input, &weak_hash)) {
        GC_ASSERT(base::equal(node->encode(), input));
    }
    if (const auto key = store::NodeKey::decode(input)) {
        GC_ASSERT(base::equal(key->encode(), input));
    }
    return 0;
}

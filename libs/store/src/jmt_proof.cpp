#include "base/bcs.hpp"
#include "jmt_hash.hpp"
#include "store/jmt.hpp"

namespace store {
namespace {

constexpr std::size_t kDepthMax = 256;

bool share_bits(const base::Digest& a, const base::Digest& b, std::size_t count) noexcept {
    for (std::size_t i = 0; i < count; ++i) {
        if (bit_at(a, i) != bit_at(b, i)) return false;
    }
    return true;
}

}  // namespace

base::Bytes JmtProof::encode() const {
    base::BcsWriter out;
    out.boolean(leaf.has_value());
    if (leaf) {
        out.fixed(leaf->key_hash);
        out.fixed(leaf->value_hash);
    }
    out.u16(static_cast<std::uint16_t>(siblings.size()));
    const auto empty = placeholder_hash();
    base::Bytes bitmap((siblings.size() + 7) / 8);
    for (std::size_t i = 0; i < siblings.size(); ++i) {
        if (siblings[i] != empty) bitmap[i / 8] |= static_cast<std::byte>(1U << (i % 8));
    }
    out.fixed(bitmap);
    for (const auto& sibling : siblings) {
        if (sibling != empty) out.fixed(sibling);
    }
    return std::move(out).take();
}

base::Result<JmtProof> JmtProof::decode(base::ByteView bytes) {
    base::BcsReader in{bytes};
    JmtProof proof;
    if (in.boolean()) {
        const auto key_hash = in.fixed<32>();
        const auto value_hash = in.fixed<32>();
        proof.leaf = {key_hash, value_hash};
    }
    const std::size_t depth = in.u16();
    if (depth > kDepthMax) in.reject(base::Errc::out_of_range, "proof depth");
    GC_CHECK(in.status());
    const auto bitmap = in.take((depth + 7) / 8);
    GC_CHECK(in.status());
    const auto empty = placeholder_hash();
    proof.siblings.reserve(depth);
    for (std::size_t i = 0; i < bitmap.size() * 8; ++i) {
        const bool present = (std::to_integer<unsigned>(bitmap[i / 8]) >> (i % 8) & 1U) != 0;
        if (i >= depth) {
            if (present) in.reject(base::Errc::not_canonical, "proof bitmap");
            continue;
        }
        proof.siblings.push_back(present ? in.fixed<32>() : empty);
        // An empty sibling has one encoding: its bit is 0.
        if (present && proof.siblings.back() == empty) in.reject(base::Errc::not_canonical, "proof sibling");
    }
    GC_CHECK(in.finish());
    return proof;
}

base::Result<void> JmtProof::verify(JmtHashFn hash, const base::Digest& root, base::ByteView key,
                                    std::optional<base::ByteView> value) const {
    const auto digest = [hash](base::ByteView bytes) {
        const std::array<base::ByteView, 1> parts{bytes};
        return hash(parts);
    };
    if (siblings.size() > kDepthMax) return base::fail(Errc::bad_proof, "too deep");
    const auto path = digest(key);
    if (value) {
        if (!leaf || leaf->key_hash != path) return base::fail(Errc::bad_proof, "does not show the key");
        if (leaf->value_hash != digest(*value)) return base::fail(Errc::bad_proof, "shows another value");
    } else if (leaf) {
        if (leaf->key_hash == path) return base::fail(Errc::bad_proof, "shows that the key exists");
        // Another key's leaf stands where the key's would: only then is the key absent.
        if (!share_bits(leaf->key_hash, path, siblings.size())) return base::fail(Errc::bad_proof, "another place");
    }
    auto node = leaf ? leaf_hash(hash, leaf->key_hash, leaf->value_hash) : placeholder_hash();
    for (auto depth = siblings.size(); depth-- > 0;) {
        const auto& sibling = siblings[depth];
        node = bit_at(path, depth) ? inner_hash(hash, sibling, node) : inner_hash(hash, node, sibling);
    }
    if (node != root) return base::fail(Errc::bad_proof, "another root");
    return {};
}

}  // namespace store

#include <algorithm>

#include "base/bcs.hpp"
#include "base/keyed_hash.hpp"
#include "jmt_hash.hpp"
#include "store/jmt.hpp"

namespace store {
namespace {

// First byte of a record.
constexpr std::uint8_t kTagEmptyRoot = 0;
constexpr std::uint8_t kTagLeafRoot = 1;
constexpr std::uint8_t kTagChildren = 2;

constexpr std::size_t kNodeKeyHead = 9;

}  // namespace

base::Digest jmt_empty_root() noexcept { return placeholder_hash(); }

base::Bytes NodeKey::encode() const {
    base::Bytes out(kNodeKeyHead + (nibbles + 1U) / 2);
    base::store_be(out.data(), version);
    out[8] = std::byte{nibbles};
    std::copy_n(path.begin(), out.size() - kNodeKeyHead, out.begin() + kNodeKeyHead);
    return out;
}

base::Result<NodeKey> NodeKey::decode(base::ByteView bytes) noexcept {
    if (bytes.size() < kNodeKeyHead) return base::fail(Errc::corrupt, "node key");
    NodeKey key{.version = base::load_be<std::uint64_t>(bytes.data()),
                .nibbles = std::to_integer<std::uint8_t>(bytes[8])};
    const auto path_view = bytes.subspan(kNodeKeyHead);
    if (key.nibbles > 63 || path_view.size() != (key.nibbles + 1U) / 2) return base::fail(Errc::corrupt, "node key");
    std::copy(path_view.begin(), path_view.end(), key.path.begin());
    const bool odd = key.nibbles % 2 == 1;
    if (odd && (path_view.back() & std::byte{0x0f}) != std::byte{0}) return base::fail(Errc::corrupt, "node key");
    return key;
}

std::size_t NodeKeyHash::operator()(const NodeKey& key) const noexcept {
    // Paths are prefixes of hashes, but who tries long enough finds keys whose paths are alike.
    std::byte bytes[sizeof key.version + sizeof key.nibbles + sizeof key.path];
    base::store_le(bytes, key.version);
    bytes[sizeof key.version] = static_cast<std::byte>(key.nibbles);
    std::ranges::copy(key.path, bytes + sizeof key.version + sizeof key.nibbles);
    return base::siphash(bytes, base::process_hash_key());
}

base::Bytes JmtNode::encode() const {
    base::BcsWriter out;
    if (is_root_single) {
        const bool leaf = single.kind == JmtChild::Kind::leaf;
        out.u8(leaf ? kTagLeafRoot : kTagEmptyRoot);
        if (leaf) {
            out.fixed(single.key_hash);
            out.fixed(single.value_hash);
        }
        return std::move(out).take();
    }
    std::uint16_t present = 0;
    std::uint16_t leaves = 0;
    for (std::size_t i = 0; i < children.size(); ++i) {
        if (children[i].kind != JmtChild::Kind::none) present |= static_cast<std::uint16_t>(1U << i);
        if (children[i].kind == JmtChild::Kind::leaf) leaves |= static_cast<std::uint16_t>(1U << i);
    }
    out.u8(kTagChildren);
    out.u16(present);
    out.u16(leaves);
    for (const auto& child : children) {
        switch (child.kind) {
            case JmtChild::Kind::none: break;
            case JmtChild::Kind::leaf:
                out.fixed(child.key_hash);
                out.fixed(child.value_hash);
                break;
            case JmtChild::Kind::node:
                out.u64(child.version);
                out.fixed(child.hash);
                break;
        }
    }
    return std::move(out).take();
}

base::Result<JmtNode> JmtNode::decode(base::ByteView bytes, JmtHashFn hash) {
    base::BcsReader in{bytes};
    JmtNode node;
    const auto read_leaf = [&] {
        JmtChild leaf{.kind = JmtChild::Kind::leaf};
        leaf.key_hash = in.fixed<32>();
        leaf.value_hash = in.fixed<32>();
        leaf.hash = leaf_hash(hash, leaf.key_hash, leaf.value_hash);
        return leaf;
    };
    const auto tag = in.u8();
    if (tag == kTagEmptyRoot || tag == kTagLeafRoot) {
        node.is_root_single = true;
        if (tag == kTagLeafRoot) node.single = read_leaf();
    } else if (tag == kTagChildren) {
        const auto present = in.u16();
        const auto leaves = in.u16();
        if ((leaves & ~present) != 0) in.reject(Errc::corrupt, "node bitmap");
        for (std::size_t i = 0; i < node.children.size() && in.ok(); ++i) {
            if ((present >> i & 1U) == 0) continue;
            if ((leaves >> i & 1U) != 0) {
                node.children[i] = read_leaf();
                continue;
            }
            auto& child = node.children[i];
            child.kind = JmtChild::Kind::node;
            child.version = in.u64();
            child.hash = in.fixed<32>();
        }
    } else {
        in.reject(Errc::corrupt, "node tag");
    }
    if (!in.finish()) return base::fail(Errc::corrupt, "node record");
    return node;
}

}  // namespace store

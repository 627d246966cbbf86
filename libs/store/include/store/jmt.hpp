#pragma once
// Jellyfish Merkle tree: a versioned, authenticated map from keys to values (Gao, Hu, Wu: "Jellyfish Merkle Tree"),
// hashed as penumbra/jmt does:
//   path = H(key), most significant bit first      leaf  = H("JMT::LeafNode" ‖ H(key) ‖ H(value))
//   inner = H("JMT::IntrnalNode" ‖ left ‖ right)   empty = the 32 bytes "SPARSE_MERKLE_PLACEHOLDER_HASH__"
//   a subtree with exactly one leaf is that leaf.
//
// Nodes are stored 16-way: one record per (version, nibble path) that holds up to 16 children; a leaf lives inside its
// parent's record, so one update rewrites one record per level and nothing else. Values are not in the tree, only their
// hashes. Old records stay until the version that replaced them leaves the history window (JmtUpdate::stale).

#include <array>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string_view>
#include <utility>
#include <vector>

#include "base/bytes.hpp"
#include "store/errc.hpp"

namespace store {

/// H over the concatenation of the parts. Pure; any thread.
using JmtHashFn = base::Digest (*)(std::span<const base::ByteView> parts) noexcept;

inline constexpr std::string_view kJmtPlaceholderText = "SPARSE_MERKLE_PLACEHOLDER_HASH__";
inline constexpr std::uint64_t kNoVersion = ~std::uint64_t{0};

/// The root of a tree without keys.
base::Digest jmt_empty_root() noexcept;

/// Where a node record lives. The root's path is empty.
struct NodeKey {
    std::uint64_t version{};
    std::uint8_t nibbles{};            ///< Path length, 0–63.
    std::array<std::byte, 32> path{};  ///< First nibble in the high half of byte 0; zero beyond the path.

    friend bool operator==(const NodeKey&, const NodeKey&) = default;
    /// version (8, big-endian) ‖ nibbles (1) ‖ path: newer nodes sort last, so the database appends.
    [[nodiscard]] base::Bytes encode() const;
    static base::Result<NodeKey> decode(base::ByteView bytes) noexcept;
};
/// Keyed: see base/keyed_hash.hpp.
struct NodeKeyHash {
    std::size_t operator()(const NodeKey& key) const noexcept;
};

/// One child of a node record: nothing, a leaf (held inline), or another record.
struct JmtChild {
    enum class Kind : std::uint8_t { none, leaf, node };
    Kind kind{Kind::none};
    std::uint64_t version{};    ///< node: the version its record was written at.
    base::Digest hash{};        ///< leaf and node: the hash of that subtree.
    base::Digest key_hash{};    ///< leaf only
    base::Digest value_hash{};  ///< leaf only
    friend bool operator==(const JmtChild&, const JmtChild&) = default;
};

/// A record. The root may also be "empty" or "one leaf": then `single` says which and `children` are unused.
struct JmtNode {
    bool is_root_single{};
    JmtChild single;
    std::array<JmtChild, 16> children;

    [[nodiscard]] base::Bytes encode() const;
    /// Leaf hashes are not stored; `hash` makes them again.
    static base::Result<JmtNode> decode(base::ByteView bytes, JmtHashFn hash);
};
using JmtNodePtr = std::shared_ptr<const JmtNode>;

/// Where the tree reads its nodes: a database, a cache over it, uncommitted blocks, a map in a test.
class JmtReader {
 public:
    virtual ~JmtReader() = default;
    /// `missing_node` when there is none.
    virtual base::Result<JmtNodePtr> read_node(const NodeKey& key) = 0;
};

/// One changed key: its path H(key), and H(value), or nothing for a deletion.
struct JmtWrite {
    base::Digest key_hash;
    std::optional<base::Digest> value_hash;
};

struct JmtUpdate {
    base::Digest root{};
    std::vector<std::pair<NodeKey, JmtNodePtr>> nodes;  ///< To write; among them the root of the new version.
    std::vector<NodeKey> stale;                         ///< No longer part of the new version.
};

/// Shows that a key has a value, or that it has none, under a root. BCS: see encode().
struct JmtProof {
    struct Leaf {
        base::Digest key_hash;
        base::Digest value_hash;
        friend bool operator==(const Leaf&, const Leaf&) = default;
    };
    std::optional<Leaf> leaf;            ///< Where the path ends: the key's leaf, another one, or an empty subtree.
    std::vector<base::Digest> siblings;  ///< From the root down; a placeholder stands for an empty sibling.
    friend bool operator==(const JmtProof&, const JmtProof&) = default;

    /// option(key_hash value_hash) ‖ u16 depth ‖ bitmap of non-empty siblings ‖ those siblings.
    [[nodiscard]] base::Bytes encode() const;
    /// Strict: canonical, at most 256 siblings.
    static base::Result<JmtProof> decode(base::ByteView bytes);

    /// `bad_proof` unless `root` holds exactly this: `value` under `key`, or no `key` at all when there is no value.
    [[nodiscard]] base::Result<void> verify(JmtHashFn hash, const base::Digest& root, base::ByteView key,
                                            std::optional<base::ByteView> value) const;
};

/// The tree's algorithms; holds no state of its own.
class Jmt {
 public:
    explicit Jmt(JmtHashFn hash) noexcept : hash_{hash} {}

    [[nodiscard]] base::Digest hash_bytes(base::ByteView bytes) const noexcept;

    /// Applies `writes` (sorted by key hash, no key twice) to the tree at `base_version` (kNoVersion: the empty tree)
    /// and gives the tree of `version`, which must be newer. One pass: cost is proportional to the records touched.
    /// Errors: `missing_node`, `corrupt` from the reader; `base::Errc::invalid_argument` on unsorted writes.
    base::Result<JmtUpdate> apply(JmtReader& reader, std::uint64_t base_version, std::uint64_t version,
                                  std::span<const JmtWrite> writes) const;

    /// As apply() to the empty tree, but gives each record to `sink` once it is complete (children before parents, the
    /// root last) instead of keeping them: what is in memory is one path. An error of `sink` ends it. The root's hash.
    using NodeSink = std::function<base::Result<void>(const NodeKey& key, const JmtNode& node)>;
    base::Result<base::Digest> build(std::uint64_t version, std::span<const JmtWrite> leaves,
                                     const NodeSink& sink) const;

    base::Result<base::Digest> root(JmtReader& reader, std::uint64_t version) const;
    /// The value hash under a key, if any, with its proof.
    struct Lookup {
        std::optional<base::Digest> value_hash;
        JmtProof proof;
    };
    base::Result<Lookup> prove(JmtReader& reader, std::uint64_t version, base::ByteView key) const;

    /// The root of a tree that holds exactly these leaves (sorted by key hash), from nothing: for checking.
    [[nodiscard]] base::Digest root_of(std::span<const JmtWrite> leaves) const;

 private:
    JmtHashFn hash_;
};

}  // namespace store

#pragma once
// Multi-signature policies: a tree of m-of-n and weighted thresholds over keys, whose hash is an address.
//
//   policy = BCS: version(1) node           node = 0 scheme(1) public key(32)
//                                           node = 1 threshold(u32) children: weight(u32) node, …
//
// One meaning has one encoding as far as that can be decided cheaply: children ascend by their encoded node, no weight
// exceeds the threshold (it would count as much as the threshold itself), and no threshold has fewer than two children.
// Checking the signatures of a policy is zsig's; whether a set of signers is enough is decided here.

#include <vector>

#include "gcrypt/address.hpp"

namespace gcrypt {

inline constexpr std::size_t kMaxPolicyKeys = 32;     ///< So that the signers fit a 32-bit map.
inline constexpr std::size_t kMaxPolicyDepth = 4;     ///< Thresholds above one another.
inline constexpr std::size_t kMaxPolicyBytes = 2048;  ///< More than any policy within the other bounds has.

/// A key or a threshold over children; a plain value, checked by Policy::make.
struct PolicyNode {
    struct Child;
    Scheme scheme = Scheme::ed25519_zip215_v1;  ///< Of a key.
    base::FixedBytes<32> key{};                 ///< Ed25519 or BIP-340 x-only.
    std::uint32_t threshold = 0;                ///< 0: this node is a key.
    std::vector<Child> children;

    static PolicyNode of_key(const zcrypto::ed25519::PublicKey& key);
    static PolicyNode of_key(Scheme scheme, const base::FixedBytes<32>& key);
    /// threshold of the children, each with weight 1.
    static PolicyNode at_least(std::uint32_t threshold, std::vector<PolicyNode> children);
    static PolicyNode weighted(std::uint32_t threshold, std::vector<Child> children);
    friend bool operator==(const PolicyNode& a, const PolicyNode& b);
};
struct PolicyNode::Child {
    std::uint32_t weight = 1;
    PolicyNode node;
    friend bool operator==(const Child&, const Child&) = default;
};
inline bool operator==(const PolicyNode& a, const PolicyNode& b) {
    return a.scheme == b.scheme && a.key == b.key && a.threshold == b.threshold && a.children == b.children;
}

/// A valid policy in canonical order.
class Policy {
 public:
    /// Sorts the children. Errors: bad_policy (its note names the rule), bad_point (an Ed25519 key that is not
    /// canonical, or not of prime order), unsupported_scheme.
    static base::Result<Policy> make(PolicyNode root);
    /// Strict: what encode() gives, and nothing else. base errors and those of make().
    static base::Result<Policy> decode(base::ByteView encoded);

    [[nodiscard]] const PolicyNode& root() const noexcept { return root_; }
    [[nodiscard]] base::ByteView encoded() const noexcept { return encoded_; }
    /// BLAKE3 "ghostchain 2026 policy v1" over encoded().
    [[nodiscard]] base::Digest hash() const noexcept;
    /// address_of(Scheme::multisig, hash()).
    [[nodiscard]] Address address() const noexcept;

    struct Key {
        Scheme scheme;
        base::FixedBytes<32> key;
        friend auto operator<=>(const Key&, const Key&) = default;
    };
    /// In the order of the encoding: bit i of a signer map is keys()[i].
    [[nodiscard]] std::span<const Key> keys() const noexcept { return keys_; }
    /// Whether these signers are enough. Bits beyond the last key: no.
    [[nodiscard]] bool satisfied_by(std::uint32_t signers) const noexcept;

 private:
    Policy(PolicyNode root, base::Bytes encoded, std::vector<Key> keys)
        : root_{std::move(root)}, encoded_{std::move(encoded)}, keys_{std::move(keys)} {}
    PolicyNode root_;
    base::Bytes encoded_;
    std::vector<Key> keys_;
};

}  // namespace gcrypt

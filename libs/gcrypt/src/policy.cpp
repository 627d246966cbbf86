#include "gcrypt/policy.hpp"

#include <algorithm>

#include "base/bcs.hpp"
#include "gcrypt/edwards.hpp"
#include "gcrypt/hash.hpp"

namespace gcrypt {
namespace {

constexpr std::uint8_t kVersion = 1;
constexpr std::uint32_t kKeyTag = 0;
constexpr std::uint32_t kThresholdTag = 1;

base::Result<void> check_key(const PolicyNode& node) noexcept {
    switch (node.scheme) {
        case Scheme::ed25519_zip215_v1:
            // ZIP-215 would accept other keys, small-order ones even for everybody's signatures.
            if (!edwards::Point::decode(node.key)) return base::fail(Errc::bad_point, "policy key");
            return {};
        case Scheme::secp256k1_bip340: return {};
        case Scheme::multisig: return base::fail(Errc::unsupported_scheme, "policy inside a policy by hash");
    }
    return base::fail(Errc::unsupported_scheme, "policy key");
}

base::Result<void> check_threshold(const PolicyNode& node) noexcept {
    if (node.children.size() < 2) return base::fail(Errc::bad_policy, "a threshold has at least two children");
    if (node.children.size() > kMaxPolicyKeys) return base::fail(Errc::bad_policy, "too many children");
    if (node.key != base::FixedBytes<32>{}) return base::fail(Errc::bad_policy, "a threshold has no key");
    std::uint64_t sum = 0;  // 32 weights of 32 bits: no overflow.
    for (const auto& child : node.children) {
        if (child.weight == 0) return base::fail(Errc::bad_policy, "a weight is zero");
        if (child.weight > node.threshold) return base::fail(Errc::bad_policy, "a weight exceeds the threshold");
        sum += child.weight;
    }
    if (sum < node.threshold) return base::fail(Errc::bad_policy, "the threshold cannot be reached");
    return {};
}

/// Checks `node` and sorts it, deepest first. Appends its keys in encoding order and returns its encoding.
base::Result<base::Bytes> canonicalise(PolicyNode& node, std::size_t depth, std::vector<Policy::Key>& keys) {
    base::BcsWriter writer;
    if (node.threshold == 0) {
        if (!node.children.empty()) return base::fail(Errc::bad_policy, "a threshold is zero");
        GC_CHECK(check_key(node));
        if (keys.size() == kMaxPolicyKeys) return base::fail(Errc::bad_policy, "too many keys");
        keys.push_back({.scheme = node.scheme, .key = node.key});
        writer.uleb(kKeyTag);
        writer.u8(static_cast<std::uint8_t>(node.scheme));
        writer.fixed(node.key);
        return std::move(writer).take();
    }
    if (depth == kMaxPolicyDepth) return base::fail(Errc::bad_policy, "too deep");
    GC_CHECK(check_threshold(node));
    struct Part {
        base::Bytes encoded;
        std::vector<Policy::Key> keys;
        PolicyNode::Child child;
    };
    std::vector<Part> parts;
    std::size_t total = keys.size();
    for (auto& child : node.children) {
        Part part{.encoded = {}, .keys = {}, .child = std::move(child)};
        GC_TRY(part.encoded, canonicalise(part.child.node, depth + 1, part.keys));
        total += part.keys.size();
        if (total > kMaxPolicyKeys) return base::fail(Errc::bad_policy, "too many keys");
        parts.push_back(std::move(part));
    }
    std::ranges::sort(parts, [](const Part& a, const Part& b) { return base::compare(a.encoded, b.encoded) < 0; });
    node.scheme = Scheme::ed25519_zip215_v1;  // Unused in a threshold; one value so that equal policies compare equal.
    node.children.clear();
    writer.uleb(kThresholdTag);
    writer.u32(node.threshold);
    writer.uleb(static_cast<std::uint32_t>(parts.size()));
    for (auto& part : parts) {
        writer.u32(part.child.weight);
        writer.fixed(part.encoded);
        keys.insert(keys.end(), part.keys.begin(), part.keys.end());
        node.children.push_back(std::move(part.child));
    }
    return std::move(writer).take();
}

PolicyNode read_node(base::BcsReader& reader, std::size_t depth) {
    PolicyNode node;
    if (reader.uleb(kThresholdTag) == kKeyTag) {
        const auto scheme = scheme_from_tag(reader.u8());
        if (!scheme) reader.reject(Errc::unsupported_scheme, "policy key");
        node.scheme = scheme.value_or(Scheme::ed25519_zip215_v1);
        node.key = reader.fixed<32>();
        return node;
    }
    if (depth == kMaxPolicyDepth) {
        reader.reject(Errc::bad_policy, "too deep");
        return node;
    }
    node.threshold = reader.u32();
    if (node.threshold == 0) reader.reject(Errc::bad_policy, "a threshold is zero");
    // The smallest child is a weight and a key; the sum over all levels is bounded by the input's size.
    const auto count = reader.length(kMaxPolicyKeys, 4 + 2 + 32);
    for (std::uint32_t i = 0; i < count && reader.ok(); ++i) {
        const auto weight = reader.u32();
        node.children.push_back({.weight = weight, .node = read_node(reader, depth + 1)});
    }
    return node;
}

/// Takes the keys of `node` from the front of `next` on; whether the signers among them are enough.
bool satisfied(const PolicyNode& node, std::uint32_t signers, std::size_t& next) noexcept {
    if (node.threshold == 0) return (signers >> next++ & 1) != 0;
    std::uint64_t weight = 0;
    for (const auto& child : node.children) {
        if (satisfied(child.node, signers, next)) weight += child.weight;
    }
    return weight >= node.threshold;
}

}  // namespace

PolicyNode PolicyNode::of_key(const zcrypto::ed25519::PublicKey& key) {
    return of_key(Scheme::ed25519_zip215_v1, key.bytes);
}

PolicyNode PolicyNode::of_key(Scheme scheme, const base::FixedBytes<32>& key) {
    return {.scheme = scheme, .key = key, .threshold = 0, .children = {}};
}

PolicyNode PolicyNode::at_least(std::uint32_t threshold, std::vector<PolicyNode> children) {
    std::vector<Child> weighted_children;
    weighted_children.reserve(children.size());
    for (auto& child : children) weighted_children.push_back({.weight = 1, .node = std::move(child)});
    return weighted(threshold, std::move(weighted_children));
}

PolicyNode PolicyNode::weighted(std::uint32_t threshold, std::vector<Child> children) {
    return {.scheme = Scheme::ed25519_zip215_v1, .key = {}, .threshold = threshold, .children = std::move(children)};
}

base::Result<Policy> Policy::make(PolicyNode root) {
    if (root.threshold == 0) return base::fail(Errc::bad_policy, "the root is a threshold above zero");
    std::vector<Key> keys;
    GC_TRY(const auto node, canonicalise(root, 0, keys));
    auto sorted = keys;
    std::ranges::sort(sorted);
    if (std::ranges::adjacent_find(sorted) != sorted.end()) return base::fail(Errc::bad_policy, "a key occurs twice");
    base::BcsWriter writer;
    writer.u8(kVersion);
    writer.fixed(node);
    return Policy{std::move(root), std::move(writer).take(), std::move(keys)};
}

base::Result<Policy> Policy::decode(base::ByteView encoded) {
    if (encoded.size() > kMaxPolicyBytes) return base::fail(base::Errc::out_of_range, "policy size");
    base::BcsReader reader{encoded};
    if (reader.u8() != kVersion) reader.reject(base::Errc::invalid_argument, "policy version");
    auto root = read_node(reader, 0);
    GC_CHECK(reader.finish());
    GC_TRY(auto policy, make(std::move(root)));
    if (!base::equal(policy.encoded_, encoded)) return base::fail(base::Errc::not_canonical, "order of children");
    return policy;
}

base::Digest Policy::hash() const noexcept { return gcrypt::hash(Domain::policy, encoded_); }

Address Policy::address() const noexcept { return address_of(Scheme::multisig, hash()); }

bool Policy::satisfied_by(std::uint32_t signers) const noexcept {
    if (keys_.size() < kMaxPolicyKeys && signers >> keys_.size() != 0) return false;
    std::size_t next = 0;
    return satisfied(root_, signers, next);
}

}  // namespace gcrypt

#include "gcrypt/jmt_hash.hpp"

#include <array>

#include "zcrypto/hash.hpp"

namespace gcrypt {
namespace {

constexpr std::string_view kPlaceholder = "SPARSE_MERKLE_PLACEHOLDER_HASH__";
static_assert(kPlaceholder.size() == sizeof(base::Digest));

base::Digest hash_three(JmtHash hash, std::string_view tag, const base::Digest& a, const base::Digest& b) noexcept {
    const std::array<base::ByteView, 3> parts{base::as_bytes(tag), a, b};
    return hash(parts);
}

}  // namespace

base::Digest jmt_blake3(std::span<const base::ByteView> parts) noexcept { return zcrypto::blake3(parts); }
base::Digest jmt_sha256(std::span<const base::ByteView> parts) noexcept { return zcrypto::sha256(parts); }

base::Digest JmtHasher::key_hash(base::ByteView key) const noexcept { return hash({&key, 1}); }
base::Digest JmtHasher::value_hash(base::ByteView value) const noexcept { return hash({&value, 1}); }

base::Digest JmtHasher::leaf(const base::Digest& key_hash, const base::Digest& value_hash) const noexcept {
    return hash_three(hash, "JMT::LeafNode", key_hash, value_hash);
}

base::Digest JmtHasher::inner(const base::Digest& left, const base::Digest& right) const noexcept {
    return hash_three(hash, "JMT::IntrnalNode", left, right);
}

base::Digest JmtHasher::placeholder() noexcept {
    base::Digest out;
    std::memcpy(out.data(), kPlaceholder.data(), out.size());
    return out;
}

}  // namespace gcrypt

// SLIP-0010. On the Weierstrass curves a child is parent + I_L modulo the order, and the rare value outside the order
// is hashed again instead of skipped as BIP-32 does. On ed25519 and curve25519 the child is I_L itself.
#include "zcrypto/slip10.hpp"

#include <algorithm>
#include <optional>

#include "p256.hpp"
#include "sha2.hpp"
#include "zcrypto/hash.hpp"
#include "zcrypto/secp256k1.hpp"
#include "zcrypto/x25519.hpp"

namespace zcrypto::slip10 {
namespace {

std::optional<Secret<32>> add_secp256k1(base::ByteView left, base::ByteView right) {
    const auto key = secp256k1::SecretKey::make(left);
    GC_ASSERT(key.has_value());
    const auto sum = secp256k1::add_tweak(*key, right);
    if (!sum) return std::nullopt;
    Secret<32> out;
    std::ranges::copy(sum->expose(), out.expose_mutable().begin());
    return out;
}

const char* hmac_key(Curve curve) noexcept {
    switch (curve) {
        case Curve::secp256k1: return "Bitcoin seed";
        case Curve::nist256p1: return "Nist256p1 seed";
        case Curve::ed25519: return "ed25519 seed";
        case Curve::curve25519: return "curve25519 seed";
    }
    std::unreachable();
}

bool is_weierstrass(Curve curve) noexcept { return curve == Curve::secp256k1 || curve == Curve::nist256p1; }

/// parent + tweak on the Weierstrass curves, when both the tweak and the sum are scalars.
std::optional<Secret<32>> add(Curve curve, base::ByteView parent, base::ByteView tweak) {
    return curve == Curve::secp256k1 ? add_secp256k1(parent, tweak) : p256::add(parent, tweak);
}

bool is_scalar(Curve curve, base::ByteView bytes) {
    if (curve == Curve::secp256k1) return secp256k1::SecretKey::make(bytes).has_value();
    return p256::add(base::FixedBytes<32>{}, bytes).has_value();
}

/// HMAC-SHA512 into locked memory.
Secret<64> hash64(base::ByteView key, base::ByteView message) {
    auto hash = hmac_sha512({.key = key, .message = message});
    Secret<64> out;
    std::ranges::copy(hash, out.expose_mutable().begin());
    secure_wipe(hash);
    return out;
}

Secret<32> copy32(base::ByteView bytes) {
    Secret<32> out;
    std::ranges::copy(bytes, out.expose_mutable().begin());
    return out;
}

}  // namespace

base::FixedBytes<33> Node::public_key() const {
    base::FixedBytes<33> out{};
    switch (curve) {
        case Curve::secp256k1: {
            const auto secret = secp256k1::SecretKey::make(key.expose());
            GC_ASSERT(secret.has_value());
            return secret->public_key().bytes();
        }
        case Curve::nist256p1: return p256::public_key(key.expose());
        case Curve::ed25519: std::ranges::copy(ed25519::public_key_of(key).bytes, out.begin() + 1); return out;
        case Curve::curve25519: std::ranges::copy(x25519::public_key_of(key), out.begin() + 1); return out;
    }
    std::unreachable();
}

base::Result<Node> Node::child(std::uint32_t step) const {
    const bool hardened = (step & DerivationPath::kHardened) != 0;
    if (!hardened && !is_weierstrass(curve)) return base::fail(Errc::not_hardened, "derivation path");
    const auto ours = public_key();
    Secret<37> data;  // 0x00 || key, or the public key; then the step, big-endian.
    if (hardened) {
        std::ranges::copy(key.expose(), data.expose_mutable().begin() + 1);
    } else {
        std::ranges::copy(ours, data.expose_mutable().begin());
    }
    base::store_be<std::uint32_t>(data.expose_mutable().data() + 33, step);

    Node out{.curve = curve};
    const auto fingerprint = ripemd160(sha256(ours));
    std::copy_n(fingerprint.begin(), out.parent_fingerprint.size(), out.parent_fingerprint.begin());
    for (;;) {
        const auto hash = hash64(chain_code.expose(), data.expose());
        const auto left = hash.expose().first<32>(), right = hash.expose().last<32>();
        out.chain_code = copy32(right);
        if (!is_weierstrass(curve)) {
            out.key = copy32(left);
            return out;
        }
        if (auto sum = add(curve, key.expose(), left)) {
            out.key = std::move(*sum);
            return out;
        }
        // Out of range, which has probability 2^-32 on nist256p1: hash 0x01 || right half || step.
        data.expose_mutable()[0] = std::byte{1};
        std::ranges::copy(right, data.expose_mutable().begin() + 1);
    }
}

base::Result<Node> master(Curve curve, base::ByteView seed) {
    if (seed.size() < 16 || seed.size() > 64) return base::fail(Errc::bad_length, "seed");
    const auto domain = base::as_bytes(hmac_key(curve));
    auto hash = hash64(domain, seed);
    while (is_weierstrass(curve) && !is_scalar(curve, hash.expose().first<32>())) hash = hash64(domain, hash.expose());
    return Node{
        .curve = curve, .key = copy32(hash.expose().first<32>()), .chain_code = copy32(hash.expose().last<32>())};
}

base::Result<Node> derive(Curve curve, base::ByteView seed, const DerivationPath& path) {
    GC_TRY(auto node, master(curve, seed));
    for (const auto step : path.steps()) {
        GC_TRY(node, node.child(step));
    }
    return node;
}

}  // namespace zcrypto::slip10

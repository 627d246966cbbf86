// SLIP-0010. On the Weierstrass curves a child is parent + I_L modulo the order, and the rare value outside the order
// is hashed again instead of skipped as BIP-32 does. On ed25519 and curve25519 the child is I_L itself.
#include "zcrypto/slip10.hpp"

#include <openssl/bn.h>
#include <openssl/ec.h>
#include <openssl/obj_mac.h>

#include <algorithm>
#include <memory>
#include <optional>

#include "evp_md.hpp"
#include "raw.hpp"
#include "zcrypto/hash.hpp"
#include "zcrypto/secp256k1.hpp"
#include "zcrypto/x25519.hpp"

namespace zcrypto::slip10 {
namespace {

struct Free {
    void operator()(BIGNUM* number) const noexcept { BN_clear_free(number); }
    void operator()(BN_CTX* context) const noexcept { BN_CTX_free(context); }
    void operator()(EC_POINT* point) const noexcept { EC_POINT_clear_free(point); }
};
using Number = std::unique_ptr<BIGNUM, Free>;
using NumberContext = std::unique_ptr<BN_CTX, Free>;
using Point = std::unique_ptr<EC_POINT, Free>;

const EC_GROUP* p256() noexcept {
    static const EC_GROUP* const group = EC_GROUP_new_by_curve_name(NID_X9_62_prime256v1);
    GC_ASSERT(group != nullptr);
    return group;
}

/// In OpenSSL's secure heap where it has one, and with its constant-time paths.
Number to_number(base::ByteView bytes) noexcept {
    Number out{BN_secure_new()};
    GC_ASSERT(out && BN_bin2bn(base::as_u8(bytes), static_cast<int>(bytes.size()), out.get()) != nullptr);
    BN_set_flags(out.get(), BN_FLG_CONSTTIME);
    return out;
}

/// left + right modulo P-256's order; empty when right is not below the order or the sum is zero.
std::optional<Secret<32>> add_p256(base::ByteView left, base::ByteView right) noexcept {
    const auto* const order = EC_GROUP_get0_order(p256());
    const auto a = to_number(left), b = to_number(right);
    if (BN_cmp(b.get(), order) >= 0) return std::nullopt;
    const Number sum{BN_secure_new()};
    GC_ASSERT(sum && BN_mod_add_quick(sum.get(), a.get(), b.get(), order) == 1);
    if (BN_is_zero(sum.get())) return std::nullopt;
    Secret<32> out;
    GC_ASSERT(BN_bn2binpad(sum.get(), out_u8(out.expose_mutable()), 32) == 32);
    return out;
}

base::FixedBytes<33> p256_public_key(base::ByteView key) noexcept {
    const NumberContext context{BN_CTX_secure_new()};
    const Point point{EC_POINT_new(p256())};
    const auto scalar = to_number(key);
    base::FixedBytes<33> out;
    GC_ASSERT(context && point &&
              EC_POINT_mul(p256(), point.get(), scalar.get(), nullptr, nullptr, context.get()) == 1 &&
              EC_POINT_point2oct(p256(), point.get(), POINT_CONVERSION_COMPRESSED, out_u8(out), out.size(),
                                 context.get()) == out.size());
    return out;
}

std::optional<Secret<32>> add_secp256k1(base::ByteView left, base::ByteView right) noexcept {
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
std::optional<Secret<32>> add(Curve curve, base::ByteView parent, base::ByteView tweak) noexcept {
    return curve == Curve::secp256k1 ? add_secp256k1(parent, tweak) : add_p256(parent, tweak);
}

bool is_scalar(Curve curve, base::ByteView bytes) noexcept {
    if (curve == Curve::secp256k1) return secp256k1::SecretKey::make(bytes).has_value();
    return add_p256(base::FixedBytes<32>{}, bytes).has_value();
}

/// HMAC-SHA512 into locked memory.
Secret<64> hash64(base::ByteView key, base::ByteView message) noexcept {
    auto hash = hmac_sha512({.key = key, .message = message});
    Secret<64> out;
    std::ranges::copy(hash, out.expose_mutable().begin());
    secure_wipe(hash);
    return out;
}

Secret<32> copy32(base::ByteView bytes) noexcept {
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
        case Curve::nist256p1: return p256_public_key(key.expose());
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

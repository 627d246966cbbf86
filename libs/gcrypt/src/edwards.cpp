// libsodium does the arithmetic. Its point functions answer "no" for the identity and for the scalar zero; both are
// ordinary values here, so the wrappers give them their results.
#include "gcrypt/edwards.hpp"

#include <sodium.h>

#include <array>

#include "zcrypto/taint.hpp"

namespace gcrypt::edwards {
namespace {

using base::as_u8;

unsigned char* out_u8(base::MutableBytes bytes) noexcept { return as_u8(bytes); }

/// Before sodium_init() libsodium works too, but slower.
void ready() noexcept {
    static const bool done = sodium_init() >= 0;
    GC_ASSERT(done);
}

/// Whether the 32 bytes at `in` are below L, in constant time: reducing them must change nothing.
bool is_reduced(base::ByteView in) noexcept {
    zcrypto::Secret<64> wide;
    zcrypto::Secret<32> reduced;
    std::memcpy(wide.expose_mutable().data(), in.data(), 32);
    crypto_core_ed25519_scalar_reduce(out_u8(reduced.expose_mutable()), as_u8(wide.expose()));
    return zcrypto::equal_constant_time(reduced.expose(), in);
}

/// RFC 8032 §5.1.3 steps 1 and 4: y below p = 2^255 - 19, and no negative zero. What remains is whether x exists.
bool is_canonical(const base::FixedBytes<32>& encoded) noexcept {
    auto y = encoded;
    y[31] &= std::byte{0x7f};
    const bool negative = (encoded[31] & std::byte{0x80}) != std::byte{0};
    constexpr auto kTopOfP = [] {
        base::FixedBytes<32> p;
        p.fill(std::byte{0xff});
        p[0] = std::byte{0xed};
        p[31] = std::byte{0x7f};
        return p;
    }();
    const auto below = [](const base::FixedBytes<32>& a, const base::FixedBytes<32>& b) {
        for (std::size_t i = 32; i-- > 0;) {
            if (a[i] != b[i]) return a[i] < b[i];
        }
        return false;
    };
    if (!below(y, kTopOfP)) return false;
    // x is zero exactly for y = 1 and y = -1.
    auto minus_one = kTopOfP;
    minus_one[0] = std::byte{0xec};
    return !negative || (y != Point{}.bytes && y != minus_one);
}

/// p + q for any two points of the curve. False when one is none.
bool add_any(base::FixedBytes<32>& out, const base::FixedBytes<32>& p, const base::FixedBytes<32>& q) noexcept {
    ready();
    return crypto_core_ed25519_add(out_u8(out), as_u8(p), as_u8(q)) == 0;
}
bool sub_any(base::FixedBytes<32>& out, const base::FixedBytes<32>& p, const base::FixedBytes<32>& q) noexcept {
    ready();
    return crypto_core_ed25519_sub(out_u8(out), as_u8(p), as_u8(q)) == 0;
}

/// The inverse of the cofactor 8 modulo L.
const Scalar& inverse_of_eight() noexcept {
    static const auto value = *invert(Scalar::from_u64(8));
    return value;
}

}  // namespace

Scalar Scalar::from_u64(std::uint64_t value) noexcept {
    Scalar out;
    base::store_le(out.bytes.data(), value);
    return out;
}

Scalar Scalar::from_wide(const zcrypto::Digest512& wide) noexcept {
    Scalar out;
    crypto_core_ed25519_scalar_reduce(out_u8(out.bytes), as_u8(wide));
    return out;
}

base::Result<Scalar> Scalar::decode(base::ByteView encoded) noexcept {
    if (encoded.size() != 32) return base::fail(Errc::bad_length, "scalar");
    if (!is_reduced(encoded)) return base::fail(Errc::bad_scalar, "not below the group order");
    Scalar out;
    std::memcpy(out.bytes.data(), encoded.data(), 32);
    return out;
}

bool Scalar::is_zero() const noexcept { return *this == Scalar{}; }

Scalar add(const Scalar& a, const Scalar& b) noexcept {
    Scalar out;
    crypto_core_ed25519_scalar_add(out_u8(out.bytes), as_u8(a.bytes), as_u8(b.bytes));
    return out;
}
Scalar sub(const Scalar& a, const Scalar& b) noexcept {
    Scalar out;
    crypto_core_ed25519_scalar_sub(out_u8(out.bytes), as_u8(a.bytes), as_u8(b.bytes));
    return out;
}
Scalar mul(const Scalar& a, const Scalar& b) noexcept {
    Scalar out;
    crypto_core_ed25519_scalar_mul(out_u8(out.bytes), as_u8(a.bytes), as_u8(b.bytes));
    return out;
}
base::Result<Scalar> invert(const Scalar& a) noexcept {
    Scalar out;
    if (crypto_core_ed25519_scalar_invert(out_u8(out.bytes), as_u8(a.bytes)) != 0) {
        return base::fail(Errc::bad_scalar, "zero has no inverse");
    }
    return out;
}

SecretScalar SecretScalar::random(base::Random& random) noexcept {
    for (;;) {
        auto scalar = from_wide(zcrypto::Secret<64>::random(random));
        bool zero = scalar.is_zero();
        GC_PUBLIC(&zero, sizeof zero);  // It never is, with a chance of 2^-252 to learn that.
        if (!zero) return scalar;
    }
}

SecretScalar SecretScalar::from_wide(const zcrypto::Secret<64>& wide) noexcept {
    SecretScalar out;
    crypto_core_ed25519_scalar_reduce(out_u8(out.bytes_.expose_mutable()), as_u8(wide.expose()));
    return out;
}

base::Result<SecretScalar> SecretScalar::decode(base::ByteView encoded) noexcept {
    if (encoded.size() != 32) return base::fail(Errc::bad_length, "scalar");
    if (!is_reduced(encoded)) return base::fail(Errc::bad_scalar, "not below the group order");
    SecretScalar out;
    std::memcpy(out.bytes_.expose_mutable().data(), encoded.data(), 32);
    return out;
}

SecretScalar SecretScalar::copy_of(const Scalar& value) noexcept {
    SecretScalar out;
    std::memcpy(out.bytes_.expose_mutable().data(), value.bytes.data(), 32);
    return out;
}

SecretScalar SecretScalar::clone() const noexcept {
    SecretScalar out;
    out.bytes_ = bytes_.clone();
    return out;
}

bool SecretScalar::is_zero() const noexcept { return sodium_is_zero(as_u8(bytes_.expose()), 32) != 0; }

Scalar SecretScalar::declassify() const noexcept {
    Scalar out;
    std::memcpy(out.bytes.data(), bytes_.expose().data(), 32);
    return out;
}

SecretScalar add(const SecretScalar& a, const SecretScalar& b) noexcept {
    SecretScalar out;
    crypto_core_ed25519_scalar_add(out_u8(out.bytes_.expose_mutable()), as_u8(a.expose()), as_u8(b.expose()));
    return out;
}
SecretScalar mul(const SecretScalar& a, const SecretScalar& b) noexcept {
    SecretScalar out;
    crypto_core_ed25519_scalar_mul(out_u8(out.bytes_.expose_mutable()), as_u8(a.expose()), as_u8(b.expose()));
    return out;
}
SecretScalar mul(const SecretScalar& a, const Scalar& b) noexcept {
    SecretScalar out;
    crypto_core_ed25519_scalar_mul(out_u8(out.bytes_.expose_mutable()), as_u8(a.expose()), as_u8(b.bytes));
    return out;
}

base::Result<Point> Point::decode(base::ByteView encoded) noexcept {
    if (encoded.size() != 32) return base::fail(Errc::bad_length, "point");
    ready();
    // Refuses what is not canonical, off the curve, of small order (the identity too) or outside the subgroup.
    if (crypto_core_ed25519_is_valid_point(as_u8(encoded)) != 1) return base::fail(Errc::bad_point, "prime order");
    Point out;
    std::memcpy(out.bytes.data(), encoded.data(), 32);
    // libsodium looks at y alone; the encodings of x = 0 with a sign are of small order, so none reaches this line.
    return out;
}

Point base_point() noexcept { return base_mul(Scalar::from_u64(1)); }

Point add(const Point& a, const Point& b) noexcept {
    Point out;
    GC_ASSERT(add_any(out.bytes, a.bytes, b.bytes));
    return out;
}
Point sub(const Point& a, const Point& b) noexcept {
    Point out;
    GC_ASSERT(sub_any(out.bytes, a.bytes, b.bytes));
    return out;
}

Point mul(const Scalar& k, const Point& p) noexcept {
    ready();
    Point out;
    if (crypto_scalarmult_ed25519_noclamp(out_u8(out.bytes), as_u8(k.bytes), as_u8(p.bytes)) == 0) return out;
    GC_ASSERT(k.is_zero() || p.is_identity());
    return {};
}
Point mul(const SecretScalar& k, const Point& p) noexcept {
    ready();
    Point out;
    if (crypto_scalarmult_ed25519_noclamp(out_u8(out.bytes), as_u8(k.expose()), as_u8(p.bytes)) == 0) return out;
    GC_ASSERT(k.is_zero() || p.is_identity());
    return {};
}
Point base_mul(const Scalar& k) noexcept {
    ready();
    Point out;
    if (crypto_scalarmult_ed25519_base_noclamp(out_u8(out.bytes), as_u8(k.bytes)) == 0) return out;
    GC_ASSERT(k.is_zero());
    return {};
}
Point base_mul(const SecretScalar& k) noexcept {
    ready();
    Point out;
    if (crypto_scalarmult_ed25519_base_noclamp(out_u8(out.bytes), as_u8(k.expose())) == 0) return out;
    GC_ASSERT(k.is_zero());
    return {};
}

base::Result<CurvePoint> CurvePoint::decode(base::ByteView encoded) noexcept {
    if (encoded.size() != 32) return base::fail(Errc::bad_length, "point");
    CurvePoint out;
    std::memcpy(out.bytes.data(), encoded.data(), 32);
    if (!is_canonical(out.bytes)) return base::fail(Errc::bad_point, "not canonical");
    base::FixedBytes<32> unused;
    if (!add_any(unused, out.bytes, Point{}.bytes)) return base::fail(Errc::bad_point, "not on the curve");
    return out;
}

Point CurvePoint::clear_cofactor() const noexcept {
    auto value = bytes;
    for (int i = 0; i < 3; ++i) GC_ASSERT(add_any(value, value, value));
    return {value};
}

CurvePoint sub(const CurvePoint& a, const CurvePoint& b) noexcept {
    CurvePoint out;
    GC_ASSERT(sub_any(out.bytes, a.bytes, b.bytes));
    return out;
}

CurvePoint mul(const Scalar& k, const CurvePoint& p) noexcept {
    if (const auto prime = Point::decode(p.bytes)) return widen(mul(k, *prime));
    // p = q + t with q of prime order and t of small order: k p = k q + (k mod 8) t.
    const auto q = mul(inverse_of_eight(), p.clear_cofactor());
    const auto t = sub(p, widen(q));
    auto out = mul(k, q).bytes;
    for (unsigned i = std::to_integer<unsigned>(k.bytes[0]) % 8; i > 0; --i) GC_ASSERT(add_any(out, out, t.bytes));
    return {out};
}

}  // namespace gcrypt::edwards

#pragma once
// Group arithmetic on edwards25519 for protocols above plain signatures: VRF, FROST, Feldman and Pedersen commitments.
//
// Everything that touches a secret is libsodium's and constant-time; a SecretScalar lives in locked memory. Two kinds
// of points: `Point` is an element of the subgroup of prime order L and the type is the proof; `CurvePoint` is any
// point of the curve, decoded as RFC 8032 §5.1.3 says, and only ever public.

#include <compare>

#include "base/bytes.hpp"
#include "base/random.hpp"
#include "gcrypt/errc.hpp"
#include "zcrypto/hash.hpp"
#include "zcrypto/secret.hpp"

namespace gcrypt::edwards {

/// A public integer modulo L = 2^252 + 27742317777372353535851937790883648493, 32 bytes, little-endian, below L.
struct Scalar {
    base::FixedBytes<32> bytes{};

    static Scalar from_u64(std::uint64_t value) noexcept;
    /// 64 bytes, little-endian, modulo L.
    static Scalar from_wide(const zcrypto::Digest512& wide) noexcept;
    /// Strict. Errors: bad_length, bad_scalar when not below L.
    static base::Result<Scalar> decode(base::ByteView encoded) noexcept;
    [[nodiscard]] bool is_zero() const noexcept;

    friend auto operator<=>(const Scalar&, const Scalar&) = default;
};
Scalar add(const Scalar& a, const Scalar& b) noexcept;
Scalar sub(const Scalar& a, const Scalar& b) noexcept;
Scalar mul(const Scalar& a, const Scalar& b) noexcept;
/// bad_scalar for zero.
base::Result<Scalar> invert(const Scalar& a) noexcept;

/// A secret integer modulo L. Move-only and wiped; a moved-from one must not be used.
class SecretScalar {
 public:
    /// Uniform in 1..L-1.
    static SecretScalar random(base::Random& random) noexcept;
    /// 64 secret bytes, little-endian, modulo L.
    static SecretScalar from_wide(const zcrypto::Secret<64>& wide) noexcept;
    /// Strict, as Scalar::decode. The caller still has to wipe its own copy.
    static base::Result<SecretScalar> decode(base::ByteView encoded) noexcept;
    static SecretScalar copy_of(const Scalar& value) noexcept;

    [[nodiscard]] SecretScalar clone() const noexcept;
    /// Takes the same time for every value.
    [[nodiscard]] bool is_zero() const noexcept;
    /// Borrowed. "expose" marks each use in review.
    [[nodiscard]] std::span<const std::byte, 32> expose() const noexcept { return bytes_.expose(); }
    /// Makes it public, for what a protocol sends out.
    [[nodiscard]] Scalar declassify() const noexcept;

 private:
    friend SecretScalar add(const SecretScalar&, const SecretScalar&) noexcept;
    friend SecretScalar mul(const SecretScalar&, const SecretScalar&) noexcept;
    friend SecretScalar mul(const SecretScalar&, const Scalar&) noexcept;
    zcrypto::Secret<32> bytes_;
};
SecretScalar add(const SecretScalar& a, const SecretScalar& b) noexcept;
SecretScalar mul(const SecretScalar& a, const SecretScalar& b) noexcept;
SecretScalar mul(const SecretScalar& a, const Scalar& b) noexcept;

/// An element of the prime-order subgroup in its only encoding. The identity can appear as a result, never by decode().
struct Point {
    base::FixedBytes<32> bytes{std::byte{1}};  ///< The identity.

    /// RFC 9591 §6.1 DeserializeElement: canonical, on the curve, of order L. Errors: bad_length, bad_point.
    static base::Result<Point> decode(base::ByteView encoded) noexcept;
    [[nodiscard]] bool is_identity() const noexcept { return *this == Point{}; }

    friend auto operator<=>(const Point&, const Point&) = default;
};
Point base_point() noexcept;
Point add(const Point& a, const Point& b) noexcept;
Point sub(const Point& a, const Point& b) noexcept;
Point mul(const Scalar& k, const Point& p) noexcept;
Point mul(const SecretScalar& k, const Point& p) noexcept;
Point base_mul(const Scalar& k) noexcept;
Point base_mul(const SecretScalar& k) noexcept;

/// Any point of the curve, small and mixed orders included. Public values only.
struct CurvePoint {
    base::FixedBytes<32> bytes{std::byte{1}};

    /// RFC 8032 §5.1.3: y below p, and x = 0 only with the sign bit clear. Errors: bad_length, bad_point.
    static base::Result<CurvePoint> decode(base::ByteView encoded) noexcept;
    /// [8]p, of prime order or the identity.
    [[nodiscard]] Point clear_cofactor() const noexcept;

    friend auto operator<=>(const CurvePoint&, const CurvePoint&) = default;
};
inline CurvePoint widen(const Point& p) noexcept { return {p.bytes}; }
CurvePoint sub(const CurvePoint& a, const CurvePoint& b) noexcept;
/// Exact also where p has a part of small order. Not for secrets.
CurvePoint mul(const Scalar& k, const CurvePoint& p) noexcept;

}  // namespace gcrypt::edwards

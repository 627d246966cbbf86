#pragma once
// Polynomials of ML-DSA (FIPS 204): Z_q[x] / (x^256 + 1) with q = 2^23 - 2^13 + 1, coefficients in 32 bits. No branch,
// index or division depends on a coefficient, except where a comment says that it is public.

#include <array>
#include <cstdint>

#include "base/bytes.hpp"
#include "keccak.hpp"

namespace zcrypto::ml_dsa_65 {

inline constexpr std::size_t kDegree = 256;
inline constexpr std::int32_t kModulus = 8380417;
inline constexpr std::int32_t kDropped = 13;                  ///< d: low bits of t that leave the public key
inline constexpr std::int32_t kEta = 4;                       ///< bound of the secret's coefficients
inline constexpr std::int32_t kGamma1 = 1 << 19;              ///< bound of the mask's coefficients
inline constexpr std::int32_t kGamma2 = (kModulus - 1) / 32;  ///< half of the rounding step
inline constexpr std::size_t kTau = 49;                       ///< non-zero coefficients of the challenge
inline constexpr std::int32_t kBeta = 196;                    ///< kTau * kEta

struct Poly {
    std::array<std::int32_t, kDegree> at;
};

/// In place; the result is below 9q in magnitude for input below q.
void ntt(Poly& poly) noexcept;
/// In place, and multiplies by 2^32, which undoes multiply()'s 2^-32; the result is below q in magnitude.
void inverse_ntt(Poly& poly) noexcept;
/// out = a * b * 2^-32 in the transformed domain; accumulate adds to `out`.
void multiply(const Poly& a, const Poly& b, Poly& out) noexcept;
void accumulate(const Poly& a, const Poly& b, Poly& out) noexcept;
void add_to(Poly& a, const Poly& b) noexcept;
void subtract_from(Poly& a, const Poly& b) noexcept;  ///< a -= b
/// Around zero, at most 6283008 in magnitude; then [0, q) with positive().
void reduce(Poly& poly) noexcept;
void positive(Poly& poly) noexcept;
/// Whether a coefficient is at or above `bound` in magnitude. Looks at all of them; input as from reduce().
std::uint32_t exceeds(const Poly& poly, std::int32_t bound) noexcept;

/// Power2Round: a = high * 2^13 + low. Input in [0, q).
void split_power(const Poly& poly, Poly& high, Poly& low) noexcept;
/// Decompose: a = high * 2 * gamma2 + low. Input in [0, q).
void split_gamma(const Poly& poly, Poly& high, Poly& low) noexcept;
/// UseHint. Public input.
void use_hint(const Poly& hint, Poly& poly) noexcept;

/// SampleInBall. The seed is public: takes variable time.
void sample_challenge(base::ByteView seed, Poly& out) noexcept;
/// RejNTTPoly. rho is public.
void sample_uniform(base::ByteView rho, std::uint8_t column, std::uint8_t row, Poly& out) noexcept;
/// RejBoundedPoly: the secret's small coefficients. Which candidates are refused is public, the accepted values are
/// not.
void sample_bounded(base::ByteView seed, std::uint16_t nonce, Poly& out) noexcept;
/// ExpandMask, one polynomial.
void sample_mask(base::ByteView seed, std::uint16_t nonce, Poly& out) noexcept;

/// Packs `offset - c` (or c when `offset` is 0) into `bits` each: SimpleBitPack and BitPack. Size 32 * bits.
struct Packing {
    int bits;
    std::int32_t offset;
};
inline constexpr Packing kPackT1{.bits = 10, .offset = 0};
inline constexpr Packing kPackT0{.bits = 13, .offset = 1 << (kDropped - 1)};
inline constexpr Packing kPackSecret{.bits = 4, .offset = kEta};
inline constexpr Packing kPackMask{.bits = 20, .offset = kGamma1};
inline constexpr Packing kPackW1{.bits = 4, .offset = 0};
void pack(const Poly& poly, Packing packing, base::MutableBytes out) noexcept;
void unpack(base::ByteView bytes, Packing packing, Poly& out) noexcept;

}  // namespace zcrypto::ml_dsa_65

#pragma once
// Polynomials of ML-KEM (FIPS 203): Z_q[x] / (x^256 + 1) with q = 3329, coefficients in 16 bits. No branch, index,
// division or remainder depends on a coefficient: the compression below multiplies by the reciprocal of q.

#include <array>
#include <cstdint>

#include "base/bytes.hpp"
#include "keccak.hpp"

namespace zcrypto::ml_kem_768 {

inline constexpr std::size_t kDegree = 256;
inline constexpr std::int32_t kModulus = 3329;
inline constexpr std::size_t kRank = 3;

struct Poly {
    std::array<std::int16_t, kDegree> at;
};
using Vector = std::array<Poly, kRank>;

/// In place; the result's coefficients are at most q in magnitude.
void ntt(Poly& poly) noexcept;
/// In place, and multiplies by 2^16, which undoes the 2^-16 of multiply().
void inverse_ntt(Poly& poly) noexcept;
/// sum of a[i] * b[i] * 2^-16 in the transformed domain. Results go to `out` everywhere here, never through a temporary
/// that would stay on the stack.
void inner_product(const Vector& a, const Vector& b, Poly& out) noexcept;
/// In place: multiplies by 2^16.
void to_montgomery(Poly& poly) noexcept;
/// a += b, or a = b - a; each coefficient brought to [0, q).
void add_to(Poly& a, const Poly& b) noexcept;
void subtract_from(Poly& a, const Poly& b) noexcept;

/// ByteEncode_12 and ByteDecode_12: 384 bytes.
void encode12(const Poly& poly, base::MutableBytes out) noexcept;
void decode12(base::ByteView bytes, Poly& out) noexcept;
/// Compress_d then ByteEncode_d, and back; `bits` is 1, 4 or 10, the size 32 * bits. Coefficients in [0, q).
void compress(const Poly& poly, int bits, base::MutableBytes out) noexcept;
void decompress(base::ByteView bytes, int bits, Poly& out) noexcept;

/// SampleNTT of rho, column and row. rho is public: takes variable time.
void sample_uniform(base::ByteView rho, std::uint8_t column, std::uint8_t row, Poly& out) noexcept;
/// SamplePolyCBD with eta = 2 of PRF(seed, nonce).
void sample_noise(base::ByteView seed, std::uint8_t nonce, Poly& out) noexcept;

/// round(2^bits * value / q) modulo 2^bits, for value in [0, q). Exposed to be checked for every value.
constexpr std::uint32_t compress_one(std::uint32_t value, int bits) noexcept {
    // 2^41 / q rounded up: exact for dividends below 2^23.
    constexpr std::uint64_t kReciprocal = ((std::uint64_t{1} << 41) + kModulus - 1) / kModulus;
    const auto dividend = (std::uint64_t{value} << bits) + kModulus / 2;
    return static_cast<std::uint32_t>(dividend * kReciprocal >> 41) & ((1u << bits) - 1);
}

}  // namespace zcrypto::ml_kem_768

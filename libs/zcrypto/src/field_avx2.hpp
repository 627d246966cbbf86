#pragma once
// Vectors of four field elements for AVX2, radix 2^25.5: limb[j] has weight 2^ceil(25.5 j), 26 bits for even j and 25
// for odd; lane i of limb[j] is limb j of element i, in the low half of 64 bits, where VPMULUDQ reads it (Bernstein and
// Schwabe, "NEON crypto", 2012, for vectors of this radix). Included by ed25519_avx2.cpp only; see field_ifma.hpp for
// why everything is in an unnamed namespace.
//
// Limb bounds, even/odd limbs:
//   tight   < 2^26 + 2^16 / 2^25 + 2^16    results of mul, square, carried
//   loose   < 2^27.6 / 2^26.6              what mul and square accept: their column sums stay below 2^62.5, and
//                                          19 times a limb fits 32 bits

#include <immintrin.h>

#include "field.hpp"

namespace zcrypto::curve {
namespace {

struct Vec {
    __m256i limb[10];
};

constexpr int bits_of(int limb) noexcept { return limb % 2 == 0 ? 26 : 25; }
GC_INLINE __m256i all_lanes(u64 value) noexcept { return _mm256_set1_epi64x(static_cast<long long>(value)); }
GC_INLINE __m256i mask_of(int limb) noexcept { return all_lanes((u64{1} << bits_of(limb)) - 1); }
GC_INLINE __m256i plus(__m256i a, __m256i b) noexcept { return _mm256_add_epi64(a, b); }
/// Twice p, limb by limb: more than any tight limb, so a difference stays positive.
GC_INLINE __m256i two_p(int limb) noexcept { return all_lanes(2 * ((u64{1} << bits_of(limb)) - (limb == 0 ? 19 : 1))); }

/// From limbs below 2^32.
GC_INLINE Vec carried(const Vec& a) noexcept {
    Vec r;
    r.limb[0] = plus(_mm256_and_si256(a.limb[0], mask_of(0)),
                     _mm256_mul_epu32(_mm256_srli_epi64(a.limb[9], 25), all_lanes(19)));
    for (int i = 1; i < 10; ++i) {
        r.limb[i] = plus(_mm256_and_si256(a.limb[i], mask_of(i)), _mm256_srli_epi64(a.limb[i - 1], bits_of(i - 1)));
    }
    return r;
}

/// Carries column sums below 2^62.5, in two chains side by side.
GC_INLINE Vec reduce_columns(Vec c) noexcept {
    const auto carry = [&c](int from) {
        const auto high = _mm256_srli_epi64(c.limb[from], bits_of(from));
        c.limb[from] = _mm256_and_si256(c.limb[from], mask_of(from));
        c.limb[from + 1] = plus(c.limb[from + 1], high);
    };
    for (int i = 0; i < 4; ++i) {
        carry(i);
        carry(i + 4);
    }
    carry(4);
    carry(8);
    const auto high = _mm256_srli_epi64(c.limb[9], 25);
    c.limb[9] = _mm256_and_si256(c.limb[9], mask_of(9));
    const auto high3 = plus(high, _mm256_slli_epi64(high, 1));
    c.limb[0] = plus(c.limb[0], plus(high3, _mm256_slli_epi64(high, 4)));
    carry(0);
    return c;
}

GC_INLINE Vec mul(const Vec& a, const Vec& b) noexcept {
    __m256i b19[10];
    for (int j = 1; j < 10; ++j) b19[j] = _mm256_mul_epu32(b.limb[j], all_lanes(19));
    Vec c;
    for (auto& limb : c.limb) limb = _mm256_setzero_si256();
#pragma GCC unroll 10
    for (int i = 0; i < 10; ++i) {
        // Two odd limbs meet at half a bit each: their product counts twice.
        const auto doubled = plus(a.limb[i], a.limb[i]);
#pragma GCC unroll 10
        for (int j = 0; j < 10; ++j) {
            const auto product =
                _mm256_mul_epu32(i % 2 && j % 2 ? doubled : a.limb[i], i + j >= 10 ? b19[j] : b.limb[j]);
            c.limb[(i + j) % 10] = plus(c.limb[(i + j) % 10], product);
        }
    }
    return reduce_columns(c);
}

GC_INLINE Vec square(const Vec& a) noexcept {
    __m256i a19[10];
    for (int j = 5; j < 10; ++j) a19[j] = _mm256_mul_epu32(a.limb[j], all_lanes(19));
    Vec c;
    for (auto& limb : c.limb) limb = _mm256_setzero_si256();
    // Unrolled, so that limbs stay in registers and the conditions vanish.
#pragma GCC unroll 10
    for (int i = 0; i < 10; ++i) {
#pragma GCC unroll 10
        for (int j = i; j < 10; ++j) {
            const int doublings = (i != j) + (i % 2 && j % 2);
            const auto left = doublings ? _mm256_slli_epi64(a.limb[i], doublings) : a.limb[i];
            const auto product = _mm256_mul_epu32(left, i + j >= 10 ? a19[j] : a.limb[j]);
            c.limb[(i + j) % 10] = plus(c.limb[(i + j) % 10], product);
        }
    }
    return reduce_columns(c);
}

GC_INLINE Vec add(const Vec& a, const Vec& b) noexcept {
    Vec r;
    for (int i = 0; i < 10; ++i) r.limb[i] = plus(a.limb[i], b.limb[i]);
    return carried(r);
}
/// b tight.
GC_INLINE Vec sub(const Vec& a, const Vec& b) noexcept {
    Vec r;
    for (int i = 0; i < 10; ++i) r.limb[i] = plus(a.limb[i], _mm256_sub_epi64(two_p(i), b.limb[i]));
    return carried(r);
}

/// Four tight elements of field.hpp, one a lane.
inline Vec load_lanes(const Fe& a, const Fe& b, const Fe& c, const Fe& d) noexcept {
    Vec r;
    for (int i = 0; i < 5; ++i) {
        const auto at = [i](const Fe& fe) { return static_cast<long long>(fe.limb[i]); };
        const auto whole = _mm256_set_epi64x(at(d), at(c), at(b), at(a));
        r.limb[2 * i] = _mm256_and_si256(whole, mask_of(0));
        r.limb[2 * i + 1] = _mm256_srli_epi64(whole, 26);
    }
    return r;
}
GC_INLINE Vec splat(const Fe& a) noexcept { return load_lanes(a, a, a, a); }

/// The four elements, tight.
inline void store_lanes(const Vec& v, Fe* const (&out)[4]) noexcept {
    for (int i = 0; i < 5; ++i) {
        alignas(32) u64 lane[4];
        _mm256_store_si256(reinterpret_cast<__m256i*>(lane),
                           plus(v.limb[2 * i], _mm256_slli_epi64(v.limb[2 * i + 1], 26)));
        for (int j = 0; j < 4; ++j) out[j]->limb[i] = lane[j];
    }
    for (auto* const fe : out) *fe = carried(*fe);
}

}  // namespace
}  // namespace zcrypto::curve

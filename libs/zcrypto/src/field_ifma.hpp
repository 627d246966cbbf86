#pragma once
// Vectors of field elements for AVX-512 IFMA, radix 2^51 as in field.hpp: lane i of limb[j] is limb j of element i.
// A vector has four lanes (ymm) or eight (zmm). Included by ed25519_ifma.cpp only, which alone is compiled for these
// instructions; everything is in an unnamed namespace or always inlined, so no copy of it can serve other files.
//
// VPMADD52 multiplies the low 52 bits of its operands and adds the low or high 52 bits of the product. With radix 2^51
// the high half of a_i*b_j has weight 2^(51(i+j)+52), twice that of position i+j+1 (Gueron and Krasnov, "Software
// implementation of modular exponentiation, using AVX-512 IFMA", 2016, for the method; curve25519-dalek's notes on
// its IFMA back end for this radix).
//
// Limb bounds: tight < 2^51 + 2^14 (mul, square, carried). Operands of mul and square must be below 2^52, so a sum of
// two tight values is carried before it is multiplied.

#include <immintrin.h>

#include "field.hpp"

namespace zcrypto::curve {
namespace {

struct Ymm {
    __m256i v;
};
struct Zmm {
    __m512i v;
};

GC_INLINE Ymm operator+(Ymm a, Ymm b) noexcept { return {_mm256_add_epi64(a.v, b.v)}; }
GC_INLINE Zmm operator+(Zmm a, Zmm b) noexcept { return {_mm512_add_epi64(a.v, b.v)}; }
GC_INLINE Ymm operator-(Ymm a, Ymm b) noexcept { return {_mm256_sub_epi64(a.v, b.v)}; }
GC_INLINE Zmm operator-(Zmm a, Zmm b) noexcept { return {_mm512_sub_epi64(a.v, b.v)}; }
GC_INLINE Ymm operator&(Ymm a, Ymm b) noexcept { return {_mm256_and_si256(a.v, b.v)}; }
GC_INLINE Zmm operator&(Zmm a, Zmm b) noexcept { return {_mm512_and_si512(a.v, b.v)}; }
GC_INLINE Ymm operator|(Ymm a, Ymm b) noexcept { return {_mm256_or_si256(a.v, b.v)}; }
GC_INLINE Zmm operator|(Zmm a, Zmm b) noexcept { return {_mm512_or_si512(a.v, b.v)}; }
template <int kBits>
GC_INLINE Ymm shift_right(Ymm a) noexcept {
    return {_mm256_srli_epi64(a.v, kBits)};
}
template <int kBits>
GC_INLINE Zmm shift_right(Zmm a) noexcept {
    return {_mm512_srli_epi64(a.v, kBits)};
}
GC_INLINE Ymm madd_low(Ymm sum, Ymm a, Ymm b) noexcept { return {_mm256_madd52lo_epu64(sum.v, a.v, b.v)}; }
GC_INLINE Zmm madd_low(Zmm sum, Zmm a, Zmm b) noexcept { return {_mm512_madd52lo_epu64(sum.v, a.v, b.v)}; }
GC_INLINE Ymm madd_high(Ymm sum, Ymm a, Ymm b) noexcept { return {_mm256_madd52hi_epu64(sum.v, a.v, b.v)}; }
GC_INLINE Zmm madd_high(Zmm sum, Zmm a, Zmm b) noexcept { return {_mm512_madd52hi_epu64(sum.v, a.v, b.v)}; }
GC_INLINE Ymm mul_low64(Ymm a, Ymm b) noexcept { return {_mm256_mullo_epi64(a.v, b.v)}; }
GC_INLINE Zmm mul_low64(Zmm a, Zmm b) noexcept { return {_mm512_mullo_epi64(a.v, b.v)}; }
template <typename V>
GC_INLINE V broadcast(u64 value) noexcept {
    if constexpr (sizeof(V) == sizeof(Ymm)) {
        return {_mm256_set1_epi64x(static_cast<long long>(value))};
    } else {
        return {_mm512_set1_epi64(static_cast<long long>(value))};
    }
}

template <typename V>
struct Vec {
    V limb[5];
};

template <typename V>
GC_INLINE Vec<V> carried(const Vec<V>& a) noexcept {
    const auto mask = broadcast<V>(kMask51);
    Vec<V> r;
    r.limb[0] = madd_low(a.limb[0] & mask, shift_right<51>(a.limb[4]), broadcast<V>(19));
    for (int i = 1; i < 5; ++i) r.limb[i] = (a.limb[i] & mask) + shift_right<51>(a.limb[i - 1]);
    return r;
}

/// Folds the columns 5 to 9 below 2^56 onto 0 to 4 and carries. The columns of a product stay below 15 * 2^52.
template <typename V>
GC_INLINE Vec<V> fold(const V (&column)[10]) noexcept {
    const auto nineteen = broadcast<V>(19);
    Vec<V> r;
    for (int i = 0; i < 5; ++i) r.limb[i] = column[i] + mul_low64(column[i + 5], nineteen);
    return carried(r);
}

template <typename V>
GC_INLINE Vec<V> mul(const Vec<V>& a, const Vec<V>& b) noexcept {
    V low[9], high[9];
    const auto zero = broadcast<V>(0);
    for (int k = 0; k < 9; ++k) low[k] = high[k] = zero;
    // All columns advance together: each is a chain of dependent additions.
    for (int i = 0; i < 5; ++i) {
        for (int j = 0; j < 5; ++j) low[i + j] = madd_low(low[i + j], a.limb[i], b.limb[j]);
        for (int j = 0; j < 5; ++j) high[i + j] = madd_high(high[i + j], a.limb[i], b.limb[j]);
    }
    V column[10];
    column[0] = low[0];
    for (int k = 1; k < 9; ++k) column[k] = low[k] + (high[k - 1] + high[k - 1]);
    column[9] = high[8] + high[8];
    return fold(column);
}

template <typename V>
GC_INLINE Vec<V> square(const Vec<V>& a) noexcept {
    // Column k is diagonal low + 2 * (low of a_i*a_j, i < j, and diagonal high) + 4 * (high of a_i*a_j, i < j).
    V twice[10], high[10];
    const auto zero = broadcast<V>(0);
    for (int k = 0; k < 10; ++k) twice[k] = high[k] = zero;
    for (int i = 0; i < 5; ++i) {
        for (int j = i + 1; j < 5; ++j) {
            high[i + j + 1] = madd_high(high[i + j + 1], a.limb[i], a.limb[j]);
            twice[i + j] = madd_low(twice[i + j], a.limb[i], a.limb[j]);
        }
        twice[2 * i + 1] = madd_high(twice[2 * i + 1], a.limb[i], a.limb[i]);
    }
    V column[10];
    for (int k = 0; k < 10; ++k) {
        const auto half = twice[k] + (high[k] + high[k]);
        column[k] = half + half;
    }
    for (int i = 0; i < 5; ++i) column[2 * i] = madd_low(column[2 * i], a.limb[i], a.limb[i]);
    return fold(column);
}

template <typename V>
GC_INLINE Vec<V> add(const Vec<V>& a, const Vec<V>& b) noexcept {
    Vec<V> r;
    for (int i = 0; i < 5; ++i) r.limb[i] = a.limb[i] + b.limb[i];
    return carried(r);
}
/// b tight.
template <typename V>
GC_INLINE Vec<V> sub(const Vec<V>& a, const Vec<V>& b) noexcept {
    Vec<V> r;
    for (int i = 0; i < 5; ++i) {
        r.limb[i] = a.limb[i] + (broadcast<V>(2 * (i == 0 ? kMask51 - 18 : kMask51)) - b.limb[i]);
    }
    return carried(r);
}
template <typename V>
GC_INLINE Vec<V> splat(const Fe& a) noexcept {
    Vec<V> r;
    for (int i = 0; i < 5; ++i) r.limb[i] = broadcast<V>(a.limb[i]);
    return r;
}

/// The canonical limbs, each below 2^51 and the value below p.
template <typename V>
GC_INLINE Vec<V> frozen(const Vec<V>& a) noexcept {
    const auto mask = broadcast<V>(kMask51);
    auto t = carried(carried(a));
    // As in fe_to_bytes(): t < 2p, and its quotient by p is the carry that adding 19 would push out of bit 255.
    auto q = shift_right<51>(t.limb[0] + broadcast<V>(19));
    for (int i = 1; i < 5; ++i) q = shift_right<51>(t.limb[i] + q);
    t.limb[0] = madd_low(t.limb[0], q, broadcast<V>(19));
    for (int i = 0; i < 4; ++i) {
        t.limb[i + 1] = t.limb[i + 1] + shift_right<51>(t.limb[i]);
        t.limb[i] = t.limb[i] & mask;
    }
    t.limb[4] = t.limb[4] & mask;
    return t;
}

/// One bit a lane: whether a frozen value is zero, and whether it is odd.
GC_INLINE unsigned zero_lanes(const Vec<Zmm>& f) noexcept {
    const auto all = f.limb[0] | f.limb[1] | f.limb[2] | f.limb[3] | f.limb[4];
    return _mm512_testn_epi64_mask(all.v, all.v);
}
GC_INLINE unsigned odd_lanes(const Vec<Zmm>& f) noexcept {
    return _mm512_test_epi64_mask(f.limb[0].v, _mm512_set1_epi64(1));
}
/// b in the lanes whose bit is set, a elsewhere.
GC_INLINE Vec<Zmm> blend(unsigned lanes, const Vec<Zmm>& a, const Vec<Zmm>& b) noexcept {
    Vec<Zmm> r;
    for (int i = 0; i < 5; ++i) {
        r.limb[i] = {_mm512_mask_blend_epi64(static_cast<__mmask8>(lanes), a.limb[i].v, b.limb[i].v)};
    }
    return r;
}

}  // namespace
}  // namespace zcrypto::curve

#pragma once
// Points of edwards25519 with one coordinate a lane, in the order X, Y, T, Z: one point in a ymm vector, two in a zmm.
// An addition or a doubling is two vector multiplications with shuffles between (Hisil, Wong, Carter, Dawson, "Twisted
// Edwards curves revisited", 2008, section 4.2 gives the four-way schedule; curve25519-dalek's "parallel formulas"
// notes describe it for vectors). The formulas are the complete ones of point.hpp.

#include "field_ifma.hpp"
#include "point.hpp"

namespace zcrypto::curve {
namespace {

/// Lane i of the result is lane kI of the same point.
template <int k0, int k1, int k2, int k3>
GC_INLINE Ymm lanes(Ymm a) noexcept {
    return {_mm256_permutex_epi64(a.v, k0 | k1 << 2 | k2 << 4 | k3 << 6)};
}
template <int k0, int k1, int k2, int k3>
GC_INLINE Zmm lanes(Zmm a) noexcept {
    return {_mm512_permutex_epi64(a.v, k0 | k1 << 2 | k2 << 4 | k3 << 6)};
}
/// The same, with zero in the lanes whose bit of kMask (for one point) is clear.
template <int kMask, int k0, int k1, int k2, int k3>
GC_INLINE Ymm some_lanes(Ymm a) noexcept {
    return {_mm256_maskz_permutex_epi64(kMask, a.v, k0 | k1 << 2 | k2 << 4 | k3 << 6)};
}
template <int kMask, int k0, int k1, int k2, int k3>
GC_INLINE Zmm some_lanes(Zmm a) noexcept {
    return {_mm512_maskz_permutex_epi64(kMask | kMask << 4, a.v, k0 | k1 << 2 | k2 << 4 | k3 << 6)};
}
/// from - a in the lanes of kMask; a in the others.
template <int kMask>
GC_INLINE Ymm subtract_in(Ymm from, Ymm a) noexcept {
    return {_mm256_mask_sub_epi64(a.v, kMask, from.v, a.v)};
}
template <int kMask>
GC_INLINE Zmm subtract_in(Zmm from, Zmm a) noexcept {
    return {_mm512_mask_sub_epi64(a.v, kMask | kMask << 4, from.v, a.v)};
}
/// from - a in the lanes of kMask; zero in the others.
template <int kMask>
GC_INLINE Ymm subtract_only(Ymm from, Ymm a) noexcept {
    return {_mm256_maskz_sub_epi64(kMask, from.v, a.v)};
}
template <int kMask>
GC_INLINE Zmm subtract_only(Zmm from, Zmm a) noexcept {
    return {_mm512_maskz_sub_epi64(kMask | kMask << 4, from.v, a.v)};
}
GC_INLINE Ymm permuted(Ymm index, Ymm a) noexcept { return {_mm256_permutexvar_epi64(index.v, a.v)}; }
GC_INLINE Zmm permuted(Zmm index, Zmm a) noexcept { return {_mm512_permutexvar_epi64(index.v, a.v)}; }

template <typename V>
GC_INLINE V two_p(int limb) noexcept {
    return broadcast<V>(2 * (limb == 0 ? kMask51 - 18 : kMask51));
}

/// (X, Y, T, Z) -> (Y-X, Y+X, T, Z)
template <typename V>
GC_INLINE Vec<V> mix_xy(const Vec<V>& p) noexcept {
    Vec<V> r;
    for (int i = 0; i < 5; ++i) {
        r.limb[i] = some_lanes<0b0011, 1, 0, 2, 3>(p.limb[i]) + subtract_in<0b0001>(two_p<V>(i), p.limb[i]);
    }
    return carried(r);
}
/// (A, B, C, D) -> (B-A, B+A, D-C, D+C) = (E, H, F, G)
template <typename V>
GC_INLINE Vec<V> mix_pairs(const Vec<V>& p) noexcept {
    Vec<V> r;
    for (int i = 0; i < 5; ++i) {
        r.limb[i] = lanes<1, 0, 3, 2>(p.limb[i]) + subtract_in<0b0101>(two_p<V>(i), p.limb[i]);
    }
    return carried(r);
}

template <typename V>
GC_INLINE Vec<V> twice_lanes(const Vec<V>& p) noexcept {
    Vec<V> left, right, mixed;
    for (int i = 0; i < 5; ++i) {
        left.limb[i] = lanes<0, 1, 0, 3>(p.limb[i]);
        right.limb[i] = lanes<0, 1, 1, 3>(p.limb[i]);
    }
    const auto s = mul(left, right);  // (XX, YY, XY, ZZ)
    for (int i = 0; i < 5; ++i) {
        // E = 2XY, H = YY + XX, F = 2ZZ + XX - YY, G = YY - XX
        const auto a = lanes<2, 1, 3, 1>(s.limb[i]);
        const auto b = some_lanes<0b0111, 2, 0, 3, 0>(s.limb[i]);
        const auto c = some_lanes<0b0100, 0, 0, 0, 0>(s.limb[i]);
        const auto d = lanes<0, 0, 1, 0>(s.limb[i]);
        mixed.limb[i] = (a + b) + (c + subtract_only<0b1100>(two_p<V>(i), d));
    }
    mixed = carried(mixed);
    for (int i = 0; i < 5; ++i) {
        left.limb[i] = lanes<0, 3, 0, 2>(mixed.limb[i]);
        right.limb[i] = lanes<2, 1, 1, 3>(mixed.limb[i]);
    }
    return mul(left, right);
}

/// Lane orders for adding an entry or, second, for subtracting it: that swaps Y-X with Y+X, and F with G. Third and
/// fourth are the same for the second point of a zmm vector.
struct alignas(64) Orders {
    u64 entry[4][4];
    u64 left[4][4];
    u64 right[4][4];
};
constexpr Orders kOrders{{{0, 1, 2, 3}, {1, 0, 2, 3}, {4, 5, 6, 7}, {5, 4, 6, 7}},
                         {{0, 3, 0, 2}, {0, 2, 0, 3}, {4, 7, 4, 6}, {4, 6, 4, 7}},
                         {{2, 1, 1, 3}, {3, 1, 1, 2}, {6, 5, 5, 7}, {7, 5, 5, 6}}};

GC_INLINE Ymm load4(const u64* from) noexcept { return {_mm256_loadu_si256(reinterpret_cast<const __m256i*>(from))}; }
GC_INLINE Zmm both(Ymm low, Ymm high) noexcept {
    return {_mm512_inserti64x4(_mm512_castsi256_si512(low.v), high.v, 1)};
}

/// A point's multiple, ready to be added: (Y-X, Y+X, 2dT, 2Z), tight.
using Entry = Vec<Ymm>;

template <typename V>
GC_INLINE void add_lanes(Vec<V>& sum, const Vec<V>& entry, V order, V left_order, V right_order) noexcept {
    Vec<V> ordered, left, right;
    for (int i = 0; i < 5; ++i) ordered.limb[i] = permuted(order, entry.limb[i]);
    const auto mixed = mix_pairs(mul(mix_xy(sum), ordered));
    for (int i = 0; i < 5; ++i) {
        left.limb[i] = permuted(left_order, mixed.limb[i]);
        right.limb[i] = permuted(right_order, mixed.limb[i]);
    }
    sum = mul(left, right);
}

template <typename V>
GC_INLINE Vec<V> entry_factors() noexcept {
    Vec<V> r;
    for (int i = 0; i < 5; ++i) {
        const auto small = [i](u64 value) { return static_cast<long long>(i == 0 ? value : 0); };
        const auto four = _mm256_set_epi64x(small(2), static_cast<long long>(k2D.limb[i]), small(1), small(1));
        if constexpr (sizeof(V) == sizeof(Ymm)) {
            r.limb[i] = {four};
        } else {
            r.limb[i] = both({four}, {four});
        }
    }
    return r;
}
template <typename V>
GC_INLINE Vec<V> to_entry(const Vec<V>& p) noexcept {
    return mul(mix_xy(p), entry_factors<V>());
}

inline Vec<Ymm> load_point(const Extended& p) noexcept {
    Vec<Ymm> r;
    for (int i = 0; i < 5; ++i) {
        const auto at = [i](const Fe& fe) { return static_cast<long long>(fe.limb[i]); };
        r.limb[i] = {_mm256_set_epi64x(at(p.z), at(p.t), at(p.y), at(p.x))};
    }
    return r;
}
inline void store_point(const Vec<Ymm>& p, Extended& out) noexcept {
    for (int i = 0; i < 5; ++i) {
        alignas(32) u64 lane[4];
        _mm256_store_si256(reinterpret_cast<__m256i*>(lane), p.limb[i].v);
        out.x.limb[i] = lane[0];
        out.y.limb[i] = lane[1];
        out.t.limb[i] = lane[2];
        out.z.limb[i] = lane[3];
    }
}

}  // namespace
}  // namespace zcrypto::curve

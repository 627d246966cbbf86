#pragma once
// Points of edwards25519, -x^2 + y^2 = 1 + d x^2 y^2, for public data only. Formulas: Hisil, Wong, Carter, Dawson
// (2008) for a = -1; they are complete, so small-order and mixed-order points need no special case.

#include <array>
#include <optional>

#include "field.hpp"

namespace zcrypto::curve {

/// x = X/Z, y = Y/Z.
struct Projective {
    Fe x, y, z;
};
/// Additionally T = XY/Z.
struct Extended {
    Fe x, y, z, t;
};
/// x = X/Z, y = Y/T: what additions and doublings yield before two or four multiplications choose a form.
struct Completed {
    Fe x, y, z, t;
};
/// A table entry for repeated addition: Y+X, Y-X, 2Z, 2dT.
struct Cached {
    Fe y_plus_x, y_minus_x, z2, t2d;
};
/// The same with Z = 1.
struct Niels {
    Fe y_plus_x, y_minus_x, xy2d;
};

inline constexpr Extended kIdentity{kZero, kOne, kOne, kZero};

GC_INLINE Projective to_projective(const Completed& p) noexcept {
    return {mul(p.x, p.t), mul(p.y, p.z), mul(p.z, p.t)};
}
GC_INLINE Extended to_extended(const Completed& p) noexcept {
    return {mul(p.x, p.t), mul(p.y, p.z), mul(p.z, p.t), mul(p.x, p.y)};
}
GC_INLINE Projective to_projective(const Extended& p) noexcept { return {p.x, p.y, p.z}; }
GC_INLINE Cached to_cached(const Extended& p) noexcept {
    return {add(p.y, p.x), carried(sub(p.y, p.x)), add(p.z, p.z), mul(p.t, k2D)};
}
GC_INLINE Extended negate(const Extended& p) noexcept { return {carried(negate(p.x)), p.y, p.z, carried(negate(p.t))}; }

GC_INLINE Completed twice(const Projective& p) noexcept {
    const auto xx = square(p.x);
    const auto yy = square(p.y);
    const auto zz = square(p.z);
    const auto sum_squared = square(add(p.x, p.y));
    const auto h = add(yy, xx);
    return {.x = sub(sum_squared, h), .y = h, .z = sub(yy, xx), .t = sub(add(add(zz, zz), xx), yy)};
}

/// p + q or, with Minus, p - q. Negating q swaps its first two parts and the sign of the last.
template <bool Minus>
GC_INLINE Completed sum(const Extended& p, const Cached& q) noexcept {
    const auto a = mul(sub(p.y, p.x), Minus ? q.y_plus_x : q.y_minus_x);
    const auto b = mul(add(p.y, p.x), Minus ? q.y_minus_x : q.y_plus_x);
    const auto c = mul(p.t, q.t2d);
    const auto d = mul(p.z, q.z2);
    return {.x = sub(b, a), .y = add(b, a), .z = Minus ? sub(d, c) : add(d, c), .t = Minus ? add(d, c) : sub(d, c)};
}
template <bool Minus>
GC_INLINE Completed sum(const Extended& p, const Niels& q) noexcept {
    const auto a = mul(sub(p.y, p.x), Minus ? q.y_plus_x : q.y_minus_x);
    const auto b = mul(add(p.y, p.x), Minus ? q.y_minus_x : q.y_plus_x);
    const auto c = mul(p.t, q.xy2d);
    const auto d = add(p.z, p.z);
    return {.x = sub(b, a), .y = add(b, a), .z = Minus ? sub(d, c) : add(d, c), .t = Minus ? add(d, c) : sub(d, c)};
}

/// p + q, or p - q with `minus`, for the loops of scalar multiplication. Out of line on purpose: inlined at each use
/// these would not fit the instruction cache. No branch on `minus`, which is as good as random.
void add_signed(Completed& p, const Cached& q, bool minus) noexcept;
void add_signed(Completed& p, const Niels& q, bool minus) noexcept;

bool is_identity(const Extended& p) noexcept;
/// Whether [8]p is the identity: the cofactored comparison.
bool is_small_order(const Extended& p) noexcept;

/// Decodes as ZIP-215 does: y modulo p, any sign for x = 0. Empty when no x exists.
std::optional<Extended> decompress(const std::byte* encoded) noexcept;
/// N encodings in one go, about a third faster than one after the other. `ok[i]` says whether the i-th decoded.
template <std::size_t N>
std::array<bool, N> decompress_lanes(const std::array<const std::byte*, N>& encoded,
                                     std::array<Extended, N>& points) noexcept;
extern template std::array<bool, 2> decompress_lanes<2>(const std::array<const std::byte*, 2>&,
                                                        std::array<Extended, 2>&) noexcept;
extern template std::array<bool, 4> decompress_lanes<4>(const std::array<const std::byte*, 4>&,
                                                        std::array<Extended, 4>&) noexcept;
/// Half-way through decoding: x^2 = u/v, and the candidate for x.
struct Decoding {
    Fe y, u, v, root;  ///< Tight.
};
/// Makes the point of `encoded`; false when the candidate shows that there is none.
bool finish_decoding(const Decoding& decoding, const std::byte* encoded, Extended& point) noexcept;

/// Canonical encoding.
base::FixedBytes<32> compress(const Extended& p) noexcept;
/// Whether `encoded` is what compress() gives for its point.
bool is_canonical(const std::byte* encoded) noexcept;

/// Odd multiples p, 3p, … 15p for signed windows of width 5: eight entries.
void fill_odd_multiples(const Extended& p, Cached* table) noexcept;

/// Odd multiples up to 127 of the base point B and of 2^128 B, for signed windows of width 8. Built at first use.
struct BaseTables {
    static constexpr int kWidth = 8;
    std::array<Niels, 128> entries;  ///< 64 of B, then 64 of 2^128 B.
};
const BaseTables& base_tables() noexcept;

}  // namespace zcrypto::curve

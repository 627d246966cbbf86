#pragma once
// The field of 2^255 - 19 in radix 2^51, for public data only (nothing here promises constant time).
//
// Limb bounds, which every formula below keeps:
//   tight   < 2^51 + 2^13   results of mul, square, carried, and decoding
//   loose   < 2^54          what mul and square accept
// add(tight, tight) is below 2^52.01; sub(a, b) needs b below 2^53 - 2^7 and adds 4p, so it yields at most a + 2^53.

#include <array>
#include <cstdint>

#include "base/bytes.hpp"

namespace zcrypto::curve {

using u64 = std::uint64_t;
__extension__ typedef unsigned __int128 u128;

#define GC_INLINE [[gnu::always_inline]] inline

struct Fe {
    u64 limb[5];
};

inline constexpr u64 kMask51 = (u64{1} << 51) - 1;
inline constexpr Fe kZero{{0, 0, 0, 0, 0}};
inline constexpr Fe kOne{{1, 0, 0, 0, 0}};
inline constexpr Fe kD{{0x34dca135978a3, 0x1a8283b156ebd, 0x5e7a26001c029, 0x739c663a03cbb, 0x52036cee2b6ff}};
inline constexpr Fe k2D{{0x69b9426b2f159, 0x35050762add7a, 0x3cf44c0038052, 0x6738cc7407977, 0x2406d9dc56dff}};
inline constexpr Fe kSqrtMinus1{{0x61b274a0ea0b0, 0xd5a5fc8f189d, 0x7ef5e9cbd0c60, 0x78595a6804c9e, 0x2b8324804fc1d}};

GC_INLINE Fe add(const Fe& a, const Fe& b) noexcept {
    return {{a.limb[0] + b.limb[0], a.limb[1] + b.limb[1], a.limb[2] + b.limb[2], a.limb[3] + b.limb[3],
             a.limb[4] + b.limb[4]}};
}

GC_INLINE Fe sub(const Fe& a, const Fe& b) noexcept {
    constexpr u64 k4p0 = 4 * (kMask51 - 18);
    constexpr u64 k4p = 4 * kMask51;
    return {{a.limb[0] + k4p0 - b.limb[0], a.limb[1] + k4p - b.limb[1], a.limb[2] + k4p - b.limb[2],
             a.limb[3] + k4p - b.limb[3], a.limb[4] + k4p - b.limb[4]}};
}

GC_INLINE Fe negate(const Fe& a) noexcept { return sub(kZero, a); }

/// Brings loose limbs back to tight ones.
GC_INLINE Fe carried(const Fe& a) noexcept {
    Fe r;
    r.limb[0] = (a.limb[0] & kMask51) + 19 * (a.limb[4] >> 51);
    for (int i = 1; i < 5; ++i) r.limb[i] = (a.limb[i] & kMask51) + (a.limb[i - 1] >> 51);
    return r;
}

/// One pass over the column sums of a product. Loose inputs keep each sum below 2^115, so every carry fits 64 bits.
GC_INLINE Fe reduce_columns(u128 r0, u128 r1, u128 r2, u128 r3, u128 r4) noexcept {
    r1 += static_cast<u64>(r0 >> 51);
    r2 += static_cast<u64>(r1 >> 51);
    r3 += static_cast<u64>(r2 >> 51);
    r4 += static_cast<u64>(r3 >> 51);
    const u64 low = (static_cast<u64>(r0) & kMask51) + 19 * static_cast<u64>(r4 >> 51);
    return {{low & kMask51, (static_cast<u64>(r1) & kMask51) + (low >> 51), static_cast<u64>(r2) & kMask51,
             static_cast<u64>(r3) & kMask51, static_cast<u64>(r4) & kMask51}};
}

GC_INLINE Fe mul(const Fe& a, const Fe& b) noexcept {
    const u64 a0 = a.limb[0], a1 = a.limb[1], a2 = a.limb[2], a3 = a.limb[3], a4 = a.limb[4];
    const u64 b0 = b.limb[0], b1 = b.limb[1], b2 = b.limb[2], b3 = b.limb[3], b4 = b.limb[4];
    const u64 b1_19 = 19 * b1, b2_19 = 19 * b2, b3_19 = 19 * b3, b4_19 = 19 * b4;
    const auto m = [](u64 x, u64 y) { return static_cast<u128>(x) * y; };
    return reduce_columns(m(a0, b0) + m(a1, b4_19) + m(a2, b3_19) + m(a3, b2_19) + m(a4, b1_19),
                          m(a0, b1) + m(a1, b0) + m(a2, b4_19) + m(a3, b3_19) + m(a4, b2_19),
                          m(a0, b2) + m(a1, b1) + m(a2, b0) + m(a3, b4_19) + m(a4, b3_19),
                          m(a0, b3) + m(a1, b2) + m(a2, b1) + m(a3, b0) + m(a4, b4_19),
                          m(a0, b4) + m(a1, b3) + m(a2, b2) + m(a3, b1) + m(a4, b0));
}

GC_INLINE Fe square(const Fe& a) noexcept {
    const u64 a0 = a.limb[0], a1 = a.limb[1], a2 = a.limb[2], a3 = a.limb[3], a4 = a.limb[4];
    const u64 a0_2 = 2 * a0, a1_2 = 2 * a1;
    const u64 a3_19 = 19 * a3, a4_19 = 19 * a4, a4_38 = 2 * a4_19;
    const auto m = [](u64 x, u64 y) { return static_cast<u128>(x) * y; };
    return reduce_columns(m(a0, a0) + m(a1, a4_38) + m(2 * a2, a3_19),  //
                          m(a0_2, a1) + m(a2, a4_38) + m(a3, a3_19),    //
                          m(a0_2, a2) + m(a1, a1) + m(a3, a4_38),       //
                          m(a0_2, a3) + m(a1_2, a2) + m(a4, a4_19),     //
                          m(a0_2, a4) + m(a1_2, a3) + m(a2, a2));
}

/// Reads 255 bits; the top bit of the last byte is ignored. Values from p up are taken modulo p.
inline Fe fe_from_bytes(const std::byte* in) noexcept {
    const u64 w0 = base::load_le<u64>(in), w1 = base::load_le<u64>(in + 8), w2 = base::load_le<u64>(in + 16),
              w3 = base::load_le<u64>(in + 24);
    return {{w0 & kMask51, (w0 >> 51 | w1 << 13) & kMask51, (w1 >> 38 | w2 << 26) & kMask51,
             (w2 >> 25 | w3 << 39) & kMask51, w3 >> 12 & kMask51}};
}

/// The canonical 32 bytes: below p, top bit clear.
inline base::FixedBytes<32> fe_to_bytes(const Fe& a) noexcept {
    Fe t = carried(carried(a));
    // t < 2p now. Its quotient by p is the carry that adding 19 would push out of bit 255.
    u64 q = (t.limb[0] + 19) >> 51;
    for (int i = 1; i < 5; ++i) q = (t.limb[i] + q) >> 51;
    t.limb[0] += 19 * q;
    for (int i = 0; i < 4; ++i) {
        t.limb[i + 1] += t.limb[i] >> 51;
        t.limb[i] &= kMask51;
    }
    t.limb[4] &= kMask51;
    base::FixedBytes<32> out;
    base::store_le<u64>(out.data(), t.limb[0] | t.limb[1] << 51);
    base::store_le<u64>(out.data() + 8, t.limb[1] >> 13 | t.limb[2] << 38);
    base::store_le<u64>(out.data() + 16, t.limb[2] >> 26 | t.limb[3] << 25);
    base::store_le<u64>(out.data() + 24, t.limb[3] >> 39 | t.limb[4] << 12);
    return out;
}

inline bool is_zero(const Fe& a) noexcept { return fe_to_bytes(a) == base::FixedBytes<32>{}; }
inline bool is_negative(const Fe& a) noexcept { return (fe_to_bytes(a)[0] & std::byte{1}) != std::byte{0}; }

/// Several values in step: their chains are independent, so the processor overlaps them.
template <std::size_t N>
struct Lanes {
    Fe fe[N];
};
template <std::size_t N>
GC_INLINE Lanes<N> mul(const Lanes<N>& a, const Lanes<N>& b) noexcept {
    Lanes<N> r;
    for (std::size_t i = 0; i < N; ++i) r.fe[i] = mul(a.fe[i], b.fe[i]);
    return r;
}
template <std::size_t N>
GC_INLINE Lanes<N> square(const Lanes<N>& a) noexcept {
    Lanes<N> r;
    for (std::size_t i = 0; i < N; ++i) r.fe[i] = square(a.fe[i]);
    return r;
}
/// Below, T is Lanes<N> or a back end's vector of field elements.
template <typename T>
inline T square_times(T a, int times) noexcept {
    for (int i = 0; i < times; ++i) a = square(a);
    return a;
}

/// a^(2^250 - 1) and a^11, the common stem of inversion and square root.
template <typename T>
struct PowerStem {
    T e250;
    T e11;
};
template <typename T>
inline PowerStem<T> power_stem(const T& a) noexcept {
    const auto e2 = square(a);
    const auto e9 = mul(a, square_times(e2, 2));
    const auto e11 = mul(e2, e9);
    const auto e5 = mul(e9, square(e11));  // a^(2^5 - 1); below, eN is a^(2^N - 1)
    const auto e10 = mul(e5, square_times(e5, 5));
    const auto e20 = mul(e10, square_times(e10, 10));
    const auto e40 = mul(e20, square_times(e20, 20));
    const auto e50 = mul(e10, square_times(e40, 10));
    const auto e100 = mul(e50, square_times(e50, 50));
    const auto e200 = mul(e100, square_times(e100, 100));
    return {mul(e50, square_times(e200, 50)), e11};
}

/// a^((p - 5) / 8) = a^(2^252 - 3)
template <typename T>
inline T power_p58(const T& a) noexcept {
    return mul(a, square_times(power_stem(a).e250, 2));
}

/// a^(p - 2): the inverse, and 0 for 0.
inline Fe invert(const Fe& a) noexcept {
    const auto stem = power_stem(Lanes<1>{{a}});
    return mul(square_times(stem.e250, 5), stem.e11).fe[0];
}

}  // namespace zcrypto::curve

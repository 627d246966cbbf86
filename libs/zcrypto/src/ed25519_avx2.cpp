// The back end for AVX2: points with one coordinate a lane, in the order X, Y, T, Z, as in point_ifma.hpp, where the
// formulas and their sources stand; square roots of four points at a time. Compiled for these instructions; nothing
// with external linkage but the table at the end.
#include "ed25519_kernel.hpp"
#include "field_avx2.hpp"

namespace zcrypto::curve {
namespace {

template <int k0, int k1, int k2, int k3>
GC_INLINE __m256i lanes(__m256i a) noexcept {
    return _mm256_permute4x64_epi64(a, k0 | k1 << 2 | k2 << 4 | k3 << 6);
}
/// b in the lanes of kMask, a in the others.
template <int kMask>
GC_INLINE __m256i choose(__m256i a, __m256i b) noexcept {
    constexpr int kPairs = (kMask & 1) * 3 | (kMask & 2) * 6 | (kMask & 4) * 12 | (kMask & 8) * 24;
    return _mm256_blend_epi32(a, b, kPairs);
}

/// (X, Y, T, Z) -> (Y-X, Y+X, T, Z), loose.
GC_INLINE Vec mix_xy(const Vec& p) noexcept {
    Vec r;
    const auto zero = _mm256_setzero_si256();
    for (int i = 0; i < 10; ++i) {
        const auto swapped = choose<0b1100>(lanes<1, 0, 2, 3>(p.limb[i]), zero);
        r.limb[i] = plus(swapped, choose<0b0001>(p.limb[i], _mm256_sub_epi64(two_p(i), p.limb[i])));
    }
    return r;
}
/// (A, B, C, D) -> (B-A, B+A, D-C, D+C) = (E, H, F, G), loose.
GC_INLINE Vec mix_pairs(const Vec& p) noexcept {
    Vec r;
    for (int i = 0; i < 10; ++i) {
        r.limb[i] =
            plus(lanes<1, 0, 3, 2>(p.limb[i]), choose<0b0101>(p.limb[i], _mm256_sub_epi64(two_p(i), p.limb[i])));
    }
    return r;
}

/// Lane orders, as pairs of 32-bit words, for adding an entry or, second, for subtracting it.
struct alignas(32) Orders {
    std::uint32_t entry[2][8];
    std::uint32_t left[2][8];
    std::uint32_t right[2][8];
};
constexpr Orders kOrders{{{0, 1, 2, 3, 4, 5, 6, 7}, {2, 3, 0, 1, 4, 5, 6, 7}},
                         {{0, 1, 6, 7, 0, 1, 4, 5}, {0, 1, 4, 5, 0, 1, 6, 7}},
                         {{4, 5, 2, 3, 2, 3, 6, 7}, {6, 7, 2, 3, 2, 3, 4, 5}}};
GC_INLINE Vec ordered(const Vec& a, const std::uint32_t* order) noexcept {
    const auto index = _mm256_load_si256(reinterpret_cast<const __m256i*>(order));
    Vec r;
    for (int i = 0; i < 10; ++i) r.limb[i] = _mm256_permutevar8x32_epi32(a.limb[i], index);
    return r;
}

struct Group {
    static constexpr int kWays = 1;
    using Sum = Vec;
    /// (Y-X, Y+X, 2dT, 2Z), tight, with the empty halves of the lanes left out.
    struct Entry {
        __m128i limb[10];
    };
    using BaseEntry = Entry;

    static Sum neutral() noexcept { return load_point(kIdentity); }

    [[gnu::noinline]] static void twice(Sum& p) noexcept {
        Vec left, right, mixed;
        for (int i = 0; i < 10; ++i) {
            left.limb[i] = lanes<0, 1, 0, 3>(p.limb[i]);
            right.limb[i] = lanes<0, 1, 1, 3>(p.limb[i]);
        }
        const auto s = mul(left, right);  // (XX, YY, XY, ZZ)
        const auto zero = _mm256_setzero_si256();
        for (int i = 0; i < 10; ++i) {
            // E = 2XY, H = YY + XX, F = 2ZZ + XX - YY, G = YY - XX
            const auto a = lanes<2, 1, 3, 1>(s.limb[i]);
            const auto b = choose<0b1000>(lanes<2, 0, 3, 0>(s.limb[i]), zero);
            const auto c = choose<0b0100>(zero, lanes<0, 0, 0, 0>(s.limb[i]));
            const auto d = choose<0b1100>(zero, _mm256_sub_epi64(two_p(i), lanes<0, 0, 1, 0>(s.limb[i])));
            mixed.limb[i] = plus(plus(a, b), plus(c, d));
        }
        finish(p, carried(mixed), 0);
    }

    [[gnu::noinline]] static void add(Sum& sum, const Entry* entries, const std::uint32_t* slots) noexcept {
        const auto minus = *slots & 1;
        const auto entry = ordered(widened(entries[*slots / 2]), kOrders.entry[minus]);
        finish(sum, mix_pairs(mul(mix_xy(sum), entry)), minus);
    }

    static void store(const Sum& sum, Extended* points) noexcept {
        store_lanes(sum, {&points[0].x, &points[0].y, &points[0].t, &points[0].z});
    }
    static void fill_odd(const Extended* const* points, Entry* const* tables) noexcept {
        auto multiple = load_point(*points[0]);
        auto doubled = multiple;
        twice(doubled);
        const Entry step = to_entry(doubled);
        const std::uint32_t slot = 0;
        for (std::size_t i = 0;; ++i) {
            tables[0][i] = to_entry(multiple);
            if (i + 1 == kOdd) return;
            add(multiple, &step, &slot);
        }
    }
    static Entry entry_of(const Niels& niels) noexcept {
        const Fe two{{2, 0, 0, 0, 0}};
        return narrowed(load_lanes(curve::carried(niels.y_minus_x), curve::carried(niels.y_plus_x), niels.xy2d, two));
    }
    static Entry neutral_entry() noexcept { return entry_of({kOne, kOne, kZero}); }
    static const BaseEntry* base_entries() noexcept {
        struct Table {
            Table() noexcept {
                const auto& from = base_tables().entries;
                for (std::size_t i = 0; i < 2 * kBaseOdd; ++i) entries[i] = entry_of(from.data()[i]);
            }
            Entry entries[2 * kBaseOdd];
        };
        static const Table table;
        return table.entries;
    }

 private:
    static Vec load_point(const Extended& p) noexcept { return load_lanes(p.x, p.y, p.t, p.z); }
    GC_INLINE static Vec widened(const Entry& entry) noexcept {
        Vec r;
        for (int i = 0; i < 10; ++i) r.limb[i] = _mm256_cvtepu32_epi64(entry.limb[i]);
        return r;
    }
    GC_INLINE static Entry narrowed(const Vec& v) noexcept {
        const auto low_words = _mm256_set_epi32(7, 7, 7, 7, 6, 4, 2, 0);
        Entry r;
        for (int i = 0; i < 10; ++i) {
            r.limb[i] = _mm256_castsi256_si128(_mm256_permutevar8x32_epi32(v.limb[i], low_words));
        }
        return r;
    }
    [[gnu::noinline]] static Entry to_entry(const Vec& p) noexcept {
        const Fe two{{2, 0, 0, 0, 0}};
        return narrowed(mul(mix_xy(p), load_lanes(kOne, kOne, k2D, two)));
    }
    /// From (E, H, F, G), with F and G the other way round when `minus`: X = EF, Y = GH, T = EH, Z = FG.
    GC_INLINE static void finish(Sum& sum, const Vec& mixed, std::uint32_t minus) noexcept {
        sum = mul(ordered(mixed, kOrders.left[minus]), ordered(mixed, kOrders.right[minus]));
    }
};

/// decompress_lanes() for four encodings; see there for the formula.
void decode_four(const std::byte* const (&encoded)[4], Decoding (&out)[4]) noexcept {
    for (int i = 0; i < 4; ++i) out[i].y = fe_from_bytes(encoded[i]);
    const auto y = load_lanes(out[0].y, out[1].y, out[2].y, out[3].y);
    const auto yy = square(y);
    const auto u = sub(yy, splat(kOne));
    const auto v = add(mul(yy, splat(kD)), splat(kOne));
    const auto v3 = mul(square(v), v);
    const auto uv7 = mul(mul(square(v3), v), u);
    const auto root = mul(mul(power_p58(uv7), v3), u);
    store_lanes(u, {&out[0].u, &out[1].u, &out[2].u, &out[3].u});
    store_lanes(v, {&out[0].v, &out[1].v, &out[2].v, &out[3].v});
    store_lanes(root, {&out[0].root, &out[1].root, &out[2].root, &out[3].root});
}

void decode(const std::byte* const* encoded, std::size_t count, Extended* points, bool* ok) noexcept {
    for (std::size_t i = 0; i < count; i += 4) {
        const auto at = [&](std::size_t lane) { return encoded[i + lane < count ? i + lane : count - 1]; };
        Decoding decoding[4];
        decode_four({at(0), at(1), at(2), at(3)}, decoding);
        for (std::size_t lane = 0; lane < 4 && i + lane < count; ++lane) {
            ok[i + lane] = finish_decoding(decoding[lane], encoded[i + lane], points[i + lane]);
        }
    }
}

}  // namespace

const Operations& avx2_operations() noexcept {
    static constexpr Operations operations{
        .backend = Backend::avx2, .decode = decode, .single = single_is_small<Group, Group>, .multi = multi_sum<Group>};
    return operations;
}

}  // namespace zcrypto::curve

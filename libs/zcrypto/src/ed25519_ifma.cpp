// The back end for AVX-512 IFMA: a single signature with one point a vector, batches with two, and square roots of
// sixteen points at a time. Compiled for these instructions; nothing with external linkage but the table at the end.
#include "ed25519_kernel.hpp"
#include "point_ifma.hpp"

namespace zcrypto::curve {
namespace {

struct One {
    static constexpr int kWays = 1;
    using Sum = Vec<Ymm>;
    using Entry = curve::Entry;
    using BaseEntry = Entry;

    static Sum neutral() noexcept { return load_point(kIdentity); }
    GC_INLINE static void twice(Sum& sum) noexcept { sum = twice_lanes(sum); }
    [[gnu::noinline]] static void add(Sum& sum, const Entry* entries, const std::uint32_t* slots) noexcept {
        const auto minus = *slots & 1;
        add_lanes(sum, entries[*slots / 2], load4(kOrders.entry[minus]), load4(kOrders.left[minus]),
                  load4(kOrders.right[minus]));
    }
    static void store(const Sum& sum, Extended* points) noexcept { store_point(sum, points[0]); }

    static Entry entry_of(const Niels& niels) noexcept {
        const Fe two{{2, 0, 0, 0, 0}};
        const Extended lanes{.x = niels.y_minus_x, .y = niels.y_plus_x, .z = two, .t = niels.xy2d};
        return carried(load_point(lanes));
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
};

struct Two {
    static constexpr int kWays = 2;
    using Sum = Vec<Zmm>;
    using Entry = curve::Entry;

    static Sum joined(const Vec<Ymm>& low, const Vec<Ymm>& high) noexcept {
        Sum r;
        for (int i = 0; i < 5; ++i) r.limb[i] = both(low.limb[i], high.limb[i]);
        return r;
    }
    static Sum neutral() noexcept { return joined(One::neutral(), One::neutral()); }
    GC_INLINE static void twice(Sum& sum) noexcept { sum = twice_lanes(sum); }
    [[gnu::noinline]] static void add(Sum& sum, const Entry* entries, const std::uint32_t* slots) noexcept {
        const auto m0 = slots[0] & 1, m1 = slots[1] & 1;
        const auto order = [&](const u64(&of)[4][4]) { return both(load4(of[m0]), load4(of[2 + m1])); };
        add_lanes(sum, joined(entries[slots[0] / 2], entries[slots[1] / 2]), order(kOrders.entry), order(kOrders.left),
                  order(kOrders.right));
    }
    static void store(const Sum& sum, Extended* points) noexcept {
        store_point(half<0>(sum), points[0]);
        store_point(half<1>(sum), points[1]);
    }
    static void fill_odd(const Extended* const* points, Entry* const* tables) noexcept {
        const auto p = joined(load_point(*points[0]), load_point(*points[1]));
        const auto step = to_entry(twice_lanes(p));
        const auto order = [](const u64(&of)[4][4]) { return both(load4(of[0]), load4(of[2])); };
        const auto entry_order = order(kOrders.entry), left = order(kOrders.left), right = order(kOrders.right);
        auto multiple = p;
        for (std::size_t i = 0;; ++i) {
            const auto entry = to_entry(multiple);
            tables[0][i] = half<0>(entry);
            tables[1][i] = half<1>(entry);
            if (i + 1 == kOdd) return;
            add_lanes(multiple, step, entry_order, left, right);
        }
    }
    static Entry entry_of(const Niels& niels) noexcept { return One::entry_of(niels); }
    static Entry neutral_entry() noexcept { return One::neutral_entry(); }

 private:
    template <int kHalf>
    static Vec<Ymm> half(const Sum& sum) noexcept {
        Vec<Ymm> r;
        for (int i = 0; i < 5; ++i) r.limb[i] = {_mm512_extracti64x4_epi64(sum.limb[i].v, kHalf)};
        return r;
    }
};

// ---- decoding ------------------------------------------------------------------------------------------------------

/// kVectors vectors of eight field elements in step, which hides the latency of each.
template <int kVectors>
struct Eights {
    Vec<Zmm> vec[kVectors];
};
template <int kVectors>
GC_INLINE Eights<kVectors> mul(const Eights<kVectors>& a, const Eights<kVectors>& b) noexcept {
    Eights<kVectors> r;
    for (int i = 0; i < kVectors; ++i) r.vec[i] = mul(a.vec[i], b.vec[i]);
    return r;
}
template <int kVectors>
GC_INLINE Eights<kVectors> square(const Eights<kVectors>& a) noexcept {
    Eights<kVectors> r;
    for (int i = 0; i < kVectors; ++i) r.vec[i] = square(a.vec[i]);
    return r;
}

/// As fe_from_bytes(), for eight encodings.
Vec<Zmm> load_encodings(const std::byte* const* encoded) noexcept {
    alignas(64) u64 word[4][8];
    for (int lane = 0; lane < 8; ++lane) {
        for (int i = 0; i < 4; ++i) __builtin_memcpy(&word[i][lane], encoded[lane] + 8 * i, 8);
    }
    __m512i w[4];
    for (int i = 0; i < 4; ++i) w[i] = _mm512_load_si512(word[i]);
    const auto mask = _mm512_set1_epi64(static_cast<long long>(kMask51));
    const auto joined = [&](int low, int right, int left) {
        return _mm512_and_si512(_mm512_or_si512(_mm512_srli_epi64(w[low], static_cast<unsigned>(right)),
                                                _mm512_slli_epi64(w[low + 1], static_cast<unsigned>(left))),
                                mask);
    };
    return {{{_mm512_and_si512(w[0], mask)},
             {joined(0, 51, 13)},
             {joined(1, 38, 26)},
             {joined(2, 25, 39)},
             {_mm512_and_si512(_mm512_srli_epi64(w[3], 12), mask)}}};
}

GC_INLINE void store_lanes(const Vec<Zmm>& from, Fe Extended::* to, Extended* points, std::size_t count) noexcept {
    for (int i = 0; i < 5; ++i) {
        alignas(64) u64 lane[8];
        _mm512_store_si512(lane, from.limb[i].v);
        for (std::size_t j = 0; j < count; ++j) (points[j].*to).limb[i] = lane[j];
    }
}

/// decompress_lanes() for up to 8 * kVectors encodings; see there for the formula.
template <int kVectors>
void decode_some(const std::byte* const* encoded, std::size_t count, Extended* points, bool* ok) noexcept {
    const std::byte* all[8 * kVectors];
    for (std::size_t i = 0; i < 8 * kVectors; ++i) all[i] = encoded[i < count ? i : count - 1];
    Eights<kVectors> y, u, v, v3, uv7;
    for (int i = 0; i < kVectors; ++i) {
        y.vec[i] = load_encodings(all + 8 * i);
        const auto yy = square(y.vec[i]);
        u.vec[i] = sub(yy, splat<Zmm>(kOne));
        v.vec[i] = add(mul(yy, splat<Zmm>(kD)), splat<Zmm>(kOne));
    }
    v3 = mul(square(v), v);
    uv7 = mul(mul(square(v3), v), u);
    const auto root = mul(mul(power_p58(uv7), v3), u);
    for (int i = 0; i < kVectors; ++i) {
        const auto from = std::size_t{8} * static_cast<std::size_t>(i);
        if (from >= count) break;
        auto x = root.vec[i];
        const auto check = mul(square(x), v.vec[i]);
        const auto plus = zero_lanes(frozen(sub(check, u.vec[i])));
        const auto minus = zero_lanes(frozen(add(check, u.vec[i])));
        x = blend(minus & ~plus, x, mul(x, splat<Zmm>(kSqrtMinus1)));
        unsigned signs = 0;
        for (unsigned lane = 0; lane < 8; ++lane) {
            signs |= static_cast<unsigned>(static_cast<unsigned char>(all[from + lane][31]) >> 7) << lane;
        }
        x = blend(odd_lanes(frozen(x)) ^ signs, x, sub(splat<Zmm>(kZero), x));
        const auto here = count - from < 8 ? count - from : 8;
        store_lanes(x, &Extended::x, points + from, here);
        store_lanes(y.vec[i], &Extended::y, points + from, here);
        store_lanes(mul(x, y.vec[i]), &Extended::t, points + from, here);
        for (std::size_t lane = 0; lane < here; ++lane) {
            points[from + lane].z = kOne;
            ok[from + lane] = ((plus | minus) >> lane & 1) != 0;
        }
    }
}

void decode(const std::byte* const* encoded, std::size_t count, Extended* points, bool* ok) noexcept {
    for (std::size_t i = 0; i < count; i += 16) {
        const auto rest = count - i;
        if (rest > 8) {
            decode_some<2>(encoded + i, rest < 16 ? rest : 16, points + i, ok + i);
        } else {
            decode_some<1>(encoded + i, rest, points + i, ok + i);
        }
    }
}

void probe(const Fe (&a)[kProbes], const Fe (&b)[kProbes], FieldProbe (&out)[kProbes]) noexcept {
    const auto load = [](const Fe(&from)[kProbes]) {
        Vec<Zmm> r;
        for (int i = 0; i < 5; ++i) {
            alignas(64) u64 lane[kProbes];
            for (std::size_t j = 0; j < kProbes; ++j) lane[j] = from[j].limb[i];
            r.limb[i] = {_mm512_load_si512(lane)};
        }
        return r;
    };
    const auto x = load(a), y = load(b);
    const auto store = [&out](const Vec<Zmm>& v, Fe FieldProbe::* to) {
        for (int i = 0; i < 5; ++i) {
            alignas(64) u64 lane[kProbes];
            _mm512_store_si512(lane, v.limb[i].v);
            for (std::size_t j = 0; j < kProbes; ++j) (out[j].*to).limb[i] = lane[j];
        }
    };
    store(mul(x, y), &FieldProbe::product);
    store(square(x), &FieldProbe::square);
    store(add(x, y), &FieldProbe::sum);
    store(sub(x, y), &FieldProbe::difference);
}

}  // namespace

const Operations& ifma_operations() noexcept {
    static constexpr Operations operations{.backend = Backend::ifma,
                                           .decode = decode,
                                           .single = single_is_small<One, Two>,
                                           .multi = multi_sum<Two>,
                                           .probe = probe};
    return operations;
}

}  // namespace zcrypto::curve

// The back end that runs everywhere: one point a time in 64-bit words.
#include "ed25519_kernel.hpp"

namespace zcrypto::curve {
namespace {

struct Group {
    static constexpr int kWays = 1;
    using Sum = Completed;
    using Entry = Cached;
    using BaseEntry = Niels;

    static Sum neutral() noexcept { return {kZero, kOne, kOne, kOne}; }
    GC_INLINE static void twice(Sum& sum) noexcept { sum = curve::twice(to_projective(sum)); }
    template <typename AnyEntry>
    GC_INLINE static void add(Sum& sum, const AnyEntry* entries, const std::uint32_t* slots) noexcept {
        add_signed(sum, entries[*slots / 2], (*slots & 1) != 0);
    }
    static void store(const Sum& sum, Extended* points) noexcept { points[0] = to_extended(sum); }
    static void fill_odd(const Extended* const* points, Entry* const* tables) noexcept {
        fill_odd_multiples(*points[0], tables[0]);
    }
    static Entry entry_of(const Niels& niels) noexcept {
        return {niels.y_plus_x, niels.y_minus_x, add_fe(kOne, kOne), niels.xy2d};
    }
    static Entry neutral_entry() noexcept { return {kOne, kOne, add_fe(kOne, kOne), kZero}; }
    static const BaseEntry* base_entries() noexcept { return base_tables().entries.data(); }

 private:
    static Fe add_fe(const Fe& a, const Fe& b) noexcept { return curve::add(a, b); }
};

void decode(const std::byte* const* encoded, std::size_t count, Extended* points, bool* ok) noexcept {
    for (std::size_t i = 0; i < count; i += 4) {
        std::array<const std::byte*, 4> in;
        std::array<Extended, 4> out;
        for (std::size_t lane = 0; lane < 4; ++lane) in[lane] = encoded[std::min(i + lane, count - 1)];
        // Two are not worth four lanes.
        std::array<bool, 4> good{};
        if (count - i > 2) {
            good = decompress_lanes<4>(in, out);
        } else {
            std::array<Extended, 2> pair;
            const auto both = decompress_lanes<2>({in[0], in[1]}, pair);
            std::ranges::copy(pair, out.begin());
            std::ranges::copy(both, good.begin());
        }
        for (std::size_t lane = 0; lane < std::min<std::size_t>(4, count - i); ++lane) {
            points[i + lane] = out[lane];
            ok[i + lane] = good[lane];
        }
    }
}

void probe(const Fe (&a)[kProbes], const Fe (&b)[kProbes], FieldProbe (&out)[kProbes]) noexcept {
    for (std::size_t i = 0; i < kProbes; ++i) {
        out[i] = {mul(a[i], b[i]), square(a[i]), carried(add(a[i], b[i])), carried(sub(a[i], b[i]))};
    }
}

}  // namespace

const Operations& portable_operations() noexcept {
    static constexpr Operations operations{.backend = Backend::portable,
                                           .decode = decode,
                                           .single = single_is_small<Group, Group>,
                                           .multi = multi_sum<Group>,
                                           .probe = probe};
    return operations;
}

}  // namespace zcrypto::curve

#include "lattice.hpp"

#include <utility>

namespace zcrypto::curve {
namespace {

using Words = std::array<u64, 4>;

int bit_length(const Words& x) noexcept {
    for (int i = 3; i >= 0; --i) {
        if (x[static_cast<std::size_t>(i)]) return 64 * i + std::bit_width(x[static_cast<std::size_t>(i)]);
    }
    return 0;
}

Words shifted(const Words& x, int bits) noexcept {
    Words out{};
    const auto words = static_cast<std::size_t>(bits / 64);
    const auto rest = bits % 64;
    for (std::size_t i = words; i < 4; ++i) {
        out[i] = x[i - words] << rest;
        if (rest && i > words) out[i] |= x[i - words - 1] >> (64 - rest);
    }
    return out;
}

/// a -= b unless that is negative; tells whether it was done.
bool subtract_if_not_less(Words& a, const Words& b) noexcept {
    Words out;
    u64 borrow = 0;
    for (std::size_t i = 0; i < 4; ++i) {
        const u128 difference = static_cast<u128>(a[i]) - b[i] - borrow;
        out[i] = static_cast<u64>(difference);
        borrow = static_cast<u64>(difference >> 64) & 1;
    }
    if (borrow) return false;
    a = out;
    return true;
}

}  // namespace

HalfScalars split_scalar(const Scalar& k) noexcept {
    // Euclid's algorithm on (L, k), stopped half-way. Each remainder r has a cofactor t with r = t * k modulo L, and
    // |t| of a remainder is at most L over the remainder before it. Cofactors alternate in sign, so their sizes add.
    Words r0 = kOrder.word;
    Words r1 = k.word;
    u128 t0 = 0;
    u128 t1 = 1;
    bool t1_negative = false;
    int length1 = bit_length(r1);
    while (length1 > 127) {
        int shift = bit_length(r0) - length1;
        while (shift >= 0) {
            if (subtract_if_not_less(r0, shifted(r1, shift))) {
                t0 += t1 << shift;
                shift = bit_length(r0) - length1;
            } else {
                --shift;
            }
        }
        std::swap(r0, r1);
        std::swap(t0, t1);
        t1_negative = !t1_negative;
        length1 = bit_length(r1);
    }
    return {.u = static_cast<u128>(r1[1]) << 64 | r1[0], .v = t1, .v_negative = t1_negative};
}

}  // namespace zcrypto::curve

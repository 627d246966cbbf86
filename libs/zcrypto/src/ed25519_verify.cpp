// One signature at a time: [8]((vS)B - uA - vR) = 0 with k = u/v, all four scalars of about 128 bits.
#include <cstdlib>

#include "ed25519_prepare.hpp"
#include "lattice.hpp"

namespace zcrypto::ed25519 {

using namespace curve;

namespace {

constexpr std::size_t kPositions = 144;  // 128-bit scalars, the carry of their signed form, and some room.
using Digits = std::array<std::int8_t, kPositions>;

Digits digits_of(u128 value, int width, int& top) noexcept {
    Digits digits{};
    for_each_naf_digit(naf_input(value), width, [&](unsigned position, int digit) {
        digits[position] = static_cast<std::int8_t>(digit);
        top = std::max(top, static_cast<int>(position));
    });
    return digits;
}

template <typename Table>
GC_INLINE void add_digit(Completed& point, const Table& table, int digit) noexcept {
    if (digit != 0) add_signed(point, table[static_cast<std::size_t>(std::abs(digit) / 2)], digit < 0);
}

bool equation_holds(const Prepared& item) noexcept {
    const auto half = split_scalar(item.k);
    // Multiply by |v|; a negative v turns u into -u. Then the sum is (|v|S)B - uA - |v|R.
    const auto vs = mul(scalar_from_u128(half.v), item.s);
    const auto word = [&](std::size_t i) { return static_cast<u128>(vs.word[i]); };

    int top = 0;
    const auto base_low = digits_of(word(1) << 64 | word(0), BaseTables::kWidth, top);
    const auto base_high = digits_of(word(3) << 64 | word(2), BaseTables::kWidth, top);
    const auto a_digits = digits_of(half.u, 5, top);
    const auto r_digits = digits_of(half.v, 5, top);

    const auto& base = base_tables();
    OddTable a_table, r_table;
    fill_odd_multiples(half.v_negative ? item.a : negate(item.a), a_table);
    fill_odd_multiples(negate(item.r), r_table);

    Projective point = to_projective(kIdentity);
    Extended result = kIdentity;
    for (int i = top; i >= 0; --i) {
        const auto at = static_cast<std::size_t>(i);
        auto completed = twice(point);
        add_digit(completed, a_table, a_digits[at]);
        add_digit(completed, r_table, r_digits[at]);
        add_digit(completed, base.low, base_low[at]);
        add_digit(completed, base.high, base_high[at]);
        if (i == 0) {
            result = to_extended(completed);
        } else {
            point = to_projective(completed);
        }
    }
    return is_small_order(result);
}

}  // namespace

Scalar challenge(const PublicKey& key, base::ByteView message, const Signature& signature) noexcept {
    const std::array<base::ByteView, 3> parts{base::ByteView{signature.bytes}.first<32>(), key.bytes, message};
    return scalar_from_wide(sha512(parts).data());
}

bool verify(const PublicKey& key, base::ByteView message, const Signature& signature) noexcept {
    const auto s = scalar_from_canonical(signature.bytes.data() + 32);
    if (!s) return false;
    std::array<Extended, 2> points;
    const auto ok = decompress_lanes<2>({key.bytes.data(), signature.bytes.data()}, points);
    if (!ok[0] || !ok[1]) return false;
    return equation_holds({.a = points[0], .r = points[1], .s = *s, .k = challenge(key, message, signature)});
}

bool verify_strict(const PublicKey& key, base::ByteView message, const Signature& signature) noexcept {
    if (!is_canonical(key.bytes.data()) || !is_canonical(signature.bytes.data())) return false;
    const auto a = decompress(key.bytes.data());
    return a && !is_small_order(*a) && verify(key, message, signature);
}

}  // namespace zcrypto::ed25519

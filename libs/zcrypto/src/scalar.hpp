#pragma once
// Integers modulo the group order L = 2^252 + 27742317777372353535851937790883648493, for public data only.

#include <array>
#include <bit>
#include <optional>

#include "base/bytes.hpp"
#include "field.hpp"

namespace zcrypto::curve {

/// Little-endian 64-bit words, always below L.
struct Scalar {
    std::array<u64, 4> word{};
    friend bool operator==(const Scalar&, const Scalar&) = default;
};
inline constexpr Scalar kOrder{{0x5812631a5cf5d3ed, 0x14def9dea2f79cd6, 0, 0x1000000000000000}};

/// 32 bytes, little-endian. Empty when not below L.
std::optional<Scalar> scalar_from_canonical(const std::byte* in) noexcept;
/// 64 bytes, little-endian, modulo L.
Scalar scalar_from_wide(const std::byte* in) noexcept;
Scalar scalar_from_u128(u128 value) noexcept;

Scalar add(const Scalar& a, const Scalar& b) noexcept;
Scalar mul(const Scalar& a, const Scalar& b) noexcept;
Scalar negate(const Scalar& a) noexcept;

/// Non-adjacent form of an integer below 2^255: emits (bit position, odd digit) from low to high, digits below
/// 2^(width-1) in size, at least `width` positions apart. `x` carries a fifth word of zero to read past its end.
template <typename Emit>
void for_each_naf_digit(const std::array<u64, 5>& x, int width, Emit emit) noexcept {
    const u64 mask = (u64{1} << width) - 1;
    const u64 half = u64{1} << (width - 1);
    unsigned position = 0;
    u64 carry = 0;
    while (position < 256) {
        const auto word = position / 64;
        const auto offset = position % 64;
        const u64 bits = offset == 0 ? x[word] : x[word] >> offset | x[word + 1] << (64 - offset);
        const int run = carry ? std::countr_one(bits) : std::countr_zero(bits);
        if (run > 0) {
            position += static_cast<unsigned>(run);
            continue;
        }
        const u64 window = carry + (bits & mask);
        carry = window >= half ? 1 : 0;
        emit(position, static_cast<int>(window) - (carry ? 1 << width : 0));
        position += static_cast<unsigned>(width);
    }
}
inline std::array<u64, 5> naf_input(const Scalar& s) noexcept {
    return {s.word[0], s.word[1], s.word[2], s.word[3], 0};
}
inline std::array<u64, 5> naf_input(u128 value) noexcept {
    return {static_cast<u64>(value), static_cast<u64>(value >> 64), 0, 0, 0};
}

}  // namespace zcrypto::curve

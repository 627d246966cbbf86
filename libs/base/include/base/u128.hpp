#pragma once
// Unsigned 128-bit amounts with checked arithmetic and exact decimal text.

#include <optional>
#include <string>
#include <string_view>

#include "base/result.hpp"

namespace base {

__extension__ typedef unsigned __int128 u128;

inline std::optional<u128> checked_add(u128 a, u128 b) noexcept {
    u128 out;
    return __builtin_add_overflow(a, b, &out) ? std::nullopt : std::optional{out};
}
inline std::optional<u128> checked_sub(u128 a, u128 b) noexcept {
    return a < b ? std::nullopt : std::optional{static_cast<u128>(a - b)};
}
inline std::optional<u128> checked_mul(u128 a, u128 b) noexcept {
    u128 out;
    return __builtin_mul_overflow(a, b, &out) ? std::nullopt : std::optional{out};
}

/// Decimal digits, no separators.
std::string to_string(u128 value);
/// Digits only. `invalid_argument` on anything else, `overflow` beyond 2^128-1.
Result<u128> u128_from_string(std::string_view digits);

/// Fixed-point text such as "1.5" with at most `decimals` fraction digits to an exact integer of atomic units.
/// `invalid_argument` on signs, exponents, separators, empty parts; `out_of_range` on too many fraction digits.
Result<u128> units_from_decimal(std::string_view text, unsigned decimals);
/// The inverse, without trailing zeros: 1500000000000000000 with 18 decimals is "1.5".
std::string units_to_decimal(u128 units, unsigned decimals);

}  // namespace base

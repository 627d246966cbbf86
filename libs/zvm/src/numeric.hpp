#pragma once
// Arithmetic that C++ leaves undefined or that Wasm defines otherwise. Every NaN result is the canonical one, which
// the specification allows and determinism needs. Source: Core Specification 4.3 "Numerics".

#include <bit>
#include <cmath>
#include <cstdint>
#include <limits>
#include <type_traits>

#include "zvm/types.hpp"

namespace zvm::numeric {

template <typename T>
using Bits = std::conditional_t<sizeof(T) == 4, std::uint32_t, std::uint64_t>;

template <typename T>
inline T canonical_nan() noexcept {
    return std::numeric_limits<T>::quiet_NaN();  // positive, only the top fraction bit set
}
template <typename T>
inline T canonical(T value) noexcept {
    return std::isnan(value) ? canonical_nan<T>() : value;
}
template <typename T>
inline T minimum(T a, T b) noexcept {
    if (std::isnan(a) || std::isnan(b)) return canonical_nan<T>();
    if (a == b) return std::bit_cast<T>(std::bit_cast<Bits<T>>(a) | std::bit_cast<Bits<T>>(b));  // -0 wins
    return a < b ? a : b;
}
template <typename T>
inline T maximum(T a, T b) noexcept {
    if (std::isnan(a) || std::isnan(b)) return canonical_nan<T>();
    if (a == b) return std::bit_cast<T>(std::bit_cast<Bits<T>>(a) & std::bit_cast<Bits<T>>(b));  // +0 wins
    return a > b ? a : b;
}

/// Without the instruction, which not every x86-64 has, the compiler would call a function of its library.
inline std::uint64_t population(std::uint64_t x) noexcept {
    x -= x >> 1 & 0x5555'5555'5555'5555;
    x = (x & 0x3333'3333'3333'3333) + (x >> 2 & 0x3333'3333'3333'3333);
    return ((x + (x >> 4)) & 0x0f0f'0f0f'0f0f'0f0f) * 0x0101'0101'0101'0101 >> 56;
}

/// True when trunc(x) fits To.
template <typename To, typename From>
inline bool fits(From x) noexcept {
    constexpr From kAbove =
        static_cast<From>(std::uint64_t{1} << (sizeof(To) * 8 - 1)) * (std::is_signed_v<To> ? 1 : 2);
    if constexpr (std::is_unsigned_v<To>) {
        return x > From{-1} && x < kAbove;
    } else if constexpr (sizeof(From) > sizeof(To)) {
        return x > -kAbove - 1 && x < kAbove;  // -2147483648.9 truncates into range
    } else {
        return x >= -kAbove && x < kAbove;
    }
}
template <typename To, typename From>
inline Trap truncate(From x, To& out) noexcept {
    if (std::isnan(x)) return Trap::invalid_conversion;
    if (!fits<To>(x)) return Trap::integer_overflow;
    out = static_cast<To>(x);
    return Trap::none;
}
template <typename To, typename From>
inline To truncate_saturating(From x) noexcept {
    if (std::isnan(x)) return 0;
    if (fits<To>(x)) return static_cast<To>(x);
    return x < 0 ? std::numeric_limits<To>::min() : std::numeric_limits<To>::max();
}

template <typename Signed>
inline Trap divide(Signed a, Signed b, Signed& out) noexcept {
    if (b == 0) return Trap::divide_by_zero;
    if (a == std::numeric_limits<Signed>::min() && b == -1) return Trap::integer_overflow;
    out = static_cast<Signed>(a / b);
    return Trap::none;
}
template <typename Signed>
inline Trap remainder(Signed a, Signed b, Signed& out) noexcept {
    if (b == 0) return Trap::divide_by_zero;
    out = b == -1 ? 0 : static_cast<Signed>(a % b);
    return Trap::none;
}

}  // namespace zvm::numeric

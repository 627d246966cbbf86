#pragma once
// GF(2^8) with the polynomial x^8 + x^4 + x^3 + x + 1, and Shamir's interpolation over it. No tables and no branches on
// values, so that secrets leave no trace in caches or timing.

#include <span>

#include "base/bytes.hpp"

namespace zcrypto::gf256 {

constexpr std::uint8_t multiply(std::uint8_t a, std::uint8_t b) noexcept {
    unsigned product = 0, factor = a;
    for (unsigned bit = 0; bit < 8; ++bit) {
        product ^= factor & (0u - (b >> bit & 1u));
        factor = factor << 1 ^ (0x11bu & (0u - (factor >> 7 & 1u)));
    }
    return static_cast<std::uint8_t>(product);
}

/// a^254, which is 1/a, and 0 for 0.
constexpr std::uint8_t invert(std::uint8_t a) noexcept {
    std::uint8_t power = a, out = 1;
    for (int i = 1; i < 8; ++i) {
        power = multiply(power, power);
        out = multiply(out, power);
    }
    return out;
}

/// A value of the polynomial (one polynomial a byte) at `x`, which is public.
struct Sample {
    std::uint8_t x;
    base::ByteView y;
};

/// The polynomial through `samples`, whose x differ and whose y have out.size() bytes, at `x`.
inline void interpolate(std::span<const Sample> samples, std::uint8_t x, base::MutableBytes out) noexcept {
    for (auto& byte : out) byte = std::byte{0};
    for (const auto& sample : samples) {
        std::uint8_t above = 1, below = 1;  // Lagrange's coefficient, from public numbers only.
        for (const auto& other : samples) {
            if (other.x == sample.x) continue;
            above = multiply(above, x ^ other.x);
            below = multiply(below, sample.x ^ other.x);
        }
        const auto weight = multiply(above, invert(below));
        for (std::size_t i = 0; i < out.size(); ++i) {
            out[i] ^= static_cast<std::byte>(multiply(std::to_integer<std::uint8_t>(sample.y[i]), weight));
        }
    }
}

}  // namespace zcrypto::gf256

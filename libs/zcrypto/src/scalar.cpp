#include "scalar.hpp"

namespace zcrypto::curve {
namespace {

using Wide = std::array<u64, 8>;

// floor(2^512 / L), for Barrett reduction (Handbook of Applied Cryptography, 14.42, with b = 2^64 and k = 4).
constexpr std::array<u64, 5> kMu{0xed9ce5a30a2c131b, 0x2106215d086329a7, 0xffffffffffffffeb, 0xffffffffffffffff, 0xf};

/// a - b; `borrow` tells whether a < b.
template <std::size_t N>
std::array<u64, N> subtract(const std::array<u64, N>& a, const std::array<u64, N>& b, bool& borrow) noexcept {
    std::array<u64, N> out;
    u64 carry = 0;
    for (std::size_t i = 0; i < N; ++i) {
        const u128 difference = static_cast<u128>(a[i]) - b[i] - carry;
        out[i] = static_cast<u64>(difference);
        carry = static_cast<u64>(difference >> 64) & 1;
    }
    borrow = carry != 0;
    return out;
}

template <std::size_t N, std::size_t M>
std::array<u64, N + M> multiply(const std::array<u64, N>& a, const std::array<u64, M>& b) noexcept {
    std::array<u64, N + M> out{};
    for (std::size_t i = 0; i < N; ++i) {
        u64 carry = 0;
        for (std::size_t j = 0; j < M; ++j) {
            const u128 sum = static_cast<u128>(a[i]) * b[j] + out[i + j] + carry;
            out[i + j] = static_cast<u64>(sum);
            carry = static_cast<u64>(sum >> 64);
        }
        out[i + M] = carry;
    }
    return out;
}

Scalar reduce(const Wide& x) noexcept {
    const std::array<u64, 5> q1{x[3], x[4], x[5], x[6], x[7]};
    const auto q2 = multiply(q1, kMu);
    const std::array<u64, 5> q3{q2[5], q2[6], q2[7], q2[8], q2[9]};
    const auto product = multiply(q3, kOrder.word);
    const std::array<u64, 5> low{x[0], x[1], x[2], x[3], x[4]};
    const std::array<u64, 5> product_low{product[0], product[1], product[2], product[3], product[4]};
    constexpr std::array<u64, 5> order{kOrder.word[0], kOrder.word[1], kOrder.word[2], kOrder.word[3], 0};
    bool borrow = false;
    auto r = subtract(low, product_low, borrow);  // Modulo 2^320; the true value is below 3L.
    for (int i = 0; i < 2; ++i) {
        const auto less = subtract(r, order, borrow);
        if (borrow) break;
        r = less;
    }
    return {{r[0], r[1], r[2], r[3]}};
}

}  // namespace

std::optional<Scalar> scalar_from_canonical(const std::byte* in) noexcept {
    Scalar s;
    for (std::size_t i = 0; i < 4; ++i) s.word[i] = base::load_le<u64>(in + 8 * i);
    bool below = false;
    subtract(s.word, kOrder.word, below);
    if (!below) return std::nullopt;
    return s;
}

Scalar scalar_from_wide(const std::byte* in) noexcept {
    Wide x;
    for (std::size_t i = 0; i < 8; ++i) x[i] = base::load_le<u64>(in + 8 * i);
    return reduce(x);
}

Scalar scalar_from_u128(u128 value) noexcept {
    return {{static_cast<u64>(value), static_cast<u64>(value >> 64), 0, 0}};  // 2^128 < L
}

Scalar add(const Scalar& a, const Scalar& b) noexcept {
    Scalar sum;
    u64 carry = 0;
    for (std::size_t i = 0; i < 4; ++i) {  // Both below 2^253: no carry leaves the top.
        const u128 s = static_cast<u128>(a.word[i]) + b.word[i] + carry;
        sum.word[i] = static_cast<u64>(s);
        carry = static_cast<u64>(s >> 64);
    }
    bool below = false;
    const auto less = subtract(sum.word, kOrder.word, below);
    return below ? sum : Scalar{less};
}

Scalar mul(const Scalar& a, const Scalar& b) noexcept { return reduce(multiply(a.word, b.word)); }

Scalar negate(const Scalar& a) noexcept {
    if (a == Scalar{}) return a;
    bool borrow = false;
    return {subtract(kOrder.word, a.word, borrow)};
}

}  // namespace zcrypto::curve

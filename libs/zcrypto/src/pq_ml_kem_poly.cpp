#include "pq_ml_kem_poly.hpp"

#include "pq_secret.hpp"

namespace zcrypto::ml_kem_768 {
namespace {

constexpr std::int16_t kInverse = -3327;  // q^-1 modulo 2^16

/// a * 2^-16 modulo q, in (-q, q), for |a| < q * 2^15.
constexpr std::int16_t montgomery(std::int32_t a) noexcept {
    const auto low = static_cast<std::int16_t>(static_cast<std::uint32_t>(a) * static_cast<std::uint16_t>(kInverse));
    return static_cast<std::int16_t>((a - std::int32_t{low} * kModulus) >> 16);
}
constexpr std::int16_t multiply(std::int16_t a, std::int16_t b) noexcept { return montgomery(std::int32_t{a} * b); }

/// a modulo q, in (-q/2, q/2].
constexpr std::int16_t reduce(std::int16_t a) noexcept {
    constexpr std::int32_t kReciprocal = ((1 << 26) + kModulus / 2) / kModulus;
    const auto quotient = (kReciprocal * a + (1 << 25)) >> 26;
    return static_cast<std::int16_t>(a - quotient * kModulus);
}
/// [0, q) from (-q, q).
constexpr std::int16_t positive(std::int16_t a) noexcept {
    return static_cast<std::int16_t>(a + ((a >> 15) & kModulus));
}

/// 17^bitrev7(i) * 2^16 modulo q, around zero (FIPS 203, appendix A).
constexpr std::array<std::int16_t, 128> kZetas = [] {
    std::array<std::int16_t, 128> out{};
    for (unsigned i = 0; i < 128; ++i) {
        unsigned reversed = 0;
        for (unsigned bit = 0; bit < 7; ++bit) reversed |= ((i >> bit) & 1) << (6 - bit);
        std::int32_t value = 65536 % kModulus;
        for (unsigned j = 0; j < reversed; ++j) value = value * 17 % kModulus;
        out[i] = static_cast<std::int16_t>(value > kModulus / 2 ? value - kModulus : value);
    }
    return out;
}();

consteval bool compression_is_exact() {
    for (const int bits : {1, 4, 10}) {
        for (std::uint32_t value = 0; value < static_cast<std::uint32_t>(kModulus); ++value) {
            const auto exact = ((value << bits) + kModulus / 2) / kModulus & ((1u << bits) - 1);
            if (compress_one(value, bits) != exact) return false;
        }
    }
    return true;
}
static_assert(compression_is_exact());

}  // namespace

void ntt(Poly& poly) noexcept {
    auto& r = poly.at;
    std::size_t k = 1;
    for (std::size_t length = 128; length >= 2; length /= 2) {
        for (std::size_t start = 0; start < kDegree; start += 2 * length) {
            const auto zeta = kZetas[k++];
            for (auto j = start; j < start + length; ++j) {
                const auto t = multiply(zeta, r[j + length]);
                r[j + length] = static_cast<std::int16_t>(r[j] - t);
                r[j] = static_cast<std::int16_t>(r[j] + t);
            }
        }
    }
    for (auto& c : r) c = reduce(c);
}

void inverse_ntt(Poly& poly) noexcept {
    auto& r = poly.at;
    std::size_t k = 127;
    for (std::size_t length = 2; length <= 128; length *= 2) {
        for (std::size_t start = 0; start < kDegree; start += 2 * length) {
            const auto zeta = kZetas[k--];
            for (auto j = start; j < start + length; ++j) {
                const auto t = r[j];
                r[j] = reduce(static_cast<std::int16_t>(t + r[j + length]));
                r[j + length] = multiply(zeta, static_cast<std::int16_t>(r[j + length] - t));
            }
        }
    }
    constexpr std::int16_t kScale = 1441;  // 2^32 / 128 modulo q
    for (auto& c : r) c = multiply(c, kScale);
}

void inner_product(const Vector& a, const Vector& b, Poly& out) noexcept {
    for (std::size_t i = 0; i < kDegree; i += 2) {
        // Modulo x^2 - zeta for even pairs and x^2 + zeta for odd ones.
        const auto zeta = kZetas[64 + i / 4];
        const auto root = static_cast<std::int16_t>(i % 4 == 0 ? zeta : -zeta);
        // Six products of 12-bit numbers at most before each reduction: below its bound.
        std::int32_t low = 0;
        std::int32_t high = 0;
        std::int32_t wrapped = 0;
        for (std::size_t k = 0; k < kRank; ++k) {
            const auto& x = a[k].at;
            const auto& y = b[k].at;
            low += x[i] * y[i];
            wrapped += x[i + 1] * y[i + 1];
            high += x[i] * y[i + 1] + x[i + 1] * y[i];
        }
        low += montgomery(wrapped) * root;
        out.at[i] = reduce(montgomery(low));
        out.at[i + 1] = reduce(montgomery(high));
    }
}

void to_montgomery(Poly& poly) noexcept {
    constexpr std::int16_t kSquare = static_cast<std::int16_t>((std::uint64_t{1} << 32) % kModulus);
    for (auto& c : poly.at) c = multiply(c, kSquare);
}

void add_to(Poly& a, const Poly& b) noexcept {
    for (std::size_t i = 0; i < kDegree; ++i) a.at[i] = positive(reduce(static_cast<std::int16_t>(a.at[i] + b.at[i])));
}

void subtract_from(Poly& a, const Poly& b) noexcept {
    for (std::size_t i = 0; i < kDegree; ++i) a.at[i] = positive(reduce(static_cast<std::int16_t>(b.at[i] - a.at[i])));
}

void encode12(const Poly& poly, base::MutableBytes out) noexcept {
    for (std::size_t i = 0; i < kDegree / 2; ++i) {
        const auto a = static_cast<std::uint16_t>(positive(reduce(poly.at[2 * i])));
        const auto b = static_cast<std::uint16_t>(positive(reduce(poly.at[2 * i + 1])));
        out[3 * i] = static_cast<std::byte>(a);
        out[3 * i + 1] = static_cast<std::byte>(a >> 8 | b << 4);
        out[3 * i + 2] = static_cast<std::byte>(b >> 4);
    }
}

void decode12(base::ByteView bytes, Poly& out) noexcept {
    for (std::size_t i = 0; i < kDegree / 2; ++i) {
        const auto at = [&](std::size_t k) { return std::to_integer<std::uint16_t>(bytes[3 * i + k]); };
        out.at[2 * i] = static_cast<std::int16_t>((at(0) | at(1) << 8) & 0xfff);
        out.at[2 * i + 1] = static_cast<std::int16_t>(at(1) >> 4 | at(2) << 4);
    }
}

void compress(const Poly& poly, int bits, base::MutableBytes out) noexcept {
    std::uint32_t pending = 0;
    int count = 0;
    std::size_t written = 0;
    for (const auto c : poly.at) {
        pending |= compress_one(static_cast<std::uint16_t>(c), bits) << count;
        for (count += bits; count >= 8; count -= 8, pending >>= 8) out[written++] = static_cast<std::byte>(pending);
    }
}

void decompress(base::ByteView bytes, int bits, Poly& out) noexcept {
    std::uint32_t pending = 0;
    int count = 0;
    std::size_t taken = 0;
    for (auto& c : out.at) {
        for (; count < bits; count += 8) pending |= std::to_integer<std::uint32_t>(bytes[taken++]) << count;
        // opaque(): for one bit, compilers like to turn the product into a branch on the message.
        const auto value = detail::opaque(pending & ((1u << bits) - 1));
        // NOLINTNEXTLINE(clang-analyzer-core.BitwiseShift): `bits` is 1, 4 or 10
        c = static_cast<std::int16_t>((value * kModulus + (1u << (bits - 1))) >> bits);
        pending >>= bits;
        count -= bits;
    }
}

void sample_uniform(base::ByteView rho, std::uint8_t column, std::uint8_t row, Poly& out) noexcept {
    auto stream = detail::shake128();
    const std::byte position[] = {std::byte{column}, std::byte{row}};
    stream.absorb(rho).absorb(position);
    base::FixedBytes<168> block;
    for (std::size_t count = 0; count < kDegree;) {
        stream.squeeze(block);
        for (std::size_t i = 0; i < block.size() && count < kDegree; i += 3) {
            const auto at = [&](std::size_t k) { return std::to_integer<std::uint16_t>(block[i + k]); };
            const auto a = (at(0) | at(1) << 8) & 0xfff;
            const auto b = at(1) >> 4 | at(2) << 4;
            if (a < kModulus) out.at[count++] = static_cast<std::int16_t>(a);
            if (b < kModulus && count < kDegree) out.at[count++] = static_cast<std::int16_t>(b);
        }
    }
}

void sample_noise(base::ByteView seed, std::uint8_t nonce, Poly& out) noexcept {
    detail::Wiped<base::FixedBytes<128>> random;
    auto stream = detail::shake256();
    const std::byte suffix[] = {std::byte{nonce}};
    stream.absorb(seed).absorb(suffix).squeeze(*random);
    stream.wipe();
    for (std::size_t i = 0; i < kDegree / 8; ++i) {
        const auto word = base::load_le<std::uint32_t>(random->data() + 4 * i);
        const auto pairs = (word & 0x55555555) + (word >> 1 & 0x55555555);
        for (unsigned j = 0; j < 8; ++j) {
            const auto a = static_cast<int>(pairs >> (4 * j) & 3);
            const auto b = static_cast<int>(pairs >> (4 * j + 2) & 3);
            out.at[8 * i + j] = static_cast<std::int16_t>(a - b);
        }
    }
}

}  // namespace zcrypto::ml_kem_768

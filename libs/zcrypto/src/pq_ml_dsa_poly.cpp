#include "pq_ml_dsa_poly.hpp"

#include "pq_secret.hpp"

namespace zcrypto::ml_dsa_65 {
namespace {

constexpr std::uint32_t kInverse = 58728449;  // q^-1 modulo 2^32
static_assert(kInverse * static_cast<std::uint32_t>(kModulus) == 1);

/// a * 2^-32 modulo q, in (-q, q), for |a| < q * 2^31.
constexpr std::int32_t montgomery(std::int64_t a) noexcept {
    const auto low = static_cast<std::int32_t>(static_cast<std::uint32_t>(a) * kInverse);
    return static_cast<std::int32_t>((a - std::int64_t{low} * kModulus) >> 32);
}

constexpr std::int32_t around_zero(std::int32_t a) noexcept { return a - ((a + (1 << 22)) >> 23) * kModulus; }

/// 1753^bitrev8(i) * 2^32 modulo q, around zero (FIPS 204, appendix B).
constexpr std::array<std::int32_t, 256> kZetas = [] {
    std::array<std::int64_t, 256> powers{};
    powers[0] = (std::int64_t{1} << 32) % kModulus;
    for (std::size_t i = 1; i < 256; ++i) powers[i] = powers[i - 1] * 1753 % kModulus;
    std::array<std::int32_t, 256> out{};
    for (unsigned i = 0; i < 256; ++i) {
        unsigned reversed = 0;
        for (unsigned bit = 0; bit < 8; ++bit) reversed |= ((i >> bit) & 1) << (7 - bit);
        const auto value = powers[reversed];
        out[i] = static_cast<std::int32_t>(value > kModulus / 2 ? value - kModulus : value);
    }
    return out;
}();

}  // namespace

void ntt(Poly& poly) noexcept {
    auto& r = poly.at;
    std::size_t k = 0;
    for (std::size_t length = 128; length >= 1; length /= 2) {
        for (std::size_t start = 0; start < kDegree; start += 2 * length) {
            const std::int64_t zeta = kZetas[++k];
            for (auto j = start; j < start + length; ++j) {
                const auto t = montgomery(zeta * r[j + length]);
                r[j + length] = r[j] - t;
                r[j] += t;
            }
        }
    }
}

void inverse_ntt(Poly& poly) noexcept {
    auto& r = poly.at;
    std::size_t k = 256;
    for (std::size_t length = 1; length < kDegree; length *= 2) {
        for (std::size_t start = 0; start < kDegree; start += 2 * length) {
            const std::int64_t zeta = -kZetas[--k];
            for (auto j = start; j < start + length; ++j) {
                const auto t = r[j];
                r[j] = t + r[j + length];
                r[j + length] = montgomery(zeta * (t - r[j + length]));
            }
        }
    }
    constexpr std::int64_t kScale = 41978;  // 2^64 / 256 modulo q
    for (auto& c : r) c = montgomery(kScale * c);
}

void multiply(const Poly& a, const Poly& b, Poly& out) noexcept {
    for (std::size_t i = 0; i < kDegree; ++i) out.at[i] = montgomery(std::int64_t{a.at[i]} * b.at[i]);
}

void accumulate(const Poly& a, const Poly& b, Poly& out) noexcept {
    for (std::size_t i = 0; i < kDegree; ++i) out.at[i] += montgomery(std::int64_t{a.at[i]} * b.at[i]);
}

void add_to(Poly& a, const Poly& b) noexcept {
    for (std::size_t i = 0; i < kDegree; ++i) a.at[i] += b.at[i];
}

void subtract_from(Poly& a, const Poly& b) noexcept {
    for (std::size_t i = 0; i < kDegree; ++i) a.at[i] -= b.at[i];
}

void reduce(Poly& poly) noexcept {
    for (auto& c : poly.at) c = around_zero(c);
}

void positive(Poly& poly) noexcept {
    for (auto& c : poly.at) c += (c >> 31) & kModulus;
}

std::uint32_t exceeds(const Poly& poly, std::int32_t bound) noexcept {
    std::int32_t found = 0;
    for (const auto c : poly.at) {
        const auto magnitude = c - ((c >> 31) & (2 * c));
        found |= (bound - 1 - magnitude) >> 31;
    }
    return static_cast<std::uint32_t>(found) & 1;
}

void split_power(const Poly& poly, Poly& high, Poly& low) noexcept {
    for (std::size_t i = 0; i < kDegree; ++i) {
        const auto a = poly.at[i];
        high.at[i] = (a + (1 << (kDropped - 1)) - 1) >> kDropped;
        low.at[i] = a - (high.at[i] << kDropped);
    }
}

void split_gamma(const Poly& poly, Poly& high, Poly& low) noexcept {
    for (std::size_t i = 0; i < kDegree; ++i) {
        const auto a = poly.at[i];
        // round(a / (2 * gamma2)) by a reciprocal; 16 is q - 1 and wraps to 0, where `low` becomes one less.
        const auto coarse = (a + 127) >> 7;
        const auto rounded = ((coarse * 1025 + (1 << 21)) >> 22) & 15;
        high.at[i] = rounded;
        const auto rest = a - rounded * 2 * kGamma2;
        low.at[i] = rest - ((((kModulus - 1) / 2 - rest) >> 31) & kModulus);
    }
}

void use_hint(const Poly& hint, Poly& poly) noexcept {
    Poly high;
    Poly low;
    split_gamma(poly, high, low);
    for (std::size_t i = 0; i < kDegree; ++i) {
        const auto step = low.at[i] > 0 ? hint.at[i] : -hint.at[i];
        poly.at[i] = (high.at[i] + step) & 15;
    }
}

void sample_challenge(base::ByteView seed, Poly& out) noexcept {
    auto stream = detail::shake256();
    stream.absorb(seed);
    base::FixedBytes<8> sign_bytes;
    stream.squeeze(sign_bytes);
    auto signs = base::load_le<std::uint64_t>(sign_bytes.data());
    out.at.fill(0);
    for (auto i = kDegree - kTau; i < kDegree; ++i) {
        base::FixedBytes<1> candidate;
        do {
            stream.squeeze(candidate);
        } while (std::to_integer<std::size_t>(candidate[0]) > i);
        const auto j = std::to_integer<std::size_t>(candidate[0]);
        out.at[i] = out.at[j];
        out.at[j] = 1 - 2 * static_cast<std::int32_t>(signs & 1);
        signs >>= 1;
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
            const auto at = [&](std::size_t k) { return std::to_integer<std::int32_t>(block[i + k]); };
            const auto candidate = (at(0) | at(1) << 8 | at(2) << 16) & 0x7fffff;
            if (candidate < kModulus) out.at[count++] = candidate;
        }
    }
}

void sample_bounded(base::ByteView seed, std::uint16_t nonce, Poly& out) noexcept {
    auto stream = detail::shake256();
    const std::byte suffix[] = {static_cast<std::byte>(nonce), static_cast<std::byte>(nonce >> 8)};
    stream.absorb(seed).absorb(suffix);
    detail::Wiped<base::FixedBytes<136>> block;
    for (std::size_t count = 0; count < kDegree;) {
        stream.squeeze(*block);
        for (std::size_t i = 0; i < 2 * block->size() && count < kDegree; ++i) {
            const auto nibble = std::to_integer<std::int32_t>((*block)[i / 2]) >> (4 * (i % 2)) & 15;
            // Refusal depends on candidates that are independent of the accepted ones, and tells nothing about them.
            auto accepted = nibble < 9;
            GC_PUBLIC(&accepted, sizeof accepted);
            if (accepted) out.at[count++] = kEta - nibble;
        }
    }
    stream.wipe();
}

void sample_mask(base::ByteView seed, std::uint16_t nonce, Poly& out) noexcept {
    auto stream = detail::shake256();
    const std::byte suffix[] = {static_cast<std::byte>(nonce), static_cast<std::byte>(nonce >> 8)};
    detail::Wiped<base::FixedBytes<640>> bytes;
    stream.absorb(seed).absorb(suffix).squeeze(*bytes);
    stream.wipe();
    unpack(*bytes, kPackMask, out);
}

void pack(const Poly& poly, Packing packing, base::MutableBytes out) noexcept {
    std::uint64_t pending = 0;
    int count = 0;
    std::size_t written = 0;
    for (const auto c : poly.at) {
        const auto value = static_cast<std::uint32_t>(packing.offset != 0 ? packing.offset - c : c);
        pending |= std::uint64_t{value} << count;
        for (count += packing.bits; count >= 8; count -= 8, pending >>= 8)
            out[written++] = static_cast<std::byte>(pending);
    }
}

void unpack(base::ByteView bytes, Packing packing, Poly& out) noexcept {
    std::uint64_t pending = 0;
    int count = 0;
    std::size_t taken = 0;
    for (auto& c : out.at) {
        for (; count < packing.bits; count += 8) pending |= std::to_integer<std::uint64_t>(bytes[taken++]) << count;
        const auto value = static_cast<std::int32_t>(pending & ((1u << packing.bits) - 1));
        c = packing.offset != 0 ? packing.offset - value : value;
        pending >>= packing.bits;
        count -= packing.bits;
    }
}

}  // namespace zcrypto::ml_dsa_65

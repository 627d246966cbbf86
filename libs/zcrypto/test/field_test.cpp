// The field, scalar and point layers against identities and against libsodium.
#include <gtest/gtest.h>
#include <sodium.h>

#include "base/random.hpp"
#include "lattice.hpp"
#include "point.hpp"
#include "scalar.hpp"

namespace {

using namespace zcrypto::curve;

constexpr std::uint64_t kSeed = 20260101;

base::FixedBytes<32> random_bytes(base::Random& random) {
    base::FixedBytes<32> out;
    random.fill(out);
    // Now and then runs of ones and zeros, where carries break.
    if (random.below(4) == 0) std::fill_n(out.begin() + static_cast<long>(random.below(16)), 16, std::byte{0xff});
    if (random.below(4) == 0) std::fill_n(out.begin() + static_cast<long>(random.below(16)), 16, std::byte{0});
    return out;
}

base::FixedBytes<32> bytes_of(const Scalar& s) {
    base::FixedBytes<32> out;
    for (std::size_t i = 0; i < 4; ++i) base::store_le(out.data() + 8 * i, s.word[i]);
    return out;
}

Scalar random_scalar(base::Random& random) {
    base::FixedBytes<64> wide;
    random.fill(wide);
    if (random.below(4) == 0) std::fill_n(wide.begin(), 60, std::byte{0xff});
    if (random.below(4) == 0) std::fill_n(wide.begin() + 4, 60, std::byte{0});
    return scalar_from_wide(wide.data());
}

TEST(Field, KeepsItsIdentitiesAlsoOnLooseLimbs) {
    base::SeededRandom random{kSeed};
    for (int i = 0; i < 5000; ++i) {
        const auto a = fe_from_bytes(random_bytes(random).data());
        const auto b = fe_from_bytes(random_bytes(random).data());
        const auto c = fe_from_bytes(random_bytes(random).data());
        EXPECT_EQ(fe_to_bytes(square(a)), fe_to_bytes(mul(a, a)));
        EXPECT_EQ(fe_to_bytes(mul(a, b)), fe_to_bytes(mul(b, a)));
        EXPECT_EQ(fe_to_bytes(mul(mul(a, b), c)), fe_to_bytes(mul(a, mul(b, c))));
        EXPECT_EQ(fe_to_bytes(mul(sub(a, b), sub(sub(a, b), c))),
                  fe_to_bytes(sub(square(sub(a, b)), mul(sub(a, b), c))));
        EXPECT_EQ(fe_to_bytes(add(sub(a, b), b)), fe_to_bytes(a));
    }
    // The largest limbs that mul and square accept.
    const Fe large{
        {(u64{1} << 54) - 1, (u64{1} << 54) - 1, (u64{1} << 54) - 1, (u64{1} << 54) - 1, (u64{1} << 54) - 1}};
    EXPECT_EQ(fe_to_bytes(square(large)), fe_to_bytes(square(carried(large))));
    EXPECT_EQ(fe_to_bytes(mul(large, large)), fe_to_bytes(mul(carried(large), carried(large))));
}

TEST(Field, InvertsAndEncodesCanonically) {
    base::SeededRandom random{kSeed};
    for (int i = 0; i < 200; ++i) {
        const auto a = fe_from_bytes(random_bytes(random).data());
        if (!is_zero(a)) {
            EXPECT_EQ(fe_to_bytes(mul(a, invert(a))), fe_to_bytes(kOne));
        }
    }
    EXPECT_TRUE(is_zero(invert(kZero)));
    // p, p + 1 and 2^255 - 1 are 0, 1 and 18.
    base::FixedBytes<32> bytes;
    bytes.fill(std::byte{0xff});
    bytes[31] = std::byte{0x7f};
    EXPECT_EQ(fe_to_bytes(fe_from_bytes(bytes.data()))[0], std::byte{18});
    bytes[0] = std::byte{0xed};
    EXPECT_TRUE(is_zero(fe_from_bytes(bytes.data())));
    bytes[0] = std::byte{0xee};
    EXPECT_EQ(fe_to_bytes(fe_from_bytes(bytes.data())), fe_to_bytes(kOne));
    EXPECT_EQ(fe_to_bytes(square(kSqrtMinus1)), fe_to_bytes(negate(kOne)));
}

TEST(ScalarArithmetic, AgreesWithLibsodium) {
    ASSERT_GE(sodium_init(), 0);
    base::SeededRandom random{kSeed};
    const auto u8 = [](const auto& bytes) { return reinterpret_cast<const unsigned char*>(bytes.data()); };
    for (int i = 0; i < 5000; ++i) {
        const auto a = random_scalar(random), b = random_scalar(random);
        const auto ab = bytes_of(a), bb = bytes_of(b);
        base::FixedBytes<32> expected;
        auto* const out = reinterpret_cast<unsigned char*>(expected.data());
        crypto_core_ed25519_scalar_mul(out, u8(ab), u8(bb));
        EXPECT_EQ(bytes_of(mul(a, b)), expected);
        crypto_core_ed25519_scalar_add(out, u8(ab), u8(bb));
        EXPECT_EQ(bytes_of(add(a, b)), expected);
        crypto_core_ed25519_scalar_negate(out, u8(ab));
        EXPECT_EQ(bytes_of(negate(a)), expected);
        base::FixedBytes<64> wide;
        random.fill(wide);
        if (i % 4 == 0) std::fill_n(wide.begin() + 8, 56, std::byte{0xff});
        crypto_core_ed25519_scalar_reduce(out, u8(wide));
        EXPECT_EQ(bytes_of(scalar_from_wide(wide.data())), expected);
    }
}

TEST(ScalarDecoding, TakesOnlyValuesBelowTheOrder) {
    auto bytes = bytes_of(kOrder);
    EXPECT_FALSE(scalar_from_canonical(bytes.data()));
    bytes[0] = static_cast<std::byte>(std::to_integer<int>(bytes[0]) - 1);
    EXPECT_TRUE(scalar_from_canonical(bytes.data()));
    bytes.fill(std::byte{0xff});
    EXPECT_FALSE(scalar_from_canonical(bytes.data()));
    EXPECT_EQ(scalar_from_canonical(base::FixedBytes<32>{}.data()), Scalar{});
}

TEST(SplitScalar, GivesTwoHalvesOfTheSameRatio) {
    base::SeededRandom random{kSeed};
    const auto check = [](const Scalar& k) {
        const auto half = split_scalar(k);
        EXPECT_TRUE(half.v != 0 && half.v >> 127 == 0 && half.u >> 127 == 0);
        const auto product = mul(scalar_from_u128(half.v), k);
        EXPECT_EQ(half.v_negative ? negate(product) : product, scalar_from_u128(half.u));
    };
    for (int i = 0; i < 20'000; ++i) check(random_scalar(random));
    for (const u128 k : {u128{0}, u128{1}, u128{2}, u128{1} << 126, (u128{1} << 127) - 1, u128{1} << 127, ~u128{0}}) {
        check(scalar_from_u128(k));
        check(negate(scalar_from_u128(k)));
    }
}

TEST(NafDigits, AddUpToTheirNumberAndKeepTheirDistance) {
    base::SeededRandom random{kSeed};
    for (int i = 0; i < 2000; ++i) {
        const auto s = random_scalar(random);
        for (const int width : {5, 8}) {
            Scalar sum{};
            int last = -width;
            for_each_naf_digit(naf_input(s), width, [&](unsigned position, int digit) {
                EXPECT_GE(static_cast<int>(position) - last, width);
                last = static_cast<int>(position);
                EXPECT_TRUE(digit % 2 != 0 && std::abs(digit) < 1 << (width - 1));
                auto term = scalar_from_u128(static_cast<u128>(std::abs(digit)));
                for (unsigned d = 0; d < position; ++d) term = add(term, term);
                sum = add(sum, digit < 0 ? negate(term) : term);
            });
            EXPECT_EQ(sum, s);
        }
    }
}

TEST(Points, DecodeAndEncodeLikeLibsodium) {
    base::SeededRandom random{kSeed};
    int valid = 0;
    for (int i = 0; i < 500; ++i) {
        auto bytes = random_bytes(random);
        const auto point = decompress(bytes.data());
        if (!point) continue;
        ++valid;
        std::array<Extended, 2> pair;
        const auto ok = decompress_lanes<2>({bytes.data(), bytes.data()}, pair);
        EXPECT_TRUE(ok[0] && ok[1]);
        EXPECT_EQ(compress(pair[1]), compress(*point));
        EXPECT_EQ(compress(*point), bytes);  // A random y is canonical.
        // p + p through addition and doubling, against libsodium when it accepts the point.
        const auto doubled = compress(to_extended(twice(to_projective(*point))));
        EXPECT_EQ(compress(to_extended(sum<false>(*point, to_cached(*point)))), doubled);
        EXPECT_EQ(compress(to_extended(sum<true>(*point, to_cached(*point)))), compress(kIdentity));
        base::FixedBytes<32> expected;
        const auto* const in = reinterpret_cast<const unsigned char*>(bytes.data());
        if (crypto_core_ed25519_add(reinterpret_cast<unsigned char*>(expected.data()), in, in) == 0) {
            EXPECT_EQ(doubled, expected);
        }
    }
    EXPECT_GT(valid, 150);
}

TEST(Points, KnowTheEightOfSmallOrder) {
    EXPECT_TRUE(is_small_order(kIdentity));
    int small = 0;
    // y of all points of order dividing 8: 1, -1, 0 and +-y8.
    const auto y8 =
        base::fixed_from_hex<32>("26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05").value();
    for (const auto sign : {0x00, 0x80}) {
        for (const auto& y : {fe_to_bytes(kOne), fe_to_bytes(negate(kOne)), fe_to_bytes(kZero), y8,
                              fe_to_bytes(negate(fe_from_bytes(y8.data())))}) {
            auto encoded = y;
            encoded[31] |= static_cast<std::byte>(sign);
            const auto point = decompress(encoded.data());
            ASSERT_TRUE(point);
            EXPECT_TRUE(is_small_order(*point));
            small += is_canonical(encoded.data());
        }
    }
    EXPECT_EQ(small, 8);
    EXPECT_FALSE(is_small_order(to_extended(sum<false>(kIdentity, base_tables().entries[0]))));
}

}  // namespace

#include "gcrypt/edwards.hpp"

#include <gtest/gtest.h>

#include "gcrypt/vss.hpp"

namespace {

using namespace gcrypt;
using namespace gcrypt::edwards;

constexpr const char* kOrder = "edd3f55c1a631258d69cf7a2def9de1400000000000000000000000000000010";
constexpr const char* kOrderEight = "26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05";

template <std::size_t N>
base::FixedBytes<N> hex(const char* text) {
    return base::fixed_from_hex<N>(text).value();
}

TEST(Scalar, DecodesBelowTheOrderOnly) {
    auto order = hex<32>(kOrder);
    EXPECT_TRUE(Scalar::decode(order).error().is(Errc::bad_scalar));
    EXPECT_TRUE(SecretScalar::decode(order).error().is(Errc::bad_scalar));
    order[0] ^= std::byte{1};  // L - 1
    EXPECT_TRUE(Scalar::decode(order));
    EXPECT_EQ(add(*Scalar::decode(order), Scalar::from_u64(1)), Scalar{});
    order.fill(std::byte{0xff});
    EXPECT_TRUE(Scalar::decode(order).error().is(Errc::bad_scalar));
    EXPECT_TRUE(Scalar::decode(base::ByteView{order}.first(31)).error().is(Errc::bad_length));
    EXPECT_TRUE(SecretScalar::decode({}).error().is(Errc::bad_length));
}

TEST(Scalar, IsAField) {
    base::SeededRandom random{25519};
    for (int i = 0; i < 100; ++i) {
        const auto a = SecretScalar::random(random).declassify();
        const auto b = SecretScalar::random(random).declassify();
        const auto c = SecretScalar::random(random).declassify();
        EXPECT_EQ(mul(a, add(b, c)), add(mul(a, b), mul(a, c)));
        EXPECT_EQ(add(sub(a, b), b), a);
        EXPECT_EQ(mul(a, invert(a).value()), Scalar::from_u64(1));
        const auto secret = add(mul(SecretScalar::copy_of(a), SecretScalar::copy_of(b)), SecretScalar::copy_of(c));
        EXPECT_EQ(secret.declassify(), add(mul(a, b), c));
        EXPECT_EQ(mul(SecretScalar::copy_of(a), b).declassify(), mul(a, b));
    }
    EXPECT_TRUE(invert(Scalar{}).error().is(Errc::bad_scalar));
}

TEST(Point, HasTheIdentityAsAnOrdinaryResult) {
    const auto b = base_point();
    EXPECT_EQ(base::to_hex(b.bytes), "5866666666666666666666666666666666666666666666666666666666666666");
    EXPECT_TRUE(base_mul(Scalar{}).is_identity());
    EXPECT_TRUE(base_mul(SecretScalar::copy_of({})).is_identity());
    EXPECT_TRUE(mul(Scalar{}, b).is_identity());
    EXPECT_TRUE(mul(Scalar::from_u64(5), Point{}).is_identity());
    EXPECT_TRUE(mul(SecretScalar::copy_of(Scalar::from_u64(5)), Point{}).is_identity());
    EXPECT_TRUE(sub(b, b).is_identity());
    EXPECT_EQ(add(b, Point{}), b);
    EXPECT_EQ(add(base_mul(Scalar::from_u64(2)), b), base_mul(Scalar::from_u64(3)));
    EXPECT_EQ(mul(Scalar::from_u64(3), b), base_mul(Scalar::from_u64(3)));
}

TEST(Point, DecodesTheSubgroupOnly) {
    const auto point = base_mul(Scalar::from_u64(77));
    EXPECT_EQ(Point::decode(point.bytes).value(), point);
    EXPECT_TRUE(Point::decode(Point{}.bytes).error().is(Errc::bad_point));
    EXPECT_TRUE(Point::decode(base::ByteView{point.bytes}.first(31)).error().is(Errc::bad_length));
    // Each of the seven other points with the same multiple of eight is refused, and so is each one of small order.
    auto torsion = CurvePoint::decode(hex<32>(kOrderEight)).value();
    auto mixed = widen(point);
    auto small = CurvePoint{};
    for (int i = 1; i < 8; ++i) {
        mixed = sub(mixed, torsion);
        small = sub(small, torsion);
        EXPECT_TRUE(CurvePoint::decode(mixed.bytes)) << i;
        EXPECT_TRUE(Point::decode(mixed.bytes).error().is(Errc::bad_point)) << i;
        EXPECT_TRUE(Point::decode(small.bytes).error().is(Errc::bad_point)) << i;
        EXPECT_EQ(mixed.clear_cofactor(), mul(Scalar::from_u64(8), point));
        EXPECT_TRUE(small.clear_cofactor().is_identity());
    }
    EXPECT_EQ(sub(mixed, torsion), widen(point));
}

TEST(CurvePoint, MultipliesMixedOrdersExactly) {
    const auto torsion = CurvePoint::decode(hex<32>(kOrderEight)).value();
    const auto p = sub(widen(base_mul(Scalar::from_u64(1234567))), torsion);
    // Against repeated subtraction of the negative.
    const auto minus_p = sub(CurvePoint{}, p);
    auto expected = CurvePoint{};
    for (std::uint64_t k = 0; k < 40; ++k) {
        EXPECT_EQ(mul(Scalar::from_u64(k), p), expected) << k;
        expected = sub(expected, minus_p);
    }
    // L is not a Scalar; L - 1 is: (L - 1) p + p = L p, the small-order part times L = 5 modulo 8.
    auto minus_one = hex<32>(kOrder);
    minus_one[0] ^= std::byte{1};
    const auto times_order = sub(mul(Scalar{minus_one}, p), minus_p);
    EXPECT_EQ(times_order, sub(CurvePoint{}, mul(Scalar::from_u64(5), torsion)));
}

TEST(SecretSharing, RecoversFromAnyThresholdOfShares) {
    base::SeededRandom random{3};
    const auto secret = SecretScalar::random(random);
    const auto polynomial = vss::SecretPolynomial::random(secret.clone(), 3, random).value();
    const auto commitment = polynomial.commit().value();
    EXPECT_EQ(commitment.public_secret(), base_mul(secret));
    EXPECT_EQ(commitment.threshold(), 3u);
    const auto take = [&](std::initializer_list<vss::Identifier> ids) {
        std::vector<vss::Share> shares;
        for (const auto id : ids) shares.push_back({.id = id, .value = polynomial.share(id).value()});
        return shares;
    };
    EXPECT_EQ(vss::recover(take({1, 2, 3}))->declassify(), secret.declassify());
    EXPECT_EQ(vss::recover(take({60000, 7, 2}))->declassify(), secret.declassify());
    EXPECT_EQ(vss::recover(take({5, 4, 3, 2, 1}))->declassify(), secret.declassify());
    EXPECT_NE(vss::recover(take({1, 2}))->declassify(), secret.declassify());
    EXPECT_TRUE(vss::recover(take({1, 2, 2})).error().is(base::Errc::invalid_argument));
    EXPECT_TRUE(vss::recover({}).error().is(base::Errc::invalid_argument));
    EXPECT_TRUE(polynomial.share(0).error().is(base::Errc::out_of_range));
}

TEST(SecretSharing, FeldmansCommitmentFindsWrongShares) {
    base::SeededRandom random{4};
    const auto polynomial = vss::SecretPolynomial::random(SecretScalar::random(random), 4, random).value();
    const auto commitment = polynomial.commit().value();
    for (vss::Identifier id = 1; id <= 6; ++id) {
        const auto share = polynomial.share(id).value();
        EXPECT_TRUE(vss::verify_share(commitment, id, share));
        EXPECT_EQ(commitment.public_share(id), base_mul(share));
        EXPECT_TRUE(vss::verify_share(commitment, id + 1, share).error().is(Errc::bad_share));
        const auto wrong = add(share, SecretScalar::copy_of(Scalar::from_u64(1)));
        EXPECT_TRUE(vss::verify_share(commitment, id, wrong).error().is(Errc::bad_share));
    }
    EXPECT_FALSE(vss::verify_share(commitment, 0, SecretScalar::copy_of({})));
    EXPECT_FALSE(vss::verify_share({}, 1, SecretScalar::copy_of({})));
}

TEST(SecretSharing, CommitmentsOfSeveralDealersAddUp) {
    base::SeededRandom random{5};
    std::vector<vss::Commitment> commitments;
    auto share = SecretScalar::copy_of({});
    for (int dealer = 0; dealer < 3; ++dealer) {
        const auto polynomial = vss::SecretPolynomial::random(SecretScalar::random(random), 2, random).value();
        commitments.push_back(polynomial.commit().value());
        share = add(share, polynomial.share(9).value());
    }
    EXPECT_TRUE(vss::verify_share(vss::sum(commitments).value(), 9, share));
    EXPECT_FALSE(vss::sum({}));
    commitments[1].coefficients.pop_back();
    EXPECT_TRUE(vss::sum(commitments).error().is(base::Errc::invalid_argument));
    // A dealer who cancels the others leaves the identity.
    commitments.resize(1);
    commitments.push_back(commitments[0]);
    for (auto& point : commitments[1].coefficients) point = sub(Point{}, point);
    EXPECT_TRUE(vss::sum(commitments).error().is(base::Errc::invalid_argument));
}

TEST(SecretSharing, RefusesSizesAndCoefficientsOutOfBounds) {
    base::SeededRandom random{6};
    EXPECT_FALSE(vss::SecretPolynomial::random(SecretScalar::random(random), 0, random));
    EXPECT_FALSE(vss::SecretPolynomial::random(SecretScalar::random(random), vss::kMaxParticipants + 1, random));
    EXPECT_FALSE(vss::SecretPolynomial::make({}));
    const auto zero = vss::SecretPolynomial::random(SecretScalar::copy_of({}), 2, random).value();
    EXPECT_TRUE(zero.commit().error().is(base::Errc::invalid_argument));
    const std::array<vss::Identifier, 3> ids{1, 2, 4};
    EXPECT_TRUE(vss::lagrange_at_zero(ids, 4));
    EXPECT_FALSE(vss::lagrange_at_zero(ids, 3));
    EXPECT_FALSE(vss::lagrange_at_zero(std::array<vss::Identifier, 2>{0, 1}, 1));
    EXPECT_FALSE(vss::lagrange_at_zero(std::array<vss::Identifier, 2>{1, 1}, 1));
    EXPECT_FALSE(vss::lagrange_at_zero({}, 1));
}

TEST(Pedersen, CommitmentsAddUpAndNameOneValue) {
    base::SeededRandom random{7};
    const auto h = vss::pedersen_generator();
    EXPECT_EQ(Point::decode(h.bytes).value(), h);
    EXPECT_NE(h, base_point());
    const auto a = SecretScalar::random(random), b = SecretScalar::random(random);
    const auto r = SecretScalar::random(random), s = SecretScalar::random(random);
    EXPECT_EQ(add(vss::pedersen_commit(a, r), vss::pedersen_commit(b, s)), vss::pedersen_commit(add(a, b), add(r, s)));
    EXPECT_NE(vss::pedersen_commit(a, r), vss::pedersen_commit(a, s));
    EXPECT_NE(vss::pedersen_commit(a, r), vss::pedersen_commit(b, r));
}

}  // namespace

#include "gcrypt/vss.hpp"

#include <algorithm>
#include <array>

#include "zcrypto/taint.hpp"

namespace gcrypt::vss {

using edwards::Point;
using edwards::Scalar;
using edwards::SecretScalar;

Point Commitment::public_share(Identifier id) const noexcept {
    // Horner's rule, from the leading coefficient down.
    const auto x = Scalar::from_u64(id);
    Point out;
    for (std::size_t i = coefficients.size(); i-- > 0;) out = edwards::add(edwards::mul(x, out), coefficients[i]);
    return out;
}

base::Result<SecretPolynomial> SecretPolynomial::random(SecretScalar secret, std::size_t threshold,
                                                        base::Random& random) {
    if (threshold < 1 || threshold > kMaxParticipants) return base::fail(base::Errc::out_of_range, "threshold");
    SecretPolynomial out;
    out.coefficients_.reserve(threshold);
    out.coefficients_.push_back(std::move(secret));
    while (out.coefficients_.size() < threshold) out.coefficients_.push_back(SecretScalar::random(random));
    return out;
}

base::Result<SecretPolynomial> SecretPolynomial::make(std::vector<SecretScalar> coefficients) {
    if (coefficients.empty() || coefficients.size() > kMaxParticipants) {
        return base::fail(base::Errc::out_of_range, "coefficients");
    }
    SecretPolynomial out;
    out.coefficients_ = std::move(coefficients);
    return out;
}

base::Result<SecretScalar> SecretPolynomial::share(Identifier id) const noexcept {
    if (id == 0) return base::fail(base::Errc::out_of_range, "participant zero");
    const auto x = Scalar::from_u64(id);
    auto out = coefficients_.back().clone();
    for (std::size_t i = coefficients_.size() - 1; i-- > 0;) out = edwards::add(edwards::mul(out, x), coefficients_[i]);
    return out;
}

base::Result<Commitment> SecretPolynomial::commit() const {
    Commitment out;
    out.coefficients.reserve(coefficients_.size());
    for (const auto& coefficient : coefficients_) {
        out.coefficients.push_back(edwards::base_mul(coefficient));
        GC_PUBLIC(&out.coefficients.back(), sizeof(Point));  // This is what is published.
        if (out.coefficients.back().is_identity()) return base::fail(base::Errc::invalid_argument, "zero coefficient");
    }
    return out;
}

base::Result<void> verify_share(const Commitment& commitment, Identifier id, const SecretScalar& share) noexcept {
    if (id == 0 || commitment.coefficients.empty()) return base::fail(Errc::bad_share, "no such share");
    auto point = edwards::base_mul(share);
    GC_PUBLIC(&point, sizeof point);  // Of a right share anybody can compute it; a wrong one is refused by it.
    if (point != commitment.public_share(id)) return base::fail(Errc::bad_share, "commitment");
    return {};
}

base::Result<Commitment> sum(std::span<const Commitment> commitments) {
    if (commitments.empty() || commitments.front().coefficients.empty()) {
        return base::fail(base::Errc::invalid_argument, "no commitments");
    }
    auto out = commitments.front();
    for (const auto& next : commitments.subspan(1)) {
        if (next.threshold() != out.threshold()) return base::fail(base::Errc::invalid_argument, "thresholds differ");
        for (std::size_t i = 0; i < out.threshold(); ++i) {
            out.coefficients[i] = edwards::add(out.coefficients[i], next.coefficients[i]);
        }
    }
    if (std::ranges::any_of(out.coefficients, &Point::is_identity)) {
        return base::fail(base::Errc::invalid_argument, "commitments cancel out");
    }
    return out;
}

base::Result<Scalar> lagrange_at_zero(std::span<const Identifier> ids, Identifier id) noexcept {
    auto numerator = Scalar::from_u64(1);
    auto denominator = Scalar::from_u64(1);
    const auto x = Scalar::from_u64(id);
    std::size_t found = 0;
    for (const auto other : ids) {
        if (other == 0) return base::fail(base::Errc::invalid_argument, "participant zero");
        if (other == id) {
            ++found;
            continue;
        }
        const auto x_other = Scalar::from_u64(other);
        numerator = edwards::mul(numerator, x_other);
        denominator = edwards::mul(denominator, edwards::sub(x_other, x));
    }
    if (found != 1) return base::fail(base::Errc::invalid_argument, "participants must differ and contain this one");
    GC_TRY(const auto inverse, edwards::invert(denominator));
    return edwards::mul(numerator, inverse);
}

base::Result<SecretScalar> recover(std::span<const Share> shares) noexcept {
    if (shares.empty() || shares.size() > kMaxParticipants) return base::fail(base::Errc::invalid_argument, "shares");
    std::array<Identifier, kMaxParticipants> ids{};
    for (std::size_t i = 0; i < shares.size(); ++i) {
        ids[i] = shares[i].id;
        // lagrange_at_zero() sees a repetition of one id only.
        for (std::size_t k = 0; k < i; ++k) {
            if (ids[k] == ids[i]) return base::fail(base::Errc::invalid_argument, "participant twice");
        }
    }
    auto out = SecretScalar::copy_of(Scalar{});
    for (const auto& share : shares) {
        GC_TRY(const auto lambda, lagrange_at_zero(std::span{ids}.first(shares.size()), share.id));
        out = edwards::add(out, edwards::mul(share.value, lambda));
    }
    return out;
}

Point pedersen_generator() noexcept {
    static const auto generator = [] {
        for (std::uint64_t counter = 0;; ++counter) {
            base::FixedBytes<8> raw;
            base::store_le(raw.data(), counter);
            const auto candidate =
                edwards::CurvePoint::decode(zcrypto::blake3_derive_key("ghostchain 2026 pedersen generator v1", raw));
            if (!candidate) continue;
            if (const auto point = candidate->clear_cofactor(); !point.is_identity()) return point;
        }
    }();
    return generator;
}

Point pedersen_commit(const SecretScalar& value, const SecretScalar& blinding) noexcept {
    return edwards::add(edwards::base_mul(value), edwards::mul(blinding, pedersen_generator()));
}

}  // namespace gcrypt::vss

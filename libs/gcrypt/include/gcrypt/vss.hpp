#pragma once
// Verifiable secret sharing on edwards25519: Shamir shares, Feldman's commitments (RFC 9591 appendix C) and Pedersen
// commitments. FROST's dealer and key generation are built on it.
//
// A secret is the constant term of a random polynomial of degree threshold-1; participant i holds its value at i. The
// commitment publishes coefficient * B for each coefficient, so that each share can be checked and each participant's
// public share computed by anyone.

#include <vector>

#include "gcrypt/edwards.hpp"

namespace gcrypt::vss {

/// Participants are numbered from 1; 0 would be the secret itself.
using Identifier = std::uint16_t;
inline constexpr std::size_t kMaxParticipants = 128;

/// Feldman's commitment: a point for each coefficient, the constant term first.
struct Commitment {
    std::vector<edwards::Point> coefficients;

    [[nodiscard]] const edwards::Point& public_secret() const noexcept { return coefficients.front(); }
    [[nodiscard]] std::size_t threshold() const noexcept { return coefficients.size(); }
    /// share(id) * B; one scalar multiplication for each coefficient.
    [[nodiscard]] edwards::Point public_share(Identifier id) const noexcept;
    friend bool operator==(const Commitment&, const Commitment&) = default;
};

class SecretPolynomial {
 public:
    /// `secret` plus threshold-1 random coefficients. out_of_range (base) unless 1 <= threshold <= kMaxParticipants.
    static base::Result<SecretPolynomial> random(edwards::SecretScalar secret, std::size_t threshold,
                                                 base::Random& random);
    /// Constant term first; for key generation that brings its own, and for vectors. Same bounds.
    static base::Result<SecretPolynomial> make(std::vector<edwards::SecretScalar> coefficients);

    /// The value at `id`. out_of_range (base) for 0, which would give away the secret.
    [[nodiscard]] base::Result<edwards::SecretScalar> share(Identifier id) const noexcept;
    /// invalid_argument (base) when a coefficient is zero: its point would be the identity, which no decoder accepts.
    [[nodiscard]] base::Result<Commitment> commit() const;

 private:
    std::vector<edwards::SecretScalar> coefficients_;
};

/// That `share` is the value at `id` of the committed polynomial; bad_share otherwise.
base::Result<void> verify_share(const Commitment& commitment, Identifier id,
                                const edwards::SecretScalar& share) noexcept;

/// Sum of the participants' commitments, coefficient by coefficient: distributed key generation ends with it.
/// invalid_argument (base) when they differ in length, there are none, or a sum is the identity.
base::Result<Commitment> sum(std::span<const Commitment> commitments);

/// Lagrange's coefficient of `id` for interpolation at zero among `ids` (RFC 9591 §4.2 derive_interpolating_value).
/// invalid_argument (base) when an id is zero, or `id` is not exactly once in `ids`.
base::Result<edwards::Scalar> lagrange_at_zero(std::span<const Identifier> ids, Identifier id) noexcept;

struct Share {
    Identifier id;
    edwards::SecretScalar value;
};
/// The secret from `threshold` or more shares. With too few or wrong ones the result is wrong, not an error: check it
/// against the commitment. invalid_argument (base) when an id is zero or twice, or there are none.
base::Result<edwards::SecretScalar> recover(std::span<const Share> shares) noexcept;

/// Pedersen's commitment value * B + blinding * H: hides the value perfectly, binds as long as nobody knows log_B(H).
/// H is derived by try-and-increment from a fixed text, so nobody does.
edwards::Point pedersen_generator() noexcept;
edwards::Point pedersen_commit(const edwards::SecretScalar& value, const edwards::SecretScalar& blinding) noexcept;

}  // namespace gcrypt::vss

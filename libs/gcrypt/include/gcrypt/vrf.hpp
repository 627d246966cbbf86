#pragma once
// A verifiable random function: ECVRF-EDWARDS25519-SHA512-TAI of RFC 9381 (suite 0x03, §5.5), for leader election.
//
// For one key and one input there is exactly one output that anyone can verify and nobody else can predict. Keys are
// Ed25519 keys (32-byte seed), but keep to "one key, one role": derive a VRF key of its own. Verification always
// applies the key check of §5.4.5 (validate_key = TRUE), so that uniqueness also holds for keys that an adversary made.

#include "gcrypt/edwards.hpp"
#include "zcrypto/ed25519.hpp"

namespace gcrypt::vrf {

struct Proof {
    base::FixedBytes<80> bytes{};  ///< Gamma (32) || c (16) || s (32)
    friend auto operator<=>(const Proof&, const Proof&) = default;
};
using Output = zcrypto::Digest512;

/// Proves. Thread-safe; the scalar stays in locked memory.
class SecretKey {
 public:
    explicit SecretKey(const zcrypto::ed25519::Seed& seed) noexcept;

    [[nodiscard]] const zcrypto::ed25519::PublicKey& public_key() const noexcept { return public_key_; }
    /// §5.1. Time depends on `alpha` and the public key (that is what try-and-increment means), not on the secret.
    [[nodiscard]] Proof prove(base::ByteView alpha) const noexcept;

 private:
    zcrypto::ed25519::PublicKey public_key_;
    edwards::SecretScalar x_;
    zcrypto::Secret<32> nonce_key_;  ///< Second half of SHA-512(seed), RFC 8032 §5.1.6.
};

/// §5.2: the output of a proof that is known to be valid, one's own for example. It does not verify: for proofs of
/// others use verify(). Errors: bad_length, bad_proof.
base::Result<Output> proof_to_hash(base::ByteView proof) noexcept;

/// §5.3 with validate_key: the output, or bad_length, bad_point (the key does not decode or is of small order),
/// bad_proof. Public data: takes variable time.
base::Result<Output> verify(const zcrypto::ed25519::PublicKey& key, base::ByteView alpha,
                            base::ByteView proof) noexcept;

/// The first 64 bits of an output as a number in [0, bound), bound > 0; the bias is below bound / 2^64.
std::uint64_t output_below(const Output& output, std::uint64_t bound) noexcept;

}  // namespace gcrypt::vrf

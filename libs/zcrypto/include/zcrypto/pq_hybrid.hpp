#pragma once
// X-Wing: X25519 and ML-KEM-768 as one key encapsulation mechanism, secure while either half is
// (draft-connolly-cfrg-xwing-kem-10; the CFRG calls the same bytes MLKEM768-X25519). Thread-safe.
//
//   private key   32-byte seed; SHAKE256 expands it to ML-KEM's d || z and the X25519 scalar
//   public key    ML-KEM public key (1184) || X25519 public key (32)
//   ciphertext    ML-KEM ciphertext (1088) || ephemeral X25519 public key (32)
//   shared key    SHA3-256(ss_ML-KEM || ss_X25519 || ct_X25519 || pk_X25519 || "\.//^\")

#include "zcrypto/pq_ml_kem.hpp"

namespace zcrypto::x_wing {

inline constexpr std::size_t kPublicKeySize = ml_kem_768::kPublicKeySize + 32;
inline constexpr std::size_t kCiphertextSize = ml_kem_768::kCiphertextSize + 32;

using PublicKey = base::FixedBytes<kPublicKeySize>;
using Ciphertext = base::FixedBytes<kCiphertextSize>;
using Seed = Secret<32>;
using SharedKey = Secret<32>;

/// A private key, expanded, in locked memory.
class PrivateKey {
 public:
    explicit PrivateKey(const Seed& seed);
    static PrivateKey generate(base::Random& random) { return PrivateKey{Seed::random(random)}; }

    [[nodiscard]] PublicKey public_key() const noexcept;
    /// Never fails; see ml_kem_768::PrivateKey::decapsulate.
    [[nodiscard]] SharedKey decapsulate(const Ciphertext& ciphertext) const;

 private:
    struct Expanded;
    explicit PrivateKey(Expanded&& expanded);

    ml_kem_768::PrivateKey ml_kem_;
    Secret<32> x25519_;
    base::FixedBytes<32> x25519_public_;
};

struct Encapsulation {
    Ciphertext ciphertext;
    SharedKey shared_key;
};

/// base `not_canonical` when the ML-KEM half fails its modulus check.
base::Result<Encapsulation> encapsulate(const PublicKey& key, base::Random& random);
/// The same with the 64 bytes of randomness given: ML-KEM's 32, then the ephemeral X25519 scalar. For known-answer
/// tests.
base::Result<Encapsulation> encapsulate_with(const PublicKey& key, const Secret<64>& randomness);

}  // namespace zcrypto::x_wing

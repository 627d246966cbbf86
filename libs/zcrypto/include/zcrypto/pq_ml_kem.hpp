#pragma once
// ML-KEM-768 (FIPS 203), a key encapsulation mechanism that is believed to withstand quantum computers. Ours, portable,
// constant-time in everything secret. Prefer pq_hybrid.hpp: it stays secure while either of its halves does.
// Thread-safe.

#include <memory>

#include "base/bytes.hpp"
#include "base/random.hpp"
#include "zcrypto/secret.hpp"

namespace zcrypto::ml_kem_768 {

inline constexpr std::size_t kPublicKeySize = 1184;
inline constexpr std::size_t kExpandedKeySize = 2400;
inline constexpr std::size_t kCiphertextSize = 1088;

using PublicKey = base::FixedBytes<kPublicKeySize>;
using Ciphertext = base::FixedBytes<kCiphertextSize>;
/// d || z of FIPS 203: the private key in its short form, from which the rest is derived.
using Seed = Secret<64>;
using SharedKey = Secret<32>;

/// A private key, in locked memory.
class PrivateKey {
 public:
    explicit PrivateKey(const Seed& seed);
    PrivateKey(PrivateKey&&) noexcept;
    PrivateKey& operator=(PrivateKey&&) noexcept;
    ~PrivateKey();
    static PrivateKey generate(base::Random& random) { return PrivateKey{Seed::random(random)}; }
    /// FIPS 203's 2400-byte form, for keys made elsewhere. base `invalid_argument` for another size, `not_canonical`
    /// when the public key inside fails check_public_key() or its hash does not match.
    static base::Result<PrivateKey> from_expanded(base::ByteView bytes);

    [[nodiscard]] PublicKey public_key() const noexcept;
    [[nodiscard]] base::ByteView expanded() const noexcept { return expanded_.expose(); }
    /// Never fails: a ciphertext that was not made for this key gives an unpredictable shared key (implicit
    /// rejection), so that an attacker learns nothing. What is encrypted under the shared key tells.
    [[nodiscard]] SharedKey decapsulate(const Ciphertext& ciphertext) const;

 private:
    struct Matrix;
    PrivateKey();
    Secret<kExpandedKeySize> expanded_;
    std::unique_ptr<Matrix> matrix_;  ///< A of the public key; sampling it is half of a decapsulation.
};

struct Encapsulation {
    Ciphertext ciphertext;  ///< For the owner of the public key.
    SharedKey shared_key;
};

/// FIPS 203's modulus check: base `not_canonical` when a coefficient is at or above q.
base::Result<void> check_public_key(const PublicKey& key) noexcept;

/// A fresh shared key for the owner of `key`. `not_canonical` as above.
base::Result<Encapsulation> encapsulate(const PublicKey& key, base::Random& random);
/// The same with the randomness given. For known-answer tests and for constructions that derive it; a repeated
/// `randomness` repeats the shared key.
base::Result<Encapsulation> encapsulate_with(const PublicKey& key, const Secret<32>& randomness);

}  // namespace zcrypto::ml_kem_768

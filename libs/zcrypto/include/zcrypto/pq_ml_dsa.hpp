#pragma once
// ML-DSA-65 (FIPS 204), a signature scheme that is believed to withstand quantum computers. Ours, portable,
// constant-time in everything secret. Use it beside an Ed25519 signature, not instead of one. Thread-safe.
// The "pure" variant signs the message itself, under a context of at most 255 bytes. HashML-DSA signs a digest of it;
// the two never accept each other's signatures.

#include <compare>

#include "base/bytes.hpp"
#include "base/random.hpp"
#include "zcrypto/secret.hpp"

namespace zcrypto::ml_dsa_65 {

inline constexpr std::size_t kPublicKeySize = 1952;
inline constexpr std::size_t kExpandedKeySize = 4032;
inline constexpr std::size_t kSignatureSize = 3309;
inline constexpr std::size_t kContextMax = 255;

using PublicKey = base::FixedBytes<kPublicKeySize>;
struct Signature {
    base::FixedBytes<kSignatureSize> bytes{};
    friend auto operator<=>(const Signature&, const Signature&) = default;
};
/// xi of FIPS 204: the private key in its short form.
using Seed = Secret<32>;

/// What is signed. Borrowed for the call.
struct Message {
    base::ByteView text;
    base::ByteView context = {};  ///< Separates uses of one key; at most kContextMax bytes.
};

/// FIPS 204's message representative: what is signed of a message. Whoever has the public key can compute it, so a
/// signer (a device, say) need not see the message.
using Mu = base::FixedBytes<64>;
/// base `out_of_range` for a context that is too long.
base::Result<Mu> mu_of(const PublicKey& key, const Message& message) noexcept;

/// What HashML-DSA's digest was made with (FIPS 204, 5.4.1). Collisions of sha512, sha3_512 and shake256 are as hard to
/// find as ML-DSA-65 is to break; the standard asks for no less. Of the others sha384 and sha3_384 reach that too, and
/// the shorter ones are here for what others have signed.
enum class PreHash : std::uint8_t {
    sha256 = 1,
    sha384,
    sha512,
    sha224,
    sha512_224,
    sha512_256,
    sha3_224,
    sha3_256,
    sha3_384,
    sha3_512,
    shake128,  ///< 32 bytes of output.
    shake256,  ///< 64 bytes of output.
};
[[nodiscard]] std::size_t digest_size(PreHash hash) noexcept;

/// A message of which the signer has the digest. Borrowed for the call.
struct HashedMessage {
    PreHash hash;
    base::ByteView digest;        ///< Of digest_size() bytes.
    base::ByteView context = {};  ///< As above.
};
/// The representative of a digest (algorithms 4 and 5). base `invalid_argument` for a digest of another size,
/// `out_of_range` for a context that is too long.
base::Result<Mu> mu_of_hashed(const PublicKey& key, const HashedMessage& message) noexcept;

/// A private key, in locked memory.
class PrivateKey {
 public:
    explicit PrivateKey(const Seed& seed);
    static PrivateKey generate(base::Random& random) { return PrivateKey{Seed::random(random)}; }

    /// FIPS 204's 4032-byte form, for keys made elsewhere. base `invalid_argument` for another size, `not_canonical`
    /// for secrets out of their range and for parts that do not belong together: t0 and tr follow from the others.
    static base::Result<PrivateKey> from_expanded(base::ByteView bytes);

    [[nodiscard]] const PublicKey& public_key() const noexcept { return public_key_; }
    /// FIPS 204's 4032-byte form.
    [[nodiscard]] base::ByteView expanded() const noexcept { return expanded_.expose(); }
    /// Hedged: mixes 32 random bytes in, so that a fault or a leak of one run helps less with the next.
    /// base `out_of_range` for a context that is too long.
    [[nodiscard]] base::Result<Signature> sign(const Message& message, base::Random& random) const;
    /// The same for a message that is known by mu_of() alone.
    [[nodiscard]] Signature sign_mu(const Mu& mu, base::Random& random) const noexcept;
    /// HashML-DSA, hedged. Errors as mu_of_hashed().
    [[nodiscard]] base::Result<Signature> sign_hashed(const HashedMessage& message, base::Random& random) const;
    /// The deterministic variant: the same signature each time. For known-answer tests.
    [[nodiscard]] base::Result<Signature> sign_deterministic(const Message& message) const;
    [[nodiscard]] Signature sign_mu_deterministic(const Mu& mu) const noexcept;

 private:
    PrivateKey() = default;
    Signature sign_with(const Mu& mu, base::ByteView randomness) const noexcept;

    PublicKey public_key_;
    Secret<kExpandedKeySize> expanded_;
};

/// False also for a context that is too long and for a signature whose hints are not in their only encoding.
[[nodiscard]] bool verify(const PublicKey& key, const Message& message, const Signature& signature) noexcept;
/// HashML-DSA; false also for a digest of another size.
[[nodiscard]] bool verify_hashed(const PublicKey& key, const HashedMessage& message,
                                 const Signature& signature) noexcept;
[[nodiscard]] bool verify_mu(const PublicKey& key, const Mu& mu, const Signature& signature) noexcept;

}  // namespace zcrypto::ml_dsa_65

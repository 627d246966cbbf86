#pragma once
// Ed25519 (RFC 8032). Signing is libsodium's; verification is ours and follows ZIP-215, named "ed25519-zip215-v1":
//   - A and R decode leniently: y may be at or above p, small order is allowed, and so is x = 0 with the sign bit set;
//   - S must be below the group order L;
//   - the equation is the cofactored one, [8](S*B - k*A - R) = 0 with k = SHA-512(R || A || M) over the bytes received.
// Only this rule gives a batch the same verdict as its items one by one, which a chain needs. Keys and signatures are
// public, so verification may take variable time.

#include <compare>
#include <memory>
#include <vector>

#include "base/bytes.hpp"
#include "base/random.hpp"
#include "zcrypto/secret.hpp"

namespace zcrypto::ed25519 {

struct PublicKey {
    base::FixedBytes<32> bytes{};
    friend auto operator<=>(const PublicKey&, const PublicKey&) = default;
};

struct Signature {
    base::FixedBytes<64> bytes{};  ///< R || S
    friend auto operator<=>(const Signature&, const Signature&) = default;
};

/// The private key: 32 bytes, from which everything else is derived.
using Seed = Secret<32>;

PublicKey public_key_of(const Seed& seed);

/// Derives the public key from the seed again: an interface that took both could be tricked into leaking the key.
Signature sign(const Seed& seed, base::ByteView message);

/// Signs repeatedly with one key: derives the public key once and keeps the expanded key in locked memory. Thread-safe.
class SigningKey {
 public:
    explicit SigningKey(const Seed& seed);
    static SigningKey generate(base::Random& random) { return SigningKey{Seed::random(random)}; }

    [[nodiscard]] const PublicKey& public_key() const noexcept { return public_key_; }
    [[nodiscard]] Signature sign(base::ByteView message) const noexcept;
    /// A copy of the seed, in locked memory, for an encrypted store.
    [[nodiscard]] Seed seed() const;

 private:
    PublicKey public_key_;  // Before expanded_, whose initialiser fills it.
    Secret<64> expanded_;   // seed || public key, as libsodium wants it
};

/// ZIP-215 as above.
[[nodiscard]] bool verify(const PublicKey& key, base::ByteView message, const Signature& signature) noexcept;

/// ZIP-215 and additionally: A and R canonical, and A not of small order. For identity and login, never for consensus.
[[nodiscard]] bool verify_strict(const PublicKey& key, base::ByteView message, const Signature& signature) noexcept;

/// One signature of a batch. `message` is borrowed until the verification returns.
struct BatchItem {
    PublicKey key;
    base::ByteView message;
    Signature signature;
};

/// True when every item is valid (and for no items). `random` makes the coefficients: use base::system_random() for
/// input from others. An invalid batch passes with probability below 2^-120.
[[nodiscard]] bool verify_batch(std::span<const BatchItem> items, base::Random& random);

/// Each item's verdict, equal to verify() of it. Failing batches are halved until the culprits are found; the worst
/// case costs less than three times single verification.
[[nodiscard]] std::vector<bool> verify_batch_each(std::span<const BatchItem> items, base::Random& random);

/// Batches over several threads. The threads are this object's: it starts them when it is made, they sleep between
/// batches, and its destructor joins them. The calling thread works too. Thread-safe; one batch at a time.
class BatchVerifier {
 public:
    /// `threads` counts the calling thread and is held between 1 and kThreadsMax. Threads that the system refuses to
    /// start are done without.
    explicit BatchVerifier(unsigned threads);
    ~BatchVerifier();
    BatchVerifier(const BatchVerifier&) = delete;
    BatchVerifier& operator=(const BatchVerifier&) = delete;

    static constexpr unsigned kThreadsMax = 256;

    /// Threads in use, the calling one included.
    [[nodiscard]] unsigned threads() const noexcept;
    /// As verify_batch() and verify_batch_each(). `random` is used by one thread at a time.
    [[nodiscard]] bool verify(std::span<const BatchItem> items, base::Random& random);
    [[nodiscard]] std::vector<bool> verify_each(std::span<const BatchItem> items, base::Random& random);

 private:
    class Pool;
    std::unique_ptr<Pool> pool_;
};

}  // namespace zcrypto::ed25519

#pragma once
// secp256k1 by libsecp256k1: ECDSA (RFC 6979 nonces, low S), recovery, BIP-340 signatures, ECDH. Thread-safe.
// Every signature is verified before it is released, so that a fault in the machine cannot leak the key.

#include <compare>

#include "base/random.hpp"
#include "zcrypto/errc.hpp"
#include "zcrypto/secret.hpp"

namespace zcrypto::secp256k1 {

/// A point of the curve, compressed. The type proves it: parse() is the only way to make one from bytes.
class PublicKey {
 public:
    static constexpr std::size_t kSize = 33;
    /// 33 bytes (02 or 03 first) or 65 (04 first). `bad_length`, `bad_point`.
    static base::Result<PublicKey> parse(base::ByteView bytes) noexcept;
    [[nodiscard]] const base::FixedBytes<33>& bytes() const noexcept { return bytes_; }
    [[nodiscard]] base::FixedBytes<65> uncompressed() const noexcept;
    friend auto operator<=>(const PublicKey&, const PublicKey&) = default;

 private:
    friend class Access;
    PublicKey() noexcept = default;
    base::FixedBytes<33> bytes_{};
};

/// BIP-340's 32-byte public key: the x coordinate of the point with even y. Checked where it is used.
struct XOnlyKey {
    base::FixedBytes<32> bytes{};
    friend auto operator<=>(const XOnlyKey&, const XOnlyKey&) = default;
};

/// ECDSA: r || s, big-endian. BIP-340: R || s.
struct Signature {
    base::FixedBytes<64> bytes{};
    friend auto operator<=>(const Signature&, const Signature&) = default;
};

struct RecoverableSignature {
    Signature signature;
    std::uint8_t id = 0;  ///< 0 to 3.
    friend auto operator<=>(const RecoverableSignature&, const RecoverableSignature&) = default;
};

/// 1 to n - 1, in locked memory.
class SecretKey {
 public:
    /// `bad_length`; `bad_key` for zero and for n or more.
    static base::Result<SecretKey> make(base::ByteView bytes);
    static SecretKey generate(base::Random& random);
    [[nodiscard]] SecretKey clone() const { return SecretKey{bytes_.clone()}; }

    [[nodiscard]] PublicKey public_key() const;
    [[nodiscard]] XOnlyKey x_only_key() const;
    [[nodiscard]] std::span<const std::byte, 32> expose() const noexcept { return bytes_.expose(); }

 private:
    explicit SecretKey(Secret<32> bytes) noexcept : bytes_{std::move(bytes)} {}
    Secret<32> bytes_;
};

/// What verify() does with the mirror (r, n - s) of a signature, which anybody can make: refuse it, as everything here
/// does unless asked, or take it as other chains do.
enum class HighS { refuse, accept };

/// Signs a 32-byte hash of the message. Deterministic; S is low.
Signature sign(const SecretKey& key, const base::Digest& hash);
[[nodiscard]] bool verify(const PublicKey& key, const base::Digest& hash, const Signature& signature,
                          HighS high_s = HighS::refuse) noexcept;
/// The same signature with low S. `bad_signature` when r or s is zero or not below the order.
base::Result<Signature> normalise(const Signature& signature) noexcept;

/// The form of Bitcoin's scripts and of X.509, with the numbers of `signature` as they are: SEQUENCE { INTEGER r,
/// INTEGER s }, at most 72 bytes.
base::Bytes to_der(const Signature& signature);
/// Strict: `bad_signature` for anything but the one DER encoding, and for an r or s that is zero or not below the
/// order. S may be high, which verify() decides about.
base::Result<Signature> from_der(base::ByteView der) noexcept;

RecoverableSignature sign_recoverable(const SecretKey& key, const base::Digest& hash);
/// The key that verifies it. `bad_signature` when there is none, when the id is above 3, and when S is high unless that
/// is accepted (Ethereum's ecrecover does).
base::Result<PublicKey> recover(const base::Digest& hash, const RecoverableSignature& signature,
                                HighS high_s = HighS::refuse) noexcept;

/// BIP-340. `auxiliary` is fresh randomness, or zero for a deterministic signature. Any length of message.
Signature sign_schnorr(const SecretKey& key, base::ByteView message, const base::FixedBytes<32>& auxiliary);
[[nodiscard]] bool verify_schnorr(const XOnlyKey& key, base::ByteView message, const Signature& signature) noexcept;

/// SHA-256 of the compressed shared point: libsecp256k1's form. Never fails.
Secret<32> agree(const SecretKey& ours, const PublicKey& theirs);
/// The x coordinate of the shared point (SEC 1), to derive keys from.
Secret<32> agree_x(const SecretKey& ours, const PublicKey& theirs);

/// key + tweak and key + tweak * G, for key derivation. `bad_key` when the tweak is n or more or the result is zero.
base::Result<SecretKey> add_tweak(const SecretKey& key, base::ByteView tweak);
base::Result<PublicKey> add_tweak(const PublicKey& key, base::ByteView tweak) noexcept;

}  // namespace zcrypto::secp256k1

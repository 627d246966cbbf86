#pragma once
// Authenticated encryption: XChaCha20-Poly1305 (24-byte nonces, safe to choose at random) and ChaCha20-Poly1305 (RFC
// 8439, 12-byte nonces that must never repeat under a key) from libsodium, and from OpenSSL for 2 KiB and more;
// AES-256-GCM (the same rule of nonces, and at most 2^32 messages a key) from OpenSSL. The functions are thread-safe.
// On failure nothing of the plaintext is released. The `_into` forms write to the caller's memory; it may be the text's
// own or overlap it in any way (the text is then overwritten), and on failure it is zeroed.

#include <memory>

#include "base/bytes.hpp"
#include "zcrypto/errc.hpp"
#include "zcrypto/secret.hpp"

namespace zcrypto {

inline constexpr std::size_t kAeadTagSize = 16;
using AeadKey = Secret<32>;
using XChaChaNonce = base::FixedBytes<24>;
using ChaChaNonce = base::FixedBytes<12>;

/// What goes in. Borrowed for the call.
template <typename Nonce>
struct AeadInput {
    const AeadKey& key;
    const Nonce& nonce;
    base::ByteView text;                  ///< Plaintext for seal, ciphertext with its tag for open.
    base::ByteView associated_data = {};  ///< Authenticated, not encrypted.
};
using XChaChaInput = AeadInput<XChaChaNonce>;
using ChaChaInput = AeadInput<ChaChaNonce>;

/// Ciphertext followed by the 16-byte tag.
base::Bytes xchacha20poly1305_seal(const XChaChaInput& input);
/// `authentication_failed` for a wrong key, nonce, associated data or changed ciphertext; `bad_length` below 16 bytes.
base::Result<base::Bytes> xchacha20poly1305_open(const XChaChaInput& input);
/// The same into locked memory, for keys and other secrets. `out_of_range` above SecretBytes::kMaxSize.
base::Result<SecretBytes> xchacha20poly1305_open_secret(const XChaChaInput& input);

/// `out` has the size of the text plus 16 to seal, minus 16 to open, else `bad_length`.
base::Result<void> xchacha20poly1305_seal_into(const XChaChaInput& input, base::MutableBytes out);
base::Result<void> xchacha20poly1305_open_into(const XChaChaInput& input, base::MutableBytes out);

base::Bytes chacha20poly1305_seal(const ChaChaInput& input);
base::Result<base::Bytes> chacha20poly1305_open(const ChaChaInput& input);
base::Result<void> chacha20poly1305_seal_into(const ChaChaInput& input, base::MutableBytes out);
base::Result<void> chacha20poly1305_open_into(const ChaChaInput& input, base::MutableBytes out);

using GcmNonce = base::FixedBytes<12>;
using GcmInput = AeadInput<GcmNonce>;
/// For single messages; Aes256Gcm expands the key once for many.
base::Bytes aes256gcm_seal(const GcmInput& input);
base::Result<base::Bytes> aes256gcm_open(const GcmInput& input);
base::Result<void> aes256gcm_seal_into(const GcmInput& input, base::MutableBytes out);
base::Result<void> aes256gcm_open_into(const GcmInput& input, base::MutableBytes out);

/// A message for a key that is set already. Borrowed for the call.
struct GcmMessage {
    const GcmNonce& nonce;
    base::ByteView text;
    base::ByteView associated_data = {};
};

/// AES-256-GCM under one key (SP 800-38D, 96-bit nonces, 128-bit tags). One thread at a time. The expanded key lives in
/// OpenSSL's memory, which is wiped when this object ends but not locked: give long-lived keys to XChaCha20-Poly1305.
/// Texts up to 2 GiB, else `out_of_range`.
class Aes256Gcm {
 public:
    explicit Aes256Gcm(const AeadKey& key);
    Aes256Gcm(Aes256Gcm&&) noexcept;
    Aes256Gcm& operator=(Aes256Gcm&&) noexcept;
    ~Aes256Gcm();

    /// `out` has 16 bytes more than the text.
    base::Result<void> seal_into(const GcmMessage& message, base::MutableBytes out);
    /// `out` has 16 bytes less than the text.
    base::Result<void> open_into(const GcmMessage& message, base::MutableBytes out);

 private:
    struct State;
    std::unique_ptr<State> state_;
};

}  // namespace zcrypto

#pragma once
// Authenticated encryption from libsodium: XChaCha20-Poly1305 (24-byte nonces, safe to choose at random) and
// ChaCha20-Poly1305 (RFC 8439, 12-byte nonces that must never repeat under a key). Thread-safe.
// On failure nothing of the plaintext is released.

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

base::Bytes chacha20poly1305_seal(const ChaChaInput& input);
base::Result<base::Bytes> chacha20poly1305_open(const ChaChaInput& input);

}  // namespace zcrypto

#pragma once
// Keys as PEM: PKCS#8 for private ones (RFC 5958, RFC 8410, RFC 5915 inside for secp256k1), SubjectPublicKeyInfo for
// public ones. What openssl writes and reads.

#include <optional>

#include "common.hpp"

namespace zcrypto_tool {

enum class KeyType { ed25519, x25519, secp256k1 };
const char* key_type_name(KeyType type) noexcept;
std::optional<KeyType> key_type_by_name(std::string_view name) noexcept;

struct PrivateKey {
    KeyType type;
    zcrypto::Secret<32> bytes;
};
struct PublicKey {
    KeyType type;
    base::Bytes bytes;  ///< 32, or 33 for secp256k1.
};

Outcome<PublicKey> public_key_of(const PrivateKey& key);

/// The text of a PEM file; a private key's is the caller's to wipe.
base::Bytes encode_private_key(const PrivateKey& key);
base::Bytes encode_public_key(const PublicKey& key);
/// And back. `path` is for the message.
Outcome<PrivateKey> decode_private_key(base::ByteView content, const std::string& path);
Outcome<PublicKey> decode_public_key(base::ByteView content, const std::string& path);

/// Mode 0600; refuses to replace a file.
Outcome<void> write_private_key(const std::string& path, const PrivateKey& key);
Outcome<void> write_public_key(const std::string& path, const PublicKey& key);
/// Refuses a file that others can read.
Outcome<PrivateKey> read_private_key(const std::string& path);
/// A PEM file, or hexadecimal: 64 digits are Ed25519, 66 secp256k1.
Outcome<PublicKey> read_public_key(const std::string& text);

}  // namespace zcrypto_tool

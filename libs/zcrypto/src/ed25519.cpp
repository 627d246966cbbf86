// Signing. The secret-dependent arithmetic is libsodium's and constant-time; nothing here branches on a secret.
#include "zcrypto/ed25519.hpp"

#include <sodium.h>

#include "pq_secret.hpp"
#include "raw.hpp"
#include "sodium_ready.hpp"

namespace zcrypto::ed25519 {
namespace {

/// libsodium's form of a private key: seed || public key.
Secret<64> expand(const Seed& seed, PublicKey& public_key) {
    sodium_ready();
    Secret<64> expanded;
    crypto_sign_ed25519_seed_keypair(out_u8(public_key.bytes), out_u8(expanded.expose_mutable()),
                                     base::as_u8(seed.expose()));
    return expanded;
}

Signature sign_expanded(const Secret<64>& expanded, const PublicKey& public_key, base::ByteView message) noexcept {
    Signature signature;
    crypto_sign_ed25519_detached(out_u8(signature.bytes), nullptr, base::as_u8(message), message.size(),
                                 base::as_u8(expanded.expose()));
    GC_PUBLIC(&signature, sizeof signature);
    GC_PUBLIC(&public_key, sizeof public_key);
    // A fault while signing could publish a signature that gives the key away.
    GC_ASSERT(verify(public_key, message, signature));
    return signature;
}

}  // namespace

PublicKey public_key_of(const Seed& seed) {
    PublicKey public_key;
    expand(seed, public_key);
    GC_PUBLIC(&public_key, sizeof public_key);
    return public_key;
}

Signature sign(const Seed& seed, base::ByteView message) {
    PublicKey public_key;
    const auto expanded = expand(seed, public_key);
    return sign_expanded(expanded, public_key, message);
}

SigningKey::SigningKey(const Seed& seed) : expanded_{expand(seed, public_key_)} {}

Signature SigningKey::sign(base::ByteView message) const noexcept {
    return sign_expanded(expanded_, public_key_, message);
}

Seed SigningKey::seed() const {
    Seed out;
    std::memcpy(out.expose_mutable().data(), expanded_.expose().data(), Seed::kSize);
    return out;
}

}  // namespace zcrypto::ed25519

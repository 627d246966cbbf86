// Signing. The secret-dependent arithmetic is libsodium's and constant-time; nothing here branches on a secret.
#include "zcrypto/ed25519.hpp"

#include <sodium.h>

#include "raw.hpp"
#include "sodium_ready.hpp"

namespace zcrypto::ed25519 {
namespace {

/// libsodium's form of a private key: seed || public key.
Secret<64> expand(const Seed& seed, PublicKey& public_key) noexcept {
    sodium_ready();
    Secret<64> expanded;
    crypto_sign_ed25519_seed_keypair(out_u8(public_key.bytes), out_u8(expanded.expose_mutable()),
                                     base::as_u8(seed.expose()));
    return expanded;
}

Signature sign_expanded(const Secret<64>& expanded, base::ByteView message) noexcept {
    Signature signature;
    crypto_sign_ed25519_detached(out_u8(signature.bytes), nullptr, base::as_u8(message), message.size(),
                                 base::as_u8(expanded.expose()));
    return signature;
}

}  // namespace

PublicKey public_key_of(const Seed& seed) noexcept {
    PublicKey public_key;
    expand(seed, public_key);
    return public_key;
}

Signature sign(const Seed& seed, base::ByteView message) noexcept {
    PublicKey public_key;
    return sign_expanded(expand(seed, public_key), message);
}

SigningKey::SigningKey(const Seed& seed) noexcept : expanded_{expand(seed, public_key_)} {}

Signature SigningKey::sign(base::ByteView message) const noexcept { return sign_expanded(expanded_, message); }

Seed SigningKey::seed() const noexcept {
    Seed out;
    std::memcpy(out.expose_mutable().data(), expanded_.expose().data(), Seed::kSize);
    return out;
}

}  // namespace zcrypto::ed25519

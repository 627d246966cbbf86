#pragma once
// X25519 key agreement (RFC 7748), libsodium's. Keys made for Ed25519 are never converted: one key, one role.

#include "base/random.hpp"
#include "zcrypto/errc.hpp"
#include "zcrypto/secret.hpp"

namespace zcrypto::x25519 {

using SecretKey = Secret<32>;
using PublicKey = base::FixedBytes<32>;
using SharedSecret = Secret<32>;

inline SecretKey generate(base::Random& random) { return SecretKey::random(random); }
PublicKey public_key_of(const SecretKey& key) noexcept;

/// The raw shared secret: derive keys from it (hkdf_sha256 over it and both public keys), never use it as one.
/// `small_order` when the result is zero, which only a malicious or broken other side causes.
base::Result<SharedSecret> agree(const SecretKey& ours, const PublicKey& theirs);

}  // namespace zcrypto::x25519

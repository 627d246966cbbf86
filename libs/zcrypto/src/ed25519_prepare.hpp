#pragma once
// What single and batch verification share: a decoded signature, and its challenge.

#include <algorithm>

#include "ed25519_backend.hpp"
#include "point.hpp"
#include "scalar.hpp"
#include "zcrypto/ed25519.hpp"
#include "zcrypto/hash.hpp"

namespace zcrypto::ed25519 {

struct Prepared {
    curve::Extended a;  ///< Public key.
    curve::Extended r;
    curve::Scalar s;
    curve::Scalar k;
};

/// k = SHA-512(R || A || M) modulo L over the bytes as received.
curve::Scalar challenge(const PublicKey& key, base::ByteView message, const Signature& signature) noexcept;

/// The equation of one signature, with half-size scalars.
bool equation_holds_alone(const curve::Operations& operations, const Prepared& item) noexcept;

}  // namespace zcrypto::ed25519

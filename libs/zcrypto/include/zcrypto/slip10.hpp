#pragma once
// SLIP-0010 for all of its curves. hd.hpp has the Ed25519 form that the wallet uses.

#include "zcrypto/hd.hpp"

namespace zcrypto::slip10 {

enum class Curve { secp256k1, nist256p1, ed25519, curve25519 };

/// A node of the tree. The key's meaning is the curve's: a scalar, or 32 bytes of seed or clamped scalar.
struct Node {
    Curve curve;
    Secret<32> key;
    Secret<32> chain_code;
    base::FixedBytes<4> parent_fingerprint{};  ///< Zero for a master key.

    /// 33 bytes: a compressed point, or 0x00 and the 32-byte public key.
    [[nodiscard]] base::FixedBytes<33> public_key() const;
    /// `not_hardened` for a soft step on ed25519 or curve25519.
    [[nodiscard]] base::Result<Node> child(std::uint32_t step) const;
};

/// `seed` is 16 to 64 bytes, else `bad_length`.
base::Result<Node> master(Curve curve, base::ByteView seed);
base::Result<Node> derive(Curve curve, base::ByteView seed, const DerivationPath& path);

}  // namespace zcrypto::slip10

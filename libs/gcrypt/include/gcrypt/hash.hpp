#pragma once
// The chain's hash: BLAKE3-256 in derive_key mode, one context per use, so that bytes hashed for one purpose never
// collide with the same bytes hashed for another. The contexts are consensus: never change one, add a new version.

#include <initializer_list>
#include <string_view>

#include "zcrypto/hash.hpp"

namespace gcrypt {

enum class Domain : std::uint8_t {
    tx,        ///< Transaction id and signing hash: "ghostchain 2026 tx v1".
    block,     ///< Block header hash.
    vote,      ///< What a validator signs.
    address,   ///< Scheme tag || public key or policy hash.
    name,      ///< Name hash, chained from the root label.
    receipt,   ///< One transaction's receipt.
    contract,  ///< Contract address from creator and nonce.
    asset,     ///< Asset id from creator, symbol and nonce.
    policy,    ///< Multisig policy hash.
    genesis,   ///< Genesis document.
    merkle,    ///< Nodes of the binary Merkle trees.
    valset,    ///< Validator set hash.
    code,      ///< Contract code hash.
};
inline constexpr std::size_t kDomainCount = 13;

/// "ghostchain 2026 tx v1" and so on.
[[nodiscard]] std::string_view context_of(Domain domain) noexcept;

[[nodiscard]] base::Digest hash(Domain domain, base::ByteView message) noexcept;
/// The parts are hashed as if joined: fix their sizes or prefix their lengths.
[[nodiscard]] base::Digest hash(Domain domain, std::span<const base::ByteView> parts) noexcept;
[[nodiscard]] inline base::Digest hash(Domain domain, std::initializer_list<base::ByteView> parts) noexcept {
    return hash(domain, std::span<const base::ByteView>{parts.begin(), parts.size()});
}
/// For streaming: update() and finish().
[[nodiscard]] zcrypto::Blake3 hasher(Domain domain) noexcept;

}  // namespace gcrypt

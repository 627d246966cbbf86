#pragma once
// A caller's signature over one call, which holds whoever relays it.
//
//   metadata ghost-call-proof-bin, kProofBytes bytes, integers little-endian:
//     version(1) caller(32) audience(32) challenge(16) time_ms(8) nonce(16) signature(64)
//   call digest = BLAKE3 derive_key("ghost call proof v1: call"):
//     all of the above before the signature, length(8) path, BLAKE3(request)
//   signature   = Ed25519(caller, call digest); verified strictly (RFC 8032, canonical, no key of small order)
//
// `request` are the bytes of the call's one gRPC message, without prefix and compression. `audience` is the key of the
// instance that shall act. `challenge` is random and new with each start of that instance: a proof dies with the run it
// was made for, so that nothing has to be remembered over restarts. The same key signs TLS handshakes; those signatures
// are over texts that begin with 64 spaces (RFC 8446 section 4.4.3), never over 32 bytes.

#include <string_view>

#include "base/bytes.hpp"
#include "call_proof/error.hpp"
#include "zcrypto/ed25519.hpp"

namespace call_proof {

inline constexpr std::string_view kProofField = "ghost-call-proof-bin";
/// Trailing metadata of a refusal: the challenge that a proof must name.
inline constexpr std::string_view kChallengeField = "ghost-call-challenge-bin";

using Challenge = base::FixedBytes<16>;
using Nonce = base::FixedBytes<16>;

struct Proof {
    base::Digest caller{};    ///< Ed25519 public key.
    base::Digest audience{};  ///< The service's identity key.
    Challenge challenge{};
    std::uint64_t time_ms{};  ///< Unix time at the caller.
    Nonce nonce{};            ///< Random.
    zcrypto::ed25519::Signature signature{};
    friend bool operator==(const Proof&, const Proof&) = default;
};
inline constexpr std::size_t kProofBytes = 1 + 32 + 32 + 16 + 8 + 16 + 64;

/// What a proof is about. Borrowed for the call.
struct Call {
    std::string_view path;   ///< "/ghost.wallet.v1.WalletService/Send"
    base::ByteView request;  ///< The serialised message.
};

base::Bytes encode(const Proof& proof);
/// `malformed` for any other size or version.
base::Result<Proof> decode(base::ByteView wire) noexcept;

/// What the signature is over.
base::Digest digest_of(const Proof& proof, const Call& call);
/// Fills in `caller` and `signature`.
Proof sign(Proof proof, const Call& call, const zcrypto::ed25519::SigningKey& key);

}  // namespace call_proof

#pragma once
// The service's signature over its answer to one proved call, so that whoever relays it can neither make one up nor
// change, drop or reorder what a stream says.
//
//   trailing metadata ghost-answer-proof-bin = Ed25519(audience, answer digest), 64 bytes
//   answer digest = BLAKE3 derive_key("ghost call proof v1: answer"):
//     call digest(32), status code(4), length(8) status message, messages(8), BLAKE3 of length(8) message …
//
// The call digest holds the proof's nonce, and a proof is let in once: there is one answer to it. What the relay can
// still do is to end the call without this signature; a caller then knows nothing of its outcome.

#include <memory>

#include "call_proof/proof.hpp"
#include "rpc/call.hpp"
#include "zcrypto/hash.hpp"

namespace call_proof {

inline constexpr std::string_view kAnswerField = "ghost-answer-proof-bin";

/// Both sides collect an answer in here.
class Answer {
 public:
    explicit Answer(const base::Digest& call_digest) noexcept : call_digest_{call_digest} {}
    void add(base::ByteView message) noexcept;
    [[nodiscard]] base::Digest digest(const rpc::Status& status) const;
    /// Whether `audience` signed this answer: `trailing` is what came with `status`.
    [[nodiscard]] bool signed_by(const base::Digest& audience, const rpc::Status& status,
                                 const rpc::Metadata& trailing) const;

 private:
    base::Digest call_digest_;
    std::uint64_t count_ = 0;
    zcrypto::Blake3 messages_;
};

/// For CallContext::set_seal() of a call that the Guard let in. `key` is the audience's and outlives the call.
std::unique_ptr<rpc::AnswerSeal> make_seal(const base::Digest& call_digest, const zcrypto::ed25519::SigningKey& key);

}  // namespace call_proof

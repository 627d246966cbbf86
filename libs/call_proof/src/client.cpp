#include "call_proof/client.hpp"

#include "zquic/tls.hpp"

namespace call_proof {

base::Result<zcrypto::ed25519::SigningKey> signing_key_of(const zquic::Identity& identity) {
    GC_TRY(auto raw, identity.seed());
    auto seed = zcrypto::ed25519::Seed::make(raw);
    zcrypto::secure_wipe(raw);
    if (!seed) return std::unexpected{seed.error()};
    return zcrypto::ed25519::SigningKey{*seed};
}

Proof Caller::prove(const Call& call) {
    Proof proof;
    proof.audience = options_.audience;
    proof.time_ms = options_.clock->unix_ms();
    const std::lock_guard lock{mutex_};
    proof.challenge = challenge_;
    options_.random->fill(proof.nonce);
    return sign(proof, call, key_);
}

Caller::Attempt::Attempt(Caller& caller, std::string_view path, const base::Bytes& request)
    : caller_{caller},
      proof_{caller.prove({.path = path, .request = request})},
      answer_{digest_of(proof_, {.path = path, .request = request})} {}

rpc::CallOptions Caller::Attempt::with(rpc::CallOptions options) {
    (void)options.metadata.add(std::string{kProofField}, std::string{base::as_text(encode(proof_))});
    options.on_message = [this](base::ByteView message) { answer_.add(message); };
    options.on_metadata = [this, also = std::move(options.on_metadata)](const rpc::Metadata& initial,
                                                                        const rpc::Metadata& trailing) {
        trailing_ = trailing;
        if (also) also(initial, trailing);
    };
    return options;
}

bool Caller::Attempt::learnt(const rpc::Status& status) {
    // Whoever lies about the challenge gains a proof that the service does not take.
    if (status.code != rpc::StatusCode::unauthenticated) return false;
    const auto field = trailing_.get(kChallengeField);
    if (!field) return false;
    const auto challenge = base::to_fixed<16>(base::as_bytes(*field));
    if (!challenge || *challenge == proof_.challenge) return false;
    const std::lock_guard lock{caller_.mutex_};
    caller_.challenge_ = *challenge;
    return true;
}

rpc::Status Caller::Attempt::judge(rpc::Status status) const {
    if (answer_.signed_by(caller_.options_.audience, status, trailing_)) return status;
    if (status.ok()) {
        return {
            rpc::StatusCode::data_loss,
            "the answer is not signed by the service that was asked: somebody on the way changed it, or made it up"};
    }
    status.message += kUnsigned;
    return status;
}

}  // namespace call_proof

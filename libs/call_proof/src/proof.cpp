#include "call_proof/proof.hpp"

#include "base/bcs.hpp"
#include "zcrypto/hash.hpp"

namespace call_proof {
namespace {

constexpr std::uint8_t kVersion = 1;

void write_head(base::BcsWriter& out, const Proof& proof) {
    out.u8(kVersion);
    out.fixed(proof.caller);
    out.fixed(proof.audience);
    out.fixed(proof.challenge);
    out.u64(proof.time_ms);
    out.fixed(proof.nonce);
}

}  // namespace

base::Bytes encode(const Proof& proof) {
    base::BcsWriter out;
    write_head(out, proof);
    out.fixed(proof.signature.bytes);
    return std::move(out).take();
}

base::Result<Proof> decode(base::ByteView wire) noexcept {
    if (wire.size() != kProofBytes) return fail(Errc::malformed, "size");
    base::BcsReader in{wire};
    if (in.u8() != kVersion) return fail(Errc::malformed, "version");
    Proof proof;
    proof.caller = in.fixed<32>();
    proof.audience = in.fixed<32>();
    proof.challenge = in.fixed<16>();
    proof.time_ms = in.u64();
    proof.nonce = in.fixed<16>();
    proof.signature.bytes = in.fixed<64>();
    if (!in.finish()) return fail(Errc::malformed, "size");
    return proof;
}

base::Digest digest_of(const Proof& proof, const Call& call) {
    static const zcrypto::Blake3Context kContext{"ghost call proof v1: call"};
    base::BcsWriter out;
    write_head(out, proof);
    out.u64(call.path.size());
    out.fixed(base::as_bytes(call.path));
    out.fixed(zcrypto::blake3(call.request));
    return kContext.hash(out.view());
}

Proof sign(Proof proof, const Call& call, const zcrypto::ed25519::SigningKey& key) {
    proof.caller = key.public_key().bytes;
    proof.signature = key.sign(digest_of(proof, call));
    return proof;
}

}  // namespace call_proof

#include "walletd/trust.hpp"

#include "consensus/certificate.hpp"
#include "gcrypt/jmt_hash.hpp"
#include "ghost/chain/v1/chain.pb.h"
#include "ledger/codec.hpp"
#include "store/jmt.hpp"

namespace walletd {
namespace {

base::Result<void> check_certificate(base::ByteView bytes, const ledger::BlockHeader& header, const Trust& trust) {
    const auto certificate = consensus::decode_certificate(bytes);
    if (!certificate) return base::fail(Errc::bad_proof, "certificate");
    const auto& vote = certificate->vote;
    if (vote.kind != consensus::VoteKind::finalize) return base::fail(Errc::bad_proof, "not a finality certificate");
    if (vote.block_hash != ledger::block_hash(header))
        return base::fail(Errc::bad_proof, "certificate of another block");
    if (vote.epoch != header.epoch || vote.slot != header.slot)
        return base::fail(Errc::bad_proof, "certificate of another slot");
    if (const auto good = consensus::verify_certificate(*certificate, trust.validators, *trust.chain); !good)
        return base::fail(Errc::bad_proof, good.error().note);
    return {};
}

}  // namespace

base::Result<Proved> check_proof(const ghost::chain::v1::Proof& proof, const Trust& trust, base::ByteView key,
                                 std::uint64_t height_min) {
    if (!trust.chain) return base::fail(Errc::wrong_chain, "no chain known");
    if (!base::equal(base::as_bytes(proof.key()), key)) return base::fail(Errc::bad_proof, "proof of another key");
    const auto header = ledger::decode_header(base::as_bytes(proof.raw_header()));
    if (!header) return base::fail(Errc::bad_proof, "header");
    if (header->chain_id != trust.chain->chain_id) return base::fail(Errc::wrong_chain, "header of another chain");
    if (header->height == 0 && height_min > 0) return base::fail(Errc::bad_proof, "the genesis, which nobody signs");
    const auto path = store::JmtProof::decode(base::as_bytes(proof.proof()));
    if (!path) return base::fail(Errc::bad_proof, "proof encoding");
    std::optional<base::ByteView> value;
    if (proof.has_value()) value = base::as_bytes(proof.value());
    if (!path->verify(gcrypt::jmt_blake3, header->state_root, key, value)) {
        return base::fail(Errc::bad_proof, "proof does not lead to the state root");
    }
    Proved out{.value = std::nullopt, .height = header->height, .final = false};
    if (value) out.value = base::to_bytes(*value);
    // Block 0 is the genesis itself: nobody signs it, and its state is not compared here.
    if (!trust.validators.empty() && header->height > 0) {
        GC_CHECK(check_certificate(base::as_bytes(proof.certificate()), *header, trust));
        out.final = true;
    }
    // Last: an honest node that is behind proves what it has.
    if (header->height < height_min) return base::fail(Errc::node_behind);
    return out;
}

bool looks_alike(std::string_view a, std::string_view b) noexcept {
    constexpr std::size_t kHead = std::string_view{"ghost1"}.size() + 4;
    constexpr std::size_t kTail = 4;
    if (a == b || a.size() != b.size() || a.size() < kHead + kTail) return false;
    return a.substr(0, kHead) == b.substr(0, kHead) && a.substr(a.size() - kTail) == b.substr(b.size() - kTail);
}

}  // namespace walletd

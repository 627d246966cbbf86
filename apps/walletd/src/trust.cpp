#include "walletd/trust.hpp"

#include "base/bcs.hpp"
#include "gcrypt/hash.hpp"
#include "gcrypt/jmt_hash.hpp"
#include "ghost/chain/v1/chain.pb.h"
#include "ledger/codec.hpp"
#include "ledger/genesis.hpp"
#include "store/jmt.hpp"

namespace walletd {
namespace {

constexpr std::uint8_t kCertificateVersion = 1;
constexpr std::uint8_t kFinalize = 2;
constexpr std::uint32_t kBitmapBytesMax = ledger::kGenesisValidatorsMax / 8;

base::Result<void> check_certificate(base::ByteView bytes, const ledger::BlockHeader& header, const Trust& trust) {
    GC_TRY(const auto certificate, FinalityCertificate::decode(bytes));
    if (certificate.block_hash != ledger::block_hash(header))
        return base::fail(Errc::bad_proof, "certificate of another block");
    if (certificate.epoch != header.epoch || certificate.slot != header.slot) {
        return base::fail(Errc::bad_proof, "certificate of another slot");
    }
    const auto message = finalize_vote_hash(*trust.chain, certificate);
    base::u128 total = 0;
    base::u128 signed_stake = 0;
    for (const auto& validator : trust.validators) total += validator.stake;
    for (std::size_t i = 0; i < certificate.signers.size(); ++i) {
        const auto index = certificate.signers[i];
        if (index >= trust.validators.size()) return base::fail(Errc::bad_proof, "unknown validator");
        if (!zcrypto::ed25519::verify(trust.validators[index].key, message, certificate.signatures[i])) {
            return base::fail(Errc::bad_proof, "validator signature");
        }
        signed_stake += trust.validators[index].stake;
    }
    // Quorum (design 03 §5): floor(2W/3) + 1.
    if (signed_stake < 2 * total / 3 + 1) return base::fail(Errc::bad_proof, "less than a quorum signed");
    return {};
}

}  // namespace

base::Result<FinalityCertificate> FinalityCertificate::decode(base::ByteView bytes) {
    base::BcsReader in{bytes};
    if (in.u8() != kCertificateVersion) in.reject(Errc::bad_proof, "certificate version");
    if (in.u8() != kFinalize) in.reject(Errc::bad_proof, "not a finality certificate");
    FinalityCertificate out;
    out.epoch = in.u64();
    out.slot = in.u64();
    out.block_hash = in.fixed<32>();
    const auto bitmap = in.bytes(kBitmapBytesMax);
    for (std::uint32_t i = 0; i < bitmap.size() * 8; ++i) {
        if ((std::to_integer<unsigned>(bitmap[i / 8]) >> (i % 8) & 1u) != 0) out.signers.push_back(i);
    }
    const auto count = in.length(ledger::kGenesisValidatorsMax, 64);
    for (std::uint32_t i = 0; i < count && in.ok(); ++i) out.signatures.push_back({in.fixed<64>()});
    if (!in.finish()) return base::fail(Errc::bad_proof, "certificate");
    if (out.signers.size() != out.signatures.size() || (!bitmap.empty() && bitmap.back() == std::byte{0})) {
        return base::fail(Errc::bad_proof, "certificate bitmap");
    }
    return out;
}

base::Digest finalize_vote_hash(const ledger::ChainBinding& chain, const FinalityCertificate& certificate) {
    base::BcsWriter out;
    out.string(chain.chain_id);
    out.fixed(chain.genesis_hash);
    out.u64(certificate.epoch);
    out.u8(kFinalize);
    out.u64(certificate.slot);
    out.fixed(certificate.block_hash);
    return gcrypt::hash(gcrypt::Domain::vote, out.view());
}

base::Result<Proved> check_proof(const ghost::chain::v1::Proof& proof, const Trust& trust, base::ByteView key) {
    if (!trust.chain) return base::fail(Errc::wrong_chain, "no chain known");
    if (!base::equal(base::as_bytes(proof.key()), key)) return base::fail(Errc::bad_proof, "proof of another key");
    const auto header = ledger::decode_header(base::as_bytes(proof.raw_header()));
    if (!header) return base::fail(Errc::bad_proof, "header");
    if (header->chain_id != trust.chain->chain_id) return base::fail(Errc::wrong_chain, "header of another chain");
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
    if (trust.validators.empty() || header->height == 0) return out;
    GC_CHECK(check_certificate(base::as_bytes(proof.certificate()), *header, trust));
    out.final = true;
    return out;
}

bool looks_alike(std::string_view a, std::string_view b) noexcept {
    constexpr std::size_t kHead = std::string_view{"ghost1"}.size() + 4;
    constexpr std::size_t kTail = 4;
    if (a == b || a.size() != b.size() || a.size() < kHead + kTail) return false;
    return a.substr(0, kHead) == b.substr(0, kHead) && a.substr(a.size() - kTail) == b.substr(b.size() - kTail);
}

}  // namespace walletd

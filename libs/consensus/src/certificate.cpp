#include "consensus/certificate.hpp"

#include <bit>

#include "base/bcs.hpp"
#include "gcrypt/hash.hpp"

namespace consensus {
namespace {

constexpr std::uint8_t kVersion = 1;
constexpr std::uint32_t kBitmapBytesMax = ledger::kGenesisValidatorsMax / 8;

bool bit(base::ByteView bitmap, std::size_t index) noexcept {
    return index / 8 < bitmap.size() && (std::to_integer<unsigned>(bitmap[index / 8]) >> (index % 8) & 1) != 0;
}

}  // namespace

base::Digest vote_hash(const ledger::ChainBinding& chain, const Vote& vote) {
    base::BcsWriter writer;
    writer.string(chain.chain_id);
    writer.fixed(chain.genesis_hash);
    writer.u64(vote.epoch);
    writer.u8(static_cast<std::uint8_t>(vote.kind));
    writer.u64(vote.slot);
    writer.fixed(vote.block_hash);
    return gcrypt::hash(gcrypt::Domain::vote, writer.view());
}

base::Bytes encode(const Certificate& certificate) {
    base::BcsWriter writer;
    writer.u8(kVersion);
    writer.u8(static_cast<std::uint8_t>(certificate.vote.kind));
    writer.u64(certificate.vote.epoch);
    writer.u64(certificate.vote.slot);
    writer.fixed(certificate.vote.block_hash);
    writer.bytes(certificate.bitmap);
    writer.uleb(static_cast<std::uint32_t>(certificate.signatures.size()));
    for (const auto& signature : certificate.signatures) writer.fixed(signature.bytes);
    return std::move(writer).take();
}

base::Result<Certificate> decode_certificate(base::ByteView bytes) {
    base::BcsReader reader{bytes};
    Certificate certificate;
    if (reader.u8() != kVersion) reader.reject(base::Errc::invalid_argument, "certificate version");
    const auto kind = reader.u8();
    if (kind > static_cast<std::uint8_t>(VoteKind::finalize)) reader.reject(base::Errc::invalid_argument, "vote kind");
    certificate.vote.kind = static_cast<VoteKind>(kind);
    certificate.vote.epoch = reader.u64();
    certificate.vote.slot = reader.u64();
    certificate.vote.block_hash = reader.fixed<32>();
    certificate.bitmap = base::to_bytes(reader.bytes(kBitmapBytesMax));
    const auto count = reader.length(ledger::kGenesisValidatorsMax, 64);
    for (std::uint32_t i = 0; i < count && reader.ok(); ++i) certificate.signatures.push_back({reader.fixed<64>()});
    if (!certificate.bitmap.empty() && certificate.bitmap.back() == std::byte{0})
        reader.reject(base::Errc::not_canonical, "certificate bitmap");
    std::size_t bits = 0;
    for (const auto byte : certificate.bitmap)
        bits += static_cast<std::size_t>(std::popcount(std::to_integer<unsigned>(byte)));
    if (bits != count) reader.reject(base::Errc::not_canonical, "certificate signatures");
    GC_CHECK(reader.finish());
    return certificate;
}

base::Result<void> verify_certificate(const Certificate& certificate,
                                      std::span<const ledger::GenesisValidator> validators,
                                      const ledger::ChainBinding& chain) {
    using base::Errc;
    using base::fail;
    if (certificate.bitmap.size() > (validators.size() + 7) / 8)
        return fail(Errc::invalid_argument, "unknown validator");
    const auto message = vote_hash(chain, certificate.vote);
    base::u128 total = 0;
    base::u128 signed_stake = 0;
    std::size_t next = 0;
    for (std::size_t i = 0; i < validators.size(); ++i) total += validators[i].stake;
    for (std::size_t i = 0; i < certificate.bitmap.size() * 8; ++i) {
        if (!bit(certificate.bitmap, i)) continue;
        if (i >= validators.size() || next >= certificate.signatures.size())
            return fail(Errc::invalid_argument, "unknown validator");
        if (!zcrypto::ed25519::verify({validators[i].public_key}, message, certificate.signatures[next++]))
            return fail(Errc::invalid_argument, "validator signature");
        signed_stake += validators[i].stake;
    }
    if (next != certificate.signatures.size()) return fail(Errc::invalid_argument, "signatures without a validator");
    // Quorum: floor(2W/3) + 1 of the stake.
    if (signed_stake < 2 * total / 3 + 1) return fail(Errc::invalid_argument, "less than a quorum signed");
    return {};
}

}  // namespace consensus

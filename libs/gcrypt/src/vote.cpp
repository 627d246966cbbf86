#include "gcrypt/vote.hpp"

#include <algorithm>
#include <bit>
#include <set>

#include "base/bcs.hpp"
#include "gcrypt/hash.hpp"

namespace gcrypt {
namespace {

constexpr std::uint8_t kVersion = 1;
constexpr std::uint32_t kBitmapBytesMax = kMaxVoters / 8;

using zcrypto::ed25519::BatchItem;

bool bit(base::ByteView bitmap, std::size_t index) noexcept {
    return index / 8 < bitmap.size() && (std::to_integer<unsigned>(bitmap[index / 8]) >> (index % 8) & 1) != 0;
}

std::size_t count_bits(base::ByteView bitmap) noexcept {
    std::size_t bits = 0;
    for (const auto byte : bitmap) bits += static_cast<std::size_t>(std::popcount(std::to_integer<unsigned>(byte)));
    return bits;
}

/// The rules that a decoded certificate obeys; one made by hand may not.
base::Result<void> check_form(const Certificate& certificate) noexcept {
    if (!certificate.bitmap.empty() && certificate.bitmap.back() == std::byte{0}) {
        return base::fail(base::Errc::not_canonical, "certificate bitmap");
    }
    if (count_bits(certificate.bitmap) != certificate.signatures.size()) {
        return base::fail(base::Errc::not_canonical, "certificate signatures");
    }
    if (certificate.vote.kind == VoteKind::skip && certificate.vote.block_hash != base::Digest{}) {
        return base::fail(base::Errc::not_canonical, "skip of a block");
    }
    return {};
}

/// Indices of the signers, ascending.
base::Result<std::vector<std::size_t>> signers(const Certificate& certificate, const VoterSet& voters) {
    GC_CHECK(check_form(certificate));
    std::vector<std::size_t> out;
    out.reserve(certificate.signatures.size());
    for (std::size_t i = 0; i < certificate.bitmap.size() * 8; ++i) {
        if (!bit(certificate.bitmap, i)) continue;
        if (i >= voters.size()) return base::fail(Errc::unknown_voter, "certificate");
        out.push_back(i);
    }
    return out;
}

std::vector<BatchItem> to_batch(const Certificate& certificate, std::span<const std::size_t> who,
                                const VoterSet& voters, const base::Digest& message) {
    std::vector<BatchItem> items;
    items.reserve(who.size());
    for (std::size_t i = 0; i < who.size(); ++i) {
        items.push_back({.key = voters[who[i]].key, .message = message, .signature = certificate.signatures[i]});
    }
    return items;
}

}  // namespace

base::Digest vote_hash(const VoteChain& chain, const Vote& vote) {
    base::BcsWriter writer;
    writer.string(chain.chain_id);
    writer.fixed(chain.genesis_hash);
    writer.u64(vote.epoch);
    writer.u8(static_cast<std::uint8_t>(vote.kind));
    writer.u64(vote.slot);
    writer.fixed(vote.block_hash);
    return hash(Domain::vote, writer.view());
}

base::Result<VoterSet> VoterSet::make(std::vector<Voter> voters) {
    if (voters.empty() || voters.size() > kMaxVoters) return base::fail(base::Errc::out_of_range, "number of voters");
    base::u128 total = 0;
    std::set<zcrypto::ed25519::PublicKey> keys;
    for (const auto& voter : voters) {
        if (voter.weight == 0) return base::fail(base::Errc::out_of_range, "voter without weight");
        if (!keys.insert(voter.key).second) return base::fail(base::Errc::already_exists, "voter key twice");
        total += voter.weight;  // At most 2^10 * 2^64: neither this nor twice this can overflow.
    }
    return VoterSet{std::move(voters), total};
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
    if (kind <= static_cast<std::uint8_t>(VoteKind::finalize)) {
        certificate.vote.kind = static_cast<VoteKind>(kind);
    } else {
        reader.reject(base::Errc::invalid_argument, "vote kind");
    }
    certificate.vote.epoch = reader.u64();
    certificate.vote.slot = reader.u64();
    certificate.vote.block_hash = reader.fixed<32>();
    certificate.bitmap = base::to_bytes(reader.bytes(kBitmapBytesMax));
    const auto count = reader.length(kMaxVoters, 64);
    certificate.signatures.reserve(count);
    for (std::uint32_t i = 0; i < count && reader.ok(); ++i) certificate.signatures.push_back({reader.fixed<64>()});
    GC_CHECK(reader.finish());
    GC_CHECK(check_form(certificate));
    return certificate;
}

base::Result<std::vector<std::size_t>> certificate_culprits(const Certificate& certificate, const VoterSet& voters,
                                                            const VoteChain& chain, base::Random& random) {
    GC_TRY(const auto who, signers(certificate, voters));
    const auto message = vote_hash(chain, certificate.vote);
    const auto good = zcrypto::ed25519::verify_batch_each(to_batch(certificate, who, voters, message), random);
    std::vector<std::size_t> culprits;
    for (std::size_t i = 0; i < who.size(); ++i) {
        if (!good[i]) culprits.push_back(who[i]);
    }
    return culprits;
}

base::Result<void> verify_certificate(const Certificate& certificate, const VoterSet& voters, const VoteChain& chain,
                                      base::Random& random) {
    GC_TRY(const auto who, signers(certificate, voters));
    base::u128 weight = 0;
    for (const auto index : who) weight += voters[index].weight;
    // Adding is cheaper than checking signatures: a certificate that cannot count costs its sender's victim nothing.
    if (weight < voters.quorum()) return base::fail(Errc::no_quorum, "certificate");
    const auto message = vote_hash(chain, certificate.vote);
    if (!zcrypto::ed25519::verify_batch(to_batch(certificate, who, voters, message), random)) {
        return base::fail(Errc::bad_signature, "certificate");
    }
    return {};
}

VoteCollector::VoteCollector(const VoterSet& voters, const VoteChain& chain, const Vote& vote)
    : voters_{voters},
      vote_{vote},
      message_{vote_hash(chain, vote)},
      states_(voters.size(), State::absent),
      signatures_(voters.size()) {}

base::Result<void> VoteCollector::add(std::size_t voter, const zcrypto::ed25519::Signature& signature) {
    if (voter >= voters_.size()) return base::fail(Errc::unknown_voter, "vote");
    switch (states_[voter]) {
        case State::absent:
            states_[voter] = State::unchecked;
            weight_ += voters_[voter].weight;
            break;
        case State::unchecked:
            if (signatures_[voter] == signature) return base::fail(base::Errc::already_exists, "vote");
            // Somebody may have sent rubbish in this voter's name: it must not lock the voter out.
            if (!zcrypto::ed25519::verify(voters_[voter].key, message_, signature)) {
                return base::fail(Errc::bad_signature, "vote");
            }
            states_[voter] = State::good;
            break;
        case State::good: return base::fail(base::Errc::already_exists, "vote");
    }
    signatures_[voter] = signature;
    return {};
}

VoteCollector::Outcome VoteCollector::try_finish(base::Random& random) {
    Outcome out;
    if (weight_ < voters_.quorum()) return out;
    std::vector<BatchItem> items;
    std::vector<std::size_t> members;
    for (std::size_t i = 0; i < states_.size(); ++i) {
        if (states_[i] != State::unchecked) continue;
        items.push_back({.key = voters_[i].key, .message = message_, .signature = signatures_[i]});
        members.push_back(i);
    }
    const auto good = zcrypto::ed25519::verify_batch_each(items, random);
    for (std::size_t i = 0; i < members.size(); ++i) {
        states_[members[i]] = good[i] ? State::good : State::absent;
        if (good[i]) continue;
        weight_ -= voters_[members[i]].weight;
        out.culprits.push_back(members[i]);
    }
    if (weight_ < voters_.quorum()) return out;
    auto& certificate = out.certificate.emplace();
    certificate.vote = vote_;
    for (std::size_t i = 0; i < states_.size(); ++i) {
        if (states_[i] != State::good) continue;
        certificate.bitmap.resize(i / 8 + 1);
        certificate.bitmap[i / 8] |= std::byte{1} << (i % 8);
        certificate.signatures.push_back(signatures_[i]);
    }
    return out;
}

}  // namespace gcrypt

#include "consensus/certificate.hpp"

namespace consensus {

static_assert(ledger::kGenesisValidatorsMax == gcrypt::kMaxVoters, "every validator has a bit");

base::Digest vote_hash(const ledger::ChainBinding& chain, const Vote& vote) {
    return gcrypt::vote_hash({.chain_id = chain.chain_id, .genesis_hash = chain.genesis_hash}, vote);
}

base::Result<VoterSet> voters_of(std::span<const ledger::GenesisValidator> validators) {
    std::vector<gcrypt::Voter> voters;
    voters.reserve(validators.size());
    for (const auto& validator : validators) {
        voters.push_back({.key = {validator.public_key}, .weight = validator.stake});
    }
    return VoterSet::make(std::move(voters));
}

base::Result<void> verify_certificate(const Certificate& certificate,
                                      std::span<const ledger::GenesisValidator> validators,
                                      const ledger::ChainBinding& chain) {
    GC_TRY(const auto voters, voters_of(validators));
    // The coefficients must not be predictable for whoever made the certificate.
    return gcrypt::verify_certificate(
        certificate, voters, {.chain_id = chain.chain_id, .genesis_hash = chain.genesis_hash}, base::system_random());
}

}  // namespace consensus

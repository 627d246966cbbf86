#pragma once
// Votes and certificates in the ledger's terms: the validators of the genesis are the voters, and its chain is the one
// that votes are bound to. Formats, quorums and checks are gcrypt/vote.hpp's.

#include <span>

#include "gcrypt/vote.hpp"
#include "ledger/genesis.hpp"
#include "ledger/signing.hpp"

namespace consensus {

using gcrypt::Certificate;
using gcrypt::decode_certificate;
using gcrypt::encode;
using gcrypt::Vote;
using gcrypt::VoteCollector;
using gcrypt::VoteKind;
using gcrypt::VoterSet;

/// The 32 bytes that a validator signs.
base::Digest vote_hash(const ledger::ChainBinding& chain, const Vote& vote);

/// The validators in their order, weighted by stake. Errors as VoterSet::make; none for a validated genesis.
base::Result<VoterSet> voters_of(std::span<const ledger::GenesisValidator> validators);

/// Success: validators with more than two thirds of the stake signed this vote, and no signature is wrong. The error's
/// note says what is missing. Errors as gcrypt::verify_certificate.
base::Result<void> verify_certificate(const Certificate& certificate,
                                      std::span<const ledger::GenesisValidator> validators,
                                      const ledger::ChainBinding& chain);

}  // namespace consensus

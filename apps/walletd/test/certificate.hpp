#pragma once
#include "consensus/certificate.hpp"
#include "ledger/codec.hpp"
#include "zcrypto/ed25519.hpp"

namespace walletd {

/// The finality certificate of `header` on a chain whose only validator is `validator`, encoded.
inline base::Bytes certificate_of(const zcrypto::ed25519::SigningKey& validator, const ledger::ChainBinding& chain,
                                  const ledger::BlockHeader& header) {
    consensus::Certificate made{.vote = {.kind = consensus::VoteKind::finalize,
                                         .epoch = header.epoch,
                                         .slot = header.slot,
                                         .block_hash = ledger::block_hash(header)},
                                .bitmap = {std::byte{1}},
                                .signatures = {}};
    made.signatures.push_back(validator.sign(consensus::vote_hash(chain, made.vote)));
    return consensus::encode(made);
}

}  // namespace walletd

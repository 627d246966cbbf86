#pragma once
// Votes and the certificates made of them (design 03 section 5). One validator's finality certificate has one bit and
// one signature; a consensus core adds more of both.
//
//   vote hash   = BLAKE3 "ghostchain 2026 vote v1" over BCS(chain id) ‖ genesis hash ‖ epoch ‖ kind ‖ slot ‖ block hash
//   certificate = BCS: version(1) kind(1) epoch(8) slot(8) block hash(32) bitmap(bytes) signatures(64 each, by index)

#include <cstdint>
#include <span>
#include <vector>

#include "base/bytes.hpp"
#include "ledger/genesis.hpp"
#include "ledger/signing.hpp"
#include "zcrypto/ed25519.hpp"

namespace consensus {

enum class VoteKind : std::uint8_t { notarize = 0, skip = 1, finalize = 2 };

struct Vote {
    VoteKind kind = VoteKind::finalize;
    std::uint64_t epoch = 0;
    std::uint64_t slot = 0;
    base::Digest block_hash{};
};
/// The 32 bytes that a validator signs.
base::Digest vote_hash(const ledger::ChainBinding& chain, const Vote& vote);

struct Certificate {
    Vote vote;
    base::Bytes bitmap;  ///< Bit i (least significant first) says that validator i signed; no trailing zero byte.
    std::vector<zcrypto::ed25519::Signature> signatures;  ///< One for each set bit, in order.
};

base::Bytes encode(const Certificate& certificate);
/// Strict. base errors, plus `not_canonical` when bits and signatures do not match.
base::Result<Certificate> decode_certificate(base::ByteView bytes);

/// `invalid_argument` (its note says what) unless validators with more than two thirds of the stake signed this vote.
base::Result<void> verify_certificate(const Certificate& certificate,
                                      std::span<const ledger::GenesisValidator> validators,
                                      const ledger::ChainBinding& chain);

}  // namespace consensus

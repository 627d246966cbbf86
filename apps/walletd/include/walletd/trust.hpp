#pragma once
// What a wallet believes of a chain: which one it is, who may make its blocks final, and how a node's answer is checked
// against that.
//
//   value ──JMT proof──▶ state root ──in──▶ header ──hash──▶ certificate ──signed by──▶ > 2/3 of the validators' stake

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/bytes.hpp"
#include "ledger/signing.hpp"
#include "ledger/types.hpp"
#include "walletd/error.hpp"
#include "zcrypto/ed25519.hpp"

namespace ghost::chain::v1 {
class Proof;
}

namespace walletd {

struct Validator {
    zcrypto::ed25519::PublicKey key;
    std::uint64_t stake{};
};

struct Trust {
    std::optional<ledger::ChainBinding> chain;  ///< Nothing before the first contact with a node.
    std::vector<Validator> validators;          ///< In genesis order; empty: finality cannot be checked.
};

/// A finality certificate as validators sign it (design 03 §5). BCS: version(1) kind(1) epoch(8) slot(8)
/// block hash(32) bitmap(bytes) signatures(64 each, one for each set bit, in order).
struct FinalityCertificate {
    std::uint64_t epoch{};
    std::uint64_t slot{};
    base::Digest block_hash{};
    std::vector<std::uint32_t> signers;  ///< Indices of validators, ascending.
    std::vector<zcrypto::ed25519::Signature> signatures;

    /// Strict; `bad_proof` for another version or kind, bits without signatures, trailing bytes.
    static base::Result<FinalityCertificate> decode(base::ByteView bytes);
};
/// BLAKE3 "ghostchain 2026 vote v1" over BCS(chain id) ‖ genesis hash ‖ epoch ‖ kind ‖ slot ‖ block hash.
base::Digest finalize_vote_hash(const ledger::ChainBinding& chain, const FinalityCertificate& certificate);

/// What a proof showed.
struct Proved {
    std::optional<base::Bytes> value;  ///< Nothing: the key does not exist.
    std::uint64_t height{};
    bool final = false;  ///< The certificate was checked; false when no validators are known.
};

/// Checks that the node proved exactly `key`. `bad_proof` with a note that says which step failed.
base::Result<Proved> check_proof(const ghost::chain::v1::Proof& proof, const Trust& trust, base::ByteView key);

/// True when a person who looks at the ends only could take one address for the other (address poisoning).
bool looks_alike(std::string_view a, std::string_view b) noexcept;

}  // namespace walletd

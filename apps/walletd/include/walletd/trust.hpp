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
#include "ledger/genesis.hpp"
#include "ledger/signing.hpp"
#include "ledger/types.hpp"
#include "walletd/error.hpp"

namespace ghost::chain::v1 {
class Proof;
}

namespace walletd {

struct Trust {
    std::optional<ledger::ChainBinding> chain;         ///< Nothing before the first contact with a node.
    std::vector<ledger::GenesisValidator> validators;  ///< In genesis order; empty: finality cannot be checked.
};

/// What a proof showed.
struct Proved {
    std::optional<base::Bytes> value;  ///< Nothing: the key does not exist.
    std::uint64_t height{};
    bool final = false;  ///< The certificate was checked; false when no validators are known, and of the genesis.
};

/// Checks that the node proved exactly `key`, in a block not below `height_min`. `node_behind` for a good proof in an
/// older block, else `bad_proof` with a note that says which step failed. Nobody signs the genesis, so a caller who
/// knows of later blocks asks for at least height 1.
base::Result<Proved> check_proof(const ghost::chain::v1::Proof& proof, const Trust& trust, base::ByteView key,
                                 std::uint64_t height_min);

/// True when a person who looks at the ends only could take one address for the other (address poisoning).
bool looks_alike(std::string_view a, std::string_view b) noexcept;

}  // namespace walletd

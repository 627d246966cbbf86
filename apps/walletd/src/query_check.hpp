#pragma once
// Whether a node told the truth about a contract: what it proved stands in for the state, and the run is repeated on
// it.
//
//   proofs ──one certified header──▶ records ┐
//   code ──hash that a record names──▶ code  ├──▶ ProvedState ──ledger::query_contract──▶ compared with the answer
//   our clock ──▶ block time that may be     ┘

#include <string>
#include <vector>

#include "base/keyed_hash.hpp"
#include "ghost/chain/v1/chain.pb.h"
#include "ledger/contracts.hpp"
#include "walletd/trust.hpp"

namespace walletd {

namespace chain = ghost::chain::v1;

/// How far the node's clock may be from ours: a contract can decide by the time.
inline constexpr std::uint64_t kQueryClockSkewMaxMs = 120'000;

/// What one block is known to hold, and known not to hold. Reading any other record is `bad_proof`; any other code,
/// base `unavailable`.
class ProvedState final : public ledger::StateReader {
 public:
    struct Bounds {
        std::uint64_t height_min = 0;  ///< As for check_proof().
        std::uint64_t now_ms = 0;      ///< Our clock, Unix time.
    };
    /// From the answer to a CallContract with proofs. `bad_proof`: a proof does not hold, they are of several blocks,
    /// or block and time are not those that the answer names.
    static base::Result<ProvedState> make(const chain::CallContractResponse& answer, const Trust& trust,
                                          const Bounds& bounds);

    /// Hashes of what the proved contracts run in the answer's block, each once.
    [[nodiscard]] base::Result<std::vector<ledger::Hash>> code_hashes() const;
    /// The bytes of one of them; `bad_proof` when they have another hash or are no contract.
    base::Result<void> add_code(const ledger::Hash& hash, base::ByteView code);

    base::Result<std::optional<base::Bytes>> read(std::string_view key) const override;

    /// The block that the run saw: the one after the proved one.
    [[nodiscard]] const ledger::BlockContext& context() const noexcept { return context_; }
    /// The certificate was checked; see Proved::final.
    [[nodiscard]] bool final() const noexcept { return final_; }

 private:
    base::HashMap<std::string, std::optional<base::Bytes>> records_;
    ledger::BlockContext context_;
    bool final_ = false;
};

/// Runs `query` again and compares result, output and gas with `answer`; `bad_proof` says what differs. Blocks for as
/// long as the contract runs.
base::Result<ledger::ContractResult> replay(const ProvedState& state, const chain::CallContractResponse& answer,
                                            const ledger::CallQuery& query, const ledger::Hash& genesis_hash);

/// The code that a proved record names, checked against its hash; `abi` is empty when it publishes none.
struct CheckedCode {
    ledger::CodeInfo info;
    base::Bytes abi;
};
base::Result<CheckedCode> check_named_code(const ledger::Hash& hash, base::ByteView code);

}  // namespace walletd

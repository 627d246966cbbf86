#pragma once
// Running contracts: what execute_block() does for contract messages, and the same for callers who only ask.
//
// Effects and gas depend on the state and the input alone; the engine holds nothing but caches. Gas of the virtual
// machine and native gas are one unit: what a transaction's messages do not use natively (native_gas) its contracts
// may.

#include <memory>
#include <string>
#include <vector>

#include "ledger/execute.hpp"

namespace zvm {
class Watch;
}

namespace ledger {

class ContractRunner;

/// Loaded modules and ready instances, bounded. Any thread; one engine serves a whole node.
class ContractEngine {
 public:
    struct Options {
        std::size_t module_bytes_max = 96U << 20U;    ///< Loaded modules, together.
        std::size_t instances_max = 128;              ///< Idle instances kept for each thread that runs contracts,
        std::size_t instance_bytes_max = 64U << 20U;  ///< and what they may occupy together, modules included.
        std::size_t runners_max = 4;                  ///< Idle runners (stacks and instances) kept.
    };
    ContractEngine();
    explicit ContractEngine(const Options& options);
    ~ContractEngine();

    struct Stats {
        std::size_t modules = 0;
        std::size_t module_bytes = 0;
        std::uint64_t hits = 0;
        std::uint64_t misses = 0;
    };
    [[nodiscard]] Stats stats() const;

    /// A runner for one thread, until it is let go of.
    [[nodiscard]] std::shared_ptr<ContractRunner> runner();

 private:
    struct Impl;
    std::shared_ptr<Impl> impl_;
};

/// Whether `code` may be deployed: loads in the contract profile, imports only zvm1, exports what a contract must. The
/// text of an error says what is wrong.
base::Checked<CodeInfo> check_code(base::ByteView code);

/// A function that was active when a run trapped.
struct TraceFrame {
    Address contract;
    std::string function;
};
/// What a run would do. Nothing of it is part of the chain.
struct ContractResult {
    ExecStatus status{ExecStatus::success};
    std::uint64_t gas_used{};
    base::Bytes output;             ///< Returned data, or revert data; whole.
    std::vector<Event> events;      ///< Empty unless successful.
    std::vector<TraceFrame> trace;  ///< After a trap or revert, innermost first.
    std::vector<std::string> keys;  ///< State keys that were read or written.
};

struct CallQuery {
    ContractCall call;
    Address caller;  ///< Is given call.value for the run.
    std::uint64_t gas_limit{};
};
/// Runs a contract; `gas_used` counts the run alone. Errors are the reader's, and `run_stopped` when `watch` (may be
/// null) says so.
base::Result<ContractResult> query_contract(const StateReader& state, const BlockContext& context,
                                            const Hash& genesis_hash, const CallQuery& query, ContractEngine& engine,
                                            zvm::Watch* watch = nullptr);
/// Runs the messages of a transaction as a block would, without fee, nonce and signature; `gas_used` counts everything.
/// Form is checked (check_form's errors about messages); a gas_limit of 0 or above tx_gas_limit_max() stands for that.
/// `watch` as above.
base::Result<ContractResult> simulate(const StateReader& state, const BlockContext& context, Tx tx,
                                      ContractEngine& engine, zvm::Watch* watch = nullptr);

}  // namespace ledger

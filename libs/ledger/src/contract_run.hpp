#pragma once
// The contract runs of one transaction: frames, values, events, gas.
//
//   message ─▶ ContractRun ─▶ Frame (depth 0) ─call─▶ Frame (1) ─create─▶ Frame (2) …      each: mark ─▶ run ─▶ keep or
//                               │ zvm::ContractHost                                        roll back state and events
//                               ▼
//                            Overlay

#include <map>

#include "contract_engine.hpp"
#include "ledger/contracts.hpp"

namespace ledger {

class ContractFrame;

class ContractRun {
 public:
    struct Env {
        const BlockContext& block;
        const Params& params;
        const Rules& rules;
        Address origin;  ///< The transaction's sender.
        Hash genesis_hash;
        bool trace = false;
        zvm::Watch* watch = nullptr;  ///< Null in blocks.
    };
    struct Outcome {
        ExecStatus status{ExecStatus::success};
        std::uint64_t gas_used{};
        base::Bytes output;
    };
    /// Everything given outlives this; `events` is appended to.
    ContractRun(Overlay& state, std::shared_ptr<ContractRunner> runner, Env env, std::vector<Event>& events);

    /// The messages of `origin`. What a failed one wrote is still there: the caller rolls the transaction back. Errors
    /// are the reader's.
    base::Result<Outcome> deploy(const ContractDeploy& msg, std::uint64_t gas);
    base::Result<Outcome> call(const ContractCall& msg, std::uint64_t gas);
    base::Result<Outcome> upgrade(const ContractUpgrade& msg, std::uint64_t gas);

    /// After a failure: where it was, innermost first, at most kTraceMax functions.
    [[nodiscard]] std::vector<TraceFrame> take_trace();
    static constexpr std::size_t kTraceMax = 256;

 private:
    friend class ContractFrame;
    struct Entry {
        Address contract;
        Hash code_hash{};
        std::string_view function;  ///< kEntryCall or kEntryInit.
        Address caller;
        Amount value{};
        base::ByteView input;
        std::uint64_t gas{};
    };
    enum class End { ok, reverted, trapped, out_of_gas, insufficient_balance, refused };
    struct FrameResult {
        End end{End::refused};
        std::uint64_t gas_used{};
        base::Bytes output;
    };
    /// Moves the value, runs the entry, keeps or undoes what it did.
    FrameResult enter(const Entry& entry);
    FrameResult run_entry(const Entry& entry, const std::shared_ptr<const zvm::Module>& module, std::int64_t& gas);
    /// Makes the record and runs `init`.
    FrameResult construct(const Address& creator, const Hash& code_hash, Entry entry);
    /// The module of a code that is on the chain, and what is left to run it with after paying for its start.
    struct Started {
        End end{End::refused};
        std::shared_ptr<const zvm::Module> module;  ///< Null unless `end` is ok.
        std::uint64_t gas{};
        std::uint64_t gas_spent{};  ///< On a code that the engine refused.
    };
    base::Result<Started> start(const Hash& code_hash, std::uint64_t gas);
    /// Puts code on the chain and takes what its records cost from `gas`: success, code_invalid, out_of_gas.
    base::Result<ExecStatus> store_code(const Hash& code_hash, base::ByteView code, std::uint64_t& gas);
    base::Result<ExecStatus> set_upgrade(const Address& address, Contract contract, const Hash& code_hash);
    base::Result<ExecStatus> move(const Address& from, const Address& to, const AssetId& asset, Amount amount);
    [[nodiscard]] bool may_enter(const Address& contract) const noexcept;
    /// False when the transaction has too many events already.
    bool add_event(Event event, std::size_t bytes = 0);
    /// Asks the watch, if there is one; an end is an error.
    [[nodiscard]] bool is_stopped();
    void fail(const base::Error& error) {
        if (!error_) error_ = error;
    }
    /// The value, or nothing and the error kept.
    template <typename T>
    std::optional<T> keep(base::Result<T> result) {
        if (result) return std::move(*result);
        fail(result.error());
        return std::nullopt;
    }
    base::Result<Outcome> finish(FrameResult result);

    Overlay& state_;
    std::shared_ptr<ContractRunner> runner_;
    Env env_;
    std::vector<Event>& events_;
    std::size_t event_count_ = 0;
    std::size_t event_bytes_ = 0;
    std::vector<ContractFrame*> frames_;
    /// What the transaction has paid for loading. Held here, so that no cache can make a node load it again for
    /// nothing.
    std::map<Hash, std::shared_ptr<const zvm::Module>> modules_;
    std::size_t module_bytes_ = 0;  ///< Of code, of all that are held.
    /// Where a run trapped. Names are found when somebody asks, once.
    struct TrapPlace {
        Address contract;
        std::shared_ptr<const zvm::Module> module;
        std::uint32_t function;
    };
    std::vector<TrapPlace> trace_;
    std::optional<base::Error> error_;  ///< Of the reader: the whole block fails.
};

}  // namespace ledger

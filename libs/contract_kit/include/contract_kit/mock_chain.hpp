#pragma once
// A chain in memory for contract tests: balances, storage, a clock that stands still, and contracts that call one
// another on the real engine. One thread. Not a ledger: no fees, no proofs, no blocks; what a contract sees is the
// same.

#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "base/bytes.hpp"
#include "base/u128.hpp"
#include "zabi/schema.hpp"
#include "zvm/contract_host.hpp"
#include "zvm/machine.hpp"

namespace contract_kit {

/// A module that can be deployed, with its schema.
struct Program {
    std::string name;
    std::shared_ptr<const zvm::Module> module;  ///< What runs: the code, perhaps with names or counters in it.
    base::Digest code_hash{};
    // Of the code as it is deployed: zvm::Module::load_gas, instance_gas.
    std::uint64_t load_gas = 0;
    std::uint64_t instance_gas = 0;
    std::optional<zabi::Schema> schema;
    /// Of a counting module (coverage.hpp): whether block i ran. Empty otherwise.
    std::vector<std::uint8_t> ran;
};

struct Instance {
    Program* program = nullptr;
    zvm::Address owner{};
    std::map<base::Bytes, base::Bytes> storage;
};
struct EmittedEvent {
    zvm::Address contract;
    std::vector<base::Digest> topics;
    base::Bytes data;
};

struct Message {
    zvm::Address caller;
    zvm::Address target;
    base::u128 value = 0;
    base::Bytes input;
    std::uint64_t gas = 0;
    bool is_view = false;  ///< Anything that would change state traps.
};
struct Outcome {
    zvm::CallStatus status = zvm::CallStatus::refused;
    zvm::Trap trap = zvm::Trap::none;
    base::Bytes output;  ///< Returned or revert data.
    std::uint64_t gas_used = 0;
    std::string note;                ///< Why it was refused.
    std::vector<std::string> trace;  ///< Of the outermost contract when it trapped, innermost function first.
};

class Frame;

class MockChain {
 public:
    MockChain();
    ~MockChain();
    MockChain(const MockChain&) = delete;
    MockChain& operator=(const MockChain&) = delete;

    std::uint64_t height = 1;
    std::uint64_t time_ms = 1'700'000'000'000;
    std::uint64_t chain_id = 1;

    /// Programs are found by code hash when a contract creates another. They must outlive the chain.
    void know(Program& program);
    /// The message's target is set by it; `target` of the argument is ignored.
    Outcome deploy(Program& program, const base::Digest& salt, Message message, zvm::Address& created);
    Outcome call(const Message& message);

    [[nodiscard]] const std::map<zvm::Address, Instance>& instances() const noexcept { return instances_; }
    [[nodiscard]] const std::vector<EmittedEvent>& events() const noexcept { return events_; }
    [[nodiscard]] base::u128 balance(const zvm::Address& of, const zvm::AssetId& asset = {}) const;
    void set_balance(const zvm::Address& of, const zvm::AssetId& asset, base::u128 amount);
    /// Told of every successful call at any depth: program, input of `call` (empty for init), gas with its callees.
    std::function<void(const Program&, base::ByteView input, bool is_init, std::uint64_t gas)> on_call;

 private:
    friend class Frame;
    using Undo = std::function<void()>;
    enum class Entry { init, call };

    void begin(const Message& message);
    Outcome run(const Message& message, Entry entry);
    /// Who is running may be entered again only through a call that it said so about itself, in each of its frames.
    [[nodiscard]] bool may_enter(const zvm::Address& contract) const noexcept;
    Outcome execute(Instance& instance, const Message& message, Entry entry);
    /// Loading a code is paid once a transaction, an instance of it with each run.
    std::uint64_t start_price(const Program& program);
    Outcome create(Program& program, const base::Digest& salt, Message message, zvm::Address& created);
    /// Counts what a transaction may have a bounded number of: what is emitted, coins that move, contracts that are
    /// made.
    bool count_event(std::size_t bytes);
    /// move() as an event.
    bool pay(const zvm::Address& from, const zvm::Address& to, const zvm::AssetId& asset, base::u128 amount);
    bool move(const zvm::Address& from, const zvm::Address& to, const zvm::AssetId& asset, base::u128 amount);
    void set_slot(const zvm::Address& contract, base::Bytes key, std::optional<base::Bytes> value);
    void roll_back(std::size_t mark);

    std::map<zvm::Address, Instance> instances_;
    std::map<std::pair<zvm::Address, zvm::AssetId>, base::u128> balances_;
    std::map<base::Digest, Program*> programs_;
    std::vector<EmittedEvent> events_;
    std::vector<Undo> undo_;            ///< How to take back each change since the outermost call began, oldest first.
    std::vector<const Frame*> active_;  ///< What is running, outermost first.
    std::set<base::Digest> loaded_;     ///< Codes that have run since the outermost call began.
    zvm::Address origin_{};
    std::size_t event_count_ = 0;  ///< Since the outermost call began.
    std::size_t event_bytes_ = 0;
};

}  // namespace contract_kit

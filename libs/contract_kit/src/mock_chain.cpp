#include "contract_kit/mock_chain.hpp"

#include <algorithm>

#include "gcrypt/hash.hpp"
#include "zcrypto/ed25519.hpp"
#include "zcrypto/hash.hpp"
#include "zcrypto/secp256k1.hpp"
#include "zvm/contract.hpp"

namespace contract_kit {

using zvm::CallStatus;

/// One running contract: what `zvm1` asks, answered from the chain.
class Frame final : public zvm::ContractHost {
 public:
    Frame(MockChain& chain, const Message& message) noexcept : chain_{chain}, message_{message} {}

    [[nodiscard]] const zvm::Address& contract() const noexcept { return message_.target; }
    /// Whether what it is calling now may call it again.
    [[nodiscard]] bool allows_reentry() const noexcept { return allows_reentry_; }

    base::ByteView input() noexcept override { return message_.input; }
    void set_return(base::ByteView data) noexcept override { output = base::to_bytes(data); }
    void set_revert(base::ByteView data) noexcept override { output = base::to_bytes(data); }

    std::optional<base::ByteView> storage_get(base::ByteView key) noexcept override {
        const auto& storage = chain_.instances_.at(message_.target).storage;
        const auto it = storage.find(base::to_bytes(key));
        return it == storage.end() ? std::nullopt : std::optional<base::ByteView>{it->second};
    }
    bool storage_set(base::ByteView key, base::ByteView value) noexcept override {
        if (message_.is_view) return false;
        chain_.set_slot(message_.target, base::to_bytes(key), base::to_bytes(value));
        return true;
    }
    bool storage_delete(base::ByteView key) noexcept override {
        if (message_.is_view) return false;
        chain_.set_slot(message_.target, base::to_bytes(key), std::nullopt);
        return true;
    }

    zvm::Address caller() noexcept override { return message_.caller; }
    zvm::Address self() noexcept override { return message_.target; }
    zvm::Address origin() noexcept override { return chain_.origin_; }
    base::u128 value() noexcept override { return message_.value; }
    std::int64_t block(zvm::BlockField field) noexcept override {
        switch (field) {
            case zvm::BlockField::height: return static_cast<std::int64_t>(chain_.height);
            case zvm::BlockField::time_ms: return static_cast<std::int64_t>(chain_.time_ms);
            case zvm::BlockField::chain_id: return static_cast<std::int64_t>(chain_.chain_id);
        }
        return 0;
    }
    bool emit(std::span<const base::Digest> topics, base::ByteView data) noexcept override {
        if (message_.is_view) return false;
        if (!chain_.count_event(topics.size() * sizeof(base::Digest) + data.size())) return false;
        chain_.events_.push_back({message_.target, {topics.begin(), topics.end()}, base::to_bytes(data)});
        chain_.undo_.push_back([&chain = chain_] { chain.events_.pop_back(); });
        return true;
    }

    zvm::CallOutcome call(const zvm::CallRequest& request) noexcept override {
        const Message inner{.caller = message_.target,
                            .target = request.target,
                            .value = request.value,
                            .input = base::to_bytes(request.input),
                            .gas = request.gas,
                            .is_view = message_.is_view};
        allows_reentry_ = (request.flags & zvm::kAllowReentry) != 0;
        auto outcome = chain_.run(inner, MockChain::Entry::call);
        allows_reentry_ = false;
        return finish(std::move(outcome));
    }
    base::ByteView return_data() noexcept override { return returned_; }
    zvm::CallOutcome create(const zvm::CreateRequest& request, zvm::Address& created) noexcept override {
        const auto program = chain_.programs_.find(request.code_hash);
        if (program == chain_.programs_.end() || message_.is_view) return finish({});
        Message inner{.caller = message_.target,
                      .target = {},
                      .value = 0,
                      .input = base::to_bytes(request.input),
                      .gas = request.gas,
                      .is_view = false};
        return finish(chain_.create(*program->second, request.salt, std::move(inner), created));
    }
    /// At once: tests do not wait for the delay of a real chain. Who may is the chain's rule: the owner asks through
    /// the contract, or the contract belongs to itself.
    CallStatus upgrade(const base::Digest& code_hash) noexcept override {
        const auto program = chain_.programs_.find(code_hash);
        if (program == chain_.programs_.end() || message_.is_view) return CallStatus::refused;
        auto& instance = chain_.instances_.at(message_.target);
        if (instance.owner != message_.caller && instance.owner != message_.target) return CallStatus::refused;
        chain_.undo_.push_back([&instance, old = instance.program] { instance.program = old; });
        instance.program = program->second;
        return CallStatus::ok;
    }
    CallStatus transfer(const zvm::Address& to, const zvm::AssetId& asset, base::u128 amount) noexcept override {
        if (message_.is_view || !chain_.pay(message_.target, to, asset, amount)) return CallStatus::refused;
        return CallStatus::ok;
    }
    base::u128 balance(const zvm::Address& of, const zvm::AssetId& asset) noexcept override {
        return chain_.balance(of, asset);
    }

    base::Digest sha256(base::ByteView data) noexcept override { return zcrypto::sha256(data); }
    base::Digest keccak256(base::ByteView data) noexcept override { return zcrypto::keccak256(data); }
    base::Digest blake3(base::ByteView data) noexcept override { return zcrypto::blake3(data); }
    bool ed25519_verify(const base::FixedBytes<32>& key, const base::FixedBytes<64>& signature,
                        base::ByteView message) noexcept override {
        return zcrypto::ed25519::verify({key}, message, {signature});
    }
    bool secp256k1_verify(const base::FixedBytes<33>& key, const base::FixedBytes<64>& signature,
                          const base::Digest& digest) noexcept override {
        const auto parsed = zcrypto::secp256k1::PublicKey::parse(key);
        return parsed && zcrypto::secp256k1::verify(*parsed, digest, {signature});
    }
    std::optional<base::FixedBytes<33>> secp256k1_recover(const base::FixedBytes<65>& signature,
                                                          const base::Digest& digest) noexcept override {
        zcrypto::secp256k1::RecoverableSignature parts;
        std::copy_n(signature.begin(), 64, parts.signature.bytes.begin());
        parts.id = std::to_integer<std::uint8_t>(signature[64]);
        const auto key = zcrypto::secp256k1::recover(digest, parts);
        return key ? std::optional{key->bytes()} : std::nullopt;
    }

    base::Bytes output;

 private:
    zvm::CallOutcome finish(Outcome outcome) noexcept {
        returned_ = std::move(outcome.output);
        return {.status = outcome.status, .gas_used = outcome.gas_used};
    }

    MockChain& chain_;
    const Message& message_;
    base::Bytes returned_;
    bool allows_reentry_ = false;
};

MockChain::MockChain() = default;
MockChain::~MockChain() = default;

void MockChain::know(Program& program) { programs_[program.code_hash] = &program; }

base::u128 MockChain::balance(const zvm::Address& of, const zvm::AssetId& asset) const {
    const auto it = balances_.find({of, asset});
    return it == balances_.end() ? 0 : it->second;
}

void MockChain::set_balance(const zvm::Address& of, const zvm::AssetId& asset, base::u128 amount) {
    undo_.push_back([this, of, asset, old = balance(of, asset)] { balances_[{of, asset}] = old; });
    balances_[{of, asset}] = amount;
}

bool MockChain::move(const zvm::Address& from, const zvm::Address& to, const zvm::AssetId& asset, base::u128 amount) {
    const auto left = base::checked_sub(balance(from, asset), amount);
    if (!left) return false;
    if (amount == 0 || from == to) return true;
    const auto sum = base::checked_add(balance(to, asset), amount);
    if (!sum) return false;
    set_balance(from, asset, *left);
    set_balance(to, asset, *sum);
    return true;
}

bool MockChain::count_event(std::size_t bytes) {
    if (event_count_ == zvm::kEventsMax || bytes > zvm::kEventBytesTotalMax - event_bytes_) return false;
    ++event_count_;
    event_bytes_ += bytes;
    undo_.push_back([this, bytes] {
        --event_count_;
        event_bytes_ -= bytes;
    });
    return true;
}

bool MockChain::pay(const zvm::Address& from, const zvm::Address& to, const zvm::AssetId& asset, base::u128 amount) {
    if (amount == 0) return true;
    const auto mark = undo_.size();
    if (move(from, to, asset, amount) && count_event(0)) return true;
    roll_back(mark);
    return false;
}

void MockChain::set_slot(const zvm::Address& contract, base::Bytes key, std::optional<base::Bytes> value) {
    auto& storage = instances_.at(contract).storage;
    const auto it = storage.find(key);
    auto old = it == storage.end() ? std::nullopt : std::optional{it->second};
    // The instance may be gone again when this is taken back: creating it is taken back after it, never before.
    undo_.push_back([this, contract, key, old = std::move(old)] {
        auto& slots = instances_.at(contract).storage;
        if (old)
            slots[key] = *old;
        else
            slots.erase(key);
    });
    if (value)
        storage[std::move(key)] = std::move(*value);
    else
        storage.erase(key);
}

void MockChain::roll_back(std::size_t mark) {
    while (undo_.size() > mark) {
        undo_.back()();
        undo_.pop_back();
    }
}

void MockChain::begin(const Message& message) {
    undo_.clear();
    loaded_.clear();
    origin_ = message.caller;
    event_count_ = 0;
    event_bytes_ = 0;
}

Outcome MockChain::call(const Message& message) {
    begin(message);
    auto outcome = run(message, Entry::call);
    undo_.clear();
    return outcome;
}

Outcome MockChain::deploy(Program& program, const base::Digest& salt, Message message, zvm::Address& created) {
    begin(message);
    auto outcome = create(program, salt, std::move(message), created);
    undo_.clear();
    return outcome;
}

Outcome MockChain::create(Program& program, const base::Digest& salt, Message message, zvm::Address& created) {
    created = gcrypt::hash(gcrypt::Domain::contract, {message.caller, salt, program.code_hash});
    message.target = created;
    if (instances_.contains(created)) {
        Outcome refused;
        refused.note = "there is a contract of this creator, salt and code already";
        return refused;
    }
    const auto mark = undo_.size();
    Instance instance;
    instance.program = &program;
    instance.owner = message.caller;
    instances_.emplace(created, std::move(instance));
    undo_.push_back([this, created] { instances_.erase(created); });
    Outcome outcome;
    outcome.note = "too many events";
    if (count_event(0)) outcome = run(message, Entry::init);
    if (outcome.status != CallStatus::ok) roll_back(mark);
    return outcome;
}

bool MockChain::may_enter(const zvm::Address& contract) const noexcept {
    return std::ranges::all_of(
        active_, [&](const Frame* frame) { return frame->contract() != contract || frame->allows_reentry(); });
}

Outcome MockChain::run(const Message& message, Entry entry) {
    Outcome refused;
    const auto instance = instances_.find(message.target);
    if (instance == instances_.end())
        refused.note = "there is no contract";
    else if (!may_enter(message.target))
        refused.note = "re-entrancy";
    else if (active_.size() >= zvm::kContractDepth)
        refused.note = "contracts call one another too deep";
    else if (message.is_view && message.value)
        refused.note = "a view cannot take value";
    else if (balance(message.caller, {}) < message.value)
        refused.note = "the caller has not enough GCC";
    if (!refused.note.empty()) return refused;

    const auto mark = undo_.size();
    if (!pay(message.caller, message.target, {}, message.value)) {
        refused.note = "the receiver's balance would overflow, or there are too many events";
        return refused;
    }
    auto outcome = execute(instance->second, message, entry);
    if (outcome.status != CallStatus::ok) roll_back(mark);
    return outcome;
}

std::uint64_t MockChain::start_price(const Program& program) {
    return program.instance_gas + (loaded_.contains(program.code_hash) ? 0 : program.load_gas);
}

Outcome MockChain::execute(Instance& instance, const Message& message, Entry entry) {
    Outcome outcome;
    auto& program = *instance.program;  // An upgrade during the run acts from the next call on.
    const auto price = start_price(program);
    if (price > message.gas) {
        outcome.status = CallStatus::trapped;
        outcome.trap = zvm::Trap::out_of_gas;
        outcome.gas_used = message.gas;
        outcome.note = "loading and starting it costs " + std::to_string(price);
        return outcome;
    }
    loaded_.insert(program.code_hash);  // It stays loaded, however the run ends.
    outcome.gas_used = price;
    const auto* const name = entry == Entry::init ? zabi::kInitExport : zabi::kCallExport;
    const auto index = program.module->find_function(name);
    if (!index) {
        const bool is_fine = entry == Entry::init && message.input.empty() && message.value == 0;
        outcome.status = is_fine ? CallStatus::ok : CallStatus::refused;
        if (!is_fine) outcome.note = std::string{"the module does not export "} + name;
        return outcome;
    }
    const auto& type = program.module->function_type(*index);
    auto linked = zvm::Instance::make(program.module, zvm::zvm1_functions());
    if (!linked || !type.params.empty() || !type.results.empty()) {
        outcome.note = linked ? std::string{name} + " must be () -> ()" : base::to_string(linked.error());
        return outcome;
    }
    auto& wasm = **linked;
    const auto machine = zvm::Machine::make();
    std::int64_t unmetered = INT64_MAX;
    outcome.trap = wasm.initialise(*machine, unmetered);
    const auto limit = static_cast<std::int64_t>(std::min<std::uint64_t>(message.gas - price, INT64_MAX));
    auto gas = limit;
    Frame frame{*this, message};
    if (outcome.trap == zvm::Trap::none) {
        active_.push_back(&frame);
        outcome.trap = machine->run(*wasm.function(*index), {}, {}, gas,
                                    {.context = static_cast<zvm::ContractHost*>(&frame), .metered = true});
        active_.pop_back();
    }
    outcome.gas_used += static_cast<std::uint64_t>(limit - gas);
    for (std::size_t i = 0; i < program.ran.size(); ++i) {
        const auto counter = wasm.find_export("~block" + std::to_string(i));
        if (counter && counter->global && counter->global->value) program.ran[i] = 1;
    }
    switch (outcome.trap) {
        case zvm::Trap::none: outcome.status = CallStatus::ok; break;
        case zvm::Trap::reverted: outcome.status = CallStatus::reverted; break;
        default: outcome.status = CallStatus::trapped; break;
    }
    if (outcome.status == CallStatus::trapped) {
        for (const auto& entry_of_trace : machine->trace(*program.module)) outcome.trace.push_back(entry_of_trace.name);
        return outcome;
    }
    outcome.output = std::move(frame.output);
    if (outcome.status == CallStatus::ok && on_call)
        on_call(program, message.input, entry == Entry::init, outcome.gas_used);
    return outcome;
}

}  // namespace contract_kit

#include "contract_run.hpp"

#include <algorithm>

#include "contract_frame.hpp"
#include "ledger/codec.hpp"
#include "zvm/contract.hpp"
#include "zvm/machine.hpp"

namespace ledger {
namespace {

/// The engine's verdict on a code, the same on every node with the chain's engine version; else this host is short of
/// memory.
bool is_refusal(const base::Error& error) noexcept {
    return error.domain == &zvm::error_domain(zvm::Errc{}) && !error.is(zvm::Errc::out_of_memory);
}

}  // namespace

ContractRun::ContractRun(Overlay& state, std::shared_ptr<ContractRunner> runner, Env env, std::vector<Event>& events)
    : state_{state}, runner_{std::move(runner)}, env_{env}, events_{events} {}

bool ContractRun::add_event(Event event, std::size_t bytes) {
    if (event_count_ == kContractEventsMax || bytes > kContractEventBytesMax - event_bytes_) return false;
    ++event_count_;
    event_bytes_ += bytes;
    events_.push_back(std::move(event));
    return true;
}

base::Result<ExecStatus> ContractRun::move(const Address& from, const Address& to, const AssetId& asset,
                                           Amount amount) {
    GC_TRY(const auto have, state_.balance(from, asset));
    if (have < amount) return ExecStatus::insufficient_balance;
    GC_CHECK(state_.set_balance(from, asset, have - amount));
    GC_TRY(const auto had, state_.balance(to, asset));
    const auto sum = base::checked_add(had, amount);
    if (!sum || !add_event(TransferEvent{from, to, asset, amount})) {
        GC_CHECK(state_.set_balance(from, asset, have));
        return sum ? ExecStatus::contract_trapped : ExecStatus::balance_overflow;
    }
    GC_CHECK(state_.set_balance(to, asset, *sum));
    return ExecStatus::success;
}

bool ContractRun::is_stopped() {
    if (!env_.watch || !env_.watch->should_stop()) return false;
    fail(base::fail(Errc::run_stopped).error());
    return true;
}

bool ContractRun::may_enter(const Address& contract) const noexcept {
    // Who is running may be entered again only through a call that it said so about itself.
    return std::all_of(frames_.begin(), frames_.end(),
                       [&](const auto* frame) { return frame->contract() != contract || frame->allows_reentry(); });
}

base::Result<ContractRun::Started> ContractRun::start(const Hash& code_hash, std::uint64_t gas) {
    GC_TRY(const auto info, state_.code_info(code_hash));
    if (!info) return base::fail(Errc::corrupt_chain, "code of a contract is missing");
    const auto held = modules_.find(code_hash);
    const bool first = held == modules_.end();
    // Once a transaction, whether it is in the module cache or not: a node without it must be paid for loading it.
    const auto price = info->instance_gas + (first ? info->load_gas : 0);
    if (price > gas) return Started{.end = End::out_of_gas};
    Started out{.end = End::ok, .module = first ? nullptr : held->second, .gas = gas - price};
    if (!first) return out;
    if (info->code_bytes > kTxCodeBytesMax - module_bytes_) return Started{};
    out.module = runner_->find(code_hash);
    if (!out.module) {
        // A block may load hundreds of codes: none of them stays in the overlay.
        GC_TRY(const auto code, state_.read_once(code_key(code_hash)));
        if (!code) return base::fail(Errc::corrupt_chain, "code of a contract is missing");
        auto loaded = runner_->load(code_hash, *code);
        // Stored under an earlier engine, refused by this one: the call fails and pays for the attempt, the block goes
        // on.
        if (!loaded && is_refusal(loaded.error())) return Started{.gas_spent = price};
        GC_TRY(out.module, std::move(loaded));
    }
    modules_.emplace(code_hash, out.module);
    module_bytes_ += info->code_bytes;
    return out;
}

std::vector<TraceFrame> ContractRun::take_trace() {
    struct Named {
        std::vector<std::uint32_t> functions;
        std::vector<std::string> names;
        std::size_t next = 0;
    };
    std::map<const zvm::Module*, Named> modules;
    for (const auto& place : trace_) modules[place.module.get()].functions.push_back(place.function);
    for (auto& [module, named] : modules) named.names = module->function_names(named.functions);
    std::vector<TraceFrame> out;
    for (const auto& place : trace_) {
        auto& named = modules[place.module.get()];
        out.push_back({place.contract, std::move(named.names[named.next++])});
    }
    trace_.clear();
    return out;
}

ContractRun::FrameResult ContractRun::enter(const Entry& entry) {
    if (error_ || is_stopped() || frames_.size() >= zvm::kContractDepth || !may_enter(entry.contract)) return {};
    const auto mark = state_.mark();
    const auto event_mark = events_.size();
    const auto bytes_mark = event_bytes_;
    const auto count_mark = event_count_;
    const auto undo = [&](End end, std::uint64_t gas_used) {
        state_.rollback(mark);
        events_.resize(event_mark);
        event_bytes_ = bytes_mark;
        event_count_ = count_mark;
        return FrameResult{.end = end, .gas_used = gas_used, .output = {}};
    };
    if (entry.value > 0) {
        const auto moved = keep(move(entry.caller, entry.contract, kGcc, entry.value));
        if (moved == ExecStatus::insufficient_balance) return undo(End::insufficient_balance, 0);
        if (moved != ExecStatus::success) return undo(End::refused, 0);
    }
    auto started = keep(start(entry.code_hash, entry.gas));
    if (!started) return undo(End::refused, 0);
    if (started->end != End::ok) {
        return undo(started->end, started->end == End::out_of_gas ? entry.gas : started->gas_spent);
    }
    auto gas = static_cast<std::int64_t>(started->gas);
    auto result = run_entry(entry, started->module, gas);
    const auto used = entry.gas - static_cast<std::uint64_t>(gas);
    if (result.end != End::ok || error_) {
        auto output = std::move(result.output);
        result = undo(result.end == End::ok ? End::refused : result.end, used);
        if (result.end == End::reverted) result.output = std::move(output);
        return result;
    }
    result.gas_used = used;
    return result;
}

ContractRun::FrameResult ContractRun::run_entry(const Entry& entry, const std::shared_ptr<const zvm::Module>& module,
                                                std::int64_t& gas) {
    FrameResult result{.end = End::ok};
    const auto function = module->find_function(entry.function);
    if (!function) {
        // Only `init` may be missing, and what is given to it would be lost.
        if (entry.value > 0 || !entry.input.empty()) result.end = End::refused;
        return result;
    }
    auto& machine = runner_->machine(frames_.size());
    auto linked = runner_->pool().acquire(module);
    if (!linked && is_refusal(linked.error())) return {};  // It linked when it was deployed, with an earlier engine.
    const auto instance = keep(std::move(linked));
    if (!instance) return {};  // This host is short of memory, not the contract wrong.
    ContractFrame frame{*this, entry};
    zvm::ContractHost* const host = &frame;
    frames_.push_back(&frame);
    const auto trap =
        machine.run(*(*instance)->function(*function), {}, {}, gas, {.context = host, .watch = env_.watch});
    frames_.pop_back();
    if (trap == zvm::Trap::none) {
        trace_.clear();  // What failed below did not matter to this one.
    } else if (env_.trace && trace_.size() < kTraceMax) {
        for (const auto at : machine.trace_functions(*module, std::min<std::size_t>(64, kTraceMax - trace_.size())))
            trace_.push_back({entry.contract, module, at});
    }
    switch (trap) {
        case zvm::Trap::none: result.output = frame.take_output(); break;
        case zvm::Trap::reverted:
            result.end = End::reverted;
            result.output = frame.take_output();
            break;
        case zvm::Trap::out_of_gas: result.end = End::out_of_gas; break;
        case zvm::Trap::unreachable:
        case zvm::Trap::divide_by_zero:
        case zvm::Trap::integer_overflow:
        case zvm::Trap::invalid_conversion:
        case zvm::Trap::memory_bounds:
        case zvm::Trap::table_bounds:
        case zvm::Trap::undefined_element:
        case zvm::Trap::uninitialized_element:
        case zvm::Trap::indirect_mismatch:
        case zvm::Trap::stack_exhausted:
        case zvm::Trap::host_refused: result.end = End::trapped; break;
        case zvm::Trap::interrupted: fail(base::fail(Errc::run_stopped).error()); break;
    }
    return result;
}

ContractRun::FrameResult ContractRun::construct(const Address& creator, const Hash& code_hash, Entry entry) {
    const auto info = keep(state_.code_info(code_hash));
    const auto existing = keep(state_.contract(entry.contract));
    if (!info || !*info || !existing || *existing) return {};
    const auto mark = state_.mark();
    const auto event_mark = events_.size();
    const auto count_mark = event_count_;
    if (auto set = state_.set_contract(entry.contract, {.code_hash = code_hash, .owner = creator, .upgrade = {}}); !set)
        fail(set.error());
    FrameResult result;
    if (add_event(ContractDeployedEvent{entry.contract, creator, code_hash})) result = enter(entry);
    if (result.end != End::ok) {
        state_.rollback(mark);
        events_.resize(event_mark);
        event_count_ = count_mark;
    }
    return result;
}

base::Result<ContractRun::Outcome> ContractRun::finish(FrameResult result) {
    if (error_) return std::unexpected{*error_};
    Outcome out{.gas_used = result.gas_used, .output = std::move(result.output)};
    switch (result.end) {
        case End::ok: break;
        case End::reverted: out.status = ExecStatus::contract_reverted; break;
        case End::trapped:
        case End::refused: out.status = ExecStatus::contract_trapped; break;
        case End::out_of_gas: out.status = ExecStatus::out_of_gas; break;
        case End::insufficient_balance: out.status = ExecStatus::insufficient_balance; break;
    }
    return out;
}

base::Result<ContractRun::Outcome> ContractRun::call(const ContractCall& msg, std::uint64_t gas) {
    GC_TRY(const auto contract, state_.contract(msg.contract));
    if (!contract) return Outcome{.status = ExecStatus::contract_unknown, .output = {}};
    return finish(enter({.contract = msg.contract,
                         .code_hash = contract->code_at(env_.block.time_ms),
                         .function = kEntryCall,
                         .caller = env_.origin,
                         .value = msg.value,
                         .input = msg.input,
                         .gas = gas}));
}

base::Result<ExecStatus> ContractRun::store_code(const Hash& code_hash, base::ByteView code, std::uint64_t& gas) {
    GC_TRY(const auto known, state_.code_info(code_hash));
    if (known) return ExecStatus::success;
    if (env_.rules.native->code_new > gas) return ExecStatus::out_of_gas;
    gas -= env_.rules.native->code_new;
    const auto module = runner_->load(code_hash, code);
    if (!module && !is_refusal(module.error())) return std::unexpected{module.error()};
    if (!module || zvm::contract_problem(**module)) return ExecStatus::code_invalid;
    if (const auto linked = runner_->pool().acquire(*module); !linked) {
        if (!is_refusal(linked.error())) return std::unexpected{linked.error()};
        return ExecStatus::code_invalid;
    }
    GC_CHECK(state_.set_record(code_info_key(code_hash), encode(code_info_of(**module, code))));
    GC_CHECK(state_.set_record(code_key(code_hash), base::to_bytes(code)));
    return ExecStatus::success;
}

base::Result<ContractRun::Outcome> ContractRun::deploy(const ContractDeploy& msg, std::uint64_t gas) {
    const auto hash = code_hash(msg.code);
    const auto address = contract_address(env_.origin, msg.salt, hash);
    GC_TRY(const auto existing, state_.contract(address));
    if (existing) return Outcome{.status = ExecStatus::contract_exists, .output = {}};
    const auto given = gas;
    GC_TRY(const auto stored, store_code(hash, msg.code, gas));
    if (stored != ExecStatus::success) return Outcome{.status = stored, .gas_used = given - gas, .output = {}};
    auto result = construct(env_.origin, hash,
                            {.contract = address,
                             .code_hash = hash,
                             .function = kEntryInit,
                             .caller = env_.origin,
                             .value = msg.value,
                             .input = msg.input,
                             .gas = gas});
    const bool refused = result.end == End::refused;
    GC_TRY(auto outcome, finish(std::move(result)));
    if (refused) outcome.status = ExecStatus::code_invalid;
    outcome.gas_used += given - gas;
    return outcome;
}

base::Result<ExecStatus> ContractRun::set_upgrade(const Address& address, Contract contract, const Hash& code_hash) {
    const auto now = env_.block.time_ms;
    contract.code_hash = contract.code_at(now);
    contract.upgrade.reset();
    auto ready = now;
    if (code_hash != contract.code_hash) {
        GC_TRY(const auto info, state_.code_info(code_hash));
        if (!info) return ExecStatus::code_unknown;
        ready = now + env_.params.contract_upgrade_delay_ms;
        contract.upgrade = {.code_hash = code_hash, .ready_ms = ready};
    }
    if (!add_event(ContractUpgradeEvent{address, code_hash, ready})) return ExecStatus::contract_trapped;
    GC_CHECK(state_.set_contract(address, contract));
    return ExecStatus::success;
}

base::Result<ContractRun::Outcome> ContractRun::upgrade(const ContractUpgrade& msg, std::uint64_t gas) {
    Outcome out{.output = {}};
    GC_TRY(const auto contract, state_.contract(msg.contract));
    if (!contract || contract->owner != env_.origin) {
        out.status = contract ? ExecStatus::not_contract_owner : ExecStatus::contract_unknown;
        return out;
    }
    if (!msg.code.empty()) {
        const auto given = gas;
        GC_TRY(out.status, store_code(msg.code_hash, msg.code, gas));
        out.gas_used = given - gas;
        if (out.status != ExecStatus::success) return out;
    }
    GC_TRY(out.status, set_upgrade(msg.contract, *contract, msg.code_hash));
    return out;
}

base::Result<ContractResult> query_contract(const StateReader& state, const BlockContext& context,
                                            const Hash& genesis_hash, const CallQuery& query, ContractEngine& engine,
                                            zvm::Watch* watch) {
    Overlay overlay{state};
    GC_TRY(const auto params, overlay.params());
    if (query.call.value > 0) {
        GC_TRY(const auto balance, overlay.balance(query.caller, kGcc));
        const auto sum = base::checked_add(balance, query.call.value);
        if (!sum) return base::fail(Errc::bad_amount, "value");
        GC_CHECK(overlay.set_balance(query.caller, kGcc, *sum));
    }
    ContractResult out;
    ContractRun run{overlay,
                    engine.runner(),
                    {.block = context,
                     .params = params,
                     .rules = rules_of(params),
                     .origin = query.caller,
                     .genesis_hash = genesis_hash,
                     .trace = true,
                     .watch = watch},
                    out.events};
    GC_TRY(auto outcome, run.call(query.call, std::min(query.gas_limit, params.block_gas_limit)));
    out.status = outcome.status;
    out.gas_used = outcome.gas_used;
    out.output = std::move(outcome.output);
    if (out.status != ExecStatus::success) {
        out.events.clear();
        out.trace = run.take_trace();
    }
    out.keys = overlay.keys();
    return out;
}

}  // namespace ledger

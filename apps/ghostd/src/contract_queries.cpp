#include "contract_queries.hpp"

#include <fmt/format.h>
#include <time.h>

#include <algorithm>

#include "queries.hpp"
#include "query_parts.hpp"
#include "views.hpp"
#include "zabi/schema.hpp"

namespace ghostd::queries {
namespace {

using rpc::StatusCode;

constexpr std::size_t kProofsMax = 64;
constexpr std::size_t kProvenBytesMax = 1u << 20;
/// Beyond what a run used: a block later, the state is not quite the one that it ran on.
constexpr std::uint64_t kGasMargin = 10'000;

ledger::BlockContext next_block(const ledger::ChainView& view, std::uint64_t now_ms) {
    const auto& head = view.head();
    return {.height = head.header.height + 1,
            .time_ms = std::max(now_ms, head.header.time_ms + 1),
            .proposer = {},
            .base_fee = head.next_base_fee};
}

v1::RunResult result_of(ledger::ExecStatus status) {
    switch (status) {
        case ledger::ExecStatus::success: return v1::RUN_RESULT_OK;
        case ledger::ExecStatus::contract_reverted: return v1::RUN_RESULT_REVERTED;
        case ledger::ExecStatus::contract_trapped: return v1::RUN_RESULT_TRAPPED;
        case ledger::ExecStatus::out_of_gas: return v1::RUN_RESULT_OUT_OF_GAS;
        case ledger::ExecStatus::insufficient_balance:
        case ledger::ExecStatus::asset_unknown:
        case ledger::ExecStatus::asset_exists:
        case ledger::ExecStatus::not_asset_owner:
        case ledger::ExecStatus::not_mintable:
        case ledger::ExecStatus::supply_overflow:
        case ledger::ExecStatus::balance_overflow:
        case ledger::ExecStatus::contract_unknown:
        case ledger::ExecStatus::contract_exists:
        case ledger::ExecStatus::code_invalid:
        case ledger::ExecStatus::code_unknown:
        case ledger::ExecStatus::not_contract_owner: break;
    }
    return v1::RUN_RESULT_REFUSED;
}

/// What both responses have.
template <typename Response>
void fill(Response& out, const ledger::ContractResult& ran) {
    out.set_result(result_of(ran.status));
    if (ran.status != ledger::ExecStatus::success) out.set_error(std::string{ledger::describe(ran.status)});
    views::set_bytes(*out.mutable_output(), ran.output);
    out.set_gas_used(ran.gas_used);
    for (const auto& event : ran.events) *out.add_events() = views::event(event);
    for (const auto& frame : ran.trace) {
        auto& wire = *out.add_trace();
        wire.set_contract(frame.contract.to_text());
        wire.set_function(frame.function);
    }
}

std::unexpected<rpc::Status> run_failed(const base::Error& error, const RunLimits& limits) {
    if (error.is(ledger::Errc::run_stopped)) return std::unexpected{limits.watch.status()};
    if (error.domain == &ledger::error_domain(ledger::Errc{}) && !error.is(ledger::Errc::corrupt_chain))
        return rpc::error(StatusCode::invalid_argument, base::to_string(error));
    return read_failed(error);
}

rpc::StatusOr<ledger::Contract> contract_record(const ledger::ChainView& view, const ledger::Address& address) {
    GHOSTD_READ(const auto bytes, view.state(ledger::contract_key(address)));
    if (!bytes) return rpc::error(StatusCode::not_found, "there is no contract at this address");
    GHOSTD_READ(const auto record, ledger::decode_contract(*bytes));
    return record;
}

std::uint64_t thread_cpu_ns() noexcept {
    timespec spent{};
    ::clock_gettime(CLOCK_THREAD_CPUTIME_ID, &spent);
    return static_cast<std::uint64_t>(spent.tv_sec) * 1'000'000'000 + static_cast<std::uint64_t>(spent.tv_nsec);
}

/// Codes are named by their hash, so their bytes need no proof.
bool needs_proof(const std::string& key) { return !key.starts_with("w/"); }

}  // namespace

RunWatch::RunWatch(std::function<bool()> is_cancelled, std::uint64_t cpu_ms_max)
    : is_cancelled_{std::move(is_cancelled)},
      cpu_ms_max_{cpu_ms_max},
      end_ns_{thread_cpu_ns() + cpu_ms_max * 1'000'000} {}

bool RunWatch::should_stop() noexcept {
    if (end_ != End::none) return true;
    if (is_cancelled_()) {
        end_ = End::cancelled;
    } else if (thread_cpu_ns() >= end_ns_) {
        end_ = End::out_of_time;
    }
    return end_ != End::none;
}

rpc::Status RunWatch::status() const {
    if (end_ == End::cancelled) return {StatusCode::cancelled, "nobody waits for it any more"};
    return {StatusCode::resource_exhausted,
            fmt::format("it takes more than the {} ms of processor time that this node gives a call", cpu_ms_max_)};
}

rpc::StatusOr<v1::CallContractResponse> call_contract(const ledger::ChainView& view,
                                                      const v1::CallContractRequest& request, const RunLimits& limits) {
    ledger::CallQuery query;
    GC_TRY(query.call.contract, address_of(request.contract()));
    if (!request.caller().empty()) {
        GC_TRY(query.caller, address_of(request.caller()));
    }
    if (request.input().size() > ledger::kContractInputMax)
        return rpc::error(StatusCode::invalid_argument,
                          fmt::format("input has at most {} bytes", ledger::kContractInputMax));
    query.call.input = base::to_bytes(base::as_bytes(request.input()));
    if (!request.value().empty()) {
        const auto value = base::u128_from_string(request.value());
        if (!value) return rpc::error(StatusCode::invalid_argument, "value is a decimal number of agcc");
        query.call.value = *value;
    }
    query.gas_limit = request.gas_limit() == 0 ? limits.gas_max : std::min(request.gas_limit(), limits.gas_max);
    const ledger::ViewReader reader{view};
    const auto context = next_block(view, limits.now_ms);
    auto ran = ledger::query_contract(reader, context, limits.genesis_hash, query, limits.engine, &limits.watch);
    if (!ran) return run_failed(ran.error(), limits);
    if (ran->status == ledger::ExecStatus::contract_unknown)
        return rpc::error(StatusCode::not_found, "there is no contract at this address");
    v1::CallContractResponse out;
    fill(out, *ran);
    out.set_height(view.head().header.height);
    views::set_bytes(*out.mutable_block_hash(), view.head().hash);
    out.set_time_ms(context.time_ms);
    if (!request.prove()) return out;
    std::sort(ran->keys.begin(), ran->keys.end());
    std::size_t bytes = 0;
    out.set_proofs_complete(true);
    for (const auto& key : ran->keys) {
        if (!needs_proof(key)) continue;
        if (static_cast<std::size_t>(out.proofs_size()) == kProofsMax || bytes > kProvenBytesMax) {
            out.set_proofs_complete(false);
            break;
        }
        GC_TRY(*out.add_proofs(), proof_of_key(view, key, view.head().header.height));
        bytes += out.proofs().rbegin()->ByteSizeLong();
    }
    return out;
}

rpc::StatusOr<v1::SimulateResponse> simulate(const ledger::ChainView& view, const v1::SimulateRequest& request,
                                             const RunLimits& limits) {
    ledger::Tx tx;
    const auto decoded = [&]() -> base::Result<void> {
        if (request.what_case() == v1::SimulateRequest::kUnsignedTx) {
            GC_TRY(tx, ledger::decode_tx(base::as_bytes(request.unsigned_tx())));
        } else {
            GC_TRY(auto signed_tx, ledger::decode_signed_tx(base::as_bytes(request.raw())));
            tx = std::move(signed_tx.tx);
        }
        return {};
    }();
    if (!decoded) return rpc::error(StatusCode::invalid_argument, base::to_string(decoded.error()));
    tx.genesis_hash = limits.genesis_hash;
    const auto most = ledger::gas_bound(tx, ledger::rules_of(view.head().params)) + limits.gas_max;
    tx.gas_limit = tx.gas_limit == 0 ? most : std::min(tx.gas_limit, most);
    const ledger::ViewReader reader{view};
    const auto ran =
        ledger::simulate(reader, next_block(view, limits.now_ms), std::move(tx), limits.engine, &limits.watch);
    if (!ran) return run_failed(ran.error(), limits);
    v1::SimulateResponse out;
    fill(out, *ran);
    out.set_execution(ran->status == ledger::ExecStatus::success ? v1::EXECUTION_STATUS_SUCCESS
                                                                 : v1::EXECUTION_STATUS_FAILED);
    out.set_height(view.head().header.height);
    return out;
}

bool needs_run(const v1::EstimateFeeRequest& request) {
    if (request.raw().size() > ledger::kCodeTxBytesMax) return false;
    const auto tx = ledger::decode_signed_tx(base::as_bytes(request.raw()));
    return tx && std::any_of(tx->tx.msgs.begin(), tx->tx.msgs.end(), [](const ledger::Msg& msg) {
               return std::holds_alternative<ledger::ContractDeploy>(msg) ||
                      std::holds_alternative<ledger::ContractCall>(msg) ||
                      std::holds_alternative<ledger::ContractUpgrade>(msg);
           });
}

rpc::StatusOr<v1::FeeEstimate> fee_of_run(const ledger::ChainView& view, const v1::EstimateFeeRequest& request,
                                          const RunLimits& limits) {
    auto decoded = ledger::decode_signed_tx(base::as_bytes(request.raw()));
    if (!decoded) return rpc::error(StatusCode::invalid_argument, base::to_string(decoded.error()));
    auto tx = std::move(decoded->tx);
    tx.genesis_hash = limits.genesis_hash;
    const auto& rules = ledger::rules_of(view.head().params);
    const auto least = ledger::native_gas(tx, rules);
    const auto native = ledger::gas_bound(tx, rules);
    const auto allowed = ledger::tx_gas_limit_max(view.head().params);
    if (native > allowed) return gas_beyond(native, allowed);
    const auto most = std::min(native + limits.gas_max, allowed);
    const ledger::ViewReader reader{view};
    const auto context = next_block(view, limits.now_ms);
    tx.gas_limit = most;
    const auto ran = ledger::simulate(reader, context, tx, limits.engine, &limits.watch);
    if (!ran) return run_failed(ran.error(), limits);
    // Who has a balance now may have none then, and the other way round.
    auto limit = std::min(
        most, ran->gas_used + (ran->gas_used - std::min(ran->gas_used, least)) / 4 + (native - least) + kGasMargin);
    // A callee gets 63/64 of what is left, so what was enough to run may need more to be given. What is tried costs no
    // more than three runs at the bound; then the bound, which was enough, is the answer.
    auto tried = ran->gas_used;
    while (ran->status == ledger::ExecStatus::success && limit < most) {
        tried += limit;
        if (tried > 3 * limits.gas_max) {
            limit = most;
            break;
        }
        tx.gas_limit = limit;
        const auto again = ledger::simulate(reader, context, tx, limits.engine, &limits.watch);
        if (!again) return run_failed(again.error(), limits);
        if (again->status == ledger::ExecStatus::success) break;
        limit = std::min(most, limit * 2);
    }
    GC_TRY(auto out, fee_of_gas(view.head(), limit));
    out.set_gas_used(ran->gas_used);
    if (ran->status != ledger::ExecStatus::success) out.set_error(std::string{ledger::describe(ran->status)});
    if (ran->status == ledger::ExecStatus::out_of_gas && most == allowed)
        out.set_error(fmt::format("it needs more than the {} gas that the chain allows one transaction", allowed));
    return out;
}

rpc::StatusOr<v1::Contract> contract(const ledger::ChainView& view, const v1::ContractRequest& request,
                                     std::uint64_t now_ms) {
    GC_TRY(const auto address, address_of(request.contract()));
    GC_TRY(const auto record, contract_record(view, address));
    GHOSTD_READ(const auto balance, view.balance(address, ledger::kGcc));
    const auto time_ms = next_block(view, now_ms).time_ms;
    const auto& hash = record.code_at(time_ms);
    GHOSTD_READ(const auto bytes, view.state(ledger::code_key(hash)));
    if (!bytes) return rpc::error(StatusCode::internal, "the contract's code is not stored");
    v1::Contract out;
    out.set_contract(address.to_text());
    out.set_owner(record.owner.to_text());
    views::set_bytes(*out.mutable_code_hash(), hash);
    out.set_code_bytes(static_cast<std::uint32_t>(bytes->size()));
    if (record.upgrade && time_ms < record.upgrade->ready_ms) {
        views::set_bytes(*out.mutable_pending_code_hash(), record.upgrade->code_hash);
        out.set_pending_ready_ms(record.upgrade->ready_ms);
    }
    out.set_balance(base::to_string(balance));
    if (const auto abi = zabi::find_section(*bytes)) views::set_bytes(*out.mutable_abi(), *abi);
    out.set_height(view.head().header.height);
    return out;
}

rpc::StatusOr<v1::Code> code(const ledger::ChainView& view, const v1::CodeRequest& request, std::uint64_t now_ms) {
    ledger::Hash hash{};
    if (request.which_case() == v1::CodeRequest::kContract) {
        GC_TRY(const auto address, address_of(request.contract()));
        GC_TRY(const auto record, contract_record(view, address));
        hash = record.code_at(next_block(view, now_ms).time_ms);
    } else {
        const auto given = base::to_fixed<32>(base::as_bytes(request.code_hash()));
        if (!given) return rpc::error(StatusCode::invalid_argument, "code_hash has 32 bytes");
        hash = *given;
    }
    GHOSTD_READ(const auto bytes, view.state(ledger::code_key(hash)));
    if (!bytes) return rpc::error(StatusCode::not_found, "there is no code with this hash");
    v1::Code out;
    views::set_bytes(*out.mutable_code_hash(), hash);
    views::set_bytes(*out.mutable_code(), *bytes);
    return out;
}

}  // namespace ghostd::queries

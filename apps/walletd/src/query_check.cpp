#include "query_check.hpp"

#include <algorithm>

#include "ledger/codec.hpp"
#include "zabi/schema.hpp"
#include "zcrypto/hash.hpp"

namespace walletd {
namespace {

using ledger::ExecStatus;

chain::RunResult run_result(ExecStatus status) {
    switch (status) {
        case ExecStatus::success: return chain::RUN_RESULT_OK;
        case ExecStatus::contract_reverted: return chain::RUN_RESULT_REVERTED;
        case ExecStatus::contract_trapped: return chain::RUN_RESULT_TRAPPED;
        case ExecStatus::out_of_gas: return chain::RUN_RESULT_OUT_OF_GAS;
        case ExecStatus::insufficient_balance:
        case ExecStatus::asset_unknown:
        case ExecStatus::asset_exists:
        case ExecStatus::not_asset_owner:
        case ExecStatus::not_mintable:
        case ExecStatus::supply_overflow:
        case ExecStatus::balance_overflow:
        case ExecStatus::contract_unknown:
        case ExecStatus::contract_exists:
        case ExecStatus::code_invalid:
        case ExecStatus::code_unknown:
        case ExecStatus::not_contract_owner: break;
    }
    return chain::RUN_RESULT_REFUSED;
}

/// Of a contract's record, not of a slot.
bool is_contract_key(std::string_view key) {
    return key.starts_with("c/") && key.size() == ledger::contract_key({}).size();
}

base::Result<void> check_time(std::uint64_t time_ms, const ledger::BlockHeader& header, std::uint64_t now_ms) {
    if (time_ms <= header.time_ms) return base::fail(Errc::bad_proof, "a block time before that of the proved block");
    const auto newest = std::max(now_ms, header.time_ms) + kQueryClockSkewMaxMs;
    if (time_ms > newest || time_ms + kQueryClockSkewMaxMs < now_ms)
        return base::fail(Errc::bad_proof, "the node's clock and this one are more than two minutes apart");
    return {};
}

base::Result<ledger::CodeInfo> check_hash(const ledger::Hash& hash, base::ByteView code) {
    if (code.size() > ledger::kCodeBytesMax || ledger::code_hash(code) != hash)
        return base::fail(Errc::bad_proof, "other code than the contract's record names");
    const auto info = ledger::check_code(code);
    if (!info) return base::fail(Errc::bad_proof, "the contract's code is no contract");
    return *info;
}

}  // namespace

base::Result<ProvedState> ProvedState::make(const chain::CallContractResponse& answer, const Trust& trust,
                                            const Bounds& bounds) {
    if (!answer.proofs_complete() || answer.proofs().empty())
        return base::fail(Errc::bad_proof, "not everything that the run read is proved");
    ProvedState out;
    const auto& first = answer.proofs(0);
    // One certificate for all: the others need nothing but the same header.
    const Trust same_header{.chain = trust.chain, .validators = {}};
    for (const auto& proof : answer.proofs()) {
        if (proof.raw_header() != first.raw_header()) return base::fail(Errc::bad_proof, "proofs of different blocks");
        const auto& checked_against = &proof == &first ? trust : same_header;
        GC_TRY(auto proved, check_proof(proof, checked_against, base::as_bytes(proof.key()), bounds.height_min));
        if (&proof == &first) out.final_ = proved.final;
        // Codes are named by their hash: add_code() brings them, never a proof's word.
        if (!proof.key().starts_with("w/")) out.records_.emplace(proof.key(), std::move(proved.value));
    }
    GC_TRY(const auto header, ledger::decode_header(base::as_bytes(first.raw_header())));
    if (answer.height() != header.height ||
        !base::equal(base::as_bytes(answer.block_hash()), ledger::block_hash(header)))
        return base::fail(Errc::bad_proof, "the answer is about another block than its proofs");
    GC_CHECK(check_time(answer.time_ms(), header, bounds.now_ms));
    out.context_ = {.height = header.height + 1, .time_ms = answer.time_ms(), .proposer = {}, .base_fee = {}};
    return out;
}

base::Result<std::vector<ledger::Hash>> ProvedState::code_hashes() const {
    std::vector<ledger::Hash> out;
    for (const auto& [key, value] : records_) {
        if (!value || !is_contract_key(key)) continue;
        const auto contract = ledger::decode_contract(*value);
        if (!contract) return base::fail(Errc::bad_proof, "contract record");
        out.push_back(contract->code_at(context_.time_ms));
    }
    std::sort(out.begin(), out.end());
    out.erase(std::unique(out.begin(), out.end()), out.end());
    return out;
}

base::Result<void> ProvedState::add_code(const ledger::Hash& hash, base::ByteView code) {
    GC_TRY(const auto info, check_hash(hash, code));
    records_.insert_or_assign(ledger::code_info_key(hash), ledger::encode(info));
    records_.insert_or_assign(ledger::code_key(hash), base::to_bytes(code));
    return {};
}

base::Result<std::optional<base::Bytes>> ProvedState::read(std::string_view key) const {
    const auto found = records_.find(std::string{key});
    if (found != records_.end()) return found->second;
    // Nodes prove no codes, so this is no lie: only the codes of proved contracts are at hand.
    if (key.starts_with("w/")) return base::fail(base::Errc::unavailable, "code of no contract that was read");
    return base::fail(Errc::bad_proof, "the run reads a record that was not proved");
}

base::Result<ledger::ContractResult> replay(const ProvedState& state, const chain::CallContractResponse& answer,
                                            const ledger::CallQuery& query, const ledger::Hash& genesis_hash) {
    ledger::ContractEngine engine;
    GC_TRY(auto ran, ledger::query_contract(state, state.context(), genesis_hash, query, engine));
    if (run_result(ran.status) != answer.result()) return base::fail(Errc::bad_proof, "the run ends otherwise");
    if (!base::equal(base::as_bytes(answer.output()), ran.output))
        return base::fail(Errc::bad_proof, "the run returns something else");
    if (answer.gas_used() != ran.gas_used) return base::fail(Errc::bad_proof, "the run uses other gas");
    return ran;
}

base::Result<CheckedCode> check_named_code(const ledger::Hash& hash, base::ByteView code) {
    GC_TRY(const auto info, check_hash(hash, code));
    CheckedCode out{.info = info, .abi = {}};
    if (info.abi_hash == ledger::Hash{}) return out;
    const auto abi = zabi::find_section(code);
    if (!abi && abi.error().is(base::Errc::out_of_range)) return out;  // too long for any reader of schemas
    // Two readers of one module must not find two schemas in it.
    if (!abi || zcrypto::blake3(*abi) != info.abi_hash)
        return base::fail(Errc::bad_proof, "the code's schema is not the one that the chain recorded");
    out.abi = base::to_bytes(*abi);
    return out;
}

}  // namespace walletd

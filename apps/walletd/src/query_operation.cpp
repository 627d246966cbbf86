// query:    reach chain ─▶ CallContract with proofs ─▶ check them ─▶ GetCode of each code ─▶ run again, compare
// contract: reach chain ─▶ GetProof of the record, of its GCC at the same height ─▶ GetCode ─▶ compare its hash
#include <fmt/format.h>

#include "base/clock.hpp"
#include "operations.hpp"
#include "query_check.hpp"

namespace walletd {
namespace {

/// The node's own default: a lower limit of a node is no lie, but what a contract does may depend on it.
constexpr std::uint64_t kGasMax = 100'000'000;
constexpr std::size_t kCodesMax = 16;  ///< Of one query: 256 KiB each at most.

std::uint64_t now_ms() { return base::system_clock().unix_ms(); }

base::Bytes key_bytes(std::string_view key) { return base::to_bytes(base::as_bytes(key)); }

base::Checked<ledger::CallQuery> query_of(const chain::CallContractRequest& request) {
    const auto bad = [](std::string text) { return base::explain(base::Errc::invalid_argument, std::move(text)); };
    ledger::CallQuery query;
    GC_TRY(query.call.contract, gcrypt::Address::parse_checked(request.contract()));
    if (!request.caller().empty()) {
        GC_TRY(query.caller, gcrypt::Address::parse_checked(request.caller()));
    }
    if (request.input().size() > ledger::kContractInputMax)
        return bad(fmt::format("input has at most {} bytes", ledger::kContractInputMax));
    query.call.input = base::to_bytes(base::as_bytes(request.input()));
    if (!request.value().empty()) {
        const auto value = base::u128_from_string(request.value());
        if (!value) return bad("the value is a number of agcc");
        query.call.value = *value;
    }
    query.gas_limit = request.gas_limit() == 0 ? kGasMax : std::min(request.gas_limit(), kGasMax);
    return query;
}

/// What a caller of QueryContract gets of a run: nothing in it is the node's word.
void fill(chain::CallContractResponse& out, const ledger::ContractResult& ran) {
    out.clear_events();
    out.clear_trace();
    out.clear_error();
    if (ran.status != ledger::ExecStatus::success) out.set_error(std::string{ledger::describe(ran.status)});
    for (const auto& frame : ran.trace) {
        auto& wire = *out.add_trace();
        wire.set_contract(frame.contract.to_text());
        wire.set_function(frame.function);
    }
}

class QueryOperation : public std::enable_shared_from_this<QueryOperation> {
 public:
    QueryOperation(Core& core, rpc::Responder<wallet::ContractAnswer> done) : core_{core}, done_{std::move(done)} {}

    void start(chain::CallContractRequest request) {
        auto query = query_of(request);
        if (!query) return fail(status_for(query.error()));
        query_ = std::move(*query);
        keep_proofs_ = request.prove();
        request.set_prove(true);
        request.set_gas_limit(query_.gas_limit);
        call_ = reach_chain(
            core_, [self = shared_from_this(), request = std::move(request)](rpc::StatusOr<chain::Status> status) {
                if (!status) return self->fail(std::move(status).error());
                self->height_min_ = proof_height_min(self->core_, *status);
                self->ask(request);
            });
    }
    void stop() {
        stopped_ = true;
        call_ = {};
    }

 private:
    void ask(const chain::CallContractRequest& request) {
        call_ = core_.node.call(
            kChainCallContract, request,
            [self = shared_from_this()](rpc::StatusOr<chain::CallContractResponse> answer) {
                if (!answer) return self->fail(std::move(answer).error());
                if (!answer->proofs_complete()) {
                    return self->fail({rpc::StatusCode::failed_precondition,
                                       "rejected: the contract reads more records than the node proves at once"});
                }
                self->answer_ = std::make_shared<const chain::CallContractResponse>(std::move(*answer));
                self->check_proofs();
            });
    }

    // What a lane gets is never this object: the last to let go of it must be the reactor.
    void check_proofs() {
        const ProvedState::Bounds bounds{.height_min = height_min_, .now_ms = now_ms()};
        core_.offload_call<ProvedState>(
            kRunLane,
            [answer = answer_, trust = core_.trust, bounds]() -> base::Checked<ProvedState> {
                auto state = ProvedState::make(*answer, trust, bounds);
                if (!state) return explained(state.error());
                return std::move(*state);
            },
            [self = shared_from_this()](base::Checked<ProvedState> state) {
                if (self->stopped_) return;
                if (!state) return self->fail(status_for(state.error()));
                self->state_ = std::make_shared<ProvedState>(std::move(*state));
                auto hashes = self->state_->code_hashes();
                if (!hashes) return self->fail(status_for(hashes.error()));
                if (hashes->size() > kCodesMax) {
                    return self->fail({rpc::StatusCode::failed_precondition,
                                       fmt::format("rejected: the query runs more than {} codes", kCodesMax)});
                }
                self->hashes_ = std::move(*hashes);
                self->next_code();
            });
    }

    void next_code() {
        if (codes_.size() == hashes_.size()) return run();
        chain::CodeRequest request;
        request.set_code_hash(std::string{base::as_text(hashes_[codes_.size()])});
        call_ = core_.node.call(kChainCode, request, [self = shared_from_this()](rpc::StatusOr<chain::Code> code) {
            if (!code) return self->fail(std::move(code).error());
            self->codes_.push_back(std::move(*code->mutable_code()));
            self->next_code();
        });
    }

    void run() {
        core_.offload_call<ledger::ContractResult>(
            kRunLane,
            [answer = answer_, state = state_, query = query_, hashes = std::move(hashes_), codes = std::move(codes_),
             genesis_hash = core_.trust.chain->genesis_hash]() -> base::Checked<ledger::ContractResult> {
                for (std::size_t i = 0; i < hashes.size(); ++i) {
                    if (const auto added = state->add_code(hashes[i], base::as_bytes(codes[i])); !added)
                        return explained(added.error());
                }
                auto ran = replay(*state, *answer, query, genesis_hash);
                if (!ran) return explained(ran.error());
                return std::move(*ran);
            },
            [self = shared_from_this()](base::Checked<ledger::ContractResult> ran) {
                if (self->stopped_) return;
                if (!ran && ran.error().error.is(base::Errc::unavailable)) {
                    return self->fail({rpc::StatusCode::failed_precondition,
                                       "rejected: the contract would make another or upgrade itself, which cannot be "
                                       "verified before it happens"});
                }
                if (!ran) return self->fail(status_for(ran.error()));
                self->respond(*ran);
            });
    }

    void respond(const ledger::ContractResult& ran) {
        wallet::ContractAnswer out;
        *out.mutable_run() = *answer_;
        fill(*out.mutable_run(), ran);
        if (!keep_proofs_) out.mutable_run()->clear_proofs();
        out.set_verified(state_->final());
        done_.respond(out);
    }

    void fail(rpc::Status status) {
        stopped_ = true;
        done_.fail(std::move(status));
    }

    Core& core_;
    rpc::Responder<wallet::ContractAnswer> done_;
    rpc::CallHandle call_;
    ledger::CallQuery query_;
    std::shared_ptr<const chain::CallContractResponse> answer_;
    std::shared_ptr<ProvedState> state_;
    std::vector<ledger::Hash> hashes_;
    std::vector<std::string> codes_;  ///< The node's, of the first hashes_; checked before they run.
    std::uint64_t height_min_ = 0;
    bool keep_proofs_ = false;
    bool stopped_ = false;
};

class ContractOperation : public std::enable_shared_from_this<ContractOperation> {
 public:
    ContractOperation(Core& core, rpc::Responder<wallet::ContractInfo> done) : core_{core}, done_{std::move(done)} {}

    void start(const std::string& text) {
        const auto address = gcrypt::Address::parse_checked(text);
        if (!address) return fail(status_for(address.error()));
        address_ = *address;
        call_ = reach_chain(core_, [self = shared_from_this()](rpc::StatusOr<chain::Status> status) {
            if (!status) return self->fail(std::move(status).error());
            self->bounds_.height_min = proof_height_min(self->core_, *status);
            self->prove(ledger::contract_key(self->address_),
                        [self](const Proved& proved) { self->on_record(proved); });
        });
    }
    void stop() {
        stopped_ = true;
        call_ = {};
    }

 private:
    void prove(std::string_view key, std::move_only_function<void(const Proved&)> next) {
        call_ =
            walletd::prove(core_, key_bytes(key), bounds_,
                           [self = shared_from_this(), next = std::move(next)](rpc::StatusOr<Proved> proved) mutable {
                               if (!proved) return self->fail(std::move(proved).error());
                               if (self->bounds_.height != 0 && self->bounds_.height != proved->height)
                                   return self->bad("proofs of different blocks");
                               self->bounds_.height = proved->height;
                               self->result_.set_verified(proved->final);
                               next(*proved);
                           });
    }

    void on_record(const Proved& proved) {
        if (!proved.value) return fail({rpc::StatusCode::not_found, "there is no contract at this address"});
        const auto record = ledger::decode_contract(*proved.value);
        if (!record) return bad("contract record");
        auto& out = *result_.mutable_contract();
        const auto time_ms = now_ms();
        hash_ = record->code_at(time_ms);
        out.set_contract(address_.to_text());
        out.set_owner(record->owner.to_text());
        out.set_code_hash(std::string{base::as_text(hash_)});
        out.set_height(proved.height);
        if (record->upgrade && time_ms < record->upgrade->ready_ms) {
            out.set_pending_code_hash(std::string{base::as_text(record->upgrade->code_hash)});
            out.set_pending_ready_ms(record->upgrade->ready_ms);
        }
        prove(ledger::balance_key(address_, ledger::kGcc), [self = shared_from_this()](const Proved& balance) {
            const auto amount = balance.value ? ledger::decode_amount(*balance.value) : ledger::Amount{0};
            if (!amount) return self->bad("balance record");
            self->result_.mutable_contract()->set_balance(base::to_string(*amount));
            self->fetch_code();
        });
    }

    void fetch_code() {
        chain::CodeRequest request;
        request.set_code_hash(std::string{base::as_text(hash_)});
        call_ = core_.node.call(kChainCode, request, [self = shared_from_this()](rpc::StatusOr<chain::Code> code) {
            if (!code) return self->fail(std::move(code).error());
            self->check_code(std::move(*code->mutable_code()));
        });
    }

    void check_code(std::string code) {
        core_.offload_call<CheckedCode>(
            kRunLane,
            [hash = hash_, code = std::move(code)]() -> base::Checked<CheckedCode> {
                auto checked = check_named_code(hash, base::as_bytes(code));
                if (!checked) return explained(checked.error());
                return std::move(*checked);
            },
            [self = shared_from_this()](base::Checked<CheckedCode> checked) {
                if (self->stopped_) return;
                if (!checked) return self->fail(status_for(checked.error()));
                auto& out = *self->result_.mutable_contract();
                out.set_code_bytes(checked->info.code_bytes);
                out.set_abi(std::string{base::as_text(checked->abi)});
                self->done_.respond(self->result_);
            });
    }

    void bad(const char* what) { fail(status_for(base::fail(Errc::bad_proof, what).error())); }
    void fail(rpc::Status status) {
        stopped_ = true;
        done_.fail(std::move(status));
    }

    Core& core_;
    rpc::Responder<wallet::ContractInfo> done_;
    rpc::CallHandle call_;
    ledger::Address address_;
    ledger::Hash hash_{};
    ProofBounds bounds_;
    wallet::ContractInfo result_;
    bool stopped_ = false;
};

}  // namespace

void start_query(Core& core, rpc::CallContext& call, chain::CallContractRequest request,
                 rpc::Responder<wallet::ContractAnswer> done) {
    auto operation = std::make_shared<QueryOperation>(core, std::move(done));
    call.on_cancel([weak = std::weak_ptr{operation}] {
        if (const auto alive = weak.lock()) alive->stop();
    });
    operation->start(std::move(request));
}

void start_contract(Core& core, rpc::CallContext& call, const chain::ContractRequest& request,
                    rpc::Responder<wallet::ContractInfo> done) {
    auto operation = std::make_shared<ContractOperation>(core, std::move(done));
    call.on_cancel([weak = std::weak_ptr{operation}] {
        if (const auto alive = weak.lock()) alive->stop();
    });
    operation->start(request.contract());
}

}  // namespace walletd

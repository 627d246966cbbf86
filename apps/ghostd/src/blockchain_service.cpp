#include "blockchain_service.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "base/clock.hpp"
#include "ghostd/methods.hpp"
#include "queries.hpp"
#include "views.hpp"

namespace ghostd {

namespace v1 = ghost::chain::v1;
using rpc::StatusCode;

namespace {

constexpr std::size_t kQueryModuleBytesMax = 48u << 20;
// A listed caller may hold these parts of what waits; strangers see rpc::CallerShares::Bounds.
constexpr std::size_t kSubmitShares = 2;
constexpr std::size_t kReadShares = 4;
constexpr std::size_t kRunShares = 4;

base::Result<base::Digest> tx_id_of(const v1::TransactionRequest& request) {
    return base::to_fixed<32>(base::as_bytes(request.tx_id()));
}

}  // namespace

BlockchainService::BlockchainService(rpc::Server& server, Chain& chain, Admission& admission, Faucet* faucet,
                                     io::Offload& offload, base::MetricsRegistry& metrics, Options options)
    : chain_{chain},
      admission_{admission},
      faucet_{faucet},
      offload_{offload},
      reactor_{server.reactor()},
      options_{std::move(options)},
      blocks_{chain, offload, reactor_, options_.limits.block_streams_max},
      statuses_{chain, offload, reactor_, options_.limits.status_streams_max},
      events_{chain, offload, reactor_, options_.limits.event_streams_max},
      submit_shares_{rpc::CallerShares::Bounds::of(options_.limits.submit_queue_max, kSubmitShares)},
      read_shares_{rpc::CallerShares::Bounds::of(options_.limits.read_queue_max, kReadShares)},
      run_shares_{rpc::CallerShares::Bounds::of(options_.limits.call_queue_max, kRunShares)},
      runs_metric_{metrics.counter("ghostd_contract_runs_total", "Contract runs of callers that were begun.")},
      runs_skipped_metric_{metrics.counter("ghostd_contract_runs_skipped_total",
                                           "Contract runs not begun because the caller had gone.")},
      runs_stopped_metric_{metrics.counter("ghostd_contract_runs_stopped_total",
                                           "Contract runs ended because the caller had gone or their time was up.")},
      engine_{{.module_bytes_max = kQueryModuleBytesMax,
               .instances_max = 32,
               .runners_max = options_.limits.call_threads}} {
    add_writes(server);
    add_reads(server);
    add_contracts(server);
}

void BlockchainService::finalized(const FinalizedBlockPtr& block) {
    statuses_.finalized(*block);
    blocks_.publish(block);
    events_.publish(block);
}

void BlockchainService::close() {
    blocks_.close();
    events_.close();
    statuses_.close();
}

Admission::Done BlockchainService::answer_with_receipt(rpc::Responder<v1::TransactionReceipt> done) {
    return [this, done = std::move(done)](rpc::StatusOr<base::Digest> id) mutable {
        if (!id) return done.fail(std::move(id).error());
        v1::TransactionReceipt receipt;
        views::set_bytes(*receipt.mutable_tx_id(), *id);
        receipt.set_state(v1::TX_STATE_PENDING);
        // A full inbox costs a subscriber the word "pending", nothing else.
        if (statuses_.watched()) static_cast<void>(reactor_.post([this, id = *id] { statuses_.admitted(id); }));
        done.respond(receipt);
    };
}

void BlockchainService::add_writes(rpc::Server& server) {
    server.add(methods::kSubmitTransaction, [this](rpc::CallContext& context, const v1::Transaction& request,
                                                   rpc::Responder<v1::TransactionReceipt> done) {
        auto ticket = submit_shares_.take(context.caller());
        if (!ticket)
            return done.fail(StatusCode::resource_exhausted, "too many transactions of this caller wait to be checked");
        admission_.submit(base::to_bytes(base::as_bytes(request.raw())),
                          [ticket = std::move(ticket),
                           answer = answer_with_receipt(std::move(done))](rpc::StatusOr<base::Digest> id) mutable {
                              ticket = {};  // before the answer: whoever has it can send the next
                              answer(std::move(id));
                          });
    });
    server.add(methods::kFaucet, [this](rpc::CallContext&, const v1::FaucetRequest& request,
                                        rpc::Responder<v1::TransactionReceipt> done) {
        if (!faucet_)
            return done.fail(StatusCode::permission_denied, "this chain has no faucet; development chains have");
        const auto to = ledger::Address::parse_checked(request.address());
        if (!to) return done.fail(StatusCode::invalid_argument, to.error().text);
        faucet_->pay(*to, request.amount(), answer_with_receipt(std::move(done)));
    });
}

template <typename Res>
void BlockchainService::read(const rpc::CallContext& context, rpc::Responder<Res> done,
                             std::move_only_function<rpc::StatusOr<Res>(const ledger::ChainView&)> query) {
    // The place in the lane is the call's until the lane has come to it, whether somebody waits for it still or not.
    auto ticket = read_shares_.take(context.caller());
    if (!ticket)
        return done.fail(StatusCode::resource_exhausted, "too many reads of this caller wait for the database");
    // Shared, so that it can still be answered when the lane refuses the task.
    const auto responder = std::make_shared<rpc::Responder<Res>>(std::move(done));
    const auto asked = offload_.submit(
        "read", [this, context, responder, ticket = std::move(ticket), query = std::move(query)]() mutable {
            if (context.cancelled()) return responder->fail(StatusCode::cancelled, "nobody waits for it any more");
            const auto view = chain_.view();
            auto answer = query(*view);
            ticket = {};
            (*responder)(std::move(answer));
        });
    if (!asked) responder->fail(StatusCode::resource_exhausted, "too many reads wait for the database");
}

template <typename Res>
void BlockchainService::run(
    const rpc::CallContext& context, rpc::Responder<Res> done,
    std::move_only_function<rpc::StatusOr<Res>(const ledger::ChainView&, const queries::RunLimits&)> query) {
    auto ticket = run_shares_.take(context.caller());
    if (!ticket)
        return done.fail(StatusCode::resource_exhausted, "too many contract runs of this caller wait or are under way");
    const auto responder = std::make_shared<rpc::Responder<Res>>(std::move(done));
    const auto asked = offload_.submit(
        "run", [this, context, responder, ticket = std::move(ticket), query = std::move(query)]() mutable {
            if (context.cancelled()) {
                runs_skipped_metric_.add();
                return responder->fail(StatusCode::cancelled, "nobody waits for it any more");
            }
            runs_metric_.add();
            const auto view = chain_.view();
            queries::RunWatch watch{[context] { return context.cancelled(); }, options_.limits.call_cpu_ms};
            auto answer = query(*view, run_limits(watch));
            if (watch.stopped()) runs_stopped_metric_.add();
            ticket = {};  // before the answer: whoever has it can ask again
            (*responder)(std::move(answer));
        });
    if (!asked) responder->fail(StatusCode::resource_exhausted, "too many contract runs wait");
}

void BlockchainService::add_reads(rpc::Server& server) {
    server.add(methods::kGetStatus, [this](rpc::CallContext&, const v1::GetStatusRequest&,
                                           rpc::Responder<v1::Status> done) { done.respond(status()); });
    server.add(methods::kStreamBlocks,
               [this](rpc::CallContext& context, const v1::StreamBlocksRequest& request, BlockStreams::Stream stream) {
                   blocks_.open(context, request, std::move(stream));
               });
    server.add(methods::kStreamTxStatus,
               [this](rpc::CallContext& context, const v1::TransactionRequest& request, StatusStreams::Stream stream) {
                   const auto id = tx_id_of(request);
                   if (!id) return stream.finish({StatusCode::invalid_argument, "tx_id has 32 bytes"});
                   statuses_.open(context, *id, std::move(stream));
               });
    server.add(methods::kGetTransaction, [this](rpc::CallContext& context, const v1::TransactionRequest& request,
                                                rpc::Responder<v1::TransactionReceipt> done) {
        const auto id = tx_id_of(request);
        if (!id) return done.fail(StatusCode::invalid_argument, "tx_id has 32 bytes");
        if (const auto waiting = chain_.pooled(*id)) return done.respond(queries::waiting(*id, *waiting));
        read<v1::TransactionReceipt>(
            context, std::move(done),
            [id = *id, reason = statuses_.drop_reason(id.value())](const ledger::ChainView& view) {
                return queries::transaction(view, id, reason);
            });
    });
    server.add(methods::kGetBlock, [this](rpc::CallContext& context, v1::BlockRequest request,
                                          rpc::Responder<v1::Block> done) {
        read<v1::Block>(context, std::move(done), [request = std::move(request)](const ledger::ChainView& view) {
            return queries::block(view, request);
        });
    });
    server.add(methods::kGetAccount,
               [this](rpc::CallContext& context, v1::AccountRequest request, rpc::Responder<v1::Account> done) {
                   read<v1::Account>(context, std::move(done), [this, request = std::move(request)](const auto& view) {
                       return queries::account(view, request, chain_);
                   });
               });
    server.add(methods::kGetProof, [this](rpc::CallContext& context, v1::ProofRequest request,
                                          rpc::Responder<v1::Proof> done) {
        read<v1::Proof>(context, std::move(done), [request = std::move(request)](const ledger::ChainView& view) {
            return queries::proof(view, request);
        });
    });
    server.add(methods::kEstimateFee,
               [this](rpc::CallContext& context, v1::EstimateFeeRequest request, rpc::Responder<v1::FeeEstimate> done) {
                   if (!queries::needs_run(request)) return done(queries::fee(*chain_.head(), request));
                   run<v1::FeeEstimate>(context, std::move(done),
                                        [request = std::move(request)](const auto& view, const auto& limits) {
                                            return queries::fee_of_run(view, request, limits);
                                        });
               });
    server.add(methods::kSearchTransactions, [this](rpc::CallContext& context, v1::SearchTransactionsRequest request,
                                                    rpc::Responder<v1::SearchTransactionsResponse> done) {
        read<v1::SearchTransactionsResponse>(
            context, std::move(done),
            [request = std::move(request)](const ledger::ChainView& view) { return queries::search(view, request); });
    });
}

queries::RunLimits BlockchainService::run_limits(queries::RunWatch& watch) {
    return {.engine = engine_,
            .genesis_hash = chain_.binding().genesis_hash,
            .watch = watch,
            .gas_max = options_.limits.call_gas_max,
            .now_ms = base::system_clock().unix_ms()};
}

void BlockchainService::add_contracts(rpc::Server& server) {
    server.add(methods::kCallContract, [this](rpc::CallContext& context, v1::CallContractRequest request,
                                              rpc::Responder<v1::CallContractResponse> done) {
        run<v1::CallContractResponse>(context, std::move(done),
                                      [request = std::move(request)](const auto& view, const auto& limits) {
                                          return queries::call_contract(view, request, limits);
                                      });
    });
    server.add(methods::kSimulate, [this](rpc::CallContext& context, v1::SimulateRequest request,
                                          rpc::Responder<v1::SimulateResponse> done) {
        run<v1::SimulateResponse>(context, std::move(done),
                                  [request = std::move(request)](const auto& view, const auto& limits) {
                                      return queries::simulate(view, request, limits);
                                  });
    });
    server.add(methods::kGetContract,
               [this](rpc::CallContext& context, v1::ContractRequest request, rpc::Responder<v1::Contract> done) {
                   read<v1::Contract>(context, std::move(done), [request = std::move(request)](const auto& view) {
                       return queries::contract(view, request, base::system_clock().unix_ms());
                   });
               });
    server.add(methods::kGetCode,
               [this](rpc::CallContext& context, v1::CodeRequest request, rpc::Responder<v1::Code> done) {
                   read<v1::Code>(context, std::move(done), [request = std::move(request)](const auto& view) {
                       return queries::code(view, request, base::system_clock().unix_ms());
                   });
               });
    server.add(methods::kStreamEvents,
               [this](rpc::CallContext& context, const v1::StreamEventsRequest& request, EventStreams::Stream stream) {
                   events_.open(context, request, std::move(stream));
               });
}

v1::Status BlockchainService::status() const {
    const auto head = chain_.head();
    const auto pool = chain_.pool_stats();
    const auto reason = chain_.not_accepting();
    v1::Status out;
    out.set_chain_id(chain_.binding().chain_id);
    views::set_bytes(*out.mutable_genesis_hash(), chain_.binding().genesis_hash);
    out.set_version(options_.version);
    out.set_finalized_height(head->header.height);
    views::set_bytes(*out.mutable_finalized_hash(), head->hash);
    out.set_finalized_time_ms(head->header.time_ms);
    const auto now = reactor_.clock().now_ns();
    const auto then = chain_.finalized_ns();
    out.set_finality_age_ms(now > then ? (now - then) / 1'000'000 : 0);
    out.set_certified_height(head->header.height);
    out.set_mempool_txs(pool.txs);
    out.set_mempool_bytes(pool.bytes);
    out.set_base_fee(base::to_string(head->next_base_fee));
    out.set_accepting(reason.empty());
    out.set_not_accepting_reason(reason);
    out.set_node_address(options_.node_address);
    out.set_faucet(faucet_ != nullptr);
    return out;
}

}  // namespace ghostd

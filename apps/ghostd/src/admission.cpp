#include "ghostd/admission.hpp"

#include <fmt/format.h>
#include <pthread.h>

#include <algorithm>
#include <system_error>

#include "io/error.hpp"

namespace ghostd {
namespace {

using rpc::StatusCode;

StatusCode code_of(PoolErrc code) {
    switch (code) {
        case PoolErrc::known: return StatusCode::already_exists;
        case PoolErrc::nonce_too_low:
        case PoolErrc::nonce_too_high:
        case PoolErrc::underfunded:
        case PoolErrc::underpriced:
        case PoolErrc::fee_below_base:
        case PoolErrc::expired:
        case PoolErrc::in_block: return StatusCode::failed_precondition;
        case PoolErrc::sender_full:
        case PoolErrc::pool_full: return StatusCode::resource_exhausted;
    }
    return StatusCode::internal;
}

StatusCode code_of(ledger::Errc code) {
    using ledger::Errc;
    switch (code) {
        case Errc::too_large: return StatusCode::resource_exhausted;
        case Errc::malformed:
        case Errc::bad_version:
        case Errc::unsupported_message:
        case Errc::unknown_message:
        case Errc::unsupported_scheme:
        case Errc::wrong_chain:
        case Errc::wrong_signer:
        case Errc::bad_signature:
        case Errc::bad_amount:
        case Errc::gas_too_low:
        case Errc::gas_too_high:
        case Errc::bad_fee: return StatusCode::invalid_argument;
        case Errc::nonce_too_low:
        case Errc::nonce_too_high:
        case Errc::expired:
        case Errc::underfunded:
        case Errc::fee_below_base: return StatusCode::failed_precondition;
        case Errc::bad_parent:
        case Errc::bad_time:
        case Errc::bad_header:
        case Errc::block_full:
        case Errc::not_head:
        case Errc::corrupt_chain:
        case Errc::unknown_height:
        case Errc::history_pruned:
        case Errc::bad_genesis:
        case Errc::run_stopped: return StatusCode::internal;
    }
    return StatusCode::internal;
}

}  // namespace

rpc::Status status_of_refusal(const base::Error& error) {
    if (error.domain == &error_domain(PoolErrc{}))
        return {code_of(static_cast<PoolErrc>(error.code)), base::to_string(error)};
    if (error.domain == &ledger::error_domain(ledger::Errc{}))
        return {code_of(static_cast<ledger::Errc>(error.code)), base::to_string(error)};
    if (error.is(base::Errc::already_exists) || error.is(base::Errc::unavailable)) return rpc::status_from(error);
    // What is left comes from the strict decoder (and gcrypt): the bytes are not a transaction.
    if (error.domain == &store::error_domain(store::Errc{})) return {StatusCode::internal, base::to_string(error)};
    return {StatusCode::invalid_argument, base::to_string(error)};
}

Admission::Admission(Chain& chain, Options options, base::MetricsRegistry& metrics)
    : chain_{chain},
      options_{options},
      admitted_metric_{metrics.counter("ghostd_admitted_total", "Transactions taken into the mempool.")},
      refused_metric_{metrics.counter("ghostd_refused_total", "Transactions refused.")} {}

base::Result<std::unique_ptr<Admission>> Admission::start(Chain& chain, Options options,
                                                          base::MetricsRegistry& metrics) {
    std::unique_ptr<Admission> admission{new Admission{chain, options, metrics}};
    try {
        admission->thread_ = std::thread{[self = admission.get()] { self->run(); }};
    } catch (const std::system_error&) {
        return base::fail(io::Errc::limit_reached, "admission thread");
    }
    return admission;
}

Admission::~Admission() { stop(); }

void Admission::stop() {
    {
        const std::lock_guard lock{mutex_};
        stopping_ = true;
    }
    ready_.notify_one();
    if (thread_.joinable()) thread_.join();
}

void Admission::submit(base::Bytes raw, Done done) {
    if (raw.size() > ledger::kCodeTxBytesMax)
        return done(rpc::error(
            StatusCode::resource_exhausted,
            fmt::format("a transaction has at most {} bytes, this one {}", ledger::kCodeTxBytesMax, raw.size())));
    enqueue({.raw = std::move(raw), .make = {}, .done = std::move(done)});
}

void Admission::submit_made(Make make, Done done) {
    enqueue({.raw = {}, .make = std::move(make), .done = std::move(done)});
}

void Admission::enqueue(Item item) {
    bool stopping = false;
    {
        const std::lock_guard lock{mutex_};
        stopping = stopping_;
        const auto room = options_.queue_bytes_max - std::min(options_.queue_bytes_max, queue_bytes_);
        if (!stopping && queue_.size() < options_.queue_max && item.raw.size() <= room) {
            queue_bytes_ += item.raw.size();
            queue_.push_back(std::move(item));
            // Only the first wakes the thread: it takes everything at once.
            if (queue_.size() == 1) ready_.notify_one();
            return;
        }
    }
    item.done(stopping ? rpc::error(StatusCode::unavailable, "the node is stopping")
                       : rpc::error(StatusCode::resource_exhausted, "too many transactions wait for their check"));
}

void Admission::run() {
    pthread_setname_np(pthread_self(), "ghostd-admit");
    std::vector<Item> taken;
    for (;;) {
        {
            std::unique_lock lock{mutex_};
            ready_.wait(lock, [this] { return stopping_ || !queue_.empty(); });
            taken.swap(queue_);
            queue_bytes_ = 0;
            if (stopping_) break;
        }
        for (std::size_t at = 0; at < taken.size();) {
            if (taken[at].make) {
                process_made(std::move(taken[at++]));
                continue;
            }
            std::vector<Item> batch;
            for (; at < taken.size() && !taken[at].make && batch.size() < options_.batch_max; ++at)
                batch.push_back(std::move(taken[at]));
            process(std::move(batch));
        }
        taken.clear();
    }
    for (auto& item : taken) item.done(rpc::error(StatusCode::unavailable, "the node is stopping"));
}

void Admission::process(std::vector<Item> batch) {
    const auto refuse = [this](Item& item, const base::Error& error) {
        refused_metric_.add();
        item.done(std::unexpected{status_of_refusal(error)});
    };
    std::vector<ledger::SignedTx> decoded;
    std::vector<Item*> items;
    decoded.reserve(batch.size());
    for (auto& item : batch) {
        auto tx = ledger::decode_signed_tx(item.raw);
        if (!tx) {
            refuse(item, tx.error());
            continue;
        }
        decoded.push_back(std::move(*tx));
        items.push_back(&item);
    }
    auto verdicts = ledger::verify_batch(std::move(decoded), chain_.binding());
    std::vector<ledger::VerifiedTx> verified;
    std::vector<Item*> valid;
    for (std::size_t i = 0; i < items.size(); ++i) {
        if (!verdicts[i]) {
            refuse(*items[i], verdicts[i].error());
            continue;
        }
        verified.push_back(std::move(*verdicts[i]));
        valid.push_back(items[i]);
    }
    const auto results = chain_.admit(verified);
    for (std::size_t i = 0; i < valid.size(); ++i) {
        if (!results[i]) {
            // The reason that the operator sees is more than the code says.
            if (results[i].error().is(base::Errc::unavailable)) {
                refused_metric_.add();
                valid[i]->done(rpc::error(StatusCode::unavailable, chain_.not_accepting()));
            } else {
                refuse(*valid[i], results[i].error());
            }
            continue;
        }
        admitted_metric_.add();
        valid[i]->done(verified[i].id());
    }
}

void Admission::process_made(Item item) {
    auto tx = item.make();
    if (!tx) return item.done(std::unexpected{std::move(tx).error()});
    item.raw = ledger::encode(*tx);
    item.make = {};
    std::vector<Item> one;
    one.push_back(std::move(item));
    process(std::move(one));
}

}  // namespace ghostd

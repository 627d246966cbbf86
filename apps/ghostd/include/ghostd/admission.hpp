#pragma once
// The way of a submitted transaction into the mempool: decode strictly, check signatures in batches, ask the pool.
// One thread of its own, so that neither the network nor the chain waits for signatures.
//
// The queue is bounded; while a batch is checked the next one gathers, so batches grow with the load by themselves.

#include <condition_variable>
#include <cstddef>
#include <functional>
#include <memory>
#include <mutex>
#include <thread>
#include <vector>

#include "base/bytes.hpp"
#include "base/metrics.hpp"
#include "ghostd/chain.hpp"
#include "rpc/status.hpp"
#include "zcrypto/ed25519.hpp"

namespace ghostd {

/// What gRPC callers see of a refused transaction: the contract of SubmitTransaction in chain.proto.
rpc::Status status_of_refusal(const base::Error& error);

class Admission {
 public:
    /// The transaction's id once it waits in the mempool. On the admission thread.
    using Done = std::move_only_function<void(rpc::StatusOr<base::Digest>)>;

    struct Options {
        std::size_t queue_max = 16'384;
        std::size_t queue_bytes_max = 64u << 20;
        std::size_t batch_max = 256;
    };
    /// `chain` outlives this. `limit_reached` when no thread can be started.
    static base::Result<std::unique_ptr<Admission>> start(Chain& chain, Options options,
                                                          base::MetricsRegistry& metrics);
    /// stop().
    ~Admission();

    /// BCS of a ledger::SignedTx. Any thread. When the queue is full or stopped `done` gets RESOURCE_EXHAUSTED or
    /// UNAVAILABLE at once.
    void submit(base::Bytes raw, Done done);
    /// Runs `make` on the admission thread and admits what it returns, before anything submitted later: the only way to
    /// use a nonce that depends on what waits. Same bounds.
    using Make = std::move_only_function<rpc::StatusOr<ledger::SignedTx>()>;
    void submit_made(Make make, Done done);

    /// Answers what is queued (UNAVAILABLE) and joins. Idempotent; not from a Done.
    void stop();

 private:
    struct Item {
        base::Bytes raw;
        Make make;
        Done done;
    };
    Admission(Chain& chain, Options options, base::MetricsRegistry& metrics);
    void enqueue(Item item);
    void run();
    void process(std::vector<Item> batch);
    void process_made(Item item);

    Chain& chain_;
    Options options_;
    base::Counter& admitted_metric_;
    base::Counter& refused_metric_;
    std::mutex mutex_;
    std::condition_variable ready_;
    std::vector<Item> queue_;
    std::size_t queue_bytes_ = 0;
    bool stopping_ = false;
    std::thread thread_;
};

}  // namespace ghostd

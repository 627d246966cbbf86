#pragma once
// StreamTxStatus: who waits for which transaction, and what was dropped lately.

#include <atomic>
#include <deque>
#include <memory>
#include <string>
#include <vector>

#include "base/keyed_hash.hpp"
#include "ghost/chain/v1/chain.pb.h"
#include "ghostd/chain.hpp"
#include "io/offload.hpp"
#include "rpc/server.hpp"

namespace ghostd {

/// Thread: the RPC reactor's, except watched().
class StatusStreams {
 public:
    using Stream = rpc::ServerStream<ghost::chain::v1::TransactionReceipt>;
    StatusStreams(Chain& chain, io::Offload& offload, io::Reactor& reactor, std::size_t streams_max);
    ~StatusStreams();

    void open(const rpc::CallContext& context, const base::Digest& id, Stream stream);
    void admitted(const base::Digest& id);
    void notarized(const ledger::ExecutedBlock& block);
    void finalized(const FinalizedBlock& block);
    void dropped(const std::vector<PoolDrop>& drops);
    void close();

    /// Why a transaction left the mempool without a block, if it did so lately.
    [[nodiscard]] std::optional<std::string> drop_reason(const base::Digest& id) const;
    /// False when nobody waits for anything: then admitted() need not be called. Any thread.
    [[nodiscard]] bool watched() const noexcept { return count_.load(std::memory_order_relaxed) > 0; }

 private:
    struct Subscriber;
    using SubscriberPtr = std::shared_ptr<Subscriber>;
    void look_up(const SubscriberPtr& subscriber);
    void tell(const SubscriberPtr& subscriber, const ghost::chain::v1::TransactionReceipt& receipt);
    template <typename Make>
    void tell_all(const base::Digest& id, Make make);
    void forget(const SubscriberPtr& subscriber);

    Chain& chain_;
    io::Offload& offload_;
    io::Reactor& reactor_;
    std::size_t streams_max_;
    rpc::CallerShares shares_;
    base::HashMap<base::Digest, std::vector<SubscriberPtr>> subscribers_;
    std::atomic<std::size_t> count_{0};
    base::HashMap<base::Digest, std::string> drops_;
    std::deque<base::Digest> drop_order_;
};

}  // namespace ghostd

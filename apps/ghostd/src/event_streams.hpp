#pragma once
// StreamEvents: every subscriber has a filter and a cursor. Events are found through the ledger's index on the read
// lane, a bounded piece at a time; a subscriber that does not read holds its cursor and one message. A new block wakes
// only those whose contracts emitted something in it. Those who look through old blocks take turns, one piece at a time
// for all of them together, so that the lane stays free for calls; they hear how far they are.

#include <deque>
#include <memory>
#include <optional>
#include <set>
#include <vector>

#include "ghost/chain/v1/chain.pb.h"
#include "ghostd/chain.hpp"
#include "io/offload.hpp"
#include "rpc/server.hpp"

namespace ghostd {

/// Which events somebody wants.
struct EventFilter {
    std::vector<ledger::Address> contracts;         ///< Sorted; empty: any.
    std::vector<std::vector<ledger::Hash>> topics;  ///< By position; an empty one: anything.

    [[nodiscard]] bool matches(const ledger::ContractEvent& event) const;
};
rpc::StatusOr<EventFilter> event_filter_of(const ghost::chain::v1::StreamEventsRequest& request);

/// Where a reader of events is: at the first event not before (height, tx, event).
struct EventCursor {
    std::uint64_t height = 0;
    std::uint32_t tx = 0;
    std::uint32_t event = 0;
};
/// The events from `cursor` on, up to a bound; moves the cursor behind them. An empty batch: none up to the view's
/// head.
base::Result<ghost::chain::v1::EventBatch> read_events(const ledger::ChainView& view, const EventFilter& filter,
                                                       EventCursor& cursor);

/// Thread: the RPC reactor's.
class EventStreams {
 public:
    using Stream = rpc::ServerStream<ghost::chain::v1::EventBatch>;
    EventStreams(Chain& chain, io::Offload& offload, io::Reactor& reactor, std::size_t streams_max);
    ~EventStreams();

    void open(const rpc::CallContext& context, const ghost::chain::v1::StreamEventsRequest& request, Stream stream);
    void publish(const FinalizedBlockPtr& block);
    /// Ends every stream with UNAVAILABLE.
    void close();

 private:
    struct Subscriber;
    using SubscriberPtr = std::shared_ptr<Subscriber>;
    void pump(const SubscriberPtr& subscriber);
    void load(const SubscriberPtr& subscriber);
    void read(const SubscriberPtr& subscriber);
    void take(const SubscriberPtr& subscriber, ghost::chain::v1::EventBatch batch, const EventCursor& cursor);
    /// Lets the next of those who wait read old blocks.
    void scan_next();
    void end(const SubscriberPtr& subscriber, rpc::Status status);

    Chain& chain_;
    io::Offload& offload_;
    io::Reactor& reactor_;
    std::size_t streams_max_;
    std::uint64_t newest_;
    rpc::CallerShares shares_;
    std::set<SubscriberPtr> subscribers_;
    std::deque<std::weak_ptr<Subscriber>> scans_;  ///< Who waits for a turn at old blocks.
    bool scanning_ = false;
    std::shared_ptr<bool> alive_ = std::make_shared<bool>(true);  ///< For turns that end when this is gone.
};

}  // namespace ghostd

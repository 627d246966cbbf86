#pragma once
// StreamBlocks: every subscriber has a cursor; the newest blocks come from memory, older ones from the database. A
// subscriber that does not read holds nothing but its cursor and one message.

#include <memory>
#include <set>

#include "ghost/chain/v1/chain.pb.h"
#include "ghostd/chain.hpp"
#include "ghostd/recent_blocks.hpp"
#include "io/offload.hpp"
#include "rpc/server.hpp"

namespace ghostd {

/// Thread: the RPC reactor's.
class BlockStreams {
 public:
    using Stream = rpc::ServerStream<ghost::chain::v1::Block>;
    BlockStreams(Chain& chain, io::Offload& offload, io::Reactor& reactor, std::size_t streams_max);
    ~BlockStreams();

    void open(const rpc::CallContext& context, const ghost::chain::v1::StreamBlocksRequest& request, Stream stream);
    void publish(const FinalizedBlockPtr& block);
    /// Ends every stream with UNAVAILABLE.
    void close();

 private:
    struct Subscriber;
    using MessagePtr = RecentBlocks::MessagePtr;
    void pump(const std::shared_ptr<Subscriber>& subscriber);
    void load(const std::shared_ptr<Subscriber>& subscriber);

    Chain& chain_;
    io::Offload& offload_;
    io::Reactor& reactor_;
    std::size_t streams_max_;
    std::uint64_t newest_;
    rpc::CallerShares shares_;
    RecentBlocks recent_;
    std::set<std::shared_ptr<Subscriber>> subscribers_;
};

}  // namespace ghostd

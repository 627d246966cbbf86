#include "block_streams.hpp"

#include "views.hpp"

namespace ghostd {
namespace {

namespace v1 = ghost::chain::v1;
using rpc::StatusCode;

constexpr std::size_t kStreamShares = 8;  ///< A listed caller may have this part of the open streams.

}  // namespace

struct BlockStreams::Subscriber : std::enable_shared_from_this<Subscriber> {
    Subscriber(BlockStreams& owner, Stream given) : streams{&owner}, stream{std::move(given)} {}
    BlockStreams* streams;  ///< Null once removed: what is still under way then goes nowhere.
    Stream stream;
    std::uint64_t next = 0;
    bool with_transactions = false;
    bool waiting = false;                               ///< For the database or for room in the stream.
    MessagePtr pending;                                 ///< Height `next`, ready to be written.
    std::shared_ptr<rpc::CallerShares::Ticket> ticket;  ///< Also of the read that is under way.
};

BlockStreams::BlockStreams(Chain& chain, io::Offload& offload, io::Reactor& reactor, std::size_t streams_max)
    : chain_{chain},
      offload_{offload},
      reactor_{reactor},
      streams_max_{streams_max},
      newest_{chain.head()->header.height},
      shares_{rpc::CallerShares::Bounds::of(streams_max, kStreamShares)} {}

BlockStreams::~BlockStreams() { close(); }

void BlockStreams::close() {
    for (const auto& subscriber : subscribers_) {
        subscriber->streams = nullptr;
        subscriber->stream.finish({StatusCode::unavailable, "the node is stopping"});
    }
    subscribers_.clear();
}

void BlockStreams::open(const rpc::CallContext& context, const v1::StreamBlocksRequest& request, Stream stream) {
    if (subscribers_.size() >= streams_max_)
        return stream.finish({StatusCode::resource_exhausted, "too many block streams are open"});
    auto ticket = shares_.take(context.caller());
    if (!ticket) return stream.finish({StatusCode::resource_exhausted, "this caller has too many block streams open"});
    auto subscriber = std::make_shared<Subscriber>(*this, std::move(stream));
    subscriber->ticket = std::make_shared<rpc::CallerShares::Ticket>(std::move(ticket));
    subscriber->next = request.has_from_height() ? request.from_height() : newest_ + 1;
    subscriber->with_transactions = request.include_transactions();
    subscribers_.insert(subscriber);
    context.on_cancel([weak = std::weak_ptr{subscriber}] {
        const auto alive = weak.lock();
        if (!alive || !alive->streams) return;
        alive->streams->subscribers_.erase(alive);
        alive->streams = nullptr;
    });
    pump(subscriber);
}

void BlockStreams::publish(const FinalizedBlockPtr& block) {
    newest_ = block->block->header().height;
    recent_.add(block);
    const std::vector<std::shared_ptr<Subscriber>> all{subscribers_.begin(), subscribers_.end()};
    for (const auto& subscriber : all) pump(subscriber);
}

void BlockStreams::pump(const std::shared_ptr<Subscriber>& subscriber) {
    while (subscriber->streams && !subscriber->waiting) {
        if (subscriber->next > newest_ && !subscriber->pending) return;
        // Asked first: who does not read holds no block here.
        if (subscriber->stream.ready()) {
            if (!subscriber->pending)
                subscriber->pending = recent_.find(subscriber->next, subscriber->with_transactions);
            if (!subscriber->pending) return load(subscriber);
            if (subscriber->stream.write(*subscriber->pending)) {
                subscriber->pending.reset();
                ++subscriber->next;
                continue;
            }
        }
        if (subscriber->stream.cancelled()) {
            subscriber->streams = nullptr;
            subscribers_.erase(subscriber);
            return;
        }
        subscriber->waiting = true;
        subscriber->stream.when_ready([this, weak = std::weak_ptr{subscriber}] {
            const auto alive = weak.lock();
            if (!alive || !alive->streams) return;
            alive->waiting = false;
            pump(alive);
        });
    }
}

void BlockStreams::load(const std::shared_ptr<Subscriber>& subscriber) {
    subscriber->waiting = true;
    const auto refused = [&](StatusCode code, const std::string& text) {
        subscriber->streams = nullptr;
        subscriber->stream.finish({code, text});
        subscribers_.erase(subscriber);
    };
    const auto asked = offload_.call<v1::Block>(
        "read",
        [view = chain_.view(), height = subscriber->next, full = subscriber->with_transactions,
         ticket = subscriber->ticket, weak = std::weak_ptr{subscriber}]() -> base::Result<v1::Block> {
            if (weak.expired()) return v1::Block{};  // nobody waits for it any more
            GC_TRY(const auto stored, view->block(height));
            GC_TRY(const auto certificate, view->certificate(height));
            return views::block(stored, certificate, full);
        },
        reactor_,
        [this, weak = std::weak_ptr{subscriber}](base::Result<v1::Block> block) {
            const auto alive = weak.lock();
            if (!alive || !alive->streams) return;
            alive->waiting = false;
            if (!block) {
                alive->streams = nullptr;
                alive->stream.finish({StatusCode::internal, base::to_string(block.error())});
                subscribers_.erase(alive);
                return;
            }
            alive->pending = std::make_shared<const v1::Block>(std::move(*block));
            pump(alive);
        });
    if (!asked) refused(StatusCode::resource_exhausted, "too many reads wait for the database");
}

}  // namespace ghostd

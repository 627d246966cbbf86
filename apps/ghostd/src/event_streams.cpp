#include "event_streams.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "query_parts.hpp"
#include "views.hpp"

namespace ghostd {
namespace {

namespace v1 = ghost::chain::v1;
using rpc::StatusCode;

constexpr std::size_t kContractsMax = 16;
constexpr std::size_t kChoicesMax = 16;
/// A batch ends early here, even in the middle of a transaction; so does the work of finding it.
constexpr std::size_t kBatchEventsMax = 512;
constexpr std::size_t kBatchBytesMax = 256u << 10;
constexpr std::size_t kBlocksMax = 16;
constexpr std::size_t kStreamShares = 8;  ///< A listed caller may have this part of the open streams.
/// Whoever finds nothing in old blocks hears this often how far the search is.
constexpr std::uint64_t kProgressNs = 1'000'000'000;

/// Heights from `from` on at which one of the filter's contracts emitted something. `complete`: up to the head.
struct Heights {
    std::vector<std::uint64_t> list;
    bool complete = true;
};
base::Result<Heights> find_heights(const ledger::ChainView& view, const EventFilter& filter, std::uint64_t from) {
    Heights out;
    auto sure = ~std::uint64_t{0};
    const auto add = [&](const std::optional<ledger::Address>& contract) -> base::Result<void> {
        GC_TRY(const auto found, view.event_heights(contract, from, kBlocksMax));
        if (found.size() == kBlocksMax) {
            sure = std::min(sure, found.back());
            out.complete = false;
        }
        out.list.insert(out.list.end(), found.begin(), found.end());
        return {};
    };
    if (filter.contracts.empty()) GC_CHECK(add(std::nullopt));
    for (const auto& contract : filter.contracts) GC_CHECK(add(contract));
    std::sort(out.list.begin(), out.list.end());
    out.list.erase(std::unique(out.list.begin(), out.list.end()), out.list.end());
    // Beyond what the shortest list knows, another contract may have emitted something.
    std::erase_if(out.list, [&](std::uint64_t height) { return height > sure; });
    return out;
}

void fill_event(v1::ContractEvent& out, const ledger::StoredBlock& block, std::uint32_t tx, std::uint32_t index,
                const ledger::ContractEvent& event, const ledger::Hash& id) {
    out.mutable_position()->set_height(block.header.height);
    out.mutable_position()->set_tx_index(tx);
    out.mutable_position()->set_event_index(index);
    views::set_bytes(*out.mutable_tx_id(), id);
    views::set_bytes(*out.mutable_block_hash(), block.hash);
    out.set_time_ms(block.header.time_ms);
    views::fill(*out.mutable_log(), event);
}

bool is_full(const v1::EventBatch& batch, std::size_t bytes) {
    return static_cast<std::size_t>(batch.events_size()) >= kBatchEventsMax || bytes >= kBatchBytesMax;
}

/// Appends a block's events from the cursor on; false when the batch is full before its end.
base::Result<bool> add_block(v1::EventBatch& out, std::size_t& bytes, const ledger::StoredBlock& block,
                             const EventFilter& filter, EventCursor& cursor) {
    for (; cursor.tx < block.receipts.size(); ++cursor.tx, cursor.event = 0) {
        const auto& events = block.receipts[cursor.tx].events;
        std::optional<ledger::Hash> id;
        for (; cursor.event < events.size(); ++cursor.event) {
            const auto* event = std::get_if<ledger::ContractEvent>(&events[cursor.event]);
            if (!event || !filter.matches(*event)) continue;
            if (is_full(out, bytes)) return false;
            if (!id) {
                GC_TRY(const auto tx, ledger::decode_signed_tx(block.raw_txs[cursor.tx]));
                id = ledger::tx_id(tx.tx);
            }
            auto& wire = *out.add_events();
            fill_event(wire, block, cursor.tx, cursor.event, *event, *id);
            bytes += wire.ByteSizeLong();
        }
    }
    return true;
}

}  // namespace

bool EventFilter::matches(const ledger::ContractEvent& event) const {
    if (!contracts.empty() && !std::binary_search(contracts.begin(), contracts.end(), event.contract)) return false;
    for (std::size_t i = 0; i < topics.size(); ++i) {
        const auto& choices = topics[i];
        if (choices.empty()) continue;
        if (i >= event.topics.size()) return false;
        if (std::find(choices.begin(), choices.end(), event.topics[i]) == choices.end()) return false;
    }
    return true;
}

rpc::StatusOr<EventFilter> event_filter_of(const v1::StreamEventsRequest& request) {
    EventFilter out;
    if (static_cast<std::size_t>(request.contracts_size()) > kContractsMax)
        return rpc::error(StatusCode::invalid_argument, fmt::format("at most {} contracts", kContractsMax));
    for (const auto& text : request.contracts()) {
        GC_TRY(const auto address, queries::address_of(text));
        out.contracts.push_back(address);
    }
    std::sort(out.contracts.begin(), out.contracts.end());
    if (static_cast<std::size_t>(request.topics_size()) > ledger::kTopicsMax)
        return rpc::error(StatusCode::invalid_argument, fmt::format("at most {} topics", ledger::kTopicsMax));
    for (const auto& choices : request.topics()) {
        if (static_cast<std::size_t>(choices.any_of_size()) > kChoicesMax)
            return rpc::error(StatusCode::invalid_argument, fmt::format("at most {} choices a topic", kChoicesMax));
        auto& list = out.topics.emplace_back();
        for (const auto& bytes : choices.any_of()) {
            const auto topic = base::to_fixed<32>(base::as_bytes(bytes));
            if (!topic) return rpc::error(StatusCode::invalid_argument, "a topic has 32 bytes");
            list.push_back(*topic);
        }
    }
    return out;
}

base::Result<v1::EventBatch> read_events(const ledger::ChainView& view, const EventFilter& filter,
                                         EventCursor& cursor) {
    v1::EventBatch out;
    const auto head = view.head().header.height;
    if (cursor.height > head) {
        out.set_scanned_height(head);
        return out;
    }
    GC_TRY(const auto heights, find_heights(view, filter, cursor.height));
    std::size_t bytes = 0;
    for (const auto height : heights.list) {
        if (is_full(out, bytes)) break;
        if (height != cursor.height) cursor = {.height = height};
        GC_TRY(const auto block, view.block(height));
        GC_TRY(const auto whole, add_block(out, bytes, block, filter, cursor));
        if (!whole) {
            out.set_scanned_height(height - 1);
            return out;
        }
        cursor = {.height = height + 1};
    }
    const bool all = heights.complete && (heights.list.empty() || cursor.height > heights.list.back());
    if (all) cursor = {.height = head + 1};
    out.set_scanned_height(cursor.height - 1);
    return out;
}

struct EventStreams::Subscriber : std::enable_shared_from_this<Subscriber> {
    Subscriber(EventStreams& owner, Stream given) : streams{&owner}, stream{std::move(given)} {}
    EventStreams* streams;  ///< Null once removed: what is still under way then goes nowhere.
    Stream stream;
    EventFilter filter;
    EventCursor cursor;
    bool announced = false;                             ///< Has heard that it has everything.
    bool waiting = false;                               ///< For a turn, the database or room in the stream.
    bool scanning = false;                              ///< Has the turn.
    std::uint64_t heard_ns = 0;                         ///< When it was last sent something.
    std::shared_ptr<rpc::CallerShares::Ticket> ticket;  ///< Also of the read that is under way.
    std::optional<v1::EventBatch> pending;
};

EventStreams::EventStreams(Chain& chain, io::Offload& offload, io::Reactor& reactor, std::size_t streams_max)
    : chain_{chain},
      offload_{offload},
      reactor_{reactor},
      streams_max_{streams_max},
      newest_{chain.head()->header.height},
      shares_{rpc::CallerShares::Bounds::of(streams_max, kStreamShares)} {}

EventStreams::~EventStreams() { close(); }

void EventStreams::close() {
    for (const auto& subscriber : subscribers_) {
        subscriber->streams = nullptr;
        subscriber->stream.finish({StatusCode::unavailable, "the node is stopping"});
    }
    subscribers_.clear();
}

void EventStreams::end(const SubscriberPtr& subscriber, rpc::Status status) {
    subscriber->streams = nullptr;
    subscriber->stream.finish(std::move(status));
    subscribers_.erase(subscriber);
}

void EventStreams::open(const rpc::CallContext& context, const v1::StreamEventsRequest& request, Stream stream) {
    if (subscribers_.size() >= streams_max_)
        return stream.finish({StatusCode::resource_exhausted, "too many event streams are open"});
    auto filter = event_filter_of(request);
    if (!filter) return stream.finish(filter.error());
    auto ticket = shares_.take(context.caller());
    if (!ticket) return stream.finish({StatusCode::resource_exhausted, "this caller has too many event streams open"});
    auto subscriber = std::make_shared<Subscriber>(*this, std::move(stream));
    subscriber->filter = std::move(*filter);
    subscriber->ticket = std::make_shared<rpc::CallerShares::Ticket>(std::move(ticket));
    if (request.has_after()) {
        const auto& after = request.after();
        subscriber->cursor = {.height = after.height(), .tx = after.tx_index(), .event = after.event_index()};
        if (++subscriber->cursor.event == 0) ++subscriber->cursor.tx;
    } else {
        subscriber->cursor.height = request.has_from_height() ? request.from_height() : newest_ + 1;
    }
    subscriber->heard_ns = reactor_.clock().now_ns();
    subscribers_.insert(subscriber);
    context.on_cancel([weak = std::weak_ptr{subscriber}] {
        const auto alive = weak.lock();
        if (!alive || !alive->streams) return;
        alive->streams->subscribers_.erase(alive);
        alive->streams = nullptr;
    });
    pump(subscriber);
}

void EventStreams::publish(const FinalizedBlockPtr& block) {
    const auto height = block->block->header().height;
    std::vector<ledger::Address> emitters;
    for (const auto& receipt : block->block->receipts()) {
        for (const auto& event : receipt.events) {
            const auto* emitted = std::get_if<ledger::ContractEvent>(&event);
            if (emitted && (emitters.empty() || emitters.back() != emitted->contract))
                emitters.push_back(emitted->contract);
        }
    }
    std::sort(emitters.begin(), emitters.end());
    newest_ = height;
    const auto concerns = [&](const EventFilter& filter) {
        if (filter.contracts.empty()) return !emitters.empty();
        return std::any_of(filter.contracts.begin(), filter.contracts.end(), [&](const auto& contract) {
            return std::binary_search(emitters.begin(), emitters.end(), contract);
        });
    };
    const std::vector<SubscriberPtr> all{subscribers_.begin(), subscribers_.end()};
    for (const auto& subscriber : all) {
        // Whoever has everything before this block and nothing in it is past it without a look at the database.
        auto& cursor = subscriber->cursor;
        if (!subscriber->waiting && !subscriber->pending && cursor.height == height && !concerns(subscriber->filter)) {
            cursor = {.height = height + 1};
            continue;
        }
        pump(subscriber);
    }
}

void EventStreams::pump(const SubscriberPtr& subscriber) {
    while (subscriber->streams && !subscriber->waiting) {
        if (!subscriber->pending) {
            if (subscriber->cursor.height > newest_ && subscriber->announced) return;
            return load(subscriber);
        }
        if (subscriber->stream.write(*subscriber->pending)) {
            subscriber->pending.reset();
            continue;
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

void EventStreams::load(const SubscriberPtr& subscriber) {
    subscriber->waiting = true;
    // The newest block is in memory still and everybody's due; what lies before it waits for a turn.
    if (subscriber->cursor.height >= newest_) return read(subscriber);
    scans_.push_back(subscriber);
    scan_next();
}

void EventStreams::scan_next() {
    while (!scanning_ && !scans_.empty()) {
        const auto next = scans_.front().lock();
        scans_.pop_front();
        if (!next || !next->streams) continue;
        scanning_ = next->scanning = true;
        read(next);
    }
}

void EventStreams::read(const SubscriberPtr& subscriber) {
    struct Piece {
        v1::EventBatch batch;
        EventCursor cursor;
    };
    const auto asked = offload_.call<Piece>(
        "read",
        [view = chain_.view(), filter = subscriber->filter, cursor = subscriber->cursor, ticket = subscriber->ticket,
         weak = std::weak_ptr{subscriber}]() -> base::Result<Piece> {
            Piece piece{.batch = {}, .cursor = cursor};
            if (weak.expired()) return piece;  // nobody waits for it any more
            GC_TRY(piece.batch, read_events(*view, filter, piece.cursor));
            return piece;
        },
        reactor_,
        [this, running = std::weak_ptr{alive_}, was_scan = subscriber->scanning,
         weak = std::weak_ptr{subscriber}](base::Result<Piece> piece) {
            if (running.expired()) return;
            if (was_scan) scanning_ = false;
            if (const auto alive = weak.lock(); alive && alive->streams) {
                alive->waiting = alive->scanning = false;
                if (piece) {
                    take(alive, std::move(piece->batch), piece->cursor);
                } else {
                    end(alive, {StatusCode::internal, base::to_string(piece.error())});
                }
            }
            if (was_scan) scan_next();
        });
    if (asked) return;
    if (subscriber->scanning) scanning_ = false;
    end(subscriber, {StatusCode::resource_exhausted, "too many reads wait for the database"});
}

void EventStreams::take(const SubscriberPtr& subscriber, v1::EventBatch batch, const EventCursor& cursor) {
    subscriber->cursor = cursor;
    const bool caught_up = cursor.height > newest_;
    const auto now = reactor_.clock().now_ns();
    // An empty batch is worth sending once, to say that the stream is live, and now and then on the way there.
    if (batch.events_size() > 0 || (caught_up && !subscriber->announced) ||
        (!caught_up && now - subscriber->heard_ns > kProgressNs)) {
        subscriber->pending = std::move(batch);
        subscriber->heard_ns = now;
    }
    if (caught_up) subscriber->announced = true;
    pump(subscriber);
}

}  // namespace ghostd

#include "status_streams.hpp"

#include <algorithm>

#include "views.hpp"

namespace ghostd {
namespace {

namespace v1 = ghost::chain::v1;
using rpc::StatusCode;

constexpr std::size_t kDropsMax = 16'384;
constexpr std::size_t kStreamShares = 4;  ///< A listed caller may have this part of the open streams.

/// A later state never gives way to an earlier one, whatever order the news comes in.
int rank_of(v1::TxState state) {
    if (state == v1::TX_STATE_PENDING) return 2;
    if (state == v1::TX_STATE_NOTARIZED) return 3;
    if (state == v1::TX_STATE_FINALIZED || state == v1::TX_STATE_DROPPED) return 4;
    return 1;
}

v1::TransactionReceipt plain(const base::Digest& id, v1::TxState state, const std::string& error = {}) {
    v1::TransactionReceipt receipt;
    views::set_bytes(*receipt.mutable_tx_id(), id);
    receipt.set_state(state);
    receipt.set_error(error);
    return receipt;
}

}  // namespace

struct StatusStreams::Subscriber {
    Stream stream;
    base::Digest id;
    std::shared_ptr<rpc::CallerShares::Ticket> ticket;  ///< Also of the read that is under way.
    int rank = 0;
    bool gone = false;
};

StatusStreams::StatusStreams(Chain& chain, io::Offload& offload, io::Reactor& reactor, std::size_t streams_max)
    : chain_{chain},
      offload_{offload},
      reactor_{reactor},
      streams_max_{streams_max},
      shares_{rpc::CallerShares::Bounds::of(streams_max, kStreamShares)} {}

StatusStreams::~StatusStreams() { close(); }

void StatusStreams::close() {
    for (auto& [id, list] : subscribers_) {
        for (const auto& subscriber : list) {
            subscriber->gone = true;
            subscriber->stream.finish({StatusCode::unavailable, "the node is stopping"});
        }
    }
    subscribers_.clear();
    count_.store(0);
}

void StatusStreams::open(const rpc::CallContext& context, const base::Digest& id, Stream stream) {
    if (count_.load() >= streams_max_)
        return stream.finish({StatusCode::resource_exhausted, "too many status streams are open"});
    auto ticket = shares_.take(context.caller());
    if (!ticket) return stream.finish({StatusCode::resource_exhausted, "this caller has too many status streams open"});
    const auto subscriber = std::make_shared<Subscriber>(
        Subscriber{std::move(stream), id, std::make_shared<rpc::CallerShares::Ticket>(std::move(ticket))});
    subscribers_[id].push_back(subscriber);
    count_.fetch_add(1);
    context.on_cancel([this, weak = std::weak_ptr{subscriber}] {
        if (const auto alive = weak.lock(); alive && !alive->gone) forget(alive);
    });
    // Subscribed first, asked second: a change in between is told twice at worst, and rank_of() drops the older news.
    if (chain_.pooled(id)) {
        tell(subscriber, plain(id, v1::TX_STATE_PENDING));
    } else {
        look_up(subscriber);
    }
}

void StatusStreams::look_up(const SubscriberPtr& subscriber) {
    const auto asked = offload_.call<std::optional<v1::TransactionReceipt>>(
        "read",
        [view = chain_.view(), id = subscriber->id, ticket = subscriber->ticket,
         weak = std::weak_ptr{subscriber}]() -> base::Result<std::optional<v1::TransactionReceipt>> {
            if (weak.expired()) return std::nullopt;  // nobody waits for it any more
            GC_TRY(const auto stored, view->tx(id));
            return stored ? std::optional{views::final_receipt(*stored, id)} : std::nullopt;
        },
        reactor_,
        [this, weak = std::weak_ptr{subscriber}](base::Result<std::optional<v1::TransactionReceipt>> found) {
            const auto waiting = weak.lock();
            if (!waiting || waiting->gone) return;
            if (!found) {
                waiting->stream.finish({StatusCode::internal, base::to_string(found.error())});
                return forget(waiting);
            }
            if (*found) return tell(waiting, **found);
            // The reason is out of date when the transaction has been admitted again since.
            if (const auto reason = drop_reason(waiting->id); reason && waiting->rank == 0)
                return tell(waiting, plain(waiting->id, v1::TX_STATE_DROPPED, *reason));
            tell(waiting, plain(waiting->id, v1::TX_STATE_UNKNOWN));
        });
    if (asked) return;
    subscriber->stream.finish({StatusCode::resource_exhausted, "too many reads wait for the database"});
    forget(subscriber);
}

void StatusStreams::tell(const SubscriberPtr& subscriber, const v1::TransactionReceipt& receipt) {
    if (subscriber->gone || rank_of(receipt.state()) <= subscriber->rank) return;
    subscriber->rank = rank_of(receipt.state());
    const bool taken = subscriber->stream.write(receipt);
    if (taken && subscriber->rank < 4) return;
    // Not taken: the call is over, or the caller has left a buffer full of earlier news unread.
    subscriber->stream.finish(
        taken ? rpc::Status{}
              : rpc::Status{StatusCode::resource_exhausted, "the stream's earlier messages are unread"});
    forget(subscriber);
}

template <typename Make>
void StatusStreams::tell_all(const base::Digest& id, Make make) {
    const auto at = subscribers_.find(id);
    if (at == subscribers_.end()) return;
    const auto receipt = make();
    const auto all = at->second;  // tell() changes the list
    for (const auto& subscriber : all) tell(subscriber, receipt);
}

void StatusStreams::forget(const SubscriberPtr& subscriber) {
    subscriber->gone = true;
    const auto at = subscribers_.find(subscriber->id);
    if (at == subscribers_.end()) return;
    if (std::erase(at->second, subscriber)) count_.fetch_sub(1);
    if (at->second.empty()) subscribers_.erase(at);
}

void StatusStreams::admitted(const base::Digest& id) {
    tell_all(id, [&] { return plain(id, v1::TX_STATE_PENDING); });
}

void StatusStreams::notarized(const ledger::ExecutedBlock& block) {
    if (subscribers_.empty()) return;
    for (std::size_t i = 0; i < block.txs().size(); ++i) {
        tell_all(block.txs()[i].id(), [&] {
            auto receipt = views::final_receipt(block.txs()[i].id(), block.receipts()[i], block.header().height,
                                                static_cast<std::uint32_t>(i), block.hash());
            receipt.set_state(v1::TX_STATE_NOTARIZED);
            return receipt;
        });
    }
}

void StatusStreams::finalized(const FinalizedBlock& finalized) {
    if (subscribers_.empty()) return;
    const auto& block = *finalized.block;
    for (std::size_t i = 0; i < block.txs().size(); ++i) {
        tell_all(block.txs()[i].id(), [&] {
            return views::final_receipt(block.txs()[i].id(), block.receipts()[i], block.header().height,
                                        static_cast<std::uint32_t>(i), block.hash());
        });
    }
}

void StatusStreams::dropped(const std::vector<PoolDrop>& drops) {
    for (const auto& drop : drops) {
        if (drops_.insert_or_assign(drop.id, drop.reason).second) drop_order_.push_back(drop.id);
        if (drop_order_.size() > kDropsMax) {
            drops_.erase(drop_order_.front());
            drop_order_.pop_front();
        }
        tell_all(drop.id, [&] { return plain(drop.id, v1::TX_STATE_DROPPED, drop.reason); });
    }
}

std::optional<std::string> StatusStreams::drop_reason(const base::Digest& id) const {
    const auto at = drops_.find(id);
    return at == drops_.end() ? std::nullopt : std::optional{at->second};
}

}  // namespace ghostd

// An HTTP exchange in memory: two queues, delivered in the reactor's deferred pass so that no event comes from inside a
// call, as with a real transport.
#include <algorithm>
#include <array>
#include <deque>
#include <utility>
#include <vector>

#include "rpc/stream.hpp"

namespace rpc {
namespace {

/// What one side has sent and the other has not yet been told.
struct Lane {
    std::optional<Fields> headers;
    std::deque<base::Bytes> data;
    std::size_t queued = 0;      ///< Bytes in `data`.
    std::size_t unconsumed = 0;  ///< Delivered, not yet consumed.
    std::size_t low_water = 64 * 1024;
    std::optional<Fields> trailers;
    bool ended = false;  ///< By the sender.
    bool end_delivered = false;
    bool stopped = false;  ///< The receiver reads no more.
    bool above_low_water = false;
};

class Exchange : public std::enable_shared_from_this<Exchange> {
 public:
    Exchange(io::Reactor& the_reactor, std::size_t the_window) : reactor{the_reactor}, window{the_window} {}

    void schedule() {
        if (std::exchange(scheduled, true)) return;
        reactor.defer([self = shared_from_this()] {
            self->scheduled = false;
            self->deliver(0);
            self->deliver(1);
        });
    }
    /// Tells side `to` what the other side sent.
    void deliver(int to);
    /// Ends both directions; `tell` hears about it.
    void reset(int tell, std::uint64_t code, const std::string& reason) {
        if (std::exchange(dead, true)) return;
        if (!events[tell]) return;
        reactor.defer([self = shared_from_this(), tell, code, reason] {
            if (auto* target = std::exchange(self->events[tell], nullptr)) target->on_reset(code, reason);
        });
    }

    io::Reactor& reactor;
    std::size_t window;
    std::array<StreamEvents*, 2> events{};
    std::array<Lane, 2> sent;  ///< By side.
    std::array<Peer, 2> peers;
    bool scheduled = false;
    bool dead = false;
};

void Exchange::deliver(int to) {
    auto& lane = sent[1 - to];
    if (dead || !events[to] || lane.end_delivered) return;
    if (lane.headers && !lane.stopped) {
        events[to]->on_headers(*std::exchange(lane.headers, std::nullopt));
    }
    while (!dead && events[to] && !lane.data.empty() && (lane.stopped || lane.unconsumed < window)) {
        auto chunk = std::move(lane.data.front());
        lane.data.pop_front();
        const auto room = lane.stopped ? chunk.size() : window - lane.unconsumed;
        if (chunk.size() > room) {
            lane.data.emplace_front(chunk.begin() + static_cast<std::ptrdiff_t>(room), chunk.end());
            chunk.resize(room);
        }
        lane.queued -= chunk.size();
        if (lane.stopped) continue;
        lane.unconsumed += chunk.size();
        events[to]->on_data(chunk);
    }
    if (dead) return;
    if (lane.above_low_water && lane.queued <= lane.low_water) {
        lane.above_low_water = false;
        if (events[1 - to]) events[1 - to]->on_writable();
    }
    if (dead || !events[to] || !lane.ended || !lane.data.empty() || lane.stopped) return;
    lane.end_delivered = true;
    events[to]->on_end(std::exchange(lane.trailers, std::nullopt).value_or(Fields{}));
}

class LoopbackStream final : public HttpStream {
 public:
    LoopbackStream(std::shared_ptr<Exchange> exchange, int side) : exchange_{std::move(exchange)}, side_{side} {}
    ~LoopbackStream() override {
        exchange_->events[side_] = nullptr;
        const bool gives_up = !incoming().end_delivered && !std::exchange(incoming().stopped, true);
        if (gives_up || !outgoing().ended) {
            exchange_->reset(1 - side_, static_cast<std::uint64_t>(H3Code::request_cancelled), {});
        }
        exchange_->schedule();
    }
    void set_events(StreamEvents& events) override {
        exchange_->events[side_] = &events;
        exchange_->schedule();
    }
    void send_headers(const Fields& headers, bool end) override {
        outgoing().headers = headers;
        outgoing().ended = end;
        exchange_->schedule();
    }
    void write(base::Bytes bytes, bool end) override {
        auto& lane = outgoing();
        lane.queued += bytes.size();
        if (lane.queued > lane.low_water) lane.above_low_water = true;
        if (!bytes.empty()) lane.data.push_back(std::move(bytes));
        lane.ended = end;
        exchange_->schedule();
    }
    void send_trailers(const Fields& trailers) override {
        outgoing().trailers = trailers;
        outgoing().ended = true;
        exchange_->schedule();
    }
    [[nodiscard]] std::size_t queued_bytes() const noexcept override { return exchange_->sent[side_].queued; }
    void set_low_water(std::size_t bytes) noexcept override { outgoing().low_water = bytes; }
    void consume(std::size_t bytes) override {
        incoming().unconsumed -= std::min(bytes, incoming().unconsumed);
        exchange_->schedule();
    }
    void stop_reading(std::uint64_t) override {
        incoming().stopped = true;
        exchange_->schedule();
    }
    void reset(std::uint64_t h3_code) override {
        exchange_->events[side_] = nullptr;
        exchange_->reset(1 - side_, h3_code, {});
    }
    [[nodiscard]] const Peer& peer() const noexcept override { return exchange_->peers[side_]; }

 private:
    Lane& outgoing() noexcept { return exchange_->sent[side_]; }
    Lane& incoming() noexcept { return exchange_->sent[1 - side_]; }
    std::shared_ptr<Exchange> exchange_;
    int side_;
};

using Accept = std::function<void(std::unique_ptr<HttpStream>)>;

class LoopbackConnection final : public ClientConnection {
 public:
    LoopbackConnection(io::Reactor& reactor, std::size_t window, Accept accept, Peer client)
        : reactor_{reactor}, window_{window}, accept_{std::move(accept)}, client_{client} {}
    ~LoopbackConnection() override { LoopbackConnection::close(); }
    [[nodiscard]] const std::shared_ptr<int>& alive() const noexcept { return alive_; }

    std::unique_ptr<HttpStream> open() override {
        if (closed_) return nullptr;
        auto exchange = std::make_shared<Exchange>(reactor_, window_);
        exchange->peers[1] = client_;
        std::erase_if(exchanges_, [](const auto& weak) { return weak.expired(); });
        exchanges_.push_back(exchange);
        reactor_.defer([exchange, accept = accept_] { accept(std::make_unique<LoopbackStream>(exchange, 1)); });
        return std::make_unique<LoopbackStream>(exchange, 0);
    }
    void close() override {
        if (std::exchange(closed_, true)) return;
        for (const auto& weak : exchanges_) {
            const auto exchange = weak.lock();
            if (!exchange || exchange->dead) continue;
            exchange->reset(1, static_cast<std::uint64_t>(H3Code::request_cancelled), "connection closed");
            exchange->dead = false;
            exchange->reset(0, static_cast<std::uint64_t>(H3Code::request_cancelled), "connection closed");
        }
    }

 private:
    io::Reactor& reactor_;
    std::size_t window_;
    Accept accept_;
    Peer client_;
    std::vector<std::weak_ptr<Exchange>> exchanges_;
    bool closed_ = false;
    std::shared_ptr<int> alive_ = std::make_shared<int>();  ///< Tells a deferred event whether this still lives.
};

class LoopbackConnector final : public Connector {
 public:
    LoopbackConnector(io::Reactor& reactor, std::size_t window, Accept accept, Peer client)
        : reactor_{reactor}, window_{window}, accept_{std::move(accept)}, client_{client} {}

    std::unique_ptr<ClientConnection> connect(ConnectionEvents& events) override {
        auto connection = std::make_unique<LoopbackConnection>(reactor_, window_, accept_, client_);
        reactor_.defer([&events, alive = std::weak_ptr{connection->alive()}] {
            if (alive.lock()) events.on_ready();
        });
        return connection;
    }
    [[nodiscard]] std::string endpoint() const override { return "loopback"; }

 private:
    io::Reactor& reactor_;
    std::size_t window_;
    Accept accept_;
    Peer client_;
};

}  // namespace

std::unique_ptr<Connector> make_loopback(io::Reactor& reactor, std::size_t window_bytes,
                                         std::function<void(std::unique_ptr<HttpStream>)> accept, Peer peer_of_client) {
    return std::make_unique<LoopbackConnector>(reactor, window_bytes, std::move(accept), peer_of_client);
}

}  // namespace rpc

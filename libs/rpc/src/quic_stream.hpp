#pragma once
// An h3 exchange as an HttpStream. The Bridge is the exchange's handler and lives as long as that; the stream is the
// user's handle on it and may go first: then the bridge sends what is left and drops what arrives.

#include <cstdint>
#include <deque>
#include <memory>
#include <optional>
#include <string>

#include "io/reactor.hpp"
#include "rpc/stream.hpp"
#include "zquic/h3.hpp"

namespace rpc {

/// What everything on one endpoint shares, and what outlives it. `depth` counts the zquic callbacks on the stack: while
/// it is not zero, neither the endpoint nor a connection may be destroyed.
struct QuicCore {
    explicit QuicCore(io::Reactor& the_reactor) noexcept : reactor{the_reactor} {}
    io::Reactor& reactor;
    int depth = 0;
};
class InCallback {
 public:
    explicit InCallback(QuicCore& core) noexcept : core_{core} { ++core_.depth; }
    ~InCallback() { --core_.depth; }
    InCallback(const InCallback&) = delete;
    InCallback& operator=(const InCallback&) = delete;

 private:
    QuicCore& core_;
};

/// Bytes that an exchange queues by itself; more waits in the bridge, where HttpStream::queued_bytes() counts it.
inline constexpr std::size_t kExchangeQueueBytes = 128 * 1024;

class QuicBridge final : public zquic::h3::ExchangeHandler, public std::enable_shared_from_this<QuicBridge> {
 public:
    /// A client's; the request starts with send_headers(). A null result of `request` means that it could not. `lost`
    /// is why the connection went, once it has.
    using Request = std::move_only_function<base::Result<zquic::h3::Exchange*>(const Fields&, bool end,
                                                                               std::shared_ptr<QuicBridge>)>;
    QuicBridge(std::shared_ptr<QuicCore> core, Peer peer, std::shared_ptr<const std::string> lost, Request request)
        : core_{std::move(core)}, peer_{peer}, lost_{std::move(lost)}, request_{std::move(request)} {}
    QuicBridge(std::shared_ptr<QuicCore> core, Peer peer, zquic::h3::Exchange& exchange)
        : core_{std::move(core)}, peer_{peer}, exchange_{&exchange}, headers_sent_{true} {}

    /// Server: gives the request's headers to whoever took the stream.
    void deliver_headers(Fields headers) {
        if (events_) events_->on_headers(std::move(headers));
    }

    // For QuicStream.
    void set_events(StreamEvents* events) noexcept { events_ = events; }
    void send_headers(const Fields& headers, bool end);
    void write(base::Bytes bytes, bool end);
    void send_trailers(const Fields& trailers);
    [[nodiscard]] std::size_t queued_bytes() const noexcept { return pending_bytes_; }
    void set_low_water(std::size_t bytes) noexcept { low_water_ = bytes; }
    void consume(std::size_t bytes);
    void stop_reading(std::uint64_t h3_code);
    void reset(std::uint64_t h3_code);
    void keep(std::shared_ptr<void> what) noexcept { kept_ = std::move(what); }
    void release();
    [[nodiscard]] const Peer& peer() const noexcept { return peer_; }

    // zquic::h3::ExchangeHandler
    void on_headers(zquic::h3::Exchange& exchange, Fields fields, bool fin) override;
    void on_data(zquic::h3::Exchange& exchange, base::ByteView data) override;
    void on_trailers(zquic::h3::Exchange& exchange, Fields fields) override;
    void on_end(zquic::h3::Exchange& exchange) override;
    void on_reset(zquic::h3::Exchange& exchange, std::uint64_t code) override;
    void on_stop_sending(zquic::h3::Exchange& exchange, std::uint64_t code) override;
    void on_writable(zquic::h3::Exchange& exchange) override;
    void on_closed(zquic::h3::Exchange& exchange, const zquic::h3::ExchangeEnd& end) override;

 private:
    void flush();
    void drop_outgoing() noexcept;
    /// Our own call on the exchange failed: the stream is over, and its user hears of it in a later turn.
    void fail_later(std::uint64_t h3_code, std::string reason);
    void tell_reset(std::uint64_t h3_code, const std::string& reason);

    std::shared_ptr<QuicCore> core_;
    Peer peer_;
    std::shared_ptr<const std::string> lost_;  ///< Client.
    Request request_;
    zquic::h3::Exchange* exchange_ = nullptr;
    StreamEvents* events_ = nullptr;

    std::shared_ptr<void> kept_;  ///< Until the exchange is closed: all was taken, or given up.
    std::deque<base::Bytes> pending_;
    std::size_t pending_bytes_ = 0;
    std::size_t low_water_ = 64 * 1024;
    std::optional<Fields> pending_trailers_;
    Fields trailers_;            ///< The peer's, until on_end.
    bool headers_sent_ = false;  ///< The exchange exists (client).
    bool pending_end_ = false;
    bool out_ended_ = false;  ///< By the user; what is pending still goes out.
    bool in_ended_ = false;
    bool above_low_water_ = false;
};

class QuicStream final : public HttpStream {
 public:
    explicit QuicStream(std::shared_ptr<QuicBridge> bridge) noexcept : bridge_{std::move(bridge)} {}
    ~QuicStream() override { bridge_->release(); }

    void set_events(StreamEvents& events) override { bridge_->set_events(&events); }
    void send_headers(const Fields& headers, bool end) override { bridge_->send_headers(headers, end); }
    void write(base::Bytes bytes, bool end) override { bridge_->write(std::move(bytes), end); }
    void send_trailers(const Fields& trailers) override { bridge_->send_trailers(trailers); }
    [[nodiscard]] std::size_t queued_bytes() const noexcept override { return bridge_->queued_bytes(); }
    void set_low_water(std::size_t bytes) noexcept override { bridge_->set_low_water(bytes); }
    void consume(std::size_t bytes) override { bridge_->consume(bytes); }
    void stop_reading(std::uint64_t h3_code) override { bridge_->stop_reading(h3_code); }
    void reset(std::uint64_t h3_code) override { bridge_->reset(h3_code); }
    void keep(std::shared_ptr<void> what) override { bridge_->keep(std::move(what)); }
    [[nodiscard]] const Peer& peer() const noexcept override { return bridge_->peer(); }

 private:
    std::shared_ptr<QuicBridge> bridge_;
};

}  // namespace rpc

#pragma once
// HTTP/3 on one connection: libnghttp3 between the streams of a Connection and the Exchanges of a user. It stands on
// zquic's public API only.
//
//   Exchange queue ─▶ nghttp3 (frames, QPACK, priorities) ─▶ Stream::write        (pulled in on_write_pass)
//   Stream::on_data ─▶ nghttp3 ─▶ callbacks ─▶ ExchangeHandler
//
// nghttp3 must not be entered from inside its own callbacks except to submit: what closes or aborts waits in `after_`.

#include <nghttp3/nghttp3.h>

#include <deque>
#include <memory>
#include <unordered_map>
#include <vector>

#include "h3_exchange.hpp"
#include "io/rate_limit.hpp"
#include "io/timer.hpp"
#include "zquic/h3.hpp"

namespace zquic::h3 {

/// The Server or Client behind a session.
class SessionOwner {
 public:
    virtual ~SessionOwner() = default;
    /// False closes the connection.
    virtual bool session_ready(Session& session) = 0;
    virtual std::shared_ptr<ExchangeHandler> session_request(Exchange& exchange, Fields fields, bool fin) = 0;
    virtual void session_refused_request() = 0;
    /// What a request with headers beyond the limits gets.
    [[nodiscard]] virtual Fields session_too_large_answer() const = 0;
    virtual void session_goaway() = 0;
    virtual void session_closed(Session& session, const CloseInfo& info) = 0;
};

class Session final : public ConnectionHandler, public StreamHandler, public std::enable_shared_from_this<Session> {
 public:
    /// `peer_streams_max`: server: requests that the client may have open at first.
    Session(std::shared_ptr<SessionOwner> owner, const Limits& limits, bool server, std::uint64_t peer_streams_max);
    ~Session() override;

    // ConnectionHandler
    void on_handshake_done(Connection& connection) override;
    void on_stream(Connection& connection, Stream& stream) override;
    void on_datagram(Connection& connection, base::ByteView datagram) override;
    void on_streams_available(Connection& connection, Direction direction) override;
    void on_write_pass(Connection& connection) override;
    void on_closed(Connection& connection, const CloseInfo& info) override;

    // StreamHandler, for the unidirectional streams
    void on_data(Stream& stream, base::ByteView data, bool fin) override;
    void on_reset(Stream& stream, std::uint64_t code) override;
    void on_stop_sending(Stream& stream, std::uint64_t code) override;
    void on_writable(Stream& stream) override;
    void on_acknowledged(Stream& stream, std::uint64_t bytes) override;
    void on_closed(Stream& stream, const StreamEnd& end) override;

    // For exchanges.
    void feed(Stream& stream, base::ByteView data, bool fin);
    void acknowledged(Stream& stream, std::uint64_t bytes);
    void unblock(Stream& stream);
    void close_stream(Stream& stream, const StreamEnd& end);
    /// Tells nghttp3 that a direction was aborted; waits when it is at work.
    void abort_later(std::int64_t id, bool read, bool write);
    std::shared_ptr<ExchangeHandler> ask_owner(ExchangeImpl& exchange, Fields fields, bool fin);
    void count_refused();
    [[nodiscard]] Fields too_large_answer() const { return owner_->session_too_large_answer(); }
    /// The client aborted a request, or made us do it.
    void count_reset();
    void exchange_writable(ExchangeImpl& exchange);
    /// Removes it from every table; then it may be destroyed.
    void forget(ExchangeImpl& exchange);
    void resume(std::int64_t id);
    void request_pass();
    [[nodiscard]] bool rejected_by_goaway(std::int64_t id) const noexcept { return id >= 0 && id >= goaway_id_; }

    // For the client.
    base::Result<Exchange*> start_request(const Fields& fields, bool fin, std::shared_ptr<ExchangeHandler> handler);
    void cancel_pending(ExchangeImpl& exchange, std::uint64_t code);
    void close_when_idle();

    // For the server.
    void begin_drain();

    void close(Code code, std::string_view reason = {});
    void set_connection(Connection& connection);
    [[nodiscard]] Connection* connection() noexcept { return connection_; }
    [[nodiscard]] std::size_t exchange_count() const noexcept { return exchanges_.size() + pending_.size(); }
    [[nodiscard]] bool usable() const noexcept { return !goaway_ && !closing_ && connection_; }
    [[nodiscard]] bool ready() const noexcept { return h3_ != nullptr && connection_; }
    [[nodiscard]] const Limits& limits() const noexcept { return limits_; }
    [[nodiscard]] nghttp3_conn* native() noexcept { return h3_; }
    [[nodiscard]] bool peer_takes_datagrams() const noexcept { return peer_datagrams_; }

    struct Callbacks;  ///< h3_callbacks.cpp

 private:
    struct Aborted {
        std::int64_t id;
        bool read;
        bool write;
    };
    bool start();
    void fail_session(std::int64_t error);
    void run_after();
    void pull();
    /// Gives nghttp3 what it takes of `header_acks_`.
    void feed_header_acks();
    void open_pending();
    void finish_pending();
    void close_if_done();
    [[nodiscard]] ExchangeImpl* find(std::int64_t id) const noexcept;

    std::shared_ptr<SessionOwner> owner_;
    Limits limits_;
    bool server_;
    Connection* connection_ = nullptr;
    nghttp3_conn* h3_ = nullptr;                                 ///< Null before the handshake and after a failure.
    nghttp3_conn* failed_ = nullptr;                             ///< Only kept for its memory.
    std::unordered_map<std::int64_t, ExchangeImpl*> exchanges_;  // unkeyed: stream ids, consecutive by rule
    std::unordered_map<std::int64_t, Stream*> local_streams_;    ///< Control and QPACK. unkeyed: our ids
    std::deque<std::shared_ptr<ExchangeImpl>> pending_;          ///< Requests without a stream.
    struct Ended {
        std::shared_ptr<ExchangeImpl> exchange;
        ExchangeEnd end;
    };
    std::vector<Ended> ended_;  ///< Pending ones that were cancelled.
    std::vector<Aborted> after_;
    std::vector<ExchangeImpl*> writable_;
    std::vector<const Stream*> untyped_;  ///< The peer's unidirectional streams of which nothing has come yet.
    /// The peer's QPACK decoder stream: what became of the header blocks that we sent. See kHeaderAcksMax.
    struct HeaderAcks {
        Stream* stream = nullptr;
        base::Bytes waiting;   ///< Not consumed, so the stream's window is its bound.
        std::size_t room = 0;  ///< Bytes that nghttp3 takes before we send another header block.
    };
    HeaderAcks header_acks_;
    io::RateLimit resets_;
    std::unique_ptr<io::Timer> goaway_timer_;
    std::int64_t goaway_id_ = INT64_MAX;
    std::uint64_t peer_streams_max_;
    int engine_depth_ = 0;
    bool goaway_ = false;
    bool closing_ = false;  ///< No new requests; close when idle.
    bool shutdown_sent_ = false;
    bool peer_datagrams_ = false;
};

/// Names and values as nghttp3 wants them; borrows `fields`.
std::vector<nghttp3_nv> native_fields(const Fields& fields);

}  // namespace zquic::h3

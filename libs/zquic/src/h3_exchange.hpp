#pragma once
// One request and its response inside a session.

#include <cstdint>
#include <memory>
#include <optional>

#include "send_queue.hpp"
#include "zquic/h3.hpp"

namespace zquic::h3 {

class Session;

class ExchangeImpl final : public Exchange, public StreamHandler {
 public:
    ExchangeImpl(Session& session, bool server) : session_{session}, server_{server} {}

    // Exchange
    void set_handler(std::shared_ptr<ExchangeHandler> handler) override { handler_ = std::move(handler); }
    [[nodiscard]] std::int64_t id() const noexcept override { return id_; }
    [[nodiscard]] Connection& connection() noexcept override;
    base::Result<void> send_headers(const Fields& fields, bool fin) override;
    base::Result<void> send_data(Buffer data, bool fin) override;
    base::Result<void> send_trailers(const Fields& fields) override;
    [[nodiscard]] std::size_t writable_bytes() const noexcept override;
    void consume(std::size_t bytes) override;
    void cancel(std::uint64_t code) override;
    void stop_reading(std::uint64_t code) override;
    base::Result<void> send_datagram(base::ByteView payload) override;
    void set_priority(Priority priority) override;

    // StreamHandler
    void on_data(Stream& stream, base::ByteView data, bool fin) override;
    void on_reset(Stream& stream, std::uint64_t code) override;
    void on_stop_sending(Stream& stream, std::uint64_t code) override;
    void on_writable(Stream& stream) override;
    void on_acknowledged(Stream& stream, std::uint64_t bytes) override;
    void on_closed(Stream& stream, const StreamEnd& end) override;

 private:
    friend class Session;
    friend struct SessionCallbacks;

    /// The fields of the section that is being received.
    struct Section {
        Fields fields;
        std::size_t bytes = 0;
        bool too_large = false;
    };
    base::Result<void> submit_request();
    void add_field(Field field);
    void receive_headers(bool fin);
    void receive_trailers();
    void receive_data(base::ByteView data);
    void receive_end();
    void receive_datagram(base::ByteView payload);
    void refuse_large_request();
    void count_reset();
    void notify_closed(const ExchangeEnd& end);
    void bound(Stream& stream) noexcept;

    Session& session_;
    std::shared_ptr<ExchangeHandler> handler_;
    Stream* stream_ = nullptr;  ///< Null before it has one, and after its end.
    std::int64_t id_ = -1;
    SendQueue queue_;  ///< Body bytes until nghttp3 reports them acknowledged.
    Section section_;
    std::unique_ptr<Fields> request_;   ///< Client: headers that wait for a stream.
    std::unique_ptr<Fields> trailers_;  ///< Sent when the queue is empty.
    bool server_;
    bool headers_sent_ = false;
    bool begun_ = false;  ///< nghttp3 has given us bytes of it to send.
    bool fin_queued_ = false;
    bool send_aborted_ = false;
    bool unwanted_ = false;  ///< STOP_SENDING came before the request.
    bool read_aborted_ = false;
    bool end_seen_ = false;
    bool was_full_ = false;
    bool writable_queued_ = false;
    bool reset_counted_ = false;
    bool over_ = false;
};

}  // namespace zquic::h3

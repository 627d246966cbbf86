#pragma once
// One call on the server, from its headers to its status.
//
//   reading_headers ─▶ reading_request (unary, server stream: the whole message first) ─▶ running ─▶ over
//                  └────────────────── (client stream, bidi) ────────────────────────────▲
//
// The stream and everything of the reactor is given up when the call is over; what remains is plain memory that the
// last handle frees on whatever thread it dies.

#include <atomic>
#include <memory>
#include <optional>
#include <string>

#include "inbound.hpp"
#include "io/timer.hpp"
#include "mailbox.hpp"
#include "rpc/call.hpp"
#include "rpc/server.hpp"
#include "server_metrics.hpp"

namespace rpc {

class ServerCall final : public StreamEvents, public std::enable_shared_from_this<ServerCall> {
 public:
    ServerCall(Server::State& server, std::unique_ptr<HttpStream> stream);

    void start() { stream_->set_events(*this); }
    /// Ends the call for a reason that is not the handler's: it sees cancelled().
    void abort(const Status& status);

    // StreamEvents
    void on_headers(Fields headers) override;
    void on_data(base::ByteView bytes) override;
    void on_end(Fields trailers) override;
    void on_writable() override;
    void on_reset(std::uint64_t h3_code, const std::string& reason) override;

    // What handles ask for. Any thread.
    void respond(base::Bytes framed);
    bool write(const google::protobuf::MessageLite& message);
    void finish(Status status);
    void when_ready(io::Task callback);
    void abandon();
    [[nodiscard]] bool cancelled() const noexcept { return cancelled_.load(std::memory_order_acquire); }
    [[nodiscard]] bool ready() const noexcept { return !closed_.load(std::memory_order_acquire) && !buffer_full(); }

    // Reactor's thread.
    void set_on_cancel(io::Task callback);
    void read(detail::RawReadCallback callback);
    void set_seal(std::unique_ptr<AnswerSeal> seal) noexcept { seal_ = std::move(seal); }

    [[nodiscard]] std::string_view path() const noexcept { return path_; }
    [[nodiscard]] const Peer& peer() const noexcept { return peer_; }
    [[nodiscard]] const Metadata& metadata() const noexcept { return metadata_; }
    [[nodiscard]] const Caller& caller() const noexcept { return caller_; }
    [[nodiscard]] std::uint64_t deadline_ns() const noexcept { return deadline_ns_; }
    [[nodiscard]] io::Reactor& reactor() const noexcept { return reactor_; }
    [[nodiscard]] Metadata& initial() noexcept { return initial_; }
    [[nodiscard]] Metadata& trailing() noexcept { return trailing_; }

 private:
    /// Runs `action(*this)` now on the reactor's thread, after what other threads sent before; else mails it.
    template <typename Action>
    void perform(Action action);
    [[nodiscard]] Status admit(Fields& headers);
    void run_with_one_message();
    void arm_timer();
    void on_timer();
    /// Settles what the call's request holds now; false when it is over for it.
    bool settle_held_bytes();
    /// Settles what its answer holds, with `more` bytes that are about to be written; false when it is over for it.
    bool settle_answer_bytes(std::size_t more);
    void pump();
    void do_respond(base::Bytes framed);
    void do_write(base::Bytes framed);
    void do_finish(const Status& status);
    void send_end(const Status& status, bool with_metadata);
    void do_when_ready(io::Task callback);
    void refuse_http(std::string_view http_status);
    void send_initial();
    void write_framed(base::Bytes framed);
    void complete(const Status& status, bool cancelled);
    void note_queue();
    [[nodiscard]] bool buffer_full() const noexcept;
    void later(io::Task task);

    io::Reactor& reactor_;
    std::shared_ptr<Mailbox> mailbox_;
    Server::State* server_;  ///< Null when over.
    std::unique_ptr<HttpStream> stream_;
    Server::MethodEntry* method_ = nullptr;
    MethodMetrics* metrics_ = nullptr;
    std::uint64_t started_ns_;
    std::uint64_t deadline_ns_ = kNoDeadline;
    std::uint64_t request_until_ns_ = kNoDeadline;  ///< When the one request must be complete; none once it is.
    std::optional<io::Timer> timer_;                ///< For both.
    CallerShares::Ticket held_;                     ///< Request bytes.
    /// What lasts until the answer has left: the authorizer's permit, a place among the calls, bytes of the answer.
    struct Kept {
        std::shared_ptr<void> permit;
        CallerShares::Ticket place, answer;
    };
    std::shared_ptr<Kept> kept_;

    std::string path_;
    Peer peer_;
    Caller caller_;
    Metadata metadata_;
    Metadata initial_;
    Metadata trailing_;

    Inbound inbound_;
    base::Bytes request_;  ///< The one request of unary and server-streaming calls.
    bool have_request_ = false;
    bool headers_seen_ = false;
    bool headers_sent_ = false;
    bool compress_ = false;
    bool offer_encodings_ = false;
    bool pumping_ = false;
    bool over_ = false;  ///< Reactor's thread.

    std::atomic<bool> cancelled_{false};
    std::atomic<bool> closed_{false};           ///< over_, for other threads.
    std::atomic<std::size_t> mailed_bytes_{0};  ///< Messages of other threads not yet on the stream.
    std::atomic<std::size_t> mailed_{0};        ///< Actions of other threads not yet run.
    std::atomic<std::size_t> stream_queue_bytes_{0};
    std::size_t stream_buffer_bytes_;

    io::Task on_cancel_;
    io::Task on_ready_;
    detail::RawReadCallback read_;
    std::unique_ptr<AnswerSeal> seal_;
};

}  // namespace rpc

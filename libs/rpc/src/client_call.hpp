#pragma once
// One call on the client, from the request to the status.
//
//   waiting (for the connection or a free stream) ─▶ open ─▶ over
//
// Thread: the channel's reactor.

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "inbound.hpp"
#include "io/timer.hpp"
#include "rpc/client.hpp"

namespace rpc {

class ClientCall final : public StreamEvents, public std::enable_shared_from_this<ClientCall> {
 public:
    using UnaryBytes = std::move_only_function<void(StatusOr<base::ByteView>)>;

    ClientCall(std::shared_ptr<Channel::State> channel, std::string_view path, CallOptions options);

    /// One message and the end of the requests.
    void set_request(const google::protobuf::MessageLite& message);
    /// The method has one response.
    void set_unary(UnaryBytes callback) {
        unary_ = true;
        on_unary_ = std::move(callback);
    }
    void arm_deadline();
    /// Takes the stream it waited for.
    void bind(std::unique_ptr<HttpStream> stream, const std::string& authority);
    /// Ends the call on this side; reported now or, from inside the user's own call, in a later turn.
    void end(Status status);
    void end_later(Status status);
    /// No callback runs any more.
    void silence();

    // StreamEvents
    void on_headers(Fields headers) override;
    void on_data(base::ByteView bytes) override;
    void on_end(Fields trailers) override;
    void on_writable() override;
    void on_reset(std::uint64_t h3_code, const std::string& reason) override;

    bool write(const google::protobuf::MessageLite& message);
    void when_ready(io::Task callback);
    void half_close();
    void read(detail::BytesCallback callback);
    [[nodiscard]] const Status& status() const noexcept { return status_; }
    [[nodiscard]] bool over() const noexcept { return over_; }
    [[nodiscard]] bool waiting() const noexcept { return !stream_ && !over_; }
    [[nodiscard]] bool wait_for_ready() const noexcept { return options_.wait_for_ready; }
    [[nodiscard]] std::string_view path() const noexcept { return path_; }

 private:
    [[nodiscard]] base::Bytes prepare(base::Bytes framed) const;
    [[nodiscard]] std::size_t queued_bytes() const noexcept;
    [[nodiscard]] Status status_from_end(const Fields& trailers) const;
    void finish(Status status);
    void report();
    void pump();
    void later(void (ClientCall::*function)());

    std::shared_ptr<Channel::State> channel_;  ///< Null when over.
    io::Reactor& reactor_;
    std::string path_;
    CallOptions options_;
    std::uint64_t deadline_ns_ = kNoDeadline;
    std::optional<io::Timer> deadline_timer_;
    std::unique_ptr<HttpStream> stream_;
    std::size_t stream_buffer_bytes_;

    base::Bytes first_;  ///< Requests written before there was a stream, in order.
    bool half_closed_ = false;

    Inbound inbound_;
    Fields headers_;
    Fields trailers_;
    base::Bytes response_;  ///< The one response of a unary call.
    bool have_response_ = false;
    bool headers_seen_ = false;
    bool ended_ = false;  ///< The stream has ended with `status_`; messages may still be unread.
    bool over_ = false;   ///< The end has been reported, or will be by a later().
    bool silent_ = false;
    bool pumping_ = false;
    bool unary_ = false;
    Status status_;

    UnaryBytes on_unary_;
    detail::BytesCallback read_;
    io::Task on_ready_;
};

}  // namespace rpc

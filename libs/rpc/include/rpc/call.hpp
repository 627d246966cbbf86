#pragma once
// What a server's handler holds of one call: its context, the reader of requests, the writer of responses.
// All of them are handles on the same call; the call's memory lives until the last handle is gone.

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "base/bytes.hpp"
#include "io/reactor.hpp"
#include "rpc/caller.hpp"
#include "rpc/codec.hpp"
#include "rpc/deadline.hpp"
#include "rpc/metadata.hpp"
#include "rpc/status.hpp"
#include "rpc/stream.hpp"

namespace rpc {

class ServerCall;  // src/server_call.hpp
using ServerCallPtr = std::shared_ptr<ServerCall>;

/// Sees what a call answers, for whoever vouches for it to the caller. Reactor's thread; dies with the call.
class AnswerSeal {
 public:
    virtual ~AnswerSeal() = default;
    /// Each message as it was serialised (never compressed), in the order in which they leave.
    virtual void on_message(base::ByteView message) = 0;
    /// The status as the caller will see it; may add to the trailing metadata. Not called when the call is aborted by
    /// the server itself (deadline, shutdown, broken request): such an end is not the handler's answer.
    virtual void on_end(const Status& status, Metadata& trailing) = 0;
};

/// Copyable; keep a copy as long as you like. Functions without another remark: any thread.
class CallContext {
 public:
    explicit CallContext(ServerCallPtr call) noexcept : call_{std::move(call)} {}

    [[nodiscard]] std::string_view path() const noexcept;
    [[nodiscard]] const Peer& peer() const noexcept;
    /// What the client sent.
    [[nodiscard]] const Metadata& metadata() const noexcept;
    /// Whom the call counts for where something is shared out.
    [[nodiscard]] const Caller& caller() const noexcept;
    /// Nanoseconds of the reactor's clock; kNoDeadline when the client set none.
    [[nodiscard]] std::uint64_t deadline_ns() const noexcept;
    /// The client gave up, its deadline passed, or the connection or the server is gone. Answers go nowhere then.
    [[nodiscard]] bool cancelled() const noexcept;
    [[nodiscard]] io::Reactor& reactor() const noexcept;

    /// Runs once, on the reactor, when the call becomes cancelled(); not when it ends in the ordinary way. Replaces an
    /// earlier one. Reactor's thread only. When it is cancelled already, runs in a later turn.
    void on_cancel(io::Task callback) const;
    /// Metadata before the first response. Base `invalid_argument` as Metadata::add(). Only by the thread that answers,
    /// before its first answer.
    base::Result<void> add_initial(std::string name, std::string value) const;
    /// Metadata beside the final status. Only by the thread that answers, before the final answer.
    base::Result<void> add_trailing(std::string name, std::string value) const;
    /// Replaces an earlier one. Before the first answer; reactor's thread only.
    void set_seal(std::unique_ptr<AnswerSeal> seal) const;

 private:
    ServerCallPtr call_;
};

namespace detail {

/// Owns the duty to end a call: dropped without having done so, it ends the call with INTERNAL. Any thread.
class CallDuty {
 public:
    explicit CallDuty(ServerCallPtr call) noexcept : call_{std::move(call)} {}
    CallDuty(CallDuty&&) noexcept = default;
    CallDuty& operator=(CallDuty&& other) noexcept;
    ~CallDuty();

    [[nodiscard]] bool held() const noexcept { return call_ != nullptr; }
    [[nodiscard]] bool cancelled() const noexcept;
    [[nodiscard]] CallContext context() const noexcept { return CallContext{call_}; }
    /// Sends one framed message and OK.
    void respond(base::Bytes framed);
    /// False, and nothing taken, when the buffer is full or the call is over.
    bool write(const google::protobuf::MessageLite& message);
    void finish(Status status);
    void when_ready(io::Task callback);
    [[nodiscard]] bool ready() const noexcept;

 private:
    ServerCallPtr call_;
};

using RawReadCallback = std::move_only_function<void(std::optional<base::ByteView>)>;
void read_next(const ServerCallPtr& call, RawReadCallback callback);
/// Ends the call because a request could not be parsed.
void reject_request(const ServerCallPtr& call);

}  // namespace detail

/// The one answer of a unary or client-streaming call. Move-only; usable on any thread; answers exactly once. Dropped
/// unanswered, the caller sees INTERNAL. Answering a cancelled call does nothing.
template <typename Res>
class Responder {
 public:
    explicit Responder(ServerCallPtr call) noexcept : duty_{std::move(call)} {}

    void operator()(StatusOr<Res> result) {
        if (result) {
            respond(*result);
        } else {
            fail(std::move(result).error());
        }
    }
    void respond(const Res& response) {
        if (duty_.held()) duty_.respond(encode_message(response));
    }
    /// An OK status here is a mistake of the handler and becomes INTERNAL.
    void fail(Status status) {
        if (status.ok()) status = Status{StatusCode::internal, "the handler failed without saying why"};
        if (duty_.held()) duty_.finish(std::move(status));
    }
    void fail(StatusCode code, std::string message) { fail(Status{code, std::move(message)}); }
    /// True after answering.
    [[nodiscard]] bool done() const noexcept { return !duty_.held(); }

 private:
    detail::CallDuty duty_;
};

/// Writes the responses of a server-streaming or bidirectional call. Move-only. One thread at a time; the first write
/// may be on any thread. Dropped before finish(), the caller sees INTERNAL.
template <typename Res>
class ServerStream {
 public:
    explicit ServerStream(ServerCallPtr call) noexcept : duty_{std::move(call)} {}

    /// True: taken, it will be sent. False: nothing was taken; either the buffer (ServerOptions::stream_buffer_bytes)
    /// is full, then write the same message again from when_ready(); or the call is over, see cancelled().
    [[nodiscard]] bool write(const Res& response) { return duty_.held() && duty_.write(response); }
    /// Whether write() would take a message now: a writer that prepares each one asks before, and holds none.
    [[nodiscard]] bool ready() const noexcept { return duty_.held() && duty_.ready(); }
    /// Runs `callback` once, on the reactor in a later turn, when the buffer has room or the call is over (check
    /// cancelled()). Replaces an earlier one.
    void when_ready(io::Task callback) {
        if (duty_.held()) duty_.when_ready(std::move(callback));
    }
    void finish(Status status = {}) {
        if (duty_.held()) duty_.finish(std::move(status));
    }
    [[nodiscard]] bool cancelled() const noexcept { return !duty_.held() || duty_.cancelled(); }
    [[nodiscard]] bool finished() const noexcept { return !duty_.held(); }

 private:
    detail::CallDuty duty_;
};

/// Reads the requests of a client-streaming or bidirectional call. Not reading is the back-pressure: the client can
/// send no more than a window ahead. Copyable handle; reactor's thread.
template <typename Req>
class ServerReader {
 public:
    explicit ServerReader(ServerCallPtr call) noexcept : call_{std::move(call)} {}

    /// Calls back once with the next request, or with nothing when the client has half-closed or the call is over
    /// (CallContext::cancelled() tells which). One read at a time. May call back from inside this call when a request
    /// is waiting; reading again from the callback does not recurse.
    void read(std::move_only_function<void(std::optional<Req>)> callback) {
        detail::read_next(call_,
                          [call = call_, callback = std::move(callback)](std::optional<base::ByteView> bytes) mutable {
                              if (!bytes) return callback(std::nullopt);
                              std::optional<Req> request{std::in_place};
                              if (!parse_message(*bytes, *request)) {
                                  detail::reject_request(call);
                                  request.reset();
                              }
                              callback(std::move(request));
                          });
    }

 private:
    ServerCallPtr call_;
};

}  // namespace rpc

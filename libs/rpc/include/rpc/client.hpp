#pragma once
// Calls gRPC methods. A Channel keeps one connection to one endpoint: it connects at the first call, again with
// back-off when the connection is lost, and carries any number of calls.
//
//   auto channel = rpc::Channel::make(reactor, rpc::make_quic_connector(reactor, {…}), {.name = "ghostbridge"});
//   call_ = channel->call(kGetBlock, request, {.timeout_ns = 1'000'000'000}, [](rpc::StatusOr<v1::Block> block) { … });

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>

#include "io/reactor.hpp"
#include "rpc/codec.hpp"
#include "rpc/deadline.hpp"
#include "rpc/framing.hpp"
#include "rpc/metadata.hpp"
#include "rpc/method.hpp"
#include "rpc/status.hpp"
#include "rpc/stream.hpp"

namespace base {
class Random;
}

namespace rpc {

class ClientCall;  // src/client_call.hpp

struct CallOptions {
    std::uint64_t timeout_ns = kNoDeadline;  ///< From now; sent to the server and enforced here too.
    Metadata metadata{};
    bool wait_for_ready = false;  ///< While unreachable: wait (until the deadline) instead of failing with UNAVAILABLE.
    bool compress = false;        ///< gzip the requests, accept gzipped responses.
    /// Called with each response as it was serialised, before it is delivered.
    std::function<void(base::ByteView message)> on_message{};
    /// Called once before the call's end is reported, with what the server sent.
    std::function<void(const Metadata& initial, const Metadata& trailing)> on_metadata{};
};

/// Holds a call. **Destroying it cancels the call and its callback never runs**, so an object that owns its calls can
/// die at any moment. Move-only; reactor's thread.
class CallHandle {
 public:
    CallHandle() = default;
    explicit CallHandle(std::shared_ptr<ClientCall> call) noexcept : call_{std::move(call)} {}
    CallHandle(CallHandle&&) noexcept = default;
    CallHandle& operator=(CallHandle&& other) noexcept;
    ~CallHandle();

    /// Ends the call with CANCELLED, which the callback reports in a later turn. Nothing when it has ended.
    void cancel();
    /// Lets the call go on by itself; its callback runs whatever happens to this handle.
    void detach() noexcept;
    [[nodiscard]] bool active() const noexcept;

 private:
    std::shared_ptr<ClientCall> call_;
};

namespace detail {
using BytesCallback = std::move_only_function<void(std::optional<base::ByteView>)>;
using StatusCallback = std::move_only_function<void(const Status&)>;

bool client_write(const std::shared_ptr<ClientCall>& call, const google::protobuf::MessageLite& message);
void client_when_ready(const std::shared_ptr<ClientCall>& call, io::Task callback);
void client_half_close(const std::shared_ptr<ClientCall>& call);
void client_read(const std::shared_ptr<ClientCall>& call, BytesCallback callback);
void client_reject_response(const std::shared_ptr<ClientCall>& call);
const Status& client_status(const std::shared_ptr<ClientCall>& call);
}  // namespace detail

/// A streaming call of any kind. Destroying it cancels the call; no callback runs afterwards. Move-only; reactor's
/// thread.
template <typename Req, typename Res>
class ClientStream {
 public:
    ClientStream() = default;
    explicit ClientStream(std::shared_ptr<ClientCall> call) noexcept : call_{call}, handle_{std::move(call)} {}

    /// True: taken. False: nothing was taken; the buffer is full (write it again from when_ready()) or the call is
    /// over.
    [[nodiscard]] bool write(const Req& request) { return detail::client_write(call_, request); }
    /// Runs once, in a later turn, when the buffer has room or the call is over.
    void when_ready(io::Task callback) { detail::client_when_ready(call_, std::move(callback)); }
    /// No more requests.
    void half_close() { detail::client_half_close(call_); }

    /// Calls back once with the next response, or with nothing at the end of the call: then status() says how it ended.
    /// One read at a time; not reading is the back-pressure. May call back from inside this call; reading again from
    /// the callback does not recurse.
    void read(std::move_only_function<void(std::optional<Res>)> callback) {
        detail::client_read(call_, [call = std::weak_ptr{call_},
                                    callback = std::move(callback)](std::optional<base::ByteView> bytes) mutable {
            if (!bytes) return callback(std::nullopt);
            std::optional<Res> response{std::in_place};
            if (!parse_message(*bytes, *response)) {
                if (const auto alive = call.lock()) detail::client_reject_response(alive);
                response.reset();
            }
            callback(std::move(response));
        });
    }
    /// Reads everything: `each` for every response, then `end` once. `each` may destroy this stream.
    void for_each(std::move_only_function<void(Res)> each, std::move_only_function<void(const Status&)> end) {
        auto state = std::make_shared<Loop>(Loop{call_, std::move(each), std::move(end)});
        Loop::step(state);
    }
    /// How the call ended; OK while it has not.
    [[nodiscard]] const Status& status() const { return detail::client_status(call_); }
    /// Ends the call with CANCELLED; a pending read() gets nothing, in a later turn.
    void cancel() { handle_.cancel(); }
    [[nodiscard]] bool active() const noexcept { return handle_.active(); }

 private:
    struct Loop {
        std::weak_ptr<ClientCall> call;
        std::move_only_function<void(Res)> each;
        std::move_only_function<void(const Status&)> end;

        static void step(const std::shared_ptr<Loop>& loop) {
            const auto call = loop->call.lock();
            if (!call) return;
            detail::client_read(call, [loop](std::optional<base::ByteView> bytes) {
                const auto alive = loop->call.lock();
                if (!alive) return;
                if (!bytes) return loop->end(detail::client_status(alive));
                Res response;
                if (parse_message(*bytes, response)) {
                    loop->each(std::move(response));
                } else {
                    detail::client_reject_response(alive);
                }
                step(loop);
            });
        }
    };
    std::shared_ptr<ClientCall> call_;
    CallHandle handle_;
};

struct ChannelOptions {
    std::string name = "server";  ///< For messages: "cannot reach ghostbridge at [::1]:50050: connection refused".
    std::string authority{};      ///< :authority; empty: the endpoint.
    std::size_t message_bytes_max = kMessageBytesMaxDefault;
    std::size_t metadata_bytes_max = 16 * 1024;
    std::size_t stream_buffer_bytes = 256 * 1024;  ///< Requests waiting in one stream.
    /// Calls waiting for a connection. On a connection up to 10,000 wait for a free stream
    /// (zquic::h3::Limits::pending_requests_max). Beyond either, RESOURCE_EXHAUSTED.
    std::size_t waiting_calls_max = 4096;
    std::uint64_t connect_timeout_ns = 5'000'000'000;
    // Back-off between attempts: initial * 1.6^n up to the maximum, ±20 % (grpc doc/connection-backoff.md).
    std::uint64_t backoff_initial_ns = 100'000'000;
    std::uint64_t backoff_max_ns = 10'000'000'000;
    base::Random* random = nullptr;  ///< For the jitter; null: the system's.
};

enum class ChannelState : std::uint8_t { idle, connecting, ready, transient_failure };

/// Thread: the reactor's. Destroying it ends every call with CANCELLED; callbacks of detached calls run before it
/// returns.
class Channel {
 public:
    static std::unique_ptr<Channel> make(io::Reactor& reactor, std::unique_ptr<Connector> connector,
                                         ChannelOptions options = {});
    ~Channel();
    Channel(const Channel&) = delete;
    Channel& operator=(const Channel&) = delete;

    template <typename Req, typename Res>
    [[nodiscard]] CallHandle call(const UnaryMethod<Req, Res>& method, const std::type_identity_t<Req>& request,
                                  CallOptions options,
                                  std::type_identity_t<std::move_only_function<void(StatusOr<Res>)>> callback) {
        return start_unary(method.path, request, std::move(options),
                           [callback = std::move(callback)](StatusOr<base::ByteView> bytes) mutable {
                               if (!bytes) return callback(std::unexpected{std::move(bytes).error()});
                               StatusOr<Res> response{std::in_place};
                               if (!parse_message(*bytes, *response)) {
                                   response = error(StatusCode::internal, "the response is not the message expected");
                               }
                               callback(std::move(response));
                           });
    }
    template <typename Req, typename Res>
    [[nodiscard]] ClientStream<Req, Res> open(const ServerStreamMethod<Req, Res>& method,
                                              const std::type_identity_t<Req>& request, CallOptions options = {}) {
        return ClientStream<Req, Res>{start_stream(method.path, &request, std::move(options))};
    }
    /// One response: read it, then read again for the end and its status.
    template <typename Req, typename Res>
    [[nodiscard]] ClientStream<Req, Res> open(const ClientStreamMethod<Req, Res>& method, CallOptions options = {}) {
        return ClientStream<Req, Res>{start_stream(method.path, nullptr, std::move(options))};
    }
    template <typename Req, typename Res>
    [[nodiscard]] ClientStream<Req, Res> open(const BidiMethod<Req, Res>& method, CallOptions options = {}) {
        return ClientStream<Req, Res>{start_stream(method.path, nullptr, std::move(options))};
    }

    /// A stream at the byte level for relays; null when there is no connection or it takes no more streams (see
    /// when_ready()). The caller sends the headers, pseudo-headers included.
    [[nodiscard]] std::unique_ptr<HttpStream> open_raw();
    /// Connects if need be, then calls back once: OK when open_raw() will work, UNAVAILABLE with the reason otherwise.
    /// At the latest after connect_timeout_ns. At most waiting_calls_max wait.
    void when_ready(detail::StatusCallback callback);

    /// Starts to connect without a call.
    void connect();
    [[nodiscard]] ChannelState state() const noexcept;
    /// Reports every change; for health and logs. Called in the turn of the change.
    void on_state_change(std::move_only_function<void(ChannelState)> callback);
    [[nodiscard]] std::string endpoint() const;
    [[nodiscard]] io::Reactor& reactor() const noexcept;

    struct State;

 private:
    using UnaryBytes = std::move_only_function<void(StatusOr<base::ByteView>)>;
    explicit Channel(std::shared_ptr<State> state) noexcept;
    CallHandle start_unary(std::string_view path, const google::protobuf::MessageLite& request, CallOptions options,
                           UnaryBytes callback);
    std::shared_ptr<ClientCall> start_stream(std::string_view path, const google::protobuf::MessageLite* request,
                                             CallOptions options);
    std::shared_ptr<State> state_;
};

}  // namespace rpc

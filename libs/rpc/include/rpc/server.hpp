#pragma once
// Serves gRPC methods on a reactor. Handlers run there and must not block; heavy work goes to io::Offload and answers
// through the Responder from wherever it ends up.
//
//   auto server = rpc::Server::make(reactor, {});
//   server->add(kGetBlock, [](rpc::CallContext&, v1::BlockRequest request, rpc::Responder<v1::Block> done) { … });
//   server->enable_health();
//   auto listener = rpc::QuicListener::start(*server, {.address = …, .identity = …});       // rpc/quic.hpp

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <type_traits>
#include <vector>

#include "io/reactor.hpp"
#include "rpc/call.hpp"
#include "rpc/caller.hpp"
#include "rpc/framing.hpp"
#include "rpc/method.hpp"
#include "rpc/stream.hpp"

namespace base {
class MetricsRegistry;
}

namespace rpc {

class Health;

/// What an authorizer may attach to a call that it lets through.
struct CallGrant {
    std::shared_ptr<void> permit{};              ///< See HttpStream::keep().
    std::uint64_t timeout_max_ns = kNoDeadline;  ///< Ends the call at the latest; raw handlers see to that themselves.
    std::optional<Caller> caller{};              ///< Whom the call counts for; else Caller::of() its peer.
};
/// What an authorizer decides on; everything is borrowed for the call.
struct CallInfo {
    std::string_view path;
    const Peer& peer;
    const Metadata& metadata;
    CallGrant& grant;
};
/// OK lets the call through; usual refusals are UNAUTHENTICATED and PERMISSION_DENIED. Reactor's thread.
using Authorizer = std::move_only_function<Status(const CallInfo&)>;

/// A call that no registered method takes, at the byte level: nothing of the body has been read. The receiver calls
/// set_events() before it returns and owns everything from there on, deadline and answer included.
struct RawCall {
    std::string path;
    Fields headers;  ///< As received, pseudo-headers included.
    std::unique_ptr<HttpStream> stream;
};
using RawHandler = std::move_only_function<void(RawCall)>;

/// Of each call, outside ServerOptions::held_bytes_max.
inline constexpr std::size_t kFreeRequestBytes = 4096;
/// Of each call, outside ServerOptions::answer_bytes_max.
inline constexpr std::size_t kFreeAnswerBytes = 64 * 1024;

struct ServerOptions {
    std::size_t message_bytes_max = kMessageBytesMaxDefault;  ///< Larger requests: RESOURCE_EXHAUSTED.
    std::size_t metadata_bytes_max = 16 * 1024;               ///< field_section_size() of the request headers.
    /// Calls under way and answers that have not left; beyond: RESOURCE_EXHAUSTED. Shared out by caller, as what
    /// follows: one listed caller has a half at most, strangers together too, one network of them an eighth.
    std::size_t calls_max = 65536;
    /// From the headers to the end of the request where a method takes one message; then DEADLINE_EXCEEDED.
    std::uint64_t request_timeout_ns = 60'000'000'000;
    /// Request bytes that wait for the rest of their message or for their reader; the call that would pass it:
    /// RESOURCE_EXHAUSTED. kFreeRequestBytes of each call do not count, so that small requests are served whatever
    /// large ones do.
    std::size_t held_bytes_max = 256u << 20;
    /// Response bytes that callers do not take; the call that would pass it: RESOURCE_EXHAUSTED. kFreeAnswerBytes of
    /// each call do not count.
    std::size_t answer_bytes_max = 256u << 20;
    std::size_t stream_buffer_bytes = 256 * 1024;  ///< Responses waiting in one ServerStream.
    std::size_t compress_from_bytes = 0;       ///< Larger responses are gzipped for clients that accept it; 0: never.
    base::MetricsRegistry* metrics = nullptr;  ///< rpc_server_*; must outlive the server.
};

/// Thread: the reactor's, except where handles say otherwise. Destroying it cancels every call under way.
class Server {
 public:
    static std::unique_ptr<Server> make(io::Reactor& reactor, ServerOptions options = {});
    ~Server();
    Server(const Server&) = delete;
    Server& operator=(const Server&) = delete;

    // Registering a path twice is a programming error and ends the process. Handlers may also take `const Req&`.

    template <typename Req, typename Res>
    void add(const UnaryMethod<Req, Res>& method,
             std::type_identity_t<std::move_only_function<void(CallContext&, Req, Responder<Res>)>> handler) {
        add_method(method.path,
                   {.request_stream = false,
                    .response_stream = false,
                    .run = [handler = std::move(handler)](const ServerCallPtr& call, base::ByteView bytes) mutable {
                        Req request;
                        if (!parse_message(bytes, request)) return detail::reject_request(call);
                        CallContext context{call};
                        handler(context, std::move(request), Responder<Res>{call});
                    }});
    }
    template <typename Req, typename Res>
    void add(const ServerStreamMethod<Req, Res>& method,
             std::type_identity_t<std::move_only_function<void(CallContext&, Req, ServerStream<Res>)>> handler) {
        add_method(method.path,
                   {.request_stream = false,
                    .response_stream = true,
                    .run = [handler = std::move(handler)](const ServerCallPtr& call, base::ByteView bytes) mutable {
                        Req request;
                        if (!parse_message(bytes, request)) return detail::reject_request(call);
                        CallContext context{call};
                        handler(context, std::move(request), ServerStream<Res>{call});
                    }});
    }
    template <typename Req, typename Res>
    void add(
        const ClientStreamMethod<Req, Res>& method,
        std::type_identity_t<std::move_only_function<void(CallContext&, ServerReader<Req>, Responder<Res>)>> handler) {
        add_method(method.path,
                   {.request_stream = true,
                    .response_stream = false,
                    .run = [handler = std::move(handler)](const ServerCallPtr& call, base::ByteView) mutable {
                        CallContext context{call};
                        handler(context, ServerReader<Req>{call}, Responder<Res>{call});
                    }});
    }
    template <typename Req, typename Res>
    void add(const BidiMethod<Req, Res>& method,
             std::type_identity_t<std::move_only_function<void(CallContext&, ServerReader<Req>, ServerStream<Res>)>>
                 handler) {
        add_method(method.path,
                   {.request_stream = true,
                    .response_stream = true,
                    .run = [handler = std::move(handler)](const ServerCallPtr& call, base::ByteView) mutable {
                        CallContext context{call};
                        handler(context, ServerReader<Req>{call}, ServerStream<Res>{call});
                    }});
    }

    /// Takes every call for which no method is registered (instead of UNIMPLEMENTED), after the authorizer.
    void set_raw_handler(RawHandler handler);
    /// Asked before every call, built-in services included.
    void set_authorizer(Authorizer authorizer);
    /// grpc.health.v1 Check and Watch; the server itself ("") is SERVING. Lives as long as the server.
    Health& enable_health();
    /// grpc.reflection.v1 and v1alpha, from the descriptors linked into this program; lists the registered services.
    void enable_reflection();
    /// Names of the registered services, sorted.
    [[nodiscard]] std::vector<std::string> services() const;

    /// Serves one stream; any transport may call it (QuicListener, a loopback, gRPC over TCP).
    void accept(std::unique_ptr<HttpStream> stream);

    /// Refuses new calls (UNAVAILABLE), lets those under way end, cancels the rest after `timeout_ns`, then calls
    /// `done` in a later turn. Health turns to NOT_SERVING.
    void drain(std::uint64_t timeout_ns, io::Task done);
    [[nodiscard]] std::size_t calls_in_flight() const noexcept;
    [[nodiscard]] io::Reactor& reactor() const noexcept;
    /// ServerOptions::metrics.
    [[nodiscard]] base::MetricsRegistry* metrics() const noexcept;

    struct MethodEntry {
        bool request_stream;
        bool response_stream;
        std::move_only_function<void(const ServerCallPtr&, base::ByteView)> run;
    };
    /// What the typed add() stand on.
    void add_method(std::string_view path, MethodEntry entry);

    struct State;

 private:
    explicit Server(std::unique_ptr<State> state) noexcept;
    std::unique_ptr<State> state_;
};

}  // namespace rpc

#pragma once
// Calls that wait, for command lines and tests: a Channel on a reactor thread of its own.
//
//   GC_TRY(auto client, rpc::BlockingClient::make([&](io::Reactor& reactor) { return rpc::make_quic_connector(…); },
//   {})); const auto block = client->call(kGetBlock, request, {.timeout_ns = 2'000'000'000});

#include <functional>
#include <memory>
#include <optional>
#include <type_traits>
#include <utility>

#include "rpc/client.hpp"

namespace rpc {

/// Any thread but a reactor's; one call at a time on each thread. A call without a timeout waits as long as the server
/// does.
class BlockingClient {
 public:
    /// `connector` is called once, on the client's reactor.
    static base::Result<std::unique_ptr<BlockingClient>> make(
        std::move_only_function<std::unique_ptr<Connector>(io::Reactor&)> connector, ChannelOptions options = {});
    ~BlockingClient();
    BlockingClient(const BlockingClient&) = delete;
    BlockingClient& operator=(const BlockingClient&) = delete;

    template <typename Req, typename Res>
    StatusOr<Res> call(const UnaryMethod<Req, Res>& method, const std::type_identity_t<Req>& request,
                       CallOptions options = {}) {
        StatusOr<Res> result = error(StatusCode::internal, "no answer");
        wait([&](Channel& channel, io::Task done) {
            return channel.call(method, request, std::move(options),
                                [&result, done = std::move(done)](StatusOr<Res> answer) mutable {
                                    result = std::move(answer);
                                    done();
                                });
        });
        return result;
    }
    /// Calls `each` on the client's thread for every response until it answers false (the call is then cancelled and
    /// the result is OK) or the stream ends.
    template <typename Req, typename Res>
    Status stream(const ServerStreamMethod<Req, Res>& method, const std::type_identity_t<Req>& request,
                  CallOptions options, std::type_identity_t<std::move_only_function<bool(Res)>> each) {
        Status result;
        wait([&](Channel& channel, io::Task done) {
            auto stream = std::make_shared<ClientStream<Req, Res>>(channel.open(method, request, std::move(options)));
            auto finish = std::make_shared<io::Task>(std::move(done));
            stream->for_each(
                [&result, &each, stream = std::weak_ptr{stream}, finish](Res response) {
                    if (each(std::move(response))) return;
                    if (const auto open = stream.lock()) *open = ClientStream<Req, Res>{};
                    result = Status{};
                    (*finish)();
                },
                [&result, finish](const Status& status) {
                    result = status;
                    (*finish)();
                });
            return stream;
        });
        return result;
    }
    /// Runs `task` with the channel on the client's reactor and waits for it: the way to calls of other kinds.
    void run(std::move_only_function<void(Channel&)> task);

 private:
    struct State;
    explicit BlockingClient(std::unique_ptr<State> state) noexcept;

    /// Starts on the reactor, blocks until `done` is called, destroys what `start` returned on the reactor.
    template <typename Start>
    void wait(Start start) {
        std::optional<std::invoke_result_t<Start, Channel&, io::Task>> held;
        wait_for([&](Channel& channel, io::Task done) { held.emplace(start(channel, std::move(done))); },
                 [&] { held.reset(); });
    }
    void wait_for(std::move_only_function<void(Channel&, io::Task)> start, io::Task release);
    std::unique_ptr<State> state_;
};

}  // namespace rpc

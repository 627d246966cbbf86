#pragma once
// A service with one method for each thing a relay must keep. Every request is text in Message::raw.

#include <atomic>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "ghost/chain/v1/chain.pb.h"
#include "io/timer.hpp"
#include "rpc/server.hpp"

namespace ghostbridge::test {

using EchoMessage = ghost::chain::v1::Transaction;

inline constexpr rpc::UnaryMethod<EchoMessage, EchoMessage> kSay{"/test.v1.Echo/Say"};
inline constexpr rpc::UnaryMethod<EchoMessage, EchoMessage> kFail{"/test.v1.Echo/Fail"};
inline constexpr rpc::UnaryMethod<EchoMessage, EchoMessage> kHang{"/test.v1.Echo/Hang"};
inline constexpr rpc::UnaryMethod<EchoMessage, EchoMessage> kWho{"/test.v1.Echo/Who"};
inline constexpr rpc::ServerStreamMethod<EchoMessage, EchoMessage> kPour{"/test.v1.Echo/Pour"};
inline constexpr rpc::BidiMethod<EchoMessage, EchoMessage> kChat{"/test.v1.Echo/Chat"};
inline constexpr rpc::BidiMethod<EchoMessage, EchoMessage> kSink{"/test.v1.Echo/Sink"};
inline constexpr rpc::UnaryMethod<EchoMessage, EchoMessage> kSecond{"/test.v1.Second/Say"};

/// What the handlers noticed; read from any thread.
struct EchoLog {
    std::atomic<int> calls{0};
    std::atomic<int> cancelled{0};
    std::atomic<std::uint64_t> poured_bytes{0};
    std::atomic<std::uint64_t> sunk_bytes{0};
    std::atomic<bool> drink{false};  ///< Sink reads only while this is set.
};

inline EchoMessage text(std::string value) {
    EchoMessage message;
    message.set_raw(std::move(value));
    return message;
}

/// Writes `left` messages of `size` bytes as fast as they are taken, then OK with the trailer "poured".
struct Pour : std::enable_shared_from_this<Pour> {
    Pour(std::shared_ptr<EchoLog> log_in, rpc::CallContext context_in, rpc::ServerStream<EchoMessage> stream_in,
         std::size_t left_in, std::size_t size)
        : log{std::move(log_in)},
          context{std::move(context_in)},
          stream{std::move(stream_in)},
          left{left_in},
          piece{text(std::string(size, 'p'))} {}
    void run() {
        for (; left > 0; --left) {
            if (stream.cancelled()) return;
            if (!stream.write(piece)) return stream.when_ready([self = shared_from_this()] { self->run(); });
            log->poured_bytes += piece.raw().size();
        }
        static_cast<void>(context.add_trailing("poured", "all"));
        stream.finish();
    }
    std::shared_ptr<EchoLog> log;
    rpc::CallContext context;
    rpc::ServerStream<EchoMessage> stream;
    std::size_t left;
    EchoMessage piece;
};

/// Answers every request at once; ends with the client.
struct Chat : std::enable_shared_from_this<Chat> {
    Chat(rpc::ServerReader<EchoMessage> reader_in, rpc::ServerStream<EchoMessage> stream_in)
        : reader{std::move(reader_in)}, stream{std::move(stream_in)} {}
    void run() {
        reader.read([self = shared_from_this()](std::optional<EchoMessage> request) {
            if (!request) return self->stream.finish({rpc::StatusCode::ok, ""});
            if (request->raw() == "end early")
                return self->stream.finish({rpc::StatusCode::resource_exhausted, "enough"});
            self->answer(text("re: " + request->raw()));
        });
    }
    void answer(EchoMessage response) {
        if (stream.cancelled()) return;
        if (stream.write(response)) return run();
        stream.when_ready([self = shared_from_this(), response] { self->answer(response); });
    }
    rpc::ServerReader<EchoMessage> reader;
    rpc::ServerStream<EchoMessage> stream;
};

inline void add_echo(rpc::Server& server, const std::shared_ptr<EchoLog>& log) {
    using Reply = rpc::Responder<EchoMessage>;
    // "x-…" metadata comes back as initial and trailing metadata, duplicates and binary values included.
    server.add(kSay, [log](rpc::CallContext& context, EchoMessage request, Reply done) {
        ++log->calls;
        for (const auto& [name, value] : context.metadata().entries()) {
            if (!name.starts_with("x-")) continue;
            static_cast<void>(context.add_initial("i" + name, value));
            static_cast<void>(context.add_trailing("t" + name, value));
        }
        done.respond(request);
    });
    server.add(kSecond, [](rpc::CallContext&, EchoMessage request, Reply done) {
        done.respond(text("second: " + request.raw()));
    });
    // "5 no such thing" fails with NOT_FOUND and that message.
    server.add(kFail, [log](rpc::CallContext& context, EchoMessage request, Reply done) {
        ++log->calls;
        static_cast<void>(context.add_trailing("why-bin", std::string("\x00\x01\xff", 3)));
        const auto space = request.raw().find(' ');
        const auto code = rpc::status_code_from_number(static_cast<unsigned>(std::stoul(request.raw())));
        done.fail(code, request.raw().substr(space + 1));
    });
    server.add(kHang, [log](rpc::CallContext& context, EchoMessage, Reply done) {
        ++log->calls;
        auto held = std::make_shared<Reply>(std::move(done));
        context.on_cancel([log, held] { ++log->cancelled; });
    });
    // The metadata that the bridge adds, and what is left of the deadline.
    server.add(kWho, [](rpc::CallContext& context, EchoMessage, Reply done) {
        const auto keys = context.metadata().all("ghost-caller-key");
        std::string answer = std::to_string(keys.size());
        for (const auto key : keys) answer += " " + std::string{key};
        for (const auto* field : {"ghost-caller-class", "ghost-caller-network"})
            for (const auto value : context.metadata().all(field)) answer += " " + std::string{value};
        done.respond(text(answer));
    });
    // "count size"
    server.add(kPour, [log](rpc::CallContext& context, EchoMessage request, rpc::ServerStream<EchoMessage> stream) {
        ++log->calls;
        const auto space = request.raw().find(' ');
        std::make_shared<Pour>(log, context, std::move(stream), std::stoul(request.raw()),
                               std::stoul(request.raw().substr(space)))
            ->run();
    });
    server.add(kChat, [log](rpc::CallContext& context, rpc::ServerReader<EchoMessage> reader,
                            rpc::ServerStream<EchoMessage> stream) {
        ++log->calls;
        context.on_cancel([log] { ++log->cancelled; });
        std::make_shared<Chat>(std::move(reader), std::move(stream))->run();
    });
    // Reads nothing until log->drink is set, then everything; answers the number of bytes.
    server.add(kSink, [log](rpc::CallContext& context, rpc::ServerReader<EchoMessage> reader,
                            rpc::ServerStream<EchoMessage> stream) {
        struct Sink : std::enable_shared_from_this<Sink> {
            Sink(std::shared_ptr<EchoLog> log_in, rpc::CallContext context_in, rpc::ServerReader<EchoMessage> reader_in,
                 rpc::ServerStream<EchoMessage> stream_in)
                : log{std::move(log_in)},
                  context{std::move(context_in)},
                  reader{std::move(reader_in)},
                  stream{std::move(stream_in)},
                  poll{context.reactor(), [this] { std::exchange(keep, nullptr)->run(); }} {}
            void run() {
                if (context.cancelled()) return;
                if (!log->drink) {
                    keep = shared_from_this();  // the armed timer owns this
                    return poll.arm_after(5'000'000);
                }
                reader.read([self = shared_from_this()](std::optional<EchoMessage> request) {
                    if (!request) {
                        static_cast<void>(self->stream.write(text(std::to_string(self->log->sunk_bytes))));
                        return self->stream.finish();
                    }
                    self->log->sunk_bytes += request->raw().size();
                    self->run();
                });
            }
            std::shared_ptr<EchoLog> log;
            rpc::CallContext context;
            rpc::ServerReader<EchoMessage> reader;
            rpc::ServerStream<EchoMessage> stream;
            io::Timer poll;
            std::shared_ptr<Sink> keep;
        };
        auto sink = std::make_shared<Sink>(log, context, std::move(reader), std::move(stream));
        context.on_cancel([weak = std::weak_ptr{sink}] {
            if (const auto alive = weak.lock()) {
                alive->poll.cancel();
                alive->keep.reset();
            }
        });
        sink->run();
    });
}

}  // namespace ghostbridge::test

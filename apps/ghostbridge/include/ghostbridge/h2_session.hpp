#pragma once
// The server side of one HTTP/2 connection (RFC 9113) over nghttp2, without I/O: bytes in, bytes out, calls as
// rpc::HttpStream. Bounded against a hostile peer: streams, header bytes and fields, CONTINUATION, control frames,
// resets that it provokes, frames that wait for it, and the work that one feed_some() does.
//
//   socket bytes ─▶ feed_some() ─▶ Host::on_stream(HttpStream) ─▶ events
//   socket bytes ◀─ pull() ◀─ HttpStream::write …         Host::want_write() asks for the next pull()

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>

#include "base/bytes.hpp"
#include "base/clock.hpp"
#include "ghostbridge/config.hpp"
#include "ghostbridge/error.hpp"
#include "rpc/stream.hpp"

namespace ghostbridge {

class H2Session {
 public:
    class Host {
     public:
        /// A call began; its events follow set_events(). Called inside feed().
        virtual void on_stream(std::unique_ptr<rpc::HttpStream> stream) = 0;
        /// pull() would give bytes or deliver events. Called from anywhere in the session; must only take note.
        virtual void want_write() = 0;

     protected:
        ~Host() = default;
    };

    /// `host` and `clock` must outlive the session.
    static base::Result<std::unique_ptr<H2Session>> make(const TcpLimits& limits, const rpc::Peer& peer,
                                                         const base::Clock& clock, Host& host);
    /// Streams that are still open are told with on_reset() by abort(), not here; their handles become inert.
    ~H2Session();
    H2Session(const H2Session&) = delete;
    H2Session& operator=(const H2Session&) = delete;

    /// Takes bytes from the peer, frame by frame, until the work that they ask for has cost `budget_ns` (see
    /// take_cost()): how many were taken, at least one of some. pull() afterwards. `protocol_error` ends the
    /// connection: pull() once more, it may hold a GOAWAY.
    base::Result<std::size_t> feed_some(base::ByteView bytes, std::uint64_t budget_ns);
    /// The same without a bound.
    base::Result<void> feed(base::ByteView bytes);
    /// What was done since the last call: an estimate in nanoseconds of the thread, by frames, header fields, calls and
    /// bytes of both directions, with what a call costs the bridge elsewhere.
    [[nodiscard]] std::uint64_t take_cost() noexcept;
    /// The next bytes for the peer, borrowed until the next call; empty when there are none now.
    base::Result<base::ByteView> pull();
    /// Refuses new streams (GOAWAY); open ones go on.
    void shutdown();
    /// The peer sends no more: requests that are not complete are reset, the others go on.
    void end_input();
    /// Sends a PING: on a connection whose peer is gone altogether that write, or the next one, fails.
    void ping();
    /// Resets streams whose call ended more than `limit_ns` ago and whose answer the peer still has not taken.
    void reset_untaken(std::uint64_t limit_ns);
    /// The connection is gone: every open stream reports on_reset().
    void abort(const std::string& reason);

    /// The peer broke the protocol or a limit; feed() fails from now on, also when pull() was what found it.
    [[nodiscard]] bool failed() const noexcept;
    /// Nothing will be sent or understood any more: close the socket.
    [[nodiscard]] bool finished() const noexcept;
    /// The client's preface and SETTINGS have arrived, and it has acknowledged ours.
    [[nodiscard]] bool established() const noexcept;
    /// A header block is incomplete: the peer owes us the rest of its frame, or a CONTINUATION.
    [[nodiscard]] bool inside_header_block() const noexcept;
    /// Calls: streams whose request headers are complete.
    [[nodiscard]] std::size_t open_streams() const noexcept;

    struct Impl;

 private:
    explicit H2Session(std::unique_ptr<Impl> impl) noexcept;
    std::unique_ptr<Impl> impl_;
};

}  // namespace ghostbridge

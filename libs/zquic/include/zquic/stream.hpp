#pragma once
// One QUIC stream (RFC 9000 sections 2 and 3).
//
//   write() ─▶ send queue ─▶ write pass ─▶ wire ─▶ acknowledged: the Buffer is released
//   wire ─▶ on_data() ─▶ consume(n) gives the peer new credit
//
// Thread: the reactor of the connection. Lifetime: a Stream lives until its handler's on_closed() has returned (or, for
// a handler that was never set, until it ends); every callback may call anything on it.

#include <cstdint>
#include <memory>

#include "base/bytes.hpp"
#include "zquic/buffer.hpp"
#include "zquic/error.hpp"

namespace zquic {

class Connection;
class Stream;

enum class Direction : std::uint8_t { bidirectional, unidirectional };

/// RFC 9218: 0 is the most urgent, 7 the least; 3 is what streams start with. Incremental streams of one urgency share.
struct Priority {
    std::uint8_t urgency = 3;
    bool incremental = true;
    friend bool operator==(const Priority&, const Priority&) = default;
};

/// How a stream ended.
struct StreamEnd {
    std::uint64_t code = 0;        ///< The application error code of a reset (either side's); 0 for a clean end.
    bool reset = false;            ///< At least one direction was aborted.
    bool connection_lost = false;  ///< The connection ended before the stream did.
};

/// Receives what happens on a stream. All optional. Called from the reactor, never from inside a call on the Stream.
class StreamHandler {
 public:
    virtual ~StreamHandler() = default;
    /// Bytes in order, borrowed for the call; may be empty when `fin`. `fin`: the peer has finished its direction.
    /// Call consume() (now or later) for each byte, or the peer runs out of credit.
    virtual void on_data(Stream& stream, base::ByteView data, bool fin);
    /// The peer aborted its direction; data not yet delivered is lost.
    virtual void on_reset(Stream& stream, std::uint64_t code);
    /// The peer will not read what we send. Our direction is reset with the same code before this is called.
    virtual void on_stop_sending(Stream& stream, std::uint64_t code);
    /// write() had filled the send queue and it has room again.
    virtual void on_writable(Stream& stream);
    /// `bytes` more of what was written have been acknowledged, in order.
    virtual void on_acknowledged(Stream& stream, std::uint64_t bytes);
    /// Both directions have ended. The last call; the stream is gone when it returns.
    virtual void on_closed(Stream& stream, const StreamEnd& end);
};

class Stream {
 public:
    virtual ~Stream() = default;
    Stream(const Stream&) = delete;
    Stream& operator=(const Stream&) = delete;

    [[nodiscard]] virtual std::uint64_t id() const noexcept = 0;
    [[nodiscard]] virtual Connection& connection() noexcept = 0;
    [[nodiscard]] virtual Direction direction() const noexcept = 0;
    /// True when this side opened it.
    [[nodiscard]] virtual bool is_local() const noexcept = 0;

    /// Replaces the handler; the stream shares its ownership.
    virtual void set_handler(std::shared_ptr<StreamHandler> handler) = 0;

    /// Queues `data`; `fin` ends our direction. Taken as a whole whatever its size while writable_bytes() > 0, so that
    /// the queue holds at most the limit plus one write. `blocked` when it is full (an empty write with `fin` is always
    /// taken), `closed` after fin, reset or the end.
    virtual base::Result<void> write(Buffer data, bool fin) = 0;
    base::Result<void> finish() { return write(Buffer{}, true); }
    /// Room in the send queue: its limit (Settings::stream_send_queue_bytes) less what is queued and not yet sent.
    [[nodiscard]] virtual std::size_t writable_bytes() const noexcept = 0;
    /// Queued bytes that have not been sent yet.
    [[nodiscard]] virtual std::size_t unsent_bytes() const noexcept = 0;

    /// Returns `bytes` of receive credit to the peer, on the stream and on the connection. At most what on_data gave.
    virtual void consume(std::size_t bytes) = 0;

    /// Aborts our direction (RESET_STREAM); queued data is dropped. Nothing after fin was acknowledged.
    virtual void reset(std::uint64_t code) = 0;
    /// Asks the peer to abort its direction (STOP_SENDING); no on_data follows. What arrives is credited back.
    virtual void stop_sending(std::uint64_t code) = 0;
    /// Which of our streams leaves first.
    virtual void set_priority(Priority priority) = 0;

 protected:
    Stream() = default;
};

}  // namespace zquic

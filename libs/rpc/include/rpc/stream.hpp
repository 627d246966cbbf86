#pragma once
// The byte level below calls: one HTTP exchange as fields, body bytes and trailers, with explicit back-pressure.
// Server, Channel and relays stand on this and do not know whether HTTP/3, a loopback or something else is below.
//
//   headers ─▶ data … ─▶ trailers or end          each way, independently; a reset may end either at any point

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <utility>

#include "base/bytes.hpp"
#include "io/address.hpp"
#include "io/reactor.hpp"
#include "rpc/metadata.hpp"
#include "rpc/status.hpp"

namespace rpc {

/// Who is at the other end of a connection.
struct Peer {
    io::SocketAddress address;
    std::optional<base::Digest> public_key;  ///< Ed25519 key of its certificate; none on transports without TLS.
};

/// What arrives on a stream. Called on the reactor's thread, never from inside a HttpStream function. The HttpStream
/// may be destroyed inside any of these; no further call follows then.
class StreamEvents {
 public:
    /// Pseudo-headers included. On the client side informational (1xx) answers are not reported.
    virtual void on_headers(Fields headers) = 0;
    /// Body bytes, borrowed for the call. They count against the window until HttpStream::consume().
    virtual void on_data(base::ByteView bytes) = 0;
    /// The peer has sent everything. `trailers` may be empty.
    virtual void on_end(Fields trailers) = 0;
    /// queued_bytes() has fallen to half of what it was bounded by, or below, after write() made it larger.
    virtual void on_writable() = 0;
    /// The stream is over: reset by the peer, or with a `reason`: the connection closed, or it had no room for the
    /// stream (H3_EXCESSIVE_LOAD) and the peer never heard of it. `h3_code` per RFC 9114 §8.1. Nothing follows.
    virtual void on_reset(std::uint64_t h3_code, const std::string& reason) = 0;

 protected:
    ~StreamEvents() = default;
};

/// One exchange. Destroying it lets go of it: what was written goes out still when this side has ended its direction
/// (`end`, trailers), else the stream is reset with H3_REQUEST_CANCELLED; a body that is not yet complete is stopped.
/// No event follows. After on_reset() nothing has an effect. Thread: the reactor's.
class HttpStream {
 public:
    virtual ~HttpStream() = default;
    HttpStream() = default;
    HttpStream(const HttpStream&) = delete;
    HttpStream& operator=(const HttpStream&) = delete;

    /// First of all; what arrived before is reported in a later turn. Again to hand the stream to another owner, also
    /// from inside an event.
    virtual void set_events(StreamEvents& events) = 0;

    /// Once on each side. With `end`, nothing follows (a Trailers-Only answer).
    virtual void send_headers(const Fields& headers, bool end) = 0;
    /// Takes the bytes always; the caller stops while queued_bytes() is above its own bound, until on_writable().
    virtual void write(base::Bytes bytes, bool end) = 0;
    /// Ends this direction.
    virtual void send_trailers(const Fields& trailers) = 0;
    /// Bytes given to write() that the transport has not yet handed to the network.
    [[nodiscard]] virtual std::size_t queued_bytes() const noexcept = 0;
    /// on_writable() is called once queued_bytes() is at most this after having been above. Default 64 KiB.
    virtual void set_low_water(std::size_t bytes) noexcept = 0;

    /// Gives flow-control credit back for bytes that on_data() delivered.
    virtual void consume(std::size_t bytes) = 0;
    /// Asks the peer to stop sending; what still arrives is dropped. After a complete answer: H3_NO_ERROR.
    virtual void stop_reading(std::uint64_t h3_code) = 0;
    /// Aborts both directions. No event follows.
    virtual void reset(std::uint64_t h3_code) = 0;

    [[nodiscard]] virtual const Peer& peer() const noexcept = 0;

    /// Keeps `what` as long as this object; a transport that knows better, until the answer has left or was given up.
    /// Once.
    virtual void keep(std::shared_ptr<void> what) { kept_ = std::move(what); }

 private:
    std::shared_ptr<void> kept_;
};

/// Why a connection is gone or never came to be.
struct ConnectionError {
    enum class Kind : std::uint8_t {
        refused,    ///< Nobody listens there.
        timeout,    ///< No answer in time, or the idle timeout passed.
        handshake,  ///< TLS failed, or the peer's key is not an expected one.
        closed,     ///< The peer closed it, gracefully or with an error.
        local,      ///< This side could not even try (socket, descriptor, configuration).
    };
    Kind kind = Kind::closed;
    std::string text;  ///< For a person: "connection refused", "server key 3f… is not expected".
};

/// A client's connection to one endpoint. Destroying it closes it: its streams report on_reset() in a later turn or are
/// gone already. Thread: the reactor's.
class ClientConnection {
 public:
    virtual ~ClientConnection() = default;
    ClientConnection() = default;
    ClientConnection(const ClientConnection&) = delete;
    ClientConnection& operator=(const ClientConnection&) = delete;

    /// Null when the connection takes no more (not ready, at the peer's stream limit, or the peer is draining).
    virtual std::unique_ptr<HttpStream> open() = 0;
    /// Starts the close; on_closed() is not called.
    virtual void close() = 0;
};

class ConnectionEvents {
 public:
    virtual void on_ready() = 0;
    /// open() would succeed again after it returned null.
    virtual void on_streams_available() = 0;
    /// The peer takes no new streams (GOAWAY); those under way go on.
    virtual void on_draining() = 0;
    virtual void on_closed(const ConnectionError& error) = 0;

 protected:
    ~ConnectionEvents() = default;
};

/// Makes connections; what Channel stands on. `events` outlives the connection.
class Connector {
 public:
    virtual ~Connector() = default;
    virtual std::unique_ptr<ClientConnection> connect(ConnectionEvents& events) = 0;
    /// "[::1]:50050", for messages.
    [[nodiscard]] virtual std::string endpoint() const = 0;
};

/// An in-memory connection for tests and for services inside one process: streams opened on it arrive at `accept`.
/// `window_bytes` bounds what each direction of a stream holds. Both ends on one reactor.
std::unique_ptr<Connector> make_loopback(io::Reactor& reactor, std::size_t window_bytes,
                                         std::function<void(std::unique_ptr<HttpStream>)> accept, Peer peer_of_client);

}  // namespace rpc

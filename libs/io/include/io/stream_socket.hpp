#pragma once
// TCP and unix stream sockets on a reactor. Writes are queued and leave in the turn's deferred pass.

#include <sys/types.h>

#include <cstddef>
#include <functional>
#include <memory>
#include <string>

#include "base/bytes.hpp"
#include "io/address.hpp"
#include "io/reactor.hpp"

namespace io {

/// Who is at the other end of a unix socket, as the kernel recorded it at connect(2) (SO_PEERCRED).
struct PeerCredentials {
    pid_t pid;
    uid_t uid;
    gid_t gid;
};

/// One connection. All calls and callbacks on the reactor's thread. Destroying it closes it at once, also from inside
/// any of its callbacks; no callback comes after that or after close().
class StreamSocket {
 public:
    struct Options {
        std::size_t write_queue_bytes_max = 4u << 20;
        std::size_t read_chunk_bytes = 64u << 10;  ///< One on_data call carries at most this.
        bool no_delay = true;                      ///< TCP_NODELAY.
    };
    struct Handlers {
        /// connect_* finished; success once, or never when on_closed comes first. Not called for accepted sockets.
        std::move_only_function<void()> on_connected;
        /// Bytes arrived; they are borrowed for the call.
        std::move_only_function<void(base::ByteView)> on_data;
        /// The peer sends no more. The write side stays open until close() or shutdown_write().
        std::move_only_function<void()> on_end;
        /// The write queue became empty after it had something.
        std::move_only_function<void()> on_drained;
        /// The connection failed (`refused`, `reset`, `timed_out`, …) or both sides have ended (`closed`). Last call.
        std::move_only_function<void(base::Error)> on_closed;
    };

    /// Begins to connect. The outcome arrives through the handlers given to start(), which must be called in the same
    /// turn. Failures that are known at once (a missing unix path) are returned.
    static base::Result<std::unique_ptr<StreamSocket>> connect_tcp(Reactor& reactor, const SocketAddress& peer,
                                                                   Options options);
    static base::Result<std::unique_ptr<StreamSocket>> connect_unix(Reactor& reactor, const std::string& path,
                                                                    Options options);
    /// Takes over a connected, non-blocking descriptor.
    static base::Result<std::unique_ptr<StreamSocket>> adopt(Reactor& reactor, int fd, Options options);
    ~StreamSocket();
    StreamSocket(const StreamSocket&) = delete;
    StreamSocket& operator=(const StreamSocket&) = delete;

    /// Begins to read. Once.
    base::Result<void> start(Handlers handlers);
    /// Queues a copy of `bytes`, all or nothing. `overloaded` when the queue would pass write_queue_bytes_max (wait for
    /// on_drained), `closed` after shutdown_write(), close() or a failure. May be called before the connect finishes.
    base::Result<void> write(base::ByteView bytes);
    [[nodiscard]] std::size_t queued_bytes() const noexcept;
    /// Stops or resumes reading: back-pressure on the peer.
    void set_reading(bool reading);
    /// Ends our side after the queue has left; reading goes on.
    void shutdown_write();
    /// Closes now; queued bytes are lost. No callback follows.
    void close() noexcept;

    /// Empty for unix sockets.
    [[nodiscard]] SocketAddress peer_address() const noexcept;
    [[nodiscard]] SocketAddress local_address() const noexcept;
    /// Unix sockets only; `system` for others.
    [[nodiscard]] base::Result<PeerCredentials> peer_credentials() const noexcept;
    [[nodiscard]] int fd() const noexcept;

 private:
    struct State;
    explicit StreamSocket(std::shared_ptr<State> state) noexcept;
    std::shared_ptr<State> state_;
};

/// Accepts connections on a reactor until destroyed. The handler may destroy the listener.
class Listener {
 public:
    struct Options {
        int backlog = 512;
        std::size_t accept_batch_max = 64;  ///< Connections taken in one turn.
        bool reuse_port = false;
        bool dual_stack = true;
        StreamSocket::Options stream;
    };
    using AcceptHandler = std::move_only_function<void(std::unique_ptr<StreamSocket>)>;

    /// `address_in_use` and `permission_denied` name the address in the text.
    static base::Checked<std::unique_ptr<Listener>> listen_tcp(Reactor& reactor, const SocketAddress& address,
                                                               Options options, AcceptHandler handler);
    /// A socket file with mode 0600. A stale one (nobody answers) is replaced; one that answers is `address_in_use`; a
    /// file that is not a socket is left alone and refused. Paths above 107 bytes are refused. The file is removed on
    /// destruction. The folder should be private too.
    static base::Checked<std::unique_ptr<Listener>> listen_unix(Reactor& reactor, const std::string& path,
                                                                Options options, AcceptHandler handler);
    ~Listener();
    Listener(const Listener&) = delete;
    Listener& operator=(const Listener&) = delete;

    /// The address and the real port; empty for unix sockets.
    [[nodiscard]] const SocketAddress& bound_address() const noexcept;

 private:
    struct State;
    explicit Listener(std::shared_ptr<State> state) noexcept;
    std::shared_ptr<State> state_;
};

}  // namespace io

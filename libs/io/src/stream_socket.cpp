#include "io/stream_socket.hpp"

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <sys/uio.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <deque>

#include "fd.hpp"
#include "socket_options.hpp"
#include "stream_internal.hpp"

namespace io {
namespace {

constexpr std::size_t kReadsMax = 8;        ///< Chunks in one turn; then others get theirs.
constexpr std::size_t kVectorsMax = 64;     ///< Buffers in one writev.
constexpr std::size_t kBufferSize = 16384;  ///< Small writes are gathered into buffers of this size.

}  // namespace

/// Shared with the running handler, so that a StreamSocket may be destroyed inside its own callbacks.
struct StreamSocket::State : std::enable_shared_from_this<StreamSocket::State> {
    State(Reactor& on, Fd owned, Options with) noexcept
        : reactor{on}, fd{std::move(owned)}, options{with}, flush{on, [this] { on_flush(); }} {}

    Reactor& reactor;
    Fd fd;
    Options options;
    Handlers handlers;
    Deferred flush;
    std::unique_ptr<std::byte[]> read_buffer;
    std::deque<base::Bytes> queue;
    std::size_t queue_offset = 0;  ///< Bytes of queue.front() that have left.
    std::size_t queued = 0;
    int early_error = 0;  ///< connect(2) failed at once; told when start() has given the handlers.
    bool connecting = false;
    bool started = false;
    bool reading = true;
    bool read_ended = false;
    bool write_ending = false;  ///< shutdown_write() was asked for.
    bool write_ended = false;
    bool blocked = false;  ///< The kernel's buffer is full.
    bool closed = false;

    void on_ready(Ready ready);
    void on_flush();
    void read_some();
    void finish_connect();
    void update_interest();
    /// Sends what it can; false when the connection failed.
    bool send_queue();
    void fail(base::Error error);
    void end_if_done();
    void close() noexcept;
};

StreamSocket::StreamSocket(std::shared_ptr<State> state) noexcept : state_{std::move(state)} {}
StreamSocket::~StreamSocket() { close(); }

base::Result<std::unique_ptr<StreamSocket>> StreamSocket::adopt(Reactor& reactor, int fd, Options options) {
    Fd owned{fd};
    if (options.read_chunk_bytes == 0) return base::fail(base::Errc::invalid_argument, "read_chunk_bytes");
    if (options.no_delay) set_option(fd, IPPROTO_TCP, TCP_NODELAY, 1);  // fails on unix sockets, which need it not
    return std::unique_ptr<StreamSocket>{new StreamSocket{std::make_shared<State>(reactor, std::move(owned), options)}};
}

base::Result<std::unique_ptr<StreamSocket>> StreamSocket::connect_tcp(Reactor& reactor, const SocketAddress& peer,
                                                                      Options options) {
    if (peer.empty()) return base::fail(Errc::bad_address, "connect_tcp");
    Fd fd{::socket(peer.native()->sa_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0)};
    if (!fd.valid()) return base::fail(errc_from_errno(errno), "socket");
    const int error = ::connect(fd.get(), peer.native(), peer.native_size()) == 0 ? 0 : errno;
    GC_TRY(auto socket, adopt(reactor, fd.release(), options));
    socket->state_->connecting = true;
    if (error != 0 && error != EINPROGRESS) socket->state_->early_error = error;
    return socket;
}

base::Result<std::unique_ptr<StreamSocket>> StreamSocket::connect_unix(Reactor& reactor, const std::string& path,
                                                                       Options options) {
    GC_TRY(const auto address, UnixAddress::make(path));
    Fd fd{::socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0)};
    if (!fd.valid()) return base::fail(errc_from_errno(errno), "socket");
    // Never in progress: a unix connect succeeds or fails at once, EAGAIN meaning a full backlog.
    if (::connect(fd.get(), address.native(), address.size()) != 0)
        return base::fail(errc_from_errno(errno), "connect");
    GC_TRY(auto socket, adopt(reactor, fd.release(), options));
    socket->state_->connecting = true;
    return socket;
}

base::Result<void> StreamSocket::start(Handlers handlers) {
    auto& state = *state_;
    if (state.closed || state.started) return base::fail(Errc::closed, "start");
    const Ready interest{.read = !state.connecting, .write = state.connecting};
    // The handler holds the state weakly: a closed socket's descriptor is unwatched before it goes.
    const std::weak_ptr<State> weak = state_;
    GC_CHECK(state.reactor.watch(state.fd.get(), interest, [weak](Ready ready) {
        if (const auto self = weak.lock()) self->on_ready(ready);
    }));
    state.handlers = std::move(handlers);
    state.started = true;
    if (state.early_error || state.queued > 0 || state.write_ending) state.flush.schedule();
    return {};
}

void StreamSocket::State::on_ready(Ready ready) {
    if (connecting) {
        if (ready.write) finish_connect();
        return;
    }
    if (ready.write && blocked) {
        blocked = false;
        flush.schedule();
        update_interest();
    }
    if (ready.read && reading && !read_ended) read_some();
}

void StreamSocket::State::finish_connect() {
    const auto self = shared_from_this();
    int error = 0;
    socklen_t size = sizeof error;
    if (::getsockopt(fd.get(), SOL_SOCKET, SO_ERROR, &error, &size) != 0) error = errno;
    if (error != 0) return fail(base::fail(errc_from_errno(error), "connect").error());
    connecting = false;
    update_interest();
    if (queued > 0 || write_ending) flush.schedule();
    if (handlers.on_connected) handlers.on_connected();
}

void StreamSocket::State::read_some() {
    const auto self = shared_from_this();
    if (!read_buffer) read_buffer = std::make_unique_for_overwrite<std::byte[]>(options.read_chunk_bytes);
    for (std::size_t i = 0; i < kReadsMax && !closed && reading; ++i) {
        const auto got = ::recv(fd.get(), read_buffer.get(), options.read_chunk_bytes, 0);
        if (got < 0) {
            if (errno == EINTR) continue;
            if (errno == EAGAIN) return;
            return fail(base::fail(errc_from_errno(errno), "read").error());
        }
        if (got == 0) {
            read_ended = true;
            update_interest();
            if (handlers.on_end) handlers.on_end();
            return end_if_done();
        }
        if (handlers.on_data) handlers.on_data({read_buffer.get(), static_cast<std::size_t>(got)});
        if (static_cast<std::size_t>(got) < options.read_chunk_bytes) return;
    }
}

void StreamSocket::State::on_flush() {
    const auto self = shared_from_this();
    if (closed || !started) return;
    if (early_error) return fail(base::fail(errc_from_errno(early_error), "connect").error());
    if (connecting || blocked) return;
    const bool had = queued > 0;
    if (!send_queue()) return;
    if (had && queued == 0 && handlers.on_drained) handlers.on_drained();
    if (closed || queued > 0 || !write_ending || write_ended) return;
    ::shutdown(fd.get(), SHUT_WR);
    write_ended = true;
    end_if_done();
}

bool StreamSocket::State::send_queue() {
    while (!queue.empty()) {
        std::array<iovec, kVectorsMax> vectors;
        std::size_t count = 0;
        auto offset = queue_offset;
        for (auto at = queue.begin(); at != queue.end() && count < vectors.size(); ++at, ++count) {
            vectors[count] = {.iov_base = at->data() + offset, .iov_len = at->size() - offset};
            offset = 0;
        }
        msghdr message{};
        message.msg_iov = vectors.data();
        message.msg_iovlen = count;
        const auto sent = ::sendmsg(fd.get(), &message, MSG_NOSIGNAL);
        if (sent < 0) {
            if (errno == EINTR) continue;
            if (errno == EAGAIN) {
                blocked = true;
                update_interest();
                return true;
            }
            fail(base::fail(errc_from_errno(errno), "write").error());
            return false;
        }
        auto left = static_cast<std::size_t>(sent);
        queued -= left;
        while (left > 0) {
            const auto rest = queue.front().size() - queue_offset;
            if (left < rest) {
                queue_offset += left;
                break;
            }
            left -= rest;
            queue.pop_front();
            queue_offset = 0;
        }
    }
    return true;
}

void StreamSocket::State::update_interest() {
    if (closed || !started) return;
    const Ready interest{.read = !connecting && reading && !read_ended, .write = connecting || blocked};
    [[maybe_unused]] const auto modified = reactor.modify(fd.get(), interest);
}

void StreamSocket::State::fail(base::Error error) {
    const auto self = shared_from_this();
    if (closed) return;
    close();
    auto on_closed = std::move(handlers.on_closed);  // once, whatever it does
    if (on_closed) on_closed(error);
}

void StreamSocket::State::end_if_done() {
    if (read_ended && write_ended) fail(base::fail(Errc::closed, "both sides ended").error());
}

void StreamSocket::State::close() noexcept {
    if (closed) return;
    closed = true;
    flush.cancel();
    if (started) reactor.unwatch(fd.get());
    fd.reset();
    queue.clear();
    queued = 0;
}

base::Result<void> StreamSocket::write(base::ByteView bytes) {
    auto& state = *state_;
    if (state.closed || state.write_ending) return base::fail(Errc::closed, "write");
    if (bytes.size() > state.options.write_queue_bytes_max - state.queued)
        return base::fail(Errc::overloaded, "write queue");
    if (bytes.empty()) return {};
    auto& queue = state.queue;
    if (queue.empty() || queue.back().size() + bytes.size() > kBufferSize) {
        queue.emplace_back();
        queue.back().reserve(std::max(bytes.size(), std::min(kBufferSize, bytes.size() * 4)));
    }
    queue.back().insert(queue.back().end(), bytes.begin(), bytes.end());
    state.queued += bytes.size();
    if (state.started) state.flush.schedule();
    return {};
}

std::size_t StreamSocket::queued_bytes() const noexcept { return state_->queued; }

void StreamSocket::set_reading(bool reading) {
    state_->reading = reading;
    state_->update_interest();
}

void StreamSocket::shutdown_write() {
    if (state_->closed || state_->write_ending) return;
    state_->write_ending = true;
    if (state_->started) state_->flush.schedule();
}

void StreamSocket::close() noexcept { state_->close(); }

SocketAddress StreamSocket::peer_address() const noexcept { return peer_address_of(fd()).normalized(); }
SocketAddress StreamSocket::local_address() const noexcept { return local_address_of(fd()).normalized(); }
int StreamSocket::fd() const noexcept { return state_->fd.get(); }

base::Result<PeerCredentials> StreamSocket::peer_credentials() const noexcept {
    ucred raw{};
    socklen_t size = sizeof raw;
    // Other families answer too, with a process number of 0.
    if (::getsockopt(fd(), SOL_SOCKET, SO_PEERCRED, &raw, &size) != 0 || raw.pid == 0)
        return base::fail(Errc::system, "no peer credentials");
    return PeerCredentials{.pid = raw.pid, .uid = raw.uid, .gid = raw.gid};
}

}  // namespace io

#include <fcntl.h>
#include <sys/stat.h>

#include <cerrno>

#include "fd.hpp"
#include "io/stream_socket.hpp"
#include "io/timer.hpp"
#include "socket_options.hpp"
#include "stream_internal.hpp"

namespace io {
namespace {

/// Without descriptors accept(2) fails while the listener stays readable: pause instead of spinning.
constexpr std::uint64_t kAcceptPauseNs = 100'000'000;

/// What stands at `path` before we bind there: nothing, or a socket file that nobody answers on and that is removed.
base::Checked<void> clear_stale_socket(const std::string& path, const UnixAddress& address) {
    struct stat info{};
    if (::lstat(path.c_str(), &info) != 0) return {};
    if (!S_ISSOCK(info.st_mode))
        return base::explain(Errc::address_in_use,
                             "cannot listen on " + path + ": a file that is not a socket is there");
    const Fd probe{::socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0)};
    if (!probe.valid()) return explain_errno(errno, "cannot listen on " + path);
    // EAGAIN: somebody listens and is busy. Only a refusal proves that nobody does.
    if (::connect(probe.get(), address.native(), UnixAddress::size()) == 0 || errno != ECONNREFUSED)
        return base::explain(Errc::address_in_use, "cannot listen on " + path + ": another program answers there");
    if (::unlink(path.c_str()) != 0 && errno != ENOENT)
        return explain_errno(errno, "cannot remove the stale socket " + path);
    return {};
}

}  // namespace

struct Listener::State : std::enable_shared_from_this<Listener::State> {
    State(Reactor& on, Fd owned, Options with, AcceptHandler accept) noexcept
        : reactor{on},
          fd{std::move(owned)},
          options{with},
          handler{std::move(accept)},
          resume{on, [this] { [[maybe_unused]] const auto on_again = reactor.modify(fd.get(), Ready{.read = true}); }} {
    }
    ~State() {
        // Only our own file: another listener may have replaced it meanwhile.
        struct stat info{};
        if (!path.empty() && ::lstat(path.c_str(), &info) == 0 && info.st_ino == inode && info.st_dev == device)
            ::unlink(path.c_str());
    }

    Reactor& reactor;
    Fd fd;
    Options options;
    AcceptHandler handler;
    Timer resume;
    SocketAddress bound;
    std::string path;
    ino_t inode = 0;
    dev_t device = 0;
    bool open = true;

    void accept_some();
    base::Result<void> begin(int backlog);
};

base::Result<void> Listener::State::begin(int backlog) {
    if (::listen(fd.get(), backlog) != 0) return base::fail(errc_from_errno(errno), "listen");
    const std::weak_ptr<State> weak = shared_from_this();
    return reactor.watch(fd.get(), Ready{.read = true}, [weak](Ready) {
        if (const auto self = weak.lock()) self->accept_some();
    });
}

void Listener::State::accept_some() {
    for (std::size_t i = 0; i < options.accept_batch_max && open; ++i) {
        const int accepted = ::accept4(fd.get(), nullptr, nullptr, SOCK_NONBLOCK | SOCK_CLOEXEC);
        if (accepted < 0) {
            const int error = errno;
            if (error == EAGAIN) return;
            if (error == EMFILE || error == ENFILE || error == ENOBUFS || error == ENOMEM) {
                [[maybe_unused]] const auto paused = reactor.modify(fd.get(), Ready{});
                resume.arm_after(kAcceptPauseNs);
                return;
            }
            continue;  // that connection died while it waited; the next may be fine
        }
        if (auto socket = StreamSocket::adopt(reactor, accepted, options.stream)) handler(std::move(*socket));
    }
}

base::Checked<std::unique_ptr<Listener>> Listener::listen_tcp(Reactor& reactor, const SocketAddress& address,
                                                              Options options, AcceptHandler handler) {
    GC_TRY(auto fd, bind_socket(address, {.type = SOCK_STREAM,
                                          .reuse_port = options.reuse_port,
                                          .dual_stack = options.dual_stack,
                                          .what = "cannot listen on tcp"}));
    auto state = std::make_shared<State>(reactor, std::move(fd), options, std::move(handler));
    state->bound = local_address_of(state->fd.get());
    if (const auto begun = state->begin(options.backlog); !begun) {
        const auto text = "cannot listen on tcp " + address.to_string() + ": " + base::to_string(begun.error());
        return std::unexpected{base::Diagnostic{begun.error(), text}};
    }
    return std::unique_ptr<Listener>{new Listener{std::move(state)}};
}

base::Checked<std::unique_ptr<Listener>> Listener::listen_unix(Reactor& reactor, const std::string& path,
                                                               Options options, AcceptHandler handler) {
    const auto address = UnixAddress::make(path);
    if (!address)
        return std::unexpected{
            base::Diagnostic{address.error(), "cannot listen on " + path + ": " + address.error().note}};
    GC_CHECK(clear_stale_socket(path, *address));
    Fd fd{::socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0)};
    if (!fd.valid()) return explain_errno(errno, "cannot listen on " + path);
    // The mode goes onto the socket first: bind(2) creates the file with it, so there is no moment of a wider one.
    if (::fchmod(fd.get(), 0600) != 0 || ::bind(fd.get(), address->native(), UnixAddress::size()) != 0 ||
        ::chmod(path.c_str(), 0600) != 0)
        return explain_errno(errno, "cannot listen on " + path);
    auto state = std::make_shared<State>(reactor, std::move(fd), options, std::move(handler));
    struct stat info{};
    if (::lstat(path.c_str(), &info) != 0) return explain_errno(errno, "cannot listen on " + path);
    state->path = path;
    state->inode = info.st_ino;
    state->device = info.st_dev;
    if (const auto begun = state->begin(options.backlog); !begun) {
        const auto text = "cannot listen on " + path + ": " + base::to_string(begun.error());
        return std::unexpected{base::Diagnostic{begun.error(), text}};
    }
    return std::unique_ptr<Listener>{new Listener{std::move(state)}};
}

Listener::Listener(std::shared_ptr<State> state) noexcept : state_{std::move(state)} {}

Listener::~Listener() {
    state_->open = false;
    state_->resume.cancel();
    state_->reactor.unwatch(state_->fd.get());
}

const SocketAddress& Listener::bound_address() const noexcept { return state_->bound; }

}  // namespace io

#include "wallet_local/client.hpp"

#include <fmt/format.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

#include "base/bytes.hpp"
#include "base/clock.hpp"
#include "ghost/wallet/v1/local.pb.h"
#include "wallet_local/frame.hpp"

namespace wallet_local {
namespace {

namespace pb = ghost::wallet::v1;

/// Wipes a wire buffer on every way out.
struct WipedBytes {
    base::Bytes bytes;
    ~WipedBytes() { wipe(base::MutableBytes{bytes}); }
};

class Deadline {
 public:
    explicit Deadline(std::uint32_t timeout_ms) noexcept
        : end_ns_{base::system_clock().now_ns() + std::uint64_t{timeout_ms} * 1'000'000} {}
    /// Waits until `fd` is ready for `events`. `timed_out` at the deadline.
    base::Result<void> wait(int fd, short events) const noexcept {
        for (;;) {
            const auto now = base::system_clock().now_ns();
            if (now >= end_ns_) return base::fail(base::Errc::timed_out, "walletd's socket");
            pollfd entry{.fd = fd, .events = events, .revents = 0};
            const auto ready = poll(&entry, 1, static_cast<int>((end_ns_ - now) / 1'000'000 + 1));
            if (ready > 0) return {};
            if (ready < 0 && errno != EINTR) return base::fail(base::Errc::io_error, "poll");
        }
    }

 private:
    std::uint64_t end_ns_;
};

base::Result<void> send_all(int fd, base::ByteView bytes, const Deadline& deadline) noexcept {
    while (!bytes.empty()) {
        const auto sent = send(fd, bytes.data(), bytes.size(), MSG_NOSIGNAL | MSG_DONTWAIT);
        if (sent >= 0) {
            bytes = bytes.subspan(static_cast<std::size_t>(sent));
        } else if (errno == EAGAIN || errno == EWOULDBLOCK) {
            GC_CHECK(deadline.wait(fd, POLLOUT));
        } else if (errno != EINTR) {
            return base::fail(base::Errc::io_error, "send to walletd");
        }
    }
    return {};
}

base::Result<void> receive_exactly(int fd, base::MutableBytes out, const Deadline& deadline) noexcept {
    while (!out.empty()) {
        const auto got = recv(fd, out.data(), out.size(), MSG_DONTWAIT);
        if (got > 0) {
            out = out.subspan(static_cast<std::size_t>(got));
        } else if (got == 0) {
            return base::fail(base::Errc::unavailable, "walletd closed the connection");
        } else if (errno == EAGAIN || errno == EWOULDBLOCK) {
            GC_CHECK(deadline.wait(fd, POLLIN));
        } else if (errno != EINTR) {
            return base::fail(base::Errc::io_error, "receive from walletd");
        }
    }
    return {};
}

}  // namespace

base::Checked<std::unique_ptr<Client>> Client::connect(Options options) {
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    if (options.path.empty() || options.path.size() >= sizeof address.sun_path) {
        return base::explain(base::Errc::invalid_argument,
                             fmt::format("'{}' cannot be a socket path: it must have 1 to {} bytes", options.path,
                                         sizeof address.sun_path - 1));
    }
    std::memcpy(address.sun_path, options.path.data(), options.path.size());
    const int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (fd < 0) return base::explain(base::Errc::io_error, fmt::format("no socket: {}", std::strerror(errno)));
    std::unique_ptr<Client> client{new Client{fd, std::move(options)}};
    if (::connect(fd, reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0) {
        const auto cause = errno;
        const auto errc = cause == EACCES || cause == EPERM ? base::Errc::permission_denied : base::Errc::unavailable;
        return base::explain(
            errc, fmt::format("walletd does not answer at {}: {}", client->options_.path, std::strerror(cause)));
    }
    ucred peer{};
    socklen_t size = sizeof peer;
    if (getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &peer, &size) != 0 || (peer.uid != geteuid() && peer.uid != 0)) {
        return base::explain(base::Errc::permission_denied,
                             fmt::format("{} is served by another user (uid {}); nothing was sent to it",
                                         client->options_.path, peer.uid));
    }
    return client;
}

Client::~Client() { close(fd_); }

base::Checked<pb::LocalResponse> Client::call(const pb::LocalRequest& request) {
    const auto explained = [this](const base::Error& error) {
        return std::unexpected{base::Diagnostic{
            error, fmt::format("the exchange with walletd at {} failed: {}", options_.path, base::to_string(error))}};
    };
    WipedBytes payload{base::Bytes(request.ByteSizeLong())};
    request.SerializeToArray(payload.bytes.data(), static_cast<int>(payload.bytes.size()));
    auto encoded = encode_frame(payload.bytes);
    if (!encoded) return explained(encoded.error());
    WipedBytes wire{std::move(*encoded)};

    const Deadline deadline{options_.timeout_ms};
    if (auto sent = send_all(fd_, wire.bytes, deadline); !sent) return explained(sent.error());
    base::FixedBytes<kHeaderBytes> header{};
    if (auto got = receive_exactly(fd_, header, deadline); !got) return explained(got.error());
    const std::size_t length = base::load_be<std::uint32_t>(header.data());
    if (length == 0 || length > kPayloadBytesMax) {
        return explained(base::fail(base::Errc::out_of_range, "frame length").error());
    }
    WipedBytes body{base::Bytes(length)};
    if (auto got = receive_exactly(fd_, body.bytes, deadline); !got) return explained(got.error());
    pb::LocalResponse response;
    if (!response.ParseFromArray(body.bytes.data(), static_cast<int>(body.bytes.size()))) {
        return explained(base::fail(base::Errc::invalid_argument, "not a LocalResponse").error());
    }
    return response;
}

}  // namespace wallet_local

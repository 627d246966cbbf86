#include "io/signals.hpp"

#include <pthread.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>

#include "thread_name.hpp"

namespace io {
namespace {

sigset_t set_of(std::initializer_list<int> numbers) noexcept {
    sigset_t set;
    sigemptyset(&set);
    for (const int number : numbers) sigaddset(&set, number);
    return set;
}

}  // namespace

void begin_thread(const std::string& name) noexcept {
    pthread_setname_np(pthread_self(), name.substr(0, 15).c_str());
    const auto set = set_of({SIGTERM, SIGINT, SIGHUP});
    pthread_sigmask(SIG_BLOCK, &set, nullptr);
}

void block_termination_signals() noexcept {
    const auto set = set_of({SIGTERM, SIGINT, SIGHUP});
    pthread_sigmask(SIG_BLOCK, &set, nullptr);
    std::signal(SIGPIPE, SIG_IGN);
}

int wait_for_termination_signal() noexcept {
    const auto set = set_of({SIGTERM, SIGINT});
    int number = 0;
    while (sigwait(&set, &number) != 0) {
    }
    return number;
}

std::optional<int> wait_for_termination_signal_for(std::uint64_t timeout_ns) noexcept {
    const auto set = set_of({SIGTERM, SIGINT});
    constexpr std::uint64_t kSecondNs = 1'000'000'000;
    const timespec timeout{.tv_sec = static_cast<time_t>(timeout_ns / kSecondNs),
                           .tv_nsec = static_cast<long>(timeout_ns % kSecondNs)};
    const int number = sigtimedwait(&set, nullptr, &timeout);
    return number > 0 ? std::optional{number} : std::nullopt;
}

base::Result<std::unique_ptr<SignalWatch>> SignalWatch::make(Reactor& reactor,
                                                             std::move_only_function<void(int)> handler) {
    const auto set = set_of({SIGTERM, SIGINT});
    const int fd = signalfd(-1, &set, SFD_NONBLOCK | SFD_CLOEXEC);
    if (fd < 0) return base::fail(errc_from_errno(errno), "signalfd");
    std::unique_ptr<SignalWatch> self{new SignalWatch{reactor, fd}};
    GC_CHECK(reactor.watch(fd, Ready{.read = true}, [fd, handler = std::move(handler)](Ready) mutable {
        signalfd_siginfo info;
        if (::read(fd, &info, sizeof info) == static_cast<ssize_t>(sizeof info))
            handler(static_cast<int>(info.ssi_signo));
    }));
    return self;
}

SignalWatch::~SignalWatch() {
    reactor_.unwatch(fd_);
    ::close(fd_);
}

}  // namespace io

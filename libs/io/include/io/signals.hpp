#pragma once
// SIGTERM and SIGINT as an event on a reactor.

#include <functional>
#include <memory>
#include <optional>

#include "io/reactor.hpp"

namespace io {

/// Blocks SIGTERM, SIGINT and SIGHUP, and ignores SIGPIPE, for this thread and every thread it starts later. Call it
/// first thing in main(), before any thread exists; otherwise the signals end the process as by default.
void block_termination_signals() noexcept;

/// Calls `handler` with the signal's number on the reactor's thread for each SIGTERM or SIGINT, until destroyed.
/// Needs block_termination_signals().
class SignalWatch {
 public:
    static base::Result<std::unique_ptr<SignalWatch>> make(Reactor& reactor,
                                                           std::move_only_function<void(int)> handler);
    ~SignalWatch();
    SignalWatch(const SignalWatch&) = delete;
    SignalWatch& operator=(const SignalWatch&) = delete;

 private:
    SignalWatch(Reactor& reactor, int fd) noexcept : reactor_{reactor}, fd_{fd} {}
    Reactor& reactor_;
    int fd_;
};

/// For mains without a reactor of their own: blocks until SIGTERM or SIGINT and returns its number.
int wait_for_termination_signal() noexcept;
/// The same for at most so long; nothing when no signal came.
std::optional<int> wait_for_termination_signal_for(std::uint64_t timeout_ns) noexcept;

}  // namespace io

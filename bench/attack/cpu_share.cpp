#include "cpu_share.hpp"

#include <signal.h>
#include <time.h>

#include <chrono>

namespace attack {
namespace {

/// Longest burst beyond the share, and shortest pause.
constexpr std::chrono::milliseconds kStep{2};

double cpu_seconds_of(clockid_t clock) {
    timespec spent{};
    if (clock_gettime(clock, &spent) != 0) return 0;
    return static_cast<double>(spent.tv_sec) + static_cast<double>(spent.tv_nsec) / 1e9;
}

}  // namespace

CpuShare::CpuShare(pid_t pid, double share)
    : pid_{pid}, share_{share}, thread_{[this](const std::stop_token& stop) { run(stop); }} {}

void CpuShare::run(const std::stop_token& stop) const {
    using Clock = std::chrono::steady_clock;
    clockid_t clock{};
    if (clock_getcpuclockid(pid_, &clock) != 0) return;
    const auto began = Clock::now();
    const auto spent_before = cpu_seconds_of(clock);
    bool stopped = false;
    while (!stop.stop_requested()) {
        const auto allowed = share_ * std::chrono::duration<double>(Clock::now() - began).count();
        const bool ahead = cpu_seconds_of(clock) - spent_before > allowed;
        if (ahead != stopped) {
            kill(pid_, ahead ? SIGSTOP : SIGCONT);
            stopped = ahead;
        }
        std::this_thread::sleep_for(kStep);
    }
    if (stopped) kill(pid_, SIGCONT);
}

}  // namespace attack

#pragma once
// Keeps a process at a share of one core, so that what an attacker does to others is not just the core that he uses.

#include <sys/types.h>

#include <stop_token>
#include <thread>

namespace attack {

/// Stops and continues `pid` as its processor time runs ahead of `share` of the time that passed. Until destroyed;
/// then the process is continued. The process must not be waited for before that.
class CpuShare {
 public:
    CpuShare(pid_t pid, double share);

 private:
    void run(const std::stop_token& stop) const;
    pid_t pid_;
    double share_;
    std::jthread thread_;
};

}  // namespace attack

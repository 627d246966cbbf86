#include "peer.hpp"

#include <fmt/core.h>
#include <time.h>
#include <unistd.h>

#include <cstdio>
#include <cstdlib>

#include "bench_report.hpp"

namespace rpc_bench {

CallArgs parse_call_args(int argc, char** argv) {
    if (argc != 7) {
        fmt::print(stderr, "usage: {} call ADDRESS KEY SERVER_PID IN_FLIGHT SECONDS\n", argv[0]);
        std::exit(2);
    }
    return {.address = argv[2],
            .key = argv[3],
            .server_pid = std::atoi(argv[4]),
            .in_flight = std::atoi(argv[5]),
            .seconds = std::atof(argv[6])};
}

std::uint64_t Meter::now_ns() {
    timespec time{};
    ::clock_gettime(CLOCK_MONOTONIC, &time);
    return static_cast<std::uint64_t>(time.tv_sec) * 1'000'000'000 + static_cast<std::uint64_t>(time.tv_nsec);
}

Meter::Meter(int server_pid, double seconds)
    : server_pid_{server_pid},
      begin_ns_{now_ns() + static_cast<std::uint64_t>(kWarmUpSeconds * 1e9)},
      end_ns_{begin_ns_ + static_cast<std::uint64_t>(seconds * 1e9)} {}

bool Meter::record(std::uint64_t started_ns, std::uint64_t ended_ns) {
    if (measured_to_ns_) return false;
    if (ended_ns < begin_ns_) return true;
    if (!measured_from_ns_) {
        measured_from_ns_ = ended_ns;
        cpu_before_ = benchkit::cpu_seconds(server_pid_);
        return true;
    }
    ++calls_;
    if (latencies_us_.size() < kLatenciesMax)
        latencies_us_.push_back(static_cast<double>(ended_ns - started_ns) * 1e-3);
    if (ended_ns < end_ns_) return true;
    measured_to_ns_ = ended_ns;
    cpu_after_ = benchkit::cpu_seconds(server_pid_);
    return false;
}

void Meter::print_result() {
    fmt::print("result {} {:.6f} {:.6f} {:.3f} {:.3f}\n", calls_, cpu_after_ - cpu_before_,
               static_cast<double>(measured_to_ns_ - measured_from_ns_) * 1e-9,
               benchkit::percentile(latencies_us_, 0.50), benchkit::percentile(latencies_us_, 0.99));
    std::fflush(stdout);
}

void wait_for_end_of_stdin() {
    char byte = 0;
    while (::read(STDIN_FILENO, &byte, 1) > 0) {
    }
}

}  // namespace rpc_bench

#pragma once
// What both implementations under measurement agree on: the method, the payload, and how their processes talk.
//
//   PROGRAM serve                                   prints one line "ready ADDRESS [KEY]", serves until stdin closes
//   PROGRAM call ADDRESS KEY SERVER_PID IN_FLIGHT SECONDS
//                                                   prints "result CALLS SERVER_CPU_S WALL_S P50_US P99_US"

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

namespace rpc_bench {

inline constexpr std::size_t kPayloadBytes = 100;
inline constexpr int kServerCore = 0;
inline constexpr int kClientCore = 1;
inline constexpr double kWarmUpSeconds = 0.3;
inline constexpr std::size_t kLatenciesMax = 1'000'000;

struct CallArgs {
    std::string address;
    std::string key;
    int server_pid = 0;
    int in_flight = 1;
    double seconds = 1;
};
CallArgs parse_call_args(int argc, char** argv);

/// Counts calls once the warm-up is over, until the time is up.
class Meter {
 public:
    Meter(int server_pid, double seconds);
    /// A call that took so long has ended. False: stop calling.
    bool record(std::uint64_t started_ns, std::uint64_t ended_ns);
    void print_result();
    static std::uint64_t now_ns();

 private:
    int server_pid_;
    std::uint64_t begin_ns_;
    std::uint64_t end_ns_;
    std::uint64_t measured_from_ns_ = 0;
    std::uint64_t measured_to_ns_ = 0;
    double cpu_before_ = 0;
    double cpu_after_ = 0;
    std::uint64_t calls_ = 0;
    std::vector<double> latencies_us_;
};

/// Blocks until the parent closes our standard input.
void wait_for_end_of_stdin();

}  // namespace rpc_bench

// ./ghost bench rpc: unary calls of 100 bytes each way, ours over QUIC beside libgrpc++ over loopback TCP. Server
// pinned to one core, client to the other; calls are counted per second of the *server's* CPU time.
#include <fcntl.h>
#include <fmt/core.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "bench_report.hpp"
#include "ours.hpp"
#include "peer.hpp"

namespace {

/// A child process with pipes to its standard input and output.
class Child {
 public:
    explicit Child(std::vector<std::string> command) {
        int to[2], from[2];
        if (::pipe2(to, O_CLOEXEC) != 0 || ::pipe2(from, O_CLOEXEC) != 0) return;
        posix_spawn_file_actions_t actions;
        posix_spawn_file_actions_init(&actions);
        posix_spawn_file_actions_adddup2(&actions, to[0], STDIN_FILENO);
        posix_spawn_file_actions_adddup2(&actions, from[1], STDOUT_FILENO);
        std::vector<char*> argv;
        for (auto& word : command) argv.push_back(word.data());
        argv.push_back(nullptr);
        if (::posix_spawn(&pid_, command[0].c_str(), &actions, nullptr, argv.data(), environ) != 0) pid_ = -1;
        posix_spawn_file_actions_destroy(&actions);
        ::close(to[0]);
        ::close(from[1]);
        stdin_ = to[1];
        stdout_ = ::fdopen(from[0], "r");
    }
    ~Child() {
        if (stdin_ >= 0) ::close(stdin_);
        if (stdout_) std::fclose(stdout_);
        if (pid_ > 0) ::waitpid(pid_, nullptr, 0);
    }
    Child(const Child&) = delete;
    Child& operator=(const Child&) = delete;

    /// The words of its next line; empty at the end of its output.
    std::vector<std::string> words() {
        std::vector<std::string> out;
        char line[512];
        if (!stdout_ || !std::fgets(line, sizeof line, stdout_)) return out;
        for (char* word = std::strtok(line, " \n"); word; word = std::strtok(nullptr, " \n")) out.emplace_back(word);
        return out;
    }
    [[nodiscard]] int pid() const noexcept { return pid_; }

 private:
    pid_t pid_ = -1;
    int stdin_ = -1;
    std::FILE* stdout_ = nullptr;
};

struct Result {
    double per_cpu_second = 0;
    double per_second = 0;
    double p50_us = 0;
    double p99_us = 0;
};

/// One server, one client, one measurement. Ends the bench when either fails: a missing figure must not look like one.
Result measure(const std::string& program, int in_flight, double seconds) {
    Child server{{program, "serve"}};
    const auto ready = server.words();
    if (ready.size() != 3 || ready[0] != "ready") {
        fmt::print(stderr, "bench_rpc: {} does not serve\n", program);
        std::exit(1);
    }
    Child client{{program, "call", ready[1], ready[2], std::to_string(server.pid()), std::to_string(in_flight),
                  fmt::format("{:.3f}", seconds)}};
    const auto words = client.words();
    if (words.size() != 6 || words[0] != "result") {
        fmt::print(stderr, "bench_rpc: {} makes no calls\n", program);
        std::exit(1);
    }
    const double calls = std::atof(words[1].c_str());
    const double cpu_s = std::atof(words[2].c_str());
    const double wall_s = std::atof(words[3].c_str());
    return {.per_cpu_second = cpu_s > 0 ? calls / cpu_s : 0,
            .per_second = wall_s > 0 ? calls / wall_s : 0,
            .p50_us = std::atof(words[4].c_str()),
            .p99_us = std::atof(words[5].c_str())};
}

std::vector<double> column(const std::vector<Result>& results, double Result::* field) {
    std::vector<double> out;
    for (const auto& result : results) out.push_back(result.*field);
    return out;
}

int run(int argc, char** argv) {
    const auto options = benchkit::Options::parse(argc, argv, "rpc");
    if (!options.rest.empty()) {
        fmt::print(stderr, "bench_rpc: unknown flag {}\n", options.rest.front());
        return 2;
    }
    const auto self = std::filesystem::read_symlink("/proc/self/exe");
    const auto ours = self.string();
    const auto theirs = (self.parent_path() / "bench_rpc_grpcpp").string();
    const double seconds = options.seconds_or(3);
    const int runs = options.runs_or(3);
    constexpr int kInFlight = 256;
    constexpr const char* kPeer = "grpc++";

    benchkit::Report report{"rpc"};
    const auto compare = [&](int in_flight, auto add) {
        std::vector<Result> our_results, their_results;
        for (int i = 0; i < runs; ++i) {
            benchkit::progress(fmt::format("rpc: {} in flight, run {} of {}", in_flight, i + 1, runs));
            our_results.push_back(measure(ours, in_flight, seconds));
            their_results.push_back(measure(theirs, in_flight, seconds));
        }
        add(our_results, their_results);
    };
    const auto figure = [&](const char* name, const char* unit, benchkit::Better better, double Result::* field,
                            const std::vector<Result>& our_results, const std::vector<Result>& their_results) {
        if (!options.wants(name)) return;
        const auto values = column(our_results, field);
        report.add({.name = name,
                    .value = benchkit::median(values),
                    .unit = unit,
                    .peer = kPeer,
                    .peer_value = benchkit::median(column(their_results, field)),
                    .better = better,
                    .runs = values});
    };
    if (options.wants("rpc_unary_per_s_core")) {
        compare(kInFlight, [&](const auto& our_results, const auto& their_results) {
            figure("rpc_unary_per_s_core", "calls/s", benchkit::Better::higher, &Result::per_cpu_second, our_results,
                   their_results);
            report.note(fmt::format("{} in flight; by the clock {:.0f} calls/s, grpc++ {:.0f}", kInFlight,
                                    benchkit::median(column(our_results, &Result::per_second)),
                                    benchkit::median(column(their_results, &Result::per_second))));
        });
    }
    if (options.wants("rpc_unary_p50_us") || options.wants("rpc_unary_p99_us")) {
        compare(1, [&](const auto& our_results, const auto& their_results) {
            figure("rpc_unary_p50_us", "us", benchkit::Better::lower, &Result::p50_us, our_results, their_results);
            figure("rpc_unary_p99_us", "us", benchkit::Better::lower, &Result::p99_us, our_results, their_results);
        });
    }
    report.note("ours: QUIC with TLS 1.3 and mutual authentication; grpc++: TCP without TLS");
    return report.finish(options);
}

}  // namespace

int main(int argc, char** argv) {
    if (argc == 2 && !std::strcmp(argv[1], "serve")) return rpc_bench::serve_ours();
    if (argc > 2 && !std::strcmp(argv[1], "call")) return rpc_bench::call_ours(argc, argv);
    return run(argc, argv);
}

#pragma once
// A child process of a test or a bench: started, waited for, killed.

#include <sys/types.h>

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace benchkit {

class Process {
 public:
    struct Options {
        std::string stderr_path;           ///< Appended to.
        std::uint64_t file_bytes_max = 0;  ///< RLIMIT_FSIZE: writes beyond fail, as on a full disk. 0: none.
    };
    /// Nothing when the program cannot be run.
    static std::optional<Process> start(const std::vector<std::string>& command, const Options& options);
    Process(Process&& other) noexcept;
    Process& operator=(Process&&) = delete;
    /// Kills it.
    ~Process();

    /// The next line of its stdout; nothing at its end or after `timeout_ms`.
    std::optional<std::string> read_line(int timeout_ms);
    void send(int signal) const;
    [[nodiscard]] pid_t pid() const noexcept { return pid_; }
    /// Waits for its end; the exit code, or 128 + signal.
    int wait();

 private:
    Process(pid_t pid, int out) noexcept : pid_{pid}, out_{out} {}
    pid_t pid_;
    int out_;
    std::string buffer_;
};

/// Runs to the end, stdout thrown away. The exit code.
int run(const std::vector<std::string>& command, const std::string& stderr_path);

}  // namespace benchkit

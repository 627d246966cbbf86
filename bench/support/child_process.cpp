#include "child_process.hpp"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <chrono>
#include <utility>

namespace benchkit {

std::optional<Process> Process::start(const std::vector<std::string>& command, const Options& options) {
    std::vector<char*> arguments;
    for (const auto& argument : command) arguments.push_back(const_cast<char*>(argument.c_str()));
    arguments.push_back(nullptr);
    int out[2];
    if (pipe2(out, O_CLOEXEC) != 0) return std::nullopt;
    const auto pid = fork();
    if (pid == 0) {
        prctl(PR_SET_PDEATHSIG, SIGKILL);  // who is killed leaves nothing running
        const int err = open(options.stderr_path.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
        dup2(out[1], STDOUT_FILENO);
        if (err >= 0) dup2(err, STDERR_FILENO);
        if (options.file_bytes_max) {
            const rlimit limit{options.file_bytes_max, options.file_bytes_max};
            setrlimit(RLIMIT_FSIZE, &limit);
            signal(SIGXFSZ, SIG_IGN);  // survives exec: write(2) then answers EFBIG
        }
        execv(arguments[0], arguments.data());
        _exit(127);
    }
    close(out[1]);
    if (pid < 0) {
        close(out[0]);
        return std::nullopt;
    }
    return Process{pid, out[0]};
}

Process::Process(Process&& other) noexcept
    : pid_{std::exchange(other.pid_, -1)}, out_{std::exchange(other.out_, -1)}, buffer_{std::move(other.buffer_)} {}

Process::~Process() {
    if (pid_ > 0) {
        send(SIGKILL);
        wait();
    }
    if (out_ >= 0) close(out_);
}

std::optional<std::string> Process::read_line(int timeout_ms) {
    const auto end = std::chrono::steady_clock::now() + std::chrono::milliseconds{timeout_ms};
    for (;;) {
        if (const auto at = buffer_.find('\n'); at != std::string::npos) {
            auto line = buffer_.substr(0, at);
            buffer_.erase(0, at + 1);
            return line;
        }
        const auto left =
            std::chrono::duration_cast<std::chrono::milliseconds>(end - std::chrono::steady_clock::now()).count();
        pollfd ready{out_, POLLIN, 0};
        if (left <= 0 || poll(&ready, 1, static_cast<int>(left)) <= 0) return std::nullopt;
        char chunk[4096];
        const auto got = read(out_, chunk, sizeof chunk);
        if (got <= 0) return std::nullopt;
        buffer_.append(chunk, static_cast<std::size_t>(got));
    }
}

void Process::send(int signal) const { kill(pid_, signal); }

int Process::wait() {
    int status = 0;
    waitpid(pid_, &status, 0);
    pid_ = -1;
    return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

int run(const std::vector<std::string>& command, const std::string& stderr_path) {
    auto process = Process::start(command, {.stderr_path = stderr_path});
    if (!process) return 127;
    while (process->read_line(300'000)) {
    }
    return process->wait();
}

}  // namespace benchkit

#include "zwallet/secret_input.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <termios.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

#include "base/file.hpp"
#include "wallet_local/frame.hpp"

namespace zwallet {
namespace {

class Descriptor {
 public:
    explicit Descriptor(int fd) noexcept : fd_{fd} {}
    ~Descriptor() {
        if (fd_ >= 0) close(fd_);
    }
    Descriptor(const Descriptor&) = delete;
    Descriptor& operator=(const Descriptor&) = delete;
    [[nodiscard]] int get() const noexcept { return fd_; }

 private:
    int fd_;
};

/// Echo off while it lives. Signals stay on: Ctrl-C during a prompt ends the program, and the shell restores the rest;
/// we restore in the destructor on every ordinary way out.
class NoEcho {
 public:
    explicit NoEcho(int fd) noexcept : fd_{fd}, known_{tcgetattr(fd, &before_) == 0} {
        if (!known_) return;
        auto quiet = before_;
        quiet.c_lflag &= ~static_cast<tcflag_t>(ECHO);
        quiet.c_lflag |= ICANON | ECHONL;
        known_ = tcsetattr(fd, TCSAFLUSH, &quiet) == 0;
    }
    ~NoEcho() {
        if (known_) tcsetattr(fd_, TCSAFLUSH, &before_);
    }
    NoEcho(const NoEcho&) = delete;
    NoEcho& operator=(const NoEcho&) = delete;
    [[nodiscard]] bool ok() const noexcept { return known_; }

 private:
    int fd_;
    termios before_{};
    bool known_;
};

void say(int fd, std::string_view text) {
    while (!text.empty()) {
        const auto written = write(fd, text.data(), text.size());
        if (written <= 0) return;
        text.remove_prefix(static_cast<std::size_t>(written));
    }
}

Outcome<SecretText> ask_terminal(const Prompt& prompt) {
    const Descriptor tty{open("/dev/tty", O_RDWR | O_NOCTTY | O_CLOEXEC)};
    if (tty.get() < 0) {
        return give_up(ExitCode::usage, "a secret is needed and there is no terminal to ask on",
                       fmt::format("pass it with {} N (or the matching -file option)", prompt.source_option));
    }
    const NoEcho quiet{tty.get()};
    if (!quiet.ok()) return give_up(ExitCode::failure, "the terminal cannot hide what is typed");
    say(tty.get(), prompt.text);
    auto first = read_line_from(tty.get(), "the terminal");
    if (!first || prompt.repeat.empty()) return first;
    say(tty.get(), prompt.repeat);
    auto second = read_line_from(tty.get(), "the terminal");
    if (!second) return second;
    if (first->text() != second->text()) {
        return give_up(ExitCode::usage, "the two entries differ; nothing was changed");
    }
    return first;
}

Outcome<SecretText> read_file_secret(const std::string& path) {
    if (auto safe = base::check_private_file(path); !safe) {
        return give_up(ExitCode::denied, safe.error(), fmt::format("chmod 600 {}", path));
    }
    const Descriptor file{open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NOFOLLOW)};
    if (file.get() < 0) return give_up(ExitCode::usage, fmt::format("cannot open {}: {}", path, std::strerror(errno)));
    return read_line_from(file.get(), path);
}

}  // namespace

SecretText::~SecretText() { wallet_local::wipe(text_); }

// A short string lives inside the object, so a move copies it: wipe what was moved from.
// NOLINTNEXTLINE(performance-move-constructor-init)
SecretText::SecretText(SecretText&& other) noexcept : text_{other.text_} { wallet_local::wipe(other.text_); }

SecretText& SecretText::operator=(SecretText&& other) noexcept {
    if (this == &other) return *this;
    wallet_local::wipe(text_);
    text_ = other.text_;
    wallet_local::wipe(other.text_);
    return *this;
}

Outcome<SecretText> read_line_from(int fd, std::string_view name) {
    std::string line;
    line.reserve(kSecretBytesMax);  // no reallocation leaves a copy behind
    for (;;) {
        char c = 0;
        const auto got = read(fd, &c, 1);
        if (got < 0 && errno == EINTR) continue;
        if (got < 0) {
            const auto cause = errno;
            wallet_local::wipe(line);
            return give_up(ExitCode::usage,
                           fmt::format("cannot read a secret from {}: {}", name, std::strerror(cause)));
        }
        if (got == 0 || c == '\n') break;
        if (line.size() == kSecretBytesMax) {
            wallet_local::wipe(line);
            return give_up(ExitCode::usage,
                           fmt::format("the secret from {} is longer than {} bytes", name, kSecretBytesMax));
        }
        line += c;
    }
    if (!line.empty() && line.back() == '\r') line.pop_back();
    SecretText secret{line};
    wallet_local::wipe(line);
    return secret;
}

Outcome<SecretText> read_secret(const SecretSource& source, const Prompt& prompt) {
    auto secret = source.fd >= 0         ? read_line_from(source.fd, fmt::format("descriptor {}", source.fd))
                  : !source.file.empty() ? read_file_secret(source.file)
                                         : ask_terminal(prompt);
    if (secret && secret->empty() && !prompt.may_be_empty) {
        return give_up(ExitCode::usage, "the secret is empty; nothing was changed");
    }
    return secret;
}

}  // namespace zwallet

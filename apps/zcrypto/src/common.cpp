#include "common.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <termios.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>

#include "base/file.hpp"
#include "base/printable.hpp"
#include "zcrypto_tool/check_line.hpp"

namespace zcrypto_tool {
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

/// Echo off while it lives.
class NoEcho {
 public:
    explicit NoEcho(int fd) noexcept : fd_{fd}, active_{tcgetattr(fd, &before_) == 0} {
        auto quiet = before_;
        quiet.c_lflag &= ~static_cast<tcflag_t>(ECHO);
        quiet.c_lflag |= ICANON | ECHONL;
        active_ = active_ && tcsetattr(fd, TCSAFLUSH, &quiet) == 0;
    }
    ~NoEcho() {
        if (active_) tcsetattr(fd_, TCSAFLUSH, &before_);
    }
    NoEcho(const NoEcho&) = delete;
    NoEcho& operator=(const NoEcho&) = delete;
    [[nodiscard]] bool active() const noexcept { return active_; }

 private:
    int fd_;
    termios before_{};
    bool active_;
};

/// Byte by byte into locked memory, so that a second secret can follow on the same descriptor.
Outcome<zcrypto::SecretBytes> read_line(int fd, const std::string& name) {
    zcrypto::SecretBytes line{kSecretMax};
    std::size_t size = 0;
    for (;;) {
        std::byte c{};
        const auto got = read(fd, &c, 1);
        if (got < 0 && errno == EINTR) continue;
        if (got < 0) return give_up(Exit::usage, fmt::format("cannot read {}: {}", name, std::strerror(errno)));
        if (got == 0 || c == std::byte{'\n'}) break;
        if (size == kSecretMax) {
            return give_up(Exit::usage, fmt::format("the first line of {} is longer than {} bytes", name, kSecretMax));
        }
        line.expose_mutable()[size++] = c;
    }
    if (size > 0 && line.expose()[size - 1] == std::byte{'\r'}) --size;
    return zcrypto::SecretBytes::copy_of(line.expose().first(size));
}

Outcome<zcrypto::SecretBytes> ask_terminal(const std::string& prompt) {
    const Descriptor tty{open("/dev/tty", O_RDWR | O_NOCTTY | O_CLOEXEC)};
    if (tty.get() < 0) {
        return give_up(Exit::usage, fmt::format("{} is needed and there is no terminal to ask on; use the matching -fd "
                                                "or -file option",
                                                prompt));
    }
    const NoEcho quiet{tty.get()};
    if (!quiet.active()) return give_up(Exit::failed, "the terminal cannot hide what is typed");
    const auto text = prompt + ": ";
    if (write(tty.get(), text.data(), text.size()) < 0) return give_up(Exit::failed, "cannot write to the terminal");
    return read_line(tty.get(), "the terminal");
}

/// A message may quote a name: nothing of it that a terminal obeys reaches the terminal.
std::string without_controls(std::string_view text) {
    std::string out;
    while (!text.empty()) {
        const auto character = base::next_character(text);
        const auto bytes = text.substr(0, character.size);
        if (character.valid && !base::is_unsafe_character(character.point)) {
            out += bytes;
        } else {
            append_escaped_bytes(out, bytes);
        }
        text.remove_prefix(bytes.size());
    }
    return out;
}

}  // namespace

void print_json(nlohmann::json document) {
    document["schema"] = kJsonSchema;
    std::puts(base::printable_json(document.dump(2, ' ', false, nlohmann::json::error_handler_t::replace)).c_str());
}

int report(const Context& context, const Failure& failure) {
    if (context.json) {
        print_json({{"error", failure.text}, {"exit_code", static_cast<int>(failure.code)}});
    } else {
        fmt::print(stderr, "zcrypto: {}\n", without_controls(failure.text));
    }
    return failure.code;
}

Outcome<zcrypto::SecretBytes> read_secret(const SecretSource& source, const std::string& prompt, bool may_be_empty) {
    auto secret = [&]() -> Outcome<zcrypto::SecretBytes> {
        if (source.fd >= 0) return read_line(source.fd, fmt::format("descriptor {}", source.fd));
        if (source.file.empty()) return ask_terminal(prompt);
        if (auto safe = base::check_private_file(source.file); !safe) {
            return give_up(Exit::usage, safe.error().text + "; chmod 600 it first");
        }
        const Descriptor file{open(source.file.c_str(), O_RDONLY | O_CLOEXEC | O_NOFOLLOW)};
        if (file.get() < 0) return give_up(Exit::usage, fmt::format("{}: {}", source.file, std::strerror(errno)));
        return read_line(file.get(), source.file);
    }();
    if (secret && secret->empty() && !may_be_empty) return give_up(Exit::usage, prompt + " is empty");
    return secret;
}

Outcome<base::Bytes> read_input(const std::string& path, std::size_t size_max) {
    if (path != "-") {
        auto bytes = base::read_file(path, size_max);
        if (!bytes) return give_up(bytes.error());
        return std::move(*bytes);
    }
    base::Bytes out;
    std::byte piece[65536];
    for (;;) {
        const auto got = read(STDIN_FILENO, piece, sizeof piece);
        if (got < 0 && errno == EINTR) continue;
        if (got < 0) return give_up(Exit::failed, fmt::format("standard input: {}", std::strerror(errno)));
        if (got == 0) return out;
        if (out.size() + static_cast<std::size_t>(got) > size_max) {
            return give_up(Exit::failed, fmt::format("standard input holds more than {} bytes", size_max));
        }
        out.insert(out.end(), piece, piece + got);
    }
}

}  // namespace zcrypto_tool

#pragma once
// Passwords and recovery words come from a terminal without echo, from a file descriptor or from a private file; never
// from arguments or the environment, which other processes can read.

#include <string>
#include <string_view>

#include "zwallet/outcome.hpp"

namespace zwallet {

inline constexpr std::size_t kSecretBytesMax = 1024;

/// A string that is overwritten when it goes. Moves leave nothing behind.
class SecretText {
 public:
    SecretText() = default;
    explicit SecretText(std::string text) noexcept : text_{std::move(text)} {}
    ~SecretText();
    SecretText(SecretText&& other) noexcept;
    SecretText& operator=(SecretText&& other) noexcept;
    [[nodiscard]] const std::string& text() const noexcept { return text_; }
    [[nodiscard]] bool empty() const noexcept { return text_.empty(); }

 private:
    std::string text_;
};

/// Where one secret comes from; at most one of the two is set.
struct SecretSource {
    int fd = -1;       ///< --password-fd N: the first line; the descriptor stays open for the next secret.
    std::string file;  ///< --password-file F: the first line; must be mode 0600 or stricter.
};

struct Prompt {
    std::string_view text;           ///< "Password: "
    std::string_view repeat = {};    ///< "Again: " asks twice and compares.
    std::string_view source_option;  ///< "--password-fd": what to use without a terminal.
    bool may_be_empty = false;
};

/// From the source when one is named, else from /dev/tty without echo. The failure names what to do instead.
Outcome<SecretText> read_secret(const SecretSource& source, const Prompt& prompt);

/// The first line (without its end) read byte by byte, so that a second secret can follow on the same descriptor.
Outcome<SecretText> read_line_from(int fd, std::string_view name);

}  // namespace zwallet

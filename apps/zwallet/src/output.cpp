#include "zwallet/output.hpp"

#include <fmt/format.h>
#include <unistd.h>

#include <cstdio>
#include <cstdlib>
#include <nlohmann/json.hpp>

namespace zwallet {
namespace {

void print(std::FILE* to, std::string_view text) {
    std::fwrite(text.data(), 1, text.size(), to);
    std::fputc('\n', to);
    std::fflush(to);
}

/// Length of the valid UTF-8 sequence at the front of `text`, 0 when there is none (RFC 3629).
std::size_t utf8_length(std::string_view text) noexcept {
    const auto at = [text](std::size_t i) { return static_cast<unsigned char>(text[i]); };
    const auto lead = at(0);
    const std::size_t length = lead < 0x80                    ? 1
                               : lead >= 0xc2 && lead <= 0xdf ? 2
                               : lead >= 0xe0 && lead <= 0xef ? 3
                               : lead >= 0xf0 && lead <= 0xf4 ? 4
                                                              : 0;
    if (length == 0 || text.size() < length) return 0;
    for (std::size_t i = 1; i < length; ++i) {
        if ((at(i) & 0xc0) != 0x80) return 0;
    }
    if (lead == 0xe0 && at(1) < 0xa0) return 0;   // overlong
    if (lead == 0xed && at(1) >= 0xa0) return 0;  // surrogate
    if (lead == 0xf0 && at(1) < 0x90) return 0;   // overlong
    if (lead == 0xf4 && at(1) >= 0x90) return 0;  // beyond U+10FFFF
    return length;
}

/// C0, DEL, C1, and the bidirectional and zero-width characters that can make one text look like another.
bool is_harmful(std::string_view sequence) noexcept {
    const auto at = [sequence](std::size_t i) { return static_cast<unsigned char>(sequence[i]); };
    if (sequence.size() == 1) return at(0) < 0x20 || at(0) == 0x7f;
    if (sequence.size() == 2) return at(0) == 0xc2 && at(1) < 0xa0;
    if (sequence.size() != 3 || at(0) != 0xe2) return sequence == "\xef\xbb\xbf";
    const auto point = 0x2000u | (at(1) & 0x3fu) << 6 | (at(2) & 0x3fu);
    return (point >= 0x200b && point <= 0x200f) || (point >= 0x2028 && point <= 0x202e) ||
           (point >= 0x2060 && point <= 0x206f);
}

}  // namespace

std::string printable(std::string_view text) {
    std::string out;
    while (!text.empty()) {
        const auto length = utf8_length(text);
        if (length == 0 || is_harmful(text.substr(0, length))) {
            out += '?';
        } else {
            out += text.substr(0, length);
        }
        text.remove_prefix(length == 0 ? 1 : length);
    }
    return out;
}

Output::Output(Options options)
    : options_{options},
      stdin_terminal_{isatty(STDIN_FILENO) == 1},
      stdout_terminal_{isatty(STDOUT_FILENO) == 1},
      stderr_terminal_{isatty(STDERR_FILENO) == 1} {
    if (const auto* off = std::getenv("NO_COLOR"); off && *off) options_.colour = false;
}

void Output::line(std::string_view text) {
    if (options_.json) return;
    clear_progress();
    print(stdout, text);
}

void Output::field(std::string_view label, std::string_view value) { line(fmt::format("{:<12}{}", label, value)); }

void Output::note(std::string_view text) {
    if (options_.json) return;
    clear_progress();
    print(stderr, text);
}

void Output::warn(std::string_view text) {
    clear_progress();
    print(stderr, fmt::format("{} {}", stderr_terminal_ ? strong("warning:") : "warning:", text));
}

void Output::progress(std::string_view text) {
    if (options_.json) return;
    if (!stderr_terminal_) return print(stderr, text);
    std::fprintf(stderr, "\r\x1b[2K%.*s", static_cast<int>(text.size()), text.data());
    std::fflush(stderr);
    progress_shown_ = true;
}

void Output::keep_progress() {
    if (!progress_shown_) return;
    std::fputc('\n', stderr);
    progress_shown_ = false;
}

void Output::clear_progress() {
    if (!progress_shown_) return;
    std::fputs("\r\x1b[2K", stderr);
    std::fflush(stderr);
    progress_shown_ = false;
}

void Output::document(std::string_view command, const nlohmann::json& fields) {
    if (!options_.json) return;
    nlohmann::ordered_json document;
    document["schema"] = kSchema;
    document["command"] = command;
    for (const auto& [key, value] : fields.items()) document[key] = value;
    // Text from the chain may not be UTF-8; a replacement character is better than an exception.
    print(stdout, document.dump(2, ' ', false, nlohmann::ordered_json::error_handler_t::replace));
}

int Output::fail(std::string_view command, const Failure& failure) {
    const auto code = static_cast<int>(failure.code);
    keep_progress();
    if (options_.json) {
        nlohmann::json error{{"code", name_of(failure.code)}, {"exit", code}, {"message", printable(failure.cause)}};
        if (!failure.next.empty()) error["next"] = printable(failure.next);
        if (!failure.tx_id.empty()) error["tx_id"] = failure.tx_id;
        if (failure.may_happen_until > 0) error["may_happen_until"] = failure.may_happen_until;
        document(command, {{"error", std::move(error)}});
        return code;
    }
    const auto label = stderr_terminal_ && options_.colour ? "\x1b[31mzwallet:\x1b[0m" : "zwallet:";
    print(stderr, fmt::format("{} {}", label, printable(failure.cause)));
    if (!failure.next.empty()) print(stderr, fmt::format("  next: {}", printable(failure.next)));
    return code;
}

std::string Output::paint(std::string_view code, std::string_view text) const {
    if (!options_.colour || !stdout_terminal_) return std::string{text};
    return fmt::format("\x1b[{}m{}\x1b[0m", code, text);
}

}  // namespace zwallet

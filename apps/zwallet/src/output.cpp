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

}  // namespace

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
    print(stdout, base::printable_json(document.dump(2, ' ', false, nlohmann::ordered_json::error_handler_t::replace)));
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

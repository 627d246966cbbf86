#pragma once
// Everything that zwallet prints: plain lines for people, one JSON document a command for programs.
//
//   people: results on stdout, notes, warnings, progress and errors on stderr; colours only on a terminal
//   --json: {"schema":"zwallet/1","command":"balance",…} on stdout, errors included as {"error":{…}}

#include <nlohmann/json_fwd.hpp>
#include <string>
#include <string_view>

#include "base/printable.hpp"
#include "zwallet/outcome.hpp"

namespace zwallet {

inline constexpr std::string_view kSchema = "zwallet/1";

using base::printable;

class Output {
 public:
    struct Options {
        bool json = false;
        bool colour = true;  ///< Allowed; used only on a terminal, and not when NO_COLOR is set.
    };
    explicit Output(Options options);
    ~Output() { clear_progress(); }
    Output(const Output&) = delete;
    Output& operator=(const Output&) = delete;

    [[nodiscard]] bool json() const noexcept { return options_.json; }
    [[nodiscard]] bool stdout_is_terminal() const noexcept { return stdout_terminal_; }
    [[nodiscard]] bool can_ask() const noexcept { return stdin_terminal_ && stderr_terminal_; }

    /// A result line on stdout; nothing with --json.
    void line(std::string_view text);
    /// "label   value" with aligned values; nothing with --json.
    void field(std::string_view label, std::string_view value);
    /// A remark on stderr; nothing with --json.
    void note(std::string_view text);
    /// A warning on stderr, also with --json.
    void warn(std::string_view text);
    /// Replaces the progress line on a terminal; a line of its own otherwise. Nothing with --json.
    void progress(std::string_view text);
    /// Ends the progress line so that its text stays.
    void keep_progress();

    /// The command's document with --json; adds schema and command. Once.
    void document(std::string_view command, const nlohmann::json& fields);
    /// Prints how the command failed; returns the exit code.
    int fail(std::string_view command, const Failure& failure);

    // Colours; the text alone when colours are off.
    [[nodiscard]] std::string good(std::string_view text) const { return paint("32", text); }
    [[nodiscard]] std::string bad(std::string_view text) const { return paint("31", text); }
    [[nodiscard]] std::string strong(std::string_view text) const { return paint("1", text); }
    [[nodiscard]] std::string faint(std::string_view text) const { return paint("2", text); }

 private:
    [[nodiscard]] std::string paint(std::string_view code, std::string_view text) const;
    void clear_progress();
    Options options_;
    bool stdin_terminal_, stdout_terminal_, stderr_terminal_;
    bool progress_shown_ = false;
};

}  // namespace zwallet

#pragma once
// Errors as values. `Result<T>` is what every fallible function returns; nothing in this project throws across
// a function boundary. Third-party exceptions are converted where they enter.

#include <cstdint>
#include <expected>
#include <string>
#include <type_traits>
#include <utility>

namespace base {

/// One library's errors: its name and the text of each of its codes. A static object per library.
struct ErrorDomain {
    const char* name;
    const char* (*describe)(std::int32_t code) noexcept;  ///< Never null, also for unknown codes.
};

/// What went wrong: small, trivially copyable, no allocation. `note` says where or with what and has static lifetime.
struct Error {
    const ErrorDomain* domain;
    std::int32_t code;
    const char* note;

    /// True when this is `code` of the library that `E` belongs to: `error.is(base::Errc::truncated)`.
    template <typename E>
        requires std::is_enum_v<E>
    [[nodiscard]] bool is(E errc) const noexcept {
        return domain == &error_domain(errc) && code == static_cast<std::int32_t>(errc);
    }
    friend bool operator==(const Error& a, const Error& b) noexcept { return a.domain == b.domain && a.code == b.code; }
};

template <typename T>
using Result = std::expected<T, Error>;

/// An error for a person: the same code, plus a sentence that names the file, the value and the fix.
/// Used at edges (config, command line, files); inside, `Error` is enough.
struct Diagnostic {
    Error error;
    std::string text;
};

template <typename T>
using Checked = std::expected<T, Diagnostic>;

/// "domain: description (note)".
std::string to_string(const Error& error);

/// Makes the failed value of a Result. `E` is a library's Errc; its library offers `error_domain(E)` beside it.
template <typename E>
    requires std::is_enum_v<E>
[[nodiscard]] std::unexpected<Error> fail(E errc, const char* note = "") noexcept {
    return std::unexpected{Error{&error_domain(errc), static_cast<std::int32_t>(errc), note}};
}

/// Makes the failed value of a Checked.
template <typename E>
    requires std::is_enum_v<E>
[[nodiscard]] std::unexpected<Diagnostic> explain(E errc, std::string text) {
    return std::unexpected{
        Diagnostic{Error{&error_domain(errc), static_cast<std::int32_t>(errc), ""}, std::move(text)}};
}

/// Codes of `base` itself; the common vocabulary for input errors.
enum class Errc : std::int32_t {
    truncated = 1,     ///< The input ends before the value does.
    trailing_bytes,    ///< The value ends before the input does.
    not_canonical,     ///< A valid value in an encoding that is not the one allowed.
    out_of_range,      ///< A number, length or count beyond its documented bound.
    invalid_argument,  ///< Malformed text or value.
    overflow,          ///< Checked arithmetic left its range.
    not_found,
    already_exists,
    io_error,    ///< The system refused; errno is logged where it happened.
    overloaded,  ///< A bounded queue is full.
    cancelled,
    timed_out,
    permission_denied,
    unavailable,
};
const ErrorDomain& error_domain(Errc) noexcept;

/// Ends the process with a message. For impossible states only; no input can reach it.
[[noreturn]] void assertion_failed(const char* expression, const char* file, int line) noexcept;

}  // namespace base

#define GC_CONCAT_(a, b) a##b
#define GC_CONCAT(a, b) GC_CONCAT_(a, b)
#define GC_TRY_(temporary, declaration, expression)                       \
    auto temporary = (expression);                                        \
    if (!temporary) return std::unexpected{std::move(temporary).error()}; \
    declaration = std::move(*temporary)
/// GC_TRY(const auto key, load_key(path)): the value, or return the error to the caller.
#define GC_TRY(declaration, ...) GC_TRY_(GC_CONCAT(gc_result_, __COUNTER__), declaration, (__VA_ARGS__))
/// GC_CHECK(step()): like GC_TRY for a Result<void>.
#define GC_CHECK(...)                                                                                            \
    do {                                                                                                         \
        if (auto gc_checked = (__VA_ARGS__); !gc_checked) return std::unexpected{std::move(gc_checked).error()}; \
    } while (false)
/// Stays on in release builds.
#define GC_ASSERT(expression) \
    ((expression) ? static_cast<void>(0) : ::base::assertion_failed(#expression, __FILE__, __LINE__))

#include "base/result.hpp"

#include <cstdio>
#include <cstdlib>

namespace base {
namespace {

const char* describe(std::int32_t code) noexcept {
    switch (static_cast<Errc>(code)) {
        case Errc::truncated: return "input is truncated";
        case Errc::trailing_bytes: return "bytes follow the value";
        case Errc::not_canonical: return "encoding is not canonical";
        case Errc::out_of_range: return "value is out of range";
        case Errc::invalid_argument: return "invalid argument";
        case Errc::overflow: return "arithmetic overflow";
        case Errc::not_found: return "not found";
        case Errc::already_exists: return "already exists";
        case Errc::io_error: return "input/output error";
        case Errc::overloaded: return "overloaded";
        case Errc::cancelled: return "cancelled";
        case Errc::timed_out: return "timed out";
        case Errc::permission_denied: return "permission denied";
        case Errc::unavailable: return "unavailable";
    }
    return "unknown error";
}

constexpr ErrorDomain kDomain{"base", &describe};

}  // namespace

const ErrorDomain& error_domain(Errc) noexcept { return kDomain; }

std::string to_string(const Error& error) {
    if (!error.domain) return "no error";
    std::string text = error.domain->name;
    text += ": ";
    text += error.domain->describe(error.code);
    if (error.note && *error.note) {
        text += " (";
        text += error.note;
        text += ')';
    }
    return text;
}

void assertion_failed(const char* expression, const char* file, int line) noexcept {
    std::fprintf(stderr, "%s:%d: impossible state: %s\n", file, line, expression);
    std::abort();
}

}  // namespace base

#include "rpc/status.hpp"

#include <array>

#include "io/error.hpp"

namespace rpc {
namespace {

constexpr std::array<std::string_view, kStatusCodeCount> kNames{
    "OK",        "CANCELLED",      "UNKNOWN",           "INVALID_ARGUMENT",   "DEADLINE_EXCEEDED",
    "NOT_FOUND", "ALREADY_EXISTS", "PERMISSION_DENIED", "RESOURCE_EXHAUSTED", "FAILED_PRECONDITION",
    "ABORTED",   "OUT_OF_RANGE",   "UNIMPLEMENTED",     "INTERNAL",           "UNAVAILABLE",
    "DATA_LOSS", "UNAUTHENTICATED"};

StatusCode from_base(base::Errc errc) noexcept {
    switch (errc) {
        case base::Errc::truncated:
        case base::Errc::trailing_bytes:
        case base::Errc::not_canonical:
        case base::Errc::invalid_argument: return StatusCode::invalid_argument;
        case base::Errc::out_of_range:
        case base::Errc::overflow: return StatusCode::out_of_range;
        case base::Errc::not_found: return StatusCode::not_found;
        case base::Errc::already_exists: return StatusCode::already_exists;
        case base::Errc::io_error: return StatusCode::internal;
        case base::Errc::overloaded: return StatusCode::resource_exhausted;
        case base::Errc::cancelled: return StatusCode::cancelled;
        case base::Errc::timed_out: return StatusCode::deadline_exceeded;
        case base::Errc::permission_denied: return StatusCode::permission_denied;
        case base::Errc::unavailable: return StatusCode::unavailable;
    }
    return StatusCode::unknown;
}

StatusCode from_io(io::Errc errc) noexcept {
    switch (errc) {
        case io::Errc::would_block:
        case io::Errc::closed:
        case io::Errc::refused:
        case io::Errc::reset:
        case io::Errc::name_not_found:
        case io::Errc::unreachable: return StatusCode::unavailable;
        case io::Errc::bad_address: return StatusCode::invalid_argument;
        case io::Errc::message_too_large:
        case io::Errc::overloaded:
        case io::Errc::limit_reached: return StatusCode::resource_exhausted;
        case io::Errc::permission_denied: return StatusCode::permission_denied;
        case io::Errc::timed_out: return StatusCode::deadline_exceeded;
        case io::Errc::address_in_use:
        case io::Errc::system: return StatusCode::internal;
    }
    return StatusCode::unknown;
}

StatusCode code_of(const base::Error& error) noexcept {
    if (error.domain == &error_domain(base::Errc{})) return from_base(static_cast<base::Errc>(error.code));
    if (error.domain == &error_domain(io::Errc{})) return from_io(static_cast<io::Errc>(error.code));
    return StatusCode::internal;
}

int hex_value(char digit) noexcept {
    if (digit >= '0' && digit <= '9') return digit - '0';
    if (digit >= 'a' && digit <= 'f') return digit - 'a' + 10;
    if (digit >= 'A' && digit <= 'F') return digit - 'A' + 10;
    return -1;
}

}  // namespace

std::string_view to_string(StatusCode code) noexcept {
    const auto index = static_cast<std::size_t>(code);
    return index < kNames.size() ? kNames[index] : "UNKNOWN";
}

StatusCode status_code_from_number(std::uint32_t number) noexcept {
    return number < kStatusCodeCount ? static_cast<StatusCode>(number) : StatusCode::unknown;
}

std::string Status::to_string() const {
    std::string text{rpc::to_string(code)};
    if (!message.empty()) text.append(": ").append(message);
    return text;
}

Status status_from(const base::Error& error) { return {code_of(error), base::to_string(error)}; }
Status status_from(const base::Diagnostic& diagnostic) { return {code_of(diagnostic.error), diagnostic.text}; }

StatusCode status_code_from_http(unsigned http_status) noexcept {
    switch (http_status) {
        case 400: return StatusCode::internal;
        case 401: return StatusCode::unauthenticated;
        case 403: return StatusCode::permission_denied;
        case 404: return StatusCode::unimplemented;
        case 429:
        case 502:
        case 503:
        case 504: return StatusCode::unavailable;
        default: return StatusCode::unknown;
    }
}

StatusCode status_code_from_h3(std::uint64_t code) noexcept {
    switch (static_cast<H3Code>(code)) {
        case H3Code::excessive_load: return StatusCode::resource_exhausted;
        case H3Code::request_rejected: return StatusCode::unavailable;
        case H3Code::request_cancelled: return StatusCode::cancelled;
        case H3Code::no_error:
        case H3Code::internal_error:
        case H3Code::request_incomplete:
        case H3Code::message_error: return StatusCode::internal;
    }
    return StatusCode::internal;
}

H3Code h3_code_for(StatusCode code) noexcept {
    switch (code) {
        case StatusCode::unavailable: return H3Code::request_rejected;
        case StatusCode::resource_exhausted: return H3Code::excessive_load;
        case StatusCode::internal:
        case StatusCode::data_loss: return H3Code::internal_error;
        case StatusCode::ok:
        case StatusCode::cancelled:
        case StatusCode::unknown:
        case StatusCode::invalid_argument:
        case StatusCode::deadline_exceeded:
        case StatusCode::not_found:
        case StatusCode::already_exists:
        case StatusCode::permission_denied:
        case StatusCode::failed_precondition:
        case StatusCode::aborted:
        case StatusCode::out_of_range:
        case StatusCode::unimplemented:
        case StatusCode::unauthenticated: return H3Code::request_cancelled;
    }
    return H3Code::request_cancelled;
}

std::string percent_encode(std::string_view message) {
    constexpr std::string_view kDigits = "0123456789ABCDEF";
    std::string out;
    out.reserve(message.size());
    for (std::size_t i = 0; i < message.size(); ++i) {
        const auto byte = static_cast<unsigned char>(message[i]);
        // A blank at either end would not survive as a field value, or have the field refused (RFC 9110 section 5.5).
        const bool edge_blank = byte == ' ' && (i == 0 || i + 1 == message.size());
        if (byte >= 0x20 && byte <= 0x7e && byte != '%' && !edge_blank) {
            out.push_back(message[i]);
        } else {
            out.push_back('%');
            out.push_back(kDigits[byte >> 4]);
            out.push_back(kDigits[byte & 0x0f]);
        }
    }
    return out;
}

std::string percent_decode(std::string_view text) {
    std::string out;
    out.reserve(text.size());
    for (std::size_t i = 0; i < text.size(); ++i) {
        if (text[i] == '%' && i + 2 < text.size()) {
            const int high = hex_value(text[i + 1]);
            const int low = hex_value(text[i + 2]);
            if (high >= 0 && low >= 0) {
                out.push_back(static_cast<char>(high << 4 | low));
                i += 2;
                continue;
            }
        }
        out.push_back(text[i]);
    }
    return out;
}

}  // namespace rpc

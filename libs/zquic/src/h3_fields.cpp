#include <nghttp3/nghttp3.h>

#include <algorithm>
#include <array>

#include "zquic/h3.hpp"

namespace zquic::h3 {
namespace {

constexpr std::size_t kFieldsMax = 1024;
constexpr std::size_t kFieldBytesMax = 1u << 20;

// RFC 9114 section 4.2: a connection's own fields have no place in HTTP/3.
constexpr std::array<std::string_view, 5> kConnectionSpecific{"connection", "keep-alive", "proxy-connection",
                                                              "transfer-encoding", "upgrade"};

bool is_blank(char c) noexcept { return c == ' ' || c == '\t'; }

}  // namespace

const std::string* find_field(const Fields& fields, std::string_view name) noexcept {
    const auto found = std::ranges::find(fields, name, &Field::name);
    return found == fields.end() ? nullptr : &found->value;
}

base::Result<void> check_field(const Field& field) noexcept {
    if (field.name.size() + field.value.size() > kFieldBytesMax) return fail(Errc::bad_field, "longer than 1 MiB");
    const auto is_upper = [](char c) { return c >= 'A' && c <= 'Z'; };
    if (std::ranges::any_of(field.name, is_upper) ||
        !nghttp3_check_header_name(reinterpret_cast<const std::uint8_t*>(field.name.data()), field.name.size())) {
        return fail(Errc::bad_field, "name is not a lower-case token");
    }
    if (!nghttp3_check_header_value(reinterpret_cast<const std::uint8_t*>(field.value.data()), field.value.size())) {
        return fail(Errc::bad_field, "value has a control character");
    }
    if (!field.value.empty() && (is_blank(field.value.front()) || is_blank(field.value.back()))) {
        return fail(Errc::bad_field, "value begins or ends with a blank");
    }
    if (std::ranges::find(kConnectionSpecific, field.name) != kConnectionSpecific.end()) {
        return fail(Errc::bad_field, "field is about an HTTP/1 connection");
    }
    if (field.name == "te" && field.value != "trailers") return fail(Errc::bad_field, "te may only say trailers");
    return {};
}

base::Result<void> check_fields(const Fields& fields, bool trailers) noexcept {
    if (fields.size() > kFieldsMax) return fail(Errc::bad_field, "more than 1024 fields");
    bool regular_seen = false;
    std::size_t bytes = 0;
    for (const auto& field : fields) {
        GC_CHECK(check_field(field));
        bytes += field.name.size() + field.value.size() + 32;
        const bool pseudo = field.name.front() == ':';
        if (pseudo && trailers) return fail(Errc::bad_field, "pseudo-header in trailers");
        if (pseudo && regular_seen) return fail(Errc::bad_field, "pseudo-header after another field");
        regular_seen = regular_seen || !pseudo;
    }
    if (bytes > kFieldBytesMax) return fail(Errc::bad_field, "fields above 1 MiB");
    return {};
}

// NOLINTBEGIN(performance-unnecessary-value-param): handlers that do something keep what they are given.
void ExchangeHandler::on_headers(Exchange&, Fields, bool) {}
void ExchangeHandler::on_data(Exchange& exchange, base::ByteView data) { exchange.consume(data.size()); }
void ExchangeHandler::on_trailers(Exchange&, Fields) {}
// NOLINTEND(performance-unnecessary-value-param)
void ExchangeHandler::on_end(Exchange&) {}
void ExchangeHandler::on_reset(Exchange&, std::uint64_t) {}
void ExchangeHandler::on_stop_sending(Exchange&, std::uint64_t) {}
void ExchangeHandler::on_writable(Exchange&) {}
void ExchangeHandler::on_datagram(Exchange&, base::ByteView) {}
void ExchangeHandler::on_closed(Exchange&, const ExchangeEnd&) {}

}  // namespace zquic::h3

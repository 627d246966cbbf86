#include "rpc/metadata.hpp"

#include <algorithm>
#include <array>
#include <cstdint>

namespace rpc {
namespace {

bool ends_in_bin(std::string_view name) noexcept { return name.ends_with("-bin"); }

bool is_name(std::string_view name) noexcept {
    return !name.empty() && std::ranges::all_of(name, [](char c) {
        return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '_' || c == '-' || c == '.';
    });
}

bool is_printable(std::string_view value) noexcept {
    return std::ranges::all_of(value, [](char c) { return c >= 0x20 && c <= 0x7e; });
}

std::string_view trim(std::string_view text) noexcept {
    while (!text.empty() && (text.front() == ' ' || text.front() == '\t')) text.remove_prefix(1);
    while (!text.empty() && (text.back() == ' ' || text.back() == '\t')) text.remove_suffix(1);
    return text;
}

constexpr std::string_view kAlphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
constexpr auto kValues = [] {
    std::array<std::int8_t, 256> values{};
    values.fill(-1);
    for (std::size_t i = 0; i < kAlphabet.size(); ++i) {
        values[static_cast<unsigned char>(kAlphabet[i])] = static_cast<std::int8_t>(i);
    }
    return values;
}();

}  // namespace

bool is_reserved(std::string_view name) noexcept {
    static constexpr std::array<std::string_view, 11> kReserved{
        "content-type",      "te",      "user-agent", "host",          "connection", "keep-alive", "proxy-connection",
        "transfer-encoding", "upgrade", "trailer",    "content-length"};
    return name.empty() || name.front() == ':' || name.starts_with("grpc-") ||
           std::ranges::find(kReserved, name) != kReserved.end();
}

Metadata::Metadata(std::initializer_list<Entry> entries) {
    for (const auto& [name, value] : entries) GC_ASSERT(add(name, value));
}

base::Result<void> Metadata::add(std::string name, std::string value) {
    if (!is_name(name)) return base::fail(base::Errc::invalid_argument, "metadata name");
    if (is_reserved(name)) return base::fail(base::Errc::invalid_argument, "metadata name is reserved");
    if (ends_in_bin(name)) {
        entries_.emplace_back(std::move(name), std::move(value));
        return {};
    }
    if (!is_printable(value)) return base::fail(base::Errc::invalid_argument, "metadata value");
    entries_.emplace_back(std::move(name), trim(value));
    return {};
}

std::optional<std::string_view> Metadata::get(std::string_view name) const noexcept {
    const auto found = std::ranges::find(entries_, name, &Entry::first);
    if (found == entries_.end()) return std::nullopt;
    return found->second;
}

std::vector<std::string_view> Metadata::all(std::string_view name) const {
    std::vector<std::string_view> values;
    for (const auto& [key, value] : entries_) {
        if (key == name) values.emplace_back(value);
    }
    return values;
}

void Metadata::write_to(Fields& fields) const {
    for (const auto& [name, value] : entries_)
        fields.push_back({name, ends_in_bin(name) ? base64_encode(value) : value});
}

base::Result<Metadata> Metadata::read_from(const Fields& fields) {
    Metadata out;
    for (const auto& [name, value, never_index] : fields) {
        // A name that gRPC does not allow cannot be metadata; HTTP fields of intermediaries are not an error.
        if (is_reserved(name) || !is_name(name)) continue;
        if (!ends_in_bin(name)) {
            out.entries_.emplace_back(name, trim(value));
            continue;
        }
        std::string_view rest = value;
        while (true) {
            const auto comma = rest.find(',');
            GC_TRY(auto bytes, base64_decode(trim(rest.substr(0, comma))));
            out.entries_.emplace_back(name, std::move(bytes));
            if (comma == rest.npos) break;
            rest.remove_prefix(comma + 1);
        }
    }
    return out;
}

std::size_t field_section_size(const Fields& fields) noexcept {
    std::size_t size = 0;
    for (const auto& [name, value, never_index] : fields) size += name.size() + value.size() + 32;
    return size;
}

std::string base64_encode(std::string_view bytes) {
    std::string out;
    out.reserve((bytes.size() * 4 + 2) / 3);
    std::uint32_t bits = 0;
    unsigned count = 0;
    for (const char c : bytes) {
        bits = bits << 8 | static_cast<unsigned char>(c);
        for (count += 8; count >= 6; count -= 6) out.push_back(kAlphabet[bits >> (count - 6) & 0x3f]);
    }
    if (count > 0) out.push_back(kAlphabet[bits << (6 - count) & 0x3f]);
    return out;
}

base::Result<std::string> base64_decode(std::string_view text) {
    if (text.ends_with('=')) {
        if (text.size() % 4 != 0) return base::fail(base::Errc::invalid_argument, "base64 padding");
        text.remove_suffix(text.ends_with("==") ? 2 : 1);
    }
    if (text.size() % 4 == 1) return base::fail(base::Errc::invalid_argument, "base64 length");
    std::string out;
    out.reserve(text.size() * 3 / 4);
    std::uint32_t bits = 0;
    unsigned count = 0;
    for (const char c : text) {
        const auto value = kValues[static_cast<unsigned char>(c)];
        if (value < 0) return base::fail(base::Errc::invalid_argument, "base64 digit");
        bits = bits << 6 | static_cast<std::uint32_t>(value);
        count += 6;
        if (count >= 8) {
            count -= 8;
            out.push_back(static_cast<char>(bits >> count & 0xff));
        }
    }
    return out;
}

}  // namespace rpc

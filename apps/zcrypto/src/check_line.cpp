#include "zcrypto_tool/check_line.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "base/printable.hpp"

namespace zcrypto_tool {
namespace {

using zcrypto::HashAlgorithm;

constexpr std::pair<std::string_view, HashAlgorithm> kTags[] = {
    {"BLAKE3", HashAlgorithm::blake3},           {"SHA256", HashAlgorithm::sha256},
    {"SHA512", HashAlgorithm::sha512},           {"SHA3-256", HashAlgorithm::sha3_256},
    {"SHA3-512", HashAlgorithm::sha3_512},       {"KECCAK256", HashAlgorithm::keccak256},
    {"BLAKE2b-256", HashAlgorithm::blake2b_256}, {"BLAKE2b", HashAlgorithm::blake2b_512},
};

std::optional<std::string> hex_digits(std::string_view text) {
    if (text.size() != 64 && text.size() != 128) return std::nullopt;
    std::string out;
    for (const char c : text) {
        if ((c >= '0' && c <= '9') || (c >= 'a' && c <= 'f')) {
            out += c;
        } else if (c >= 'A' && c <= 'F') {
            out += static_cast<char>(c - 'A' + 'a');
        } else {
            return std::nullopt;
        }
    }
    return out;
}

std::optional<std::string> unescape(std::string_view text) {
    std::string out;
    for (std::size_t i = 0; i < text.size(); ++i) {
        if (text[i] != '\\') {
            out += text[i];
            continue;
        }
        if (++i == text.size()) return std::nullopt;
        if (text[i] == 'n') {
            out += '\n';
        } else if (text[i] == 'r') {
            out += '\r';
        } else if (text[i] == '\\') {
            out += '\\';
        } else {
            return std::nullopt;
        }
    }
    return out;
}

std::optional<CheckLine> parse_tagged(std::string_view line) {
    const auto open = line.find(" (");
    const auto close = line.rfind(") = ");
    if (open == std::string_view::npos || close == std::string_view::npos || close < open + 2) return std::nullopt;
    const auto* const tag =
        std::ranges::find(kTags, line.substr(0, open), &std::pair<std::string_view, HashAlgorithm>::first);
    if (tag == std::end(kTags)) return std::nullopt;
    auto hex = hex_digits(line.substr(close + 4));
    if (!hex || hex->size() != 2 * zcrypto::hash_size(tag->second)) return std::nullopt;
    return CheckLine{
        .name = std::string{line.substr(open + 2, close - open - 2)}, .hex = std::move(*hex), .algorithm = tag->second};
}

std::optional<CheckLine> parse_plain(std::string_view line) {
    const auto space = line.find(' ');
    if (space == std::string_view::npos || line.size() < space + 3) return std::nullopt;
    if (line[space + 1] != ' ' && line[space + 1] != '*') return std::nullopt;
    auto hex = hex_digits(line.substr(0, space));
    if (!hex) return std::nullopt;
    return CheckLine{.name = std::string{line.substr(space + 2)}, .hex = std::move(*hex), .algorithm = std::nullopt};
}

}  // namespace

std::optional<CheckLine> parse_check_line(std::string_view line) {
    if (line.ends_with('\r')) line.remove_suffix(1);
    const bool escaped = line.starts_with('\\');
    if (escaped) line.remove_prefix(1);
    auto parsed = parse_tagged(line);
    if (!parsed) parsed = parse_plain(line);
    if (!parsed || parsed->name.empty() || parsed->name.find('\0') != std::string::npos) return std::nullopt;
    if (escaped) {
        auto name = unescape(parsed->name);
        if (!name) return std::nullopt;
        parsed->name = std::move(*name);
    }
    return parsed;
}

std::string format_check_line(const CheckLine& line, bool tag) {
    std::string name;
    for (const char c : line.name) {
        if (c == '\\')
            name += "\\\\";
        else if (c == '\n')
            name += "\\n";
        else if (c == '\r')
            name += "\\r";
        else
            name += c;
    }
    const std::string prefix = name == line.name ? "" : "\\";
    if (!tag || !line.algorithm) return prefix + line.hex + "  " + name;
    const auto* const known =
        std::ranges::find(kTags, *line.algorithm, &std::pair<std::string_view, HashAlgorithm>::second);
    return prefix + std::string{known->first} + " (" + name + ") = " + line.hex;
}

void append_escaped_bytes(std::string& out, std::string_view bytes) {
    for (const char byte : bytes)
        fmt::format_to(std::back_inserter(out), "\\x{:02x}", static_cast<unsigned char>(byte));
}

std::string shown_name(std::string_view name) {
    std::string out;
    for (auto rest = name; !rest.empty();) {
        const auto character = base::next_character(rest);
        const auto bytes = rest.substr(0, character.size);
        if (character.point == '\\')
            out += "\\\\";
        else if (character.point == '\n')
            out += "\\n";
        else if (character.point == '\r')
            out += "\\r";
        else if (!character.valid || base::is_unsafe_character(character.point))
            append_escaped_bytes(out, bytes);
        else
            out += bytes;
        rest.remove_prefix(bytes.size());
    }
    return out == name ? out : "\\" + out;
}

}  // namespace zcrypto_tool

#include "base/printable.hpp"

#include <fmt/format.h>
#include <unictype.h>
#include <unistr.h>

#include <iterator>

namespace base {
namespace {

constexpr char32_t kReplacement = 0xfffd;

bool is_plain(char c) noexcept { return c >= 0x20 && c < 0x7f; }

}  // namespace

bool is_unsafe_character(char32_t point) noexcept {
    if (point < 0x80) return point < 0x20 || point == 0x7f;
    if ((point >= 0xfe00 && point <= 0xfe0f) || (point >= 0xe0100 && point <= 0xe01ef)) return false;
    constexpr std::uint32_t kCategories = UC_CATEGORY_MASK_Cc | UC_CATEGORY_MASK_Cf | UC_CATEGORY_MASK_Cs |
                                          UC_CATEGORY_MASK_Co | UC_CATEGORY_MASK_Zl | UC_CATEGORY_MASK_Zp;
    return uc_is_general_category_withtable(point, kCategories) || uc_is_property_not_a_character(point) ||
           uc_is_property_default_ignorable_code_point(point);
}

Character next_character(std::string_view text) noexcept {
    ucs4_t point = 0;
    const int size = u8_mbtoucr(&point, reinterpret_cast<const std::uint8_t*>(text.data()), text.size());
    if (size <= 0) return {.point = kReplacement, .size = 1, .valid = false};
    return {.point = point, .size = static_cast<std::size_t>(size), .valid = true};
}

void append_unicode_escape(std::string& out, char32_t point) {
    const auto unit = [&out](std::uint32_t value) { fmt::format_to(std::back_inserter(out), "\\u{:04x}", value); };
    if (point < 0x10000) return unit(point);
    unit(0xd800 + ((point - 0x10000) >> 10));
    unit(0xdc00 + ((point - 0x10000) & 0x3ff));
}

std::string printable(std::string_view text) {
    std::string out;
    out.reserve(text.size());
    while (!text.empty()) {
        if (is_plain(text.front())) {
            out += text.front();
            text.remove_prefix(1);
            continue;
        }
        const auto character = next_character(text);
        if (!character.valid || is_unsafe_character(character.point)) {
            out += '?';
        } else {
            out += text.substr(0, character.size);
        }
        text.remove_prefix(character.size);
    }
    return out;
}

std::string printable_json(std::string_view json) {
    std::string out;
    out.reserve(json.size());
    while (!json.empty()) {
        const char front = json.front();
        // A serialiser has escaped the controls of strings: these are its own layout.
        if (is_plain(front) || front == '\n' || front == '\r' || front == '\t') {
            out += front;
            json.remove_prefix(1);
            continue;
        }
        const auto character = next_character(json);
        if (!character.valid || is_unsafe_character(character.point)) {
            append_unicode_escape(out, character.point);
        } else {
            out += json.substr(0, character.size);
        }
        json.remove_prefix(character.size);
    }
    return out;
}

}  // namespace base

#pragma once
// Text from elsewhere (a peer, a file, a contract) made safe to show: the one place that says which characters can
// disguise a line or reach a terminal's control codes. Character properties: libunistring, Unicode 14.
//
// Unsafe are controls (C0, DEL, C1), format characters (direction, zero width, tags, soft hyphen), separators of lines
// and paragraphs, private use, noncharacters, and what is invisible by itself (default ignorable). Variation selectors
// are not: emoji have them.

#include <cstddef>
#include <string>
#include <string_view>

namespace base {

[[nodiscard]] bool is_unsafe_character(char32_t point) noexcept;

struct Character {
    char32_t point = 0;    ///< U+FFFD where there is no UTF-8.
    std::size_t size = 0;  ///< Its bytes; 1 where there is no UTF-8.
    bool valid = false;    ///< RFC 3629: neither overlong nor a surrogate nor beyond U+10FFFF.
};
/// The character at the front of `text`, which is not empty.
[[nodiscard]] Character next_character(std::string_view text) noexcept;

/// Appends \uXXXX, or a surrogate pair beyond U+FFFF, as JSON writes them (RFC 8259 section 7).
void append_unicode_escape(std::string& out, char32_t point);

/// For a line of text: each unsafe character and each byte that is not UTF-8 becomes '?'.
[[nodiscard]] std::string printable(std::string_view text);

/// For a JSON document that a serialiser wrote: unsafe characters, which can stand only in its strings, become \uXXXX
/// (line ends and tabs between values stay), and bytes that are not UTF-8 become \ufffd. It means the same.
[[nodiscard]] std::string printable_json(std::string_view json);

}  // namespace base

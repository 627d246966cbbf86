#include "base/printable.hpp"

#include <gtest/gtest.h>

#include <string>
#include <utility>
#include <vector>

namespace base {
namespace {

std::string utf8(char32_t point) {
    std::string out;
    const auto tail = [&](int shift) { out += static_cast<char>(0x80 | (point >> shift & 0x3f)); };
    if (point < 0x80) {
        out += static_cast<char>(point);
    } else if (point < 0x800) {
        out += static_cast<char>(0xc0 | point >> 6), tail(0);
    } else if (point < 0x10000) {
        out += static_cast<char>(0xe0 | point >> 12), tail(6), tail(0);
    } else {
        out += static_cast<char>(0xf0 | point >> 18), tail(12), tail(6), tail(0);
    }
    return out;
}

/// What Unicode 14 says, written down by hand: Cc, Cf, Zl, Zp, Co, noncharacters and Default_Ignorable_Code_Point
/// (DerivedCoreProperties.txt) without the variation selectors U+FE00..FE0F and U+E0100..E01EF.
const std::vector<std::pair<char32_t, char32_t>> kUnsafe{
    {0x00, 0x1f},       {0x7f, 0x9f},       {0xad, 0xad},       {0x34f, 0x34f},     {0x600, 0x605},
    {0x61c, 0x61c},     {0x6dd, 0x6dd},     {0x70f, 0x70f},     {0x890, 0x891},     {0x8e2, 0x8e2},
    {0x115f, 0x1160},   {0x17b4, 0x17b5},   {0x180b, 0x180f},   {0x200b, 0x200f},   {0x2028, 0x202e},
    {0x2060, 0x206f},   {0x3164, 0x3164},   {0xe000, 0xf8ff},   {0xfdd0, 0xfdef},   {0xfeff, 0xfeff},
    {0xffa0, 0xffa0},   {0xfff0, 0xfffb},   {0x110bd, 0x110bd}, {0x110cd, 0x110cd}, {0x13430, 0x13438},
    {0x1bca0, 0x1bca3}, {0x1d173, 0x1d17a}, {0xe0000, 0xe00ff}, {0xe01f0, 0xe0fff}, {0xf0000, 0x10ffff}};

bool is_listed(char32_t point) {
    if ((point & 0xfffe) == 0xfffe) return true;
    for (const auto& [first, last] : kUnsafe)
        if (point >= first && point <= last) return true;
    return false;
}

TEST(Printable, KnowsEveryCharacterThatCanDisguiseALine) {
    for (char32_t point = 0; point <= 0x10ffff; ++point) {
        if (point >= 0xd800 && point <= 0xdfff) continue;  // no text has them
        ASSERT_EQ(is_unsafe_character(point), is_listed(point)) << std::hex << static_cast<std::uint32_t>(point);
        const auto text = utf8(point);
        const auto character = next_character(text);
        ASSERT_TRUE(character.valid && character.point == point && character.size == text.size());
        ASSERT_EQ(printable("a" + text + "b"), is_listed(point) ? "a?b" : "a" + text + "b");
    }
}

TEST(Printable, ShowsBytesThatAreNoTextAsQuestionMarks) {
    EXPECT_EQ(printable("plain äöü €"), "plain äöü €");
    EXPECT_EQ(printable("\x1b[31mred\x07"), "?[31mred?");
    EXPECT_EQ(printable("\xff\xc0\x80"), "???");
    EXPECT_EQ(printable("\xed\xa0\x80"), "???") << "a surrogate";
    EXPECT_EQ(printable("\xf4\x90\x80\x80"), "????") << "beyond U+10FFFF";
    EXPECT_EQ(printable("\xe2\x82"), "??") << "cut";
}

TEST(Printable, EscapesJsonWithoutChangingWhatItMeans) {
    EXPECT_EQ(printable_json("{\n  \"memo\": \"\xc2\x9b"
                             "31m\x7f\xe2\x80\xae"
                             "drow\"\n}"),
              "{\n  \"memo\": \"\\u009b31m\\u007f\\u202edrow\"\n}");
    EXPECT_EQ(printable_json("\"\xf0\x9d\x85\xb3\""), "\"\\ud834\\udd73\"") << "beyond the BMP: a pair";
    EXPECT_EQ(printable_json("\"\xff\""), "\"\\ufffd\"");
    EXPECT_EQ(printable_json("\"äöü € \xf0\x9f\x98\x80 \\u0007\""), "\"äöü € \xf0\x9f\x98\x80 \\u0007\"");
    for (char32_t point = 0x20; point <= 0x10ffff; ++point) {
        if (point >= 0xd800 && point <= 0xdfff) continue;
        for (std::string_view rest = printable_json("\"" + utf8(point) + "\""); !rest.empty();) {
            const auto character = next_character(rest);
            ASSERT_TRUE(character.valid && !is_unsafe_character(character.point))
                << std::hex << static_cast<std::uint32_t>(point);
            rest.remove_prefix(character.size);
        }
    }
}

}  // namespace
}  // namespace base

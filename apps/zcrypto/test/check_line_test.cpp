#include "zcrypto_tool/check_line.hpp"

#include <gtest/gtest.h>

namespace {

using zcrypto_tool::CheckLine;
using zcrypto_tool::format_check_line;
using zcrypto_tool::parse_check_line;

const std::string kHex(64, 'a');

TEST(CheckLine, ReadsEveryFormThatTheOldToolsWrite) {
    EXPECT_EQ(parse_check_line(kHex + "  a file")->name, "a file");
    EXPECT_EQ(parse_check_line(kHex + " *binary")->name, "binary");
    EXPECT_EQ(parse_check_line(kHex + "   leading space")->name, " leading space");
    EXPECT_EQ(parse_check_line("\\" + kHex + "  two\\nlines\\\\")->name, "two\nlines\\");
    EXPECT_EQ(parse_check_line(std::string(64, 'A') + "  upper")->hex, kHex);
    const auto tagged = parse_check_line("SHA256 (a (b) = c) = " + kHex);
    ASSERT_TRUE(tagged.has_value());
    EXPECT_EQ(tagged->name, "a (b) = c");
    EXPECT_EQ(tagged->algorithm, zcrypto::HashAlgorithm::sha256);
    EXPECT_EQ(parse_check_line(kHex + "  dos\r")->name, "dos");
}

TEST(CheckLine, RefusesWhatIsNoChecksumLine) {
    for (const auto& line : {std::string{}, std::string{"\\"}, kHex, kHex + "  ", kHex + " x", kHex.substr(1) + "  x",
                             kHex + "g  x", "\\" + kHex + "  bad\\escape", "\\" + kHex + "  open\\",
                             "MD9 (x) = " + kHex, "SHA512 (x) = " + kHex, "SHA256 (x) = " + kHex + "  "}) {
        EXPECT_FALSE(parse_check_line(line).has_value()) << line;
    }
}

TEST(CheckLine, WritesWhatItReads) {
    for (const std::string name : {"plain", "with space", "line\nfeed", "back\\slash", "cr\rname", ") = x"}) {
        for (const bool tag : {false, true}) {
            const CheckLine line{name, kHex, tag ? std::optional{zcrypto::HashAlgorithm::blake3} : std::nullopt};
            EXPECT_EQ(parse_check_line(format_check_line(line, tag)), line) << name;
        }
    }
}

}  // namespace

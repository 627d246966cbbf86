#include "zwallet/output.hpp"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/file.hpp"
#include "commands.hpp"
#include "qr.hpp"
#include "zwallet/config.hpp"
#include "zwallet/secret_input.hpp"

namespace zwallet {
namespace {

TEST(Duration, ReadsUnitsAndBoundsThem) {
    EXPECT_EQ(*parse_duration_s("90"), 90u);
    EXPECT_EQ(*parse_duration_s("15m"), 900u);
    EXPECT_EQ(*parse_duration_s("2h"), 7200u);
    for (const auto* bad : {"", "0", "-1", "5x", "99999999d", "1.5h", "m"}) EXPECT_FALSE(parse_duration_s(bad)) << bad;
}

TEST(Qr, DrawsASquareOfHalfBlocks) {
    const auto lines = qr_lines("ghost1qqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqq");
    ASSERT_GT(lines.size(), 10u);
    EXPECT_TRUE(qr_lines("").empty());
    EXPECT_TRUE(qr_lines(std::string(600, 'x')).empty());
}

TEST(SecretInput, ReadsLinesOneByOneFromADescriptor) {
    int ends[2];
    ASSERT_EQ(pipe(ends), 0);
    constexpr std::string_view kText = "first secret\r\nsecond\n";
    ASSERT_EQ(write(ends[1], kText.data(), kText.size()), static_cast<ssize_t>(kText.size()));
    close(ends[1]);
    EXPECT_EQ(read_line_from(ends[0], "test")->text(), "first secret");
    EXPECT_EQ(read_line_from(ends[0], "test")->text(), "second");
    EXPECT_TRUE(read_line_from(ends[0], "test")->empty());
    EXPECT_FALSE(read_secret({.fd = ends[0]}, {.text = "", .source_option = "--password-fd"}));
    close(ends[0]);
    EXPECT_FALSE(read_line_from(987, "no such descriptor"));
}

TEST(SecretInput, RefusesAFileThatOthersCanRead) {
    char name[] = "/tmp/zwallet_secret_XXXXXX";
    const int fd = mkstemp(name);
    ASSERT_EQ(write(fd, "pw\n", 3), 3);
    close(fd);
    EXPECT_EQ(read_secret({.file = name}, {.text = "", .source_option = "--password-file"})->text(), "pw");
    chmod(name, 0640);
    const auto refused = read_secret({.file = name}, {.text = "", .source_option = "--password-file"});
    ASSERT_FALSE(refused);
    EXPECT_EQ(refused.error().code, ExitCode::denied);
    EXPECT_NE(refused.error().next.find("chmod 600"), std::string::npos);
    unlink(name);
}

TEST(Config, ShippedFileEqualsTheDefaults) {
    const auto shipped = base::read_text_file(ZWALLET_TOML, 1 << 20);
    ASSERT_TRUE(shipped) << shipped.error().text;
    Config defaults;
    EXPECT_EQ(*shipped, schema_of(defaults).to_toml());
}

}  // namespace
}  // namespace zwallet

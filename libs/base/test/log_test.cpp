#include "base/log.hpp"

#include <gtest/gtest.h>
#include <sys/stat.h>

#include <thread>
#include <vector>

#include "base/file.hpp"
#include "temp_dir.hpp"

namespace {

class LogFile : public ::testing::Test {
 protected:
    void open(base::LogFormat format, base::LogLevel level = base::LogLevel::info) {
        ASSERT_TRUE(base::configure_logging({.level = level, .format = format, .file = path}));
    }
    void TearDown() override { ASSERT_TRUE(base::configure_logging({})); }
    std::vector<std::string> lines() {
        base::flush_log();
        const auto text = *base::read_text_file(path, 10u << 20);
        std::vector<std::string> out;
        std::size_t at = 0;
        for (std::size_t end; (end = text.find('\n', at)) != std::string::npos; at = end + 1)
            out.push_back(text.substr(at, end - at));
        EXPECT_EQ(at, text.size());
        return out;
    }
    /// The line without its timestamp.
    static std::string tail(const std::string& line) { return line.substr(25); }

    TempDir dir;
    std::string path = dir.file("log");
    base::Log log{"ghostd"};
};

TEST_F(LogFile, WritesFieldsOfEveryKindAsText) {
    open(base::LogFormat::text);
    const auto digest = base::Digest{std::byte{0xab}};
    log.info("block committed", {{"height", 7u},
                                 {"delta", -3},
                                 {"ok", true},
                                 {"ratio", 0.5},
                                 {"peer", "[::1]:50051"},
                                 {"name", "two words"},
                                 {"root", digest},
                                 {"error", base::fail(base::Errc::truncated, "frame").error()}});
    const auto all = lines();
    ASSERT_EQ(all.size(), 1u);
    EXPECT_EQ(tail(all[0]),
              "info  ghostd: block committed height=7 delta=-3 ok=true ratio=0.5 peer=[::1]:50051 "
              "name=\"two words\" root=ab" +
                  std::string(62, '0') + " error=\"base: input is truncated (frame)\"");
    EXPECT_EQ(all[0][10], 'T');
    EXPECT_EQ(all[0][23], 'Z');
}

TEST_F(LogFile, WritesOneJsonObjectALine) {
    open(base::LogFormat::json);
    log.warn("odd \"peer\"", {{"n", 1}, {"text", "a\nb"}, {"nan", 0.0 / 0.0}});
    const auto all = lines();
    ASSERT_EQ(all.size(), 1u);
    EXPECT_TRUE(all[0].starts_with(R"({"time":"20)")) << all[0];
    EXPECT_TRUE(all[0].ends_with(R"("level":"warn","log":"ghostd","msg":"odd \"peer\"","n":1,"text":"a\nb","nan":")" +
                                 std::string{all[0].find("-nan") != std::string::npos ? "-nan" : "nan"} + R"("})"))
        << all[0];
}

TEST_F(LogFile, LetsNoPeerBreakTheLineOrReachTheTerminal) {
    const std::string evil =
        "x\n2026-01-01 error ghostd: forged\r\x1b[2J\x7f\x9b\xc2\x9b\xe2\x80\xae\"=\\ \xff\xc0\x80";
    for (const auto format : {base::LogFormat::text, base::LogFormat::json}) {
        path = dir.file(format == base::LogFormat::text ? "t" : "j");
        open(format);
        log.error(evil, {{"peer", evil}, {evil, 1}});
        const auto all = lines();
        ASSERT_EQ(all.size(), 1u);
        for (const char c : all[0]) EXPECT_GE(static_cast<unsigned char>(c), 0x20) << all[0];
        EXPECT_EQ(all[0].find('\x7f'), std::string::npos);
        EXPECT_EQ(all[0].find('\x9b'), std::string::npos);
        EXPECT_EQ(all[0].find("\xe2\x80\xae"), std::string::npos);
    }
}

TEST_F(LogFile, CutsLongValues) {
    open(base::LogFormat::text);
    log.info("m", {{"peer", std::string(100'000, 'a')}, {"raw", base::Bytes(1000)}});
    EXPECT_LT(lines()[0].size(), 2000u);
}

TEST_F(LogFile, LeavesOutWhatIsBelowTheLevel) {
    open(base::LogFormat::text, base::LogLevel::warn);
    EXPECT_FALSE(base::Log::enabled(base::LogLevel::info));
    log.info("no");
    log.warn("yes");
    base::set_log_level(base::LogLevel::off);
    log.error("no");
    base::set_log_level(base::LogLevel::trace);
    log.trace("yes");
    EXPECT_EQ(lines().size(), 2u);
}

TEST_F(LogFile, LimitsARateAndSaysHowManyWereLeftOut) {
    open(base::LogFormat::text);
    base::ManualClock clock;
    base::LogLimit limit{3, 1000, clock};
    for (int i = 0; i < 10; ++i) log.limited(limit, base::LogLevel::warn, "flood");
    EXPECT_EQ(lines().size(), 3u);
    clock.advance_ns(1'000'000'000);
    log.limited(limit, base::LogLevel::warn, "flood", {{"n", 1}});
    log.limited(limit, base::LogLevel::warn, "flood");
    const auto all = lines();
    ASSERT_EQ(all.size(), 4u);
    EXPECT_TRUE(all[3].ends_with("flood n=1 suppressed=7")) << all[3];
}

TEST_F(LogFile, KeepsLinesOfManyThreadsWhole) {
    open(base::LogFormat::text);
    {
        std::vector<std::jthread> threads;
        for (int t = 0; t < 4; ++t) {
            threads.emplace_back([&, t] {
                for (int i = 0; i < 200; ++i) log.info("line", {{"thread", t}, {"i", i}});
            });
        }
    }
    const auto all = lines();
    EXPECT_EQ(all.size(), 800u);
    for (const auto& line : all) EXPECT_TRUE(tail(line).starts_with("info  ghostd: line thread=")) << line;
}

TEST_F(LogFile, MakesAPrivateFileAndNamesOneItCannotOpen) {
    open(base::LogFormat::text);
    struct stat info{};
    ASSERT_EQ(::stat(path.c_str(), &info), 0);
    EXPECT_EQ(info.st_mode & 0777, 0600u);
    const auto missing = dir.file("missing/log");
    const auto refused = base::configure_logging({.file = missing});
    ASSERT_FALSE(refused);
    EXPECT_NE(refused.error().text.find(missing), std::string::npos);
    log.info("still here");
    EXPECT_EQ(lines().size(), 1u);
}

TEST(LogLevel, ReadsItsOwnNames) {
    for (const auto* name : {"trace", "debug", "info", "warn", "error", "off"})
        EXPECT_EQ(base::to_string(*base::log_level_from_string(name)), name);
    EXPECT_FALSE(base::log_level_from_string("verbose"));
    EXPECT_EQ(base::log_format_from_string("json"), base::LogFormat::json);
    EXPECT_FALSE(base::log_format_from_string("xml"));
}

}  // namespace

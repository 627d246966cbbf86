#include "base/config.hpp"

#include <gtest/gtest.h>

#include "base/file.hpp"
#include "temp_dir.hpp"

namespace {

struct Peer {
    std::string key = "";
    std::string role = "client";
    friend bool operator==(const Peer&, const Peer&) = default;
};

struct Log {
    std::string level = "info";
    bool json = false;
    friend bool operator==(const Log&, const Log&) = default;
};

struct Config {
    std::string listen = "[::]:50051";
    std::uint64_t block_interval_ms = 250;
    std::uint16_t port = 50051;
    std::uint32_t workers = 1;
    std::int64_t offset = -5;
    double ratio = 1;
    bool faucet = false;
    std::vector<std::string> seeds = {"a", "quote\" and \\ and \n"};
    std::vector<std::uint64_t> heights;
    Log log;
    std::vector<Peer> peers;
    friend bool operator==(const Config&, const Config&) = default;
};

base::ConfigSchema schema_of(Peer& peer) {
    base::ConfigSchema schema;
    schema.field("key", peer.key, "Public key, 64 hex digits.");
    schema.field("role", peer.role, "What it may do.", {"service", "client", "admin"});
    return schema;
}

base::ConfigSchema schema_of(Config& config) {
    base::ConfigSchema log{"Where lines go."};
    log.field("level", config.log.level, "Least level.");
    log.field("json", config.log.json, "JSON lines.");
    base::ConfigSchema schema{"ghostd, the chain node.\nEvery key is optional."};
    schema.table("log", std::move(log));
    schema.field("listen", config.listen, "Where QUIC listens.");
    schema.field("block_interval_ms", config.block_interval_ms, "Pause between blocks, in milliseconds.",
                 {.min = 10, .max = 60'000});
    schema.field("port", config.port, "A port.");
    schema.field("workers", config.workers, "Threads.", {.min = 1});
    schema.field("offset", config.offset, "Signed.");
    schema.field("ratio", config.ratio, "A share.");
    schema.field("faucet", config.faucet, "Gives coins away.\nOnly on a dev chain.");
    schema.field("seeds", config.seeds, "Names.");
    schema.field("heights", config.heights, "Numbers.");
    schema.list("peers", config.peers, "Keys that may connect.", [](Peer& peer) { return schema_of(peer); });
    return schema;
}

std::string error_of(std::string_view text) {
    Config config;
    const auto loaded = schema_of(config).load_text(text, "c.toml");
    return loaded ? "" : loaded.error().text;
}

TEST(Config, SetsWhatTheFileHasAndKeepsTheRest) {
    Config config;
    const auto loaded = schema_of(config).load_text(R"(
listen = "127.0.0.1:1"
block_interval_ms = 10
ratio = 2
faucet = true
seeds = []
heights = [1, 2]
[log]
json = true
[[peers]]
key = "ab"
role = "admin"
[[peers]]
key = "cd"
)",
                                                    "c.toml");
    ASSERT_TRUE(loaded) << loaded.error().text;
    Config expected;
    expected.listen = "127.0.0.1:1";
    expected.block_interval_ms = 10;
    expected.ratio = 2;
    expected.faucet = true;
    expected.seeds = {};
    expected.heights = {1, 2};
    expected.log.json = true;
    expected.peers = {{"ab", "admin"}, {"cd", "client"}};
    EXPECT_EQ(config, expected);
}

TEST(Config, NamesFileLineKeyAndTheNearestKnownKey) {
    EXPECT_EQ(error_of("faucet = true\nlisen = \"x\"\n"), "c.toml:2: unknown key \"lisen\" (did you mean \"listen\"?)");
    EXPECT_EQ(error_of("[log]\nlevle = \"x\"\n"), "c.toml:2: unknown key \"log.levle\" (did you mean \"level\"?)");
    EXPECT_EQ(error_of("[log]\nzzzzzzzzz = 1\n"), "c.toml:2: unknown key \"log.zzzzzzzzz\" (known here: level, json)");
    EXPECT_EQ(error_of("[[peers]]\n[[peers]]\nkei = \"\"\n"),
              "c.toml:3: unknown key \"peers[1].kei\" (did you mean \"key\"?)");
}

TEST(Config, IsPreciseAboutTypes) {
    EXPECT_EQ(error_of("\nlisten = 7"), "c.toml:2: \"listen\" must be text, not an integer");
    EXPECT_EQ(error_of("faucet = 1"), "c.toml:1: \"faucet\" must be true or false, not an integer");
    EXPECT_EQ(error_of("block_interval_ms = \"1s\""), "c.toml:1: \"block_interval_ms\" must be an integer, not text");
    EXPECT_EQ(error_of("block_interval_ms = 1.5"),
              "c.toml:1: \"block_interval_ms\" must be an integer, not a decimal number");
    EXPECT_EQ(error_of("ratio = true"), "c.toml:1: \"ratio\" must be a number, not true or false");
    EXPECT_EQ(error_of("seeds = \"a\""), "c.toml:1: \"seeds\" must be a list of text, not text");
    EXPECT_EQ(error_of("seeds = [\"a\", 1]"), "c.toml:1: \"seeds[1]\" must be text, not an integer");
    EXPECT_EQ(error_of("log = 1"), "c.toml:1: \"log\" must be a table: [log], not an integer");
    EXPECT_EQ(error_of("peers = [1]"), "c.toml:1: \"peers\" must be a list of tables: [[peers]], not an integer");
    EXPECT_EQ(error_of("[peers]"), "c.toml:1: \"peers\" must be a list of tables: [[peers]], not a table");
    EXPECT_EQ(error_of("listen = 2026-01-01"), "c.toml:1: \"listen\" must be text, not a date or time");
}

TEST(Config, IsPreciseAboutRangesAndChoices) {
    EXPECT_EQ(error_of("block_interval_ms = 9"), "c.toml:1: \"block_interval_ms\" must be from 10 to 60000, not 9");
    EXPECT_EQ(error_of("port = 65536"), "c.toml:1: \"port\" must be from 0 to 65535, not 65536");
    EXPECT_EQ(error_of("workers = 0"), "c.toml:1: \"workers\" must be from 1 to 4294967295, not 0");
    EXPECT_EQ(error_of("heights = [1, -1]"), "c.toml:1: \"heights[1]\" must be at least 0, not -1");
    EXPECT_EQ(error_of("[[peers]]\nrole = \"root\""),
              "c.toml:2: \"peers[0].role\" must be one of service, client, admin, not \"root\"");
}

TEST(Config, RefusesMalformedTomlWithItsLine) {
    EXPECT_TRUE(error_of("listen = \"a\"\nlisten = \"b\"\n").starts_with("c.toml:2: ")) << error_of("a=1\na=1\n");
    EXPECT_TRUE(error_of("\n\n= 1").starts_with("c.toml:3: "));
    EXPECT_FALSE(error_of(std::string(base::kConfigSizeMax + 1, '#')).empty());
    EXPECT_FALSE(error_of("listen = \"\xff\"").empty());
    std::string deep = "heights = ";
    EXPECT_FALSE(error_of(deep + std::string(100'000, '[')).empty());
}

TEST(Config, WritesItsDefaultsAsDocumentedTomlThatLoadsToTheDefaults) {
    Config config;
    const auto text = schema_of(config).to_toml();
    EXPECT_TRUE(
        text.starts_with("# ghostd, the chain node.\n# Every key is optional.\n\n# Where QUIC listens.\n"
                         "listen = \"[::]:50051\"\n\n# Pause between blocks, in milliseconds.\n"
                         "block_interval_ms = 250\n"))
        << text;
    EXPECT_NE(text.find("# Keys that may connect.\n# [[peers]]\n"), std::string::npos) << text;
    EXPECT_NE(text.find("# role = \"client\"  # one of: service client admin\n"), std::string::npos) << text;
    Config loaded{.listen = "x", .port = 1, .ratio = 3, .seeds = {}, .log = {.level = "x"}};
    const auto result = schema_of(loaded).load_text(text, "default.toml");
    ASSERT_TRUE(result) << result.error().text << '\n' << text;
    EXPECT_EQ(loaded, Config{});
    EXPECT_EQ(schema_of(loaded).to_toml(), text);
}

TEST(Config, WritesListsOfTablesThatLoadAgain) {
    Config config;
    config.peers = {{"ab", "admin"}, {"cd", "service"}};
    Config loaded;
    ASSERT_TRUE(schema_of(loaded).load_text(schema_of(config).to_toml(), "c.toml"));
    EXPECT_EQ(loaded, config);
}

TEST(Config, LoadsFilesAndNamesMissingOnes) {
    TempDir dir;
    const auto path = dir.file("ghostd.toml");
    Config config;
    const auto missing = schema_of(config).load_file(path);
    ASSERT_FALSE(missing);
    EXPECT_TRUE(missing.error().error.is(base::Errc::not_found));
    EXPECT_NE(missing.error().text.find(path), std::string::npos);
    ASSERT_TRUE(base::write_file_atomic(path, base::as_bytes("x = 1")));
    const auto refused = schema_of(config).load_file(path);
    ASSERT_FALSE(refused);
    EXPECT_TRUE(refused.error().text.starts_with(path + ":1: ")) << refused.error().text;
}

}  // namespace

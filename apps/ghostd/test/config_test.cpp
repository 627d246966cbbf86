#include "ghostd/config.hpp"

#include <gtest/gtest.h>

#include "base/file.hpp"
#include "temp_folder.hpp"

namespace {

constexpr const char* kKey = "00112233445566778899aabbccddeeff00112233445566778899aabbccddeeff";

base::Checked<ghostd::GhostdConfig> load(const std::string& text) {
    const ghostd_test::TempFolder folder;
    const auto path = folder / "ghostd.toml";
    EXPECT_TRUE(base::write_file_atomic(path, base::as_bytes(text)));
    return ghostd::load_config(path);
}

void expect_error(const std::string& text, const std::string& part) {
    const auto config = load(text);
    ASSERT_FALSE(config) << text;
    EXPECT_NE(config.error().text.find(part), std::string::npos) << config.error().text;
    EXPECT_NE(config.error().text.find("ghostd.toml"), std::string::npos) << config.error().text;
}

TEST(GhostdConfig, ShippedFileEqualsTheDefaults) {
    ghostd::GhostdConfig defaults;
    const auto shipped = base::read_text_file(GHOSTD_TOML, 1 << 20);
    ASSERT_TRUE(shipped) << shipped.error().text;
    EXPECT_EQ(*shipped, ghostd::schema_of(defaults).to_toml());
    ghostd::GhostdConfig loaded;
    ASSERT_TRUE(ghostd::schema_of(loaded).load_text(*shipped, "ghostd.toml"));
    EXPECT_EQ(ghostd::schema_of(loaded).to_toml(), *shipped);
}

TEST(GhostdConfig, ReadsPeersAndTables) {
    const auto config = load(std::string{"listen = \"127.0.0.1:0\"\n[block]\ntxs_max = 7\n[[peers]]\nkey = \""} + kKey +
                             "\"\nrole = \"admin\"\n");
    ASSERT_TRUE(config) << config.error().text;
    EXPECT_EQ(config->listen, "127.0.0.1:0");
    EXPECT_EQ(config->block.txs_max, 7u);
    ASSERT_EQ(config->peers.size(), 1u);
    EXPECT_EQ(config->peers[0].role, "admin");
}

TEST(GhostdConfig, NamesTheMistakeAndTheFile) {
    expect_error("lisen = \"[::]:1\"\n", "lisen");
    expect_error("listen = \"localhost\"\n", "listen");
    expect_error("ops_listen = \"0.0.0.0:9452\"\n", "loopback");
    expect_error("[bridge]\nkey = \"abc\"\n", "64 hex digits");
    expect_error("[[peers]]\nkey = \"00\"\n", "64 hex digits");
    expect_error(std::string{"[[peers]]\nkey = \""} + kKey + "\"\nrole = \"king\"\n", "role");
    expect_error("[faucet]\namount = \"much\"\n", "faucet.amount");
    expect_error("[block]\ntxs_max = 0\n", "txs_max");
    expect_error("listen = \n", "ghostd.toml");
}

TEST(GhostdConfig, AMissingFileIsNamed) {
    const auto config = ghostd::load_config("/nonexistent/ghostd.toml");
    ASSERT_FALSE(config);
    EXPECT_NE(config.error().text.find("/nonexistent/ghostd.toml"), std::string::npos);
}

TEST(GhostdHome, PrefersTheFlag) {
    EXPECT_EQ(*ghostd::resolve_home("/a/b"), "/a/b");
    EXPECT_EQ(ghostd::HomeLayout{"/a/b"}.genesis, "/a/b/genesis.json");
}

}  // namespace

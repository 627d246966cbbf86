#include "walletd/config.hpp"

#include <gtest/gtest.h>

#include "base/file.hpp"
#include "temp_folder.hpp"

namespace walletd {
namespace {

TEST(Config, ShippedFileEqualsTheDefaults) {
    const auto shipped = base::read_text_file(WALLETD_TOML, 1 << 20);
    ASSERT_TRUE(shipped) << shipped.error().text;
    Config defaults;
    EXPECT_EQ(*shipped, schema_of(defaults).to_toml());
    EXPECT_TRUE(load_config(WALLETD_TOML));
}

base::Checked<Config> load(const std::string& text) {
    const TempFolder folder;
    const auto path = folder.file("walletd.toml");
    EXPECT_TRUE(base::write_file_atomic(path, base::as_bytes(text)));
    return load_config(path);
}

TEST(Config, ReadsPeersWithTheirRoles) {
    const auto config =
        load("[[peers]]\nname = \"cli\"\nkey = \"" + std::string(64, 'a') + "\"\nroles = [\"admin\"]\n");
    ASSERT_TRUE(config) << config.error().text;
    ASSERT_EQ(config->peers.size(), 1u);
    EXPECT_EQ(config->peers[0].roles, std::vector<std::string>{"admin"});
}

TEST(Config, RefusesWhatItDoesNotUnderstandAndSaysWhat) {
    const auto says = [](const std::string& text, const std::string& word) {
        const auto config = load(text);
        ASSERT_FALSE(config) << text;
        EXPECT_NE(config.error().text.find(word), std::string::npos) << config.error().text;
    };
    says("lisen = \"[::]:1\"\n", "lisen");
    says("listen = \"somewhere\"\n", "somewhere");
    says("bridge_key = \"zz\"\n", "bridge_key");
    says("unlock_timeout_s = 0\n", "unlock_timeout_s");
    says("[[peers]]\nkey = \"" + std::string(64, 'a') + "\"\nroles = [\"king\"]\n", "king");
    says("[[peers]]\nname = \"nobody\"\n", "nobody");
    says("kdf = 1\n", "kdf");  // the cost of the password hash is not for a file to weaken
}

TEST(Config, ABridgeIsNothingElse) {
    const auto key = std::string(64, 'a');
    const auto peer = [&](const std::string& name, const std::string& role) {
        return "[[peers]]\nname = \"" + name + "\"\nkey = \"" + key + "\"\nroles = [\"" + role + "\"]\n";
    };
    const auto refused = [](const std::string& text) {
        const auto config = load(text);
        ASSERT_FALSE(config) << text;
        EXPECT_NE(config.error().text.find("a bridge's key cannot be client or admin"), std::string::npos)
            << config.error().text;
    };
    for (const auto* role : {"client", "admin"}) {
        refused("bridge_key = \"" + key + "\"\n" + peer("bridge", role));
        refused(peer("one", "service") + peer("two", role));
    }
    EXPECT_TRUE(load(peer("one", "service") + peer("two", "service")));
    EXPECT_TRUE(load(peer("one", "client") + peer("two", "admin")));
}

}  // namespace
}  // namespace walletd

#include "ghostbridge/config.hpp"

#include <gtest/gtest.h>

#include "base/file.hpp"

namespace {

using namespace ghostbridge;

std::string error_of(std::string_view toml) {
    const auto config = parse_config(toml, "test.toml");
    return config ? "no error" : config.error().text;
}

TEST(Config, ShippedFileEqualsTheDefaults) {
    const auto shipped = base::read_text_file(GHOSTBRIDGE_TOML, 1 << 20);
    ASSERT_TRUE(shipped) << shipped.error().text;
    EXPECT_EQ(*shipped, default_config_toml()) << "write it again: ghostbridge default-config > " GHOSTBRIDGE_TOML;
    const auto loaded = load_config(GHOSTBRIDGE_TOML);
    ASSERT_TRUE(loaded) << loaded.error().text;
    EXPECT_EQ(loaded->public_methods, Config{}.public_methods);
    EXPECT_EQ(loaded->tcp.streams_max, TcpLimits{}.streams_max);
}

TEST(Config, ReadsPeersWithRoles) {
    const auto config = parse_config("[[peers]]\nname = \"ghostd\"\nkey = \"" + std::string(62, '0') +
                                         "ff\"\nroles = [\"service\", \"client\"]\nservices = [\"ghost.chain.v1.*\"]\n",
                                     "test.toml");
    ASSERT_TRUE(config) << config.error().text;
    ASSERT_EQ(config->peers.size(), 1u);
    const auto& peer = config->peers.front();
    EXPECT_EQ(peer.key[31], std::byte{0xff});
    EXPECT_TRUE(has_role(peer.roles, Role::service));
    EXPECT_TRUE(has_role(peer.roles, Role::client));
    EXPECT_FALSE(has_role(peer.roles, Role::admin));
}

TEST(Config, IsReadAsItWasWritten) {
    Config config;
    config.listen_quic = "[::1]:4";
    config.tcp.connections_per_address_max = 7;
    config.public_calls_per_address_max = 8;
    config.peers = {{.name = "a \"b\"",
                     .key = base::Digest{std::byte{1}},
                     .roles = static_cast<Roles>(role_bits(Role::service) | role_bits(Role::admin)),
                     .services = {"a.B", "c.*"}},
                    {.name = "c", .key = base::Digest{std::byte{2}}, .roles = role_bits(Role::client), .services = {}}};
    const auto text = to_toml(config);
    const auto read = parse_config(text, "test.toml");
    ASSERT_TRUE(read) << read.error().text << text;
    EXPECT_EQ(read->listen_quic, config.listen_quic);
    EXPECT_EQ(read->tcp.connections_per_address_max, 7u);
    EXPECT_EQ(read->public_calls_per_address_max, 8u);
    ASSERT_EQ(read->peers.size(), 2u);
    for (std::size_t i = 0; i < 2; ++i) {
        EXPECT_EQ(read->peers[i].name, config.peers[i].name);
        EXPECT_EQ(read->peers[i].key, config.peers[i].key);
        EXPECT_EQ(read->peers[i].roles, config.peers[i].roles);
        EXPECT_EQ(read->peers[i].services, config.peers[i].services);
    }
}

TEST(Config, RefusesMistakesAndNamesThem) {
    EXPECT_NE(error_of("lisen_tcp = \"\"").find("lisen_tcp"), std::string::npos);
    EXPECT_NE(error_of("listen_tcp = \"localhost:1\"").find("listen_tcp"), std::string::npos);
    EXPECT_NE(error_of("lease_ttl_ms = 1").find("lease_ttl_ms"), std::string::npos);
    EXPECT_NE(error_of("[[peers]]\nkey = \"abc\"").find("64 hexadecimal"), std::string::npos);
    const std::string key = "key = \"" + std::string(64, 'a') + "\"\n";
    EXPECT_NE(error_of("[[peers]]\n" + key + "roles = [\"king\"]").find("king"), std::string::npos);
    EXPECT_NE(error_of("[[peers]]\n" + key + "[[peers]]\n" + key).find("twice"), std::string::npos);
    EXPECT_NE(error_of("public_methods = [\"x y\"]").find("x y"), std::string::npos);
}

TEST(Config, WantsTheServicesOfAPeerThatRegisters) {
    const auto peer = [](std::string_view rest) {
        return error_of("[[peers]]\nname = \"walletd\"\nkey = \"" + std::string(64, 'a') + "\"\n" + std::string{rest});
    };
    EXPECT_NE(peer("roles = [\"service\"]").find("peer \"walletd\": services"), std::string::npos);
    EXPECT_EQ(peer("roles = [\"service\"]\nservices = [\"ghost.wallet.v1.*\"]"), "no error");
    EXPECT_EQ(peer("roles = [\"client\"]"), "no error");
    EXPECT_NE(peer("roles = [\"service\"]\nservices = [\"*\"]").find("\"*\""), std::string::npos);
}

TEST(Config, NeverOpensAWalletToThePublic) {
    EXPECT_NE(error_of("public_methods = [\"ghost.wallet.v1.WalletService\"]").find("wallet"), std::string::npos);
    EXPECT_NE(error_of("public_methods = [\"ghost.wallet.v1.WalletService/GetStatus\"]").find("wallet"),
              std::string::npos);
    EXPECT_FALSE(method_is_public({"ghost.wallet.v1.WalletService"}, "/ghost.wallet.v1.WalletService/Send"));
}

TEST(MethodIsPublic, MatchesServicesAndMethodsExactly) {
    const std::vector<std::string> list{"a.B", "c.D/Read"};
    EXPECT_TRUE(method_is_public(list, "/a.B/Anything"));
    EXPECT_TRUE(method_is_public(list, "/c.D/Read"));
    EXPECT_FALSE(method_is_public(list, "/c.D/Write"));
    EXPECT_FALSE(method_is_public(list, "/a.Bx/Anything"));
    EXPECT_FALSE(method_is_public(list, "/c.D/Read2"));
    EXPECT_FALSE(method_is_public(list, "a.B/Anything"));
    EXPECT_FALSE(method_is_public(list, ""));
    EXPECT_FALSE(method_is_public({}, "/a.B/C"));
}

TEST(ServiceAllowed, MatchesNamesAndPrefixes) {
    EXPECT_FALSE(service_allowed({}, "x.Y")) << "nothing listed is nothing allowed";
    EXPECT_TRUE(service_allowed({"ghost.chain.v1.*"}, "ghost.chain.v1.BlockchainService"));
    EXPECT_FALSE(service_allowed({"ghost.chain.v1.*"}, "ghost.chain.v10.X"));
    EXPECT_FALSE(service_allowed({"a.B"}, "a.Bc"));
}

}  // namespace

#pragma once
// The zwallet program against a whole network in this process: GhostBridge, ghostd with a faucet, walletd.
#include <gtest/gtest.h>
#include <unistd.h>

#include <chrono>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <nlohmann/json.hpp>
#include <thread>

#include "gcrypt/address.hpp"
#include "ghost/chain/v1/chain.pb.h"
#include "ghostbridge/bridge.hpp"
#include "ghostd/init.hpp"
#include "ghostd/node.hpp"
#include "rpc/blocking.hpp"
#include "rpc/quic.hpp"
#include "walletd/walletd.hpp"
#include "zwallet/config.hpp"

namespace zwallet {

namespace chain = ghost::chain::v1;

inline constexpr rpc::UnaryMethod<chain::FaucetRequest, chain::TransactionReceipt> kFaucet{
    "/ghost.chain.v1.BlockchainService/Faucet"};

class NetworkTest : public testing::Test {
 protected:
    struct Ran {
        int exit;
        std::string out;
        [[nodiscard]] nlohmann::json json() const { return nlohmann::json::parse(out, nullptr, false); }
    };
    /// True as soon as `holds` is; false after a minute.
    template <typename Condition>
    static bool comes_true(Condition holds) {
        const auto deadline = std::chrono::steady_clock::now() + std::chrono::minutes{1};
        while (!holds()) {
            if (std::chrono::steady_clock::now() > deadline) return false;
            std::this_thread::sleep_for(std::chrono::milliseconds{10});
        }
        return true;
    }
    /// Through a shell, as a script would.
    Ran zwallet(const std::string& arguments) const {
        const auto command =
            std::string{ZWALLET_PROGRAM} + " --home " + home_ + " " + arguments + " </dev/null 2>" + home_ + "/.err";
        Ran ran{.exit = -1, .out = {}};
        auto* pipe = popen(command.c_str(), "r");
        char chunk[4096];
        for (std::size_t got = 0; (got = fread(chunk, 1, sizeof chunk, pipe)) > 0;) ran.out.append(chunk, got);
        ran.exit = WEXITSTATUS(pclose(pipe));
        return ran;
    }
    [[nodiscard]] std::string errors() const {
        std::ifstream file{home_ + "/.err"};
        return {std::istreambuf_iterator<char>{file}, {}};
    }

    /// False: a walletd that was told no genesis and no validators, so that nothing can be proved to it.
    [[nodiscard]] virtual bool knows_validators() const { return true; }

    void SetUp() override {
        char name[] = "/tmp/zwallet_net_XXXXXX";
        home_ = mkdtemp(name);
        using ghostbridge::Role;
        const auto bridge_key = ghostbridge::init_identity(home_ + "/bridge");
        const auto node = ghostd::init_home({.home = home_ + "/node", .dev = true});
        const auto wallet_key = walletd::init_identity(home_ + "/walletd");
        ASSERT_TRUE(bridge_key && node && wallet_key);
        auto own_key = zwallet("identity").out;
        own_key.resize(64);
        ghostbridge::Config bridge;
        bridge.home = home_ + "/bridge";
        bridge.listen_quic = "127.0.0.1:0";
        bridge.listen_tcp = "";
        bridge.listen_metrics = "";
        bridge.peers = {{.name = "node",
                         .key = node->node_key,
                         .roles = role_bits(Role::service),
                         .services = {"ghost.chain.v1.*"}},
                        {.name = "wallet",
                         .key = *wallet_key,
                         .roles = role_bits(Role::service),
                         .services = {"ghost.wallet.v1.*"}},
                        {.name = "cli",
                         .key = *base::fixed_from_hex<32>(own_key),
                         .roles = role_bits(Role::client),
                         .services = {}}};
        auto bridge_started = ghostbridge::Bridge::start(bridge);
        ASSERT_TRUE(bridge_started) << bridge_started.error().text;
        bridge_ = std::move(*bridge_started);
        const auto endpoint = "127.0.0.1:" + std::to_string(bridge_->quic_port());
        const auto key_text = base::to_hex(*bridge_key);
        std::ofstream{home_ + "/zwallet/zwallet.toml"} << "bridge = \"" << endpoint << "\"\nbridge_key = \"" << key_text
                                                       << "\"\ntimeout_ms = 60000\n";

        ghostd::GhostdConfig node_config;
        node_config.home = home_ + "/node";
        node_config.listen = "[::1]:0";
        node_config.ops_listen = "127.0.0.1:0";
        node_config.bridge = {.endpoint = endpoint, .key = key_text};
        node_config.peers = {{.name = "bridge", .key = key_text, .role = "service"}};
        auto node_started = ghostd::Node::start(node_config);
        ASSERT_TRUE(node_started) << node_started.error().text;
        node_ = std::move(*node_started);

        walletd::Config wallet;
        wallet.home = home_ + "/walletd";
        wallet.listen = "127.0.0.1:0";
        wallet.metrics = "";
        wallet.call_timeout_ms = 60'000;
        wallet.bridge = endpoint;
        wallet.bridge_key = key_text;
        if (knows_validators()) wallet.genesis = home_ + "/node/genesis.json";
        wallet.peers = {{.name = "cli", .key = own_key, .roles = {"client"}}};
        wallet.kdf = {.calibrate = false, .passes = 2, .memory_kib = 19 * 1024};
        auto wallet_started = walletd::Walletd::start(std::move(wallet));
        ASSERT_TRUE(wallet_started) << wallet_started.error().text;
        wallet_ = std::move(*wallet_started);
        ASSERT_TRUE(comes_true([&] { return bridge_->available_services().size() >= 2; }));
        std::ofstream{home_ + "/pw"} << "correct horse\n";
        std::filesystem::permissions(home_ + "/pw", std::filesystem::perms{0600});
        const auto made = zwallet("init --json --password-file " + home_ + "/pw");
        ASSERT_EQ(made.exit, 0) << errors();
        address_ = made.json()["account"]["address"];
    }
    void TearDown() override {
        if (wallet_) wallet_->stop();
        if (node_) node_->stop();
        if (bridge_) bridge_->stop();
        std::filesystem::remove_all(home_);
    }
    void fund() {
        const auto identity = zquic::Identity::load(home_ + "/zwallet/identity.pem");
        ASSERT_TRUE(identity);
        auto client = rpc::BlockingClient::make([&](io::Reactor& reactor) {
            return rpc::make_quic_connector(
                reactor, {.server = *io::SocketAddress::parse("127.0.0.1:" + std::to_string(bridge_->quic_port())),
                          .server_keys = {bridge_->public_key()},
                          .identity = *identity});
        });
        ASSERT_TRUE(client);
        chain::FaucetRequest request;
        request.set_address(address_);
        const auto receipt = (*client)->call(kFaucet, request, {.timeout_ns = 60'000'000'000});
        ASSERT_TRUE(receipt) << receipt.error().to_string();
        ASSERT_TRUE(comes_true([&] {
            const auto balance = zwallet("balance --json");
            return balance.exit == 0 && balance.json()["accounts"][0]["balances"][0]["units"] != "0";
        })) << errors();
    }

    std::string home_, address_;
    std::unique_ptr<ghostbridge::Bridge> bridge_;
    std::unique_ptr<ghostd::Node> node_;
    std::unique_ptr<walletd::Walletd> wallet_;
};

}  // namespace zwallet

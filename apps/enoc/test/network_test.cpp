#include "enoc/network.hpp"

#include <gtest/gtest.h>

#include <chrono>
#include <filesystem>
#include <thread>

#include "call_proof/client.hpp"
#include "enoc/home.hpp"
#include "ghost/wallet/v1/wallet.pb.h"
#include "ghostbridge/config.hpp"
#include "io/address.hpp"
#include "rpc/blocking.hpp"
#include "rpc/quic.hpp"
#include "zquic/tls.hpp"

namespace {

constexpr rpc::UnaryMethod<ghost::wallet::v1::WalletStatusRequest, ghost::wallet::v1::WalletStatus> kGetStatus{
    "/ghost.wallet.v1.WalletService/GetStatus"};

class Network : public ::testing::Test {
 protected:
    void SetUp() override {
        char name[] = "/tmp/enoc_net_XXXXXX";
        ASSERT_NE(mkdtemp(name), nullptr);
        root_ = name;
    }
    void TearDown() override { std::filesystem::remove_all(root_); }
    enoc::Options options(const std::string& name = "net") const {
        return {.home = root_ + "/" + name, .free_ports = true};
    }
    std::string root_;
};

void wait_for_height(const enoc::Network& network, std::uint64_t height) {
    for (int i = 0; i < 6000 && network.finalized_height() < height; ++i)
        std::this_thread::sleep_for(std::chrono::milliseconds{10});
    ASSERT_GE(network.finalized_height(), height);
}

TEST_F(Network, GrowsAndGoesOnWhereItStopped) {
    std::uint64_t reached = 0;
    base::Digest genesis{};
    {
        auto network = enoc::Network::start(options());
        ASSERT_TRUE(network) << network.error().text;
        EXPECT_FALSE((*network)->wallet_exists());
        wait_for_height(**network, 2);
        genesis = (*network)->genesis_hash();
        (*network)->stop();
    }
    {
        auto network = enoc::Network::start(options());
        ASSERT_TRUE(network) << network.error().text;
        EXPECT_GE((*network)->finalized_height(), 2u);
        EXPECT_EQ((*network)->genesis_hash(), genesis);
        reached = (*network)->finalized_height();
        wait_for_height(**network, reached + 1);
    }
    auto fresh = options();
    fresh.fresh = true;
    auto network = enoc::Network::start(fresh);
    ASSERT_TRUE(network) << network.error().text;
    EXPECT_NE((*network)->genesis_hash(), genesis);
}

TEST_F(Network, RunsOnAMachineWithoutIpv6) {
    auto how = options();
    how.ipv6 = false;
    auto network = enoc::Network::start(how);
    ASSERT_TRUE(network) << network.error().text;
    EXPECT_TRUE((*network)->endpoints().bridge_quic.starts_with("127.0.0.1:"));
    EXPECT_TRUE((*network)->endpoints().node_quic.starts_with("127.0.0.1:"));
    wait_for_height(**network, 2);
}

TEST_F(Network, WritesTheConfigurationOfTheBridgeThatRuns) {
    const auto network = enoc::Network::start(options());
    ASSERT_TRUE(network) << network.error().text;
    const auto config = ghostbridge::load_config(enoc::HomeLayout{root_ + "/net"}.bridge_config);
    ASSERT_TRUE(config) << config.error().text;
    EXPECT_EQ(config->listen_quic, (*network)->endpoints().bridge_quic);
    EXPECT_EQ(config->listen_tcp, (*network)->endpoints().bridge_tcp);
    EXPECT_EQ(config->peers.size(), 3u) << "ghostd, walletd and zwallet";
}

TEST_F(Network, TwoRunSideBySideInOneProcess) {
    auto one = enoc::Network::start(options("one"));
    ASSERT_TRUE(one) << one.error().text;
    auto two = enoc::Network::start(options("two"));
    ASSERT_TRUE(two) << two.error().text;
    wait_for_height(**one, 1);
    wait_for_height(**two, 1);
    EXPECT_NE((*one)->endpoints().bridge_quic, (*two)->endpoints().bridge_quic);
}

TEST_F(Network, GivesEachPersonAWalletThatOnlyItsKeyReaches) {
    auto two = options();
    two.users = {"bob", "bob"};
    auto network = enoc::Network::start(two);
    ASSERT_TRUE(network) << network.error().text;
    const enoc::HomeLayout home{two.home};
    const auto alice = home.owner;
    const auto bob = home.user("bob");
    const auto bridge = io::SocketAddress::parse((*network)->endpoints().bridge_quic).value();
    const auto bridge_key = base::fixed_from_hex<32>((*network)->endpoints().bridge_key).value();
    const auto status_through_bridge = [&](const enoc::UserLayout& caller, const enoc::UserLayout& wallet) {
        const auto identity = zquic::Identity::load(caller.cli_identity).value();
        auto client = rpc::BlockingClient::make([&](io::Reactor& reactor) {
            return rpc::make_quic_connector(reactor,
                                            {.server = bridge, .server_keys = {bridge_key}, .identity = identity});
        });
        const auto key = base::to_hex(enoc::ensure_identity(wallet.wallet_identity).value());
        call_proof::Caller proving{*call_proof::signing_key_of(identity),
                                   {.audience = enoc::ensure_identity(wallet.wallet_identity).value()}};
        return proving.call(**client, kGetStatus, {},
                            {.timeout_ns = 60'000'000'000, .metadata = {{"ghost-instance-key", key}}});
    };
    for (const auto* who : {&alice, &bob}) {
        const auto own = status_through_bridge(*who, *who);
        ASSERT_TRUE(own) << own.error().to_string();
        EXPECT_EQ(base::to_hex(base::as_bytes(own->identity_key())),
                  base::to_hex(enoc::ensure_identity(who->wallet_identity).value()));
    }
    const auto strange = status_through_bridge(alice, bob);
    ASSERT_FALSE(strange);
    EXPECT_EQ(strange.error().code, rpc::StatusCode::permission_denied) << strange.error().to_string();
}

TEST_F(Network, RefusesNamesThatAreNoFolders) {
    for (const auto* name : {"", "..", "a/b", "Bob", "a b"}) {
        auto bad = options();
        bad.users = {name};
        const auto network = enoc::Network::start(bad);
        ASSERT_FALSE(network) << name;
        EXPECT_NE(network.error().text.find("a-z"), std::string::npos) << network.error().text;
    }
}

// Nobody, root included, can make a folder in /proc.
TEST_F(Network, NamesAHomeThatCannotBeWritten) {
    const auto network = enoc::Network::start({.home = "/proc/ghost", .free_ports = true});
    ASSERT_FALSE(network);
    EXPECT_NE(network.error().text.find("/proc/ghost"), std::string::npos) << network.error().text;
}

TEST_F(Network, SaysWhoUsesAHomeThatIsInUse) {
    auto one = enoc::Network::start(options());
    ASSERT_TRUE(one) << one.error().text;
    const auto two = enoc::Network::start(options());
    ASSERT_FALSE(two);
    EXPECT_NE(two.error().text.find("enoc.lock"), std::string::npos) << two.error().text;
}

}  // namespace

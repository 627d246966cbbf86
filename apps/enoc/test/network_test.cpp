#include "enoc/network.hpp"

#include <gtest/gtest.h>

#include <chrono>
#include <filesystem>
#include <thread>

namespace {

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
    for (int i = 0; i < 2000 && network.finalized_height() < height; ++i)
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

TEST_F(Network, TwoRunSideBySideInOneProcess) {
    auto one = enoc::Network::start(options("one"));
    ASSERT_TRUE(one) << one.error().text;
    auto two = enoc::Network::start(options("two"));
    ASSERT_TRUE(two) << two.error().text;
    wait_for_height(**one, 1);
    wait_for_height(**two, 1);
    EXPECT_NE((*one)->endpoints().bridge_quic, (*two)->endpoints().bridge_quic);
}

TEST_F(Network, SaysWhoUsesAHomeThatIsInUse) {
    auto one = enoc::Network::start(options());
    ASSERT_TRUE(one) << one.error().text;
    const auto two = enoc::Network::start(options());
    ASSERT_FALSE(two);
    EXPECT_NE(two.error().text.find("enoc.lock"), std::string::npos) << two.error().text;
}

}  // namespace

// A real node on a real full disk: it reads, says what to delete, and goes on when there is room.
#include <sys/mount.h>

#include <thread>

#include "small_disk.hpp"
#include "test_node.hpp"

namespace {

using namespace ghostd_test;

void run_on_full_disk(bool& skipped) {
    TestNode node;
    const Wallet wallet;
    node.fund(wallet.address, 7);
    node.stop();
    // The same data on a small disk.
    const std::filesystem::path data = node.home() + "/data";
    const std::filesystem::path aside = node.home() + "/aside";
    std::filesystem::rename(data, aside);
    std::filesystem::create_directory(data);
    const store::test::SmallDisk disk{data, 160u << 20};
    if (!disk.good()) {
        skipped = true;
        return;
    }
    std::filesystem::copy(aside, data, std::filesystem::copy_options::recursive);
    disk.fill();
    node.start();
    if (testing::Test::HasFatalFailure()) return;

    const auto status = node.call(methods::kGetStatus, {});
    ASSERT_TRUE(status) << status.error().to_string();
    EXPECT_FALSE(status->accepting());
    for (const auto& part :
         {data.string(), std::string{"MiB"}, std::string{"LOG.old.*"}, std::string{"the disk is full"}})
        EXPECT_NE(status->not_accepting_reason().find(part), std::string::npos) << status->not_accepting_reason();
    EXPECT_GE(status->finalized_height(), 2u);
    const auto account = node.account(wallet.address);
    ASSERT_EQ(account.balances_size(), 1);
    EXPECT_EQ(account.balances(0).amount(), base::to_string(7 * ledger::kAgccPerGcc));
    const auto refused = node.submit(node.transfer(wallet, wallet.address, 1, 0));
    ASSERT_FALSE(refused);
    EXPECT_EQ(refused.error().code, StatusCode::unavailable);
    EXPECT_NE(refused.error().message.find("the disk is full"), std::string::npos) << refused.error().message;
    EXPECT_FALSE(node.node().should_restart());

    disk.make_room();
    EXPECT_TRUE(node.node().should_restart());
    node.stop();
    node.start();
    const auto sent = node.submit(node.transfer(wallet, wallet.address, 1, 0));
    ASSERT_TRUE(sent) << sent.error().to_string();
    EXPECT_EQ(node.wait_final(sent->tx_id()).state(), v1::TX_STATE_FINALIZED);
    node.stop();
}

TEST(FullDisk, ANodeReadsSaysWhatToDeleteAndGoesOnWhenThereIsRoom) {
    bool skipped = false;
    std::thread{[&] { run_on_full_disk(skipped); }}.join();
    if (skipped) GTEST_SKIP() << "needs the right to mount";
}

}  // namespace

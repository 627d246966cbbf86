// Finalized blocks in memory for subscribers: bounded by bytes, whatever a block holds.
#include "ghostd/recent_blocks.hpp"

#include <malloc.h>

#include "chain_world.hpp"

namespace {

using ghostd::RecentBlocks;

class RecentBlocksTest : public ghostd_test::ChainWorld {
 protected:
    RecentBlocksTest() : ChainWorld{kUsers} {}

    /// A final block in which each of the first `count` users pays; as full as messages allow.
    ghostd::FinalizedBlockPtr block_of(std::size_t count, std::size_t msgs = 1) {
        for (std::size_t i = 0; i < count; ++i) {
            auto tx = transfer(users_[i], nonce_[i]++);
            tx.msgs.resize(msgs, tx.msgs.front());
            tx.gas_limit = ledger::gas_bound(tx, ledger::rules_of(ledger::Params{}));
            EXPECT_TRUE(admit(sign(std::move(tx), users_[i])));
        }
        const auto block = propose();
        EXPECT_EQ(block->txs().size(), count);
        finalize(block);
        return std::make_shared<const ghostd::FinalizedBlock>(ghostd::FinalizedBlock{block, {}, 0});
    }

    static constexpr std::size_t kUsers = 512;
    std::vector<std::uint64_t> nonce_ = std::vector<std::uint64_t>(kUsers);
};

TEST_F(RecentBlocksTest, KeepsAtMostItsBytesAndAlwaysTheNewest) {
    RecentBlocks recent;
    std::uint64_t height = 0;
    std::size_t fewest = RecentBlocks::kCountMax;
    for (int i = 0; i < 40; ++i) {
        const auto block = block_of(kUsers, 4);
        height = block->block->header().height;
        recent.add(block);
        const auto message = recent.find(height, true);
        ASSERT_TRUE(message) << "the newest is there";
        EXPECT_EQ(message->transactions_size(), static_cast<int>(kUsers));
        EXPECT_EQ(recent.find(height, true), message) << "and is shared";
        EXPECT_TRUE(recent.count() == 1 || recent.bytes() <= RecentBlocks::kBytesMax);
        if (i > 20) fewest = std::min(fewest, recent.count());
    }
    EXPECT_LT(fewest, RecentBlocks::kCountMax) << "bytes bound it before the number does";
    EXPECT_FALSE(recent.find(height - RecentBlocks::kCountMax, true));
}

TEST_F(RecentBlocksTest, SmallBlocksAreBoundedByTheirNumber) {
    RecentBlocks recent;
    for (std::size_t i = 0; i < RecentBlocks::kCountMax + 5; ++i) recent.add(block_of(1));
    EXPECT_EQ(recent.count(), RecentBlocks::kCountMax);
}

TEST_F(RecentBlocksTest, CountsAtLeastWhatAMessageTakes) {
    const auto block = block_of(kUsers);
    RecentBlocks recent;
    recent.add(block);
    const auto before = recent.bytes();
    const auto message = recent.find(block->block->header().height, true);
    EXPECT_GE(recent.bytes() - before, message->SpaceUsedLong());
    EXPECT_LE(recent.bytes() - before, 3 * message->SpaceUsedLong());
}

TEST_F(RecentBlocksTest, AFinalBlockHoldsNoTreeAndNoWrites) {
    constexpr int kBlocks = 12;
    block_of(kUsers);  // What the caches and the database take, they take now.
    const auto before = mallinfo2().uordblks;
    if (before == 0) GTEST_SKIP() << "this malloc does not count";
    std::vector<ghostd::FinalizedBlockPtr> held;
    std::size_t said = 0;
    for (int i = 0; i < kBlocks; ++i) {
        held.push_back(block_of(kUsers));
        said += held.back()->block->memory_bytes();
    }
    const auto with = mallinfo2().uordblks;
    const auto count = held.size();
    held.clear();
    const auto freed = with - mallinfo2().uordblks;
    EXPECT_LE(freed, said * 3 / 2) << count << " blocks said " << said;
    EXPECT_GE(freed, said / 4) << count << " blocks said " << said;
}

}  // namespace

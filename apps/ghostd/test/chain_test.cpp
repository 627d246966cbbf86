// The chain's object between admitting threads and the chain thread. Each test decides itself when a block is made and
// when it becomes final.
#include <thread>

#include "chain_world.hpp"

namespace {

using ghostd::PoolErrc;

class ChainTest : public ghostd_test::ChainWorld {};

TEST_F(ChainTest, NothingReplacesWhatABlockIsBeingMadeOf) {
    const auto first = payment(users_[0], 0);
    ASSERT_TRUE(admit(first));
    const auto block = propose();
    ASSERT_TRUE(block);
    ASSERT_EQ(block->txs().size(), 1u);
    const auto dearer = admit(payment(users_[0], 0, 2));
    ASSERT_FALSE(dearer);
    EXPECT_TRUE(dearer.error().is(PoolErrc::in_block)) << base::to_string(dearer.error());
    EXPECT_TRUE(chain_->pooled(first.id()));
    finalize(block);
    EXPECT_EQ(drops_, 0u) << "said to be dropped, and is final";
    EXPECT_EQ(nonce(users_[0]), 1u);
    EXPECT_EQ(chain_->pool_stats().txs, 0u);
}

TEST_F(ChainTest, WhatWaitsForTheNextBlockCanBeReplacedAgain) {
    ASSERT_TRUE(admit(payment(users_[0], 0)));
    finalize(propose());
    ASSERT_TRUE(admit(payment(users_[0], 1)));
    ASSERT_TRUE(admit(payment(users_[0], 1, 2)));
    EXPECT_EQ(drops_, 1u);
    finalize(propose());
    EXPECT_EQ(nonce(users_[0]), 2u);
}

/// Many transactions, so that their check goes on while the block becomes final.
TEST_F(ChainTest, WhatIsAdmittedWhileABlockBecomesFinalGetsIntoTheNextOnes) {
    constexpr std::uint64_t kEach = 32;
    std::vector<ledger::VerifiedTx> firsts;
    std::vector<ledger::VerifiedTx> others;
    for (const auto& user : users_) {
        firsts.push_back(payment(user, 0));
        for (std::uint64_t nonce = 1; nonce <= kEach; ++nonce) others.push_back(payment(user, nonce));
    }
    for (const auto& result : chain_->admit(firsts)) ASSERT_TRUE(result) << base::to_string(result.error());
    const auto block = propose();
    ASSERT_TRUE(block);
    ASSERT_EQ(block->txs().size(), users_.size());
    std::thread admitting{[&] {
        for (const auto& result : chain_->admit(others)) EXPECT_TRUE(result) << base::to_string(result.error());
    }};
    finalize(block);
    admitting.join();
    for (std::uint64_t blocks = 0; blocks < 2 * kEach && chain_->transactions_wait(); ++blocks) finalize(propose());
    EXPECT_EQ(chain_->pool_stats().txs, 0u) << "waits for ever";
    for (const auto& user : users_) EXPECT_EQ(nonce(user), kEach + 1);
    EXPECT_EQ(drops_, 0u);
}

TEST_F(ChainTest, ThePendingNonceNeverGoesDownWhileBlocksBecomeFinal) {
    constexpr std::uint64_t kRounds = 50;
    const auto& user = users_[0];
    std::atomic<bool> begun{false};
    std::atomic<bool> done{false};
    std::thread asking{[&] {
        begun = true;
        begun.notify_one();
        std::uint64_t highest = 0;
        while (!done) {
            const auto pending = chain_->pending_nonce(user.address);
            ASSERT_TRUE(pending);
            ASSERT_GE(*pending, highest);
            highest = *pending;
        }
    }};
    begun.wait(false);
    for (std::uint64_t round = 0; round < kRounds; ++round) {
        EXPECT_TRUE(admit(payment(user, round)));
        EXPECT_EQ(chain_->pending_nonce(user.address).value(), round + 1);
        finalize(propose());
        EXPECT_EQ(chain_->pending_nonce(user.address).value(), round + 1);
    }
    done = true;
    asking.join();
}

}  // namespace

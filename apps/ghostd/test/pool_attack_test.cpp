// One sender against all others, through the chain's object: who gets into blocks, who stays in the pool.
#include <gtest/gtest.h>

#include <algorithm>

#include "chain_world.hpp"

namespace {

using ghostd_test::ChainWorld;
using ghostd_test::User;

class PoolAttack : public ChainWorld {
 protected:
    PoolAttack() : ChainWorld{2'000} {}
};

ghostd::GhostdConfig small_pool() {
    ghostd::GhostdConfig config;
    config.mempool.bytes_max = 16u << 20;
    return config;
}
ghostd::GhostdConfig small_blocks() {
    ghostd::GhostdConfig config;
    config.block.txs_max = 15;
    return config;
}
class SmallPool : public ChainWorld {
 protected:
    SmallPool() : ChainWorld{2'000, small_pool()} {}
};
class SmallBlocks : public ChainWorld {
 protected:
    SmallBlocks() : ChainWorld{10, small_blocks()} {}
};

/// Promises of 300 M gas, or as much as the chain allows, used to empty every block for the others.
TEST_F(PoolAttack, WhoAsksForAWholeBlockTakesNoMoreThanHeUses) {
    auto& attacker = users_[0];
    const auto most = ledger::tx_gas_limit_max(chain_->head()->params);
    auto whole = transfer(attacker, 0);
    whole.gas_limit = chain_->head()->params.block_gas_limit;
    const auto refused = admit(sign(whole, attacker));
    ASSERT_FALSE(refused);
    EXPECT_TRUE(refused.error().is(ledger::Errc::gas_too_high)) << base::to_string(refused.error());
    for (std::uint64_t nonce = 0; nonce < 64; ++nonce) {
        auto greedy = transfer(attacker, nonce);
        greedy.gas_limit = most;
        greedy.tip_per_gas *= 3;
        ASSERT_TRUE(admit(sign(greedy, attacker)));
    }
    std::vector<ledger::VerifiedTx> honest;
    for (std::size_t i = 1; i < users_.size(); ++i) honest.push_back(sign(transfer(users_[i], 0), users_[i]));
    for (const auto& result : chain_->admit(honest)) ASSERT_TRUE(result) << base::to_string(result.error());
    const auto block = propose();
    ASSERT_TRUE(block);
    EXPECT_EQ(block->txs().size(), honest.size() + 64) << "all fit by what they use";
    finalize(block);
    EXPECT_EQ(chain_->pool_stats().txs, 0u);
    EXPECT_EQ(drops_, 0u);
}

/// He pays for what he uses, more than anybody; still the block is not his.
TEST_F(PoolAttack, WhoUsesHisShareOfABlockStepsBackUntilTheOthersHaveHadTheirs) {
    auto& attacker = users_[0];
    std::size_t sent = 0;
    for (std::uint64_t nonce = 0; nonce < 64; ++nonce, ++sent) {
        auto batch = transfer(attacker, nonce);
        batch.msgs.clear();
        batch.msgs.emplace_back(ledger::BatchTransfer{
            std::vector<ledger::Transfer>(256, {.to = validator_.address, .asset = ledger::kGcc, .amount = 1})});
        batch.msgs.resize(4, batch.msgs[0]);
        batch.gas_limit =
            ledger::gas_bound(batch, ledger::rules_of(ledger::Params{}));  // 5.1 M gas each, 330 M together
        batch.tip_per_gas *= 2;
        ASSERT_TRUE(admit(sign(batch, attacker)));
    }
    std::vector<ledger::VerifiedTx> honest;
    for (std::size_t i = 1; i < users_.size(); ++i) honest.push_back(sign(transfer(users_[i], 0), users_[i]));
    for (const auto& result : chain_->admit(honest)) ASSERT_TRUE(result) << base::to_string(result.error());
    const auto block = propose();
    ASSERT_TRUE(block);
    std::size_t honest_in = 0;
    for (const auto& tx : block->txs()) honest_in += tx.tx().sender != attacker.address;
    EXPECT_EQ(honest_in, honest.size());
    finalize(block);
    for (int i = 0; i < 100 && chain_->transactions_wait(); ++i) finalize(propose());
    EXPECT_EQ(chain_->pool_stats().txs, 0u) << "and his come later";
    EXPECT_EQ(nonce(attacker), sent);
}

/// A million coins of declared tip that the max fee does not back.
TEST_F(SmallPool, WorthlessTransactionsPushNoHonestOneOut) {
    std::vector<ledger::VerifiedTx> honest;
    for (std::size_t i = 0; i < users_.size() / 2; ++i) {
        for (std::uint64_t nonce = 0; nonce < 40; ++nonce)
            honest.push_back(sign(transfer(users_[i], nonce), users_[i]));
    }
    std::size_t in = 0;
    for (const auto& result : chain_->admit(honest)) in += result.has_value();
    const auto before = chain_->pool_stats();
    ASSERT_GT(in, honest.size() / 5) << "the pool is full of them";
    ASSERT_LT(in, honest.size());
    std::vector<ledger::VerifiedTx> worthless;
    for (std::size_t i = users_.size() / 2; i < users_.size(); ++i) {
        auto tx = transfer(users_[i], 0);
        tx.max_fee_per_gas = chain_->head()->next_base_fee;
        tx.tip_per_gas = tx.max_fee_per_gas;
        worthless.push_back(sign(tx, users_[i]));
    }
    for (const auto& result : chain_->admit(worthless)) {
        ASSERT_FALSE(result);
        EXPECT_TRUE(result.error().is(ghostd::PoolErrc::pool_full)) << base::to_string(result.error());
    }
    EXPECT_EQ(drops_, 0u);
    EXPECT_EQ(chain_->pool_stats().txs, before.txs);
}

/// Blocks on blocks that are not final yet, as a chain of several validators makes them.
TEST_F(SmallBlocks, ABlockOnAnUnfinalizedParentHasTheNextOnesAndAnAbandonedBlockLosesNothing) {
    for (std::uint64_t nonce = 0; nonce < 3; ++nonce) {
        for (std::size_t i = 0; i < 10; ++i) ASSERT_TRUE(admit(sign(transfer(users_[i], nonce), users_[i])));
    }
    const auto first = propose();
    ASSERT_EQ(first->txs().size(), 15u);
    const auto second = propose(first);
    ASSERT_TRUE(second);
    EXPECT_EQ(second->txs().size(), 15u) << "the other half, not the same again";
    EXPECT_TRUE(second->skipped().empty());
    EXPECT_EQ(drops_, 0u);
    EXPECT_EQ(chain_->pool_stats().txs, 30u);
    EXPECT_FALSE(chain_->transactions_wait());
    // A rival of the first becomes final: what the two had is offered again, but for what the rival has.
    const auto rival = propose();
    ASSERT_EQ(rival->txs().size(), 15u);
    ASSERT_NE(rival->hash(), first->hash());
    finalize(rival);
    EXPECT_EQ(drops_, 0u);
    EXPECT_TRUE(chain_->transactions_wait());
    const auto rest = propose();
    EXPECT_EQ(rest->txs().size(), 15u);
    finalize(rest);
    EXPECT_EQ(chain_->pool_stats().txs, 0u);
    for (std::size_t i = 0; i < 10; ++i) EXPECT_EQ(nonce(users_[i]), 3u);
}

TEST_F(PoolAttack, AHeaderFromTheFutureIsRefusedByTheClockOfItsReceipt) {
    const auto block = propose();
    auto header = block->header();
    const auto execute = [&](std::uint64_t received_ms) {
        base::Result<ledger::ExecutedBlockPtr> out;
        thread_->run_and_wait([&] { out = chain_->execute(header, {}, nullptr, received_ms); });
        return out;
    };
    EXPECT_TRUE(execute(header.time_ms - 2'000));
    const auto early = execute(header.time_ms - 2'001);
    ASSERT_FALSE(early);
    EXPECT_TRUE(early.error().is(ledger::Errc::bad_time));
    EXPECT_EQ(chain_->not_accepting(), "") << "somebody else's bad block is not this node's trouble";
}

}  // namespace

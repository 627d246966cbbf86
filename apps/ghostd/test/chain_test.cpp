// The chain's object between admitting threads and the chain thread. Each test decides itself when a block is made and
// when it becomes final.
#include "ghostd/chain.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <atomic>
#include <thread>

#include "io/thread.hpp"
#include "ledger/execute.hpp"
#include "temp_folder.hpp"

namespace {

using ghostd::PoolErrc;

struct User {
    zcrypto::ed25519::SigningKey key = zcrypto::ed25519::SigningKey::generate(base::system_random());
    ledger::Address address = gcrypt::address_of(key.public_key());
};

class ChainTest : public testing::Test {
 protected:
    static constexpr std::size_t kUsers = 64;

    void SetUp() override {
        ledger::Genesis genesis;
        genesis.chain_id = "ghost-test-1";
        genesis.time_ms = 1'700'000'000'000;
        for (const auto& user : users_) genesis.allocations.push_back({user.address, 1000 * ledger::kAgccPerGcc});
        std::ranges::sort(genesis.allocations, {}, &ledger::Allocation::address);
        genesis.validators.push_back({.name = "one",
                                      .public_key = validator_.key.public_key().bytes,
                                      .address = validator_.address,
                                      .stake = 1});
        auto state = ledger::ChainState::open({.path = folder_ / "db"}, genesis);
        ASSERT_TRUE(state) << state.error().text;
        auto thread = io::ReactorThread::start("test-chain");
        ASSERT_TRUE(thread);
        thread_ = std::move(*thread);
        chain_ = std::make_unique<ghostd::Chain>(
            std::move(*state), thread_->reactor(), ghostd::GhostdConfig{}, metrics_,
            ghostd::Chain::Listener{
                .finalized = {}, .notarized = {}, .dropped = [this](const auto& drops) { drops_ += drops.size(); }});
    }
    void TearDown() override {
        if (chain_) thread_->run_and_wait([&] { chain_->stop(); });
        thread_.reset();
    }

    [[nodiscard]] ledger::VerifiedTx payment(const User& from, std::uint64_t nonce,
                                             ledger::Amount fee_factor = 1) const {
        ledger::Tx tx;
        tx.genesis_hash = chain_->binding().genesis_hash;
        tx.sender = from.address;
        tx.nonce = nonce;
        tx.valid_until_height = 1'000'000;
        tx.max_fee_per_gas = 4'000'000'000 * fee_factor;
        tx.tip_per_gas = 1'000'000 * fee_factor;
        tx.msgs.emplace_back(ledger::Transfer{.to = validator_.address, .asset = ledger::kGcc, .amount = 1});
        tx.gas_limit = ledger::native_gas(tx);
        return ledger::verify(ledger::sign(std::move(tx), from.key, chain_->binding().chain_id), chain_->binding())
            .value();
    }
    base::Result<void> admit(const ledger::VerifiedTx& tx) { return chain_->admit({&tx, 1}).at(0); }
    /// A block of what waits, not final yet.
    ledger::ExecutedBlockPtr propose() {
        base::Result<ledger::ExecutedBlockPtr> block;
        thread_->run_and_wait([&] {
            const auto head = chain_->head();
            block = chain_->propose({.epoch = head->header.epoch,
                                     .slot = head->header.slot + 1,
                                     .time_ms = head->header.time_ms + 1,
                                     .proposer = validator_.address,
                                     .parent_cert_hash = head->certificate_hash},
                                    nullptr);
        });
        EXPECT_TRUE(block) << base::to_string(block.error());
        return block.value_or(nullptr);
    }
    void finalize(const ledger::ExecutedBlockPtr& block) {
        thread_->run_and_wait([&] { EXPECT_TRUE(chain_->finalized(block, {})); });
    }
    [[nodiscard]] std::uint64_t nonce(const User& user) const { return chain_->view()->account(user.address)->nonce; }

    ghostd_test::TempFolder folder_;
    std::vector<User> users_ = std::vector<User>(kUsers);
    User validator_;
    base::MetricsRegistry metrics_;
    std::unique_ptr<io::ReactorThread> thread_;
    std::unique_ptr<ghostd::Chain> chain_;
    std::atomic<std::size_t> drops_ = 0;
};

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
    ASSERT_EQ(block->txs().size(), kUsers);
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

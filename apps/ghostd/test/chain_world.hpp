#pragma once

#include <gtest/gtest.h>

#include <algorithm>
#include <atomic>

#include "ghostd/chain.hpp"
#include "io/thread.hpp"
#include "ledger/execute.hpp"
#include "temp_folder.hpp"

namespace ghostd_test {

struct User {
    zcrypto::ed25519::SigningKey key = zcrypto::ed25519::SigningKey::generate(base::system_random());
    ledger::Address address = gcrypt::address_of(key.public_key());
};

/// A chain's object on a thread of its own. Each test decides itself when a block is made and when it becomes final.
class ChainWorld : public testing::Test {
 protected:
    explicit ChainWorld(std::size_t users = 64, ghostd::GhostdConfig config = {})
        : config_{std::move(config)}, users_(users) {}

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
            std::move(*state), thread_->reactor(), config_, metrics_,
            ghostd::Chain::Listener{
                .finalized = {}, .notarized = {}, .dropped = [this](const auto& drops) { drops_ += drops.size(); }});
    }
    void TearDown() override {
        if (chain_) thread_->run_and_wait([&] { chain_->stop(); });
        thread_.reset();
    }

    [[nodiscard]] ledger::Tx transfer(const User& from, std::uint64_t nonce) const {
        ledger::Tx tx;
        tx.genesis_hash = chain_->binding().genesis_hash;
        tx.sender = from.address;
        tx.nonce = nonce;
        tx.valid_until_height = 1'000'000;
        tx.max_fee_per_gas = 4'000'000'000;
        tx.tip_per_gas = 1'000'000;
        tx.msgs.emplace_back(ledger::Transfer{.to = validator_.address, .asset = ledger::kGcc, .amount = 1});
        tx.gas_limit = ledger::gas_bound(tx, ledger::rules_of(ledger::Params{}));
        return tx;
    }
    [[nodiscard]] ledger::VerifiedTx sign(ledger::Tx tx, const User& from) const {
        return ledger::verify(ledger::sign(std::move(tx), from.key, chain_->binding().chain_id), chain_->binding())
            .value();
    }
    [[nodiscard]] ledger::VerifiedTx payment(const User& from, std::uint64_t nonce,
                                             ledger::Amount fee_factor = 1) const {
        auto tx = transfer(from, nonce);
        tx.max_fee_per_gas *= fee_factor;
        tx.tip_per_gas *= fee_factor;
        return sign(std::move(tx), from);
    }
    base::Result<void> admit(const ledger::VerifiedTx& tx) { return chain_->admit({&tx, 1}).at(0); }
    /// A block of what waits, not final yet, on `parent` or on the head.
    ledger::ExecutedBlockPtr propose(const ledger::ExecutedBlockPtr& parent = nullptr) {
        base::Result<ledger::ExecutedBlockPtr> block;
        thread_->run_and_wait([&] {
            const auto head = chain_->head();
            const auto& below = parent ? parent->header() : head->header;
            block = chain_->propose({.epoch = below.epoch,
                                     .slot = below.slot + 1,
                                     .time_ms = below.time_ms + ++step_ms_,
                                     .proposer = validator_.address,
                                     .parent_cert_hash = parent ? base::Digest{} : head->certificate_hash},
                                    parent);
        });
        EXPECT_TRUE(block) << base::to_string(block.error());
        return block.value_or(nullptr);
    }
    void finalize(const ledger::ExecutedBlockPtr& block) {
        thread_->run_and_wait([&] { EXPECT_TRUE(chain_->finalized(block, {})); });
    }
    [[nodiscard]] std::uint64_t nonce(const User& user) const { return chain_->view()->account(user.address)->nonce; }

    ghostd::GhostdConfig config_;
    std::uint64_t step_ms_ = 0;  ///< No two blocks are the same.
    TempFolder folder_;
    std::vector<User> users_;
    User validator_;
    base::MetricsRegistry metrics_;
    std::unique_ptr<io::ReactorThread> thread_;
    std::unique_ptr<ghostd::Chain> chain_;
    std::atomic<std::size_t> drops_ = 0;
};

}  // namespace ghostd_test

#include "ghostd/mempool.hpp"

#include <gtest/gtest.h>

#include <map>
#include <set>

#include "base/random.hpp"

namespace {

using ghostd::Mempool;
using ghostd::PoolAccount;
using ghostd::PoolDrop;
using ghostd::PoolEntry;
using ghostd::PoolErrc;

base::Digest address(std::uint8_t number) {
    base::Digest digest{};
    digest[0] = std::byte{number};
    return digest;
}

/// Fluent enough to read: entry(1, 0).tip(5)
struct Maker {
    PoolEntry value;
    explicit Maker(std::uint8_t sender, std::uint64_t nonce) {
        static std::uint64_t serial = 0;
        base::store_le(value.id.data(), ++serial);
        value.sender = address(sender);
        value.nonce = nonce;
        value.gas_limit = 21'000;
        value.max_fee_per_gas = 100;
        value.tip_per_gas = 1;
        value.max_cost = 10;
        value.valid_until_height = 1000;
        value.bytes = 200;
    }
    Maker& fee(base::u128 max_fee, base::u128 tip) {
        value.max_fee_per_gas = max_fee;
        value.tip_per_gas = tip;
        return *this;
    }
    Maker& cost(base::u128 cost) {
        value.max_cost = cost;
        return *this;
    }
    Maker& until(std::uint64_t height) {
        value.valid_until_height = height;
        return *this;
    }
};

struct MempoolTest : testing::Test {
    Mempool pool{{.bytes_max = 10 * 712, .per_sender_max = 8}};
    std::vector<PoolDrop> dropped;
    static constexpr PoolAccount kRich{.nonce = 0, .balance = 1'000'000};

    base::Result<void> add(const Maker& maker, PoolAccount account = kRich) {
        auto result = pool.add(maker.value, account, dropped);
        pool.check_invariants();
        return result;
    }
    void expect_refused(const Maker& maker, PoolErrc why, PoolAccount account = kRich) {
        const auto result = add(maker, account);
        ASSERT_FALSE(result);
        EXPECT_TRUE(result.error().is(why)) << base::to_string(result.error());
    }
    std::vector<std::uint64_t> nonces(std::size_t count = 100) {
        std::vector<std::uint64_t> out;
        for (const auto& entry : select(count)) out.push_back(entry.nonce);
        return out;
    }
    std::vector<PoolEntry> select(std::size_t count = 100) {
        return pool.select({.gas_max = 1'000'000'000, .bytes_max = 1 << 20, .count_max = count});
    }
};

TEST_F(MempoolTest, KnowsOfAPayableTransactionBehindAnyNumberOfUnpayableOnes) {
    Mempool large{{.bytes_max = 1 << 20, .per_sender_max = 8}};
    for (std::uint8_t sender = 1; sender <= 100; ++sender)
        ASSERT_TRUE(large.add(Maker(sender, 0).fee(100, 90).value, kRich, dropped));
    large.set_chain(2, 200, dropped);
    EXPECT_FALSE(large.has_executable());
    ASSERT_TRUE(large.add(Maker(200, 0).fee(300, 1).value, kRich, dropped));
    EXPECT_TRUE(large.has_executable());
    EXPECT_EQ(large.select({.gas_max = 1'000'000, .bytes_max = 1 << 20, .count_max = 10}).size(), 1u);
    large.check_invariants();
    large.account_changed(address(200), {.nonce = 1, .balance = 1'000'000}, dropped);
    EXPECT_FALSE(large.has_executable());
    large.set_chain(3, 100, dropped);
    EXPECT_TRUE(large.has_executable());
    large.check_invariants();
}

TEST_F(MempoolTest, CountsWhatATransactionTakesDecodedToo) {
    auto fat = Maker(1, 0);
    fat.value.decoded_bytes = 5 * 712;
    ASSERT_TRUE(add(fat));
    EXPECT_EQ(pool.bytes(), 6u * 712);
    for (std::uint8_t sender = 2; sender <= 5; ++sender) ASSERT_TRUE(add(Maker(sender, 0)));
    expect_refused(Maker(6, 0), PoolErrc::pool_full);
    // A block has room for encoded bytes only.
    EXPECT_EQ(pool.select({.gas_max = 1'000'000, .bytes_max = 5 * 200, .count_max = 10}).size(), 5u);
}

TEST_F(MempoolTest, OffersASendersTransactionsInNonceOrderWhateverTheyPay) {
    ASSERT_TRUE(add(Maker(1, 1).fee(100, 90)));
    ASSERT_TRUE(add(Maker(1, 0).fee(100, 1)));
    ASSERT_TRUE(add(Maker(1, 2).fee(100, 50)));
    EXPECT_EQ(nonces(), (std::vector<std::uint64_t>{0, 1, 2}));
    EXPECT_EQ(pool.pending_nonce(address(1), 0), 3u);
}

TEST_F(MempoolTest, HoldsBackWhatLiesBehindAHoleUntilItIsFilled) {
    ASSERT_TRUE(add(Maker(1, 0)));
    ASSERT_TRUE(add(Maker(1, 2)));
    EXPECT_EQ(nonces(), (std::vector<std::uint64_t>{0}));
    EXPECT_EQ(pool.pending_nonce(address(1), 0), 1u);
    ASSERT_TRUE(add(Maker(1, 1)));
    EXPECT_EQ(nonces(), (std::vector<std::uint64_t>{0, 1, 2}));
}

TEST_F(MempoolTest, OrdersSendersByTheTipTheyReallyPay) {
    pool.set_chain(1, 90, dropped);
    ASSERT_TRUE(add(Maker(1, 0).fee(91, 91)));   // boasts of 91, can pay 1
    ASSERT_TRUE(add(Maker(2, 0).fee(200, 20)));  // pays 20
    ASSERT_TRUE(add(Maker(3, 0).fee(200, 5)));   // pays 5
    const auto chosen = select();
    ASSERT_EQ(chosen.size(), 3u);
    EXPECT_EQ(chosen[0].sender, address(2));
    EXPECT_EQ(chosen[1].sender, address(3));
    EXPECT_EQ(chosen[2].sender, address(1));
}

TEST_F(MempoolTest, ServesFirstComeFirstAmongEquals) {
    ASSERT_TRUE(add(Maker(2, 0)));
    ASSERT_TRUE(add(Maker(1, 0)));
    const auto chosen = select(1);
    ASSERT_EQ(chosen.size(), 1u);
    EXPECT_EQ(chosen[0].sender, address(2));
}

TEST_F(MempoolTest, KeepsWithinGasBytesAndCount) {
    for (std::uint8_t sender = 1; sender <= 5; ++sender) ASSERT_TRUE(add(Maker(sender, 0)));
    EXPECT_EQ(pool.select({.gas_max = 42'000, .bytes_max = 1 << 20, .count_max = 9}).size(), 2u);
    EXPECT_EQ(pool.select({.gas_max = 1 << 30, .bytes_max = 650, .count_max = 9}).size(), 3u);
    EXPECT_EQ(pool.select({.gas_max = 1 << 30, .bytes_max = 1 << 20, .count_max = 4}).size(), 4u);
    EXPECT_EQ(pool.size(), 5u);
}

TEST_F(MempoolTest, RefusesWhatItKnowsOrWhatIsUsedOrTooFarAhead) {
    const Maker first{1, 0};
    ASSERT_TRUE(add(first));
    expect_refused(first, PoolErrc::known);
    expect_refused(Maker(2, 4), PoolErrc::nonce_too_low, {.nonce = 5, .balance = 100});
    expect_refused(Maker(2, 8), PoolErrc::nonce_too_high);
    EXPECT_TRUE(add(Maker(2, 7)));
}

TEST_F(MempoolTest, RefusesExpiredAndExpiresWhatWaits) {
    pool.set_chain(10, 0, dropped);
    expect_refused(Maker(1, 0).until(9), PoolErrc::expired);
    ASSERT_TRUE(add(Maker(1, 0).until(10)));
    ASSERT_TRUE(add(Maker(1, 1).until(20)));
    pool.set_chain(11, 0, dropped);
    pool.check_invariants();
    ASSERT_EQ(dropped.size(), 1u);
    EXPECT_NE(dropped[0].reason.find("expired"), std::string::npos);
    EXPECT_EQ(pool.size(), 1u);
    EXPECT_TRUE(nonces().empty());  // nonce 1 waits for a new nonce 0
}

TEST_F(MempoolTest, RefusesWhatTheBalanceDoesNotCoverTogether) {
    const PoolAccount account{.nonce = 0, .balance = 100};
    ASSERT_TRUE(add(Maker(1, 0).cost(60), account));
    expect_refused(Maker(1, 1).cost(41), PoolErrc::underfunded, account);
    ASSERT_TRUE(add(Maker(1, 1).cost(40), account));
    expect_refused(Maker(2, 0).cost(~base::u128{0}), PoolErrc::underfunded, account);
}

TEST_F(MempoolTest, CountsAReplacementInsteadOfTheReplaced) {
    const PoolAccount account{.nonce = 0, .balance = 100};
    ASSERT_TRUE(add(Maker(1, 0).cost(60), account));
    ASSERT_TRUE(add(Maker(1, 0).cost(100).fee(110, 2), account));
    EXPECT_EQ(pool.size(), 1u);
}

TEST_F(MempoolTest, ReplacesOnlyForTenPercentMoreInBothFees) {
    ASSERT_TRUE(add(Maker(1, 0).fee(100, 10)));
    expect_refused(Maker(1, 0).fee(109, 11), PoolErrc::underpriced);
    expect_refused(Maker(1, 0).fee(110, 10), PoolErrc::underpriced);
    EXPECT_TRUE(dropped.empty());
    const Maker better = Maker(1, 0).fee(110, 11);
    ASSERT_TRUE(add(better));
    ASSERT_EQ(dropped.size(), 1u);
    EXPECT_EQ(select()[0].id, better.value.id);
}

TEST_F(MempoolTest, RefusesAFeeBelowTheBaseFeeAndKeepsWaitingOnes) {
    ASSERT_TRUE(add(Maker(1, 0).fee(100, 1)));
    pool.set_chain(2, 150, dropped);
    expect_refused(Maker(2, 0).fee(100, 1), PoolErrc::fee_below_base);
    EXPECT_TRUE(select().empty());
    EXPECT_FALSE(pool.has_executable());
    pool.set_chain(3, 90, dropped);
    EXPECT_TRUE(pool.has_executable());
    EXPECT_EQ(select().size(), 1u);
}

TEST_F(MempoolTest, LimitsASendersTransactions) {
    for (std::uint64_t nonce = 0; nonce < 8; ++nonce) ASSERT_TRUE(add(Maker(1, nonce)));
    expect_refused(Maker(1, 8), PoolErrc::nonce_too_high);
}

TEST_F(MempoolTest, EvictsFuturesFirstAndNeverForAFuture) {
    for (std::uint8_t sender = 1; sender <= 9; ++sender) ASSERT_TRUE(add(Maker(sender, 0).fee(100, 50)));
    const Maker future = Maker(10, 3).fee(100, 99);
    ASSERT_TRUE(add(future));
    expect_refused(Maker(11, 2).fee(100, 99), PoolErrc::pool_full);
    ASSERT_TRUE(add(Maker(12, 0).fee(100, 1)));  // executable: worth more than any future
    ASSERT_EQ(dropped.size(), 1u);
    EXPECT_EQ(dropped[0].id, future.value.id);
}

TEST_F(MempoolTest, EvictsOnlyWhatPaysLess) {
    for (std::uint8_t sender = 1; sender <= 10; ++sender) ASSERT_TRUE(add(Maker(sender, 0).fee(100, sender)));
    expect_refused(Maker(20, 0).fee(100, 1), PoolErrc::pool_full);
    EXPECT_TRUE(dropped.empty());
    ASSERT_TRUE(add(Maker(20, 0).fee(100, 2)));
    ASSERT_EQ(dropped.size(), 1u);
    EXPECT_EQ(pool.size(), 10u);
}

TEST_F(MempoolTest, AFullPoolThatCannotMakeRoomDropsNothing) {
    for (std::uint8_t sender = 1; sender <= 10; ++sender) ASSERT_TRUE(add(Maker(sender, 0).fee(100, sender)));
    auto big = Maker(20, 0).fee(100, 3);
    big.value.bytes = 5000;  // the two that pay less would not be enough
    expect_refused(big, PoolErrc::pool_full);
    EXPECT_TRUE(dropped.empty());
    EXPECT_EQ(pool.size(), 10u);
}

TEST_F(MempoolTest, ForgetsWhatABlockIncludedAndOffersTheNext) {
    for (std::uint64_t nonce = 0; nonce < 4; ++nonce) ASSERT_TRUE(add(Maker(1, nonce)));
    pool.account_changed(address(1), {.nonce = 2, .balance = 1000}, dropped);
    pool.check_invariants();
    EXPECT_EQ(nonces(), (std::vector<std::uint64_t>{2, 3}));
    EXPECT_TRUE(dropped.empty());
}

TEST_F(MempoolTest, DropsTheLastOnesWhenTheBalanceShrinks) {
    for (std::uint64_t nonce = 0; nonce < 4; ++nonce) ASSERT_TRUE(add(Maker(1, nonce)));
    pool.account_changed(address(1), {.nonce = 0, .balance = 25}, dropped);
    pool.check_invariants();
    EXPECT_EQ(dropped.size(), 2u);
    EXPECT_EQ(nonces(), (std::vector<std::uint64_t>{0, 1}));
}

TEST_F(MempoolTest, KeepsLaterOnesAsFuturesWhenOneIsRemoved) {
    const Maker first{1, 0};
    ASSERT_TRUE(add(first));
    ASSERT_TRUE(add(Maker(1, 1)));
    pool.remove(first.value.id);
    pool.check_invariants();
    EXPECT_TRUE(nonces().empty());
    ASSERT_TRUE(add(Maker(1, 0)));
    EXPECT_EQ(nonces(), (std::vector<std::uint64_t>{0, 1}));
}

TEST_F(MempoolTest, ABlockInTheMakingKeepsWhatItIsMadeOf) {
    for (std::uint8_t sender = 1; sender <= 10; ++sender) ASSERT_TRUE(add(Maker(sender, 0)));
    ASSERT_EQ(select(9).size(), 9u);
    expect_refused(Maker(1, 0).fee(200, 50), PoolErrc::in_block);
    ASSERT_TRUE(add(Maker(20, 0).fee(100, 50)));  // pushes out the one that was not chosen
    ASSERT_EQ(dropped.size(), 1u);
    expect_refused(Maker(21, 0).fee(100, 40), PoolErrc::pool_full);
    pool.set_chain(2, 0, dropped);
    ASSERT_TRUE(add(Maker(1, 0).fee(200, 50)));
    ASSERT_TRUE(add(Maker(22, 0).fee(100, 60)));
    EXPECT_EQ(dropped.size(), 3u);
}

TEST(MempoolProperty, KeepsItsInvariantsUnderRandomUse) {
    const std::uint64_t seed = base::system_random().u64();
    SCOPED_TRACE(testing::Message() << "seed " << seed);
    base::SeededRandom random{seed};
    Mempool pool{{.bytes_max = 40 * 712, .per_sender_max = 6}};
    std::map<std::uint8_t, PoolAccount> accounts;
    for (std::uint8_t sender = 0; sender < 12; ++sender) accounts[sender] = {.nonce = 0, .balance = 100};
    std::vector<PoolDrop> dropped;
    std::set<base::Digest> inside;
    std::uint64_t height = 1;
    for (int step = 0; step < 20'000; ++step) {
        dropped.clear();
        const auto sender = static_cast<std::uint8_t>(random.below(12));
        auto& account = accounts[sender];
        if (const auto action = random.below(100); action < 80) {
            Maker maker{sender, account.nonce + random.below(8)};
            maker.fee(100 + random.below(100), random.below(100))
                .cost(random.below(30))
                .until(height + random.below(20));
            if (pool.add(maker.value, account, dropped)) inside.insert(maker.value.id);
        } else if (action < 95) {
            pool.set_chain(++height, 90 + random.below(60), dropped);
            const auto chosen = pool.select({.gas_max = 21'000 * 5, .bytes_max = 10'000, .count_max = 5});
            std::map<base::Digest, PoolAccount> moved;
            for (const auto& entry : chosen) {
                auto& owner = accounts[static_cast<std::uint8_t>(entry.sender[0])];
                ASSERT_EQ(entry.nonce, owner.nonce);
                ASSERT_LE(entry.max_cost, owner.balance);
                ++owner.nonce;
                owner.balance = owner.balance - entry.max_cost + random.below(20);
                inside.erase(entry.id);
                moved[entry.sender] = owner;
            }
            for (const auto& [who, state] : moved) pool.account_changed(who, state, dropped);
        } else {
            account.balance = random.below(150);
            pool.account_changed(address(sender), account, dropped);
        }
        for (const auto& drop : dropped) ASSERT_EQ(inside.erase(drop.id), 1u) << "dropped twice or never taken";
        pool.check_invariants();
        ASSERT_EQ(pool.size(), inside.size());
    }
}

}  // namespace

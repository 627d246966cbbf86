#include "ghostd/mempool.hpp"

#include <gtest/gtest.h>

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

std::vector<PoolDrop> dropped;

void set_chain(Mempool& pool, std::uint64_t next_height, base::u128 base_fee) {
    pool.set_chain({.next_height = next_height, .base_fee = base_fee, .base_fee_headroom = base_fee}, dropped);
}

/// Up to `count`, in the order of a block. The block goes on.
std::vector<PoolEntry> take(Mempool& pool, std::size_t count = 100) {
    std::vector<PoolEntry> out;
    pool.begin_block({.base_fee = pool.base_fee(), .nonces = {}});
    while (out.size() < count) {
        const auto* entry = pool.take();
        if (!entry) break;
        out.push_back(*entry);
    }
    pool.check_invariants();
    return out;
}

std::vector<PoolEntry> select(Mempool& pool, std::size_t count = 100) {
    auto out = take(pool, count);
    pool.end_block(std::nullopt);
    pool.check_invariants();
    return out;
}

struct MempoolTest : testing::Test {
    void SetUp() override { dropped.clear(); }
    Mempool pool{{.bytes_max = 10 * 712, .per_sender_max = 8}};
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
        for (const auto& entry : select(pool, count)) out.push_back(entry.nonce);
        return out;
    }
};

TEST_F(MempoolTest, KnowsOfAPayableTransactionBehindAnyNumberOfUnpayableOnes) {
    Mempool large{{.bytes_max = 1 << 20, .per_sender_max = 8}};
    for (std::uint8_t sender = 1; sender <= 100; ++sender)
        ASSERT_TRUE(large.add(Maker(sender, 0).fee(100, 90).value, kRich, dropped));
    set_chain(large, 2, 200);
    EXPECT_FALSE(large.has_executable());
    ASSERT_TRUE(large.add(Maker(200, 0).fee(300, 1).value, kRich, dropped));
    EXPECT_TRUE(large.has_executable());
    EXPECT_EQ(select(large).size(), 1u);
    large.check_invariants();
    large.account_changed(address(200), {.nonce = 1, .balance = 1'000'000}, dropped);
    EXPECT_FALSE(large.has_executable());
    set_chain(large, 3, 100);
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
    set_chain(pool, 1, 90);
    ASSERT_TRUE(add(Maker(1, 0).fee(91, 91)));   // boasts of 91, can pay 1
    ASSERT_TRUE(add(Maker(2, 0).fee(200, 20)));  // pays 20
    ASSERT_TRUE(add(Maker(3, 0).fee(200, 5)));   // pays 5
    const auto chosen = select(pool);
    ASSERT_EQ(chosen.size(), 3u);
    EXPECT_EQ(chosen[0].sender, address(2));
    EXPECT_EQ(chosen[1].sender, address(3));
    EXPECT_EQ(chosen[2].sender, address(1));
}

TEST_F(MempoolTest, ServesFirstComeFirstAmongEquals) {
    ASSERT_TRUE(add(Maker(2, 0)));
    ASSERT_TRUE(add(Maker(1, 0)));
    const auto chosen = select(pool, 1);
    ASSERT_EQ(chosen.size(), 1u);
    EXPECT_EQ(chosen[0].sender, address(2));
}

TEST_F(MempoolTest, APartOfABlockTakesTheBestAndTheRestStays) {
    for (std::uint8_t sender = 1; sender <= 5; ++sender) ASSERT_TRUE(add(Maker(sender, 0).fee(100, sender)));
    const auto chosen = select(pool, 2);
    ASSERT_EQ(chosen.size(), 2u);
    EXPECT_EQ(chosen[0].sender, address(5));
    EXPECT_EQ(chosen[1].sender, address(4));
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
    set_chain(pool, 10, 0);
    expect_refused(Maker(1, 0).until(9), PoolErrc::expired);
    ASSERT_TRUE(add(Maker(1, 0).until(10)));
    ASSERT_TRUE(add(Maker(1, 1).until(20)));
    set_chain(pool, 11, 0);
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
    EXPECT_EQ(select(pool)[0].id, better.value.id);
}

TEST_F(MempoolTest, RefusesAFeeBelowTheBaseFeeAndKeepsWaitingOnes) {
    ASSERT_TRUE(add(Maker(1, 0).fee(100, 1)));
    set_chain(pool, 2, 150);
    expect_refused(Maker(2, 0).fee(100, 1), PoolErrc::fee_below_base);
    EXPECT_TRUE(select(pool).empty());
    EXPECT_FALSE(pool.has_executable());
    set_chain(pool, 3, 90);
    EXPECT_TRUE(pool.has_executable());
    EXPECT_EQ(select(pool).size(), 1u);
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
    ASSERT_EQ(take(pool, 9).size(), 9u);
    expect_refused(Maker(1, 0).fee(200, 50), PoolErrc::in_block);
    ASSERT_TRUE(add(Maker(20, 0).fee(100, 50)));  // pushes out the one that was not chosen
    ASSERT_EQ(dropped.size(), 1u);
    expect_refused(Maker(21, 0).fee(100, 40), PoolErrc::pool_full);
    pool.end_block(std::nullopt);
    set_chain(pool, 2, 0);
    ASSERT_TRUE(add(Maker(1, 0).fee(200, 50)));
    ASSERT_TRUE(add(Maker(22, 0).fee(100, 60)));
    EXPECT_EQ(dropped.size(), 3u);
}

/// Their declared tips promise much; with what is left of the max fee they could never pay them.
TEST_F(MempoolTest, WorthlessPromisesPushNothingOut) {
    pool.set_chain({.next_height = 1, .base_fee = 80, .base_fee_headroom = 100}, dropped);
    for (std::uint8_t sender = 1; sender <= 10; ++sender) ASSERT_TRUE(add(Maker(sender, 0).fee(200, 5)));
    expect_refused(Maker(20, 0).fee(99, 99), PoolErrc::pool_full);    // cannot pay the base fee to come
    expect_refused(Maker(21, 0).fee(104, 104), PoolErrc::pool_full);  // would pay 4 above it, the others 5
    EXPECT_TRUE(dropped.empty());
    ASSERT_TRUE(add(Maker(22, 0).fee(106, 106)));
    EXPECT_EQ(dropped.size(), 1u);
}

TEST_F(MempoolTest, WhatCannotPayTheNextBaseFeeGoesFirst) {
    for (std::uint8_t sender = 1; sender <= 9; ++sender) ASSERT_TRUE(add(Maker(sender, 0).fee(200, 5)));
    const auto poor = Maker(10, 0).fee(90, 90);
    ASSERT_TRUE(add(poor));
    pool.set_chain({.next_height = 2, .base_fee = 80, .base_fee_headroom = 100}, dropped);
    ASSERT_TRUE(add(Maker(20, 0).fee(200, 1)));
    ASSERT_EQ(dropped.size(), 1u);
    EXPECT_EQ(dropped[0].id, poor.value.id);
}

TEST_F(MempoolTest, ATransactionBehindAWorthlessOneIsWorthNoMore) {
    for (std::uint8_t sender = 1; sender <= 8; ++sender) ASSERT_TRUE(add(Maker(sender, 0).fee(200, 5)));
    ASSERT_TRUE(add(Maker(9, 0).fee(100, 1)));
    const auto shielded = Maker(9, 1).fee(1000, 900);
    ASSERT_TRUE(add(shielded));
    ASSERT_TRUE(add(Maker(20, 0).fee(200, 2)));
    ASSERT_EQ(dropped.size(), 1u);
    EXPECT_EQ(dropped[0].id, shielded.value.id);
    // Nor does the newcomer count for more than what it waits for.
    expect_refused(Maker(9, 1).fee(1000, 900), PoolErrc::pool_full);
}

/// Hash maps of other sizes and histories, the same transactions: the same block.
TEST_F(MempoolTest, WhatABlockTakesDoesNotDependOnTheOrderOfHashMaps) {
    Mempool plain{{.bytes_max = 8 << 20, .per_sender_max = 8}};
    Mempool other{{.bytes_max = 8 << 20, .per_sender_max = 8}};
    std::vector<base::Digest> others;
    for (std::uint64_t i = 0; i < 5'000; ++i) {
        auto junk = Maker(0, 0);
        base::store_le(junk.value.sender.data() + 8, i);
        others.push_back(junk.value.id);
        ASSERT_TRUE(other.add(junk.value, kRich, dropped));
    }
    for (const auto& id : others) other.remove(id);
    for (std::uint8_t sender = 1; sender <= 200; ++sender) {
        for (std::uint64_t nonce = 0; nonce < 3; ++nonce) {
            const auto maker = Maker(sender, nonce).fee(100, (sender * 7 + nonce) % 20);
            ASSERT_TRUE(plain.add(maker.value, kRich, dropped));
            ASSERT_TRUE(other.add(maker.value, kRich, dropped));
        }
    }
    const auto first = select(plain, 1000);
    const auto second = select(other, 1000);
    ASSERT_EQ(first.size(), 600u);
    ASSERT_EQ(second.size(), 600u);
    for (std::size_t i = 0; i < first.size(); ++i) EXPECT_EQ(first[i].id, second[i].id) << i;
}

TEST_F(MempoolTest, ABlockOnAnUnfinalizedParentGoesOnBehindIt) {
    for (std::uint64_t nonce = 0; nonce < 4; ++nonce) ASSERT_TRUE(add(Maker(1, nonce)));
    ASSERT_TRUE(add(Maker(2, 0)));
    const auto first = take(pool, 2);
    pool.end_block(
        Mempool::Built{.hash = address(101), .parent = {}, .height = 1, .included = {first[0].id, first[1].id}});
    pool.check_invariants();
    EXPECT_TRUE(pool.has_executable());
    const std::vector<std::pair<base::Digest, std::uint64_t>> nonces{{address(1), 2}};
    pool.begin_block({.base_fee = 0, .nonces = nonces});
    EXPECT_EQ(pool.take()->nonce, 2u);
    EXPECT_EQ(pool.take()->nonce, 3u);
    const auto* other = pool.take();
    ASSERT_TRUE(other);
    const auto other_id = other->id;
    EXPECT_EQ(other->sender, address(2));
    EXPECT_FALSE(pool.take());
    pool.end_block(Mempool::Built{.hash = address(102), .parent = address(101), .height = 2, .included = {other_id}});
    pool.check_invariants();
    // Nothing that either has is replaced or pushed out.
    expect_refused(Maker(1, 0).fee(200, 20), PoolErrc::in_block);
    expect_refused(Maker(2, 0).fee(200, 20), PoolErrc::in_block);
}

TEST_F(MempoolTest, WhatAnAbandonedBlockHadIsOfferedAgain) {
    for (std::uint64_t nonce = 0; nonce < 3; ++nonce) ASSERT_TRUE(add(Maker(1, nonce)));
    ASSERT_TRUE(add(Maker(2, 0)));
    std::vector<base::Digest> ids;
    for (const auto& entry : take(pool)) ids.push_back(entry.id);
    ASSERT_EQ(ids.size(), 4u);
    pool.end_block(Mempool::Built{.hash = address(101), .parent = {}, .height = 1, .included = ids});
    pool.in_flight({.hash = address(102), .parent = address(101), .height = 2, .included = {ids[0]}});
    EXPECT_FALSE(pool.has_executable());
    // Another block of this height became final; it had sender 2's.
    pool.account_changed(address(2), {.nonce = 1, .balance = 1000}, dropped);
    pool.finalized(address(103), 1);
    pool.check_invariants();
    EXPECT_TRUE(pool.has_executable());
    EXPECT_EQ(nonces(), (std::vector<std::uint64_t>{0, 1, 2}));
    EXPECT_TRUE(dropped.empty());
    ASSERT_TRUE(add(Maker(1, 0).fee(200, 20))) << "and can be replaced";
}

TEST_F(MempoolTest, ABlockThatIsAboveTheFinalOneKeepsWhatItHas) {
    for (std::uint64_t nonce = 0; nonce < 2; ++nonce) ASSERT_TRUE(add(Maker(1, nonce)));
    const auto first = take(pool, 1);
    pool.end_block(Mempool::Built{.hash = address(101), .parent = {}, .height = 1, .included = {first[0].id}});
    const std::vector<std::pair<base::Digest, std::uint64_t>> moved{{address(1), 1}};
    pool.begin_block({.base_fee = 0, .nonces = moved});
    const auto second = pool.take()->id;
    pool.end_block(Mempool::Built{.hash = address(102), .parent = address(101), .height = 2, .included = {second}});
    pool.account_changed(address(1), {.nonce = 1, .balance = 1000}, dropped);
    pool.finalized(address(101), 1);
    set_chain(pool, 2, 0);
    pool.check_invariants();
    EXPECT_FALSE(pool.has_executable());
    expect_refused(Maker(1, 1).fee(200, 20), PoolErrc::in_block, {.nonce = 1, .balance = 1000});
}

TEST_F(MempoolTest, WhoStepsBackForNowIsOfferedAgainWhenAskedFor) {
    for (std::uint64_t nonce = 0; nonce < 2; ++nonce) ASSERT_TRUE(add(Maker(1, nonce).fee(100, 9)));
    ASSERT_TRUE(add(Maker(2, 0)));
    pool.begin_block({.base_fee = 0, .nonces = {}});
    const auto first = *pool.take();
    const auto second = *pool.take();
    EXPECT_EQ(second.sender, address(1));
    pool.set_aside(address(1), true);
    pool.untake(second.id);
    pool.check_invariants();
    EXPECT_EQ(pool.take()->sender, address(2));
    EXPECT_FALSE(pool.take());
    EXPECT_TRUE(pool.offer_again());
    EXPECT_EQ(pool.take()->id, second.id);
    EXPECT_FALSE(pool.offer_again());
    pool.end_block(std::nullopt);
    pool.check_invariants();
    EXPECT_EQ(select(pool).size(), 3u);
    ASSERT_TRUE(add(Maker(1, 1).fee(200, 20))) << "no mark is left";
}

}  // namespace

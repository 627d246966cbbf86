#include "ledger/execute.hpp"

#include "test_world.hpp"

namespace ledger {
namespace {

using test::World;

class ExecuteTest : public ::testing::Test {
 protected:
    World world_;
    const test::User& alice_ = world_.users[0];
    const test::User& bob_ = world_.users[1];
    const Address carol_{base::Digest{std::byte{0xca}}};
    const NativePrices& price_ = *rules_of(world_.genesis.params).native;
    const std::uint64_t balance_new_ = rules_of(world_.genesis.params).state->balance_new;
    const Amount base_fee_ = world_.genesis.params.base_fee_initial;

    /// Runs one block, applies it and gives its result.
    BlockResult run(std::vector<VerifiedTx> txs, std::uint64_t height = 1) {
        auto result = execute_block(world_.state, world_.context(height), txs, OnInvalid::refuse_block);
        EXPECT_TRUE(result.has_value()) << base::to_string(result.error());
        if (!result) return {.receipts = {Receipt{}}};
        world_.state.apply(result->writes);
        return std::move(*result);
    }
    void expect_invalid(const Tx& tx, Errc errc, std::uint64_t height = 1) {
        const std::vector txs{world_.verified(alice_, tx)};
        const auto result = execute_block(world_.state, world_.context(height), txs, OnInvalid::refuse_block);
        ASSERT_FALSE(result.has_value());
        EXPECT_TRUE(result.error().is(errc)) << base::to_string(result.error());
        const auto skipping = execute_block(world_.state, world_.context(height), txs, OnInvalid::skip);
        ASSERT_TRUE(skipping.has_value());
        ASSERT_EQ(skipping->skipped.size(), 1U);
        EXPECT_TRUE(skipping->skipped[0].error.is(errc));
        EXPECT_TRUE(skipping->writes.empty());
    }
    void expect_bad_form(const Tx& tx, Errc errc) {
        const auto checked = check_form(world_.sign(alice_, tx), world_.binding.genesis_hash);
        ASSERT_FALSE(checked.has_value());
        EXPECT_TRUE(checked.error().is(errc)) << base::to_string(checked.error());
    }
    Amount balance(const Address& address, AssetId asset = kGcc) {
        Overlay overlay{world_.state};
        return *overlay.balance(address, asset);
    }
    Asset asset(const AssetId& id) {
        Overlay overlay{world_.state};
        return **overlay.asset(id);
    }
    std::uint64_t nonce(const Address& address) {
        Overlay overlay{world_.state};
        return overlay.account(address)->nonce;
    }
    Tx pay(Amount amount) { return world_.pay(alice_, nonce(alice_.address), bob_.address, amount); }
};

TEST_F(ExecuteTest, MovesCoinsBurnsTheBaseFeeAndTipsTheProposer) {
    const auto before = balance(alice_.address);
    const auto supply = asset(kGcc).supply;
    const auto result = run({world_.verified(alice_, world_.pay(alice_, 0, carol_, 5 * kAgccPerGcc))});
    const auto gas_used = price_.tx + price_.account_new + price_.transfer + balance_new_;
    const Amount tip = 1'000'000;
    ASSERT_EQ(result.receipts.size(), 1U);
    const auto& receipt = result.receipts[0];
    EXPECT_EQ(receipt.status, ExecStatus::success);
    EXPECT_EQ(receipt.gas_used, gas_used);
    EXPECT_EQ(receipt.fee, gas_used * (base_fee_ + tip));
    EXPECT_EQ(receipt.events, (std::vector<Event>{TransferEvent{alice_.address, carol_, kGcc, 5 * kAgccPerGcc}}));
    EXPECT_EQ(balance(carol_), 5 * kAgccPerGcc);
    EXPECT_EQ(balance(alice_.address), before - 5 * kAgccPerGcc - receipt.fee);
    EXPECT_EQ(balance(world_.proposer), gas_used * tip);
    EXPECT_EQ(asset(kGcc).supply, supply - gas_used * base_fee_);
    EXPECT_EQ(result.base_fee_burned, gas_used * base_fee_);
    EXPECT_EQ(nonce(alice_.address), 1U);
    EXPECT_EQ(result.touched.size(), 3U);
}

TEST_F(ExecuteTest, ReturnsUnusedGasAndNeverTakesMoreThanTheMaxFee) {
    auto tx = pay(1);
    const auto needed = native_gas(tx, rules_of(world_.genesis.params));
    tx.gas_limit = 10 * needed;
    tx.max_fee_per_gas = base_fee_ + 10;
    tx.tip_per_gas = 1'000;
    const auto result = run({world_.verified(alice_, tx)});
    EXPECT_EQ(result.receipts[0].fee, needed * (base_fee_ + 10));
}

TEST_F(ExecuteTest, LetsOnePayOneself) {
    const auto before = balance(alice_.address);
    const auto result = run({world_.verified(alice_, world_.pay(alice_, 0, alice_.address, kAgccPerGcc))});
    EXPECT_EQ(result.receipts[0].status, ExecStatus::success);
    EXPECT_EQ(balance(alice_.address), before - result.receipts[0].fee);
}

TEST_F(ExecuteTest, TakesTheFeeButNothingElseWhenAMessageFails) {
    const auto before = balance(alice_.address);
    const auto result = run(
        {world_.verified(alice_, world_.tx(alice_, 0,
                                           {Transfer{bob_.address, kGcc, kAgccPerGcc}, AssetCreate{"ABC", 2, true, 50},
                                            Transfer{bob_.address, kGcc, before}, Transfer{bob_.address, kGcc, 1}}))});
    const auto& receipt = result.receipts[0];
    EXPECT_EQ(receipt.status, ExecStatus::insufficient_balance);
    EXPECT_TRUE(receipt.events.empty());
    EXPECT_EQ(receipt.gas_used,
              price_.tx + price_.account_new + 3 * price_.transfer + price_.asset_create + balance_new_)
        << "the bytes of the last message stay in the block too";
    EXPECT_EQ(balance(alice_.address), before - receipt.fee);
    EXPECT_EQ(balance(bob_.address), 1000 * kAgccPerGcc);
    EXPECT_EQ(nonce(alice_.address), 1U);
    Overlay overlay{world_.state};
    EXPECT_EQ(*overlay.asset(asset_id(alice_.address, "ABC", 0)), std::nullopt);
}

TEST_F(ExecuteTest, DoesNotLetMessagesSpendTheFee) {
    const auto all = balance(alice_.address);
    auto tx = pay(all);
    const auto result = run({world_.verified(alice_, tx)});
    EXPECT_EQ(result.receipts[0].status, ExecStatus::insufficient_balance);
    EXPECT_EQ(balance(alice_.address), all - result.receipts[0].fee);
}

TEST_F(ExecuteTest, CreatesMintsMovesAndBurnsAssets) {
    const auto id = asset_id(alice_.address, "ABC", 0);
    run({world_.verified(alice_, world_.tx(alice_, 0, {AssetCreate{"ABC", 2, true, 100}}))});
    EXPECT_EQ(asset(id),
              (Asset{.symbol = "ABC", .decimals = 2, .mintable = true, .owner = alice_.address, .supply = 100}));
    const auto result = run({world_.verified(
        alice_,
        world_.tx(alice_, 1, {AssetMint{id, bob_.address, 50}, Transfer{bob_.address, id, 30}, AssetBurn{id, 70}}))});
    EXPECT_EQ(result.receipts[0].status, ExecStatus::success);
    EXPECT_EQ(result.receipts[0].events.size(), 3U);
    EXPECT_EQ(asset(id).supply, 80U);
    EXPECT_EQ(balance(bob_.address, id), 80U);
    EXPECT_EQ(balance(alice_.address, id), 0U);
    EXPECT_FALSE(world_.state.records.contains(balance_key(alice_.address, id))) << "a zero balance has no record";
}

TEST_F(ExecuteTest, RunsABatchOfTransfersAsOne) {
    BatchTransfer batch;
    for (std::size_t i = 0; i < kBatchTransfersMax; ++i) {
        base::Digest to{};
        to[0] = static_cast<std::byte>(i);
        to[1] = std::byte{1};
        batch.transfers.push_back({Address{to}, kGcc, 1000});
    }
    const auto result = run({world_.verified(alice_, world_.tx(alice_, 0, {batch}))});
    EXPECT_EQ(result.receipts[0].status, ExecStatus::success);
    EXPECT_EQ(result.receipts[0].events.size(), kBatchTransfersMax);
    EXPECT_EQ(balance(batch.transfers[255].to), 1000U);
    batch.transfers.back().amount = 2000 * kAgccPerGcc;
    const auto failed = run({world_.verified(alice_, world_.tx(alice_, 1, {batch}))}, 2);
    EXPECT_EQ(failed.receipts[0].status, ExecStatus::insufficient_balance);
    EXPECT_EQ(balance(batch.transfers[0].to), 1000U) << "none of a batch that fails";
}

TEST_F(ExecuteTest, SaysWhyAMessageHadNoEffect) {
    const auto fixed = asset_id(alice_.address, "FIX", 0);
    const auto full = asset_id(alice_.address, "FULL", 1);
    run({world_.verified(alice_, world_.tx(alice_, 0, {AssetCreate{"FIX", 0, false, 5}})),
         world_.verified(alice_, world_.tx(alice_, 1, {AssetCreate{"FULL", 0, true, ~Amount{0}}}))});
    std::uint64_t next = 2;
    const auto status = [&](Msg msg) {
        const auto tx = world_.verified(alice_, world_.tx(alice_, next++, {std::move(msg)}));
        return run({tx}, next).receipts[0].status;
    };
    const AssetId unknown{base::Digest{std::byte{0xee}}};
    EXPECT_EQ(status(AssetMint{fixed, alice_.address, 1}), ExecStatus::not_mintable);
    EXPECT_EQ(status(AssetMint{full, alice_.address, 1}), ExecStatus::supply_overflow);
    EXPECT_EQ(status(AssetMint{unknown, alice_.address, 1}), ExecStatus::asset_unknown);
    EXPECT_EQ(status(AssetMint{kGcc, alice_.address, 1}), ExecStatus::not_asset_owner);
    EXPECT_EQ(status(AssetBurn{unknown, 1}), ExecStatus::asset_unknown);
    EXPECT_EQ(status(AssetBurn{fixed, 6}), ExecStatus::insufficient_balance);
    EXPECT_EQ(status(Transfer{bob_.address, unknown, 1}), ExecStatus::insufficient_balance);
    const auto by_bob =
        run({world_.verified(bob_, world_.tx(bob_, 0, {AssetMint{full, bob_.address, 1}}))}, 50).receipts[0].status;
    EXPECT_EQ(by_bob, ExecStatus::not_asset_owner);
    const auto twice =
        run({world_.verified(
                alice_, world_.tx(alice_, next, {AssetCreate{"TWO", 0, true, 1}, AssetCreate{"TWO", 0, true, 1}}))},
            60);
    EXPECT_EQ(twice.receipts[0].status, ExecStatus::asset_exists);
}

TEST_F(ExecuteTest, RefusesReplayedAndEarlyNonces) {
    const auto tx = world_.verified(alice_, pay(1));
    run({tx});
    const std::vector again{tx};
    EXPECT_TRUE(
        execute_block(world_.state, world_.context(2), again, OnInvalid::refuse_block).error().is(Errc::nonce_too_low));
    expect_invalid(world_.pay(alice_, 2, bob_.address, 1), Errc::nonce_too_high);
    const std::vector twice{world_.verified(alice_, pay(1)), world_.verified(alice_, pay(1))};
    EXPECT_TRUE(
        execute_block(world_.state, world_.context(2), twice, OnInvalid::refuse_block).error().is(Errc::nonce_too_low));
}

TEST_F(ExecuteTest, RefusesExpiredUnderfundedAndUnderpricedTransactions) {
    auto tx = pay(1);
    tx.valid_until_height = 4;
    expect_invalid(tx, Errc::expired, 5);
    EXPECT_EQ(run({world_.verified(alice_, tx)}, 4).receipts.size(), 1U);
    tx = pay(1);
    tx.max_fee_per_gas = balance(alice_.address) / tx.gas_limit + 1;
    expect_invalid(tx, Errc::underfunded);
    tx = pay(1);
    tx.max_fee_per_gas = base_fee_ - 1;
    tx.tip_per_gas = 0;
    expect_invalid(tx, Errc::fee_below_base);
    tx = pay(1);
    tx.gas_limit = tx_gas_limit_max(world_.genesis.params) + 1;
    expect_invalid(tx, Errc::gas_too_high);
    tx = pay(1);
    tx.gas_limit = native_gas(tx, rules_of(world_.genesis.params)) - 1;
    expect_invalid(tx, Errc::gas_too_low);
    test::User stranger{world_.random};
    const auto from_nobody = world_.pay(stranger, 0, bob_.address, 1);
    const std::vector txs{world_.verified(stranger, from_nobody)};
    EXPECT_TRUE(
        execute_block(world_.state, world_.context(), txs, OnInvalid::refuse_block).error().is(Errc::underfunded));
}

TEST_F(ExecuteTest, ChecksFormBeforeAnythingElse) {
    auto tx = pay(1);
    tx.version = 2;
    expect_bad_form(tx, Errc::bad_version);
    tx = pay(1);
    tx.genesis_hash[5] ^= std::byte{1};
    expect_bad_form(tx, Errc::wrong_chain);
    expect_bad_form(world_.tx(alice_, 0, {}), Errc::malformed);
    expect_bad_form(world_.tx(alice_, 0, std::vector<Msg>(9, AssetBurn{kGcc, 1})), Errc::malformed);
    expect_bad_form(pay(0), Errc::bad_amount);
    expect_bad_form(world_.tx(alice_, 0, {BatchTransfer{}}), Errc::malformed);
    expect_bad_form(world_.tx(alice_, 0, {BatchTransfer{std::vector<Transfer>(257, Transfer{carol_, kGcc, 1})}}),
                    Errc::malformed);
    expect_bad_form(world_.tx(alice_, 0, {BatchTransfer{{{carol_, kGcc, 1}, {carol_, kGcc, 0}}}}), Errc::bad_amount);
    expect_bad_form(world_.tx(alice_, 0, {AssetMint{kGcc, carol_, 0}}), Errc::bad_amount);
    expect_bad_form(world_.tx(alice_, 0, {AssetBurn{kGcc, 0}}), Errc::bad_amount);
    for (const auto* symbol : {"", "GCC", "abc", "1AB", "A-B", "ABCDEFGHIJKLM", "AB\n"}) {
        expect_bad_form(world_.tx(alice_, 0, {AssetCreate{symbol, 0, true, 1}}), Errc::malformed);
    }
    expect_bad_form(world_.tx(alice_, 0, {AssetCreate{"ABC", kDecimalsMax + 1, true, 1}}), Errc::malformed);
    expect_bad_form(world_.tx(alice_, 0, {AssetCreate{"ABC", 0, false, 0}}), Errc::bad_amount);
    tx = pay(1);
    tx.memo = std::string(257, 'x');
    expect_bad_form(tx, Errc::malformed);
    tx.memo = "\xff";
    expect_bad_form(tx, Errc::malformed);
    tx = pay(1);
    tx.gas_limit = native_gas(tx, *find_rules(kRulesFirst)) - 1;
    expect_bad_form(tx, Errc::gas_too_low);
    tx = pay(1);
    tx.tip_per_gas = tx.max_fee_per_gas + 1;
    expect_bad_form(tx, Errc::bad_fee);
    tx = pay(1);
    tx.max_fee_per_gas = ~Amount{0};
    expect_bad_form(tx, Errc::bad_fee);
    expect_bad_form(pay(~Amount{0}), Errc::bad_amount);
    expect_bad_form(
        world_.tx(alice_, 0, {Transfer{carol_, kGcc, Amount{1} << 127U}, Transfer{carol_, kGcc, Amount{1} << 127U}}),
        Errc::bad_amount);
    tx = pay(1);
    tx.nonce = ~std::uint64_t{0};
    expect_bad_form(tx, Errc::malformed);
    // Seven full batches are 143 KB.
    expect_bad_form(
        world_.tx(alice_, 0, std::vector<Msg>(7, BatchTransfer{std::vector<Transfer>(256, Transfer{carol_, kGcc, 1})})),
        Errc::too_large);
}

TEST_F(ExecuteTest, TellsAMempoolHowFarAheadANonceIs) {
    const TxContext context{.height = 1, .base_fee = base_fee_, .params = world_.genesis.params};
    const auto tx = world_.pay(alice_, 5, bob_.address, 7);
    const auto standing = check_state(tx, Account{.nonce = 2}, 1000 * kAgccPerGcc, context);
    ASSERT_TRUE(standing.has_value());
    EXPECT_EQ(standing->nonce_gap, 3U);
    EXPECT_EQ(*max_cost(tx), *max_fee(tx) + 7);
}

TEST_F(ExecuteTest, LeavesOutWhatIsInvalidAndFillsTheRestOfTheBlock) {
    const std::vector txs{world_.verified(alice_, world_.pay(alice_, 0, carol_, 1)),
                          world_.verified(alice_, world_.pay(alice_, 2, carol_, 1)),
                          world_.verified(bob_, world_.pay(bob_, 0, carol_, 1)),
                          world_.verified(alice_, world_.pay(alice_, 1, carol_, 1))};
    const auto result = execute_block(world_.state, world_.context(), txs, OnInvalid::skip);
    ASSERT_TRUE(result.has_value());
    EXPECT_EQ(result->txs.size(), 3U);
    ASSERT_EQ(result->skipped.size(), 1U);
    EXPECT_EQ(result->skipped[0].tx_id, txs[1].id());
    EXPECT_TRUE(result->skipped[0].error.is(Errc::nonce_too_high));
}

TEST_F(ExecuteTest, StopsAtTheBlocksGasLimit) {
    world_.let_one_transaction_fill_a_block();
    auto first = pay(1);
    first.gas_limit = world_.genesis.params.block_gas_limit - 10'000;
    first.max_fee_per_gas = base_fee_;
    first.tip_per_gas = 0;
    const std::vector txs{world_.verified(alice_, first), world_.verified(bob_, world_.pay(bob_, 0, carol_, 1))};
    // Gas counts as used, not as reserved, once a transaction is done: both fit.
    EXPECT_EQ(execute_block(world_.state, world_.context(), txs, OnInvalid::skip)->txs.size(), 2U);
    const std::vector swapped{txs[1], txs[0]};
    const auto result = execute_block(world_.state, world_.context(), swapped, OnInvalid::skip);
    ASSERT_EQ(result->skipped.size(), 1U);
    EXPECT_TRUE(result->skipped[0].error.is(Errc::block_full));
}

TEST(BaseFee, RisesAboveTheTargetAndFallsBelowIt) {
    const Params params{.block_gas_limit = 2'000,
                        .elasticity = 2,
                        .base_fee_denominator = 8,
                        .base_fee_floor = 100,
                        .base_fee_initial = 100};
    EXPECT_EQ(next_base_fee(params, 800, 1'000), 800U);
    EXPECT_EQ(next_base_fee(params, 800, 2'000), 900U);
    EXPECT_EQ(next_base_fee(params, 800, 1'500), 850U);
    EXPECT_EQ(next_base_fee(params, 800, 0), 700U);
    EXPECT_EQ(next_base_fee(params, 101, 0), 100U) << "the floor";
    EXPECT_EQ(next_base_fee(params, 100, 1'001), 101U) << "above the target it always rises";
    EXPECT_GE(next_base_fee(params, ~Amount{0}, 2'000), ~Amount{0} - 1000) << "and never wraps";
    EXPECT_LT(next_base_fee(params, ~Amount{0}, 0), ~Amount{0});
}

}  // namespace
}  // namespace ledger

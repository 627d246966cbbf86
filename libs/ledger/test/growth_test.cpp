// What grows the state is paid for, whoever does it and however (rules version 3).

#include "base/file.hpp"
#include "contract_world.hpp"

namespace ledger::test {
namespace {

namespace price = zvm::gas::host;

/// Of a record's key, what its maker chose: not the prefix, not the contract that a slot belongs to.
std::size_t own_key_bytes(const std::string& key) {
    const std::size_t prefix = key.starts_with("c/") && key.size() > 34 ? 35 : 2;
    return key.size() - prefix;
}

class Growth : public ::testing::Test {
 protected:
    Growth() {
        // The proposer's balance and those of the first senders are there before anything is measured.
        for (const auto& user : world_.users) world_.run(user, {AssetBurn{kGcc, 1}});
    }
    /// Runs it and looks at what it added.
    Receipt run(std::vector<Msg> msgs, std::size_t user = 0) {
        const auto before = world_.state.records;
        const auto receipt = world_.run(world_.users[user], std::move(msgs));
        EXPECT_EQ(receipt.status, ExecStatus::success) << describe(receipt.status);
        std::uint64_t due = 0;
        for (const auto& [key, value] : world_.state.records) {
            if (before.contains(key)) continue;
            due += price::growth(static_cast<std::uint32_t>(own_key_bytes(key) + value.size()));
            ++added_;
        }
        EXPECT_GE(receipt.gas_used, due + rules_.native->tx);
        return receipt;
    }
    Address fresh() { return Address{topic(static_cast<std::uint8_t>(200 + fresh_++))}; }

    ContractWorld world_;
    const Rules& rules_ = rules_of(world_.genesis.params);
    std::size_t added_ = 0;
    int fresh_ = 0;
};

TEST_F(Growth, IsPaidForByEveryKindOfMessage) {
    const auto coin = asset_id(world_.users[0].address, "COIN", world_.nonces[world_.users[0].address]);
    run({AssetCreate{.symbol = "COIN", .decimals = 18, .mintable = true, .initial_supply = 1000}});
    run({AssetCreate{.symbol = "TWELVELETTER", .decimals = 18, .mintable = true, .initial_supply = 1}});
    run({AssetMint{coin, fresh(), 5}});
    run({Transfer{fresh(), kGcc, 5}, Transfer{fresh(), coin, 5}});
    BatchTransfer batch;
    for (int i = 0; i < 20; ++i) batch.transfers.push_back({fresh(), kGcc, 1});
    run({batch});
    run({ContractDeploy{.code = probe(), .input = {}, .value = 10}});
    const auto contract = contract_address(world_.users[0].address, {}, code_hash(probe()));
    run({ContractDeploy{.code = probe(), .input = {}, .value = 0, .salt = topic(1)}});
    const auto other = contract_address(world_.users[0].address, topic(1), code_hash(probe()));
    const auto call = [&](const Steps& steps, Amount value = 0) {
        return ContractCall{.contract = contract, .input = steps.bytes(), .value = value};
    };
    run({call(Steps{}.set("key", std::string(200, 'v')), 5)});
    run({call(Steps{}.transfer(fresh(), kGcc, 1).transfer(fresh(), kGcc, 1))});
    run({call(Steps{}.call(other, Steps{}.set("k", "v"), 3))});
    run({call(Steps{}.create(code_hash(probe()), topic(9), Steps{}.set("child", "x")))});
    run({call(Steps{}.flood(50))});
    auto changed = probe();
    changed.insert(changed.end(), {std::byte{0}, std::byte{2}, std::byte{1}, std::byte{'x'}});  // a custom section
    run({ContractUpgrade{.contract = contract, .code_hash = code_hash(changed), .code = changed}});
    EXPECT_GT(added_, 90u);
    // An address that pays for the first time.
    User newcomer{world_.random};
    run({Transfer{newcomer.address, kGcc, kAgccPerGcc}});
    const auto before = world_.state.records.size();
    const auto first = world_.run(newcomer, {AssetBurn{kGcc, 1}}, 0);
    EXPECT_EQ(world_.state.records.size(), before + 1);
    EXPECT_EQ(first.gas_used, rules_.native->tx + rules_.native->asset_burn + rules_.native->account_new);
    EXPECT_EQ(rules_.native->account_new, price::growth(32 + 8));
}

TEST_F(Growth, OfABalanceIsPaidOnce) {
    const auto to = fresh();
    const auto first = run({Transfer{to, kGcc, 1}});
    const auto second = run({Transfer{to, kGcc, 1}});
    EXPECT_EQ(second.gas_used, rules_.native->tx + rules_.native->transfer);
    EXPECT_EQ(first.gas_used, second.gas_used + rules_.state->balance_new);
    // Who pays himself has a balance, also while all of it is on its way.
    const auto coin = asset_id(world_.users[1].address, "ALL", world_.nonces[world_.users[1].address]);
    run({AssetCreate{.symbol = "ALL", .decimals = 0, .mintable = false, .initial_supply = 9}}, 1);
    EXPECT_EQ(run({Transfer{world_.users[1].address, coin, 9}}, 1).gas_used, second.gas_used);
}

TEST_F(Growth, ThatTheGasDoesNotCoverFailsTheTransactionWhichPays) {
    const auto to = fresh();
    auto body = world_.pay(world_.users[0], world_.nonces[world_.users[0].address], to, 5);
    body.gas_limit = native_gas(body, rules_) + rules_.state->balance_new - 1;
    const std::vector txs{world_.verified(world_.users[0], body)};
    const auto block = execute_block(world_.state, world_.context_now(), txs, OnInvalid::refuse_block);
    ASSERT_TRUE(block) << base::to_string(block.error());
    EXPECT_EQ(block->receipts[0].status, ExecStatus::out_of_gas);
    EXPECT_EQ(block->receipts[0].gas_used, body.gas_limit);
    EXPECT_FALSE(block->writes.contains(balance_key(to, kGcc)));
}

TEST_F(Growth, EveryMessageIsDueWhicheverFails) {
    const auto& me = world_.users[0];
    BatchTransfer batch;
    for (std::size_t i = 0; i < kBatchTransfersMax; ++i) batch.transfers.push_back({fresh(), kGcc, 1});
    const Transfer too_much{world_.users[1].address, kGcc, ~Amount{0} >> 1U};
    for (const std::uint32_t version : {2U, 3U}) {
        auto params = world_.genesis.params;
        params.rules_version = version;
        world_.state.records[params_key()] = encode(params);
        const auto& rules = rules_of(params);
        const auto receipt = world_.run(me, {too_much, batch, batch}, 0);
        EXPECT_EQ(receipt.status, ExecStatus::insufficient_balance);
        const auto all = rules.native->tx + rules.native->transfer * (1 + 2 * kBatchTransfersMax);
        EXPECT_EQ(receipt.gas_used, version == 2 ? rules.native->tx + rules.native->transfer : all) << version;
    }
}

TEST(GasDocument, HasTheNativePricesOfTheNewestRules) {
    const auto shipped = base::read_file(LEDGER_GAS_DOCUMENT, 1U << 20U);
    ASSERT_TRUE(shipped) << shipped.error().text;
    EXPECT_NE(base::as_text(*shipped).find(native_gas_table()), std::string_view::npos)
        << "run: ./ghost bench gas --write-docs docs/gas.md";
}

}  // namespace
}  // namespace ledger::test

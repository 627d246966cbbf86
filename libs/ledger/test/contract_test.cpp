// Contracts in blocks: deploying, calling, failing, events, values.

#include <set>

#include "contract_world.hpp"
#include "zvm/gas.hpp"

namespace ledger::test {
namespace {

class ContractTest : public ::testing::Test {
 protected:
    ContractWorld world_;
    const Address probe_ = world_.deploy(probe());
};

TEST_F(ContractTest, DeploysCallsAndKeepsWhatTheContractStores) {
    const auto receipt = world_.call(probe_, Steps{}.set("name", "ghost").get("name"));
    EXPECT_EQ(receipt.status, ExecStatus::success);
    EXPECT_EQ(text_of(receipt.output), "ghost");
    EXPECT_EQ(world_.slot(probe_, "name"), "ghost");
    EXPECT_EQ(world_.call(probe_, Steps{}.del("name")).status, ExecStatus::success);
    EXPECT_EQ(world_.slot(probe_, "name"), std::nullopt);
    // Unused gas came back: what was burned and tipped is the fee of what was used.
    EXPECT_LT(receipt.gas_used, 500'000u);
}

TEST_F(ContractTest, SaysWhenThereIsNoSuchContractOrItExistsAlready) {
    EXPECT_EQ(world_.call(world_.users[1].address, {}).status, ExecStatus::contract_unknown);
    const auto again = world_.run(world_.users[0], {ContractDeploy{.code = probe(), .input = {}, .salt = topic(0)}});
    EXPECT_EQ(again.status, ExecStatus::contract_exists);
    // Another salt or another sender is another address.
    EXPECT_EQ(world_.run(world_.users[1], {ContractDeploy{.code = probe(), .input = {}, .salt = topic(0)}}).status,
              ExecStatus::success);
    EXPECT_NE(world_.deploy(probe(), {}, 0, 7), probe_);
}

TEST_F(ContractTest, RefusesCodeThatIsNoContract) {
    const auto status = [&](base::Bytes code) {
        return world_.run(world_.users[0], {ContractDeploy{.code = std::move(code), .input = {}}}).status;
    };
    EXPECT_EQ(status(bytes_of("not wasm")), ExecStatus::code_invalid);
    auto torn = probe();
    torn.resize(torn.size() - 5);
    EXPECT_EQ(status(torn), ExecStatus::code_invalid);
    EXPECT_FALSE(check_code(torn));
    EXPECT_TRUE(check_code(probe()));
}

TEST_F(ContractTest, DeployFailsAsAWhole) {
    const auto receipt = world_.run(
        world_.users[0],
        {ContractDeploy{
            .code = probe(), .input = Steps{}.set("a", "b").revert("no").bytes(), .value = 5, .salt = topic(9)}});
    EXPECT_EQ(receipt.status, ExecStatus::contract_reverted);
    EXPECT_EQ(text_of(receipt.output), "no");
    const auto address = contract_address(world_.users[0].address, topic(9), code_hash(probe()));
    EXPECT_FALSE(*world_.state.read(contract_key(address)));
    EXPECT_EQ(world_.slot(address, "a"), std::nullopt);
    EXPECT_EQ(world_.balance(address), 0u);
}

TEST_F(ContractTest, ARevertUndoesEverythingAndItsDataIsInTheReceipt) {
    const auto before = world_.balance(world_.users[0].address);
    const auto receipt = world_.call(probe_, Steps{}.set("k", "v").emit(topic(1), "x").revert("because"), 1000);
    EXPECT_EQ(receipt.status, ExecStatus::contract_reverted);
    EXPECT_EQ(text_of(receipt.output), "because");
    EXPECT_TRUE(receipt.events.empty());
    EXPECT_EQ(world_.slot(probe_, "k"), std::nullopt);
    EXPECT_EQ(world_.balance(probe_), 0u);
    EXPECT_EQ(world_.balance(world_.users[0].address), before - receipt.fee);  // The fee and nothing else.
}

TEST_F(ContractTest, RevertDataIsCutInTheReceiptAndWholeInASimulation) {
    const std::string data(60'000, 'r');
    const auto receipt = world_.call(probe_, Steps{}.revert(data));
    EXPECT_EQ(text_of(receipt.output), data.substr(0, kReceiptOutputMax));
    const auto asked = query_contract(world_.state, world_.context_now(), world_.binding.genesis_hash,
                                      {.call = {.contract = probe_, .input = Steps{}.revert(data).bytes()},
                                       .caller = {},
                                       .gas_limit = ContractWorld::kRoom},
                                      world_.engine);
    ASSERT_TRUE(asked);
    EXPECT_EQ(text_of(asked->output), data);
}

TEST_F(ContractTest, AQueryNamesEveryRecordThatItRead) {
    struct Recorder final : StateReader {
        explicit Recorder(const StateReader& given) : from{given} {}
        base::Result<std::optional<base::Bytes>> read(std::string_view key) const override {
            read_keys.emplace(key);
            return from.read(key);
        }
        const StateReader& from;
        mutable std::set<std::string> read_keys;
    } recorder{world_.state};
    const auto asked = query_contract(recorder, world_.context_now(), world_.binding.genesis_hash,
                                      {.call = {.contract = probe_, .input = Steps{}.get("k").bytes(), .value = 3},
                                       .caller = world_.users[0].address,
                                       .gas_limit = ContractWorld::kRoom},
                                      world_.engine);
    ASSERT_TRUE(asked);
    std::set<std::string> named{asked->keys.begin(), asked->keys.end()};
    // The code is not among them: whether it was read depends on the module cache, and its hash is its proof.
    recorder.read_keys.erase(code_key(code_hash(probe())));
    EXPECT_EQ(named, recorder.read_keys);
    EXPECT_TRUE(named.contains(params_key()));
}

TEST_F(ContractTest, TrapsPayForWhatTheyUsedAndLoopsForAll) {
    const auto trapped = world_.call(probe_, Steps{}.set("k", "v").trap());
    EXPECT_EQ(trapped.status, ExecStatus::contract_trapped);
    EXPECT_LT(trapped.gas_used, 1'000'000u);
    EXPECT_TRUE(trapped.output.empty());
    const auto& price = *rules_of(world_.genesis.params).native;
    for (const auto& steps : {Steps{}.loop(), Steps{}.set("k", "v").loop()}) {
        const auto looped = world_.call(probe_, steps, 0, 3'000'000);
        EXPECT_EQ(looped.status, ExecStatus::out_of_gas);
        EXPECT_EQ(looped.gas_used,
                  price.tx + price.contract_call + price.input_byte * steps.bytes().size() + 3'000'000);
    }
    EXPECT_EQ(world_.call(probe_, Steps{}.recurse()).status, ExecStatus::contract_trapped);  // its stack is bounded
    EXPECT_EQ(world_.slot(probe_, "k"), std::nullopt);
}

TEST_F(ContractTest, EventsAreInTheReceiptInOrder) {
    const auto receipt = world_.call(probe_, Steps{}.emit(topic(1), "one").emit(topic(2), ""), 77);
    ASSERT_EQ(receipt.events.size(), 3u);
    EXPECT_EQ(receipt.events[0], Event(TransferEvent{world_.users[0].address, probe_, kGcc, 77}));
    EXPECT_EQ(receipt.events[1], Event(ContractEvent{probe_, {topic(1)}, bytes_of("one")}));
    EXPECT_EQ(receipt.events[2], Event(ContractEvent{probe_, {topic(2)}, {}}));
}

TEST_F(ContractTest, AFloodOfEventsIsBoundedInNumberAndBytes) {
    EXPECT_EQ(world_.call(probe_, Steps{}.events(kContractEventsMax, 0)).status, ExecStatus::success);
    EXPECT_EQ(world_.call(probe_, Steps{}.events(kContractEventsMax + 1, 0)).status, ExecStatus::contract_trapped);
    EXPECT_EQ(world_.call(probe_, Steps{}.events(16, kEventDataMax)).status, ExecStatus::success);
    EXPECT_EQ(world_.call(probe_, Steps{}.events(17, kEventDataMax)).status, ExecStatus::contract_trapped);
}

TEST_F(ContractTest, AFloodOfSlotsPaysForEach) {
    const auto few = world_.call(probe_, Steps{}.flood(10));
    EXPECT_EQ(few.status, ExecStatus::success);
    EXPECT_GT(few.gas_used, 10 * (zvm::gas::host::kRecordNew + 8 * zvm::gas::host::kGrowthByte));
    const auto same = world_.call(probe_, Steps{}.flood(10));  // They exist now.
    EXPECT_LT(same.gas_used + 9 * zvm::gas::host::kRecordNew, few.gas_used);
    const auto records = world_.state.records.size();
    EXPECT_EQ(world_.call(probe_, Steps{}.flood(10'000)).status, ExecStatus::out_of_gas);
    EXPECT_EQ(world_.state.records.size(), records);
}

TEST_F(ContractTest, ValueComesInAndGoesOutAndIsConserved) {
    const auto& friend_address = world_.users[1].address;
    const auto before = world_.balance(friend_address);
    EXPECT_EQ(world_.call(probe_, Steps{}, 500).status, ExecStatus::success);
    EXPECT_EQ(world_.balance(probe_), 500u);
    const auto receipt = world_.call(
        probe_, Steps{}.transfer(friend_address, kGcc, 200).transfer(friend_address, kGcc, 301).balance(probe_, kGcc));
    EXPECT_EQ(world_.balance(friend_address), before + 200);
    ASSERT_EQ(receipt.output.size(), 18u);
    EXPECT_EQ(receipt.output[0], std::byte{0});
    EXPECT_EQ(receipt.output[1], std::byte{3});  // refused: it has 300
    EXPECT_EQ(*decode_amount(base::ByteView{receipt.output}.subspan(2)), 300u);
    const auto whose = world_.balance(world_.users[0].address);
    EXPECT_EQ(world_.call(probe_, Steps{}, whose).status, ExecStatus::insufficient_balance);
}

TEST_F(ContractTest, AContractThatTakesNoValueGivesItBack) {
    const auto receipt = world_.call(probe_, Steps{}.not_payable(), 9);
    EXPECT_EQ(receipt.status, ExecStatus::contract_reverted);
    EXPECT_EQ(text_of(receipt.output), "not payable");
    EXPECT_EQ(world_.balance(probe_), 0u);
    EXPECT_EQ(world_.call(probe_, Steps{}.not_payable()).status, ExecStatus::success);
}

TEST_F(ContractTest, ContractsHoldAndSendAssets) {
    const auto& owner = world_.users[0];
    const auto asset = asset_id(owner.address, "GOLD", world_.nonces[owner.address]);
    ASSERT_EQ(world_
                  .run(owner, {AssetCreate{.symbol = "GOLD", .decimals = 0, .mintable = false, .initial_supply = 10},
                               Transfer{.to = probe_, .asset = asset, .amount = 4}})
                  .status,
              ExecStatus::success);
    EXPECT_EQ(world_.call(probe_, Steps{}.transfer(world_.users[2].address, asset, 3)).status, ExecStatus::success);
    EXPECT_EQ(world_.balance(probe_, asset), 1u);
    EXPECT_EQ(world_.balance(world_.users[2].address, asset), 3u);
}

TEST_F(ContractTest, SeesWhoCallsItAndWhere) {
    const auto receipt = world_.call(probe_, Steps{}.who(), 6);
    ASSERT_EQ(receipt.output.size(), 88u);
    const base::ByteView out = receipt.output;
    EXPECT_TRUE(base::equal(out.first(32), world_.users[0].address.bytes));
    EXPECT_TRUE(base::equal(out.subspan(32, 32), probe_.bytes));
    EXPECT_EQ(*decode_amount(out.subspan(64, 16)), 6u);
    EXPECT_EQ(base::load_le<std::uint64_t>(out.data() + 80), world_.height);
}

TEST_F(ContractTest, MessagesOfATransactionSucceedOrFailTogether) {
    const auto& user = world_.users[0];
    const auto call = [&](const Steps& steps) {
        return Msg{ContractCall{.contract = probe_, .input = steps.bytes(), .value = 0}};
    };
    EXPECT_EQ(world_.run(user, {call(Steps{}.set("a", "1")), Transfer{probe_, kGcc, 5}, call(Steps{}.trap())}).status,
              ExecStatus::contract_trapped);
    EXPECT_EQ(world_.slot(probe_, "a"), std::nullopt);
    EXPECT_EQ(world_.balance(probe_), 0u);
    const auto both = world_.run(user, {call(Steps{}.set("a", "1")), call(Steps{}.get("a"))});
    EXPECT_EQ(both.status, ExecStatus::success);
    EXPECT_EQ(text_of(both.output), "1");
}

TEST_F(ContractTest, ASimulationSaysWhatABlockThenDoes) {
    Tx body = world_.tx(world_.users[0], 1, {ContractCall{.contract = probe_, .input = Steps{}.set("k", "v").bytes()}});
    body.gas_limit = 0;
    const auto records = world_.state.records;
    const auto asked = simulate(world_.state, world_.context_now(), body, world_.engine);
    ASSERT_TRUE(asked) << base::to_string(asked.error());
    EXPECT_EQ(world_.state.records, records);
    const auto receipt = world_.call(probe_, Steps{}.set("k", "v"));
    EXPECT_EQ(asked->gas_used, receipt.gas_used);
    EXPECT_EQ(asked->status, ExecStatus::success);
}

TEST_F(ContractTest, ASimulatedTrapNamesTheFunctions) {
    const Tx body = [&] {
        auto out = world_.tx(world_.users[0], 1, {ContractCall{.contract = probe_, .input = Steps{}.trap().bytes()}});
        out.gas_limit += ContractWorld::kRoom;
        return out;
    }();
    const auto asked = simulate(world_.state, world_.context_now(), body, world_.engine);
    ASSERT_TRUE(asked);
    EXPECT_EQ(asked->status, ExecStatus::contract_trapped);
    ASSERT_FALSE(asked->trace.empty());
    EXPECT_EQ(asked->trace.front().contract, probe_);
    EXPECT_EQ(asked->trace.back().function, "call");
}

}  // namespace
}  // namespace ledger::test

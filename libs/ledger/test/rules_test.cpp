// Rules by version, parameters by the parent's state, the numbers of a header, and code that the engine refuses.

#include <thread>

#include "contract_world.hpp"
#include "ledger/codec.hpp"

namespace ledger::test {
namespace {

TEST(Rules, AGenesisWithoutAVersionIsOneOfTheFirstAndItsHashStays) {
    World world;
    auto old = world.genesis;
    old.params.rules_version = kRulesFirst;
    const auto text = to_json(old);
    EXPECT_EQ(text.find("rules_version"), std::string::npos);
    const auto read = genesis_from_json(text, "old");
    ASSERT_TRUE(read) << read.error().text;
    EXPECT_EQ(read->params.rules_version, kRulesFirst);
    EXPECT_EQ(genesis_hash(*read), genesis_hash(old));
    EXPECT_EQ(encode(old.params).size() + 8, encode(world.genesis.params).size());
    EXPECT_EQ(decode_params(encode(old.params))->rules_version, kRulesFirst);
    EXPECT_EQ(*decode_params(encode(world.genesis.params)), world.genesis.params);
    EXPECT_NE(genesis_hash(old), genesis_hash(world.genesis));
    EXPECT_EQ(tx_gas_limit_max(old.params), old.params.block_gas_limit);
    EXPECT_EQ(tx_gas_limit_max(world.genesis.params), world.genesis.params.block_gas_limit / 4);
}

TEST(Rules, AVersionThatThisProgramDoesNotKnowIsRefused) {
    World world;
    auto newer = world.genesis;
    newer.params.rules_version = kRulesLatest + 1;
    ASSERT_FALSE(validate(newer));
    EXPECT_NE(validate(newer).error().text.find("params.rules_version is"), std::string::npos);
    EXPECT_FALSE(decode_params(encode(newer.params)));
    auto none = world.genesis;
    none.params.tx_gas_divisor = 0;
    EXPECT_FALSE(validate(none));
    EXPECT_FALSE(decode_params(encode(none.params)));
}

TEST(Rules, NoTransactionAsksForMoreThanItsShareOfABlock) {
    World world;
    auto body = world.pay(world.users[0], 0, world.users[1].address, 1);
    body.gas_limit = world.genesis.params.block_gas_limit;
    const std::vector greedy{world.verified(world.users[0], body)};
    const auto refused = execute_block(world.state, world.context(), greedy, OnInvalid::refuse_block);
    ASSERT_FALSE(refused);
    EXPECT_TRUE(refused.error().is(Errc::gas_too_high)) << base::to_string(refused.error());
    body.gas_limit = tx_gas_limit_max(world.genesis.params);
    const std::vector fair{world.verified(world.users[0], body)};
    EXPECT_TRUE(execute_block(world.state, world.context(), fair, OnInvalid::refuse_block));
}

class RulesChain : public ::testing::Test {
 protected:
    std::unique_ptr<ChainState> open(BlockEnd end = {}) {
        auto chain = ChainState::open({.path = folder_.path, .block_end = std::move(end)}, world_.genesis);
        EXPECT_TRUE(chain) << chain.error().text;
        return chain ? std::move(*chain) : nullptr;
    }
    VerifiedTx pay(std::size_t user, std::uint64_t nonce) {
        return world_.verified(world_.users[user], world_.pay(world_.users[user], nonce, world_.proposer, 1));
    }
    World world_;
    TempFolder folder_;
};

/// Block 2 changes what base fees follow. Whoever restarts after it must go on like those that did not.
TEST_F(RulesChain, AChangeOfParametersActsFromTheNextBlockOnWhetherTheNodeRestartsOrNot) {
    const BlockEnd change = [](const BlockContext& context, Overlay& state) -> base::Result<void> {
        if (context.height != 2) return {};
        GC_TRY(auto params, state.params());
        params.base_fee_denominator = 2;
        params.base_fee_floor = 77;
        params.tx_gas_divisor = 8;
        return state.set_params(params);
    };
    auto chain = open(change);
    add_block(*chain, world_, {pay(0, 0)});
    const auto second = add_block(*chain, world_, {pay(0, 1)});
    const auto live = *chain->head();
    EXPECT_EQ(live.params.tx_gas_divisor, 8u);
    EXPECT_EQ(live.next_base_fee, next_base_fee(live.params, second->header().base_fee, second->header().gas_used));
    EXPECT_LT(live.next_base_fee, world_.genesis.params.base_fee_floor) << "by the new floor";
    // What is built on the unfinalized block agrees, too.
    const auto third = *chain->propose(proposal_on(second->header(), world_, {pay(0, 2)}));
    chain.reset();
    chain = open(change);
    EXPECT_EQ(chain->head()->params, live.params);
    EXPECT_EQ(chain->head()->next_base_fee, live.next_base_fee);
    const auto executed = chain->execute(third->header(), third->txs());
    ASSERT_TRUE(executed) << base::to_string(executed.error());
    EXPECT_EQ((*executed)->hash(), third->hash());
}

TEST_F(RulesChain, EveryNumberOfAHeaderThatItsProposerChoosesIsBounded) {
    const auto chain = open();
    const auto good = (*chain->propose(proposal_on(chain->head()->header, world_, {})))->header();
    ASSERT_TRUE(chain->execute(good, {}));
    const auto expect_refused = [&](auto change, Errc errc) {
        auto header = good;
        change(header);
        const auto result = chain->execute(header, {});
        ASSERT_FALSE(result);
        EXPECT_TRUE(result.error().is(errc)) << base::to_string(result.error());
    };
    constexpr auto kMost = ~std::uint64_t{0};
    expect_refused([](BlockHeader& h) { h.time_ms = kMost; }, Errc::bad_time);
    expect_refused([](BlockHeader& h) { h.time_ms = kTimeMsMax + 1; }, Errc::bad_time);
    expect_refused([](BlockHeader& h) { h.epoch += 1; }, Errc::bad_parent);
    expect_refused([](BlockHeader& h) { h.epoch = kMost; }, Errc::bad_parent);
    expect_refused([](BlockHeader& h) { h.slot = kMost; }, Errc::bad_parent);
    expect_refused([](BlockHeader& h) { h.height = kMost; }, Errc::bad_parent);
    expect_refused([](BlockHeader& h) { h.gas_used = kMost; }, Errc::bad_header);
    expect_refused([](BlockHeader& h) { h.base_fee = ~Amount{0}; }, Errc::bad_header);
    // From a peer's bytes no such header is made at all.
    EXPECT_TRUE(decode_header(encode(good)));
    for (auto number : {&BlockHeader::time_ms, &BlockHeader::epoch, &BlockHeader::height, &BlockHeader::slot}) {
        auto header = good;
        header.*number = kMost;
        EXPECT_FALSE(decode_header(encode(header)));
    }
    // A proposer, too, cannot make one.
    auto proposal = proposal_on(chain->head()->header, world_, {});
    proposal.time_ms = kMost;
    EXPECT_TRUE(chain->propose(proposal).error().is(Errc::bad_time));
    proposal = proposal_on(chain->head()->header, world_, {});
    proposal.slot = kMost;
    EXPECT_TRUE(chain->propose(proposal).error().is(Errc::bad_parent));
    proposal.slot = chain->head()->header.slot + kSlotStepMax;
    EXPECT_TRUE(chain->propose(proposal));
}

/// Gives its transactions and does something else before the last one.
struct BusySource final : TxSource {
    std::vector<VerifiedTx> txs;
    std::function<void()> meanwhile;
    std::vector<base::Error> refusals;
    std::size_t at = 0;
    const VerifiedTx* next(std::uint64_t) override {
        if (at + 1 == txs.size() && meanwhile) std::exchange(meanwhile, {})();
        return at < txs.size() ? &txs[at++] : nullptr;
    }
    void included(std::uint64_t) override {}
    void refused(const base::Error& error) override { refusals.push_back(error); }
};

TEST_F(RulesChain, AnExecutionDuringWhichTheChainWentAnotherWayIsRefused) {
    const auto chain = open();
    const auto head = chain->head()->header;
    const auto rival = *chain->propose(proposal_on(head, world_, {pay(0, 0)}));
    BusySource source;
    source.txs = {pay(1, 0), pay(2, 0)};
    source.meanwhile = [&] { ASSERT_TRUE(chain->commit(rival, {})); };
    const auto refused = chain->propose(proposal_on(head, world_, {}), source);
    ASSERT_FALSE(refused);
    EXPECT_TRUE(refused.error().is(Errc::bad_parent)) << base::to_string(refused.error());
    // Its own parent becoming final meanwhile is no other way.
    const auto parent = *chain->propose(proposal_on(rival->header(), world_, {pay(1, 0)}));
    BusySource on_parent;
    on_parent.txs = {pay(1, 1), pay(3, 0)};
    on_parent.meanwhile = [&] { ASSERT_TRUE(chain->commit(parent, {})); };
    const auto child = chain->propose(proposal_on(parent->header(), world_, {}), on_parent, parent);
    ASSERT_TRUE(child) << base::to_string(child.error());
    EXPECT_TRUE(on_parent.refusals.empty());
    ASSERT_TRUE(chain->commit(*child, {}));
    EXPECT_TRUE(chain->verify());
}

TEST_F(RulesChain, ASourceIsToldWhatBecameOfEachAndFillsByGasUsed) {
    const auto chain = open();
    BusySource source;
    // Together they ask for far more than a block.
    for (std::size_t user = 0; user < 4; ++user) {
        for (std::uint64_t nonce = 0; nonce < 4; ++nonce) {
            auto body = world_.pay(world_.users[user], nonce, world_.proposer, 1);
            body.gas_limit = tx_gas_limit_max(world_.genesis.params);
            source.txs.push_back(world_.verified(world_.users[user], body));
        }
    }
    source.txs.push_back(pay(0, 9));
    const auto block = chain->propose(proposal_on(chain->head()->header, world_, {}), source);
    ASSERT_TRUE(block);
    EXPECT_EQ((*block)->txs().size(), 16u);
    ASSERT_EQ(source.refusals.size(), 1u);
    EXPECT_TRUE(source.refusals[0].is(Errc::nonce_too_high));
    EXPECT_EQ(chain->unfinalized(*block).size(), 1u);
    ASSERT_TRUE(chain->commit(*block, {}));
    EXPECT_TRUE(chain->unfinalized(*block).empty());
}

/// A code that an earlier engine stored and this one refuses.
TEST(RefusedCode, FailsItsTransactionAndNotTheBlock) {
    ContractWorld world;
    const auto contract = world.deploy(probe());
    const auto garbage = bytes_of("a module once");
    auto info = *decode_code_info(world.state.records.at(code_info_key(code_hash(probe()))));
    info.code_bytes = static_cast<std::uint32_t>(garbage.size());
    const auto hash = code_hash(garbage);
    world.state.records[code_key(hash)] = garbage;
    world.state.records[code_info_key(hash)] = encode(info);
    const Address old{topic(77)};
    world.state.records[contract_key(old)] = encode(Contract{.code_hash = hash, .owner = {}, .upgrade = {}});

    std::vector<Receipt> first;
    for (int run = 0; run < 2; ++run) {
        ContractWorld other;  // Another engine, with other caches.
        std::vector<VerifiedTx> txs;
        const auto add = [&](const User& user, std::uint64_t nonce, std::vector<Msg> msgs) {
            auto body = world.tx(user, nonce, std::move(msgs));
            body.gas_limit += 5'000'000;
            txs.push_back(world.verified(user, std::move(body)));
        };
        const auto call = [](const Address& to, const Steps& steps, Amount value) {
            return ContractCall{.contract = to, .input = steps.bytes(), .value = value};
        };
        add(world.users[0], world.nonces[world.users[0].address], {call(old, Steps{}.get("k"), 5)});
        add(world.users[1], 0, {call(contract, Steps{}.call(old, Steps{}.get("k")).returned().set("k", "v"), 0)});
        add(world.users[2], 0, {Transfer{world.users[3].address, kGcc, 7}});
        const auto block = execute_block(world.state, world.context(9), txs, OnInvalid::refuse_block, &other.engine);
        ASSERT_TRUE(block) << base::to_string(block.error());
        ASSERT_EQ(block->receipts.size(), 3u);
        EXPECT_EQ(block->receipts[0].status, ExecStatus::contract_trapped);
        const auto& rules = rules_of(world.genesis.params);
        EXPECT_EQ(block->receipts[0].gas_used,
                  native_gas(txs[0].tx(), rules) + rules.state->balance_new + info.load_gas + info.instance_gas);
        EXPECT_EQ(block->receipts[1].status, ExecStatus::success) << "a caller sees a refused call";
        EXPECT_EQ(block->receipts[2].status, ExecStatus::success);
        if (run == 0) first = block->receipts;
        EXPECT_EQ(block->receipts, first);
    }
}

}  // namespace
}  // namespace ledger::test

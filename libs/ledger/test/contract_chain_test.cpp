// Contracts on a chain: roots, proofs, other ledgers, reopening, the event index.

#include "contract_world.hpp"
#include "ledger/codec.hpp"
#include "wasm_builder.hpp"

namespace ledger::test {
namespace {

VerifiedTx contract_tx(const World& world, const User& user, std::uint64_t nonce, Msg msg) {
    auto body = world.tx(user, nonce, {std::move(msg)});
    body.gas_limit += ContractWorld::kRoom;
    return world.verified(user, std::move(body));
}

class ContractChain : public ::testing::Test {
 protected:
    VerifiedTx deploy() {
        return contract_tx(world_, world_.users[0], nonce_++, ContractDeploy{.code = probe(), .input = {}});
    }
    VerifiedTx call(const Steps& steps, Amount value = 0) {
        return contract_tx(world_, world_.users[0], nonce_++,
                           ContractCall{.contract = probe_, .input = steps.bytes(), .value = value});
    }
    World world_;
    TempFolder folder_;
    std::uint64_t nonce_ = 0;
    const Address probe_ = contract_address(world_.users[0].address, {}, code_hash(probe()));
};

TEST_F(ContractChain, AnotherLedgerAcceptsTheBlocksAndBothSurviveReopening) {
    TempFolder other_folder;
    auto chain = open_chain(world_, folder_.path);
    auto other = open_chain(world_, other_folder.path);
    std::vector<std::vector<VerifiedTx>> blocks;
    blocks.push_back({deploy()});
    blocks.push_back({call(Steps{}.set("k", "1"), 40), call(Steps{}.set("k", "2").emit(topic(1), "e")),
                      call(Steps{}.set("k", "3").revert("no"))});
    blocks.push_back({call(Steps{}.flood(20).transfer(world_.users[1].address, kGcc, 15))});
    for (const auto& txs : blocks) {
        const auto block = add_block(*chain, world_, txs);
        ASSERT_TRUE(block);
        const auto decoded = decode_block(block->encoded());
        ASSERT_TRUE(decoded);
        auto verified = verify_batch(decoded->txs, other->binding());
        std::vector<VerifiedTx> good;
        for (auto& tx : verified) good.push_back(*tx);
        const auto executed = other->execute(decoded->header, good);
        ASSERT_TRUE(executed) << base::to_string(executed.error());
        EXPECT_EQ((*executed)->receipts(), block->receipts());
        ASSERT_TRUE(other->commit(*executed, {}));
    }
    const auto head = *chain->head();
    chain.reset();
    chain = open_chain(world_, folder_.path);
    EXPECT_EQ(chain->head()->hash, head.hash);
    const auto report = chain->verify();
    ASSERT_TRUE(report) << report.error().text;
    EXPECT_TRUE(other->verify());
    // The contract runs on, on a module that was loaded from the database.
    const auto block = add_block(*chain, world_, {call(Steps{}.get("k"))});
    EXPECT_EQ(text_of(block->receipts()[0].output), "2");
    const auto history = chain->view()->history(probe_, std::nullopt, 100);
    ASSERT_TRUE(history);
    EXPECT_EQ(history->size(), 6u);  // Deployed, and called five times, once in vain.
}

TEST_F(ContractChain, ASlotIsProvedPresentAndAbsent) {
    auto chain = open_chain(world_, folder_.path);
    add_block(*chain, world_, {deploy()});
    add_block(*chain, world_, {call(Steps{}.set("k", "v"))});
    add_block(*chain, world_, {call(Steps{}.del("k"))});
    const auto view = chain->view();
    const auto key = slot_key(probe_, base::as_bytes("k"));
    for (std::uint64_t height = 1; height <= 3; ++height) {
        const auto proof = view->prove(key, height);
        ASSERT_TRUE(proof);
        EXPECT_EQ(proof->value.has_value(), height == 2);
        EXPECT_TRUE(proof->proof.verify(state_hash_fn(), proof->header.state_root, base::as_bytes(key),
                                        proof->value ? std::optional<base::ByteView>{*proof->value} : std::nullopt));
    }
}

TEST_F(ContractChain, TheIndexKnowsWhereEventsAre) {
    auto chain = open_chain(world_, folder_.path);
    add_block(*chain, world_, {deploy()});
    for (int i = 0; i < 6; ++i) {
        const auto steps = i % 2 == 0 ? Steps{}.emit(topic(1), "x") : Steps{}.set("k", std::to_string(i));
        add_block(*chain, world_, {call(steps)});
    }
    const auto view = chain->view();
    using Heights = std::vector<std::uint64_t>;
    EXPECT_EQ(*view->event_heights(probe_, 0, 10), (Heights{2, 4, 6}));
    EXPECT_EQ(*view->event_heights(probe_, 3, 1), (Heights{4}));
    EXPECT_EQ(*view->event_heights(std::nullopt, 5, 10), (Heights{6}));
    EXPECT_EQ(*view->event_heights(world_.users[0].address, 0, 10), Heights{});
    EXPECT_TRUE(chain->verify());
}

TEST_F(ContractChain, BlocksStandOnBlocksThatAreNotFinal) {
    auto chain = open_chain(world_, folder_.path);
    const auto first = chain->propose(proposal_on(chain->head()->header, world_, {deploy()}));
    ASSERT_TRUE(first);
    const auto second = chain->propose(proposal_on((*first)->header(), world_, {call(Steps{}.set("k", "v"))}), *first);
    ASSERT_TRUE(second);
    EXPECT_EQ((*second)->receipts()[0].status, ExecStatus::success);
    ASSERT_TRUE(chain->commit(*first, {}));
    ASSERT_TRUE(chain->commit(*second, {}));
    EXPECT_EQ(text_of(**chain->view()->state(slot_key(probe_, base::as_bytes("k")))), "v");
}

TEST_F(ContractChain, ALoopCannotHoldABlockBeyondItsGas) {
    auto chain = open_chain(world_, folder_.path);
    add_block(*chain, world_, {deploy()});
    auto body =
        world_.tx(world_.users[0], nonce_++, {ContractCall{.contract = probe_, .input = Steps{}.loop().bytes()}});
    body.gas_limit = tx_gas_limit_max(world_.genesis.params);
    const auto block = add_block(*chain, world_, {world_.verified(world_.users[0], body)});
    EXPECT_EQ(block->receipts()[0].status, ExecStatus::out_of_gas);
    EXPECT_EQ(block->header().gas_used, body.gas_limit);
}

/// Stores its input under "k" and emits it. Written out byte by byte, so that no compiler's version changes its gas.
base::Bytes counter_code() {
    using namespace zvm::test;
    Builder b;
    const auto none = b.type({}, {});
    const auto three = b.type({kI32, kI32, kI32}, {kI32});
    const auto four = b.type({kI32, kI32, kI32, kI32}, {});
    b.import_function("zvm1", "input_read", three);
    b.import_function("zvm1", "storage_set", four);
    b.import_function("zvm1", "emit", four);
    b.memory(1);
    b.function("call", none,
               join({i32_const(64),
                     i32_const(0),
                     i32_const(64),
                     {0x10, 0, 0x1a},  // input_read, drop
                     i32_const(0),
                     i32_const(1),
                     i32_const(64),
                     i32_const(32),
                     {0x10, 1},  // storage_set
                     i32_const(0),
                     i32_const(0),
                     i32_const(64),
                     i32_const(32),
                     {0x10, 2}}));  // emit
    return b.bytes();
}

TEST_F(ContractChain, CodeWithoutInitIsGivenNothingWhenItIsDeployed) {
    auto chain = open_chain(world_, folder_.path);
    const auto deploy_with = [&](base::Bytes input, Amount value) {
        const auto block = add_block(
            *chain, world_,
            {contract_tx(
                world_, world_.users[0], nonce_++,
                ContractDeploy{.code = counter_code(), .input = std::move(input), .value = value, .salt = {}})});
        return block->receipts()[0].status;
    };
    EXPECT_EQ(deploy_with(base::Bytes(1), 0), ExecStatus::code_invalid);
    EXPECT_EQ(deploy_with({}, 1), ExecStatus::code_invalid);
    EXPECT_EQ(deploy_with({}, 0), ExecStatus::success);
    EXPECT_TRUE(chain->verify());
}

TEST_F(ContractChain, GasAndRootsAreTheseOnEveryMachineAndBuild) {
    auto chain = open_chain(world_, folder_.path);
    const auto code = counter_code();
    const auto address = contract_address(world_.users[0].address, {}, code_hash(code));
    const auto block =
        add_block(*chain, world_,
                  {contract_tx(world_, world_.users[0], 0, ContractDeploy{.code = code, .input = {}, .value = 0}),
                   contract_tx(world_, world_.users[0], 1,
                               ContractCall{.contract = address, .input = bytes_of("determinism"), .value = 7})});
    ASSERT_EQ(block->receipts()[1].status, ExecStatus::success);
    EXPECT_EQ(block->receipts()[0].gas_used, 204'706u);
    EXPECT_EQ(block->receipts()[1].gas_used, 138'274u);
    EXPECT_EQ(base::to_hex(block->header().state_root),
              "774199816a368e6731a4ab0546775142f3f435c7febe37f5b2d191d51aee81ad");
    EXPECT_EQ(base::to_hex(block->header().receipts_root),
              "7879eecc2b76d821bea8bcf9a1be309015531f6bfd852140a4ec9a0c1cbe8835");
}

}  // namespace
}  // namespace ledger::test

// The mock chain against the ledger: the same probe contracts, the same inputs, the same answers.
#include <gtest/gtest.h>

#include "contract_kit/mock_chain.hpp"
#include "contract_world.hpp"

namespace contract_kit {
namespace {

using ledger::test::probe;
using ledger::test::Steps;
using ledger::test::topic;

class ChainAgreement : public ::testing::Test {
 protected:
    ChainAgreement() {
        program_.module = *zvm::Module::load(probe(), zvm::LoadOptions::contract());
        program_.load_gas = program_.module->load_gas();
        program_.instance_gas = program_.module->instance_gas();
        program_.code_hash = ledger::code_hash(probe());
        mock_.know(program_);
        mock_.set_balance(user(0).bytes, {}, 1000 * ledger::kAgccPerGcc);
        mock_.set_balance(user(1).bytes, {}, 1000 * ledger::kAgccPerGcc);
        // The first transaction of an address costs its account, on top.
        world_.run(world_.users[1], {ledger::AssetBurn{ledger::kGcc, 1}});
        for (std::size_t i = 0; i < contracts_.size(); ++i) {
            contracts_[i] = world_.deploy(probe(), {}, 0, static_cast<std::uint8_t>(i));
            zvm::Address created{};
            const auto made = mock_.deploy(program_, topic(static_cast<std::uint8_t>(i)),
                                           {.caller = user(0).bytes, .target = {}, .input = {}, .gas = kGas}, created);
            EXPECT_EQ(made.status, zvm::CallStatus::ok) << made.note;
            EXPECT_EQ(ledger::Address{created}, contracts_[i]);
        }
    }
    [[nodiscard]] const ledger::Address& user(std::size_t i) const { return world_.users[i].address; }

    /// What both say; fails when they differ.
    std::string ask(std::size_t by, const ledger::Address& contract, const Steps& steps, std::uint64_t gas = kGas) {
        const ledger::ContractCall message{.contract = contract, .input = steps.bytes(), .value = 0};
        const auto receipt = world_.run(world_.users[by], {message}, gas);
        const auto outcome =
            mock_.call({.caller = user(by).bytes, .target = contract.bytes, .input = steps.bytes(), .gas = gas});
        const auto& rules = ledger::rules_of(world_.genesis.params);
        EXPECT_EQ(receipt.gas_used, rules.native->tx + ledger::native_gas(message, rules) + outcome.gas_used);
        EXPECT_EQ(receipt.status == ledger::ExecStatus::success, outcome.status == zvm::CallStatus::ok)
            << ledger::describe(receipt.status) << ", " << outcome.note;
        EXPECT_EQ(base::to_hex(receipt.output), base::to_hex(outcome.output));
        return base::to_hex(receipt.output);
    }

    static constexpr std::uint64_t kGas = ledger::test::ContractWorld::kRoom;
    ledger::test::ContractWorld world_;
    Program program_;
    MockChain mock_;
    std::array<ledger::Address, 2> contracts_;
};

TEST_F(ChainAgreement, EveryChainOfFourCallsBetweenTwoContractsIsEnteredOrRefusedAlike) {
    constexpr unsigned kCalls = 4;
    std::set<std::string> answers;
    for (unsigned path = 0; path < 1u << (2 * kCalls); ++path) {
        // Two bits a call: whom, and whether the caller may be entered again during it. The innermost first.
        Steps steps;
        for (unsigned i = 0; i < kCalls; ++i) {
            const auto bits = path >> (2 * i);
            steps = Steps{}.call(contracts_[bits & 1], steps, 0, (bits & 2) != 0).returned();
        }
        SCOPED_TRACE(path);
        answers.insert(ask(0, contracts_[0], steps));
    }
    // Refused at each of the four, and never.
    EXPECT_EQ(answers.size(), kCalls + 1);
}

TEST_F(ChainAgreement, APermissionOfAnInnerFrameDoesNotOpenAnOuterOne) {
    const auto& [a, b] = contracts_;
    // A ──no──▶ B ──no──▶ A? refused. A ──yes──▶ A ──no──▶ B ──▶ A: the second frame of A has not allowed it.
    const auto last = Steps{}.call(a, {});
    EXPECT_EQ(ask(0, a, Steps{}.call(a, Steps{}.call(b, last).returned(), 0, true).returned()), "000003");
    EXPECT_EQ(ask(0, a, Steps{}.call(a, Steps{}.call(b, last, 0, true).returned(), 0, true).returned()), "000000");
}

TEST_F(ChainAgreement, EventsEndAtTheSameOne) {
    const auto& a = contracts_[0];
    ask(0, a, Steps{}.events(1024, 0));
    ask(0, a, Steps{}.events(1025, 0));
    ask(0, a, Steps{}.events(16, 16 * 1024));
    ask(0, a, Steps{}.events(17, 16 * 1024));
    // Those of a call that failed do not count.
    const auto failing = Steps{}.events(1000, 0).revert("");
    ask(0, a, Steps{}.call(contracts_[1], failing).events(1024, 0));
    // A contract that is made counts, and is not made when there are too many.
    ask(0, a, Steps{}.events(1023, 0).create(program_.code_hash, topic(7), {}));
    ask(0, a, Steps{}.events(1024, 0).create(program_.code_hash, topic(8), {}));
}

TEST_F(ChainAgreement, ARunCostsTheSameWhateverItIsGiven) {
    const auto& [a, b] = contracts_;
    const auto work = Steps{}.call(b, Steps{}.set("key", "value").returned()).call(b, Steps{}.trap()).returned();
    const auto both = program_.load_gas + program_.instance_gas;
    // Enough for all, for parts of it, for exactly one start, and for none.
    for (const auto gas : {kGas, both * 4, both * 3 / 2, both + 1, both, both - 1, std::uint64_t{1}}) {
        SCOPED_TRACE(gas);
        ask(0, a, work, gas);
    }
}

TEST_F(ChainAgreement, WhatTouchesTheStateCostsTheSame) {
    const auto& [a, b] = contracts_;
    world_.run(world_.users[0], {ledger::Transfer{a, ledger::kGcc, 1'000}});
    mock_.set_balance(a.bytes, {}, 1'000);
    const ledger::Address nobody{topic(44)};
    // Twice each: what is new the first time is there the second.
    for (int time = 0; time < 2; ++time) {
        SCOPED_TRACE(time);
        ask(0, a, Steps{}.set("key", "some value"));
        ask(0, a, Steps{}.set("key", time == 0 ? "more than it had" : "less"));
        ask(0, a, Steps{}.get("key").get("absent").balance(nobody, ledger::kGcc));
        ask(0, a, Steps{}.transfer(nobody, ledger::kGcc, 1).transfer(nobody, ledger::kGcc, 0));
        ask(0, a, Steps{}.call(b, Steps{}.set("k", "v"), 5).call(b, {}, 0));
        ask(0, a, Steps{}.transfer(nobody, ledger::kGcc, 1'000'000));  // more than it has
        ask(0, a, Steps{}.del("absent"));
    }
    ask(0, a, Steps{}.del("key"));
}

TEST_F(ChainAgreement, OnlyAnOwnerUpgradesThroughTheContract) {
    const auto& [a, b] = contracts_;
    const auto same = Steps{}.upgrade(program_.code_hash);
    EXPECT_EQ(ask(0, a, same), "00");
    EXPECT_EQ(ask(1, a, same), "03");
    EXPECT_EQ(ask(0, b, Steps{}.call(a, same).returned()), "0003") << "the caller is B, the owner is not";
    // A contract that A made is A's.
    const auto child = ledger::contract_address(a, topic(9), program_.code_hash);
    ask(0, a, Steps{}.create(program_.code_hash, topic(9), {}));
    EXPECT_EQ(ask(0, child, same), "03");
    EXPECT_EQ(ask(1, a, Steps{}.call(child, same).returned()), "0000");
}

}  // namespace
}  // namespace contract_kit

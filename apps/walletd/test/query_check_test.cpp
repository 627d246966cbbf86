// A node answers a query, honestly or not; what walletd makes of it.
#include "query_check.hpp"

#include <gtest/gtest.h>

#include "query_world.hpp"
#include "zabi/schema.hpp"

namespace walletd {
namespace {

using ledger::test::probe;
using ledger::test::Steps;

class QueryCheck : public ::testing::Test {
 protected:
    [[nodiscard]] chain::CallContractResponse honest() const { return node_.honest(query_, now_ms_); }
    [[nodiscard]] ledger::BlockHeader head() const { return node_.head(); }

    /// The way of a query, but for the network: what walletd would answer.
    base::Result<ledger::ContractResult> check(const chain::CallContractResponse& answer) const {
        GC_TRY(auto state, ProvedState::make(answer, trust_, {.height_min = height_min_, .now_ms = now_ms_}));
        EXPECT_EQ(state.final(), !trust_.validators.empty());
        GC_TRY(const auto hashes, state.code_hashes());
        for (const auto& hash : hashes) GC_CHECK(state.add_code(hash, code_));
        return replay(state, answer, query_, node_.world.binding.genesis_hash);
    }
    void expect_refused(const chain::CallContractResponse& answer, std::string_view why) const {
        const auto result = check(answer);
        ASSERT_FALSE(result) << why;
        EXPECT_TRUE(result.error().is(Errc::bad_proof));
        EXPECT_NE(base::to_string(result.error()).find(why), std::string::npos) << base::to_string(result.error());
    }

    QueryWorld node_;
    Trust trust_ = node_.trust;
    ledger::CallQuery query_ = node_.ask(Steps{}.get("k"));
    base::Bytes code_ = probe();  ///< What the node serves.
    std::uint64_t now_ms_ = node_.head().time_ms + 500;
    std::uint64_t height_min_ = 1;
};

TEST_F(QueryCheck, AnHonestAnswerIsFoundAgain) {
    const auto result = check(honest());
    ASSERT_TRUE(result) << base::to_string(result.error());
    EXPECT_EQ(base::as_text(result->output), "new");
    trust_.validators.clear();  // Then nobody vouches for the header, but the run is repeated all the same.
    EXPECT_TRUE(check(honest()));
}

TEST_F(QueryCheck, CallsBetweenContractsValueAndTimeAreFoundAgain) {
    query_ = node_.ask(Steps{}.call(node_.second, Steps{}.set("x", "y").get("x").who(), 3).returned().who(), 5);
    const auto result = check(honest());
    ASSERT_TRUE(result) << base::to_string(result.error());
    EXPECT_EQ(result->status, ledger::ExecStatus::success);
}

TEST_F(QueryCheck, RevertsAndTrapsAreAnswersToo) {
    query_ = node_.ask(Steps{}.get("k").revert("no"));
    auto result = check(honest());
    ASSERT_TRUE(result) << base::to_string(result.error());
    EXPECT_EQ(result->status, ledger::ExecStatus::contract_reverted);
    query_ = node_.ask(Steps{}.trap());
    result = check(honest());
    ASSERT_TRUE(result) << base::to_string(result.error());
    EXPECT_FALSE(result->trace.empty());
}

TEST_F(QueryCheck, CodeThatNoProvedContractRunsIsNoLieButCannotBeRun) {
    query_ = node_.ask(Steps{}.create(ledger::test::topic(3), ledger::test::topic(4), {}));
    const auto result = check(honest());
    ASSERT_FALSE(result);
    EXPECT_TRUE(result.error().is(base::Errc::unavailable)) << base::to_string(result.error());
    // Of a code that a contract runs, it can.
    query_ = node_.ask(Steps{}.create(ledger::code_hash(probe()), ledger::test::topic(4), Steps{}.set("a", "b")));
    EXPECT_TRUE(check(honest()));
}

TEST_F(QueryCheck, ALieAboutTheOutcomeIsSeen) {
    auto lie = honest();
    lie.set_output("newer");
    expect_refused(lie, "returns something else");
    lie = honest();
    lie.set_gas_used(lie.gas_used() - 1);
    expect_refused(lie, "other gas");
    lie = honest();
    lie.set_result(chain::RUN_RESULT_REVERTED);
    expect_refused(lie, "ends otherwise");
}

TEST_F(QueryCheck, EveryRecordThatTheRunReadMustBeProved) {
    const auto whole = honest();
    for (int left_out = 0; left_out < whole.proofs_size(); ++left_out) {
        auto lie = whole;
        lie.mutable_proofs()->DeleteSubrange(left_out, 1);
        EXPECT_FALSE(check(lie)) << "without record " << left_out;
    }
    auto lie = whole;
    lie.set_proofs_complete(false);
    expect_refused(lie, "not everything");
    lie = whole;
    lie.clear_proofs();
    expect_refused(lie, "not everything");
}

TEST_F(QueryCheck, ARecordOfAnotherBlockOrValueIsRefused) {
    const auto slot = ledger::slot_key(node_.contract, base::as_bytes("k"));
    auto lie = honest();
    for (auto& proof : *lie.mutable_proofs()) {
        if (proof.key() == slot) proof = node_.prove(slot, head().height - 1);
    }
    lie.set_output("old");
    expect_refused(lie, "different blocks");
    lie = honest();
    for (auto& proof : *lie.mutable_proofs()) {
        if (proof.key() == slot) proof.set_value("old");
    }
    lie.set_output("old");
    expect_refused(lie, "state root");
}

TEST_F(QueryCheck, AStaleOrForeignHeaderIsRefused) {
    height_min_ = head().height + 1;
    const auto stale = check(honest());
    ASSERT_FALSE(stale);
    EXPECT_TRUE(stale.error().is(Errc::node_behind));
    height_min_ = 1;
    auto lie = honest();
    lie.set_height(lie.height() - 1);
    expect_refused(lie, "another block");
    lie = honest();
    lie.set_block_hash(std::string(32, 'x'));
    expect_refused(lie, "another block");
    // Signed by somebody else, and of another chain.
    const auto good = honest();
    trust_.validators[0].public_key = node_.world.users[0].key.public_key().bytes;
    EXPECT_FALSE(check(good));
    trust_.validators = node_.world.genesis.validators;
    trust_.chain->chain_id = "another-chain";
    EXPECT_FALSE(check(good));
}

TEST_F(QueryCheck, TheBlockTimeIsBoundToHeaderAndClock) {
    auto lie = honest();
    lie.set_time_ms(head().time_ms);
    expect_refused(lie, "block time before");
    lie = honest();
    lie.set_time_ms(now_ms_ + kQueryClockSkewMaxMs + 1);
    expect_refused(lie, "two minutes");
    const auto good = honest();
    now_ms_ += kQueryClockSkewMaxMs + 1;
    expect_refused(good, "two minutes");
}

TEST_F(QueryCheck, OtherCodeThanTheProvedHashNamesIsRefused) {
    code_.push_back(std::byte{0});
    expect_refused(honest(), "other code");
    code_.clear();
    expect_refused(honest(), "other code");
}

TEST_F(QueryCheck, ASchemaComesFromTheCodeThatItsHashNames) {
    const auto with_schema = [](std::string_view json) { return *zabi::embed_section(probe(), json); };
    const auto honest_code = with_schema(
        R"({"abi":1,"name":"t","methods":[{"name":"pay","inputs":[{"name":"to","type":"address"},{"name":"n","type":"u64"}]}]})");
    const auto swapped = with_schema(
        R"({"abi":1,"name":"t","methods":[{"name":"pay","inputs":[{"name":"n","type":"u64"},{"name":"to","type":"address"}]}]})");
    const auto hash = ledger::code_hash(honest_code);
    const auto checked = check_named_code(hash, honest_code);
    ASSERT_TRUE(checked) << base::to_string(checked.error());
    EXPECT_NE(base::as_text(checked->abi).find("\"to\""), std::string::npos);
    EXPECT_EQ(checked->info.code_bytes, honest_code.size());
    const auto refused = check_named_code(hash, swapped);
    ASSERT_FALSE(refused);
    EXPECT_TRUE(refused.error().is(Errc::bad_proof));
    EXPECT_TRUE(check_named_code(ledger::code_hash(probe()), probe())->abi.empty());
}

}  // namespace
}  // namespace walletd

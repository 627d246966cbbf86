// A node answers a query, honestly or not; what walletd makes of it.
#include "query_check.hpp"

#include <gtest/gtest.h>

#include "consensus/certificate.hpp"
#include "contract_world.hpp"
#include "zabi/schema.hpp"

namespace walletd {
namespace {

using ledger::test::probe;
using ledger::test::Steps;

std::string text(base::ByteView bytes) { return std::string{base::as_text(bytes)}; }

/// A chain with one validator, a probe contract with the slot "k", and a second one.
class QueryCheck : public ::testing::Test {
 protected:
    QueryCheck() {
        world_.genesis.validators[0].public_key = key_.public_key().bytes;
        world_.binding.genesis_hash = ledger::genesis_hash(world_.genesis);
        trust_.chain = world_.binding;
        trust_.validators = world_.genesis.validators;
        chain_ = ledger::test::open_chain(world_, folder_.path);
        add(ledger::ContractDeploy{.code = probe(), .input = {}, .value = 0, .salt = {}});
        add(ledger::ContractDeploy{.code = probe(), .input = {}, .value = 0, .salt = ledger::test::topic(1)});
        add(ledger::ContractCall{.contract = contract_, .input = Steps{}.set("k", "old").bytes(), .value = 0});
        add(ledger::ContractCall{.contract = contract_, .input = Steps{}.set("k", "new").bytes(), .value = 7});
        query_ = ask(Steps{}.get("k"));
        now_ms_ = head().time_ms + 500;
        code_ = probe();
    }

    void add(ledger::Msg msg) {
        auto body = world_.tx(world_.users[0], nonce_++, {std::move(msg)});
        body.gas_limit += ledger::test::ContractWorld::kRoom;
        ledger::test::add_block(*chain_, world_, {world_.verified(world_.users[0], std::move(body))});
    }
    [[nodiscard]] ledger::CallQuery ask(const Steps& steps, ledger::Amount value = 0) const {
        return {.call = {.contract = contract_, .input = steps.bytes(), .value = value},
                .caller = world_.users[1].address,
                .gas_limit = 10'000'000};
    }
    [[nodiscard]] ledger::BlockHeader head() const { return chain_->head()->header; }

    [[nodiscard]] chain::Proof prove(const std::string& key, std::uint64_t height) const {
        const auto proved = chain_->view()->prove(key, height);
        EXPECT_TRUE(proved);
        chain::Proof out;
        out.set_key(key);
        if (proved->value) out.set_value(text(*proved->value));
        out.set_proof(text(proved->proof.encode()));
        out.set_raw_header(text(ledger::encode(proved->header)));
        consensus::Certificate made{.vote = {.kind = consensus::VoteKind::finalize,
                                             .epoch = proved->header.epoch,
                                             .slot = proved->header.slot,
                                             .block_hash = ledger::block_hash(proved->header)},
                                    .bitmap = {std::byte{1}},
                                    .signatures = {}};
        made.signatures.push_back(key_.sign(consensus::vote_hash(world_.binding, made.vote)));
        out.set_certificate(text(consensus::encode(made)));
        return out;
    }

    /// What an honest node says.
    [[nodiscard]] chain::CallContractResponse honest() const {
        const auto view = chain_->view();
        const ledger::ViewReader reader{*view};
        const auto height = head().height;
        const auto ran =
            ledger::query_contract(reader, {.height = height + 1, .time_ms = now_ms_, .proposer = {}, .base_fee = {}},
                                   world_.binding.genesis_hash, query_, chain_->contracts());
        EXPECT_TRUE(ran);
        chain::CallContractResponse out;
        out.set_result(ran->status == ledger::ExecStatus::success             ? chain::RUN_RESULT_OK
                       : ran->status == ledger::ExecStatus::contract_reverted ? chain::RUN_RESULT_REVERTED
                                                                              : chain::RUN_RESULT_TRAPPED);
        out.set_output(text(ran->output));
        out.set_gas_used(ran->gas_used);
        out.set_height(height);
        out.set_block_hash(text(chain_->head()->hash));
        out.set_time_ms(now_ms_);
        out.set_proofs_complete(true);
        for (const auto& key : ran->keys) {
            if (!key.starts_with("w/")) *out.add_proofs() = prove(key, height);
        }
        return out;
    }

    /// The way of a query, but for the network: what walletd would answer.
    base::Result<ledger::ContractResult> check(const chain::CallContractResponse& answer) const {
        GC_TRY(auto state, ProvedState::make(answer, trust_, {.height_min = height_min_, .now_ms = now_ms_}));
        EXPECT_EQ(state.final(), !trust_.validators.empty());
        GC_TRY(const auto hashes, state.code_hashes());
        for (const auto& hash : hashes) GC_CHECK(state.add_code(hash, code_));
        return replay(state, answer, query_, world_.binding.genesis_hash);
    }
    void expect_refused(const chain::CallContractResponse& answer, std::string_view why) const {
        const auto result = check(answer);
        ASSERT_FALSE(result) << why;
        EXPECT_TRUE(result.error().is(Errc::bad_proof));
        EXPECT_NE(base::to_string(result.error()).find(why), std::string::npos) << base::to_string(result.error());
    }

    ledger::test::World world_;
    ledger::test::TempFolder folder_;
    zcrypto::ed25519::SigningKey key_ = zcrypto::ed25519::SigningKey::generate(world_.random);
    Trust trust_;
    std::unique_ptr<ledger::ChainState> chain_;
    std::uint64_t nonce_ = 0;
    const ledger::Address contract_ = ledger::contract_address(world_.users[0].address, {}, ledger::code_hash(probe()));
    const ledger::Address second_ =
        ledger::contract_address(world_.users[0].address, ledger::test::topic(1), ledger::code_hash(probe()));
    ledger::CallQuery query_;
    base::Bytes code_;  ///< What the node serves.
    std::uint64_t now_ms_ = 0;
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
    query_ = ask(Steps{}.call(second_, Steps{}.set("x", "y").get("x").who(), 3).returned().who(), 5);
    const auto result = check(honest());
    ASSERT_TRUE(result) << base::to_string(result.error());
    EXPECT_EQ(result->status, ledger::ExecStatus::success);
}

TEST_F(QueryCheck, RevertsAndTrapsAreAnswersToo) {
    query_ = ask(Steps{}.get("k").revert("no"));
    auto result = check(honest());
    ASSERT_TRUE(result) << base::to_string(result.error());
    EXPECT_EQ(result->status, ledger::ExecStatus::contract_reverted);
    query_ = ask(Steps{}.trap());
    result = check(honest());
    ASSERT_TRUE(result) << base::to_string(result.error());
    EXPECT_FALSE(result->trace.empty());
}

TEST_F(QueryCheck, CodeThatNoProvedContractRunsIsNoLieButCannotBeRun) {
    query_ = ask(Steps{}.create(ledger::test::topic(3), ledger::test::topic(4), {}));
    const auto result = check(honest());
    ASSERT_FALSE(result);
    EXPECT_TRUE(result.error().is(base::Errc::unavailable)) << base::to_string(result.error());
    // Of a code that a contract runs, it can.
    query_ = ask(Steps{}.create(ledger::code_hash(probe()), ledger::test::topic(4), Steps{}.set("a", "b")));
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
    const auto slot = ledger::slot_key(contract_, base::as_bytes("k"));
    auto lie = honest();
    for (auto& proof : *lie.mutable_proofs()) {
        if (proof.key() == slot) proof = prove(slot, head().height - 1);
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
    expect_refused(honest(), "older");
    height_min_ = 1;
    auto lie = honest();
    lie.set_height(lie.height() - 1);
    expect_refused(lie, "another block");
    lie = honest();
    lie.set_block_hash(std::string(32, 'x'));
    expect_refused(lie, "another block");
    // Signed by somebody else, and of another chain.
    const auto good = honest();
    trust_.validators[0].public_key = world_.users[0].key.public_key().bytes;
    EXPECT_FALSE(check(good));
    trust_.validators = world_.genesis.validators;
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

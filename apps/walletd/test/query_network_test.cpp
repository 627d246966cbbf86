// QueryContract and GetContract over the network, of a node that says what the test tells it to.
#include <gtest/gtest.h>

#include <functional>
#include <mutex>

#include "base/clock.hpp"
#include "ghost/wallet/v1/wallet.pb.h"
#include "node_fixture.hpp"
#include "query_world.hpp"

namespace walletd {
namespace {

namespace wallet = ghost::wallet::v1;
using ledger::test::probe;
using ledger::test::Steps;

constexpr rpc::UnaryMethod<chain::CallContractRequest, wallet::ContractAnswer> kQuery{
    "/ghost.wallet.v1.WalletService/QueryContract"};
constexpr rpc::UnaryMethod<chain::ContractRequest, wallet::ContractInfo> kContract{
    "/ghost.wallet.v1.WalletService/GetContract"};

class QueryNetwork : public NodeTest {
 protected:
    [[nodiscard]] zcrypto::ed25519::PublicKey validator_key() const override { return world_.validator.public_key(); }
    void add_methods(rpc::Server& node) override {
        node.add(kChainStatus, [this](rpc::CallContext&, const chain::GetStatusRequest&, auto done) {
            chain::Status status;
            status.set_chain_id(world_.world.binding.chain_id);
            status.set_genesis_hash(wire(world_.world.binding.genesis_hash));
            status.set_finalized_height(world_.head().height);
            done.respond(status);
        });
        node.add(kChainCallContract, [this](rpc::CallContext&, const chain::CallContractRequest& request, auto done) {
            auto query = world_.ask({});
            query.call.input = base::to_bytes(base::as_bytes(request.input()));
            query.caller = {};
            query.gas_limit = request.gas_limit();
            auto answer = world_.honest(query, base::system_clock().unix_ms());
            const std::lock_guard lock{mutex_};
            if (twist_) twist_(answer);
            done.respond(answer);
        });
        node.add(kChainProof, [this](rpc::CallContext&, const chain::ProofRequest& request, auto done) {
            done.respond(world_.prove(request.key(), world_.head().height));
        });
        node.add(kChainCode, [this](rpc::CallContext&, const chain::CodeRequest&, auto done) {
            const std::lock_guard lock{mutex_};
            chain::Code code;
            code.set_code(wire(code_));
            done.respond(code);
        });
    }

    rpc::StatusOr<wallet::ContractAnswer> ask(const Steps& steps) {
        chain::CallContractRequest request;
        request.set_contract(world_.contract.to_text());
        request.set_input(wire(steps.bytes()));
        return client_->call(kQuery, request, {.timeout_ns = kTimeoutNs});
    }
    rpc::StatusOr<wallet::ContractInfo> look(const ledger::Address& address) {
        chain::ContractRequest request;
        request.set_contract(address.to_text());
        return client_->call(kContract, request, {.timeout_ns = kTimeoutNs});
    }
    void lie(std::function<void(chain::CallContractResponse&)> twist) {
        const std::lock_guard lock{mutex_};
        twist_ = std::move(twist);
    }
    void serve(base::Bytes code) {
        const std::lock_guard lock{mutex_};
        code_ = std::move(code);
    }

    QueryWorld world_;
    std::mutex mutex_;
    std::function<void(chain::CallContractResponse&)> twist_;
    base::Bytes code_ = probe();
};

TEST_F(QueryNetwork, AnswersWhatItFoundItself) {
    const auto answer = ask(Steps{}.get("k"));
    ASSERT_TRUE(answer) << answer.error().to_string();
    EXPECT_TRUE(answer->verified());
    EXPECT_EQ(answer->run().output(), "new");
    EXPECT_EQ(answer->run().proofs_size(), 0) << "nobody asked for them";
    // The words for a failure are ours, whatever the node calls it.
    lie([](chain::CallContractResponse& said) {
        said.set_error("all is well");
        said.mutable_trace()->Clear();
    });
    const auto trapped = ask(Steps{}.trap());
    ASSERT_TRUE(trapped) << trapped.error().to_string();
    EXPECT_EQ(trapped->run().result(), chain::RUN_RESULT_TRAPPED);
    EXPECT_NE(trapped->run().error(), "all is well");
    EXPECT_GT(trapped->run().trace_size(), 0);
}

TEST_F(QueryNetwork, RefusesALyingNode) {
    lie([](chain::CallContractResponse& said) { said.set_output("newer"); });
    EXPECT_EQ(ask(Steps{}.get("k")).error().code, rpc::StatusCode::data_loss);
    lie([](chain::CallContractResponse& said) { said.mutable_proofs()->RemoveLast(); });
    EXPECT_EQ(ask(Steps{}.get("k")).error().code, rpc::StatusCode::data_loss);
    lie([](chain::CallContractResponse& said) { said.set_proofs_complete(false); });
    EXPECT_EQ(ask(Steps{}.get("k")).error().code, rpc::StatusCode::failed_precondition);
    lie({});
    auto other = probe();
    other.push_back(std::byte{0});
    serve(other);
    const auto wrong_code = ask(Steps{}.get("k"));
    ASSERT_FALSE(wrong_code);
    EXPECT_EQ(wrong_code.error().code, rpc::StatusCode::data_loss);
    EXPECT_NE(wrong_code.error().message.find("other code"), std::string::npos) << wrong_code.error().message;
}

TEST_F(QueryNetwork, KnowsAContractByItsProvedRecordAndItsCode) {
    const auto known = look(world_.contract);
    ASSERT_TRUE(known) << known.error().to_string();
    EXPECT_TRUE(known->verified());
    EXPECT_EQ(known->contract().owner(), world_.world.users[0].address.to_text());
    EXPECT_EQ(known->contract().balance(), "7");
    EXPECT_EQ(known->contract().code_bytes(), probe().size());
    EXPECT_EQ(look(world_.world.users[0].address).error().code, rpc::StatusCode::not_found);
    serve(base::to_bytes(base::as_bytes("something else")));
    EXPECT_EQ(look(world_.contract).error().code, rpc::StatusCode::data_loss);
}

}  // namespace
}  // namespace walletd

// QueryContract and GetContract over the network, of a node that says what the test tells it to.
#include <gtest/gtest.h>

#include <functional>
#include <mutex>

#include "base/clock.hpp"
#include "chain_client.hpp"
#include "daemon.hpp"
#include "ghost/wallet/v1/wallet.pb.h"
#include "io/thread.hpp"
#include "query_world.hpp"
#include "rpc/blocking.hpp"
#include "rpc/quic.hpp"

namespace walletd {
namespace {

namespace wallet = ghost::wallet::v1;
using ledger::test::probe;
using ledger::test::Steps;

constexpr rpc::UnaryMethod<chain::CallContractRequest, wallet::ContractAnswer> kQuery{
    "/ghost.wallet.v1.WalletService/QueryContract"};
constexpr rpc::UnaryMethod<chain::ContractRequest, wallet::ContractInfo> kContract{
    "/ghost.wallet.v1.WalletService/GetContract"};
constexpr std::uint64_t kTimeoutNs = 20'000'000'000;

class QueryNetwork : public ::testing::Test {
 protected:
    void SetUp() override {
        start_node();
        auto config = test_config(folder_.file("wallet"));
        config.bridge = "127.0.0.1:" + std::to_string(listener_->bound_address().port());
        config.bridge_key = base::to_hex(*node_identity_->public_key());
        config.validators = {base::to_hex(world_.validator.public_key().bytes)};
        config.peers = {{.name = "client", .key = base::to_hex(*client_identity_->public_key()), .roles = {"client"}}};
        auto started = Walletd::start(config);
        ASSERT_TRUE(started) << started.error().text;
        wallet_ = std::move(*started);
        auto client = rpc::BlockingClient::make(
            [&](io::Reactor& reactor) {
                return rpc::make_quic_connector(
                    reactor, {.server = *io::SocketAddress::parse("127.0.0.1:" + std::to_string(wallet_->port())),
                              .server_keys = {wallet_->public_key()},
                              .identity = *client_identity_});
            },
            {.name = "walletd"});
        ASSERT_TRUE(client);
        client_ = std::move(*client);
    }
    void TearDown() override {
        client_.reset();
        if (wallet_) wallet_->stop();
        if (thread_) {
            thread_->run_and_wait([&] {
                listener_.reset();
                server_.reset();
            });
        }
    }

    void start_node() {
        auto thread = io::ReactorThread::start("node");
        ASSERT_TRUE(thread);
        thread_ = std::move(*thread);
        thread_->run_and_wait([&] {
            server_ = rpc::Server::make(thread_->reactor());
            server_->add(kChainStatus, [this](rpc::CallContext&, const chain::GetStatusRequest&, auto done) {
                chain::Status status;
                status.set_chain_id(world_.world.binding.chain_id);
                status.set_genesis_hash(wire(world_.world.binding.genesis_hash));
                status.set_finalized_height(world_.head().height);
                done.respond(status);
            });
            server_->add(kChainCallContract,
                         [this](rpc::CallContext&, const chain::CallContractRequest& request, auto done) {
                             auto query = world_.ask({});
                             query.call.input = base::to_bytes(base::as_bytes(request.input()));
                             query.caller = {};
                             query.gas_limit = request.gas_limit();
                             auto answer = world_.honest(query, base::system_clock().unix_ms());
                             const std::lock_guard lock{mutex_};
                             if (twist_) twist_(answer);
                             done.respond(answer);
                         });
            server_->add(kChainProof, [this](rpc::CallContext&, const chain::ProofRequest& request, auto done) {
                done.respond(world_.prove(request.key(), world_.head().height));
            });
            server_->add(kChainCode, [this](rpc::CallContext&, const chain::CodeRequest&, auto done) {
                const std::lock_guard lock{mutex_};
                chain::Code code;
                code.set_code(wire(code_));
                done.respond(code);
            });
            auto listener = rpc::QuicListener::start(
                *server_, {.address = *io::SocketAddress::parse("127.0.0.1:0"), .identity = *node_identity_});
            ASSERT_TRUE(listener) << listener.error().text;
            listener_ = std::move(*listener);
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

    TempFolder folder_;
    QueryWorld world_;
    std::mutex mutex_;
    std::function<void(chain::CallContractResponse&)> twist_;
    base::Bytes code_ = probe();
    std::optional<zquic::Identity> client_identity_ = *zquic::Identity::generate();
    std::optional<zquic::Identity> node_identity_ = *zquic::Identity::generate();
    std::unique_ptr<io::ReactorThread> thread_;
    std::unique_ptr<rpc::Server> server_;
    std::unique_ptr<rpc::QuicListener> listener_;
    std::unique_ptr<Walletd> wallet_;
    std::unique_ptr<rpc::BlockingClient> client_;
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

// What a node must refuse, each with its status code and without harm.
#include <gtest/gtest.h>
#include <sys/socket.h>

#include "base/log.hpp"
#include "ghostd/key_file.hpp"
#include "test_node.hpp"

namespace {

using ghostd_test::kTestTimeoutNs;
using ghostd_test::TestNode;
using ghostd_test::Wallet;
using rpc::StatusCode;
namespace v1 = ghost::chain::v1;
namespace methods = ghostd::methods;

struct BadInput : testing::Test {
    TestNode node;
    Wallet alice;
    void SetUp() override { node.fund(alice.address, 10); }

    void expect(const rpc::StatusOr<v1::TransactionReceipt>& result, StatusCode code, const std::string& part = {}) {
        ASSERT_FALSE(result);
        EXPECT_EQ(result.error().code, code) << result.error().to_string();
        EXPECT_NE(result.error().message.find(part), std::string::npos) << result.error().message;
    }
    void TearDown() override {
        // Whatever was refused: the node still works.
        const auto receipt = node.submit(node.transfer(alice, alice.address, 1, node.account(alice.address).nonce()));
        ASSERT_TRUE(receipt) << receipt.error().to_string();
        EXPECT_EQ(node.wait_final(receipt->tx_id()).state(), v1::TX_STATE_FINALIZED);
    }
};

TEST_F(BadInput, MalformedBcsIsInvalid) {
    expect(node.submit(base::ByteView{}), StatusCode::invalid_argument);
    const auto good = ledger::encode(node.transfer(alice, alice.address, 1, 0));
    auto longer = good;
    longer.push_back(std::byte{0});
    expect(node.submit(longer), StatusCode::invalid_argument);
    expect(node.submit(base::ByteView{good}.first(good.size() / 2)), StatusCode::invalid_argument);
    base::SeededRandom random{7};
    for (int i = 0; i < 50; ++i) {
        auto broken = good;
        broken[random.below(broken.size())] ^= static_cast<std::byte>(1 + random.below(255));
        EXPECT_FALSE(node.submit(broken));
    }
}

TEST_F(BadInput, OversizedIsExhausted) {
    expect(node.submit(base::Bytes(ledger::kCodeTxBytesMax + 1)), StatusCode::resource_exhausted);
    expect(node.submit(base::Bytes(5u << 20)), StatusCode::resource_exhausted);  // beyond the message limit
}

TEST_F(BadInput, ReplayIsRefusedWhileWaitingAndAfter) {
    const auto tx = node.transfer(alice, alice.address, 1, 0);
    const auto first = node.submit(tx);
    ASSERT_TRUE(first);
    expect(node.submit(tx), StatusCode::already_exists);
    ASSERT_EQ(node.wait_final(first->tx_id()).state(), v1::TX_STATE_FINALIZED);
    expect(node.submit(tx), StatusCode::already_exists, "final");
    auto other = node.transfer(alice, alice.address, 2, 0);
    expect(node.submit(other), StatusCode::failed_precondition);
}

TEST_F(BadInput, UnderfundedIsRefused) {
    expect(node.submit(node.transfer(alice, alice.address, ledger::kAgccPerGcc * 11, 0)),
           StatusCode::failed_precondition);
    const Wallet nobody;
    expect(node.submit(node.transfer(nobody, alice.address, 1, 0)), StatusCode::failed_precondition);
}

TEST_F(BadInput, WrongChainIsInvalid) {
    auto tx = node.transfer(alice, alice.address, 1, 0);
    tx.tx.genesis_hash[0] ^= std::byte{1};
    node.sign(tx, alice);
    expect(node.submit(tx), StatusCode::invalid_argument);
    tx = node.transfer(alice, alice.address, 1, 0);
    tx.auth.signature = alice.key.sign(ledger::sign_bytes(tx.tx, "another-chain")).bytes;
    expect(node.submit(tx), StatusCode::invalid_argument);
}

TEST_F(BadInput, ExpiredIsRefused) {
    auto tx = node.transfer(alice, alice.address, 1, 0);
    tx.tx.valid_until_height = 1;
    node.sign(tx, alice);
    expect(node.submit(tx), StatusCode::failed_precondition);
}

TEST_F(BadInput, BadSignaturesAreInvalidAndDoNotTaintTheirBatch) {
    auto tx = node.transfer(alice, alice.address, 1, 0);
    tx.auth.signature[10] ^= std::byte{1};
    expect(node.submit(tx), StatusCode::invalid_argument);
    const Wallet mallory;
    tx = node.transfer(alice, alice.address, 1, 0);
    node.sign(tx, mallory);  // a good signature by the wrong key
    expect(node.submit(tx), StatusCode::invalid_argument);
}

TEST_F(BadInput, NoncesTooFarAheadAndLowFeesAreRefused) {
    expect(node.submit(node.transfer(alice, alice.address, 1, 1000)), StatusCode::failed_precondition);
    auto tx = node.transfer(alice, alice.address, 1, 0);
    tx.tx.max_fee_per_gas = 1;
    tx.tx.tip_per_gas = 0;
    node.sign(tx, alice);
    expect(node.submit(tx), StatusCode::failed_precondition);
}

TEST_F(BadInput, UnknownMethodsAreUnimplemented) {
    const rpc::UnaryMethod<v1::GetStatusRequest, v1::Status> method{"/ghost.chain.v1.BlockchainService/Nonsense"};
    const auto result = node.call(method, v1::GetStatusRequest{});
    ASSERT_FALSE(result);
    EXPECT_EQ(result.error().code, StatusCode::unimplemented);
}

TEST_F(BadInput, ReadsWithoutSenseAreInvalid) {
    const auto code = [](const auto& result) { return result ? StatusCode::ok : result.error().code; };
    v1::AccountRequest account;
    account.set_address("ghost1nonsense");
    EXPECT_EQ(code(node.call(methods::kGetAccount, account)), StatusCode::invalid_argument);
    EXPECT_EQ(code(node.call(methods::kGetBlock, v1::BlockRequest{})), StatusCode::invalid_argument);
    v1::BlockRequest block;
    block.set_height(1'000'000'000);
    EXPECT_EQ(code(node.call(methods::kGetBlock, block)), StatusCode::not_found);
    block.set_hash(std::string(32, 'x'));
    EXPECT_EQ(code(node.call(methods::kGetBlock, block)), StatusCode::not_found);
    block.set_hash("short");
    EXPECT_EQ(code(node.call(methods::kGetBlock, block)), StatusCode::invalid_argument);
    v1::TransactionRequest tx;
    tx.set_tx_id("short");
    EXPECT_EQ(code(node.call(methods::kGetTransaction, tx)), StatusCode::invalid_argument);
    tx.set_tx_id(std::string(32, 'x'));
    EXPECT_EQ(node.call(methods::kGetTransaction, tx)->state(), v1::TX_STATE_UNKNOWN);
    EXPECT_EQ(code(node.call(methods::kGetProof, v1::ProofRequest{})), StatusCode::invalid_argument);
    v1::SearchTransactionsRequest search;
    search.set_address(alice.address.to_text());
    search.set_page_token("1:");
    EXPECT_EQ(code(node.call(methods::kSearchTransactions, search)), StatusCode::invalid_argument);
    v1::FaucetRequest faucet;
    faucet.set_address(alice.address.to_text());
    faucet.set_amount("-1");
    EXPECT_EQ(code(node.call(methods::kFaucet, faucet)), StatusCode::invalid_argument);
    faucet.set_amount(base::to_string(ledger::kAgccPerGcc * 100'000'000));
    EXPECT_EQ(code(node.call(methods::kFaucet, faucet)), StatusCode::invalid_argument);
}

TEST_F(BadInput, StrangersAreNotLetIn) {
    const auto stranger = *zquic::Identity::generate();
    for (const auto& identity : {std::optional{stranger}, std::optional<zquic::Identity>{}}) {
        const auto client = node.connect(identity);
        const auto status = client->call(methods::kGetStatus, {}, {.timeout_ns = kTestTimeoutNs});
        ASSERT_FALSE(status);
        EXPECT_EQ(status.error().code, StatusCode::unavailable) << status.error().to_string();
    }
}

TEST_F(BadInput, GarbageDatagramsDoNoHarm) {
    const auto address = node.node().address();
    const int fd = socket(address.is_v4() ? AF_INET : AF_INET6, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    ASSERT_GE(fd, 0);
    base::SeededRandom random{11};
    for (int i = 0; i < 2000; ++i) {
        base::Bytes garbage(1 + random.below(1400));
        random.fill(garbage);
        if (i % 2) garbage[0] = std::byte{0xc3};  // looks like a long header
        sendto(fd, garbage.data(), garbage.size(), 0, address.native(), address.native_size());
    }
    close(fd);
}

TEST(ProductionChain, HasNoFaucet) {
    TestNode node;
    node.stop();
    std::filesystem::remove(ghostd::HomeLayout{node.home()}.faucet_key);
    node.start();
    v1::FaucetRequest request;
    request.set_address(Wallet{}.address.to_text());
    const auto result = node.call(methods::kFaucet, request);
    ASSERT_FALSE(result);
    EXPECT_EQ(result.error().code, StatusCode::permission_denied);
}

}  // namespace

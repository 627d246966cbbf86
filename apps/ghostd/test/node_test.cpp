// A node end to end: real QUIC, real database, real signatures.
#include "ghostd/node.hpp"

#include <gtest/gtest.h>

#include <atomic>
#include <filesystem>
#include <fstream>
#include <thread>

#include "base/file.hpp"
#include "consensus/certificate.hpp"
#include "ghostd/key_file.hpp"
#include "ledger/chain_state.hpp"
#include "test_node.hpp"

namespace {

using ghostd_test::TestNode;
using ghostd_test::Wallet;
using ghostd_test::methods::kEstimateFee;
using ghostd_test::methods::kFaucet;
using ghostd_test::methods::kGetAccount;
using ghostd_test::methods::kGetBlock;
using ghostd_test::methods::kGetProof;
using ghostd_test::methods::kGetStatus;
using ghostd_test::methods::kGetTransaction;
using ghostd_test::methods::kSearchTransactions;
using ghostd_test::methods::kStreamBlocks;
using ghostd_test::methods::kStreamTxStatus;
namespace v1 = ghost::chain::v1;

constexpr std::uint64_t kSecond = 1'000'000'000;

std::string gcc_of(const v1::Account& account) {
    for (const auto& balance : account.balances())
        if (balance.symbol() == "GCC") return balance.amount();
    return "0";
}

/// Checks a GetProof answer against nothing but the genesis: value, root, header hash, certificate.
void expect_proven(TestNode& node, const v1::Proof& proof) {
    const auto header = ledger::decode_header(base::as_bytes(proof.raw_header()));
    ASSERT_TRUE(header);
    const auto path = store::JmtProof::decode(base::as_bytes(proof.proof()));
    ASSERT_TRUE(path);
    const auto value = proof.has_value() ? std::optional{base::as_bytes(proof.value())} : std::nullopt;
    EXPECT_TRUE(path->verify(ledger::state_hash_fn(), header->state_root, base::as_bytes(proof.key()), value));
    const auto certificate = consensus::decode_certificate(base::as_bytes(proof.certificate()));
    ASSERT_TRUE(certificate);
    EXPECT_EQ(certificate->vote.block_hash, ledger::block_hash(*header));
    const auto genesis = ledger::load_genesis(ghostd::HomeLayout{node.home()}.genesis);
    ASSERT_TRUE(genesis);
    EXPECT_TRUE(consensus::verify_certificate(*certificate, genesis->validators,
                                              {genesis->chain_id, ledger::genesis_hash(*genesis)}));
}

TEST(Node, PaysFromFaucetToTransferToProof) {
    TestNode node;
    const Wallet alice, bob;
    node.fund(alice.address, 10);
    const auto submitted = node.submit(node.transfer(alice, bob.address, ledger::kAgccPerGcc * 3 / 2, 0));
    ASSERT_TRUE(submitted) << submitted.error().to_string();
    EXPECT_EQ(submitted->state(), v1::TX_STATE_PENDING);
    const auto receipt = node.wait_final(submitted->tx_id());
    EXPECT_EQ(receipt.state(), v1::TX_STATE_FINALIZED);
    EXPECT_EQ(receipt.execution(), v1::EXECUTION_STATUS_SUCCESS) << receipt.error();
    ASSERT_EQ(receipt.events_size(), 1);
    EXPECT_EQ(receipt.events(0).kind(), "transfer");
    EXPECT_EQ(gcc_of(node.account(bob.address)), "1500000000000000000");
    EXPECT_EQ(node.account(alice.address).nonce(), 1u);

    v1::ProofRequest request;
    request.mutable_balance()->set_address(bob.address.to_text());
    const auto proof = node.call(kGetProof, request);
    ASSERT_TRUE(proof) << proof.error().to_string();
    ASSERT_TRUE(proof->has_value());
    EXPECT_EQ(*ledger::decode_amount(base::as_bytes(proof->value())), ledger::kAgccPerGcc * 3 / 2);
    expect_proven(node, *proof);

    request.mutable_balance()->set_address(Wallet{}.address.to_text());
    const auto absence = node.call(kGetProof, request);
    ASSERT_TRUE(absence);
    EXPECT_FALSE(absence->has_value());
    expect_proven(node, *absence);
}

TEST(Node, AnswersEveryReadAboutATransaction) {
    TestNode node;
    const Wallet alice, bob;
    node.fund(alice.address, 10);
    const auto tx = node.transfer(alice, bob.address, 5, 0);
    v1::EstimateFeeRequest estimate;
    estimate.set_raw(std::string{base::as_text(ledger::encode(tx))});
    const auto fee = node.call(kEstimateFee, estimate);
    ASSERT_TRUE(fee);
    EXPECT_EQ(fee->gas_limit(), tx.tx.gas_limit) << "what it needs at most: she and he are new";
    EXPECT_EQ(fee->gas_limit(), 40'000u + 25'000u + 19'000u + 23'000u);

    const auto submitted = node.submit(tx);
    ASSERT_TRUE(submitted);
    const auto receipt = node.wait_final(submitted->tx_id());

    v1::TransactionRequest by_id;
    by_id.set_tx_id(submitted->tx_id());
    const auto found = node.call(kGetTransaction, by_id);
    ASSERT_TRUE(found);
    EXPECT_EQ(found->state(), v1::TX_STATE_FINALIZED);
    EXPECT_EQ(found->raw(), std::string{base::as_text(ledger::encode(tx))});
    EXPECT_EQ(found->height(), receipt.height());

    v1::BlockRequest by_height;
    by_height.set_height(receipt.height());
    by_height.set_include_transactions(true);
    const auto block = node.call(kGetBlock, by_height);
    ASSERT_TRUE(block);
    EXPECT_EQ(block->hash(), receipt.block_hash());
    ASSERT_GT(block->transactions_size(), static_cast<int>(receipt.index()));
    EXPECT_EQ(block->transactions(static_cast<int>(receipt.index())).tx_id(), submitted->tx_id());
    EXPECT_EQ(base::to_hex(ledger::block_hash(*ledger::decode_header(base::as_bytes(block->raw_header())))),
              base::to_hex(base::as_bytes(block->hash())));
    v1::BlockRequest by_hash;
    by_hash.set_hash(receipt.block_hash());
    EXPECT_EQ(node.call(kGetBlock, by_hash)->header().height(), receipt.height());

    v1::SearchTransactionsRequest search;
    search.set_address(alice.address.to_text());
    search.set_page_size(1);
    const auto newest = node.call(kSearchTransactions, search);
    ASSERT_TRUE(newest) << newest.error().to_string();
    ASSERT_EQ(newest->transactions_size(), 1);
    EXPECT_EQ(newest->transactions(0).tx_id(), submitted->tx_id());
    search.set_page_token(newest->next_page_token());
    const auto older = node.call(kSearchTransactions, search);
    ASSERT_TRUE(older);
    ASSERT_EQ(older->transactions_size(), 1);  // the faucet's payment
    EXPECT_NE(older->transactions(0).tx_id(), submitted->tx_id());
}

TEST(Node, StreamsBlocksInOrderFromAnyHeightAndLive) {
    ghostd::InitOptions init;
    init.config.block.heartbeat_ms = 20;
    TestNode node{init};
    v1::StreamBlocksRequest request;
    request.set_from_height(0);
    std::vector<v1::Block> blocks;
    const auto status =
        node.client().stream(kStreamBlocks, request, {.timeout_ns = 120 * kSecond}, [&](v1::Block block) {
            blocks.push_back(std::move(block));
            return blocks.size() < 60;  // more than are kept in memory
        });
    EXPECT_TRUE(status.ok()) << status.to_string();
    ASSERT_EQ(blocks.size(), 60u);
    for (std::size_t i = 1; i < blocks.size(); ++i) {
        EXPECT_EQ(blocks[i].header().height(), i);
        EXPECT_EQ(blocks[i].header().parent(), blocks[i - 1].hash());
        EXPECT_GT(blocks[i].header().time_ms(), blocks[i - 1].header().time_ms());
    }
}

TEST(Node, TellsASubscriberOfATransactionThatItDoesNotKnowYet) {
    TestNode node;
    const Wallet alice;
    node.fund(alice.address, 10);
    const auto tx = node.transfer(alice, alice.address, 5, 0);
    const auto id = ledger::tx_id(tx.tx);
    v1::TransactionRequest request;
    request.set_tx_id(std::string{base::as_text(id)});
    std::vector<v1::TxState> states;
    const auto other = node.connect(node.admin());
    const auto status = other->stream(kStreamTxStatus, request, {.timeout_ns = 60 * kSecond},
                                      [&](const v1::TransactionReceipt& receipt) {
                                          states.push_back(receipt.state());
                                          if (states.size() == 1) {
                                              EXPECT_TRUE(node.submit(tx));
                                          }
                                          return true;
                                      });
    EXPECT_TRUE(status.ok()) << status.to_string();
    ASSERT_GE(states.size(), 2u);
    EXPECT_EQ(states.front(), v1::TX_STATE_UNKNOWN);
    EXPECT_EQ(states.back(), v1::TX_STATE_FINALIZED);
}

TEST(Node, KeepsEverythingOverARestart) {
    TestNode node;
    const Wallet alice;
    node.fund(alice.address, 7);
    const auto height = node.node().finalized_height();
    node.stop();
    node.start();
    EXPECT_GE(node.node().finalized_height(), height);
    EXPECT_EQ(gcc_of(node.account(alice.address)), "7000000000000000000");
    const auto receipt = node.submit(node.transfer(alice, alice.address, 1, 0));
    ASSERT_TRUE(receipt) << receipt.error().to_string();
    EXPECT_EQ(node.wait_final(receipt->tx_id()).state(), v1::TX_STATE_FINALIZED);
}

TEST(Node, PutsManyFaucetCallsIntoOrder) {
    TestNode node;
    const Wallet alice;
    v1::FaucetRequest request;
    request.set_address(alice.address.to_text());
    request.set_amount("1");
    std::string last;
    for (int i = 0; i < 40; ++i) {
        const auto receipt = node.call(kFaucet, request);
        ASSERT_TRUE(receipt) << receipt.error().to_string();
        last = receipt->tx_id();
    }
    EXPECT_EQ(node.wait_final(last).state(), v1::TX_STATE_FINALIZED);
    EXPECT_EQ(gcc_of(node.account(alice.address)), "40");
}

/// Blocks become final all the time: what a reader is told counts the mempool and the state of one moment.
TEST(Node, TheFaucetsPendingNonceNeverGoesDownWhileItPays) {
    constexpr int kPayments = 320;
    constexpr int kWaiting = 32;  // The mempool keeps 64 of one sender.
    TestNode node;
    const auto faucet = ledger::load_genesis(ghostd::HomeLayout{node.home()}.genesis)->faucet;
    ASSERT_TRUE(faucet);
    std::atomic<bool> done{false};
    std::uint64_t asked = 0;
    std::thread asking{[&] {
        const auto client = node.connect(node.admin());
        v1::AccountRequest request;
        request.set_address(faucet->to_text());
        std::uint64_t highest = 0;
        for (; !done || asked == 0; ++asked) {
            const auto account = client->call(kGetAccount, request, {.timeout_ns = 60 * kSecond});
            ASSERT_TRUE(account) << account.error().to_string();
            ASSERT_GE(account->pending_nonce(), highest);
            ASSERT_GE(account->pending_nonce(), account->nonce());
            highest = account->pending_nonce();
        }
    }};
    const Wallet alice;
    v1::FaucetRequest request;
    request.set_address(alice.address.to_text());
    request.set_amount("1");
    for (int paid = 1; paid <= kPayments && !HasFailure(); ++paid) {
        const auto receipt = node.call(kFaucet, request);
        EXPECT_TRUE(receipt) << receipt.error().to_string();
        if (receipt && paid % kWaiting == 0) {
            EXPECT_EQ(node.wait_final(receipt->tx_id()).state(), v1::TX_STATE_FINALIZED);
        }
    }
    done = true;
    asking.join();
    EXPECT_EQ(gcc_of(node.account(alice.address)), std::to_string(kPayments));
}

TEST(Node, AdvancesWithoutTransactions) {
    ghostd::InitOptions init;
    init.config.block.heartbeat_ms = 10;
    TestNode node{init};
    v1::StreamBlocksRequest request;
    int seen = 0;
    EXPECT_TRUE(node.client()
                    .stream(kStreamBlocks, request, {.timeout_ns = 60 * kSecond},
                            [&](const v1::Block& block) {
                                EXPECT_EQ(block.tx_count(), 0u);
                                return ++seen < 5;
                            })
                    .ok());
    EXPECT_EQ(seen, 5);
}

TEST(Node, ReportsItsStatus) {
    TestNode node;
    const auto status = node.call(kGetStatus, v1::GetStatusRequest{});
    ASSERT_TRUE(status);
    EXPECT_EQ(status->chain_id(), "ghostchain-dev-1");
    EXPECT_EQ(status->genesis_hash(), std::string{base::as_text(node.node().genesis_hash())});
    EXPECT_TRUE(status->accepting());
    EXPECT_TRUE(status->faucet());
    EXPECT_EQ(status->node_address(), node.node().address().to_string());
}

TEST(NodeStart, RefusesAPortInUseAndNamesIt) {
    TestNode first;
    TestNode second;
    second.stop();
    second.config().listen = first.node().address().to_string();
    const auto node = ghostd::Node::start(second.config());
    ASSERT_FALSE(node);
    EXPECT_NE(node.error().text.find(first.node().address().to_string()), std::string::npos) << node.error().text;
}

TEST(NodeStart, RefusesAHomeInUseAndNamesIt) {
    TestNode node;
    auto config = node.config();
    const auto second = ghostd::Node::start(config);
    ASSERT_FALSE(second);
    EXPECT_NE(second.error().text.find(node.home()), std::string::npos) << second.error().text;
}

TEST(NodeStart, RefusesAnEmptyHomeAndSaysHowToMakeOne) {
    const ghostd_test::TempFolder folder;
    ghostd::GhostdConfig config;
    config.home = folder.path();
    const auto node = ghostd::Node::start(config);
    ASSERT_FALSE(node);
    EXPECT_NE(node.error().text.find("ghostd init"), std::string::npos) << node.error().text;
}

TEST(NodeStart, RefusesTheDatabaseOfAnotherChain) {
    TestNode node;
    node.stop();
    const ghostd::HomeLayout home{node.home()};
    auto genesis = *ledger::load_genesis(home.genesis);
    genesis.chain_id = "another-chain";
    std::filesystem::remove(home.genesis);
    ASSERT_TRUE(ledger::save_genesis(genesis, home.genesis));
    const auto started = ghostd::Node::start(node.config());
    ASSERT_FALSE(started);
    EXPECT_NE(started.error().text.find(home.data), std::string::npos) << started.error().text;
}

TEST(NodeStart, RefusesACorruptDatabaseAndNamesIt) {
    TestNode node;
    node.stop();
    const ghostd::HomeLayout home{node.home()};
    for (const auto& entry : std::filesystem::directory_iterator{home.data}) {
        const auto name = entry.path().filename().string();
        if (name.starts_with("MANIFEST") || name == "CURRENT") std::ofstream{entry.path()} << "garbage";
    }
    const auto started = ghostd::Node::start(node.config());
    ASSERT_FALSE(started);
    EXPECT_NE(started.error().text.find(home.data), std::string::npos) << started.error().text;
}

TEST(NodeStart, RefusesAnotherValidatorsKey) {
    TestNode node;
    node.stop();
    const ghostd::HomeLayout home{node.home()};
    std::filesystem::remove(home.validator_key);
    ASSERT_TRUE(ghostd::create_key(home.validator_key));
    const auto started = ghostd::Node::start(node.config());
    ASSERT_FALSE(started);
    EXPECT_NE(started.error().text.find(home.validator_key), std::string::npos) << started.error().text;
}

// Nobody, root included, can make a folder in /proc.
TEST(InitHome, NamesAFolderThatCannotBeWritten) {
    ghostd::InitOptions options;
    options.home = "/proc/ghost/ghostd";
    const auto made = ghostd::init_home(options);
    ASSERT_FALSE(made);
    EXPECT_NE(made.error().text.find("/proc/ghost"), std::string::npos) << made.error().text;
}

TEST(InitHome, KeepsASettingsFileThatIsThere) {
    const ghostd_test::TempFolder folder;
    const ghostd::HomeLayout home{folder / "node"};
    ASSERT_TRUE(base::make_private_dir(home.folder));
    const std::string settings = "# by hand\nlisten = \"[::1]:7777\"\n";
    ASSERT_TRUE(base::write_file_atomic(home.config, base::as_bytes(settings)));
    ghostd::InitOptions options;
    options.home = home.folder;
    const auto made = ghostd::init_home(options);
    ASSERT_TRUE(made) << made.error().text;
    EXPECT_EQ(base::as_text(*base::read_file(home.config, 1 << 20)), settings);
}

TEST(InitHome, RefusesASettingsFileThatIsWrongAndMakesNoChain) {
    const ghostd_test::TempFolder folder;
    const ghostd::HomeLayout home{folder / "node"};
    ASSERT_TRUE(base::make_private_dir(home.folder));
    ASSERT_TRUE(base::write_file_atomic(home.config, base::as_bytes("lissten = 1\n")));
    ghostd::InitOptions options;
    options.home = home.folder;
    const auto made = ghostd::init_home(options);
    ASSERT_FALSE(made);
    EXPECT_NE(made.error().text.find(home.config), std::string::npos) << made.error().text;
    EXPECT_FALSE(std::filesystem::exists(home.genesis));
}

TEST(InitHome, LeavesAnExistingChainAlone) {
    TestNode node;
    node.stop();
    ghostd::InitOptions again;
    again.home = node.home();
    again.config = node.config();
    const auto made = ghostd::init_home(again);
    ASSERT_FALSE(made);
    EXPECT_TRUE(made.error().error.is(base::Errc::already_exists));
    EXPECT_NE(made.error().text.find(node.home()), std::string::npos);
}

}  // namespace

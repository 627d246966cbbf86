// walletd against a node that says what the test tells it to: which of its words are believed.
#include <gtest/gtest.h>

#include <atomic>
#include <functional>
#include <mutex>
#include <thread>

#include "base/random.hpp"
#include "certificate.hpp"
#include "gcrypt/jmt_hash.hpp"
#include "ghost/wallet/v1/wallet.pb.h"
#include "ledger/state.hpp"
#include "node_fixture.hpp"
#include "store/jmt.hpp"

namespace walletd {
namespace {

namespace wallet = ghost::wallet::v1;

constexpr rpc::ServerStreamMethod<wallet::SendRequest, wallet::SendProgress> kSend{
    "/ghost.wallet.v1.WalletService/Send"};
constexpr rpc::UnaryMethod<wallet::WalletStatusRequest, wallet::WalletStatus> kStatus{
    "/ghost.wallet.v1.WalletService/GetStatus"};
constexpr const char* kChainId = "ghostchain-test-1";
constexpr std::uint64_t kGasLimit = 100'000;

/// What the node says now. Any thread, under the mutex.
struct Words {
    std::mutex mutex;
    std::uint64_t base_fee = 1'000'000'000;
    std::uint64_t tip = 10'000'000;
    std::uint64_t nonce = 0;  ///< Without a proof.
    std::uint64_t pending_nonce = 3;
    std::uint64_t height = 7;
    std::uint64_t proved_height = 7;
    std::uint64_t proved_nonce = 3;
    bool climbs = false;  ///< Each proof is of the next block.
    bool signs = true;    ///< The validator does.
    std::vector<std::uint64_t> submitted;
    std::function<rpc::Status(std::uint64_t)> judge;  ///< Of a submitted nonce.
    std::function<void(Words&)> on_account;           ///< Before the account is described.
};

class LyingNodeTest : public NodeTest {
 protected:
    [[nodiscard]] zcrypto::ed25519::PublicKey validator_key() const override { return validator_.public_key(); }
    /// Nothing that these tests wait for ever comes.
    void configure(Config& config) override { config.foreign_nonce_wait_ms = 100; }

    void SetUp() override {
        NodeTest::SetUp();
        ASSERT_TRUE(client_);
        ghost::wallet::v1::LocalRequest request;
        request.mutable_init()->set_password("correct horse");
        request.mutable_init()->set_client(std::string{base::as_text(*client_identity_->public_key())});
        const auto made = ask_local(wallet_->socket_path(), request);
        ASSERT_TRUE(made.has_init()) << made.ShortDebugString();
        address_ = made.init().account().address();
        sender_ = *gcrypt::Address::parse_checked(address_);
    }
    /// Ends with an unlocked wallet.
    void restart_wallet() {
        stop_wallet();
        start_wallet();
        ASSERT_TRUE(client_);
        ghost::wallet::v1::LocalRequest request;
        request.mutable_unlock()->set_password("correct horse");
        request.mutable_unlock()->set_client(std::string{base::as_text(*client_identity_->public_key())});
        ASSERT_TRUE(ask_local(wallet_->socket_path(), request).has_status());
    }

    void add_methods(rpc::Server& node) override {
        node.add(kChainStatus, [this](rpc::CallContext&, chain::GetStatusRequest, auto done) {
            const std::lock_guard lock{words_.mutex};
            chain::Status status;
            status.set_chain_id(kChainId);
            status.set_genesis_hash(std::string{base::as_text(chain_.genesis_hash)});
            status.set_finalized_height(words_.height);
            status.set_accepting(true);
            done.respond(status);
        });
        node.add(kChainAccount, [this](rpc::CallContext&, chain::AccountRequest, auto done) {
            const std::lock_guard lock{words_.mutex};
            if (words_.on_account) words_.on_account(words_);
            chain::Account account;
            account.set_nonce(words_.nonce);
            account.set_pending_nonce(words_.pending_nonce);
            account.add_balances()->set_amount("1000000000000000000");
            done.respond(account);
        });
        node.add(kChainProof, [this](rpc::CallContext&, chain::ProofRequest, auto done) { done.respond(proof()); });
        node.add(kChainEstimate, [this](rpc::CallContext&, chain::EstimateFeeRequest, auto done) {
            const std::lock_guard lock{words_.mutex};
            chain::FeeEstimate fee;
            fee.set_gas_limit(kGasLimit);
            fee.set_base_fee(std::to_string(words_.base_fee));
            fee.set_suggested_tip(std::to_string(words_.tip));
            fee.set_suggested_max_fee_per_gas(std::to_string(2 * words_.base_fee + words_.tip));
            done.respond(fee);
        });
        node.add(kChainSubmit, [this](rpc::CallContext&, chain::Transaction transaction, auto done) {
            const std::lock_guard lock{words_.mutex};
            const auto tx = ledger::decode_signed_tx(base::as_bytes(transaction.raw()));
            if (!tx) return done.fail(rpc::StatusCode::invalid_argument, "no transaction");
            if (words_.judge) {
                if (auto status = words_.judge(tx->tx.nonce); !status.ok()) return done.fail(std::move(status));
            }
            words_.submitted.push_back(tx->tx.nonce);
            words_.pending_nonce = std::max(words_.pending_nonce, tx->tx.nonce + 1);
            chain::TransactionReceipt receipt;
            receipt.set_state(chain::TX_STATE_PENDING);
            done.respond(receipt);
        });
        node.add(kChainFollow, [](rpc::CallContext&, chain::TransactionRequest, auto out) {
            chain::TransactionReceipt receipt;
            receipt.set_state(chain::TX_STATE_FINALIZED);
            receipt.set_execution(chain::EXECUTION_STATUS_SUCCESS);
            (void)out.write(receipt);
            out.finish();
        });
    }

    /// The state is one leaf, the sender's account record.
    chain::Proof proof() {
        const std::lock_guard lock{words_.mutex};
        if (words_.climbs) ++words_.proved_height;
        const auto key = base::to_bytes(std::string_view{ledger::account_key(sender_)});
        const auto value = ledger::encode(ledger::Account{.nonce = words_.proved_nonce});
        const gcrypt::JmtHasher hasher;
        store::JmtProof path;
        path.leaf = store::JmtProof::Leaf{.key_hash = hasher.key_hash(key), .value_hash = hasher.value_hash(value)};
        ledger::BlockHeader header;
        header.chain_id = kChainId;
        header.height = words_.proved_height;
        header.slot = words_.proved_height;
        header.state_root = hasher.leaf(path.leaf->key_hash, path.leaf->value_hash);
        chain::Proof out;
        out.set_key(std::string{base::as_text(key)});
        out.set_value(std::string{base::as_text(value)});
        out.set_proof(std::string{base::as_text(path.encode())});
        out.set_raw_header(std::string{base::as_text(ledger::encode(header))});
        if (!words_.signs) return out;
        out.set_certificate(std::string{base::as_text(certificate_of(validator_, chain_, header))});
        return out;
    }

    void say(const std::function<void(Words&)>& change) {
        const std::lock_guard lock{words_.mutex};
        change(words_);
    }
    std::vector<std::uint64_t> submitted() {
        const std::lock_guard lock{words_.mutex};
        return words_.submitted;
    }
    static wallet::SendRequest payment() {
        wallet::SendRequest request;
        request.set_to(gcrypt::Address{base::Digest{std::byte{77}}}.to_text());
        request.set_amount("1000");
        return request;
    }
    struct Sent {
        rpc::Status status;
        std::vector<wallet::SendProgress> steps;
    };
    Sent send(const wallet::SendRequest& request, std::uint64_t timeout_ns = kTimeoutNs) {
        Sent sent;
        sent.status = client_->stream(kSend, request, {.timeout_ns = timeout_ns}, [&](wallet::SendProgress step) {
            sent.steps.push_back(std::move(step));
            return true;
        });
        return sent;
    }
    /// The transaction of a send or of a dry run that was to be signed.
    static ledger::Tx tx_of(const Sent& sent) {
        EXPECT_TRUE(sent.status.ok()) << sent.status.to_string();
        if (sent.steps.empty()) return {};
        const auto tx = ledger::decode_signed_tx(base::as_bytes(sent.steps[0].raw()));
        EXPECT_TRUE(tx);
        return tx ? tx->tx : ledger::Tx{};
    }

    base::SeededRandom random_{5};
    zcrypto::ed25519::SigningKey validator_ = zcrypto::ed25519::SigningKey::generate(random_);
    ledger::ChainBinding chain_{.chain_id = kChainId, .genesis_hash = {std::byte{9}}};
    Words words_;
    std::string address_;
    gcrypt::Address sender_;
};

/// A wallet that knows no validators has nothing but the node's word.
class TrustingWalletTest : public LyingNodeTest {
    void configure(Config& config) override {
        LyingNodeTest::configure(config);
        config.validators.clear();
    }
};

TEST_F(TrustingWalletTest, SignsNothingThatNeverExpires) {
    for (const auto height : {std::uint64_t{1} << 49, (std::uint64_t{1} << 63) - 10, ~std::uint64_t{0} - 5}) {
        say([height](Words& words) { words.height = height; });
        const auto sent = send(payment());
        EXPECT_EQ(sent.status.code, rpc::StatusCode::data_loss) << height << ": " << sent.status.to_string();
    }
    EXPECT_TRUE(submitted().empty());
    say([](Words& words) { words.height = 8; });
    EXPECT_EQ(tx_of(send(payment())).valid_until_height, 608u);
}

TEST_F(LyingNodeTest, GetsNoHigherFeeThanTheOneThatWasShown) {
    auto request = payment();
    request.set_dry_run(true);
    const auto preview = send(request);
    ASSERT_TRUE(preview.status.ok()) << preview.status.to_string();
    const auto shown = *base::u128_from_string(preview.steps.at(0).max_fee());
    request.set_dry_run(false);
    request.set_fee_max(preview.steps[0].max_fee());

    say([](Words& words) { words.base_fee *= 1000; });
    const auto refused = send(request);
    EXPECT_EQ(refused.status.code, rpc::StatusCode::failed_precondition) << refused.status.to_string();
    EXPECT_TRUE(refused.status.message.starts_with("rejected: the fee may be")) << refused.status.message;
    EXPECT_TRUE(submitted().empty());

    // A base fee that rose a little still fits, and what is signed does not allow more than was shown.
    say([](Words& words) { words.base_fee = 1'100'000'000; });
    const auto tx = tx_of(send(request));
    EXPECT_LE(*base::checked_mul(tx.max_fee_per_gas, tx.gas_limit), shown);
    EXPECT_GE(tx.max_fee_per_gas, 1'100'000'000 + tx.tip_per_gas);
}

TEST_F(LyingNodeTest, GetsNoTipBeyondTheCeilingOfTheConfiguration) {
    auto request = payment();
    request.set_dry_run(true);
    request.set_sign(true);
    say([](Words& words) {
        words.base_fee = 200'000'000'000;
        words.tip = 150'000'000'000;
    });
    EXPECT_EQ(tx_of(send(request)).tip_per_gas, Config{}.tip_per_gas_max);
    request.set_tip_per_gas("100000000001");
    const auto refused = send(request);
    EXPECT_TRUE(refused.status.message.starts_with("rejected: the tip is")) << refused.status.to_string();
}

TEST_F(LyingNodeTest, GetsASignatureOfAPreviewOnlyWhenTheCallerAsksForOne) {
    auto request = payment();
    request.set_dry_run(true);
    const auto preview = send(request);
    ASSERT_TRUE(preview.status.ok()) << preview.status.to_string();
    EXPECT_TRUE(preview.steps.at(0).raw().empty());
    EXPECT_EQ(preview.steps[0].receipt().tx_id().size(), 32u);
    request.set_sign(true);
    EXPECT_EQ(tx_of(send(request)).nonce, 3u);
    request.set_dry_run(false);
    EXPECT_EQ(send(request).status.code, rpc::StatusCode::invalid_argument);
}

TEST_F(LyingNodeTest, GetsNoSignatureOfAPreviewForALookAlike) {
    // The first characters are the first bytes; the last ones are the checksum, found by trying.
    auto bytes = sender_.bytes;
    std::string to;
    for (std::uint32_t i = 1; i != 0 && to.empty(); ++i) {
        for (std::size_t at = 0; at < 4; ++at) bytes[16 + at] = static_cast<std::byte>(i >> (8 * at));
        const auto text = gcrypt::Address{bytes}.to_text();
        if (text.ends_with(std::string_view{address_}.substr(address_.size() - 4)) && text != address_) to = text;
    }
    auto request = payment();
    request.set_to(to);
    request.set_dry_run(true);
    const auto preview = send(request);
    ASSERT_TRUE(preview.status.ok()) << preview.status.to_string();
    EXPECT_EQ(preview.steps.at(0).looks_like(), address_);
    request.set_sign(true);
    request.set_accept_look_alike(true);
    const auto refused = send(request);
    EXPECT_TRUE(refused.status.message.starts_with("look_alike:")) << refused.status.to_string();
    EXPECT_TRUE(refused.steps.empty());
}

TEST_F(LyingNodeTest, CannotMakeAWalletForgetANonceThatIsNotProvedToBeUsed) {
    say([](Words& words) { words.nonce = 1'000'000; });
    EXPECT_EQ(tx_of(send(payment())).nonce, 3u);
    // It forgets the transaction that it took: the wallet does not.
    say([](Words& words) {
        words.pending_nonce = 3;
        words.submitted.clear();
    });
    EXPECT_EQ(tx_of(send(payment())).nonce, 4u);
    say([](Words& words) { words.proved_nonce = 5; });
    EXPECT_EQ(tx_of(send(payment())).nonce, 5u);
}

TEST_F(LyingNodeTest, GetsNoSignatureBeyondTheNoncesThatAreProvedOrOurs) {
    say([](Words& words) { words.pending_nonce = 1000; });
    const auto refused = send(payment());
    EXPECT_EQ(refused.status.code, rpc::StatusCode::failed_precondition);
    EXPECT_TRUE(refused.status.message.starts_with("rejected: the node calls 1000 the next nonce"))
        << refused.status.message;
    EXPECT_NE(refused.status.message.find("below 3"), std::string::npos) << refused.status.message;
    EXPECT_NE(refused.status.message.find("another wallet"), std::string::npos) << refused.status.message;
    auto preview = payment();
    preview.set_dry_run(true);
    EXPECT_TRUE(send(preview).status.ok()) << "there is nothing that could be submitted";
    preview.set_sign(true);
    EXPECT_EQ(send(preview).status.message, refused.status.message);
    EXPECT_TRUE(submitted().empty());

    say([](Words& words) { words.pending_nonce = 0; });
    EXPECT_EQ(tx_of(send(payment())).nonce, 3u);
    say([](Words& words) { words.pending_nonce = 5; });
    EXPECT_NE(send(payment()).status.message.find("below 4"), std::string::npos);
    say([](Words& words) { words.pending_nonce = 4; });
    EXPECT_EQ(tx_of(send(payment())).nonce, 4u);
}

TEST_F(LyingNodeTest, CannotMakeAnUncertainPaymentBePaidTwice) {
    say([](Words& words) {
        words.judge = [](std::uint64_t) -> rpc::Status { return {rpc::StatusCode::unavailable, "gone"}; };
    });
    const auto uncertain = send(payment());
    EXPECT_NE(uncertain.status.message.find("outcome is unknown"), std::string::npos) << uncertain.status.message;
    const auto id = uncertain.status.message.substr(uncertain.status.message.size() - 64);
    say([](Words& words) {
        words.judge = {};
        words.pending_nonce = 4;
    });
    // With another nonce the same payment could be made twice.
    const auto refused = send(payment());
    EXPECT_TRUE(refused.status.message.starts_with("rejected: the node calls 4")) << refused.status.message;
    EXPECT_NE(refused.status.message.find(id), std::string::npos) << refused.status.message;
    say([](Words& words) { words.proved_nonce = 4; });
    EXPECT_EQ(tx_of(send(payment())).nonce, 4u);
}

TEST_F(LyingNodeTest, KnowsOverARestartWhichNoncesAreItsOwn) {
    EXPECT_EQ(tx_of(send(payment())).nonce, 3u);
    EXPECT_EQ(tx_of(send(payment())).nonce, 4u);
    restart_wallet();
    EXPECT_EQ(tx_of(send(payment())).nonce, 5u);
    EXPECT_EQ(submitted(), (std::vector<std::uint64_t>{3, 4, 5}));
}

/// Waits for as long as it takes.
class PatientWalletTest : public LyingNodeTest {
    void configure(Config& config) override { config.foreign_nonce_wait_ms = 600'000; }
};

TEST_F(PatientWalletTest, WaitsForThePaymentsOfAnotherWalletWithTheSameKey) {
    std::atomic<int> asked = 0;
    say([&](Words& words) {
        words.pending_nonce = 5;
        words.on_account = [&asked](Words& now) {
            if (++asked == 3) now.proved_nonce = 5;
        };
    });
    EXPECT_EQ(tx_of(send(payment())).nonce, 5u);
    EXPECT_EQ(submitted(), std::vector<std::uint64_t>{5});
    EXPECT_EQ(asked, 3);
}

/// As a send does that has waited for its turn for longer than for this.
class LateWalletTest : public LyingNodeTest {
    void configure(Config& config) override { config.foreign_nonce_wait_ms = 0; }
};

TEST_F(LateWalletTest, AsksOnceMoreWhetherThePaymentBeforeIsFinal) {
    std::atomic<int> asked = 0;
    say([&](Words& words) {
        words.pending_nonce = 4;
        words.on_account = [&asked](Words& now) {
            if (++asked == 2) now.proved_nonce = 4;
        };
    });
    EXPECT_EQ(tx_of(send(payment())).nonce, 4u);
    say([](Words& words) { words.pending_nonce = 6; });
    EXPECT_TRUE(send(payment()).status.message.starts_with("rejected: the node calls 6"));
    EXPECT_EQ(asked, 4);
    EXPECT_EQ(submitted(), std::vector<std::uint64_t>{4});
}

TEST_F(PatientWalletTest, GivesUpItsTurnWhenTheCallerLeavesWhileItWaits) {
    say([](Words& words) { words.pending_nonce = 5; });
    EXPECT_EQ(send(payment(), 1'000'000'000).status.code, rpc::StatusCode::deadline_exceeded);
    say([](Words& words) { words.pending_nonce = 3; });
    EXPECT_TRUE(send(payment()).status.ok());
}

TEST_F(LyingNodeTest, CannotProveAStateThatNobodySignedOrOneOlderThanWasProved) {
    auto request = payment();
    request.set_dry_run(true);
    say([](Words& words) {
        words.proved_height = 0;
        words.signs = false;
    });
    EXPECT_EQ(send(request).status.code, rpc::StatusCode::data_loss);
    say([](Words& words) {
        words.proved_height = 7;
        words.signs = true;
    });
    EXPECT_TRUE(send(request).status.ok());
    EXPECT_TRUE(send(payment()).status.ok());
    say([](Words& words) { words.proved_height = 6; });
    const auto behind = send(request);
    EXPECT_EQ(behind.status.code, rpc::StatusCode::unavailable);
    EXPECT_NE(behind.status.message.find("older block"), std::string::npos) << behind.status.message;

    restart_wallet();
    const auto status = client_->call(kStatus, wallet::WalletStatusRequest{}, {.timeout_ns = kTimeoutNs});
    ASSERT_TRUE(status) << status.error().to_string();
    EXPECT_EQ(status->verified_height(), 7u) << "remembered over a restart";
}

TEST_F(LyingNodeTest, FindsTheHighestProvedBlockRememberedAlsoWhenManyWereProvedAtOnce) {
    say([](Words& words) { words.climbs = true; });
    std::vector<std::thread> askers;
    for (int i = 0; i < 8; ++i) {
        askers.emplace_back([&] {
            auto request = payment();
            request.set_dry_run(true);
            for (int n = 0; n < 5; ++n) EXPECT_TRUE(send(request).status.ok());
        });
    }
    for (auto& asker : askers) asker.join();
    restart_wallet();
    const auto status = client_->call(kStatus, wallet::WalletStatusRequest{}, {.timeout_ns = kTimeoutNs});
    ASSERT_TRUE(status) << status.error().to_string();
    EXPECT_EQ(status->verified_height(), 47u) << "7, and 40 proofs";
}

TEST_F(LyingNodeTest, LeavesNoGapBehindASendThatFailsAmongOthers) {
    // Whatever else is under way, the node takes only the next nonce; one payment in three it refuses.
    std::atomic<int> asked = 0;
    say([&](Words& words) {
        words.judge = [&](std::uint64_t nonce) -> rpc::Status {
            if (nonce != words_.pending_nonce) return {rpc::StatusCode::internal, "a gap"};
            if (++asked % 3 == 1) return {rpc::StatusCode::invalid_argument, "refused by the test"};
            return {};
        };
    });
    constexpr int kSends = 9;
    std::atomic<int> finalized = 0;
    std::atomic<int> refused = 0;
    std::vector<std::thread> senders;
    for (int i = 0; i < kSends; ++i) {
        senders.emplace_back([&, i] {
            auto request = payment();
            request.set_memo(std::to_string(i));
            const auto sent = send(request);
            if (sent.status.ok() && sent.steps.back().receipt().state() == chain::TX_STATE_FINALIZED) {
                ++finalized;
            } else if (sent.status.message == "rejected: refused by the test") {
                ++refused;
            } else {
                ADD_FAILURE() << sent.status.to_string();
            }
        });
        senders.emplace_back([&] {
            auto request = payment();
            request.set_dry_run(true);
            EXPECT_TRUE(send(request).status.ok());
        });
    }
    for (auto& sender : senders) sender.join();
    EXPECT_EQ(finalized, 6);
    EXPECT_EQ(refused, 3);
    EXPECT_EQ(submitted(), (std::vector<std::uint64_t>{3, 4, 5, 6, 7, 8}));
}

TEST_F(LyingNodeTest, LetsTheNextSendGoOnWhenACallerLeaves) {
    for (int i = 0; i < 20; ++i) {
        // Most of these end before the node was told anything.
        (void)send(payment(), 1'000'000);
    }
    const auto sent = send(payment());
    ASSERT_TRUE(sent.status.ok()) << sent.status.to_string();
    EXPECT_EQ(sent.steps.back().receipt().state(), chain::TX_STATE_FINALIZED);
    const auto nonces = submitted();
    for (std::size_t i = 0; i < nonces.size(); ++i) EXPECT_EQ(nonces[i], 3 + i);
}

}  // namespace
}  // namespace walletd

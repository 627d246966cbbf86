#pragma once
// walletd against a node that says what the test tells it to.
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

namespace wallet = ghost::wallet::v1;

inline constexpr rpc::ServerStreamMethod<wallet::SendRequest, wallet::SendProgress> kSend{
    "/ghost.wallet.v1.WalletService/Send"};
inline constexpr rpc::UnaryMethod<wallet::WalletStatusRequest, wallet::WalletStatus> kStatus{
    "/ghost.wallet.v1.WalletService/GetStatus"};
inline constexpr rpc::UnaryMethod<wallet::OpenRequest, wallet::OpenTransactions> kOpen{
    "/ghost.wallet.v1.WalletService/GetOpenTransactions"};
inline constexpr rpc::ServerStreamMethod<wallet::SendContractRequest, wallet::SendProgress> kSendContract{
    "/ghost.wallet.v1.WalletService/SendContract"};
inline constexpr const char* kChainId = "ghostchain-test-1";
inline constexpr std::uint64_t kGasLimit = 100'000;

/// What the node says now. Any thread, under the mutex.
struct Words {
    std::mutex mutex;
    std::uint64_t base_fee = 1'000'000'000;
    std::uint64_t tip = 10'000'000;
    std::uint64_t gas_limit = kGasLimit;
    std::uint64_t nonce = 0;  ///< Without a proof.
    std::uint64_t pending_nonce = 3;
    std::uint64_t height = 7;
    std::uint64_t proved_height = 7;
    std::uint64_t proved_nonce = 3;
    bool climbs = false;                             ///< Each proof is of the next block.
    bool signs = true;                               ///< The validator does.
    chain::TxState end = chain::TX_STATE_FINALIZED;  ///< Of what was taken.
    std::string end_reason;
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
            fee.set_gas_limit(words_.gas_limit);
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
        node.add(kChainSearch, [](rpc::CallContext&, chain::SearchTransactionsRequest, auto done) {
            done.respond(chain::SearchTransactionsResponse{});
        });
        node.add(kChainFollow, [this](rpc::CallContext&, chain::TransactionRequest, auto out) {
            const std::lock_guard lock{words_.mutex};
            chain::TransactionReceipt receipt;
            receipt.set_state(words_.end);
            receipt.set_error(words_.end_reason);
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

}  // namespace walletd

// One policy for every door: what Send refuses, SignTransaction and the local Sign refuse too.
#include "lying_node_fixture.hpp"
#include "sign_cases.hpp"

namespace walletd {
namespace {

constexpr rpc::UnaryMethod<wallet::SignRequest, wallet::Signature> kSign{
    "/ghost.wallet.v1.WalletService/SignTransaction"};

/// Has met its chain: without one it signs nothing.
class SignPolicyTest : public LyingNodeTest {
 protected:
    void SetUp() override {
        LyingNodeTest::SetUp();
        auto preview = payment();
        preview.set_dry_run(true);
        ASSERT_TRUE(send(preview).status.ok());
    }
};

TEST_F(SignPolicyTest, HoldsOverAConnectionOfTheClientsOwn) {
    expect_the_policy(sender_, chain_.genesis_hash, [&](const wallet::SignRequest& request) {
        const auto signature = client_->call(kSign, request, {.timeout_ns = kTimeoutNs});
        return signature ? std::string{} : signature.error().to_string();
    });
}

TEST_F(SignPolicyTest, HoldsOverTheUnixSocket) {
    expect_the_policy(sender_, chain_.genesis_hash, [&](const wallet::SignRequest& request) {
        ghost::wallet::v1::LocalRequest local;
        *local.mutable_sign() = request;
        const auto response = ask_local(wallet_->socket_path(), local);
        return response.has_signature() ? std::string{} : response.error().message();
    });
}

TEST_F(SignPolicyTest, WhatItRefusesIsNotCountedAsSpent) {
    auto tx = ledger::Tx{.genesis_hash = chain_.genesis_hash,
                         .sender = sender_,
                         .valid_until_height = 600,
                         .gas_limit = 100'000,
                         .max_fee_per_gas = 200'000'000'000,
                         .tip_per_gas = 200'000'000'000,
                         .msgs = {ledger::Transfer{.to = sender_, .asset = {}, .amount = 1}}};
    ghost::wallet::v1::LocalRequest request;
    request.mutable_sign()->set_unsigned_tx(std::string{base::as_text(ledger::encode(tx))});
    const auto refused = ask_local(wallet_->socket_path(), request);
    EXPECT_EQ(refused.error().code(), ghost::wallet::v1::LocalError::INVALID) << refused.ShortDebugString();
    request.mutable_status();
    EXPECT_EQ(ask_local(wallet_->socket_path(), request).status().spent(), "0");
}

TEST_F(SignPolicyTest, ANodeGetsNoPriceBeyondTheCeilingOfTheConfiguration) {
    say([](Words& words) { words.base_fee = 20'000'000'000'000; });
    const auto refused = send(payment());
    EXPECT_NE(refused.status.message.find("fee_per_gas_max"), std::string::npos) << refused.status.to_string();
    EXPECT_TRUE(submitted().empty());
}

}  // namespace
}  // namespace walletd

// Which of a node's words walletd believes.
#include "lying_node_fixture.hpp"
#include "sign_cases.hpp"

namespace walletd {
namespace {

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
    const auto to = look_alike_of(sender_).to_text();
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
    ASSERT_EQ(uncertain.steps.size(), 1u);
    EXPECT_EQ(uncertain.steps[0].may_happen_until(), 607u);
    const auto id = base::to_hex(base::as_bytes(uncertain.steps[0].receipt().tx_id()));
    EXPECT_NE(uncertain.status.message.find(id), std::string::npos) << uncertain.status.message;
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
            } else if (sent.status.message.starts_with("uncertain: the node refuses it: refused by the test;")) {
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

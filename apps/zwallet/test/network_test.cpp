#include "network_fixture.hpp"

namespace zwallet {
namespace {

TEST_F(NetworkTest, SendsCoinsAndShowsThemFinalized) {
    EXPECT_EQ(zwallet("send 1 --to " + address_).exit, 7) << errors();  // nothing there yet
    fund();
    const auto other = zwallet("account new other --json").json()["account"]["address"].get<std::string>();
    const auto dry = zwallet("send 1.5 GCC --to " + other + " --dry-run --json");
    EXPECT_EQ(dry.exit, 0) << errors();
    EXPECT_EQ(dry.json()["dry_run"], true);
    EXPECT_FALSE(dry.json().contains("raw")) << "a preview is not signed";
    const auto signed_run = zwallet("send 1.5 GCC --to " + other + " --dry-run --sign --json");
    EXPECT_EQ(signed_run.exit, 0) << errors();
    EXPECT_GT(signed_run.json()["raw"].get<std::string>().size(), 200u);
    EXPECT_EQ(zwallet("send 1.5 GCC --to " + other + " --sign").exit, 2);

    const auto sent = zwallet("send 1.5 GCC --to " + other + " --memo lunch");
    EXPECT_EQ(sent.exit, 0) << errors();
    EXPECT_NE(sent.out.find("finalized in block"), std::string::npos) << sent.out;
    EXPECT_EQ(sent.out.find('\x1b'), std::string::npos) << "no colours without a terminal";
    EXPECT_NE(errors().find("pending"), std::string::npos) << errors();

    const auto again = zwallet("send 0.5 --to " + other + " --json");
    ASSERT_EQ(again.exit, 0) << errors();
    EXPECT_EQ(again.json()["receipt"]["state"], "finalized");
    const auto id = again.json()["tx_id"].get<std::string>();
    const auto shown = zwallet("tx show " + id + " --json");
    EXPECT_EQ(shown.json()["receipt"]["height"], again.json()["height"]);
    EXPECT_EQ(zwallet("tx show " + std::string(64, '0')).exit, 1);

    const auto balance = zwallet("balance other --json").json();
    EXPECT_EQ(balance["accounts"][0]["balances"][0]["amount"], "2");
    EXPECT_EQ(balance["accounts"][0]["verified"], true);
    EXPECT_NE(zwallet("history").out.find("lunch"), std::string::npos);
    EXPECT_NE(zwallet("balance").out.find("proved against finalized block"), std::string::npos);
    EXPECT_EQ(zwallet("doctor").exit, 0);

    EXPECT_EQ(zwallet("lock").exit, 0);
    EXPECT_EQ(zwallet("send 1 --to " + other).exit, 3);
    EXPECT_EQ(zwallet("send 1 --to ghost1wrong").exit, 2);
    EXPECT_EQ(zwallet("balance").exit, 0) << "balances need no keys";
}

TEST_F(NetworkTest, SpendsWhatTheUnlockingIsFor) {
    fund();
    const auto other = zwallet("account new other --json").json()["account"]["address"].get<std::string>();
    const auto unlock = [&](const std::string& what) {
        return zwallet("unlock --json --password-file " + home_ + "/pw " + what);
    };
    const auto send = "send 1 --json --yes --to " + other;
    ASSERT_EQ(unlock("--account other").exit, 0) << errors();
    EXPECT_EQ(zwallet(send).exit, 4) << "it is for the other account";
    ASSERT_EQ(unlock("--client " + std::string(64, 'a')).exit, 0) << errors();
    EXPECT_EQ(zwallet(send).exit, 4) << "it is for another client";
    ASSERT_EQ(unlock("--client none").exit, 0) << errors();
    EXPECT_EQ(zwallet(send).exit, 4) << "it is for this machine only";
    EXPECT_EQ(unlock("--client somebody").exit, 2);
    EXPECT_EQ(unlock("--limit much").exit, 2);

    const auto scope = unlock("--limit 1.5 --for 15m").json();
    EXPECT_EQ(scope.value("spend_limit", ""), "1500000000000000000") << scope.dump();
    EXPECT_EQ(zwallet(send).exit, 0) << errors();
    const auto beyond = zwallet(send);
    EXPECT_EQ(beyond.exit, 4) << beyond.out << errors();
    EXPECT_NE(zwallet("status").out.find("spent"), std::string::npos);
    ASSERT_EQ(unlock("--limit 1.5").exit, 0) << errors();
    EXPECT_EQ(zwallet(send).exit, 0) << "each unlocking counts anew: " << errors();
}

TEST_F(NetworkTest, SendsNothingThatCouldCostMoreThanTheScriptAllows) {
    fund();
    const auto other = zwallet("account new other --json").json()["account"]["address"].get<std::string>();
    const auto send = "send 1 --to " + other + " --json --yes --fee-max ";
    for (const std::string more : {"'1 agcc' --dry-run", "'1 agcc'", "0"}) {
        const auto refused = zwallet(send + more);
        EXPECT_EQ(refused.exit, 5) << more << errors();
        const auto error = refused.json()["error"];
        EXPECT_EQ(error["code"], "rejected") << more;
        EXPECT_EQ(error["exit"], 5) << more;
        EXPECT_NE(error["message"].get<std::string>().find("that are allowed"), std::string::npos) << error;
    }
    EXPECT_EQ(zwallet("balance other --json").json()["accounts"][0]["balances"][0]["units"], "0");
    const auto sent = zwallet(send + "0.01");
    ASSERT_EQ(sent.exit, 0) << sent.out << errors();
    EXPECT_LE(*base::u128_from_string(sent.json()["max_fee"].get<std::string>()), base::u128{10'000'000'000'000'000});
}

/// Of a walletd that knows no validators.
class UnprovedNetworkTest : public NetworkTest {
    [[nodiscard]] bool knows_validators() const override { return false; }
};

TEST_F(UnprovedNetworkTest, CallsABalanceProvedOnlyWhenItIs) {
    fund();
    const auto shown = zwallet("balance");
    EXPECT_EQ(shown.exit, 0) << errors();
    EXPECT_NE(shown.out.find("as the node says, at block "), std::string::npos) << shown.out;
    EXPECT_EQ(shown.out.find("proved"), std::string::npos) << shown.out;
    EXPECT_NE(errors().find("this balance is not proved by a finalized block"), std::string::npos) << errors();
    EXPECT_EQ(zwallet("balance --json").json()["accounts"][0]["verified"], false);
    // It pays all the same.
    const auto other = zwallet("account new other --json").json()["account"]["address"].get<std::string>();
    EXPECT_EQ(zwallet("send 1 --to " + other).exit, 0) << errors();
}

TEST_F(NetworkTest, WarnsBeforeTheFirstPaymentToAnAddressAndNotAgain) {
    fund();

    const auto stranger = walletd::init_identity(home_ + "/stranger");
    ASSERT_TRUE(stranger);
    const auto to = gcrypt::Address{*stranger}.to_text();
    EXPECT_EQ(zwallet("send 1 --to " + to).exit, 0);
    EXPECT_NE(errors().find("never sent to this address"), std::string::npos) << errors();
    EXPECT_EQ(zwallet("send 1 --to " + to).exit, 0);
    EXPECT_EQ(errors().find("never sent to this address"), std::string::npos) << errors();
}

TEST_F(NetworkTest, SaysWhichKeyToListWhenTheBridgeRefusesIt) {
    std::filesystem::remove(home_ + "/zwallet/identity.pem");
    auto own_key = zwallet("identity").out;
    own_key.resize(64);
    EXPECT_EQ(zwallet("balance").exit, 4);
    EXPECT_NE(errors().find("have this key listed"), std::string::npos) << errors();
    EXPECT_NE(errors().find(own_key), std::string::npos) << errors();
}

}  // namespace
}  // namespace zwallet

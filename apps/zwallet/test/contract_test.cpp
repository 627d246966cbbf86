// zwallet contract … against a whole network, with the example token.
#include "network_fixture.hpp"

namespace zwallet {
namespace {

const std::string kToken = std::string{CONTRACTS_FOLDER} + "/token.wasm";

class ContractTest : public NetworkTest {
 protected:
    std::string deploy_token() {
        const auto deployed = zwallet("contract deploy " + kToken + " 'Example token' EXT 6 1000000 --json");
        EXPECT_EQ(deployed.exit, 0) << deployed.out << errors();
        return deployed.exit == 0 ? deployed.json()["contract"].get<std::string>() : "";
    }
    /// Of a command that has to fail: what it says.
    std::string refusal(const std::string& arguments, int exit) {
        const auto ran = zwallet(arguments);
        EXPECT_EQ(ran.exit, exit) << arguments << "\n" << ran.out << errors();
        return errors();
    }
};

TEST_F(ContractTest, DeploysCallsAndQueriesTheExampleToken) {
    fund();
    const auto dry = zwallet("contract deploy " + kToken + " 'Example token' EXT 6 1000000 --dry-run --json --salt " +
                             std::string(64, '1'));
    ASSERT_EQ(dry.exit, 0) << errors();
    EXPECT_EQ(dry.json()["dry_run"], true);
    EXPECT_GT(dry.json()["gas_trial"], 0);
    const auto token = dry.json()["contract"].get<std::string>();
    const auto deployed = zwallet("contract deploy " + kToken + " 'Example token' EXT 6 1000000 --salt " +
                                  std::string(64, '1') + " --json");
    ASSERT_EQ(deployed.exit, 0) << deployed.out << errors();
    EXPECT_EQ(deployed.json()["contract"], token) << "the dry run named the address";
    EXPECT_GT(deployed.json()["gas_used"], 0);

    const auto shown = zwallet("contract show " + token + " --json").json();
    EXPECT_EQ(shown["name"], "token");
    EXPECT_EQ(shown["owner"], address_);
    EXPECT_EQ(shown["methods"].size(), 13u);
    EXPECT_EQ(shown["verified"], true);
    EXPECT_EQ(shown["code_bytes"], std::filesystem::file_size(kToken));

    const auto other = zwallet("account new other --json").json()["account"]["address"].get<std::string>();
    const auto called = zwallet("contract call " + token + " transfer " + other + " 250 --json");
    ASSERT_EQ(called.exit, 0) << called.out << errors();
    const auto event = called.json()["events"][0];
    EXPECT_EQ(event["name"], "Transfer");
    EXPECT_EQ(event["fields"]["to"], other);
    EXPECT_EQ(event["fields"]["amount"], "250");
    EXPECT_EQ(called.json()["receipt"]["state"], "finalized");

    const auto asked = zwallet("contract query " + token + " balance_of " + other + " --json");
    ASSERT_EQ(asked.exit, 0) << asked.out << errors();
    EXPECT_EQ(asked.json()["result"], "250");
    EXPECT_EQ(asked.json()["verified"], true);
    const auto believed = zwallet("contract query " + token + " balance_of " + other + " --unverified --json").json();
    EXPECT_EQ(believed["result"], "250");
    EXPECT_EQ(believed["verified"], false);
    const auto words = zwallet("contract query " + token + " balance_of " + other).out;
    EXPECT_NE(words.find("verified against finalized block"), std::string::npos) << words;
    const auto plain = zwallet("contract query " + token + " balance_of " + other + " --unverified").out;
    EXPECT_EQ(plain.find("verified"), std::string::npos) << plain;
    EXPECT_EQ(zwallet("contract query " + token + " name --json").json()["result"], "Example token");
    EXPECT_NE(zwallet("contract query " + token + " balance_of " + address_).out.find("999750"), std::string::npos);
    const auto proved = zwallet("contract query " + token + " balance_of " + other + " --proof --json").json();
    EXPECT_EQ(proved["proofs_complete"], true);
    EXPECT_EQ(proved["verified"], true);
    EXPECT_GE(proved["proofs"].size(), 1u);

    const auto events = zwallet("contract events " + token + " --event Transfer --json").json();
    ASSERT_EQ(events["events"].size(), 2u) << events.dump();
    EXPECT_EQ(events["events"][1]["fields"]["amount"], "250");
    EXPECT_EQ(zwallet("contract events " + token + " --follow --limit 1").exit, 0) << errors();
}

/// Of a walletd that knows no validators.
class UnprovedContractTest : public ContractTest {
    [[nodiscard]] bool knows_validators() const override { return false; }
};

TEST_F(UnprovedContractTest, CallsNothingVerifiedThatIsTheNodesWord) {
    fund();
    const auto token = deploy_token();
    ASSERT_FALSE(token.empty());
    for (const auto& look : {"contract show " + token, "contract query " + token + " name"}) {
        const auto shown = zwallet(look);
        EXPECT_EQ(shown.exit, 0) << errors();
        EXPECT_NE(shown.out.find("as the node says, at block "), std::string::npos) << shown.out;
        EXPECT_EQ(shown.out.find("verified"), std::string::npos) << shown.out;
        EXPECT_EQ(zwallet(look + " --json").json()["verified"], false);
    }
    EXPECT_EQ(zwallet("contract call " + token + " transfer " + address_ + " 1").exit, 0) << errors();
    EXPECT_NE(errors().find("not proved: walletd knows no validators"), std::string::npos) << errors();
}

TEST_F(ContractTest, SaysWhatIsWrongWithACall) {
    fund();
    const auto token = deploy_token();
    ASSERT_FALSE(token.empty());
    const auto call = "contract call " + token + " ";
    EXPECT_NE(refusal(call + "tranfer " + address_ + " 1", 2).find("has no method 'tranfer'"), std::string::npos);
    const auto bad_amount = refusal(call + "transfer " + address_ + " many", 2);
    EXPECT_NE(bad_amount.find("amount: 'many' is not an integer (u128)"), std::string::npos) << bad_amount;
    const auto bad_address = refusal(call + "transfer ghost1nonsense 1", 2);
    EXPECT_NE(bad_address.find("transfer: to: the address"), std::string::npos) << bad_address;
    EXPECT_NE(refusal(call + "transfer " + address_, 2).find("takes 2 arguments, got 1"), std::string::npos);
    EXPECT_NE(refusal(call + "balance_of " + address_, 2).find("zwallet contract query"), std::string::npos);
    EXPECT_NE(refusal(call + "transfer " + address_ + " 1 --value 1", 2).find("takes no coins"), std::string::npos);

    // The contract's own error, by name and with its numbers; nothing is sent.
    const auto refused = refusal(call + "transfer " + address_ + " 1000001", 5);
    EXPECT_NE(refused.find("InsufficientBalance"), std::string::npos) << refused;
    EXPECT_NE(refused.find("1000001"), std::string::npos) << refused;
    // Sent all the same: it fails in its block, with the same words.
    const auto failed = refusal(call + "transfer " + address_ + " 1000001 --force", 5);
    EXPECT_NE(failed.find("did not succeed"), std::string::npos) << failed;
    EXPECT_NE(failed.find("InsufficientBalance"), std::string::npos) << failed;

    EXPECT_EQ(zwallet(call + "transfer " + address_ + " 1 --gas-limit 10").exit, 5) << errors();
    const auto dear = zwallet(call + "transfer " + address_ + " 1 --fee-max '1 agcc' --json");
    EXPECT_EQ(dear.exit, 5) << errors();
    EXPECT_EQ(dear.json()["error"]["code"], "rejected");
    EXPECT_NE(dear.json()["error"]["message"].get<std::string>().find("that are allowed"), std::string::npos)
        << dear.out;
    EXPECT_EQ(zwallet("contract deploy " + kToken + " 'Example token' EXT 6 1 --fee-max '1 agcc'").exit, 5) << errors();
    EXPECT_EQ(zwallet(call + "transfer " + address_ + " 1 --fee-max '1 EXT'").exit, 2) << errors();
    EXPECT_EQ(zwallet("contract query ghost1nonsense name").exit, 2);
    const auto nobody = refusal("contract query " + address_ + " name", 1);
    EXPECT_NE(nobody.find("no contract"), std::string::npos) << nobody;
    EXPECT_EQ(zwallet("contract deploy " + kToken + " too few").exit, 2);
    EXPECT_EQ(zwallet("contract deploy " + home_ + "/pw").exit, 2);

    EXPECT_EQ(zwallet("account new poor").exit, 0);
    EXPECT_EQ(zwallet(call + "transfer " + address_ + " 1 --from poor").exit, 7) << errors();
    EXPECT_EQ(zwallet("lock").exit, 0);
    EXPECT_EQ(zwallet(call + "transfer " + address_ + " 1").exit, 3) << errors();
}

}  // namespace
}  // namespace zwallet

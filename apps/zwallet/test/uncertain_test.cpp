// The zwallet program and a walletd whose node refuses and drops: what people and scripts are told.
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <nlohmann/json.hpp>

#include "lying_node_fixture.hpp"

namespace walletd {
namespace {

class UncertainTest : public LyingNodeTest {
 protected:
    struct Ran {
        int exit;
        std::string out;
        [[nodiscard]] nlohmann::json json() const { return nlohmann::json::parse(out, nullptr, false); }
    };
    Ran zwallet(const std::string& arguments) const {
        const auto command = std::string{ZWALLET_PROGRAM} + " --home " + folder_.file("cli") + " " + arguments +
                             " </dev/null 2>" + folder_.file("err");
        Ran ran{.exit = -1, .out = {}};
        auto* pipe = popen(command.c_str(), "r");
        char chunk[4096];
        for (std::size_t got = 0; (got = fread(chunk, 1, sizeof chunk, pipe)) > 0;) ran.out.append(chunk, got);
        ran.exit = WEXITSTATUS(pclose(pipe));
        return ran;
    }
    [[nodiscard]] std::string errors() const {
        std::ifstream file{folder_.file("err")};
        return {std::istreambuf_iterator<char>{file}, {}};
    }
    void configure(Config& config) override {
        LyingNodeTest::configure(config);
        std::filesystem::create_directories(folder_.file("cli"));
        key_ = zwallet("identity").out;
        key_.resize(64);
        config.peers.push_back({.name = "cli", .key = key_, .roles = {"client"}});
    }
    void SetUp() override {
        LyingNodeTest::SetUp();
        ASSERT_TRUE(wallet_);
        const auto wallet_key = base::to_hex(wallet_->public_key());
        // What zwallet takes for its bridge is walletd itself.
        std::ofstream{folder_.file("cli/zwallet/zwallet.toml")}
            << "bridge = \"127.0.0.1:" << wallet_->port() << "\"\nbridge_key = \"" << wallet_key
            << "\"\nwallet_key = \"" << wallet_key << "\"\ntimeout_ms = 60000\n";
        ghost::wallet::v1::LocalRequest request;
        request.mutable_unlock()->set_password("correct horse");
        request.mutable_unlock()->set_client(std::string{base::as_text(*base::fixed_from_hex<32>(key_))});
        ASSERT_TRUE(ask_local(wallet_->socket_path(), request).has_status());
    }
    std::string key_;
};

TEST_F(UncertainTest, SaysThatARefusedAndADroppedPaymentMayStillHappen) {
    const auto pay_with = [](const std::string& memo) {
        return "send 1000 agcc --yes --to " + payment().to() + " --memo " + memo;
    };
    say([](Words& words) {
        words.judge = [](std::uint64_t) -> rpc::Status { return {rpc::StatusCode::invalid_argument, "not today"}; };
    });
    const auto refused = zwallet(pay_with("one --json"));
    EXPECT_EQ(refused.exit, 8) << refused.out << errors();
    const auto error = refused.json()["error"];
    EXPECT_EQ(error.value("code", ""), "uncertain") << refused.out;
    EXPECT_EQ(error.value("exit", 0), 8);
    EXPECT_EQ(error.value("may_happen_until", 0), 607);
    const auto first = error.value("tx_id", "");
    EXPECT_EQ(first.size(), 64u);
    EXPECT_NE(error.value("message", "").find("not today"), std::string::npos);
    EXPECT_NE(error.value("next", "").find("only one can happen"), std::string::npos);

    say([](Words& words) {
        words.judge = {};
        words.end = chain::TX_STATE_DROPPED;
        words.end_reason = "evicted";
    });
    const auto dropped = zwallet(pay_with("two"));
    EXPECT_EQ(dropped.exit, 8) << dropped.out << errors();
    EXPECT_NE(errors().find("may happen instead of this one"), std::string::npos) << errors();
    EXPECT_NE(errors().find(first), std::string::npos) << errors();
    EXPECT_NE(errors().find("dropped (evicted), but it may still happen until block 607"), std::string::npos)
        << errors();
    say([](Words& words) { words.pending_nonce = 3; });
    const auto again = zwallet(pay_with("three --json"));
    EXPECT_EQ(again.json()["error"].value("may_happen_until", 0), 607) << again.out;

    say([](Words& words) { words.pending_nonce = 3; });
    const auto history = zwallet("history --json");
    EXPECT_EQ(history.exit, 0) << errors();
    const auto listed = history.json()["may_happen"];
    ASSERT_EQ(listed.size(), 3u) << history.out;
    EXPECT_EQ(listed[2].value("tx_id", ""), first);
    EXPECT_EQ(listed[2].value("node_says", ""), "refused");
    EXPECT_EQ(listed[1].value("node_says", ""), "dropped");
    EXPECT_EQ(listed[0].value("nonce", 0), 3) << "each would take the place of the others";
    EXPECT_NE(zwallet("history").out.find(first + "  may still happen until block 607"), std::string::npos);

    say([](Words& words) { words.end = chain::TX_STATE_FINALIZED; });
    const auto paid = zwallet(pay_with("four --json"));
    EXPECT_EQ(paid.exit, 0) << paid.out << errors();
    EXPECT_EQ(paid.json()["instead_of"].size(), 3u) << paid.out;
    say([](Words& words) {
        words.height = words.proved_height = 9;
        words.proved_nonce = words.pending_nonce = 4;
    });
    EXPECT_EQ(zwallet("history --json").json()["may_happen"].size(), 0u);
}

}  // namespace
}  // namespace walletd

// The command line as a person or a script meets it.
#include "ghostd/app.hpp"

#include <gtest/gtest.h>

#include <fstream>
#include <nlohmann/json.hpp>

#include "test_node.hpp"

namespace {

using ghostd_test::TempFolder;

struct Ran {
    int code;
    std::string out, err;
};

Ran ghostd_command(std::vector<std::string> words) {
    words.insert(words.begin(), "ghostd");
    std::vector<char*> argv;
    for (auto& word : words) argv.push_back(word.data());
    testing::internal::CaptureStdout();
    testing::internal::CaptureStderr();
    const int code = ghostd::run(static_cast<int>(argv.size()), argv.data());
    std::fflush(stdout);
    return {code, testing::internal::GetCapturedStdout(), testing::internal::GetCapturedStderr()};
}

TEST(App, HelpShowsExamplesForEveryCommand) {
    for (const auto& command : std::vector<std::vector<std::string>>{
             {}, {"init"}, {"start"}, {"status"}, {"genesis"}, {"export"}, {"completion"}}) {
        auto words = command;
        words.emplace_back("--help");
        const auto ran = ghostd_command(words);
        EXPECT_EQ(ran.code, 0);
        EXPECT_NE(ran.out.find("Example"), std::string::npos) << ran.out;
    }
}

TEST(App, WrongUsageExitsWithTwo) {
    EXPECT_EQ(ghostd_command({}).code, 2);
    EXPECT_EQ(ghostd_command({"dance"}).code, 2);
    EXPECT_EQ(ghostd_command({"start", "--frobnicate"}).code, 2);
    EXPECT_EQ(ghostd_command({"completion", "tcsh"}).code, 2);
    EXPECT_EQ(ghostd_command({"genesis", "add-account"}).code, 2);
}

TEST(App, InitNamesASettingsFileThatItsFlagsWouldReplace) {
    const TempFolder folder;
    const auto home = folder / "node";
    ASSERT_EQ(ghostd_command({"init", "--home", home}).code, 0);
    std::filesystem::remove(home + "/genesis.json");
    const auto refused = ghostd_command({"init", "--home", home, "--listen", "[::1]:7777"});
    EXPECT_NE(refused.code, 0);
    EXPECT_NE(refused.err.find(home + "/ghostd.toml"), std::string::npos) << refused.err;
    EXPECT_EQ(ghostd_command({"init", "--home", home}).code, 0);
}

TEST(App, InitMakesAHomeThatGenesisCommandsUnderstand) {
    const TempFolder folder;
    const auto home = folder / "node";
    const auto made = ghostd_command({"init", "--dev", "--chain-id", "test-7", "--home", home});
    ASSERT_EQ(made.code, 0) << made.err;
    EXPECT_NE(made.out.find("faucet     ghost1"), std::string::npos) << made.out;

    const auto keys = ghostd_command({"keys", "show", "--home", home});
    EXPECT_EQ(keys.code, 0) << keys.err;
    EXPECT_EQ(keys.out.find("PRIVATE"), std::string::npos);

    const auto before = ghostd_command({"genesis", "hash", "--home", home});
    ASSERT_EQ(before.code, 0) << before.err;
    const auto address = ghostd_test::Wallet{}.address.to_text();
    EXPECT_EQ(ghostd_command({"genesis", "add-account", address, "12.5", "--home", home}).code, 0);
    EXPECT_EQ(ghostd_command({"genesis", "add-account", address, "1", "--home", home}).code, 1);
    EXPECT_EQ(ghostd_command({"genesis", "add-account", "ghost1nonsense", "1", "--home", home}).code, 1);
    EXPECT_NE(ghostd_command({"genesis", "hash", "--home", home}).out, before.out);
    const auto valid = ghostd_command({"genesis", "validate", "--home", home});
    EXPECT_EQ(valid.code, 0) << valid.err;
    EXPECT_NE(valid.out.find("test-7"), std::string::npos);

    const auto again = ghostd_command({"init", "--home", home});
    EXPECT_EQ(again.code, 1);
    EXPECT_NE(again.err.find(home), std::string::npos) << again.err;
}

TEST(App, NamesAFolderThatCannotBeWritten) {
    const TempFolder folder;
    std::ofstream{folder / "file"} << "in the way";
    const auto ran = ghostd_command({"init", "--home", folder / "file/node"});
    EXPECT_EQ(ran.code, 1);
    EXPECT_NE(ran.err.find(folder / "file"), std::string::npos) << ran.err;
}

TEST(App, NamesAnUnknownConfigKey) {
    const TempFolder folder;
    std::ofstream{folder / "bad.toml"} << "lisen = \"[::]:1\"\n";
    const auto ran = ghostd_command({"start", "--home", folder / "node", "--config", folder / "bad.toml"});
    EXPECT_EQ(ran.code, 1);
    EXPECT_NE(ran.err.find("lisen"), std::string::npos) << ran.err;
    EXPECT_NE(ran.err.find("bad.toml"), std::string::npos) << ran.err;
}

TEST(App, StatusAsksTheRunningNodeAndSaysWhenThereIsNone) {
    ghostd_test::TestNode node;
    const auto address = node.node().address().to_string();
    const auto ran = ghostd_command({"status", "--json", "--home", node.home(), "--address", address});
    ASSERT_EQ(ran.code, 0) << ran.err;
    const auto json = nlohmann::json::parse(ran.out, nullptr, false);
    ASSERT_FALSE(json.is_discarded()) << ran.out;
    EXPECT_EQ(json["chain_id"], "ghostchain-dev-1");
    EXPECT_EQ(json["accepting"], true);
    EXPECT_EQ(ghostd_command({"status", "--home", node.home(), "--address", address}).code, 0);
    node.stop();
    const auto down = ghostd_command({"status", "--home", node.home(), "--address", address});
    EXPECT_EQ(down.code, 3);
    EXPECT_NE(down.err.find("ghostd start"), std::string::npos) << down.err;
}

TEST(App, ExportVerifiesAndPrintsTheStateOfAStoppedNode) {
    ghostd_test::TestNode node;
    const ghostd_test::Wallet alice;
    node.fund(alice.address, 3);
    const auto running = ghostd_command({"export", "--home", node.home()});
    EXPECT_EQ(running.code, 1);
    EXPECT_NE(running.err.find(node.home()), std::string::npos) << running.err;
    node.stop();
    const auto ran = ghostd_command({"export", "--verify", "--home", node.home()});
    ASSERT_EQ(ran.code, 0) << ran.err;
    EXPECT_NE(ran.err.find("sound:"), std::string::npos) << ran.err;
    const auto json = nlohmann::json::parse(ran.out, nullptr, false);
    ASSERT_FALSE(json.is_discarded()) << ran.out;
    bool found = false;
    for (const auto& record : json["state"])
        found |= record["kind"] == "balance" && record["address"] == alice.address.to_text() &&
                 record["amount"] == "3000000000000000000";
    EXPECT_TRUE(found) << ran.out;
}

TEST(App, CompletionPrintsAScriptForEachShell) {
    for (const char* shell : {"bash", "zsh", "fish"}) {
        const auto ran = ghostd_command({"completion", shell});
        EXPECT_EQ(ran.code, 0);
        EXPECT_NE(ran.out.find("export"), std::string::npos);
    }
}

}  // namespace

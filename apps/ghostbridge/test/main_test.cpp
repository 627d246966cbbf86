// The real program: its exit codes, and what it prints for people and for machines.

#include <gtest/gtest.h>
#include <sys/wait.h>

#include <array>
#include <cstdio>
#include <fstream>
#include <nlohmann/json.hpp>

#include "world.hpp"

namespace {

using namespace ghostbridge::test;

struct Ran {
    int code = -1;
    std::string out;  ///< Standard output, then standard error.
};

/// A shell line after "ghostbridge ".
Ran run(const std::string& arguments) {
    const auto line = "GHOST_HOME=/nonexistent '" GHOSTBRIDGE_PROGRAM "' " + arguments + " 2>&1";
    Ran ran;
    FILE* const pipe = popen(line.c_str(), "r");
    if (!pipe) return ran;
    std::array<char, 4096> piece{};
    for (std::size_t got = 0; (got = fread(piece.data(), 1, piece.size(), pipe)) > 0;)
        ran.out.append(piece.data(), got);
    const int status = pclose(pipe);
    ran.code = WIFEXITED(status) ? WEXITSTATUS(status) : 128;
    return ran;
}
bool says(const Ran& ran, std::string_view text) { return ran.out.find(text) != std::string::npos; }

TEST(Program, RefusesWhatItDoesNotKnow) {
    for (const auto* arguments : {"", "--no-such-flag", "start --no-such-flag", "dance", "check", "completion tcsh"}) {
        const auto ran = run(arguments);
        EXPECT_EQ(ran.code, 2) << arguments << '\n' << ran.out;
        EXPECT_TRUE(says(ran, "ghostbridge --help")) << "and says where to look: " << ran.out;
    }
    EXPECT_TRUE(says(run("start --no-such-flag"), "--no-such-flag"));
}

TEST(Program, PrintsHelpAndVersion) {
    const auto help = run("--help");
    EXPECT_EQ(help.code, 0);
    for (const auto* word : {"start", "services", "check", "init-identity", "default-config", "Exit codes"})
        EXPECT_TRUE(says(help, word)) << word;
    const auto version = run("--version");
    EXPECT_EQ(version.code, 0);
    EXPECT_TRUE(version.out.starts_with("ghostbridge ")) << version.out;
    for (const auto* shell : {"bash", "zsh", "fish"})
        EXPECT_TRUE(says(run(std::string{"completion "} + shell), "init-identity"));
}

TEST(Program, ChecksAConfiguration) {
    const TempFolder folder;
    const auto path = folder.path() + "/bridge.toml";
    std::ofstream{path} << run("default-config").out;
    const auto good = run("check " + path);
    EXPECT_EQ(good.code, 0) << good.out;
    EXPECT_TRUE(says(good, "is valid: 0 peers")) << good.out;
    std::ofstream{path} << "lisen_tcp = \"\"\n";
    const auto bad = run("check " + path);
    EXPECT_EQ(bad.code, 2);
    EXPECT_TRUE(says(bad, "lisen_tcp")) << bad.out;
    EXPECT_EQ(run("check " + folder.path() + "/none.toml").code, 2);
}

TEST(Program, MakesAnIdentityOnce) {
    const TempFolder folder;
    const auto home = " --home " + folder.path() + "/home";
    const auto first = run("init-identity" + home);
    EXPECT_EQ(first.code, 0);
    EXPECT_EQ(first.out.size(), 65u) << first.out;
    EXPECT_EQ(run("init-identity" + home).out, first.out);
    EXPECT_EQ(run("init-identity --home /proc/ghost/home").code, 1);
}

TEST(Program, StartsOnlyWithAnIdentityAndAValidConfiguration) {
    const TempFolder folder;
    const auto none = run("start --home " + folder.path());
    EXPECT_NE(none.code, 0);
    EXPECT_TRUE(says(none, "identity.pem")) << none.out;
    std::ofstream{folder.path() + "/ghostbridge.toml"} << "listen_quic = \"nowhere\"\n";
    const auto bad = run("start --home " + folder.path());
    EXPECT_EQ(bad.code, 2);
    EXPECT_TRUE(says(bad, "listen_quic")) << bad.out;
}

class ProgramAtABridge : public World {
 protected:
    /// As the bridge itself: with its home, in a file that names its port.
    Ran services(const std::string& arguments) {
        const auto path = home_.path() + "/ghostbridge.toml";
        std::ofstream{path} << "listen_quic = \"127.0.0.1:" << bridge_->quic_port() << "\"\n";
        return run("services --home " + home_.path() + " " + arguments);
    }
};

TEST_F(ProgramAtABridge, ListsServices) {
    const auto service = start_service();
    ASSERT_TRUE(wait_for_service("test.v1.Echo"));
    const auto table = services("");
    EXPECT_EQ(table.code, 0) << table.out;
    EXPECT_TRUE(says(table, "test.v1.Echo")) << table.out;
    const auto ran = services("--json");
    EXPECT_EQ(ran.code, 0) << ran.out;
    const auto json = nlohmann::json::parse(ran.out, nullptr, false);
    ASSERT_TRUE(json.is_array() || json.is_object()) << ran.out;
    EXPECT_NE(json.dump().find("127.0.0.1:" + std::to_string(service->port)), std::string::npos) << ran.out;
}

TEST_F(ProgramAtABridge, SaysThatNoBridgeAnswers) {
    const auto port = bridge_->quic_port();
    bridge_.reset();
    std::ofstream{home_.path() + "/ghostbridge.toml"} << "listen_quic = \"127.0.0.1:" << port << "\"\n";
    const auto ran = run("services --home " + home_.path());
    EXPECT_EQ(ran.code, 6) << ran.out;
    EXPECT_TRUE(says(ran, "ghostbridge start")) << ran.out;
}

}  // namespace

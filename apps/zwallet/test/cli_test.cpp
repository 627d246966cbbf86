// Runs the zwallet program as a shell would, against a real walletd in this process.
#include <fcntl.h>
#include <gtest/gtest.h>
#include <spawn.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <nlohmann/json.hpp>

#ifdef ZWALLET_WITH_WALLETD
#include "walletd/walletd.hpp"
#endif

namespace zwallet {
namespace {

struct ProgramResult {
    int exit = -1;
    std::string out, err;
    [[nodiscard]] nlohmann::json json() const { return nlohmann::json::parse(out, nullptr, false); }
};

class CliTest : public testing::Test {
 protected:
    CliTest() {
        char name[] = "/tmp/zwallet_test_XXXXXX";
        home_ = mkdtemp(name);
    }
    ~CliTest() override { std::filesystem::remove_all(home_); }

    /// `input` arrives on descriptor 5, which is where --password-fd 5 reads.
    ProgramResult zwallet(std::vector<std::string> arguments, const std::string& input = {}) {
        arguments.insert(arguments.begin(), {ZWALLET_PROGRAM, "--home", home_});
        const auto out = home_ + "/.out", err = home_ + "/.err", in = home_ + "/.in";
        std::ofstream{in} << input;
        std::vector<char*> argv;
        for (auto& argument : arguments) argv.push_back(argument.data());
        argv.push_back(nullptr);
        posix_spawn_file_actions_t actions;
        posix_spawn_file_actions_init(&actions);
        posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDONLY, 0);
        posix_spawn_file_actions_addopen(&actions, 1, out.c_str(), O_WRONLY | O_CREAT | O_TRUNC, 0600);
        posix_spawn_file_actions_addopen(&actions, 2, err.c_str(), O_WRONLY | O_CREAT | O_TRUNC, 0600);
        posix_spawn_file_actions_addopen(&actions, 5, in.c_str(), O_RDONLY, 0);
        posix_spawnattr_t attributes;
        posix_spawnattr_init(&attributes);
        posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETSID);  // no controlling terminal to ask on
        pid_t pid = 0;
        ProgramResult run;
        if (posix_spawn(&pid, ZWALLET_PROGRAM, &actions, &attributes, argv.data(), environ) == 0) {
            int status = 0;
            waitpid(pid, &status, 0);
            run.exit = WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
        }
        posix_spawn_file_actions_destroy(&actions);
        posix_spawnattr_destroy(&attributes);
        run.out = slurp(out);
        run.err = slurp(err);
        return run;
    }
    static std::string slurp(const std::string& path) {
        std::ifstream file{path};
        return {std::istreambuf_iterator<char>{file}, {}};
    }
    std::string home_;
};

TEST_F(CliTest, ExplainsItselfAndEveryCommandWithExamples) {
    const auto help = zwallet({"--help"});
    EXPECT_EQ(help.exit, 0);
    EXPECT_NE(help.out.find("Examples:"), std::string::npos);
    for (const auto* command : {"init", "unlock", "lock", "status", "account", "balance", "send", "receive", "history",
                                "tx", "doctor", "completion", "words", "password", "identity"}) {
        EXPECT_NE(help.out.find(command), std::string::npos) << command;
        EXPECT_EQ(zwallet({command, "--help"}).exit, 0) << command;
    }
    EXPECT_EQ(zwallet({"--version"}).exit, 0);
    for (const auto& command : std::vector<std::vector<std::string>>{
             {"send", "--help"}, {"contract", "deploy", "--help"}, {"contract", "call", "--help"}}) {
        const auto text = zwallet(command).out;
        EXPECT_NE(text.find("--fee-max AMOUNT"), std::string::npos) << text;
        EXPECT_NE(text.find("--fee-max 0."), std::string::npos) << "an example: " << text;
    }
}

TEST_F(CliTest, AnswersWrongUsageWithTwo) {
    EXPECT_EQ(zwallet({}).exit, 2);
    EXPECT_EQ(zwallet({"--no-such-flag"}).exit, 2);
    EXPECT_EQ(zwallet({"balance", "--no-such-flag"}).exit, 2);
    EXPECT_EQ(zwallet({"frobnicate"}).exit, 2);
    EXPECT_EQ(zwallet({"send"}).exit, 2);
    EXPECT_EQ(zwallet({"send", "1,5", "--to", "x", "--bridge-key", std::string(64, 'a')}).exit, 2);
    for (const auto* fee : {"one", "1 EXT", "-1"}) {
        const auto wrong = zwallet({"send", "1", "--to", "x", "--json", std::string{"--fee-max="} + fee});
        EXPECT_EQ(wrong.exit, 2) << fee;
        EXPECT_NE(wrong.json()["error"]["message"].get<std::string>().find(fee), std::string::npos) << wrong.out;
    }
    EXPECT_EQ(zwallet({"tx", "show", "nonsense"}).exit, 2);
    EXPECT_EQ(zwallet({"completion", "tcsh"}).exit, 2);
    EXPECT_EQ(zwallet({"--bridge", "nowhere", "balance"}).exit, 2);
    EXPECT_EQ(zwallet({"unlock", "--password-fd", "5", "--password-file", "x"}).exit, 2);
    EXPECT_EQ(zwallet({"unlock", "--password", "secret"}).exit, 2) << "passwords must not be arguments";
    const auto error = zwallet({"--json", "frobnicate"});
    EXPECT_EQ(error.json()["schema"], "zwallet/1");
    EXPECT_EQ(error.json()["error"]["exit"], 2);
}

TEST_F(CliTest, SaysHowToStartWhatIsMissing) {
    const auto status = zwallet({"status"});
    EXPECT_EQ(status.exit, 6);
    EXPECT_NE(status.err.find("walletd start"), std::string::npos) << status.err;
    const auto balance = zwallet({"balance"});
    EXPECT_EQ(balance.exit, 2);  // no bridge key
    EXPECT_NE(balance.err.find("bridge_key"), std::string::npos) << balance.err;
    const auto unreachable =
        zwallet({"--bridge", "127.0.0.1:9", "--bridge-key", std::string(64, 'a'), "balance", "--json"});
    EXPECT_EQ(unreachable.exit, 6) << unreachable.err;
    EXPECT_EQ(unreachable.json()["error"]["code"], "network");
    const auto doctor = zwallet({"doctor", "--json"});
    EXPECT_NE(doctor.exit, 0);
    EXPECT_EQ(doctor.json()["ok"], false);
    EXPECT_GE(doctor.json()["checks"].size(), 4u);
}

TEST_F(CliTest, MakesItsIdentityOnceAndPrivately) {
    const auto first = zwallet({"identity"});
    EXPECT_EQ(first.exit, 0) << first.err;
    EXPECT_EQ(first.out.size(), 65u);
    EXPECT_EQ(zwallet({"identity"}).out, first.out);
    struct stat info{};
    ASSERT_EQ(stat((home_ + "/zwallet/identity.pem").c_str(), &info), 0);
    EXPECT_EQ(info.st_mode & 077u, 0u);
}

TEST_F(CliTest, CompletionScriptsAreValidShell) {
    for (const auto* shell : {"bash", "zsh", "fish"}) {
        const auto script = zwallet({"completion", shell});
        EXPECT_EQ(script.exit, 0);
        EXPECT_NE(script.out.find("account"), std::string::npos);
    }
    const auto path = home_ + "/c.bash";
    std::ofstream{path} << zwallet({"completion", "bash"}).out;
    const auto offers = [&](const std::string& typed, const std::string& word) {
        const auto check = "bash -c 'source " + path + "; COMP_WORDS=(zwallet " + typed +
                           "); COMP_CWORD=$((${#COMP_WORDS[@]} - 1)); _zwallet; [[ \" ${COMPREPLY[*]} \" == *\" " +
                           word + " \"* ]]'";
        return std::system(check.c_str()) == 0;
    };
    EXPECT_TRUE(offers("account \"\"", "list"));
    EXPECT_TRUE(offers("send --fee", "--fee-max"));
    EXPECT_TRUE(offers("contract call --fee", "--fee-max"));
}

#ifdef ZWALLET_WITH_WALLETD
class CliWithWalletTest : public CliTest {
 protected:
    void SetUp() override {
        walletd::Config config;
        config.home = home_ + "/walletd";
        config.listen = "127.0.0.1:0";
        config.metrics = "";
        config.bridge = "";
        config.kdf = {.calibrate = false, .passes = 2, .memory_kib = 19 * 1024};
        auto started = walletd::Walletd::start(std::move(config));
        ASSERT_TRUE(started) << started.error().text;
        daemon_ = std::move(*started);
    }
    std::unique_ptr<walletd::Walletd> daemon_;
};

TEST_F(CliWithWalletTest, LeadsFromInitToALockedWallet) {
    EXPECT_EQ(zwallet({"unlock", "--password-fd", "5"}, "correct horse\n").exit, 3);
    EXPECT_EQ(zwallet({"init"}).exit, 2) << "no terminal, no descriptor";
    EXPECT_EQ(zwallet({"init", "--password-fd", "5"}, "short\n").exit, 2);
    const auto made = zwallet({"init", "--password-fd", "5", "--json", "--show-words"}, "correct horse\n");
    ASSERT_EQ(made.exit, 0) << made.err;
    EXPECT_EQ(made.json()["schema"], "zwallet/1");
    const auto words = made.json()["words"].get<std::string>();
    EXPECT_EQ(std::ranges::count(words, ' '), 23);
    const auto address = made.json()["account"]["address"].get<std::string>();
    EXPECT_EQ(zwallet({"init", "--password-fd", "5"}, "correct horse\n").exit, 2);

    EXPECT_EQ(zwallet({"lock"}).exit, 0);
    EXPECT_EQ(zwallet({"account", "new", "savings"}).exit, 3);
    EXPECT_EQ(zwallet({"unlock", "--password-fd", "5"}, "wrong password\n").exit, 4);
    EXPECT_EQ(zwallet({"unlock", "--password-fd", "5", "--for", "15m"}, "correct horse\n").exit, 0);
    EXPECT_EQ(zwallet({"account", "new", "savings"}).exit, 0);
    EXPECT_EQ(zwallet({"account", "new", "savings"}).exit, 2);
    const auto list = zwallet({"account", "list", "--json"});
    EXPECT_EQ(list.json()["accounts"].size(), 2u);
    EXPECT_EQ(list.json()["accounts"][0]["address"], address);
    EXPECT_EQ(zwallet({"receive"}).out, address + "\n");
    EXPECT_EQ(zwallet({"account", "show", "savings", "--json"}).json()["account"]["index"], 1);
    EXPECT_EQ(zwallet({"account", "show", "nobody"}).exit, 2);
    EXPECT_EQ(zwallet({"words", "--password-fd", "5"}, "correct horse\n").exit, 2) << "words go to terminals";
    EXPECT_EQ(zwallet({"words", "--password-fd", "5", "--show-words", "--json"}, "correct horse\n").json()["words"],
              words);
    EXPECT_EQ(
        zwallet({"password", "--password-fd", "5", "--new-password-fd", "5"}, "correct horse\nbattery staple\n").exit,
        0);
    EXPECT_EQ(zwallet({"unlock", "--password-fd", "5"}, "correct horse\n").exit, 4);
    const auto status = zwallet({"status", "--json"});
    EXPECT_EQ(status.exit, 0);
    EXPECT_EQ(status.json()["initialised"], true);
    EXPECT_EQ(status.json()["accounts"], 2);
}

TEST_F(CliWithWalletTest, ImportsWordsAndLocksOutAfterManyWrongPasswords) {
    const std::string words =
        "abandon abandon abandon abandon abandon abandon abandon abandon abandon abandon abandon abandon "
        "abandon abandon abandon abandon abandon abandon abandon abandon abandon abandon abandon art";
    EXPECT_EQ(zwallet({"init", "--password-fd", "5", "--words-fd", "5"}, "correct horse\nnot the right words\n").exit,
              2);
    const auto made =
        zwallet({"init", "--password-fd", "5", "--words-fd", "5", "--json"}, "correct horse\n" + words + "\n");
    ASSERT_EQ(made.exit, 0) << made.err << made.out;
    EXPECT_FALSE(made.json().contains("words"));
    for (int i = 0; i < 5; ++i) EXPECT_EQ(zwallet({"unlock", "--password-fd", "5"}, "wrong password\n").exit, 4);
    const auto waiting = zwallet({"unlock", "--password-fd", "5", "--json"}, "wrong password\n");
    EXPECT_EQ(waiting.exit, 4);
    EXPECT_EQ(waiting.json()["error"]["code"], "denied");
}
#endif

}  // namespace
}  // namespace zwallet

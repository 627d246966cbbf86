// The projects that `zwallet contract new` starts. Needs make and what the templates name: clang-19, wasm-ld-19.
#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>
#include <string>

namespace zwallet {
namespace {

TEST(ContractNewTest, StartsAProjectInEachLanguage) {
    char name[] = "/tmp/zwallet_new_XXXXXX";
    const std::string home = mkdtemp(name);
    const auto run = [&](const std::string& arguments) {
        const auto command =
            "cd " + home + " && " + ZWALLET_PROGRAM + " --home " + home + " contract new " + arguments + " >out 2>&1";
        return WEXITSTATUS(std::system(command.c_str()));
    };
    for (const std::string language : {"c", "cpp", "as"}) {
        EXPECT_EQ(run("greeter --lang " + language + " --into " + language), 0);
        EXPECT_TRUE(std::filesystem::exists(home + "/" + language + "/greeter.abi.json")) << language;
    }
    EXPECT_EQ(run("greeter --into c"), 2) << "nothing is written over";
    EXPECT_EQ(run("../greeter"), 2);
    EXPECT_EQ(run("greeter --lang cobol"), 2);
    EXPECT_EQ(std::system(("make -s -C " + home + "/c >/dev/null").c_str()), 0);
    EXPECT_TRUE(std::filesystem::exists(home + "/c/greeter.wasm"));
    std::filesystem::remove_all(home);
}

}  // namespace
}  // namespace zwallet

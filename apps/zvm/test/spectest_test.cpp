// The specification's tests that the project's vectors hold: every command on a binary module must pass.
#include "zvm_tool/spectest.hpp"

#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>

#include "published_vectors.hpp"

namespace zvm_tool {
namespace {

class Folder {
 public:
    Folder() {
        char name[] = "/tmp/zvm-spec-XXXXXX";
        path_ = mkdtemp(name);
    }
    ~Folder() { std::filesystem::remove_all(path_); }
    [[nodiscard]] const std::string& path() const { return path_; }

 private:
    std::string path_;
};

TEST(SpecTest, PassesEveryBinaryCommandOfThePublishedVectors) {
    GHOST_NEEDS_VECTORS();
    const auto archive = ghost_test::vectors_folder() + "/wasm-spec/core-mvp-plus.tar.gz";
    ASSERT_TRUE(std::filesystem::exists(archive)) << archive;
    const Folder folder;
    ASSERT_EQ(std::system(("tar -xzf '" + archive + "' -C '" + folder.path() + "'").c_str()), 0);
    const auto reports = run_spec_folder(folder.path());
    ASSERT_TRUE(reports) << reports.error().text;
    EXPECT_EQ(reports->size(), 69u);
    std::size_t passed = 0;
    for (const auto& report : *reports) {
        passed += report.passed;
        for (const auto& failure : report.failures) ADD_FAILURE() << report.file << ": " << failure;
    }
    EXPECT_GT(passed, 20'000u);
}

TEST(SpecTest, PassesOurOwnFilesOfLinkingAndEdges) {
    ASSERT_EQ(std::system("wast2json --version >/dev/null 2>&1"), 0) << "needs wast2json (Debian package wabt)";
    const Folder folder;
    for (const auto& [name, commands] : {std::pair{"linking", 90u}, std::pair{"core", 75u}}) {
        const auto json = folder.path() + "/" + name + ".json";
        const auto source = std::string{ZVM_WAST_FOLDER} + "/" + name + ".wast";
        ASSERT_EQ(std::system(("wast2json '" + source + "' -o '" + json + "'").c_str()), 0) << source;
        const auto report = run_spec_file(json);
        ASSERT_TRUE(report) << report.error().text;
        EXPECT_GE(report->passed, commands);
        for (const auto& failure : report->failures) ADD_FAILURE() << name << ": " << failure;
    }
}

TEST(SpecTest, SaysWhyAFolderOrFileCannotBeUsed) {
    const Folder folder;
    EXPECT_FALSE(run_spec_folder(folder.path()));
    EXPECT_FALSE(run_spec_file(folder.path() + "/absent.json"));
}

}  // namespace
}  // namespace zvm_tool

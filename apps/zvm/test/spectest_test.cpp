// The specification's tests that the project's vectors hold: every command on a binary module must pass.
#include "zvm_tool/spectest.hpp"

#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>

#include "base/file.hpp"
#include "published_vectors.hpp"
#include "wasm_builder.hpp"

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
    std::size_t invalid_first = 0;
    for (const auto& report : *reports) {
        passed += report.passed;
        invalid_first += report.invalid_first;
        for (const auto& failure : report.failures) ADD_FAILURE() << report.file << ": " << failure;
    }
    EXPECT_GT(passed, 20'000u);
    // A br_table that is one label short takes `block` for it: unknown type 11, then unexpected end.
    EXPECT_EQ(invalid_first, 1u);
}

TEST(SpecTest, PassesOurOwnFilesOfLinkingAndEdges) {
    ASSERT_EQ(std::system("wast2json --version >/dev/null 2>&1"), 0) << "needs wast2json (Debian package wabt)";
    const Folder folder;
    for (const auto& [name, commands] :
         {std::pair{"linking", 90u}, std::pair{"core", 75u}, std::pair{"control", 93u}}) {
        const auto json = folder.path() + "/" + name + ".json";
        const auto source = std::string{ZVM_WAST_FOLDER} + "/" + name + ".wast";
        ASSERT_EQ(std::system(("wast2json '" + source + "' -o '" + json + "'").c_str()), 0) << source;
        const auto report = run_spec_file(json);
        ASSERT_TRUE(report) << report.error().text;
        EXPECT_GE(report->passed, commands);
        EXPECT_EQ(report->invalid_first, 0u);
        for (const auto& failure : report->failures) ADD_FAILURE() << name << ": " << failure;
    }
}

/// Commands in a folder whose m.wasm exports `i32` and `f32`, which return their argument.
base::Checked<SpecReport> run_commands(const Folder& folder, const std::string& commands) {
    zvm::test::Builder module;
    module.function("i32", module.type({zvm::test::kI32}, {zvm::test::kI32}), {0x20, 0});
    module.function("f32", module.type({zvm::test::kF32}, {zvm::test::kF32}), {0x20, 0});
    EXPECT_TRUE(base::write_file_atomic(folder.path() + "/m.wasm", module.bytes()));
    const auto json = folder.path() + "/commands.json";
    EXPECT_TRUE(base::write_file_atomic(json, base::as_bytes("{\"commands\": [" + commands + "]}")));
    return run_spec_file(json);
}
constexpr auto kModule = R"({"type":"module","line":1,"name":"$m","filename":"m.wasm"})";
std::string echo(const std::string& function, const std::string& argument, const std::string& expected) {
    const auto list = [&](const std::string& value) {
        return R"([{"type":")" + function + R"(","value":)" + value + "}]";
    };
    return R"({"type":"assert_return","line":2,"action":{"type":"invoke","module":"$m","field":")" + function +
           R"(","args":)" + list(argument) + R"(},"expected":)" + list(expected) + "}";
}

TEST(SpecTest, ReadsIntegersAsTextAndAsNumbersAlsoThoseOfFloats) {
    const Folder folder;
    for (const auto& [function, argument, expected, passes] :
         {std::tuple{"i32", "\"7\"", "7", true}, std::tuple{"i32", "-1", "\"4294967295\"", true},
          std::tuple{"i32", "\"-2147483648\"", "2147483648", true}, std::tuple{"i32", "1", "2", false},
          std::tuple{"i32", "4294967296", "0", false}, std::tuple{"i32", "\"-2147483649\"", "0", false},
          std::tuple{"i32", "\"1x\"", "1", false}, std::tuple{"i32", "\"\"", "0", false},
          std::tuple{"i32", "1.5", "1", false}, std::tuple{"i32", "null", "0", false},
          std::tuple{"f32", "1065353216", "\"1065353216\"", true}, std::tuple{"f32", "-1", "-1", false},
          std::tuple{"f32", "\"2143289344\"", "\"nan:canonical\"", true},
          std::tuple{"f32", "\"2145386496\"", "\"nan:canonical\"", false},
          std::tuple{"f32", "\"2145386496\"", "\"nan:arithmetic\"", true},
          std::tuple{"f32", "\"2141192192\"", "\"nan:arithmetic\"", false},
          std::tuple{"f32", "\"2141192192\"", "\"2141192192\"", true},
          std::tuple{"f32", "\"nan:canonical\"", "\"nan:canonical\"", false},
          std::tuple{"i32", "0", "\"nan:canonical\"", false}}) {
        const auto report = run_commands(folder, std::string{kModule} + "," + echo(function, argument, expected));
        ASSERT_TRUE(report);
        EXPECT_EQ(report->failures.empty(), passes) << function << " " << argument << " " << expected;
    }
}

TEST(SpecTest, CommandsAboutAModuleInTextAreOutOfScopeAndNothingElse) {
    const Folder folder;
    const std::string text = R"({"type":"module","line":3,"name":"$t","filename":"t.wat","module_type":"text"})";
    const std::string of_text = R"({"type":"assert_return","line":4,"action":{"type":"invoke","field":"f","args":[]}})";
    const auto report =
        run_commands(folder, std::string{kModule} + "," + text + "," + of_text +
                                 R"(,{"type":"register","name":"$t","as":"t"},)" + echo("i32", "1", "1"));
    ASSERT_TRUE(report);
    EXPECT_EQ(report->text_only, 3u);
    EXPECT_EQ(report->passed, 2u);
    EXPECT_TRUE(report->failures.empty());
}

TEST(SpecTest, CommandsOfAnyShapeFailAndSayWhere) {
    const Folder folder;
    const std::vector<std::string> wrong{
        "1",
        "\"text\"",
        "[]",
        "{}",
        R"({"type":5})",
        R"({"type":"dance"})",
        R"({"type":"assert_return"})",
        R"({"type":"assert_return","line":"x","action":[]})",
        R"({"type":"action","action":{"type":"invoke"}})",
        R"({"type":"register"})",
        R"({"type":"assert_invalid"})",
        R"({"type":"assert_unlinkable","filename":7})",
        R"({"type":"action","action":{"type":"invoke","field":"i32","args":7}})",
        R"({"type":"action","action":{"type":"invoke","field":"i32","args":[{"type":"f32","value":"1"}]}})",
        R"({"type":"action","action":{"type":"sing","field":"i32","args":[]}})",
        R"({"type":"assert_return","action":{"type":"invoke","field":"i32","args":[{"type":"i32","value":"1"}]},"expected":5})"};
    for (const auto& command : wrong) {
        const auto report = run_commands(folder, std::string{kModule} + "," + command);
        ASSERT_TRUE(report) << command;
        ASSERT_EQ(report->failures.size(), 1u) << command;
        EXPECT_TRUE(report->failures[0].starts_with("line ")) << report->failures[0];
    }
    // What follows a module that does not load is about no other.
    const auto lost = run_commands(
        folder, std::string{kModule} + R"(,{"type":"module","name":"$m","filename":"no"},)" + echo("i32", "1", "1"));
    ASSERT_TRUE(lost);
    EXPECT_EQ(lost->failures.size(), 2u);
}

TEST(SpecTest, SaysWhyAFolderOrFileCannotBeUsed) {
    const Folder folder;
    EXPECT_FALSE(run_spec_folder(folder.path())) << "it is empty";
    const auto absent = run_spec_folder(folder.path() + "/absent");
    ASSERT_FALSE(absent);
    EXPECT_NE(absent.error().text.find("does not exist"), std::string::npos);
    EXPECT_FALSE(run_spec_file(folder.path() + "/absent.json"));
    ASSERT_TRUE(run_commands(folder, kModule));
    const auto one = run_spec_folder(folder.path() + "/commands.json");
    ASSERT_TRUE(one) << "a file is as good as its folder";
    EXPECT_EQ(one->size(), 1u);
    for (const auto* const text : {"", "{", "[]", "{}", R"({"commands": 1})"}) {
        ASSERT_TRUE(base::write_file_atomic(folder.path() + "/commands.json", base::as_bytes(std::string_view{text}),
                                            {.replace = true}));
        const auto reports = run_spec_folder(folder.path());
        ASSERT_TRUE(reports && reports->size() == 1u) << text;
        ASSERT_EQ(reports->front().failures.size(), 1u) << text;
        EXPECT_NE(reports->front().failures[0].find("commands.json"), std::string::npos);
    }
}

}  // namespace
}  // namespace zvm_tool

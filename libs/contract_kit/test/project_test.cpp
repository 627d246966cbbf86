#include "contract_kit/project.hpp"

#include <gtest/gtest.h>
#include <unistd.h>

#include <algorithm>
#include <cstdlib>
#include <filesystem>

#include "zabi/schema.hpp"

namespace contract_kit {
namespace {

TEST(Project, HasSourceSchemaTestsBuildAndSdkInEveryLanguage) {
    for (const auto& [text, source, sdk] : {std::tuple{"c", "safe.c", "include/ghost/contract.h"},
                                            std::tuple{"c++", "safe.cpp", "include/ghost/contract.hpp"},
                                            std::tuple{"as", "assembly/safe.ts", "ghost-contract/assembly/index.ts"}}) {
        const auto files = project_files({.name = "safe", .language = language_of(text).value()});
        ASSERT_TRUE(files) << files.error().text;
        const auto find = [&](std::string_view path) -> const ProjectFile* {
            const auto it = std::ranges::find(*files, path, &ProjectFile::path);
            return it == files->end() ? nullptr : &*it;
        };
        for (const auto* const path : {source, sdk, "safe.abi.json", "safe.test.json", "README.md"})
            EXPECT_NE(find(path), nullptr) << text << " " << path;
        EXPECT_EQ(find("include/ghost/contract.hpp") != nullptr, std::string_view{text} == "c++");
        EXPECT_TRUE(find("Makefile") || find("package.json"));
        for (const auto& file : *files) EXPECT_EQ(file.content.find("@NAME@"), std::string::npos) << file.path;
        const auto schema = zabi::Schema::parse(find("safe.abi.json")->content);
        ASSERT_TRUE(schema) << schema.error().text;
        EXPECT_EQ(schema->name, "safe");
    }
    EXPECT_FALSE(language_of("rust"));
}

TEST(Project, RefusesNamesThatAreNoneAndFoldersThatExist) {
    for (const auto* const name :
         {"", "Safe", "1safe", "../x", "a b", "a-b", "a123456789012345678901234567890123456789x"})
        EXPECT_FALSE(project_files({.name = name})) << name;
    char pattern[] = "/tmp/contract-kit-XXXXXX";
    const std::string folder = mkdtemp(pattern);
    EXPECT_FALSE(write_project({.name = "safe"}, folder));
    EXPECT_TRUE(write_project({.name = "safe"}, folder + "/safe"));
    EXPECT_TRUE(std::filesystem::exists(folder + "/safe/include/ghost/contract.h"));
    std::filesystem::remove_all(folder);
}

}  // namespace
}  // namespace contract_kit

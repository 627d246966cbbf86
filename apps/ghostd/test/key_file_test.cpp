#include "ghostd/key_file.hpp"

#include <gtest/gtest.h>
#include <sys/stat.h>

#include <filesystem>
#include <fstream>

#include "temp_folder.hpp"

namespace {

TEST(KeyFile, GivesBackTheKeyThatItMade) {
    const ghostd_test::TempFolder folder;
    const auto path = folder / "a.key";
    const auto made = ghostd::create_key(path);
    ASSERT_TRUE(made) << made.error().text;
    struct stat info{};
    ASSERT_EQ(stat(path.c_str(), &info), 0);
    EXPECT_EQ(info.st_mode & 0777, 0600u);
    const auto loaded = ghostd::load_key(path);
    ASSERT_TRUE(loaded) << loaded.error().text;
    EXPECT_EQ(loaded->public_key(), made->public_key());
}

TEST(KeyFile, NeverReplacesAKey) {
    const ghostd_test::TempFolder folder;
    const auto path = folder / "a.key";
    ASSERT_TRUE(ghostd::create_key(path));
    const auto again = ghostd::create_key(path);
    ASSERT_FALSE(again);
    EXPECT_TRUE(again.error().error.is(base::Errc::already_exists));
    EXPECT_NE(again.error().text.find(path), std::string::npos);
}

TEST(KeyFile, RefusesAFileThatOthersCanRead) {
    const ghostd_test::TempFolder folder;
    const auto path = folder / "a.key";
    ASSERT_TRUE(ghostd::create_key(path));
    std::filesystem::permissions(path, std::filesystem::perms::group_read, std::filesystem::perm_options::add);
    const auto loaded = ghostd::load_key(path);
    ASSERT_FALSE(loaded);
    EXPECT_NE(loaded.error().text.find(path), std::string::npos);
}

TEST(KeyFile, RefusesGarbageAndNamesTheFile) {
    const ghostd_test::TempFolder folder;
    const auto path = folder / "a.key";
    std::ofstream{path} << "-----BEGIN PRIVATE KEY-----\nbm90IGEga2V5\n-----END PRIVATE KEY-----\n";
    std::filesystem::permissions(path, std::filesystem::perms{0600});
    const auto loaded = ghostd::load_key(path);
    ASSERT_FALSE(loaded);
    EXPECT_NE(loaded.error().text.find(path), std::string::npos);
}

}  // namespace

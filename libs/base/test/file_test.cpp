#include "base/file.hpp"

#include <gtest/gtest.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <filesystem>

#include "temp_dir.hpp"

namespace {

mode_t mode_of(const std::string& path) {
    struct stat info{};
    return ::stat(path.c_str(), &info) == 0 ? info.st_mode & 0777 : 0;
}

TEST(WriteFileAtomic, ReplacesTheWholeFileAndLeavesNothingBeside) {
    TempDir dir;
    const auto path = dir.file("key");
    ASSERT_TRUE(base::write_file_atomic(path, base::as_bytes("a longer first version")));
    ASSERT_TRUE(base::write_file_atomic(path, base::as_bytes("second"), {.mode = 0640}));
    EXPECT_EQ(*base::read_text_file(path, 100), "second");
    EXPECT_EQ(mode_of(path), 0640u);
    const std::filesystem::directory_iterator entries{dir.path()};
    EXPECT_EQ(std::distance(begin(entries), end(entries)), 1);
}

TEST(WriteFileAtomic, KeepsAnExistingFileWhenTold) {
    TempDir dir;
    const auto path = dir.file("key");
    ASSERT_TRUE(base::write_file_atomic(path, base::as_bytes("first"), {.replace = false}));
    EXPECT_EQ(mode_of(path), 0600u);
    const auto refused = base::write_file_atomic(path, base::as_bytes("second"), {.replace = false});
    ASSERT_FALSE(refused);
    EXPECT_TRUE(refused.error().error.is(base::Errc::already_exists));
    EXPECT_EQ(*base::read_text_file(path, 100), "first");
}

TEST(WriteFileAtomic, NamesThePathItCannotWrite) {
    TempDir dir;
    const auto path = dir.file("missing/key");
    const auto refused = base::write_file_atomic(path, {});
    ASSERT_FALSE(refused);
    EXPECT_NE(refused.error().text.find(path), std::string::npos);
    EXPECT_NE(refused.error().text.find("No such file"), std::string::npos);
}

TEST(ReadFile, ReadsUpToItsBoundAndRefusesMore) {
    TempDir dir;
    const auto path = dir.file("f");
    ASSERT_TRUE(base::write_file_atomic(path, base::Bytes(10'000)));
    EXPECT_EQ(base::read_file(path, 10'000)->size(), 10'000u);
    const auto refused = base::read_file(path, 9'999);
    ASSERT_FALSE(refused);
    EXPECT_TRUE(refused.error().error.is(base::Errc::out_of_range));
    EXPECT_NE(refused.error().text.find(path), std::string::npos);
    ASSERT_TRUE(base::write_file_atomic(path, {}));
    EXPECT_EQ(base::read_file(path, 0)->size(), 0u);
    EXPECT_FALSE(base::read_file("/proc/self/maps", 10));  // files without a size are bounded too
    EXPECT_TRUE(base::read_file("/proc/self/maps", 10u << 20));
}

TEST(ReadFile, TellsMissingFilesAndFolders) {
    TempDir dir;
    EXPECT_TRUE(base::read_file(dir.file("none"), 10).error().error.is(base::Errc::not_found));
    EXPECT_TRUE(base::read_file(dir.path(), 10).error().error.is(base::Errc::io_error));
}

TEST(MakePrivateDir, MakesParentsAndTightensWhatExists) {
    TempDir dir;
    const auto path = dir.file("a/b/c");
    ASSERT_TRUE(base::make_private_dir(path));
    EXPECT_EQ(mode_of(path), 0700u);
    EXPECT_EQ(mode_of(dir.file("a")), 0700u);
    ASSERT_EQ(::chmod(path.c_str(), 0755), 0);
    ASSERT_TRUE(base::make_private_dir(path));
    EXPECT_EQ(mode_of(path), 0700u);
}

TEST(MakePrivateDir, RefusesAFileAndNamesIt) {
    TempDir dir;
    const auto path = dir.file("f");
    ASSERT_TRUE(base::write_file_atomic(path, {}));
    for (const auto& each : {path, path + "/below"}) {
        const auto refused = base::make_private_dir(each);
        ASSERT_FALSE(refused);
        EXPECT_NE(refused.error().text.find(path), std::string::npos);
    }
    EXPECT_FALSE(base::make_private_dir(""));
}

TEST(CheckPrivateFile, RefusesAKeyThatOthersCanReadAndSymbolicLinks) {
    TempDir dir;
    const auto path = dir.file("key");
    ASSERT_TRUE(base::write_file_atomic(path, {}));
    EXPECT_TRUE(base::check_private_file(path));
    ASSERT_EQ(::chmod(path.c_str(), 0604), 0);
    const auto refused = base::check_private_file(path);
    ASSERT_FALSE(refused);
    EXPECT_NE(refused.error().text.find("chmod 600 " + path), std::string::npos);
    ASSERT_EQ(::chmod(path.c_str(), 0600), 0);
    const auto link = dir.file("link");
    ASSERT_EQ(::symlink(path.c_str(), link.c_str()), 0);
    EXPECT_FALSE(base::check_private_file(link));
}

TEST(FileLock, ShutsOutOthersUntilReleased) {
    TempDir dir;
    const auto path = dir.file("lock");
    {
        auto lock = base::FileLock::acquire(path);
        ASSERT_TRUE(lock);
        const auto refused = base::FileLock::acquire(path);
        ASSERT_FALSE(refused);
        EXPECT_TRUE(refused.error().error.is(base::Errc::unavailable));
        EXPECT_NE(refused.error().text.find("another process is using " + dir.path()), std::string::npos);
        auto moved = std::move(*lock);
        EXPECT_FALSE(base::FileLock::acquire(path));
    }
    EXPECT_TRUE(base::FileLock::acquire(path));
}

}  // namespace

#include <gtest/gtest.h>

#include <thread>

#include "small_disk.hpp"
#include "store/disk_space.hpp"
#include "store/kv.hpp"

namespace store {
namespace {

class FullDisk : public testing::Test {
 protected:
    void SetUp() override {
        auto pattern = (std::filesystem::temp_directory_path() / "ghost-disk-XXXXXX").string();
        ASSERT_NE(::mkdtemp(pattern.data()), nullptr);
        folder_ = pattern;
    }
    void TearDown() override {
        std::error_code ignored;
        std::filesystem::remove_all(folder_, ignored);
    }
    std::filesystem::path folder_;
};

base::ByteView text(std::string_view value) { return base::as_bytes(value); }

void run_on_full_disk(const std::filesystem::path& folder, bool& skipped) {
    const test::SmallDisk disk{folder, 128u << 20};
    if (!disk.good()) {
        skipped = true;
        return;
    }
    KvOptions options{.path = folder / "db", .identity = "test", .read_only_when_full = true};
    const auto put = [](KvStore& store, std::string_view key) {
        Batch batch;
        batch.put(Family::flat, text(key), text("value"));
        return store.commit(batch, true);
    };
    {
        auto store = KvStore::open(options);
        ASSERT_TRUE(store) << store.error().text;
        EXPECT_FALSE((*store)->read_only());
        ASSERT_TRUE(put(**store, "before"));
    }
    disk.fill();
    ASSERT_LT(disk_space(options.path).free_bytes, 4096u);
    {
        options.read_only_when_full = false;
        const auto refused = KvStore::open(options);
        ASSERT_FALSE(refused);
        EXPECT_TRUE(refused.error().error.is(Errc::disk_full)) << refused.error().text;
        options.read_only_when_full = true;
    }
    {
        auto store = KvStore::open(options);
        ASSERT_TRUE(store) << store.error().text;
        EXPECT_TRUE((*store)->read_only());
        const auto value = (*store)->get(Family::flat, text("before"));
        ASSERT_TRUE(value && *value) << "what the log held is there, too";
        const auto refused = put(**store, "meanwhile");
        ASSERT_FALSE(refused);
        EXPECT_TRUE(refused.error().is(Errc::disk_full));
        const auto why = explain_full_disk(options.path);
        EXPECT_NE(why.find(options.path.string()), std::string::npos) << why;
        EXPECT_NE(why.find("LOG.old.*"), std::string::npos) << why;
    }
    disk.make_room();
    EXPECT_GE(disk_space(options.path).free_bytes, disk_space(options.path).needed_bytes);
    auto store = KvStore::open(options);
    ASSERT_TRUE(store) << store.error().text;
    EXPECT_FALSE((*store)->read_only());
    EXPECT_TRUE((*store)->get(Family::flat, text("before"))->has_value());
    EXPECT_FALSE((*store)->get(Family::flat, text("meanwhile"))->has_value());
    EXPECT_TRUE(put(**store, "after"));
    // Full while it runs: the commit fails, nothing ends the process.
    disk.fill();
    const auto late = put(**store, "late");
    ASSERT_FALSE(late);
    EXPECT_TRUE(late.error().is(Errc::disk_full));
    EXPECT_TRUE((*store)->poisoned());
    EXPECT_TRUE((*store)->get(Family::flat, text("after"))->has_value());
}

TEST_F(FullDisk, OpensForReadingAndWritesAgainWhenThereIsRoom) {
    bool skipped = false;
    // A thread of its own: the namespace is its alone.
    std::thread{[&] { run_on_full_disk(folder_, skipped); }}.join();
    if (skipped) GTEST_SKIP() << "needs the right to mount";
}

}  // namespace
}  // namespace store

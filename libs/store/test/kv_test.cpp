#include "store/kv.hpp"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <fstream>

#include "base/random.hpp"

namespace store {
namespace {

namespace fs = std::filesystem;

class KvTest : public ::testing::Test {
 protected:
    void SetUp() override {
        auto pattern = (fs::temp_directory_path() / "ghost-kv-XXXXXX").string();
        ASSERT_NE(::mkdtemp(pattern.data()), nullptr);
        folder_ = pattern;
    }
    void TearDown() override { fs::remove_all(folder_); }

    [[nodiscard]] KvOptions options() const {
        return {.path = folder_ / "db",
                .identity = "test-chain",
                .memory_bytes = 4U << 20U,
                .write_buffer_bytes = 1U << 20U};
    }
    std::unique_ptr<KvStore> open() {
        auto store = KvStore::open(options());
        EXPECT_TRUE(store.has_value()) << store.error().text;
        return store ? std::move(*store) : nullptr;
    }
    /// The diagnostic names the folder and is of the expected kind.
    void expect_refused(const base::Checked<std::unique_ptr<KvStore>>& store, Errc errc) {
        ASSERT_FALSE(store.has_value());
        EXPECT_TRUE(store.error().error.is(errc)) << store.error().text;
        EXPECT_NE(store.error().text.find(folder_.string()), std::string::npos) << store.error().text;
    }
    fs::path folder_;
};

base::ByteView text(std::string_view value) { return base::as_bytes(value); }

void put(KvStore& store, std::string_view key, std::string_view value) {
    Batch batch;
    batch.put(Family::flat, text(key), text(value));
    ASSERT_TRUE(store.commit(batch, true).has_value());
}

TEST_F(KvTest, KeepsFamiliesApartAndSurvivesReopening) {
    {
        const auto store = open();
        Batch batch;
        for (std::size_t i = 0; i < kFamilyCount; ++i) {
            batch.put(static_cast<Family>(i), text("key"), text("family " + std::to_string(i)));
        }
        ASSERT_TRUE(store->commit(batch, true).has_value());
    }
    const auto store = open();
    for (std::size_t i = 0; i < kFamilyCount; ++i) {
        const auto value = store->get(static_cast<Family>(i), text("key"));
        ASSERT_TRUE(value.has_value() && value->has_value());
        EXPECT_EQ(base::as_text(**value), "family " + std::to_string(i));
    }
    EXPECT_EQ(store->get(Family::flat, text("other")).value(), std::nullopt);
    EXPECT_GT(store->disk_bytes(), 0U);
    EXPECT_TRUE(store->verify_checksums().has_value());
}

TEST_F(KvTest, ScansForwardsBackwardsAndWithinAPrefix) {
    const auto store = open();
    for (const auto* key : {"a", "b1", "b2", "b3", "c", "b\xff", "b\xff\xff"}) put(*store, key, "");
    const auto keys = [&](const ScanRange& range) {
        std::string out;
        EXPECT_TRUE(store->scan(Family::flat, range, [&out](auto key, auto) {
            out += std::string{base::as_text(key)} + " ";
            return true;
        }));
        return out;
    };
    EXPECT_EQ(keys({}), "a b1 b2 b3 b\xff b\xff\xff c ");
    EXPECT_EQ(keys({.prefix = text("b")}), "b1 b2 b3 b\xff b\xff\xff ");
    EXPECT_EQ(keys({.prefix = text("b"), .from = text("b2"), .limit = 2}), "b2 b3 ");
    EXPECT_EQ(keys({.prefix = text("b"), .from = text("a")}), "b1 b2 b3 b\xff b\xff\xff ");
    EXPECT_EQ(keys({.prefix = text("b"), .reverse = true}), "b\xff\xff b\xff b3 b2 b1 ");
    EXPECT_EQ(keys({.prefix = text("b"), .from = text("b2"), .reverse = true}), "b2 b1 ");
    EXPECT_EQ(keys({.prefix = text("b\xff"), .reverse = true}), "b\xff\xff b\xff ");
    EXPECT_EQ(keys({.reverse = true, .limit = 1}), "c ");
    EXPECT_EQ(keys({.prefix = text("d")}), "");
    EXPECT_EQ(keys({.prefix = text("d"), .reverse = true}), "");
}

TEST_F(KvTest, GivesSnapshotsThatDoNotMove) {
    const auto store = open();
    put(*store, "k", "old");
    const auto before = store->snapshot();
    put(*store, "k", "new");
    EXPECT_EQ(base::as_text(**before->get(Family::flat, text("k"))), "old");
    EXPECT_EQ(base::as_text(**store->get(Family::flat, text("k"))), "new");
}

TEST_F(KvTest, MakesACopyThatOpens) {
    {
        const auto store = open();
        put(*store, "k", "v");
        const auto copied = store->checkpoint(folder_ / "copy");
        ASSERT_TRUE(copied.has_value()) << copied.error().text;
        put(*store, "k", "later");
    }
    auto how = options();
    how.path = folder_ / "copy";
    const auto copy = KvStore::open(how);
    ASSERT_TRUE(copy.has_value()) << copy.error().text;
    EXPECT_EQ(base::as_text(**(*copy)->get(Family::flat, text("k"))), "v");
}

TEST_F(KvTest, RefusesADatabaseThatIsInUse) {
    const auto store = open();
    expect_refused(KvStore::open(options()), Errc::locked);
    // Another process too.
    const auto child = ::fork();
    if (child == 0) {
        const auto second = KvStore::open(options());
        ::_exit(!second && second.error().error.is(Errc::locked) ? 0 : 1);
    }
    int status = 0;
    ASSERT_EQ(::waitpid(child, &status, 0), child);
    EXPECT_TRUE(WIFEXITED(status) && WEXITSTATUS(status) == 0);
}

TEST_F(KvTest, RefusesAnotherChainsDatabase) {
    open().reset();
    auto other = options();
    other.identity = "other-chain";
    const auto store = KvStore::open(other);
    expect_refused(store, Errc::foreign);
    EXPECT_NE(store.error().text.find("test-chain"), std::string::npos);
}

TEST_F(KvTest, RefusesAFolderOfSomethingElse) {
    fs::create_directories(options().path);
    std::ofstream{options().path / "holiday.jpg"} << "not a database";
    expect_refused(KvStore::open(options()), Errc::foreign);
    EXPECT_TRUE(fs::exists(options().path / "holiday.jpg"));
    EXPECT_FALSE(fs::exists(options().path / "CURRENT"));
}

TEST_F(KvTest, RefusesADatabaseThatLostItsCurrentFileAndNamesWhatItHolds) {
    {
        const auto store = KvStore::open(options());
        ASSERT_TRUE(store) << store.error().text;
    }
    // The log alone is left to tell.
    std::string log;
    for (const auto& entry : fs::directory_iterator{options().path}) {
        const auto name = entry.path().filename().string();
        if (name.ends_with(".sst") || name.starts_with("OPTIONS-")) fs::remove(entry.path());
        if (name.ends_with(".log")) log = name;
    }
    ASSERT_FALSE(log.empty());
    fs::remove(options().path / "CURRENT");
    const auto refused = KvStore::open(options());
    expect_refused(refused, Errc::corrupt);
    ASSERT_FALSE(refused);
    EXPECT_NE(refused.error().text.find(log), std::string::npos) << refused.error().text;
    EXPECT_TRUE(fs::exists(options().path / log));
}

TEST_F(KvTest, MakesADatabaseWhereMakingOneWasInterrupted) {
    fs::create_directories(options().path);
    for (const auto* name : {"LOCK", "LOG", "IDENTITY", "MANIFEST-000001", "000001.dbtmp"})
        std::ofstream{options().path / name};
    const auto store = KvStore::open(options());
    EXPECT_TRUE(store) << store.error().text;
}

TEST_F(KvTest, RefusesAFileWhereItsFolderShouldBe) {
    std::ofstream{options().path} << "a file";
    expect_refused(KvStore::open(options()), Errc::foreign);
}

TEST_F(KvTest, RefusesAMissingDatabaseUnlessItMayMakeOne) {
    auto how = options();
    how.create_if_missing = false;
    expect_refused(KvStore::open(how), Errc::missing);
    fs::create_directories(how.path);
    expect_refused(KvStore::open(how), Errc::missing);
}

TEST_F(KvTest, RefusesAFolderThatCannotBeMade) {
    auto how = options();
    how.path = folder_ / "file" / "db";
    std::ofstream{folder_ / "file"} << "in the way";
    expect_refused(KvStore::open(how), Errc::unwritable);
}

TEST_F(KvTest, RefusesACorruptManifest) {
    {
        const auto store = open();
        put(*store, "k", "v");
    }
    for (const auto& entry : fs::directory_iterator{options().path}) {
        if (!entry.path().filename().string().starts_with("MANIFEST")) continue;
        std::fstream file{entry.path(), std::ios::in | std::ios::out | std::ios::binary};
        file.seekp(20);
        file << "damage damage damage";
    }
    expect_refused(KvStore::open(options()), Errc::corrupt);
}

TEST_F(KvTest, RefusesALogThatIsDamagedInTheMiddle) {
    // Committed records before the damage would be kept and those after it lost: that must not pass silently. The
    // database is left by _exit, so that everything is still in the log.
    const auto child = ::fork();
    if (child == 0) {
        auto store = KvStore::open(options());
        if (!store) ::_exit(1);
        const std::string value(1000, 'v');
        for (int i = 0; i < 200; ++i) {
            Batch batch;
            batch.put(Family::flat, text("k" + std::to_string(i)), text(value));
            if (!(*store)->commit(batch, true)) ::_exit(1);
        }
        ::_exit(0);
    }
    int status = 0;
    ASSERT_EQ(::waitpid(child, &status, 0), child);
    ASSERT_TRUE(WIFEXITED(status) && WEXITSTATUS(status) == 0);
    bool damaged = false;
    for (const auto& entry : fs::directory_iterator{options().path}) {
        if (entry.path().extension() != ".log" || entry.file_size() < 100'000) continue;
        std::fstream file{entry.path(), std::ios::in | std::ios::out | std::ios::binary};
        file.seekp(50'000);
        file << "damage damage damage";
        damaged = true;
    }
    ASSERT_TRUE(damaged);
    expect_refused(KvStore::open(options()), Errc::corrupt);
}

TEST_F(KvTest, KeepsEveryAcknowledgedCommitWhenKilled) {
    int pipe_ends[2];
    ASSERT_EQ(::pipe(pipe_ends), 0);
    const auto child = ::fork();
    if (child == 0) {
        ::close(pipe_ends[0]);
        auto store = KvStore::open(options());
        for (std::uint32_t i = 0; store; ++i) {
            Batch batch;
            batch.put(Family::flat, text("counter"), text(std::to_string(i)));
            batch.put(Family::blocks, text("k" + std::to_string(i)), text("v"));
            if (!(*store)->commit(batch, true)) break;
            if (::write(pipe_ends[1], &i, sizeof i) != sizeof i) break;
        }
        ::_exit(1);
    }
    ::close(pipe_ends[1]);
    std::uint32_t acknowledged = 0;
    const auto wanted = 20 + base::system_random().below(50);
    for (std::uint64_t i = 0; i < wanted; ++i) ASSERT_EQ(::read(pipe_ends[0], &acknowledged, sizeof acknowledged), 4);
    ::kill(child, SIGKILL);
    while (::read(pipe_ends[0], &acknowledged, sizeof acknowledged) == 4) {
    }
    ::close(pipe_ends[0]);
    int status = 0;
    ASSERT_EQ(::waitpid(child, &status, 0), child);
    const auto store = open();
    ASSERT_TRUE(store);
    const auto counter = **store->get(Family::flat, text("counter"));
    EXPECT_GE(std::stoul(std::string{base::as_text(counter)}), acknowledged);
    for (std::uint32_t i = 0; i <= acknowledged; ++i) {
        EXPECT_TRUE(store->get(Family::blocks, text("k" + std::to_string(i)))->has_value()) << i;
    }
}

TEST_F(KvTest, StopsWritingWhenTheDiskIsFullAndKeepsWhatWasAcknowledged) {
    // A file-size limit stands in for a full disk: the write of the log fails in the middle of a commit.
    int pipe_ends[2];
    ASSERT_EQ(::pipe(pipe_ends), 0);
    const auto child = ::fork();
    if (child == 0) {
        ::signal(SIGXFSZ, SIG_IGN);
        auto store = KvStore::open(options());
        if (!store) ::_exit(1);
        const rlimit limit{.rlim_cur = 200'000, .rlim_max = 200'000};
        ::setrlimit(RLIMIT_FSIZE, &limit);
        const std::string value(10'000, 'v');
        std::uint32_t i = 0;
        for (; i < 1000; ++i) {
            Batch batch;
            batch.put(Family::blocks, text("k" + std::to_string(i)), text(value));
            const auto done = (*store)->commit(batch, true);
            if (done) {
                if (::write(pipe_ends[1], &i, sizeof i) != sizeof i) ::_exit(2);
                continue;
            }
            if (!done.error().is(Errc::disk_full)) ::_exit(3);
            break;
        }
        if (i == 1000 || !(*store)->poisoned()) ::_exit(4);
        // Read-only from here on, even for a batch that would fit.
        Batch small;
        small.put(Family::flat, text("small"), text("x"));
        const auto refused = (*store)->commit(small, true);
        if (refused || !refused.error().is(Errc::poisoned)) ::_exit(5);
        const auto first = (*store)->get(Family::blocks, text("k0"));
        ::_exit(first && *first ? 0 : 6);
    }
    ::close(pipe_ends[1]);
    std::uint32_t acknowledged = 0;
    std::uint32_t count = 0;
    while (::read(pipe_ends[0], &acknowledged, sizeof acknowledged) == 4) ++count;
    ::close(pipe_ends[0]);
    int status = 0;
    ASSERT_EQ(::waitpid(child, &status, 0), child);
    ASSERT_TRUE(WIFEXITED(status));
    ASSERT_EQ(WEXITSTATUS(status), 0);
    ASSERT_GT(count, 0U);
    const auto store = open();
    ASSERT_TRUE(store);
    for (std::uint32_t i = 0; i <= acknowledged; ++i) {
        EXPECT_TRUE(store->get(Family::blocks, text("k" + std::to_string(i)))->has_value()) << i;
    }
    EXPECT_FALSE(store->get(Family::flat, text("small"))->has_value());
    put(*store, "small", "works again");
}

}  // namespace
}  // namespace store

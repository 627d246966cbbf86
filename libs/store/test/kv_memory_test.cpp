// A database that is much larger than the memory it has: what a look-up reads, and what stays in memory.

#include <gtest/gtest.h>
#include <stdlib.h>

#include <filesystem>
#include <fstream>

#include "base/random.hpp"
#include "store/kv.hpp"

namespace store {
namespace {

namespace fs = std::filesystem;

constexpr std::size_t kRecords = 600'000;
constexpr std::size_t kRecordsPerBatch = 20'000;
constexpr std::size_t kLookups = 2'000;

/// Bytes that this process has read from files, the system's memory of them included.
std::uint64_t bytes_read() {
    std::ifstream in{"/proc/self/io"};
    std::string name;
    std::uint64_t value = 0;
    while (in >> name >> value)
        if (name == "rchar:") return value;
    return 0;
}

class KvMemory : public ::testing::Test {
 protected:
    void SetUp() override {
        auto pattern = (fs::temp_directory_path() / "ghost-kvmem-XXXXXX").string();
        ASSERT_NE(::mkdtemp(pattern.data()), nullptr);
        folder_ = pattern;
    }
    void TearDown() override { fs::remove_all(folder_); }

    [[nodiscard]] KvOptions options() const {
        return {.path = folder_ / "db", .identity = "test", .memory_bytes = 8U << 20U, .write_buffer_bytes = 2U << 20U};
    }
    static base::Digest key_of(std::uint64_t i) {
        base::SeededRandom random{i};
        base::Digest out;
        random.fill(out);
        return out;
    }
    std::unique_ptr<KvStore> open() const {
        auto store = KvStore::open(options());
        EXPECT_TRUE(store.has_value()) << store.error().text;
        return store ? std::move(*store) : nullptr;
    }
    fs::path folder_;
};

TEST_F(KvMemory, ALookUpReadsAFewBlocksThoughFiltersAndIndexesAreLargerThanTheMemory) {
    std::size_t most = 0;
    {
        const auto store = open();
        for (std::size_t i = 0; i < kRecords;) {
            Batch batch;
            for (const auto end = i + kRecordsPerBatch; i < end; ++i) {
                const auto key = key_of(i);
                batch.put(Family::flat, key, key);
                batch.put(Family::node, key, key);
            }
            ASSERT_TRUE(store->commit(batch, false).has_value());
            for (int k = 0; k < 50; ++k) EXPECT_TRUE(store->get(Family::flat, key_of(i - 1)).has_value());
            most = std::max(most, static_cast<std::size_t>(store->memory_bytes()));
        }
    }
    // Three buffers of each of the two families may wait for a slow disk; everything else is inside the budget.
    EXPECT_LE(most, options().memory_bytes + 2 * 3 * options().write_buffer_bytes);

    const auto store = open();
    base::SeededRandom random{1};
    for (const auto family : {Family::flat, Family::node}) {
        for (const bool present : {true, false}) {
            if (!present && family == Family::node) continue;  // Nodes are read where they are known to be.
            const auto before = bytes_read();
            ASSERT_GT(before, 0U);
            for (std::size_t i = 0; i < kLookups; ++i) {
                const auto value = store->get(family, key_of(random.below(kRecords) + (present ? 0 : kRecords)));
                ASSERT_TRUE(value.has_value());
                EXPECT_EQ(value->has_value(), present);
            }
            const auto each = (bytes_read() - before) / kLookups;
            std::printf("family %d, %s: %zu bytes a look-up\n", static_cast<int>(family),
                        present ? "present" : "absent", static_cast<std::size_t>(each));
            EXPECT_LE(each, 48U << 10U);
        }
    }
    EXPECT_LE(store->memory_bytes(), options().memory_bytes + options().write_buffer_bytes);
}

TEST(StoreMemory, IsAShareOfTheMachineWithinItsBounds) {
    EXPECT_GE(default_memory_bytes(), kMemoryBytesMin);
    EXPECT_LE(default_memory_bytes(), kMemoryBytesMax);
    EXPECT_EQ(KvOptions{}.memory_bytes, default_memory_bytes());
}

}  // namespace
}  // namespace store

#include "../src/send_queue.hpp"

#include <gtest/gtest.h>
#include <malloc.h>

#include <array>

#include "base/random.hpp"
#include "base/sanitizers.hpp"

namespace zquic::test {
namespace {

std::size_t heap_bytes() { return ::mallinfo2().uordblks + ::mallinfo2().hblkhd; }

TEST(SendQueueTest, OneByteWritesHoldLittleMoreThanTheirBytes) {
    if (base::kSanitized) GTEST_SKIP() << "the sanitizer's heap counts otherwise";
    constexpr std::size_t kBytes = 256 * 1024;
    const auto before = heap_bytes();
    SendQueue queue;
    for (std::size_t i = 0; i < kBytes; ++i) queue.push(Buffer::copy("x"));
    EXPECT_EQ(queue.unsent_bytes(), kBytes);
    EXPECT_LE(heap_bytes() - before, 2 * kBytes);
    queue.sent(kBytes);
    EXPECT_LE(heap_bytes() - before, 2 * kBytes);
    queue.acknowledged(kBytes);
    EXPECT_LE(heap_bytes() - before, 16 * 1024u) << "an idle one holds nothing";
}

TEST(SendQueueTest, SmallBetweenLargeHoldLittleMoreThanTheirBytes) {
    if (base::kSanitized) GTEST_SKIP() << "the sanitizer's heap counts otherwise";
    const auto before = heap_bytes();
    SendQueue queue;
    std::size_t bytes = 0;
    for (int i = 0; i < 500; ++i) {
        for (const std::size_t size : {SendQueue::kCopiedBelow, std::size_t{1}, std::size_t{1}}) {
            queue.push(Buffer{base::Bytes(size)});
            bytes += size;
        }
    }
    EXPECT_LE(heap_bytes() - before, 2 * bytes);
}

TEST(SendQueueTest, ASmallPieceDoesNotKeepTheLargeOneThatItIsOf) {
    auto large = std::make_shared<const base::Bytes>(1u << 20);
    const std::weak_ptr<const base::Bytes> watch = large;
    SendQueue queue;
    queue.push(Buffer::copy("first"));
    queue.push(Buffer::share(large, base::ByteView{*large}.first(10)));
    large.reset();
    EXPECT_TRUE(watch.expired());
}

TEST(SendQueueTest, BytesComeOutAsTheyWentInAndStayWhereTheyAreUntilAcknowledged) {
    constexpr std::uint64_t kSeed = 11;
    SCOPED_TRACE(testing::Message() << "seed " << kSeed);
    base::SeededRandom random{kSeed};
    SendQueue queue;
    base::Bytes in;
    base::Bytes out;
    // Views of bytes on their way, as the engine keeps them for resending, with where they begin in the stream.
    std::vector<std::pair<base::ByteView, std::size_t>> on_the_way;
    std::size_t acknowledged = 0;
    for (int i = 0; i < 20'000; ++i) {
        const auto choice = random.below(4);
        if (choice < 2) {
            base::Bytes bytes(random.below(20) == 0 ? random.below(3000) : random.below(12));
            random.fill(bytes);
            in.insert(in.end(), bytes.begin(), bytes.end());
            queue.push(std::move(bytes));
        } else if (choice == 2) {
            std::array<base::ByteView, 4> views;
            const auto filled = queue.peek(views);
            for (std::size_t k = 0; k < filled; ++k) {
                const auto part = views[k].first(1 + random.below(views[k].size()));
                on_the_way.emplace_back(part, out.size());
                out.insert(out.end(), part.begin(), part.end());
                queue.sent(part.size());
                if (part.size() < views[k].size()) break;
            }
        } else if (acknowledged < out.size()) {
            for (const auto& [view, at] : on_the_way)
                ASSERT_TRUE(std::ranges::equal(view, base::ByteView{out}.subspan(at, view.size())));
            const auto bytes = 1 + random.below(out.size() - acknowledged);
            acknowledged += bytes;
            std::erase_if(on_the_way, [&](const auto& one) { return one.second < acknowledged; });
            queue.acknowledged(bytes);
        }
    }
    EXPECT_EQ(queue.unsent_bytes(), in.size() - out.size());
    EXPECT_TRUE(std::ranges::equal(out, base::ByteView{in}.first(out.size())));
}

}  // namespace
}  // namespace zquic::test

#include "rpc/framing.hpp"

#include <gtest/gtest.h>

#include "base/random.hpp"
#include "rpc/deadline.hpp"

namespace rpc {
namespace {

base::Bytes framed(std::string_view text, bool compressed = false) {
    base::FixedBytes<kMessagePrefixSize> prefix;
    write_message_prefix(prefix, compressed, static_cast<std::uint32_t>(text.size()));
    base::Bytes out{prefix.begin(), prefix.end()};
    const auto body = base::as_bytes(text);
    out.insert(out.end(), body.begin(), body.end());
    return out;
}

TEST(ReadMessage, AsksForMoreOnEveryPrefix) {
    const auto wire = framed("hello");
    for (std::size_t size = 0; size < wire.size(); ++size) {
        const auto message = read_message(base::ByteView{wire}.first(size), 100);
        ASSERT_TRUE(message);
        EXPECT_FALSE(*message);
    }
    const auto message = read_message(wire, 100);
    ASSERT_TRUE(message && *message);
    EXPECT_EQ(base::as_text((*message)->payload), "hello");
}

TEST(ReadMessage, RefusesABadFlagAndALargeLengthAsSoonAsThePrefixIsThere) {
    auto wire = framed("");
    wire[0] = std::byte{2};
    EXPECT_EQ(read_message(wire, 100).error().code, StatusCode::internal);
    const auto large = framed(std::string(101, 'x'));
    const auto refused = read_message(base::ByteView{large}.first(kMessagePrefixSize), 100);
    EXPECT_EQ(refused.error().code, StatusCode::resource_exhausted);
    EXPECT_TRUE(*read_message(framed(std::string(100, 'x')), 100));
}

TEST(MessageBuffer, CutsMessagesHoweverTheStreamIsSplit) {
    for (std::uint64_t seed = 1; seed <= 50; ++seed) {
        SCOPED_TRACE(seed);
        base::SeededRandom random{seed};
        std::vector<std::string> sent;
        base::Bytes wire;
        for (int i = 0; i < 40; ++i) {
            sent.emplace_back(random.below(300), static_cast<char>('a' + i % 26));
            const auto bytes = framed(sent.back());
            wire.insert(wire.end(), bytes.begin(), bytes.end());
        }
        MessageBuffer buffer{1000};
        std::vector<std::string> received;
        for (std::size_t at = 0; at < wire.size();) {
            const auto step = std::min<std::size_t>(1 + random.below(200), wire.size() - at);
            buffer.append(base::ByteView{wire}.subspan(at, step));
            at += step;
            while (true) {
                const auto message = buffer.next();
                ASSERT_TRUE(message);
                if (!*message) break;
                received.emplace_back(base::as_text((*message)->payload));
            }
        }
        EXPECT_EQ(received, sent);
        EXPECT_EQ(buffer.buffered(), 0u);
    }
}

TEST(Gzip, RoundTripsAndBoundsTheResult) {
    for (const std::size_t size : {std::size_t{0}, std::size_t{1}, std::size_t{4096}, std::size_t{100'000}}) {
        const std::string text(size, 'g');
        const auto compressed = gzip_deflate(base::as_bytes(text));
        const auto back = gzip_inflate(compressed, size);
        ASSERT_TRUE(back) << size;
        EXPECT_EQ(base::as_text(*back), text);
        if (size > 0) {
            EXPECT_EQ(gzip_inflate(compressed, size - 1).error().code, StatusCode::resource_exhausted);
        }
    }
}

TEST(Gzip, RefusesWhatIsNotGzip) {
    EXPECT_EQ(gzip_inflate(base::as_bytes("plain text"), 100).error().code, StatusCode::internal);
    EXPECT_EQ(gzip_inflate({}, 100).error().code, StatusCode::internal);
    auto cut = gzip_deflate(base::as_bytes("some text that is long enough to be cut"));
    cut.resize(cut.size() - 5);
    EXPECT_EQ(gzip_inflate(cut, 100).error().code, StatusCode::internal);
    auto trailing = gzip_deflate(base::as_bytes("text"));
    trailing.push_back(std::byte{0});
    EXPECT_EQ(gzip_inflate(trailing, 100).error().code, StatusCode::internal);
}

TEST(Timeout, ParsesEveryUnit) {
    EXPECT_EQ(parse_timeout_ns("1n"), 1u);
    EXPECT_EQ(parse_timeout_ns("2u"), 2'000u);
    EXPECT_EQ(parse_timeout_ns("3m"), 3'000'000u);
    EXPECT_EQ(parse_timeout_ns("4S"), 4'000'000'000u);
    EXPECT_EQ(parse_timeout_ns("5M"), 300'000'000'000u);
    EXPECT_EQ(parse_timeout_ns("6H"), 21'600'000'000'000u);
    EXPECT_EQ(parse_timeout_ns("99999999H"), kNoDeadline - 1);
    EXPECT_EQ(parse_timeout_ns("0S"), 0u);
}

TEST(Timeout, RefusesWhatIsMalformed) {
    for (const char* text :
         {"", "S", "1", "1s", "1h", "-1S", "+1S", " 1S", "1 S", "1.5S", "123456789S", "1SS", "0x1S"}) {
        EXPECT_FALSE(parse_timeout_ns(text)) << text;
    }
}

TEST(Timeout, FormattingNeverShortensIt) {
    base::SeededRandom random{3};
    for (int i = 0; i < 10'000; ++i) {
        const auto ns = random.u64() >> random.below(64);
        const auto text = format_timeout(ns);
        ASSERT_LE(text.size(), 9u);
        const auto back = parse_timeout_ns(text);
        ASSERT_TRUE(back) << text;
        EXPECT_GE(*back, std::min(ns, kNoDeadline - 1)) << text;
    }
    EXPECT_EQ(format_timeout(1'000'000'000), "1000000u");
}

}  // namespace
}  // namespace rpc

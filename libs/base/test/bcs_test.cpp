#include "base/bcs.hpp"

#include <gtest/gtest.h>

#include "base/random.hpp"

namespace {

using base::BcsReader;
using base::BcsWriter;
using base::Errc;

base::Bytes hex(std::string_view text) { return base::from_hex(text).value(); }

TEST(BcsWriter, EncodesTheExamplesOfTheSpecification) {
    BcsWriter writer;
    writer.u16(0x1234);
    writer.u64(0x123456789abcdef0);
    writer.boolean(true);
    writer.uleb(9487);
    writer.string("diem");
    EXPECT_EQ(base::to_hex(writer.view()),
              "3412"
              "f0debc9a78563412"
              "01"
              "8f4a"
              "046469656d");
}

TEST(BcsReader, ReadsBackWhatTheWriterWrote) {
    BcsWriter writer;
    writer.u8(7);
    writer.u32(1u << 31);
    writer.u128(static_cast<base::u128>(5) << 100);
    writer.bytes(base::as_bytes("payload"));
    writer.uleb(0xffffffffu);
    const auto wire = std::move(writer).take();
    BcsReader reader{wire};
    EXPECT_EQ(reader.u8(), 7);
    EXPECT_EQ(reader.u32(), 1u << 31);
    EXPECT_TRUE(reader.u128() == static_cast<base::u128>(5) << 100);
    EXPECT_EQ(base::as_text(reader.bytes(100)), "payload");
    EXPECT_EQ(reader.uleb(0xffffffffu), 0xffffffffu);
    EXPECT_TRUE(reader.finish());
}

TEST(BcsReader, RefusesANumberThatIsNotMinimal) {
    const auto wire = hex("8000");
    BcsReader reader{wire};
    reader.uleb(100);
    EXPECT_TRUE(reader.status().error().is(Errc::not_canonical));
}

TEST(BcsReader, RefusesANumberAboveThirtyTwoBits) {
    for (const auto text : {"ffffffff10", "ffffffffff01", "8080808080808001"}) {
        const auto wire = hex(text);
        BcsReader reader{wire};
        reader.uleb(0xffffffffu);
        EXPECT_TRUE(reader.status().error().is(Errc::out_of_range)) << text;
    }
}

TEST(BcsReader, RefusesABooleanOfTwo) {
    const auto wire = hex("02");
    BcsReader reader{wire};
    reader.boolean();
    EXPECT_TRUE(reader.status().error().is(Errc::not_canonical));
}

TEST(BcsReader, RefusesTrailingBytes) {
    const auto wire = hex("0100");
    BcsReader reader{wire};
    reader.u8();
    EXPECT_TRUE(reader.finish().error().is(Errc::trailing_bytes));
}

TEST(BcsReader, RefusesALengthThatTheInputCannotBack) {
    const auto wire = hex("ffff03");
    BcsReader reader{wire};
    EXPECT_EQ(reader.length(1u << 20), 0u);
    EXPECT_TRUE(reader.status().error().is(Errc::truncated));
}

TEST(BcsReader, KeepsTheFirstErrorAndGivesZeroAfterIt) {
    const auto wire = hex("02ff");
    BcsReader reader{wire};
    reader.boolean();
    EXPECT_EQ(reader.u64(), 0u);
    EXPECT_TRUE(reader.finish().error().is(Errc::not_canonical));
}

TEST(BcsReader, RefusesTextThatIsNotUtf8) {
    for (const auto text : {"02c080", "03eda080", "04f4908080", "0180", "02c3", "03e282"}) {
        const auto wire = hex(text);
        BcsReader reader{wire};
        reader.string(16);
        EXPECT_FALSE(reader.status()) << text;
    }
    const auto wire = hex("09c3a9e282acf09f8c8d");
    BcsReader reader{wire};
    EXPECT_EQ(reader.string(16), "é€🌍");
}

TEST(BcsReader, SurvivesEveryPrefixOfAnEncoding) {
    BcsWriter writer;
    writer.bytes(base::as_bytes("abc"));
    writer.u64(5);
    const auto wire = std::move(writer).take();
    for (std::size_t size = 0; size < wire.size(); ++size) {
        BcsReader reader{base::ByteView{wire}.first(size)};
        reader.bytes(10);
        reader.u64();
        EXPECT_TRUE(reader.finish().error().is(Errc::truncated)) << size;
    }
}

}  // namespace

#include "ghostbridge/frame.hpp"

#include <gtest/gtest.h>

namespace {

using namespace ghostbridge;

base::Bytes hex(std::string_view text) { return base::from_hex(text).value(); }

TEST(DecodeFrame, ReadsTheLayoutOfTheDesign) {
    const auto wire = hex("01060003616263ff");
    const auto frame = decode_frame(wire).value();
    EXPECT_EQ(frame.type, static_cast<std::uint8_t>(FrameType::data));
    EXPECT_FALSE(frame.more);
    EXPECT_EQ(base::as_text(frame.payload), "abc");
    EXPECT_EQ(frame.wire_size(), 7u);
}

TEST(DecodeFrame, AsksForMoreOnEveryPrefix) {
    base::Bytes wire;
    append_frame(wire, FrameType::trailers, base::as_bytes("grpc-status"));
    for (std::size_t size = 0; size < wire.size(); ++size) {
        const auto frame = decode_frame(base::ByteView{wire}.first(size));
        ASSERT_FALSE(frame) << size;
        EXPECT_TRUE(frame.error().is(Errc::truncated)) << size;
    }
    EXPECT_TRUE(decode_frame(wire));
}

TEST(DecodeFrame, RefusesAnotherVersionAtItsFirstByte) {
    const auto wire = hex("02");
    EXPECT_TRUE(decode_frame(wire).error().is(Errc::bad_version));
}

TEST(AppendFrame, CutsAtSixtyFourKibWithTheMoreBit) {
    const base::Bytes payload(2 * kFramePayloadMax + 5, std::byte{7});
    base::Bytes wire;
    append_frame(wire, FrameType::grpc_request, payload);
    ASSERT_EQ(wire.size(), payload.size() + 3 * kFrameHeaderSize);
    EXPECT_EQ(base::to_hex(base::ByteView{wire}.first(4)), "0181ffff");
    FrameReader reader{payload.size()};
    reader.feed(wire);
    const auto item = reader.next().value();
    EXPECT_EQ(item.type, FrameType::grpc_request);
    EXPECT_EQ(item.payload, payload);
    EXPECT_TRUE(reader.next().error().is(Errc::truncated));
    EXPECT_EQ(reader.held_bytes(), 0u);
}

TEST(FrameReader, RefusesALogicalFrameBeyondItsBound) {
    base::Bytes wire;
    append_frame(wire, FrameType::service_register, base::Bytes(101));
    FrameReader reader{100};
    reader.feed(wire);
    EXPECT_TRUE(reader.next().error().is(Errc::too_large));
}

TEST(FrameReader, HandsOutDataPieceByPieceWithoutABound) {
    base::Bytes wire;
    append_frame(wire, FrameType::data, base::Bytes(3 * kFramePayloadMax));
    FrameReader reader{10};
    std::size_t got = 0;
    std::size_t pieces = 0;
    for (std::size_t at = 0; at < wire.size(); at += 1000) {
        reader.feed(base::ByteView{wire}.subspan(at, std::min<std::size_t>(1000, wire.size() - at)));
        while (auto item = reader.next()) {
            got += item->payload.size();
            ++pieces;
        }
        EXPECT_LE(reader.held_bytes(), kFramePayloadMax + kFrameHeaderSize);
    }
    EXPECT_EQ(got, 3 * kFramePayloadMax);
    EXPECT_EQ(pieces, 3u);
}

TEST(FrameReader, SkipsUnknownTypesByLength) {
    auto wire = hex("0142000261620106000163");
    FrameReader reader{100};
    reader.feed(wire);
    EXPECT_EQ(base::as_text(reader.next().value().payload), "c");
}

TEST(FrameReader, RefusesAnotherTypeInsideAContinuedFrame) {
    FrameReader reader{100};
    reader.feed(hex("01810001610106000162"));
    EXPECT_TRUE(reader.next().error().is(Errc::interleaved));
}

TEST(Fields, RoundTripWithDuplicatesAndBinaryValues) {
    const Fields fields{{":path", "/a.B/C"}, {"x-bin", "AAEC"}, {"x-bin", "/w=="}, {"empty", ""}};
    EXPECT_EQ(decode_fields(encode_fields(fields), 4).value(), fields);
    EXPECT_TRUE(decode_fields(encode_fields(fields), 3).error().is(Errc::too_large));
}

TEST(Fields, RefuseBadNamesAndValues) {
    for (const auto& fields : {Fields{{"", "x"}}, Fields{{"Upper", "x"}}, Fields{{"a b", "x"}}, Fields{{"a", "x\ny"}},
                               Fields{{"a", std::string("x\0", 2)}}})
        EXPECT_TRUE(decode_fields(encode_fields(fields), 4).error().is(Errc::malformed_headers));
    auto block = encode_fields({{"a", "b"}});
    block.pop_back();
    EXPECT_TRUE(decode_fields(block, 4).error().is(Errc::malformed_headers));
}

}  // namespace

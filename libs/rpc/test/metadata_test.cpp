#include "rpc/metadata.hpp"

#include <gtest/gtest.h>

#include "base/random.hpp"

namespace rpc {
namespace {

TEST(Metadata, KeepsOrderAndDuplicates) {
    Metadata metadata;
    ASSERT_TRUE(metadata.add("trace", "1"));
    ASSERT_TRUE(metadata.add("other", "x"));
    ASSERT_TRUE(metadata.add("trace", "2"));
    EXPECT_EQ(metadata.get("trace"), "1");
    EXPECT_EQ(metadata.all("trace"), (std::vector<std::string_view>{"1", "2"}));
    EXPECT_FALSE(metadata.get("missing"));
}

TEST(Metadata, RefusesReservedAndMalformedNamesAndValues) {
    Metadata metadata;
    for (const char* name : {"", ":path", "grpc-status", "grpc-anything", "content-type", "te", "host", "connection",
                             "Upper", "with space", "umlaut-\xc3\xa4", "new\nline"}) {
        EXPECT_FALSE(metadata.add(name, "x")) << name;
    }
    EXPECT_FALSE(metadata.add("name", "line\nbreak"));
    EXPECT_FALSE(metadata.add("name", "\x80"));
    EXPECT_TRUE(metadata.add("name-bin", std::string("\0\n\xff", 3)));
    EXPECT_EQ(metadata.size(), 1u);
}

TEST(Metadata, DropsBlanksAroundValues) {
    Metadata metadata;
    for (const char* value : {" x", "x ", "  x  "}) ASSERT_TRUE(metadata.add("name", value));
    ASSERT_TRUE(metadata.add("blank", " "));
    ASSERT_TRUE(metadata.add("kept-bin", " x "));
    EXPECT_EQ(metadata.all("name"), (std::vector<std::string_view>{"x", "x", "x"}));
    EXPECT_EQ(metadata.get("blank"), "");
    EXPECT_EQ(metadata.get("kept-bin"), " x ");
    Fields fields;
    metadata.write_to(fields);
    EXPECT_TRUE(zquic::h3::check_fields(fields, true));
}

TEST(Metadata, SurvivesTheWire) {
    const Metadata metadata{{"a", "text"}, {"key-bin", std::string("\0\x01\xff", 3)}, {"a", ""}, {"key-bin", ""}};
    Fields fields{{":path", "/x"}, {"grpc-timeout", "1S"}};
    metadata.write_to(fields);
    const auto back = Metadata::read_from(fields);
    ASSERT_TRUE(back);
    EXPECT_EQ(*back, metadata);
}

TEST(Metadata, AcceptsPaddedUnpaddedAndJoinedBinaryValues) {
    const auto metadata = Metadata::read_from({{"k-bin", "AAE="}, {"k-bin", "AAE"}, {"k-bin", "AAE=, /w"}});
    ASSERT_TRUE(metadata);
    const std::string two("\0\x01", 2);
    EXPECT_EQ(metadata->all("k-bin"), (std::vector<std::string_view>{two, two, two, "\xff"}));
}

TEST(Metadata, RefusesBrokenBase64) {
    for (const char* text : {"A", "AAAAA", "A=", "AA=", "A===", "AA*A", "====",
                             "AA=="
                             "AA"}) {
        EXPECT_FALSE(base64_decode(text)) << text;
        EXPECT_FALSE(Metadata::read_from({{"k-bin", text}})) << text;
    }
}

TEST(Metadata, Base64RoundTripsRandomBytes) {
    base::SeededRandom random{7};
    for (std::size_t size = 0; size < 200; ++size) {
        std::string bytes(size, '\0');
        random.fill(std::as_writable_bytes(std::span{bytes}));
        EXPECT_EQ(base64_decode(base64_encode(bytes)), bytes);
    }
    EXPECT_EQ(base64_encode("foobar"), "Zm9vYmFy");
    EXPECT_EQ(base64_encode("fooba"), "Zm9vYmE");
}

}  // namespace
}  // namespace rpc

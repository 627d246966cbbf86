#include "zabi/codec.hpp"

#include <gtest/gtest.h>

#include "gcrypt/address.hpp"

namespace zabi {
namespace {

std::string encoded(std::string_view type, std::string_view json) {
    const auto bytes = encode_value(type, json);
    return bytes ? base::to_hex(*bytes) : bytes.error().text;
}

TEST(Encode, FollowsBcs) {
    EXPECT_EQ(encoded("u8", "255"), "ff");
    EXPECT_EQ(encoded("u16", "\"0x1234\""), "3412");
    EXPECT_EQ(encoded("u64", "\"18446744073709551615\""), "ffffffffffffffff");
    EXPECT_EQ(encoded("u128", "\"340282366920938463463374607431768211455\""), std::string(32, 'f'));
    EXPECT_EQ(encoded("i8", "-128"), "80");
    EXPECT_EQ(encoded("i64", "-1"), "ffffffffffffffff");
    EXPECT_EQ(encoded("bool", "true"), "01");
    EXPECT_EQ(encoded("string", "\"hi\""), "026869");
    EXPECT_EQ(encoded("bytes", "\"0x0102\""), "020102");
    EXPECT_EQ(encoded("bytes2", "\"0102\""), "0102");
    EXPECT_EQ(encoded("u16[]", "[1,2]"), "0201000200");
    EXPECT_EQ(encoded("u8[2]", "[1,2]"), "0102");
    EXPECT_EQ(encoded("u8?", "null"), "00");
    EXPECT_EQ(encoded("u8?", "7"), "0107");
    EXPECT_EQ(encoded("bytes", "\"" + std::string(2 * 300, 'a') + "\"").substr(0, 4), "ac02");
}

TEST(Encode, RefusesWhatDoesNotFitAndSaysWhy) {
    EXPECT_EQ(encoded("u8", "256"), "arguments.u8: 256 does not fit u8");
    EXPECT_EQ(encoded("u8", "-1"), "arguments.u8: -1 does not fit u8");
    EXPECT_EQ(encoded("i8", "128"), "arguments.i8: 128 does not fit i8");
    EXPECT_EQ(encoded("i8", "-129"), "arguments.i8: -129 does not fit i8");
    EXPECT_EQ(encoded("u64", "1.5"), "arguments.u64: must be an integer (u64)");
    EXPECT_EQ(encoded("bool", "1"), "arguments.bool: must be true or false");
    EXPECT_EQ(encoded("bytes2", "\"01\""), "arguments.bytes2: must be 2 bytes, has 1");
    EXPECT_EQ(encoded("u8[2]", "[1]"), "arguments.u8[2]: must have 2 elements");
    EXPECT_NE(encoded("u128", "\"340282366920938463463374607431768211456\"").find("not an integer"), std::string::npos);
    EXPECT_NE(encoded("address", "\"ghost1qqqq\"").find("arguments.address: "), std::string::npos);
}

class Contract : public ::testing::Test {
 protected:
    Schema schema = Schema::parse(R"({"abi":1,"name":"t",
      "types":{"Bid":[{"name":"bidder","type":"address"},{"name":"amount","type":"u128"}]},
      "methods":[{"name":"m","inputs":[{"name":"bids","type":"Bid[]"},{"name":"note","type":"string?"},{"name":"n","type":"i64"}]},
                 {"name":"one","outputs":[{"type":"u64"}]}, {"name":"two","outputs":[{"name":"a","type":"u8"},{"type":"bool"}]}],
      "events":[{"name":"E","fields":[{"name":"who","type":"address","indexed":true},{"name":"text","type":"string","indexed":true},
                                      {"name":"n","type":"u64"}]}],
      "errors":[{"name":"Broke","fields":[{"name":"have","type":"u128"}]},{"name":"Closed"}]})")
                        .value();
    std::string address = gcrypt::Address{}.to_text();
};

TEST_F(Contract, DecodesWhatItEncoded) {
    const auto& method = schema.methods[0];
    const auto json = R"({"bids":[{"bidder":")" + address + R"(","amount":"5"}],"note":"hello","n":"-3"})";
    const auto call = encode_call_json(method, json);
    ASSERT_TRUE(call) << call.error().text;
    EXPECT_TRUE(base::equal(base::ByteView{*call}.first(4), method.selector));
    EXPECT_EQ(decode_fields(method.inputs, base::ByteView{*call}.subspan(4)).value(), json);
    const std::string texts[] = {R"([[")" + address + R"(",5]])", "hello", "-3"};
    EXPECT_EQ(encode_call(method, texts).value(), *call);
    // Every prefix is truncated, every extra byte too much.
    const auto arguments = base::ByteView{*call}.subspan(4);
    for (std::size_t size = 0; size < arguments.size(); ++size)
        EXPECT_FALSE(decode_fields(method.inputs, arguments.first(size)));
    auto longer = *call;
    longer.push_back(std::byte{0});
    EXPECT_FALSE(decode_fields(method.inputs, base::ByteView{longer}.subspan(4)));
    EXPECT_EQ(encode_call(method, {}).error().text,
              "m: takes 3 arguments, got 0; wanted bids:(address,u128)[] note:string? n:i64");
    EXPECT_EQ(encode_call_json(method, R"({"bids":[],"note":null,"x":1})").error().text, "m: arguments.n: missing");
}

TEST_F(Contract, ShowsOutputs) {
    EXPECT_EQ(decode_outputs(schema.methods[1], base::from_hex("0500000000000000").value()).value(), "\"5\"");
    EXPECT_EQ(decode_outputs(schema.methods[2], base::from_hex("0501").value()).value(), R"({"a":5,"1":true})");
    EXPECT_FALSE(decode_outputs(schema.methods[2], base::from_hex("0502").value()));
}

TEST_F(Contract, DecodesEventsAndErrors) {
    base::Digest who{};
    base::Digest hashed{};
    hashed[0] = std::byte{0xab};
    const base::Digest topics[] = {schema.events[0].topic, who, hashed};
    const auto event = decode_event(schema, topics, base::from_hex("0700000000000000").value());
    ASSERT_TRUE(event);
    EXPECT_EQ(event->fields, R"({"who":")" + address + R"(","text":"0xab)" + std::string(62, '0') + R"(","n":"7"})");
    EXPECT_FALSE(decode_event(schema, std::span{topics}.first(2), {}));
    EXPECT_FALSE(decode_event(schema, {}, {}));

    const auto error = [this](std::string_view signature, std::string_view hex) {
        const auto selector = selector_of(signature);
        base::Bytes data{selector.begin(), selector.end()};
        const auto rest = base::from_hex(hex).value();
        data.insert(data.end(), rest.begin(), rest.end());
        const auto decoded = decode_error(schema, data);
        return decoded ? decoded->message : std::string{"none"};
    };
    EXPECT_EQ(error("Error(string)", "026e6f"), "no");
    EXPECT_EQ(error("Panic(u32)", "02000000"), "arithmetic overflow or division by zero");
    EXPECT_EQ(error("Broke(u128)", "05000000000000000000000000000000"), R"(Broke {"have":"5"})");
    EXPECT_EQ(error("Closed()", ""), "Closed");
    EXPECT_EQ(error("Other()", ""), "none");
    EXPECT_EQ(error("Broke(u128)", "05"), "none");
}

}  // namespace
}  // namespace zabi

#include "zabi/schema.hpp"

#include <gtest/gtest.h>

#include "zabi/codec.hpp"

namespace zabi {
namespace {

constexpr std::string_view kToken = R"({"abi":1,"name":"token",
  "types":{"Bid":[{"name":"bidder","type":"address"},{"name":"amount","type":"u128"}]},
  "init":{"inputs":[{"name":"supply","type":"u128"}]},
  "methods":[{"name":"transfer","inputs":[{"name":"to","type":"address"},{"name":"amount","type":"u128"}]},
             {"name":"bid","inputs":[{"name":"bids","type":"Bid[]"}],"payable":true},
             {"name":"balance_of","inputs":[{"name":"owner","type":"address"}],"outputs":[{"type":"u128"}],"view":true}],
  "events":[{"name":"Transfer","fields":[{"name":"from","type":"address","indexed":true},{"name":"amount","type":"u128"}]}],
  "errors":[{"name":"Broke","fields":[{"name":"have","type":"u128"}]}]})";

TEST(Schema, KnowsSignaturesAndSelectors) {
    const auto schema = Schema::parse(kToken);
    ASSERT_TRUE(schema) << schema.error().text;
    EXPECT_EQ(schema->methods[0].signature, "transfer(address,u128)");
    EXPECT_EQ(schema->methods[1].signature, "bid((address,u128)[])");
    // What clang folded from the same text in a contract: contracts/sdk.
    EXPECT_EQ(base::to_hex(selector_of("transfer(address,u128)")), "179043b9");
    EXPECT_EQ(base::to_hex(selector_of("balance_of(address)")), "e6fcac23");
    EXPECT_EQ(schema->find_method("transfer"), &schema->methods[0]);
    EXPECT_EQ(schema->find_method(schema->methods[2].selector), &schema->methods[2]);
    EXPECT_EQ(schema->find_event(schema->events[0].topic), &schema->events[0]);
    EXPECT_EQ(schema->find_method("absent"), nullptr);
    ASSERT_NE(schema->find_error("Panic"), nullptr);
    EXPECT_EQ(schema->find_error("Error")->signature, "Error(string)");
    EXPECT_TRUE(schema->methods[2].view);
    EXPECT_TRUE(schema->methods[1].payable);
}

TEST(Schema, SaysWhereItIsWrong) {
    const auto problem = [](std::string_view json) {
        const auto schema = Schema::parse(json);
        return schema ? std::string{"accepted"} : schema.error().text;
    };
    EXPECT_EQ(problem("{"), "schema: not JSON");
    EXPECT_EQ(problem("[]"), "schema: must be an object");
    EXPECT_EQ(problem(R"({"abi":2,"name":"x","methods":[]})"), "abi: must be 1");
    EXPECT_EQ(problem(R"({"abi":1,"name":"x"})"), "methods: missing");
    EXPECT_EQ(problem(R"({"abi":1,"name":"x","methods":[],"extra":1})"), "schema: unknown key 'extra'");
    EXPECT_EQ(problem(R"({"abi":1,"name":"x","methods":[{"name":"a","inputs":[{"name":"v","type":"u256"}]}]})"),
              "methods[0].inputs[0].type: unknown type 'u256'");
    EXPECT_EQ(problem(R"({"abi":1,"name":"x","methods":[{"name":"a"},{"name":"a"}]})"), "methods[1].name: used twice");
    EXPECT_EQ(problem(R"({"abi":1,"name":"x","methods":[{"name":"a","view":true,"payable":true}]})"),
              "methods[0]: cannot be both view and payable");
    EXPECT_EQ(problem(R"({"abi":1,"name":"x","methods":[],"errors":[{"name":"Panic"}]})"),
              "errors[0].name: used twice, or built in");
    EXPECT_EQ(problem(R"({"abi":1,"name":"x","types":{"u8":[]},"methods":[]})"),
              "types.u8: is the name of a built-in type");
    EXPECT_NE(problem(R"({"abi":1,"name":"x","methods":[{"name":"a1234567890123456789012345678901234","inputs":[
        {"name":"a","type":"address"},{"name":"b","type":"address"},{"name":"c","type":"address"},{"name":"d","type":"address"}]}]})")
                  .find("has more than 64 bytes"),
              std::string::npos);
    for (const auto* const type : {"u8[0]", "u8[01]", "u8[1025]", "u8[", "u8]", "bytes0", "bytes65", "bytes01", "u8??",
                                   "", "?", "[]", "u8[][][][][][][][]"}) {
        EXPECT_NE(problem(std::string{R"({"abi":1,"name":"x","methods":[{"name":"a","inputs":[{"name":"v","type":")"} +
                          type + "\"}]}]}"),
                  "accepted")
            << type;
    }
    EXPECT_NE(problem(std::string(100, '[')), "accepted");
    EXPECT_NE(problem(std::string(kSchemaBytesMax + 1, ' ')), "accepted");
}

TEST(Section, IsFoundEmbeddedAndReplaced) {
    const auto module = base::from_hex("0061736d01000000").value();
    EXPECT_TRUE(find_section(module).error().is(base::Errc::not_found));
    const auto with = embed_section(module, kToken);
    ASSERT_TRUE(with);
    EXPECT_EQ(base::as_text(find_section(*with).value()), kToken);
    const auto again = embed_section(*with, kToken);
    ASSERT_TRUE(again);
    EXPECT_EQ(*again, *with);
    EXPECT_EQ(Schema::from_wasm(*with)->name, "token");
    auto twice = *with;
    twice.insert(twice.end(), with->begin() + 8, with->end());
    EXPECT_TRUE(find_section(twice).error().is(base::Errc::already_exists));
    for (std::size_t size = 0; size < with->size(); ++size)
        EXPECT_FALSE(find_section(base::ByteView{*with}.first(size))) << size;
    EXPECT_FALSE(embed_section(module, "{}"));
}

}  // namespace
}  // namespace zabi

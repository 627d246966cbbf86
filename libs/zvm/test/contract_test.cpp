// What may be deployed, case by case.
#include "zvm/contract.hpp"

#include <gtest/gtest.h>

#include "wasm_builder.hpp"
#include "zvm/errc.hpp"

namespace zvm {
namespace {

using namespace test;

Code abi_section() { return join({text("zvm.abi"), {'{', '}'}}); }

std::string problem_of(const Builder& builder) {
    const auto contract = load_contract(builder.bytes());
    return contract ? "" : contract.error().text;
}

/// A contract with `call`, and what `more` adds.
template <typename More>
std::string problem_with(More&& more) {
    Builder b;
    const auto none = b.type({}, {});
    more(b, none);
    b.function("call", none, {});
    return problem_of(b);
}

TEST(LoadContract, TakesWhatHasCallAndMayHaveInitAndOneSchema) {
    EXPECT_EQ(problem_with([](Builder&, std::uint32_t) {}), "");
    EXPECT_EQ(problem_with([](Builder& b, std::uint32_t none) {
                  b.import_function("zvm1", "gas_left", b.type({}, {kI64}));
                  b.function("init", none, {});
                  b.customs.push_back(abi_section());
                  b.customs.push_back(join({text("name"), {0}}));
              }),
              "");
}

TEST(LoadContract, SaysWhatTheChainWouldRefuse) {
    EXPECT_NE(problem_of({}).find("\"call\""), std::string::npos);
    Builder parameter;
    parameter.function("call", parameter.type({kI32}, {}), {});
    EXPECT_NE(problem_of(parameter).find("entry point"), std::string::npos);
    Builder no_function;
    no_function.memory(1);
    no_function.exports.push_back(join({text("call"), {2}, uleb(0)}));
    EXPECT_NE(problem_of(no_function).find("\"call\""), std::string::npos);
    EXPECT_NE(problem_with([](Builder& b, std::uint32_t) {
                  b.function("init", b.type({}, {kI32}), i32_const(1));
              }).find("entry point"),
              std::string::npos);
    EXPECT_NE(problem_with([](Builder& b, std::uint32_t) {
                  b.memory(1);
                  b.exports.push_back(join({text("init"), {2}, uleb(0)}));
              }).find("entry point"),
              std::string::npos);
    EXPECT_NE(problem_with([](Builder& b, std::uint32_t) {
                  b.customs.push_back(abi_section());
                  b.customs.push_back(abi_section());
              }).find("zvm.abi"),
              std::string::npos);
    for (const auto& [module, name] : {std::pair{"zvm1", "no_such_function"}, std::pair{"env", "gas_left"}}) {
        EXPECT_NE(problem_with([&](Builder& b, std::uint32_t) {
                      b.import_function(module, name, b.type({}, {kI64}));
                  }).find("import"),
                  std::string::npos)
            << name;
    }
    EXPECT_NE(problem_with([](Builder& b, std::uint32_t) {
                  b.import_function("zvm1", "gas_left", b.type({}, {kI32}));
              }).find("import"),
              std::string::npos)
        << "of another type";
    EXPECT_NE(problem_with([](Builder& b, std::uint32_t) {
                  b.memory(1);
                  b.data.push_back(join({{0}, i32_const(65'536), {0x0b}, text("x")}));
              }).find("segments"),
              std::string::npos);
}

}  // namespace
}  // namespace zvm

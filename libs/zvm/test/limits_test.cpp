// Each limit of the contract profile: exactly at it is fine, one beyond has its own error. And what contracts may not
// use.
#include <gtest/gtest.h>
#include <time.h>

#include <algorithm>

#include "wasm_builder.hpp"
#include "zvm/module.hpp"

namespace zvm {
namespace {

using namespace test;

/// Empty string when it loads.
std::string refusal(const Builder& builder) {
    const auto module = Module::load(builder.bytes(), LoadOptions::contract());
    return module ? "" : base::to_string(module.error());
}
void expect_refused(const Builder& builder, Errc code) {
    const auto module = Module::load(builder.bytes(), LoadOptions::contract());
    ASSERT_FALSE(module);
    EXPECT_TRUE(module.error().is(code)) << base::to_string(module.error());
}

/// A module with one function of type () -> ().
Builder one_function(const Code& body, const Code& locals = {0}) {
    Builder b;
    b.type({}, {});
    b.function("f", 0, body, locals);
    return b;
}

TEST(ContractLimits, BoundTheBytesOfTheModule) {
    Builder b = one_function({});
    const auto base_size = b.bytes().size();
    const auto pad = [&](std::size_t total) {
        // id, three bytes of length, one of name length
        Builder c = b;
        c.customs.push_back(join({text(""), Code(total - base_size - 5)}));
        return c;
    };
    const auto fits = pad(256 * 1024);
    ASSERT_EQ(fits.bytes().size(), 256u * 1024);
    EXPECT_EQ(refusal(fits), "");
    expect_refused(pad(256 * 1024 + 1), Errc::code_too_large);
}

TEST(ContractLimits, BoundTypesParametersAndResults) {
    Builder b;
    for (int i = 0; i < 1'024; ++i) b.type({}, {});
    EXPECT_EQ(refusal(b), "");
    b.type({}, {});
    expect_refused(b, Errc::too_many_types);

    Builder params;
    params.type(Code(32, kI32), {});
    EXPECT_EQ(refusal(params), "");
    params.type(Code(33, kI32), {});
    expect_refused(params, Errc::too_many_params);

    Builder results;
    results.type({}, Code(32, kI32));
    EXPECT_EQ(refusal(results), "");
    results.type({}, Code(33, kI32));
    expect_refused(results, Errc::too_many_results);
}

TEST(ContractLimits, BoundFunctionsCountingImports) {
    Builder b;
    b.type({}, {});
    b.import_function("zvm1", "x", 0);
    for (int i = 0; i < 4'095; ++i) b.function("", 0, {});
    EXPECT_EQ(refusal(b), "");
    b.function("", 0, {});
    expect_refused(b, Errc::too_many_functions);
}

TEST(ContractLimits, BoundTheBytesOfABody) {
    const auto nops = [](std::size_t size) { return one_function(Code(size - 2, 0x01)); };  // locals, end
    EXPECT_EQ(refusal(nops(64 * 1024)), "");
    expect_refused(nops(64 * 1024 + 1), Errc::body_too_large);
}

TEST(ContractLimits, BoundLocalsOfAFunctionAndOfAll) {
    const auto locals = [](std::uint32_t n) { return join({{1}, uleb(n), {kI64}}); };
    EXPECT_EQ(refusal(one_function({}, locals(512))), "");
    expect_refused(one_function({}, locals(513)), Errc::too_many_locals);

    Builder with_params;
    with_params.type(Code(32, kI32), {});
    with_params.function("f", 0, {}, locals(481));
    expect_refused(with_params, Errc::too_many_locals);

    Builder many;
    many.type({}, {});
    for (int i = 0; i < 97; ++i) many.function("", 0, {}, locals(512));  // 49,664
    many.function("", 0, {}, locals(336));
    EXPECT_EQ(refusal(many), "");
    many.function("", 0, {}, locals(1));
    expect_refused(many, Errc::too_many_locals_total);
}

TEST(ContractLimits, BoundBlocksNestingAndBranchTables) {
    EXPECT_EQ(refusal(one_function(repeat({0x02, 0x40, 0x0b}, 5'000))), "");
    expect_refused(one_function(repeat({0x02, 0x40, 0x0b}, 5'001)), Errc::too_many_blocks);

    const auto nested = [](std::size_t n) { return one_function(join({repeat({0x02, 0x40}, n), Code(n, 0x0b)})); };
    EXPECT_EQ(refusal(nested(256)), "");
    expect_refused(nested(257), Errc::nesting_too_deep);

    const auto table = [](std::size_t n) {
        return one_function(join({i32_const(0), {0x0e}, uleb(n), Code(n + 1, 0)}));
    };
    EXPECT_EQ(refusal(table(4'096)), "");
    expect_refused(table(4'097), Errc::br_table_too_large);
}

TEST(ContractLimits, BoundTablesMemoryAndGlobals) {
    Builder table;
    table.tables.push_back(join({{0x70, 0}, uleb(4'096)}));
    EXPECT_EQ(refusal(table), "");
    table.tables.push_back({0x70, 0, 0});
    expect_refused(table, Errc::too_many_tables);
    Builder large;
    large.tables.push_back(join({{0x70, 0}, uleb(4'097)}));
    expect_refused(large, Errc::table_too_large);

    Builder memory;
    memory.memory(64);
    EXPECT_EQ(refusal(memory), "");
    memory.memories.clear();
    memory.memory(65);
    expect_refused(memory, Errc::memory_too_large);

    Builder globals;
    for (int i = 0; i < 256; ++i) globals.globals.push_back(join({{kI32, 0}, i32_const(1), {0x0b}}));
    EXPECT_EQ(refusal(globals), "");
    globals.globals.push_back(join({{kI32, 0}, i32_const(1), {0x0b}}));
    expect_refused(globals, Errc::too_many_globals);
}

TEST(ContractLimits, BoundImportsExportsAndSegments) {
    Builder imports;
    imports.type({}, {});
    for (int i = 0; i < 64; ++i) imports.import_function("zvm1", "x", 0);
    EXPECT_EQ(refusal(imports), "");
    imports.import_function("zvm1", "x", 0);
    expect_refused(imports, Errc::too_many_imports);

    Builder exports = one_function({});
    for (int i = 1; i < 256; ++i) exports.exports.push_back(join({text("e" + std::to_string(i)), {0, 0}}));
    EXPECT_EQ(refusal(exports), "");
    exports.exports.push_back(join({text("last"), {0, 0}}));
    expect_refused(exports, Errc::too_many_exports);

    Builder data;
    data.memory(1);
    for (int i = 0; i < 1'024; ++i) data.data.push_back({1, 0});
    EXPECT_EQ(refusal(data), "");
    data.data.push_back({1, 0});
    expect_refused(data, Errc::too_many_segments);
    Builder elements;
    for (int i = 0; i < 1'025; ++i) elements.elements.push_back({1, 0, 0});
    expect_refused(elements, Errc::too_many_segments);
}

/// Seconds of processor time of this thread, which others on the machine take no part of.
double thread_seconds() {
    timespec at{};
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &at);
    return static_cast<double>(at.tv_sec) + 1e-9 * static_cast<double>(at.tv_nsec);
}
/// Of the fastest of a few loads.
double load_seconds(const Code& body) {
    const auto bytes = one_function(body, join({{1}, uleb(257), {kI32}})).bytes();
    double best = 1e9;
    for (int i = 0; i < 7; ++i) {
        const auto start = thread_seconds();
        EXPECT_TRUE(Module::load(bytes, LoadOptions::contract()));
        best = std::min(best, thread_seconds() - start);
    }
    return best;
}

TEST(Loading, CostsNoMoreWhenADeepStackHoldsReferencesToLocalsThatChange) {
    // Setting a local looks for references to it on the operand stack: also constants must not make that search long.
    Code gets;
    Code sets;
    for (std::uint32_t i = 0; i < 257; ++i) {
        append(gets, join({{0x20}, uleb(i)}));
        append(sets, join({i32_const(1), {0x21}, uleb(i)}));
    }
    const auto constants = repeat(i32_const(0), 31'000);
    const Code trap{0x00};
    const auto at_the_top = load_seconds(join({constants, gets, sets, trap}));
    EXPECT_LT(load_seconds(join({gets, constants, sets, trap})), 4 * at_the_top);
}

TEST(ContractProfile, RefusesFloatsWhereverTheyAppear) {
    Builder param;
    param.type({kF32}, {});
    expect_refused(param, Errc::floats_refused);
    expect_refused(one_function({}, {1, 1, 0x7c}), Errc::floats_refused);
    expect_refused(one_function({0x43, 0, 0, 0, 0, 0x1a}), Errc::floats_refused);
    expect_refused(one_function({0x00, 0x92, 0x1a}), Errc::floats_refused);        // f32.add, unreachable
    expect_refused(one_function({0x00, 0xfc, 0x00, 0x1a}), Errc::floats_refused);  // i32.trunc_sat_f32_s
    expect_refused(one_function({0x02, 0x7d, 0x00, 0x0b, 0x1a}), Errc::floats_refused);
    Builder global;
    global.globals.push_back({0x7d, 0, 0x43, 0, 0, 0, 0, 0x0b});
    expect_refused(global, Errc::floats_refused);
    Builder load = one_function({0x41, 0, 0x2a, 2, 0, 0x1a});
    load.memory(1);
    expect_refused(load, Errc::floats_refused);
}

TEST(ContractProfile, RefusesStartFunctionsAndForeignFeatures) {
    Builder start = one_function({});
    start.start = {0};
    expect_refused(start, Errc::start_refused);
    expect_refused(one_function({0xfd, 0x00}), Errc::feature_refused);        // SIMD
    expect_refused(one_function({0xfe, 0x03, 0x00}), Errc::feature_refused);  // atomics
    expect_refused(one_function({0x06, 0x40, 0x0b}), Errc::feature_refused);  // try
    expect_refused(one_function({0x12, 0x00}), Errc::feature_refused);        // return_call
    Builder shared;
    shared.memories.push_back({3, 1, 1});
    expect_refused(shared, Errc::feature_refused);
    Builder wide;
    wide.memories.push_back({4, 1});
    expect_refused(wide, Errc::feature_refused);
    Builder import;
    import.imports.push_back(join({text("env"), text("memory"), {2, 0, 1}}));
    expect_refused(import, Errc::feature_refused);
}

}  // namespace
}  // namespace zvm

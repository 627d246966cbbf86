// Code and prices as people see them: disassembly, the static gas report, docs/gas.md.
#include <gtest/gtest.h>

#include <algorithm>

#include "base/file.hpp"
#include "wasm_builder.hpp"
#include "zvm/contract_host.hpp"
#include "zvm/disasm.hpp"
#include "zvm/gas.hpp"
#include "zvm/gas_report.hpp"
#include "zvm/gas_table.hpp"
#include "zvm/machine.hpp"
#include "zvm/opcode_names.hpp"

namespace zvm {
namespace {

using namespace test;

std::shared_ptr<const Module> load(const Builder& builder) {
    auto module = Module::load(builder.bytes(), LoadOptions::contract());
    EXPECT_TRUE(module) << base::to_string(module.error());
    return *module;
}

TEST(GasTable, IsWhatTheShippedDocumentSays) {
    const auto shipped = base::read_file(ZVM_GAS_DOCUMENT, 1u << 20);
    ASSERT_TRUE(shipped) << shipped.error().text;
    // What follows is the ledger's part, which knows what the state costs.
    const auto text = base::as_text(*shipped);
    EXPECT_TRUE(text.substr(0, text.find(kGasTableEnd)) == gas_table_markdown())
        << "run: zvm gas --table > docs/gas.md; ./ghost bench gas --write-docs docs/gas.md";
}

TEST(GasTable, NamesEveryFunctionOfZvm1) {
    const auto functions = zvm1_functions();
    EXPECT_EQ(functions.size(), std::size(gas::host::kTable));
    for (const auto& function : functions) {
        EXPECT_TRUE(std::any_of(std::begin(gas::host::kTable), std::end(gas::host::kTable), [&](const auto& entry) {
            return entry.name == function.name;
        })) << function.name;
    }
}

TEST(GasReport, ForksTakeTheDearerWayAndLoopsCountOneRound) {
    Builder b;
    b.type({kI32}, {kI32});
    // if (n) { five additions } else { nothing }: the first way is the dearer one.
    const auto additions = repeat(join({i32_const(1), {0x6a}}), 5);
    b.function("fork", 0, join({{0x20, 0, 0x04, 0x7f, 0x20, 0}, additions, {0x05}, i32_const(0), {0x0b}}));
    // do n-- while (n)
    b.function("round", 0, join({{0x03, 0x40, 0x20, 0}, i32_const(1), {0x6b, 0x22, 0, 0x0d, 0, 0x0b, 0x20, 0}}));
    const auto module = load(b);
    const auto report = gas_report(*module);
    ASSERT_EQ(report.size(), 2u);
    // get, if; get and five times const, add.
    EXPECT_EQ(report[0].way_gas, 1 + gas::kBranch + 1 + 10);
    EXPECT_TRUE(report[0].loops.empty());
    ASSERT_EQ(report[1].loops.size(), 1u);
    EXPECT_EQ(report[1].loops[0].round_gas, 4 + gas::kBranch);
    EXPECT_EQ(report[1].way_gas, gas::kLoop + 4 + gas::kBranch + 1);
}

TEST(GasReport, AgreesWithARunThatHasNoChoice) {
    Builder b;
    b.type({}, {kI32});
    b.function("leaf", 0, join({i32_const(3), i32_const(4), {0x6c}}), {1, 9, kI64});
    b.function("root", 0, join({{0x10, 0, 0x10, 0, 0x6a}}));
    const auto module = load(b);
    const auto report = gas_report(*module);
    const auto instance = Instance::make(module, std::span<const HostFunction>{});
    ASSERT_TRUE(instance);
    const auto machine = Machine::make();
    Slot result = 0;
    std::int64_t gas = 1'000'000;
    ASSERT_EQ(machine->run(*(*instance)->function(1), {}, {&result, 1}, gas), Trap::none);
    EXPECT_EQ(result, 24u);
    EXPECT_EQ(report[1].total_gas, static_cast<std::uint64_t>(1'000'000 - gas));
}

TEST(GasReport, GivesNoTotalForFunctionsThatCallInACircle) {
    Builder b;
    b.type({}, {});
    b.function("ping", 0, {0x10, 1});
    b.function("pong", 0, {0x10, 0});
    b.function("outside", 0, {0x10, 0});
    b.function("alone", 0, {0x01});
    const auto report = gas_report(*load(b));
    EXPECT_FALSE(report[0].total_gas);
    EXPECT_FALSE(report[1].total_gas);
    EXPECT_FALSE(report[2].total_gas);
    EXPECT_TRUE(report[3].total_gas);
}

TEST(Disassembly, PrintsTheInstructionsOfTheBinaryWithTheirGas) {
    Builder b;
    b.type({kI32}, {kI32});
    b.memory(1);
    b.function("f", 0, join({{0x20, 0, 0x04, 0x7f, 0x20, 0, 0x28, 2, 8, 0x05}, i32_const(-7), {0x0b}}), {1, 2, kI64});
    const auto module = load(b);
    const auto text = disassemble_wasm(*module, b.bytes(), 0);
    for (const auto* line : {"locals 2 i64", "1  local.get 0\n", "2  if i32\n", "2    i32.load offset=8 align=4\n",
                             "1    i32.const -7\n", "0  end\n"}) {
        EXPECT_NE(text.find(line), text.npos) << line << "\n" << text;
    }
}

TEST(Disassembly, KnowsANameForEveryPricedInstruction) {
    EXPECT_STREQ(opcode_name(0x6a), "i32.add");
    EXPECT_STREQ(opcode_name(0xc4), "i64.extend32_s");
    EXPECT_STREQ(opcode_name(0xbf), "f64.reinterpret_i64");
    EXPECT_STREQ(opcode_name(0x7c), "i64.add");
    EXPECT_STREQ(opcode_name(0x26), "table.set");
    EXPECT_STREQ(opcode_name(0xd2), "ref.func");
    EXPECT_STREQ(bulk_opcode_name(17), "table.fill");
    EXPECT_EQ(opcode_name(0xfb), nullptr);
    EXPECT_EQ(bulk_opcode_name(18), nullptr);
}

}  // namespace
}  // namespace zvm

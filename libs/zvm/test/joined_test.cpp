// Instructions that lowering joins: each is really made, and computes what its parts would. And locals that are aliases
// of others for a while.
#include <gtest/gtest.h>

#include <bit>
#include <functional>

#include "wasm_builder.hpp"
#include "zvm/disasm.hpp"
#include "zvm/machine.hpp"

namespace zvm {
namespace {

using namespace test;
using U32 = std::uint32_t;
using U64 = std::uint64_t;

Code get(std::uint8_t local) { return {0x20, local}; }
Code set(std::uint8_t local) { return {0x21, local}; }
Code tee(std::uint8_t local) { return {0x22, local}; }

struct Outcome {
    Trap trap = Trap::none;
    Slot result = 0;
    std::string text;
};

/// Runs a function of five parameters and five locals of one type, with a page of memory whose byte i is i * 7.
Outcome run(std::uint8_t type, const Code& body, const std::vector<Slot>& args) {
    Builder b;
    b.type(Code(5, type), {type});
    b.memory(1);
    b.function("f", 0, body, join({{1}, uleb(5), {type}}));
    const auto module = Module::load(b.bytes(), LoadOptions::contract());
    EXPECT_TRUE(module) << base::to_string(module.error());
    const auto instance = std::move(*Instance::make(*module, std::span<const HostFunction>{}));
    const auto machine = Machine::make();
    auto gas = std::int64_t{1'000'000};
    EXPECT_EQ(instance->initialise(*machine, gas), Trap::none);
    auto* const bytes = instance->memory()->writable(0, 65'536);
    for (U32 i = 0; i < 65'536; ++i) bytes[i] = static_cast<std::uint8_t>(i * 7);
    Outcome out;
    out.text = disassemble(**module, 0);
    out.trap = machine->run(*instance->function(0), args, {&out.result, 1}, gas);
    return out;
}

const std::vector<std::vector<Slot>> kArgs{{0x8123'4567, 0xfedc'ba98, 0x0f1e'2d3c, 0x1357'9bdf, 0x2468'ace0},
                                           {1, 2, 3, 4, 5},
                                           {0, 0xffff'ffff, 0, 0x8000'0000, 0x7fff'ffff},
                                           {7, 7, 7, 0xffff'ffff, 0xffff'ffff}};

template <typename T>
using Formula = std::function<T(T, T, T, T, T)>;

template <typename T>
void expect(const char* name, const Code& body, const Formula<T>& formula) {
    SCOPED_TRACE(name);
    for (auto args : kArgs) {
        if (sizeof(T) == 8) {
            for (auto& arg : args) arg *= 0x9e37'79b9'7f4a'7c15;
        }
        const auto value = [&](std::size_t i) { return static_cast<T>(args[i]); };
        const auto out = run(sizeof(T) == 8 ? kI64 : kI32, body, args);
        EXPECT_NE(out.text.find(std::string{": "} + name + " "), std::string::npos) << out.text;
        EXPECT_EQ(out.trap, Trap::none);
        EXPECT_EQ(out.result, formula(value(0), value(1), value(2), value(3), value(4))) << out.text;
    }
}

struct Ops {
    std::uint8_t add, and_, or_, xor_, shl, shr_u, rotl;
};
constexpr Ops kOps32{0x6a, 0x71, 0x72, 0x73, 0x74, 0x76, 0x77};
constexpr Ops kOps64{0x7c, 0x83, 0x84, 0x85, 0x86, 0x88, 0x89};

template <typename T>
void expect_bitwise(const std::string& prefix, const Ops& op, const std::function<Code(int)>& constant) {
    const auto named = [&](const char* name) { return prefix + name; };
    const auto rotated = [&](std::uint8_t local, int by) { return join({get(local), constant(by), {op.rotl}}); };
    const auto inverted = [&](std::uint8_t local) { return join({get(local), constant(-1), {op.xor_}}); };
    expect<T>(named("andnot_xor").c_str(), join({get(0), inverted(1), {op.and_}, get(2), {op.xor_}}),
              [](T a, T b, T c, T, T) { return (a & ~b) ^ c; });
    expect<T>(named("add4").c_str(), join({get(0), get(1), {op.add}, get(2), {op.add}, get(3), {op.add}}),
              [](T a, T b, T c, T d, T) { return static_cast<T>(a + b + c + d); });
    expect<T>(named("or_or").c_str(), join({get(0), get(1), {op.or_}, get(2), {op.or_}}),
              [](T a, T b, T c, T, T) { return a | b | c; });
    expect<T>(named("sigma").c_str(), join({rotated(0, 7), rotated(0, 18), {op.xor_}, rotated(0, 3), {op.xor_}}),
              [](T a, T, T, T, T) { return std::rotl(a, 7) ^ std::rotl(a, 18) ^ std::rotl(a, 3); });
    expect<T>(named("sigma_shr").c_str(),
              join({rotated(0, 7), rotated(0, 18), {op.xor_}, get(0), constant(3), {op.shr_u}, {op.xor_}}),
              [](T a, T, T, T, T) { return std::rotl(a, 7) ^ std::rotl(a, 18) ^ (a >> 3); });
    // Of another register it is not.
    const auto other = run(sizeof(T) == 8 ? kI64 : kI32,
                           join({rotated(0, 7), rotated(0, 18), {op.xor_}, rotated(1, 3), {op.xor_}}), {5, 9, 0, 0, 0});
    EXPECT_EQ(other.result, std::rotl(T{5}, 7) ^ std::rotl(T{5}, 18) ^ std::rotl(T{9}, 3));
    EXPECT_EQ(other.text.find("sigma"), std::string::npos);
    const auto chosen = join({get(0), get(1), {op.and_}});
    const auto rest = join({get(2), inverted(1), {op.and_}});
    for (const auto& body : {join({rest, chosen, {op.or_}}), join({chosen, rest, {op.or_}})}) {
        expect<T>(named("bitsel").c_str(), body, [](T a, T b, T c, T, T) { return (a & b) | (c & ~b); });
    }
    expect<T>(named("maj").c_str(),
              join({get(0), get(1), {op.xor_}, get(2), {op.and_}, get(0), get(1), {op.and_}, {op.xor_}}),
              [](T a, T b, T c, T, T) { return (a & b) ^ (a & c) ^ (b & c); });
    expect<T>(named("shl_or").c_str(), join({get(0), constant(9), {op.shl}, get(1), {op.or_}}),
              [](T a, T b, T, T, T) { return (a << 9) | b; });
    const auto mix = join({{op.xor_}, constant(11), {op.rotl}, tee(4), get(3), {op.add}});
    expect<T>(named("add_xor_rotl").c_str(), join({get(0), get(1), {op.add}, tee(3), get(2), mix}),
              [](T a, T b, T c, T, T) { return static_cast<T>(std::rotl(static_cast<T>((a + b) ^ c), 11) + (a + b)); });
    expect<T>(named("add_add_xor_rotl").c_str(),
              join({get(0), get(1), {op.add}, get(4), {op.add}, tee(3), get(2), mix}), [](T a, T b, T c, T, T e) {
                  const auto sum = static_cast<T>(a + b + e);
                  return static_cast<T>(std::rotl(static_cast<T>(sum ^ c), 11) + sum);
              });
}

TEST(Joined, BitwiseOperationsComputeWhatTheirPartsDo) {
    expect_bitwise<U32>("i32_", kOps32, [](int v) { return i32_const(v); });
    expect_bitwise<U64>("i64_", kOps64, [](int v) { return i64_const(v); });
    const Code x{0x85};
    const auto four = join({get(0), get(1), x, get(2), x, get(3), x});
    expect<U64>("i64_xor4", four, [](U64 a, U64 b, U64 c, U64 d, U64) { return a ^ b ^ c ^ d; });
    expect<U64>("i64_xor5", join({four, get(4), x}),
                [](U64 a, U64 b, U64 c, U64 d, U64 e) { return a ^ b ^ c ^ d ^ e; });
    expect<U32>("i32_shr_and", join({get(0), i32_const(8), {0x76}, i32_const(0xff00), {0x71}}),
                [](U32 a, U32, U32, U32, U32) { return (a >> 8) & 0xff00; });
}

TEST(Joined, SelectDecidesByEveryComparisonWithRegistersAndConstants) {
    const std::vector<std::pair<std::uint8_t, std::function<bool(U32, U32)>>> kRelations{
        {0x46, [](U32 a, U32 b) { return a == b; }},
        {0x47, [](U32 a, U32 b) { return a != b; }},
        {0x48, [](U32 a, U32 b) { return static_cast<std::int32_t>(a) < static_cast<std::int32_t>(b); }},
        {0x49, [](U32 a, U32 b) { return a < b; }},
        {0x4a, [](U32 a, U32 b) { return static_cast<std::int32_t>(a) > static_cast<std::int32_t>(b); }},
        {0x4b, [](U32 a, U32 b) { return a > b; }},
        {0x4c, [](U32 a, U32 b) { return static_cast<std::int32_t>(a) <= static_cast<std::int32_t>(b); }},
        {0x4d, [](U32 a, U32 b) { return a <= b; }},
        {0x4e, [](U32 a, U32 b) { return static_cast<std::int32_t>(a) >= static_cast<std::int32_t>(b); }},
        {0x4f, [](U32 a, U32 b) { return a >= b; }},
        {0x71, [](U32 a, U32 b) { return (a & b) != 0; }}};
    const std::vector<std::pair<Code, std::function<U32(U32, U32)>>> kValues{
        {join({get(2), get(3)}), [](U32 c, U32) { return c; }},
        {join({i32_const(-5), get(3)}), [](U32, U32) { return static_cast<U32>(-5); }},
        {join({i32_const(77), get(3)}), [](U32, U32) { return 77u; }},
        {join({get(2), i32_const(78)}), [](U32 c, U32) { return c; }},
        {join({i32_const(77), i32_const(78)}), [](U32, U32) { return 77u; }}};
    for (const auto& [op, holds] : kRelations) {
        for (const auto& [values, first] : kValues) {
            const bool second_is_constant = values.end()[-2] == 0xce || values.back() == 0x00;
            for (const auto& args : kArgs) {
                const auto a = static_cast<U32>(args[0]);
                const auto b = static_cast<U32>(args[1]);
                const auto second = second_is_constant ? 78u : static_cast<U32>(args[3]);
                const auto yes = first(static_cast<U32>(args[2]), 0);
                auto out = run(kI32, join({values, get(0), get(1), {op}, {0x1b}}), args);
                EXPECT_EQ(out.result, holds(a, b) ? yes : second) << out.text;
                out = run(kI32, join({values, get(0), i32_const(7), {op}, {0x1b}}), args);
                EXPECT_EQ(out.result, holds(a, 7) ? yes : second) << out.text;
            }
        }
    }
}

TEST(Joined, AccessesKeepTheirBoundsAndTheOrderOfTheirTraps) {
    const auto byte = [](U32 at) { return (at * 7) & 0xff; };
    const auto word = [&](U32 at) { return byte(at) | byte(at + 1) << 8 | byte(at + 2) << 16 | byte(at + 3) << 24; };
    const Code load{0x28, 2, 0};
    const auto product = join({get(0), i32_const(16), {0x6a}, load, get(1), {0x6c}, get(2), {0x6a}});
    auto out = run(kI32, product, {100, 3, 9, 0, 0});
    EXPECT_EQ(out.result, static_cast<U32>(word(116) * 3 + 9));
    EXPECT_NE(out.text.find("i32_ld_mul_add"), std::string::npos) << out.text;
    EXPECT_EQ(run(kI32, product, {65'536 - 20, 3, 9, 0, 0}).trap, Trap::none);
    EXPECT_EQ(run(kI32, product, {65'536 - 19, 3, 9, 0, 0}).trap, Trap::memory_bounds);
    EXPECT_EQ(run(kI32, product, {0xffff'fff0, 3, 9, 0, 0}).trap, Trap::none);  // the sum wraps

    const auto scaled = join({get(0), i32_const(2), {0x74}, get(1), {0x6a}, {0x28, 2, 8}});
    out = run(kI32, scaled, {5, 30, 0, 0, 0});
    EXPECT_EQ(out.result, word(58));
    EXPECT_NE(out.text.find("ld32_s"), std::string::npos) << out.text;
    EXPECT_EQ(run(kI32, scaled, {(65'536 - 12) / 4, 0, 0, 0, 0}).trap, Trap::none);
    EXPECT_EQ(run(kI32, scaled, {(65'536 - 12) / 4, 1, 0, 0, 0}).trap, Trap::memory_bounds);
    EXPECT_EQ(run(kI32, scaled, {0x4000'0000, 4, 0, 0, 0}).result, word(12));

    const auto index = join(
        {get(0), i32_const(50), {0x6a}, {0x2d, 0, 0}, i32_const(3), {0x74}, get(1), {0x6a}, {0x29, 3, 24}, {0xa7}});
    out = run(kI32, index, {4, 1000, 0, 0, 0});
    EXPECT_EQ(out.result, word(byte(54) * 8 + 1024));
    EXPECT_NE(out.text.find("ld8u_ld64"), std::string::npos) << out.text;
    EXPECT_EQ(run(kI32, index, {65'535 - 50, 0, 0, 0, 0}).trap, Trap::none);
    EXPECT_EQ(run(kI32, index, {65'536 - 50, 0, 0, 0, 0}).trap, Trap::memory_bounds);
    EXPECT_EQ(run(kI32, index, {4, 65'536, 0, 0, 0}).trap, Trap::memory_bounds);

    const auto kept = join({get(0), get(1), {0x6a}, tee(2), {0x28, 2, 4}, get(2), {0x6a}});
    out = run(kI32, kept, {100, 20, 0, 0, 0});
    EXPECT_EQ(out.result, static_cast<U32>(word(124) + 120));
    EXPECT_NE(out.text.find("add_ld32"), std::string::npos) << out.text;
    EXPECT_EQ(run(kI32, kept, {65'536 - 8, 1, 0, 0, 0}).trap, Trap::memory_bounds);
    EXPECT_EQ(run(kI32, kept, {0xffff'ffff, 1, 0, 0, 0}).result, word(4));

    for (const int value : {0, 1, -1, 32'767, -32'768, 32'768, -32'769, 255, 65'535}) {
        for (const std::uint8_t store : {0x36, 0x3a, 0x3b}) {
            const auto body = join({get(0), i32_const(value), {store, 0, 4}, get(0), {0x28, 2, 4}});
            const U32 mask = store == 0x36 ? 0xffff'ffff : store == 0x3a ? 0xff : 0xffff;
            EXPECT_EQ(run(kI32, body, {40, 0, 0, 0, 0}).result, (static_cast<U32>(value) & mask) | (word(44) & ~mask))
                << value;
            EXPECT_EQ(run(kI32, body, {65'536, 0, 0, 0, 0}).trap, Trap::memory_bounds);
        }
    }
}

TEST(Joined, CountedLoopsAndBitTestsBranchAsTheirPartsDo) {
    // for (i = from; ; ) { sum += i; i += step; if (i <relation> limit) continue; break; }
    const auto loop = [](int step, const Code& limit, std::uint8_t relation) {
        return join({{0x03, 0x40},
                     get(5),
                     get(0),
                     {0x6a},
                     set(5),
                     get(0),
                     i32_const(step),
                     {0x6a},
                     tee(0),
                     limit,
                     {relation},
                     {0x0d, 0, 0x0b},
                     get(5)});
    };
    auto out = run(kI32, loop(3, i32_const(30), 0x47), {0, 0, 0, 0, 0});
    EXPECT_EQ(out.result, 135u);
    EXPECT_NE(out.text.find("add_br_ne_ri"), std::string::npos) << out.text;
    EXPECT_EQ(run(kI32, loop(3, get(1), 0x47), {0, 30, 0, 0, 0}).result, 135u);
    EXPECT_EQ(run(kI32, loop(-3, get(1), 0x47), {30, 0, 0, 0, 0}).result, 165u);
    EXPECT_EQ(run(kI32, loop(3, get(1), 0x49), {0, 29, 0, 0, 0}).result, 135u);
    EXPECT_EQ(run(kI32, loop(-1, i32_const(1), 0x4b), {10, 0, 0, 0, 0}).result, 54u);
    EXPECT_EQ(run(kI32, loop(-1, i32_const(-2), 0x4b), {0xffff'ffff, 0, 0, 0, 0}).result, 0xffff'ffffu);
    EXPECT_EQ(run(kI32, loop(40'000, i32_const(80'000), 0x47), {0, 0, 0, 0, 0}).result, 40'000u);
    for (const bool negate : {false, true}) {
        for (const Slot value : {Slot{0x10}, Slot{0x8000'0001}, Slot{0xef}}) {
            const auto test = join({get(0), i32_const(0x8010), {0x71}});
            const auto body = join({{0x02, 0x40},
                                    test,
                                    negate ? Code{0x45} : Code{},
                                    {0x0d, 0},
                                    i32_const(5),
                                    {0x0f, 0x0b},
                                    i32_const(6)});
            out = run(kI32, body, {value, 0, 0, 0, 0});
            EXPECT_EQ(out.result, ((value & 0x8010) != 0) != negate ? 6u : 5u) << out.text;
            EXPECT_NE(out.text.find("br_test"), std::string::npos) << out.text;
        }
    }
}

TEST(Aliases, AreReadAsWhatTheLocalWasSetTo) {
    // a, b = b, a by way of a third local; also when the first is read before and after.
    expect<U32>("ret_r",
                join({get(0), set(5), get(1), set(0), get(5), set(1), get(0), i32_const(3), {0x6c}, get(1), {0x6a}}),
                [](U32 a, U32 b, U32, U32, U32) { return static_cast<U32>(b * 3 + a); });
    // A reference that waits on the operand stack while its local and the alias of it change.
    expect<U32>("ret_r", join({get(0), get(0), set(5), get(1), set(0), get(2), set(5), get(0), {0x6c}, get(5), {0x6a}}),
                [](U32 a, U32 b, U32 c, U32, U32) { return static_cast<U32>(a * b + c); });
    // The instruction that makes the new value reads what the alias was before.
    expect<U32>("ret_r",
                join({get(5), get(1), {0x73}, get(0), set(5), i32_const(4), {0x77}, set(0), get(0), get(5), {0x6a}}),
                [](U32 a, U32 b, U32, U32, U32) { return static_cast<U32>(std::rotl(b, 4) + a); });
    // The condition was computed before the alias was made, of the local that is one now.
    expect<U32>("ret_r",
                join({{0x02, 0x40},
                      get(0),
                      i32_const(1),
                      {0x46},
                      get(1),
                      set(0),
                      {0x0d, 0},
                      get(0),
                      i32_const(1),
                      {0x6a},
                      set(0),
                      {0x0b},
                      get(0)}),
                [](U32 a, U32 b, U32, U32, U32) { return a == 1 ? b : b + 1; });
    // The same of a select.
    expect<U32>("ret_r",
                join({i32_const(1'000'000),
                      i32_const(2'000'000),
                      get(0),
                      i32_const(1),
                      {0x46},
                      get(1),
                      set(0),
                      {0x1b},
                      get(0),
                      {0x6a}}),
                [](U32 a, U32 b, U32, U32, U32) { return static_cast<U32>((a == 1 ? 1'000'000 : 2'000'000) + b); });
    // On one path only.
    expect<U32>("ret_r",
                join({get(0),
                      set(5),
                      get(1),
                      {0x04, 0x40},
                      get(2),
                      set(5),
                      get(3),
                      set(2),
                      {0x05},
                      get(4),
                      set(0),
                      {0x0b},
                      get(5),
                      get(0),
                      {0x73},
                      get(2),
                      {0x6a}}),
                [](U32 a, U32 b, U32 c, U32 d, U32 e) { return static_cast<U32>(b ? (c ^ a) + d : (a ^ e) + c); });
}

TEST(Aliases, ThatGoAroundALoopTakeTheValuesOfTheRoundBefore) {
    // Fibonacci with three locals: t = a + b; a = b; b = t.
    const auto body = join({{0x03, 0x40},
                            get(1),
                            get(2),
                            {0x6a},
                            get(2),
                            set(1),
                            set(2),
                            get(0),
                            i32_const(-1),
                            {0x6a},
                            tee(0),
                            {0x0d, 0, 0x0b},
                            get(1)});
    EXPECT_EQ(run(kI32, body, {30, 0, 1, 0, 0}).result, 832'040u);
    // More of them at once than are remembered: a rotation of all ten locals.
    Code rotation = join({{0x03, 0x40}, get(1)});
    for (std::uint8_t i = 1; i < 9; ++i) append(rotation, join({get(static_cast<std::uint8_t>(i + 1)), set(i)}));
    append(rotation, join({set(9),
                           get(0),
                           i32_const(-1),
                           {0x6a},
                           tee(0),
                           {0x0d, 0, 0x0b},
                           get(1),
                           i32_const(1000),
                           {0x6c},
                           get(2),
                           {0x6a}}));
    EXPECT_EQ(run(kI32, rotation, {9, 11, 12, 13, 14}).result, 11'012u);
    EXPECT_EQ(run(kI32, rotation, {8, 11, 12, 13, 14}).result, 11u);
    EXPECT_EQ(run(kI32, rotation, {3, 11, 12, 13, 14}).result, 14'000u);
}

}  // namespace
}  // namespace zvm

// Running code: gas, stacks, traps, memory that is clean again, host functions, traces.
#include <gtest/gtest.h>

#include <cstring>

#include "wasm_builder.hpp"
#include "zvm/cache.hpp"
#include "zvm/disasm.hpp"
#include "zvm/gas.hpp"
#include "zvm/pool.hpp"

namespace zvm {
namespace {

using namespace test;

struct Run {
    Trap trap;
    std::int64_t used;
    std::vector<Slot> results;
};

class Vm {
 public:
    explicit Vm(const Builder& builder, std::vector<HostFunction> hosts = {},
                LoadOptions options = LoadOptions::contract())
        : hosts_{std::move(hosts)} {
        auto module = Module::load(builder.bytes(), options);
        EXPECT_TRUE(module) << base::to_string(module.error());
        auto made = Instance::make(*module, hosts_);
        EXPECT_TRUE(made) << base::to_string(made.error());
        instance = std::move(*made);
        auto gas = std::int64_t{1'000'000};
        EXPECT_EQ(instance->initialise(*machine, gas), Trap::none);
        instance->take_image();
    }
    Run call(std::string_view name, std::vector<Slot> args = {}, std::int64_t gas = 10'000'000,
             void* context = nullptr) {
        const auto index = *instance->module().find_function(name);
        Run out{Trap::none, gas, std::vector<Slot>(instance->module().function_type(index).results.size())};
        out.trap = machine->run(*instance->function(index), args, out.results, gas, {.context = context});
        out.used -= gas;
        return out;
    }
    std::vector<HostFunction> hosts_;
    std::unique_ptr<Machine> machine = Machine::make();
    std::unique_ptr<Instance> instance;
};

/// sum(n): adds n, n-1, ... 1 in a loop.
Builder loop_sum() {
    Builder b;
    b.type({kI64}, {kI64});
    b.function("sum", 0,
               join({{0x03, 0x40},                       // loop
                     {0x20, 1, 0x20, 0, 0x7c, 0x21, 1},  // acc += n
                     {0x20, 0},
                     i64_const(1),
                     {0x7d, 0x22, 0},        // n = n - 1
                     {0x50, 0x45, 0x0d, 0},  // until it is zero
                     {0x0b, 0x20, 1}}),
               {1, 1, kI64});
    return b;
}

Builder endless() {
    Builder b;
    b.type({}, {});
    b.function("spin", 0, {0x03, 0x40, 0x0c, 0, 0x0b});
    b.function("recurse", 0, {0x10, 1});
    return b;
}

TEST(Gas, CountsWasmInstructionsOfTheBlocksThatRan) {
    Vm vm{loop_sum()};
    const auto ten = vm.call("sum", {10});
    ASSERT_EQ(ten.trap, Trap::none);
    EXPECT_EQ(ten.results[0], 55u);
    // A round is 10 instructions and a branch: get get add set, get const sub tee, eqz eqz br_if. Around the rounds the
    // loop itself, one local.get, and a local.
    constexpr auto kRound = 10 * gas::kSimple + gas::kBranch;
    EXPECT_EQ(ten.used, 10 * kRound + gas::kLoop + 1 + gas::locals(1));
    EXPECT_EQ(vm.call("sum", {11}).used - ten.used, kRound);
}

TEST(Gas, ExactlyEnoughIsEnoughAndOneLessBurnsAll) {
    Vm vm{loop_sum()};
    const auto needed = vm.call("sum", {1'000}).used;
    EXPECT_EQ(vm.call("sum", {1'000}, needed).trap, Trap::none);
    const auto short_of = vm.call("sum", {1'000}, needed - 1);
    EXPECT_EQ(short_of.trap, Trap::out_of_gas);
    EXPECT_EQ(short_of.used, needed - 1);
}

TEST(Gas, EndsLoopsAndRecursion) {
    Vm vm{endless()};
    EXPECT_EQ(vm.call("spin", {}, 1'000'000).trap, Trap::out_of_gas);
    EXPECT_EQ(vm.call("recurse").trap, Trap::stack_exhausted);
    EXPECT_EQ(vm.call("recurse", {}, 100).trap, Trap::out_of_gas);
}

TEST(Gas, IsTheSameOnAFreshAndACleanedInstance) {
    Vm fresh{loop_sum()};
    const auto first = fresh.call("sum", {77});
    fresh.instance->reset();
    const auto second = fresh.call("sum", {77});
    EXPECT_EQ(first.used, second.used);
    EXPECT_EQ(first.results, second.results);
}

TEST(Gas, BlocksLargerThanABranchCanCarryAreChargedInFull) {
    // 70,000 instructions without a branch: more than the 16 bits that a conditional branch has for its successor.
    Builder b;
    b.type({kI32}, {});
    Code body{0x02, 0x40, 0x20, 0, 0x0d, 0};
    append(body, repeat({0x20, 0, 0x1a}, 21'000));
    body.push_back(0x0b);
    b.function("f", 0, body);
    Vm vm{b};
    EXPECT_EQ(vm.call("f", {1}).used, 1 + gas::kBranch);
    EXPECT_EQ(vm.call("f", {0}).used, 1 + gas::kBranch + 21'000 * 2);
    const auto cut = vm.call("f", {0}, 20'000);
    EXPECT_EQ(cut.trap, Trap::out_of_gas);
}

TEST(Gas, ChargesGrowthBulkAndNothingForRefusedGrowth) {
    Builder b;
    b.type({kI32}, {kI32});
    b.type({kI32}, {});
    b.memory(1);
    b.function("grow", 0, {0x20, 0, 0x40, 0});
    b.function("fill", 1, join({i32_const(0), i32_const(7), {0x20, 0, 0xfc, 11, 0}}));
    Vm vm{b};
    const auto fails = vm.call("grow", {64});
    EXPECT_EQ(fails.results[0], 0xffff'ffffu);
    EXPECT_LT(fails.used, gas::kGrowPage);
    EXPECT_EQ(vm.call("fill", {65'536}).used - vm.call("fill", {0}).used, 65'536 / 8);
    const auto grows = vm.call("grow", {63});
    EXPECT_EQ(grows.results[0], 1u);
    EXPECT_EQ(grows.used - fails.used, 63 * gas::kGrowPage);
    EXPECT_EQ(vm.call("grow", {1}).results[0], 0xffff'ffffu);
    // Wrapping lengths and addresses are bounds errors, after their price.
    EXPECT_EQ(vm.call("fill", {0xffff'ffff}, std::int64_t{1} << 40).trap, Trap::memory_bounds);
    EXPECT_EQ(vm.call("fill", {0xffff'ffff}, 1'000).trap, Trap::out_of_gas);
}

TEST(Stack, HoldsTheDocumentedDepthAndSlots) {
    Builder b;
    b.type({kI32}, {});
    // down(n): if (n) down(n - 1)
    b.function("down", 0, join({{0x20, 0, 0x04, 0x40, 0x20, 0}, i32_const(1), {0x6b, 0x10, 0, 0x0b}}));
    // wide(n): the same with 500 locals
    b.function("wide", 0, join({{0x20, 0, 0x04, 0x40, 0x20, 0}, i32_const(1), {0x6b, 0x10, 1, 0x0b}}),
               join({{1}, uleb(500), {kI64}}));
    Vm vm{b};
    EXPECT_EQ(vm.call("down", {kCallDepth - 1}).trap, Trap::none);
    EXPECT_EQ(vm.call("down", {kCallDepth}).trap, Trap::stack_exhausted);
    // A frame is 1 + 500 locals + 2 operands, the next one beginning at its argument: 501 slots apart.
    const Slot fits = (kStackSlots - 503) / 501;
    EXPECT_EQ(vm.call("wide", {fits}).trap, Trap::none);
    EXPECT_EQ(vm.call("wide", {fits + 1}).trap, Trap::stack_exhausted);
}

TEST(Memory, TreatsAddressesAsUnsigned32BitWhateverTheSlotHolds) {
    Builder b;
    b.type({kI64}, {kI32});
    b.type({kI32}, {kI32});
    b.memory(1);
    b.function("wrapped", 0, {0x20, 0, 0xa7, 0x28, 2, 0});                   // load(wrap(x))
    b.function("offset", 1, join({{0x20, 0, 0x28, 2}, uleb(0xffff'ffff)}));  // load(x + 2^32-1)
    b.function("sum", 1, join({{0x20, 0, 0x20, 0, 0x6a, 0x28, 2, 0}}));      // load(x + x)
    Vm vm{b};
    EXPECT_EQ(vm.call("wrapped", {0xffff'ffff'0000'0000}).trap, Trap::none);
    EXPECT_EQ(vm.call("offset", {1}).trap, Trap::memory_bounds);
    EXPECT_EQ(vm.call("offset", {0xffff'ffff}).trap, Trap::memory_bounds);
    EXPECT_EQ(vm.call("sum", {0x8000'0000}).trap, Trap::none);  // wraps to 0 as i32.add does
    EXPECT_EQ(vm.call("sum", {32'767}).trap, Trap::memory_bounds);
    EXPECT_EQ(vm.call("sum", {32'766}).trap, Trap::none);
    // Bits above 32 of an argument are not the guest's to use.
    EXPECT_EQ(vm.call("offset", {0xffff'ffff'0000'0000}).trap, Trap::memory_bounds);
    EXPECT_EQ(vm.call("sum", {0xffff'ffff'0000'0004}).trap, Trap::none);
}

TEST(Memory, IsCleanAfterReset) {
    Builder b;
    b.type({kI32, kI64}, {});
    b.type({kI32}, {kI64});
    b.type({kI32}, {kI32});
    b.memory(2);
    b.function("put", 0, {0x20, 0, 0x20, 1, 0x37, 0, 0});
    b.function("get", 1, {0x20, 0, 0x29, 0, 0});
    b.function("grow", 2, {0x20, 0, 0x40, 0});
    b.data.push_back(join({{0}, i32_const(4'090), {0x0b}, text("0123456789abcdef")}));
    Vm vm{b};
    const auto word = vm.call("get", {4'092}).results[0];
    const Slot places[] = {0, 4'088, 4'092, 4'095, 4'096, 8'191, 65'535, 131'064};
    for (const auto place : places) EXPECT_EQ(vm.call("put", {place, ~Slot{0}}).trap, Trap::none);
    EXPECT_EQ(vm.call("grow", {3}).results[0], 2u);
    EXPECT_EQ(vm.call("put", {300'001, 77}).trap, Trap::none);
    vm.instance->reset();
    EXPECT_EQ(vm.call("get", {4'092}).results[0], word);
    EXPECT_EQ(vm.call("get", {300'001}).trap, Trap::memory_bounds);
    EXPECT_EQ(vm.call("grow", {3}).results[0], 2u);
    std::uint64_t sum = 0;
    for (Slot at = 0; at < 5 * 65'536; ++at) sum += *vm.instance->memory()->view(at, 1);
    std::uint64_t expected = 0;
    for (const char c : std::string_view{"0123456789abcdef"}) expected += static_cast<std::uint8_t>(c);
    EXPECT_EQ(sum, expected);
}

TEST(Memory, GivesBackWhatGrewBeyondWhatItKeepsAndIsCleanAgain) {
    const auto memory = *Memory::make({{1, std::nullopt}}, 64);
    *memory->writable(7, 1) = 9;
    memory->take_image();
    EXPECT_EQ(memory->grow(0), 1);
    EXPECT_LE(memory->held_bytes(), 2 * std::uint64_t{kPageBytes});
    EXPECT_EQ(memory->grow(63), 1);
    const auto all = memory->size();
    for (std::uint64_t at = 0; at < all; at += 4'096) *memory->writable(at + 5, 1) = 1;
    memory->reset();
    EXPECT_LE(memory->held_bytes(), Memory::kKeptBytes + kPageBytes);
    EXPECT_EQ(memory->grow(63), 1);
    std::uint64_t sum = 0;
    for (std::uint64_t at = 0; at < all; ++at) sum += *memory->view(at, 1);
    EXPECT_EQ(sum, 9u);
}

TEST(Memory, KeepsOnlyTheWrittenPagesOfItsImageAndRestoresThemAll) {
    const auto memory = *Memory::make({{64, std::nullopt}}, 64);
    const auto all = memory->size();
    for (const auto at : {std::uint64_t{4'095}, std::uint64_t{200'000}, Memory::kKeptBytes, all - 1})
        *memory->writable(at, 1) = 3;
    memory->take_image();
    EXPECT_LT(memory->held_bytes(), Memory::kKeptBytes + 100'000);
    std::memset(memory->writable(0, all), 0xee, all);
    memory->reset();
    std::uint64_t sum = 0;
    for (std::uint64_t at = 0; at < all; ++at) sum += *memory->view(at, 1);
    EXPECT_EQ(sum, 4 * 3u);
    EXPECT_EQ(*memory->view(all - 1, 1), 3);
}

TEST(Memory, NeverMovesWhenItGrows) {
    const auto memory = *Memory::make({{1, std::nullopt}}, 64);
    auto* const base = memory->base();
    EXPECT_EQ(memory->grow(63), 1);
    EXPECT_EQ(memory->base(), base);
    EXPECT_EQ(memory->grow(1), -1);
    EXPECT_EQ(memory->grow(0xffff'ffff), -1);
    EXPECT_NE(memory->view(64 * kPageBytes, 0), nullptr);
    EXPECT_EQ(memory->view(64 * kPageBytes, 1), nullptr);
    EXPECT_EQ(memory->view(~std::uint64_t{0}, 2), nullptr);
}

TEST(Pool, GivesCleanInstancesAndKeepsTheNumberItMay) {
    Builder b;
    b.type({}, {kI32});
    b.globals.push_back(join({{kI32, 1}, i32_const(5), {0x0b}}));
    // next(): g = g + 1
    b.function("next", 0, join({{0x23, 0}, i32_const(1), {0x6a, 0x24, 0, 0x23, 0}}));
    const auto module = *Module::load(b.bytes(), LoadOptions::contract());
    InstancePool pool{{}, {.instances = 2}};
    const auto machine = Machine::make();
    const Instance* seen = nullptr;
    for (int i = 0; i < 3; ++i) {
        const auto lease = pool.acquire(module);
        ASSERT_TRUE(lease);
        if (i) {
            EXPECT_EQ(&**lease, seen);
        }
        seen = &**lease;
        Slot result = 0;
        std::int64_t gas = 1'000;
        EXPECT_EQ(machine->run(*(*lease)->function(0), {}, {&result, 1}, gas), Trap::none);
        EXPECT_EQ(result, 6u);
    }
    EXPECT_EQ(pool.idle(), 1u);
    {
        std::vector<InstancePool::Lease> leases;
        for (int i = 0; i < 5; ++i) leases.push_back(std::move(*pool.acquire(module)));
        EXPECT_EQ(pool.idle(), 0u);
    }
    EXPECT_EQ(pool.idle(), 2u);
}

TEST(Pool, IsBoundedInBytesAndTheLongestUnusedGoFirst) {
    const auto with_pages = [](std::uint32_t pages) {
        Builder b;
        b.type({}, {});
        b.function("f", 0, {});
        b.memory(pages);
        return *Module::load(b.bytes(), LoadOptions::contract());
    };
    const auto first = with_pages(4);
    const auto second = with_pages(4);
    const auto third = with_pages(4);
    InstancePool pool{{}, {.instances = 100, .bytes = 600'000}};  // room for two
    const auto use = [&](const std::shared_ptr<const Module>& module) {
        const auto lease = pool.acquire(module);
        return &**lease;
    };
    const auto* const one = use(first);
    use(second);
    EXPECT_EQ(use(first), one);
    use(third);
    EXPECT_EQ(pool.idle(), 2u);
    EXPECT_LE(pool.idle_bytes(), 600'000u);
    EXPECT_EQ(use(first), one);  // it was the second one that went
    use(with_pages(64));         // keeps at most a MiB, which is more than there is room for
    EXPECT_EQ(pool.idle(), 2u);
}

TEST(Start, PricesCountBytesAndInstructionsNotWhatTheyAreLoweredTo) {
    namespace price = gas::start;
    const auto priced = [](const Builder& b) { return *Module::load(b.bytes(), LoadOptions::contract()); };
    Builder b;
    b.type({}, {});
    b.memory(2);
    b.function("f", 0, {});
    const auto plain = priced(b);
    EXPECT_EQ(plain->instance_gas(), price::kInstance + 2 * price::kInstancePage + price::kInstanceFunction);
    auto commented = b;
    commented.customs.push_back(join({text("x"), repeat({0}, 10'000)}));
    const auto section = commented.bytes().size() - b.bytes().size();
    EXPECT_LE(priced(commented)->load_gas(), plain->load_gas() + section + 10 * price::kLoadStructureByte);
    auto longer = b;
    longer.bodies.clear();
    longer.functions.clear();
    longer.exports.clear();
    longer.function("f", 0, repeat({0x41, 0, 0x1a}, 30));  // constants that are dropped: nothing is left of them
    EXPECT_EQ(priced(longer)->code(0).ir_count, plain->code(0).ir_count);
    EXPECT_EQ(priced(longer)->code(0).load_gas, plain->code(0).load_gas + 60 * price::kLoadOp);
    // A br_table costs its targets, and what each of them takes.
    auto table = b;
    table.type({}, Code(8, kI32));
    table.function("g", 0,
                   join({{0x02, 1},
                         repeat(i32_const(0), 8),
                         i32_const(0),
                         {0x0e, 100},
                         repeat({0}, 101),
                         {0x0b},
                         repeat({0x1a}, 8)}));
    EXPECT_GE(priced(table)->code(1).load_gas, 101 * (8 * price::kLoadValue + price::kLoadTarget));
    auto data = b;
    data.data.push_back(join({{0}, i32_const(0), {0x0b}, text("0123456789")}));
    EXPECT_EQ(priced(data)->instance_gas(),
              plain->instance_gas() + price::kInstanceSegment + price::kInstanceItem + 10 * price::kInstanceDataByte);
}

TEST(Cache, ReturnsOneModuleAKeyAndStaysWithinItsBytes) {
    const auto wasm = loop_sum().bytes();
    const auto one = (*Module::load(wasm, LoadOptions::contract()))->footprint();
    ModuleCache cache{3 * one};
    const auto key = [](int i) {
        base::Digest digest{};
        digest[0] = static_cast<std::byte>(i);
        return digest;
    };
    const auto first = cache.load(key(1), wasm, LoadOptions::contract());
    ASSERT_TRUE(first);
    EXPECT_EQ(*cache.load(key(1), wasm, LoadOptions::contract()), *first);
    for (int i = 2; i < 9; ++i) ASSERT_TRUE(cache.load(key(i), wasm, LoadOptions::contract()));
    EXPECT_EQ(cache.stats().modules, 3u);
    EXPECT_LE(cache.stats().bytes, 3 * one);
    EXPECT_EQ(cache.find(key(1)), nullptr);
    EXPECT_NE(cache.find(key(8)), nullptr);
    EXPECT_FALSE(cache.load(key(99), {}, LoadOptions::contract()));
}

Trap add_context(HostCall& call) noexcept {
    if (!call.charge(1'000)) return Trap::out_of_gas;
    call.slots[0] = call.u32(0) + *static_cast<std::uint64_t*>(call.context);
    return Trap::none;
}
Trap refuse(HostCall&) noexcept { return Trap::reverted; }

TEST(Host, FunctionsSeeTheirContextAndChargeBeforeTheyWork) {
    Builder b;
    b.type({kI32}, {kI32});
    b.type({}, {});
    b.import_function("zvm1", "add", 0);
    b.import_function("zvm1", "stop", 1);
    b.function("f", 0, {0x20, 0, 0x10, 0});
    b.function("stop", 1, {0x10, 1, 0x00});
    Vm vm{b, {{"zvm1", "add", {{ValType::i32}, {ValType::i32}}, &add_context}, {"zvm1", "stop", {}, &refuse}}};
    std::uint64_t context = 40;
    const auto good = vm.call("f", {2}, 100'000, &context);
    EXPECT_EQ(good.results[0], 42u);
    EXPECT_EQ(good.used, gas::kSimple + gas::kCall + gas::kHostCall + 1'000);
    EXPECT_EQ(vm.call("f", {2}, good.used - 1, &context).trap, Trap::out_of_gas);
    EXPECT_EQ(vm.call("stop").trap, Trap::reverted);
    context = 0x1'0000'0000;  // a host function's 32-bit result is 32 bits wide
    EXPECT_EQ(vm.call("f", {2}, 100'000, &context).results[0], 2u);
}

TEST(Host, UnknownOrMistypedImportsDoNotLink) {
    Builder b;
    b.type({kI32}, {kI32});
    b.import_function("zvm1", "add", 0);
    const auto module = *Module::load(b.bytes(), LoadOptions::contract());
    const auto link = [&](std::vector<HostFunction> hosts) {
        const auto made = Instance::make(module, hosts);
        return made ? std::optional<base::Error>{} : made.error();
    };
    EXPECT_TRUE(link({})->is(Errc::unknown_import));
    EXPECT_TRUE(link({{"zvm2", "add", {{ValType::i32}, {ValType::i32}}, &refuse}})->is(Errc::unknown_import));
    EXPECT_TRUE(link({{"zvm1", "add", {{ValType::i64}, {ValType::i32}}, &refuse}})->is(Errc::import_mismatch));
    EXPECT_FALSE(link({{"zvm1", "add", {{ValType::i32}, {ValType::i32}}, &refuse}}));
}

TEST(Trace, NamesTheActiveFunctionsInnermostFirst) {
    Builder b;
    b.type({}, {});
    b.function("outer", 0, {0x10, 1});
    b.function("middle", 0, {0x10, 2, 0x01});
    b.function("inner", 0, {0x00});
    Vm vm{b};
    EXPECT_EQ(vm.call("outer").trap, Trap::unreachable);
    const auto trace = vm.machine->trace(vm.instance->module());
    ASSERT_EQ(trace.size(), 3u);
    EXPECT_EQ(trace[0].name, "inner");
    EXPECT_EQ(trace[1].name, "middle");
    EXPECT_EQ(trace[2].name, "outer");
    EXPECT_EQ(vm.machine->trace(vm.instance->module(), 1).size(), 1u);
}

TEST(Trace, NamesAreCutAndOddOnesAreNotShown) {
    Builder b;
    b.type({}, {});
    for (int i = 0; i < 4; ++i) b.function("", 0, {});
    const std::string long_name = std::string(Module::kNameShown - 1, 'x') + "\xc3\xa9" + std::string(5'000, 'y');
    const auto names = list({join({{0}, text(long_name)}), join({{1}, text("one")}), join({{2}, text("\xff\xfe")})});
    b.customs.push_back(join({text("name"), {1}, uleb(names.size()), names}));
    const auto module = *Module::load(b.bytes(), LoadOptions::contract());
    const std::vector<std::uint32_t> wanted{3, 1, 0, 1, 2};
    const auto found = module->function_names(wanted);
    EXPECT_EQ(found, (std::vector<std::string>{"f3", "one", std::string(Module::kNameShown - 1, 'x'), "one", "f2"}));
    EXPECT_EQ(module->function_name(1), "one");
}

TEST(Decoder, RefusesEveryTruncation) {
    auto b = loop_sum();
    b.memory(1);
    b.data.push_back(join({{0}, i32_const(0), {0x0b}, text("data")}));
    const auto wasm = b.bytes();
    ASSERT_TRUE(Module::load(wasm, LoadOptions::contract()));
    for (std::size_t n = 0; n < wasm.size(); ++n) {
        const auto module = Module::load(base::ByteView{wasm}.first(n), LoadOptions::contract());
        // A cut between sections leaves a module that lacks its later sections.
        if (module) {
            EXPECT_LT((*module)->code_count() + (*module)->data().size(), 2u) << n;
        }
    }
}

TEST(Lowering, KeepsOldValuesOfLocalsHoweverManyAreStacked) {
    // get l; l = l + 1; 3,000 times: every value on the stack is another one. Then they are added up.
    Builder b;
    b.type({kI64}, {kI64});
    constexpr int kCount = 3'000;
    Code body;
    for (int i = 0; i < kCount; ++i) append(body, join({{0x20, 0, 0x20, 0}, i64_const(1), {0x7c, 0x21, 0}}));
    append(body, Code(kCount - 1, 0x7c));
    b.function("f", 0, body);
    Vm vm{b};
    EXPECT_EQ(vm.call("f", {10}).results[0], kCount * 10u + kCount * (kCount - 1u) / 2);
    // And references that are all pending at once when their local changes.
    Builder many;
    many.type({kI32, kI32}, {kI32});
    Code all = repeat({0x20, 0, 0x20, 1}, 600);
    append(all, join({i32_const(9), {0x22, 0, 0x21, 1}}));
    append(all, Code(1'199, 0x6a));
    many.function("f", 0, all);
    Vm other{many};
    EXPECT_EQ(other.call("f", {3, 5}).results[0], 600u * 8);
}

TEST(Decoder, PricesTypeBombsAndWideBranchTablesLinearly) {
    // 4,096 targets that each carry 32 values which must move: the moves are made once, not once a target.
    Builder b;
    b.type({}, Code(32, kI32));
    Code body{0x02, 0x00};  // block of type 0
    append(body, i32_const(1));
    append(body, repeat(i32_const(3), 32));
    append(body, join({{0x20, 0, 0x0e}, uleb(4'096), Code(4'097, 0), {0x0b}}));
    b.type({kI32}, Code(32, kI32));
    b.function("f", 1, body);
    const auto module = Module::load(b.bytes(), LoadOptions::contract());
    ASSERT_TRUE(module) << base::to_string(module.error());
    EXPECT_LT(instruction_count(**module), 4'300u);
    Vm vm{b};
    EXPECT_EQ(vm.call("f", {9'999}).results[31], 3u);
}

}  // namespace
}  // namespace zvm

// Runs that somebody may end: what a Watch sees, and that it changes nothing but the end.
#include <gtest/gtest.h>

#include <random>

#include "wasm_builder.hpp"
#include "zvm/gas.hpp"
#include "zvm/instance.hpp"
#include "zvm/machine.hpp"

namespace zvm {
namespace {

using namespace test;

Trap spend(HostCall& call) noexcept { return call.charge(call.u32(0)) ? Trap::none : Trap::out_of_gas; }

/// Says "stop" at the given question, and from then on.
class StopAt final : public Watch {
 public:
    explicit StopAt(std::uint64_t question = ~0ULL) : at_{question} {}
    bool should_stop() noexcept override { return ++asked >= at_; }
    std::uint64_t asked = 0;

 private:
    std::uint64_t at_;
};

/// work(rounds, gas): in each round fills memory, calls a function that counts, and lets the host spend `gas`.
class WatchedVm {
 public:
    WatchedVm() : hosts_{{"zvm1", "spend", {{ValType::i32}, {}}, &spend}} {
        Builder b;
        b.type({kI32}, {});
        b.type({kI32, kI32}, {kI32});
        b.type({kI32}, {kI32});
        b.import_function("zvm1", "spend", 0);
        b.memory(1);
        b.function("work", 1,
                   join({{0x03, 0x40},  // loop
                         i32_const(0),
                         i32_const(7),
                         i32_const(4096),
                         {0xfc, 0x0b, 0x00},  // memory.fill
                         {0x20, 1, 0x10, 0},
                         {0x20, 0, 0x10, 2, 0x22, 0},  // rounds = less(rounds)
                         {0x0d, 0, 0x0b},
                         i32_const(5)}));
        b.function("less", 2, join({{0x20, 0}, i32_const(1), {0x6b}}));
        auto module = Module::load(b.bytes(), LoadOptions::contract());
        EXPECT_TRUE(module) << base::to_string(module.error());
        instance_ = std::move(*Instance::make(*module, hosts_));
        auto gas = std::int64_t{1'000'000};
        EXPECT_EQ(instance_->initialise(*machine_, gas), Trap::none);
    }
    struct Run {
        Trap trap;
        std::int64_t left;
        Slot result;
        friend bool operator==(const Run&, const Run&) = default;
    };
    Run work(std::uint32_t rounds, std::uint32_t host_gas, std::int64_t gas, Watch* watch) {
        const std::array<Slot, 2> args{rounds, host_gas};
        std::array<Slot, 1> results{};
        const auto index = *instance_->module().find_function("work");
        const auto trap = machine_->run(*instance_->function(index), args, results, gas, {.watch = watch});
        return {trap, gas, results[0]};
    }

 private:
    std::vector<HostFunction> hosts_;
    std::unique_ptr<Machine> machine_ = Machine::make();
    std::unique_ptr<Instance> instance_;
};

TEST(Watch, ChangesNeitherGasNorResultOfARunThatItLetsGo) {
    WatchedVm vm;
    std::mt19937_64 random{7};
    for (int i = 0; i < 2'000; ++i) {
        const auto rounds = static_cast<std::uint32_t>(1 + random() % 300);
        const auto host_gas = static_cast<std::uint32_t>(random() % 3 == 0 ? random() % 200'000 : random() % 500);
        const auto full = vm.work(rounds, host_gas, std::int64_t{1} << 40, nullptr);
        ASSERT_EQ(full.trap, Trap::none);
        const auto needed = (std::int64_t{1} << 40) - full.left;
        // Enough, just enough, one too little, and any.
        for (const auto gas : {needed + kWatchGas, needed, needed - 1, static_cast<std::int64_t>(random()) % needed}) {
            const auto given = std::max<std::int64_t>(gas, 0);
            StopAt never;
            ASSERT_EQ(vm.work(rounds, host_gas, given, &never), vm.work(rounds, host_gas, given, nullptr))
                << rounds << " rounds, " << host_gas << " in each, with " << given;
        }
    }
}

TEST(Watch, IsAskedOnceASliceAndEndsTheRun) {
    WatchedVm vm;
    for (const std::uint32_t host_gas : {0u, 300u}) {
        StopAt third{3};
        const std::int64_t gas = std::int64_t{1} << 40;
        const auto run = vm.work(~0U, host_gas, gas, &third);
        EXPECT_EQ(run.trap, Trap::interrupted);
        EXPECT_EQ(third.asked, 3u);
    }
    StopAt never;
    const std::int64_t gas = 100 * kWatchGas;
    EXPECT_EQ(vm.work(~0U, 0, gas, &never).trap, Trap::out_of_gas);
    EXPECT_GE(never.asked, 90u);
    EXPECT_LE(never.asked, 100u);
    // Host functions count too, however little the code around them does.
    StopAt hosts;
    EXPECT_EQ(vm.work(~0U, 10'000, gas, &hosts).trap, Trap::out_of_gas);
    EXPECT_GE(hosts.asked, 80u);
}

TEST(Watch, MayEndARunWithinAHostFunctionThatSpendsMuch) {
    WatchedVm vm;
    StopAt first{1};
    EXPECT_EQ(vm.work(2, 10 * kWatchGas, std::int64_t{1} << 40, &first).trap, Trap::interrupted);
    // The machine is as good as new.
    EXPECT_EQ(vm.work(2, 1, 1'000'000, nullptr).trap, Trap::none);
}

}  // namespace
}  // namespace zvm

#include "io/timer.hpp"

#include <gtest/gtest.h>

#include <map>
#include <set>
#include <vector>

#include "base/random.hpp"

namespace {

class Timers : public ::testing::Test {
 protected:
    base::ManualClock clock{1000};
    std::unique_ptr<io::Reactor> reactor = *io::Reactor::make({.clock = &clock});

    void advance(std::uint64_t by) {
        clock.advance_ns(by);
        reactor->run_once(0);
    }
};

TEST_F(Timers, FireOnceAtTheirDeadlineInOrder) {
    std::vector<int> fired;
    io::Timer late{*reactor, [&] { fired.push_back(2); }};
    io::Timer early{*reactor, [&] { fired.push_back(1); }};
    late.arm_after(20);
    early.arm_after(10);
    advance(9);
    EXPECT_TRUE(fired.empty());
    advance(1);
    EXPECT_EQ(fired, (std::vector{1}));
    EXPECT_FALSE(early.armed());
    advance(100);
    EXPECT_EQ(fired, (std::vector{1, 2}));
    advance(100);
    EXPECT_EQ(fired.size(), 2u);
}

TEST_F(Timers, MoveWhenReArmedAndStayQuietWhenCancelled) {
    int fired = 0;
    io::Timer timer{*reactor, [&] { ++fired; }};
    timer.arm_after(10);
    timer.arm_after(50);
    advance(20);
    EXPECT_EQ(fired, 0);
    timer.arm_after(5);
    advance(5);
    EXPECT_EQ(fired, 1);
    timer.arm_after(5);
    timer.cancel();
    timer.cancel();
    advance(100);
    EXPECT_EQ(fired, 1);
}

TEST_F(Timers, FireAtMostOnceATurnWhenTheyRearmForThePast) {
    int fired = 0;
    std::unique_ptr<io::Timer> greedy;
    greedy = std::make_unique<io::Timer>(*reactor, [&] {
        ++fired;
        greedy->arm(0);
    });
    int others = 0;
    io::Timer other{*reactor, [&] { ++others; }};
    greedy->arm(0);
    other.arm(5);
    reactor->run_once(0);
    EXPECT_EQ(fired, 1);
    EXPECT_EQ(others, 1);
    reactor->run_once(60'000'000'000);  // does not sleep: it is due
    EXPECT_EQ(fired, 2);
}

TEST_F(Timers, MayCancelRearmAndDestroyEachOtherWhileBothAreDue) {
    int fired = 0;
    std::unique_ptr<io::Timer> victim;
    io::Timer moved{*reactor, [&] { fired += 100; }};
    io::Timer cancelled{*reactor, [&] { fired += 1000; }};
    io::Timer first{*reactor, [&] {
                        ++fired;
                        victim.reset();
                        cancelled.cancel();
                        moved.arm_after(50);
                    }};
    victim = std::make_unique<io::Timer>(*reactor, [&] { fired += 10; });
    first.arm(1001);
    victim->arm(1002);
    moved.arm(1003);
    cancelled.arm(1004);
    advance(10);
    EXPECT_EQ(fired, 1);
    advance(50);
    EXPECT_EQ(fired, 101);
}

TEST_F(Timers, MayDieInTheirOwnCallback) {
    std::unique_ptr<io::Timer> timer;
    int seen = 0;
    timer = std::make_unique<io::Timer>(*reactor, [&, guard = std::make_shared<int>(7)] {
        timer.reset();
        seen = *guard;  // the captures outlive the timer
    });
    timer->arm_after(1);
    advance(1);
    EXPECT_EQ(seen, 7);
}

TEST_F(Timers, SaturateInsteadOfWrapping) {
    bool fired = false;
    io::Timer timer{*reactor, [&] { fired = true; }};
    timer.arm_after(~std::uint64_t{0});
    EXPECT_EQ(timer.deadline_ns(), ~std::uint64_t{0});
    advance(1'000'000);
    EXPECT_FALSE(fired);
}

TEST_F(Timers, AgreeWithAModelOverRandomOperations) {
    const std::uint64_t seed = base::system_random().u64();
    SCOPED_TRACE("seed " + std::to_string(seed));
    base::SeededRandom random{seed};
    constexpr std::size_t kTimers = 200;
    std::vector<std::unique_ptr<io::Timer>> timers;
    std::map<std::size_t, std::uint64_t> model;  // armed timers
    std::set<std::size_t> fired;
    for (std::size_t i = 0; i < kTimers; ++i) {
        timers.push_back(std::make_unique<io::Timer>(*reactor, [&, i] { EXPECT_TRUE(fired.insert(i).second); }));
    }
    for (int step = 0; step < 20'000; ++step) {
        const auto i = random.below(kTimers);
        switch (random.below(8)) {
            case 0:
                timers[i]->cancel();
                model.erase(i);
                break;
            case 1: {
                const auto by = random.below(300);
                fired.clear();
                advance(by);
                std::set<std::size_t> expected;
                for (const auto& [timer, deadline] : model) {
                    if (deadline <= reactor->now_ns()) expected.insert(timer);
                }
                for (const auto timer : expected) model.erase(timer);
                ASSERT_EQ(fired, expected);
                break;
            }
            default: {
                const auto deadline = reactor->now_ns() + random.below(2000);
                timers[i]->arm(deadline);
                model[i] = deadline;
            }
        }
        ASSERT_EQ(timers[i]->armed(), model.contains(i));
    }
}

TEST(Timer, WakesASleepingReactor) {
    auto reactor = *io::Reactor::make();
    io::Timer timer{*reactor, [&] { reactor->stop(); }};
    timer.arm_after(2'000'000);
    const auto start = reactor->now_ns();
    reactor->run();
    EXPECT_GE(reactor->now_ns(), start + 2'000'000);
}

}  // namespace

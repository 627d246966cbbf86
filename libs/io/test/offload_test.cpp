#include "io/offload.hpp"

#include <gtest/gtest.h>

#include <atomic>
#include <future>
#include <memory>
#include <vector>

#include "io/thread.hpp"

namespace {

using io::Offload;

/// Holds a lane's thread until opened.
struct Gate {
    std::promise<void> entered;
    std::promise<void> opened;
    io::Task task() {
        return [this] {
            entered.set_value();
            opened.get_future().wait();
        };
    }
};

TEST(Offload, RunsWorkOffTheReactorAndTheCompletionOnIt) {
    auto thread = *io::ReactorThread::start("r");
    auto offload = *Offload::make({{.name = "commit"}});
    std::promise<std::pair<bool, bool>> done;
    auto on_reactor_during_work = std::make_shared<bool>(true);
    ASSERT_TRUE(offload->submit(
        "commit", [&, on_reactor_during_work] { *on_reactor_during_work = thread->reactor().on_thread(); },
        thread->reactor(),
        [&, on_reactor_during_work] { done.set_value({*on_reactor_during_work, thread->reactor().on_thread()}); }));
    EXPECT_EQ(done.get_future().get(), (std::pair{false, true}));
}

TEST(Offload, GivesTheValueOfTheWork) {
    auto reactor = *io::Reactor::make();
    auto offload = *Offload::make({{.name = "hash"}});
    std::vector<base::Result<int>> results;
    const auto keep = [&](base::Result<int> result) { results.push_back(result); };
    ASSERT_TRUE(offload->call<int>("hash", [] { return 42; }, *reactor, keep));
    ASSERT_TRUE(offload->call<int>(
        "hash", []() -> base::Result<int> { return base::fail(base::Errc::not_found); }, *reactor, keep));
    for (int turn = 0; turn < 6000 && results.size() < 2; ++turn) reactor->run_once(10'000'000);
    ASSERT_EQ(results.size(), 2u);
    EXPECT_EQ(results[0], 42);
    EXPECT_TRUE(results[1].error().is(base::Errc::not_found));
}

TEST(Offload, AnswersOverloadedWhenALaneIsFullAndRunsNeitherPart) {
    auto reactor = *io::Reactor::make();
    Gate gate;
    int ran = 0;
    {
        auto offload = *Offload::make({{.name = "slow", .queue_max = 2}, {.name = "other"}});
        ASSERT_TRUE(offload->submit("slow", gate.task()));
        gate.entered.get_future().wait();
        for (int i = 0; i < 2; ++i) ASSERT_TRUE(offload->submit("slow", [&] { ++ran; }, *reactor, [&] { ran += 100; }));
        EXPECT_EQ(offload->queued("slow"), 2u);
        const auto refused = offload->submit("slow", [&] { ran += 10'000; }, *reactor, [&] { ran += 10'000; });
        ASSERT_FALSE(refused);
        EXPECT_TRUE(refused.error().is(io::Errc::overloaded));
        EXPECT_TRUE(offload->submit("other", [] {}));  // lanes do not hold one another up
        EXPECT_FALSE(offload->submit("none", [] {}));
        gate.opened.set_value();
    }  // finishes what is queued
    reactor->run_once(0);
    EXPECT_EQ(ran, 202);
}

TEST(Offload, AnswersOverloadedWhenTheInboxCannotPromiseAPlace) {
    auto reactor = *io::Reactor::make({.inbox_max = 1});
    int completed = 0;
    auto offload = *Offload::make({{.name = "lane"}});
    ASSERT_TRUE(offload->submit("lane", [] {}, *reactor, [&] { ++completed; }));
    const auto refused = offload->submit("lane", [] {}, *reactor, [&] { ++completed; });
    ASSERT_FALSE(refused);
    EXPECT_TRUE(refused.error().is(io::Errc::overloaded));
    for (int turn = 0; turn < 6000 && completed == 0; ++turn) reactor->run_once(10'000'000);
    EXPECT_EQ(completed, 1);
    EXPECT_TRUE(offload->submit("lane", [] {}, *reactor, [&] { ++completed; }));
}

TEST(Offload, KeepsTheOrderOfALaneWithOneThread) {
    std::vector<int> seen;
    {
        auto offload = *Offload::make({{.name = "log", .queue_max = 1000}});
        for (int i = 0; i < 1000; ++i) ASSERT_TRUE(offload->submit("log", [&, i] { seen.push_back(i); }));
    }
    ASSERT_EQ(seen.size(), 1000u);
    for (int i = 0; i < 1000; ++i) EXPECT_EQ(seen[static_cast<std::size_t>(i)], i);
}

TEST(Offload, UsesItsThreadsAtOnce) {
    auto offload = *Offload::make({{.name = "wide", .threads = 3}});
    std::atomic<int> inside{0};
    std::promise<void> all;
    std::promise<void> release;
    auto released = release.get_future().share();
    for (int i = 0; i < 3; ++i) {
        ASSERT_TRUE(offload->submit("wide", [&, released] {
            if (++inside == 3) all.set_value();
            released.wait();
        }));
    }
    all.get_future().wait();
    release.set_value();
}

TEST(Offload, LosesNoCompletionUnderLoadFromTwoReactors) {
    constexpr int kEach = 2000;
    auto a = *io::ReactorThread::start("a");
    auto b = *io::ReactorThread::start("b");
    std::atomic<int> completed{0};
    int accepted = 0;
    {
        auto offload = *Offload::make({{.name = "l1", .threads = 2, .queue_max = 64}, {.name = "l2", .queue_max = 64}});
        for (int i = 0; i < kEach; ++i) {
            auto& reactor = (i % 2 ? a : b)->reactor();
            if (offload->submit(i % 3 ? "l1" : "l2", [] {}, reactor, [&] { ++completed; })) ++accepted;
        }
    }
    a->run_and_wait([] {});
    b->run_and_wait([] {});
    EXPECT_EQ(completed, accepted);
    EXPECT_GT(accepted, 0);
}

TEST(Offload, RefusesLanesWithoutNamesOrTwice) {
    EXPECT_FALSE(Offload::make({}));
    EXPECT_FALSE(Offload::make({{.name = ""}}));
    EXPECT_FALSE(Offload::make({{.name = "a"}, {.name = "a"}}));
    EXPECT_FALSE(Offload::make({{.name = "a", .threads = 0}}));
    EXPECT_FALSE(Offload::make({{.name = "a", .queue_max = 0}}));
}

}  // namespace

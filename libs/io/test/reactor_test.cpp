#include "io/reactor.hpp"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <array>
#include <atomic>
#include <thread>
#include <vector>

#include "io/thread.hpp"

namespace {

struct Pipe {
    Pipe() {
        int ends[2];
        if (::pipe2(ends, O_NONBLOCK | O_CLOEXEC) != 0) std::abort();
        reader = ends[0];
        writer = ends[1];
    }
    ~Pipe() {
        ::close(reader);
        ::close(writer);
    }
    void put() const { ASSERT_EQ(::write(writer, "x", 1), 1); }
    void drain() const {
        char buffer[16];
        while (::read(reader, buffer, sizeof buffer) > 0) {
        }
    }
    int reader = -1;
    int writer = -1;
};

TEST(Reactor, RunsATurnInTheDocumentedOrder) {
    auto reactor = *io::Reactor::make();
    Pipe pipe;
    std::vector<std::string> order;
    io::Deferred dirty{*reactor, [&] { order.push_back("deferred"); }};
    ASSERT_TRUE(reactor->watch(pipe.reader, {.read = true}, [&](io::Ready ready) {
        EXPECT_TRUE(ready.read);
        pipe.drain();
        order.push_back("fd");
        dirty.schedule();
        dirty.schedule();
    }));
    ASSERT_TRUE(reactor->post([&] {
        order.push_back("inbox");
        dirty.schedule();
    }));
    pipe.put();
    reactor->run_once(0);
    EXPECT_EQ(order, (std::vector<std::string>{"fd", "inbox", "deferred"}));
    reactor->unwatch(pipe.reader);
}

TEST(Reactor, LetsAHandlerUnwatchItselfAndOthersInTheSameTurn) {
    auto reactor = *io::Reactor::make();
    std::array<Pipe, 3> pipes;
    int calls = 0;
    for (const auto& pipe : pipes) {
        pipe.put();
        ASSERT_TRUE(reactor->watch(pipe.reader, {.read = true}, [&, guard = std::make_shared<int>(7)](io::Ready) {
            ++calls;
            for (const auto& each : pipes) reactor->unwatch(each.reader);
            EXPECT_EQ(*guard, 7);  // our captures outlive our own unwatch
        }));
    }
    reactor->run_once(0);
    reactor->run_once(0);
    EXPECT_EQ(calls, 1);
}

TEST(Reactor, GivesANewWatchOfAReusedDescriptorNoStaleEvent) {
    auto reactor = *io::Reactor::make();
    Pipe first;
    auto second = std::make_unique<Pipe>();
    Pipe silent;
    int stale = 0;
    const auto swap = [&](io::Ready) {
        // Both were ready: close one and let its number come back for a descriptor that is not ready.
        reactor->unwatch(first.reader);
        reactor->unwatch(second->reader);
        ASSERT_EQ(::dup2(silent.reader, second->reader), second->reader);
        ASSERT_TRUE(reactor->watch(second->reader, {.read = true}, [&](io::Ready) { ++stale; }));
    };
    ASSERT_TRUE(reactor->watch(first.reader, {.read = true}, swap));
    ASSERT_TRUE(reactor->watch(second->reader, {.read = true}, swap));
    first.put();
    second->put();
    reactor->run_once(0);
    EXPECT_EQ(stale, 0);
    reactor->unwatch(second->reader);
}

TEST(Reactor, WaitsForNothingWithoutSpinningOnAHangUp) {
    auto reactor = *io::Reactor::make();
    Pipe pipe;
    int calls = 0;
    ASSERT_TRUE(reactor->watch(pipe.reader, {.read = true}, [&](io::Ready) { ++calls; }));
    ::close(std::exchange(pipe.writer, -1));
    ASSERT_TRUE(reactor->modify(pipe.reader, {}));
    reactor->run_once(0);
    EXPECT_EQ(calls, 0);
    ASSERT_TRUE(reactor->modify(pipe.reader, {.read = true}));
    reactor->run_once(0);
    EXPECT_EQ(calls, 1);
    reactor->unwatch(pipe.reader);
}

TEST(Reactor, RefusesASecondWatchAndUnknownDescriptors) {
    auto reactor = *io::Reactor::make();
    Pipe pipe;
    ASSERT_TRUE(reactor->watch(pipe.reader, {.read = true}, [](io::Ready) {}));
    EXPECT_FALSE(reactor->watch(pipe.reader, {.read = true}, [](io::Ready) {}));
    EXPECT_FALSE(reactor->watch(-1, {.read = true}, [](io::Ready) {}));
    EXPECT_FALSE(reactor->modify(pipe.writer, {.read = true}));
    reactor->unwatch(pipe.writer);
    reactor->unwatch(pipe.reader);
}

TEST(Reactor, BoundsItsInboxAndCountsReservations) {
    auto reactor = *io::Reactor::make({.inbox_max = 3});
    int ran = 0;
    ASSERT_TRUE(reactor->reserve_post());
    EXPECT_TRUE(reactor->post([&] { ++ran; }));
    EXPECT_TRUE(reactor->post([&] { ++ran; }));
    EXPECT_FALSE(reactor->post([&] { ++ran; }));
    EXPECT_FALSE(reactor->reserve_post());
    reactor->post_reserved([&] { ++ran; });
    reactor->run_once(0);
    EXPECT_EQ(ran, 3);
    ASSERT_TRUE(reactor->reserve_post());
    reactor->cancel_reservation();
    for (int i = 0; i < 3; ++i) EXPECT_TRUE(reactor->post([] {}));
    EXPECT_FALSE(reactor->post([] {}));
}

TEST(Reactor, SpreadsALongInboxOverTurnsInOrder) {
    auto reactor = *io::Reactor::make({.inbox_batch_max = 10});
    std::vector<int> seen;
    for (int i = 0; i < 25; ++i) ASSERT_TRUE(reactor->post([&, i] { seen.push_back(i); }));
    reactor->run_once(0);
    EXPECT_EQ(seen.size(), 10u);
    ASSERT_TRUE(reactor->post([&] { seen.push_back(25); }));
    for (int i = 0; i < 4; ++i) reactor->run_once(0);
    ASSERT_EQ(seen.size(), 26u);
    for (int i = 0; i < 26; ++i) EXPECT_EQ(seen[static_cast<std::size_t>(i)], i);
}

TEST(Reactor, DefersWhatIsDeferredWhileDeferringToTheNextTurn) {
    auto reactor = *io::Reactor::make();
    int task_runs = 0;
    int runs = 0;
    std::unique_ptr<io::Deferred> again;
    again = std::make_unique<io::Deferred>(*reactor, [&] {
        if (++runs < 3) again->schedule();
    });
    again->schedule();
    reactor->defer([&] { reactor->defer([&] { ++task_runs; }); });
    reactor->run_once(0);
    EXPECT_EQ(runs, 1);
    EXPECT_EQ(task_runs, 0);
    reactor->run_once(60'000'000'000);  // does not sleep: something is deferred
    EXPECT_EQ(runs, 2);
    EXPECT_EQ(task_runs, 1);
}

TEST(Deferred, MayDieInItsOwnCallbackAndInAnothers) {
    auto reactor = *io::Reactor::make();
    std::unique_ptr<io::Deferred> a;
    std::unique_ptr<io::Deferred> b;
    int runs = 0;
    const auto kill_both = [&, guard = std::make_shared<int>(7)] {
        ++runs;
        a.reset();
        b.reset();
        EXPECT_EQ(*guard, 7);
    };
    a = std::make_unique<io::Deferred>(*reactor, kill_both);
    b = std::make_unique<io::Deferred>(*reactor, kill_both);
    a->schedule();
    b->schedule();
    reactor->run_once(0);
    EXPECT_EQ(runs, 1);
}

TEST(Reactor, RunsWhatWasPostedBeforeStop) {
    auto reactor = *io::Reactor::make({.inbox_batch_max = 2});
    int ran = 0;
    for (int i = 0; i < 9; ++i) ASSERT_TRUE(reactor->post([&] { ++ran; }));
    reactor->stop();
    reactor->run();
    EXPECT_EQ(ran, 9);
}

TEST(Reactor, KnowsItsThread) {
    auto reactor = *io::Reactor::make();
    EXPECT_TRUE(reactor->on_thread());
    std::jthread{[&] { EXPECT_FALSE(reactor->on_thread()); }}.join();
}

TEST(Reactor, DestroysUnrunTasksThatHoldTimersAndDeferreds) {
    auto reactor = *io::Reactor::make();
    auto held = std::make_shared<io::Deferred>(*reactor, [] {});
    held->schedule();
    ASSERT_TRUE(reactor->post([held] {}));
    reactor->defer([held] {});
    held.reset();
    reactor.reset();
}

// Many threads against one inbox: nothing is lost, doubled or reordered within a producer.
TEST(Reactor, TakesPostsFromManyThreadsWithoutLoss) {
    constexpr int kProducers = 4;
    constexpr int kEach = 5000;
    auto thread = *io::ReactorThread::start("inbox", {.inbox_max = 256});
    std::array<int, kProducers> next{};  // only touched on the reactor
    std::atomic<bool> in_order{true};
    {
        std::vector<std::jthread> producers;
        for (int p = 0; p < kProducers; ++p) {
            producers.emplace_back([&, p] {
                for (int i = 0; i < kEach; ++i) {
                    while (!thread->reactor().post([&, p, i] {
                        if (next[static_cast<std::size_t>(p)]++ != i) in_order = false;
                    })) {
                        std::this_thread::yield();
                    }
                }
            });
        }
    }
    std::array<int, kProducers> seen{};
    thread->run_and_wait([&] { seen = next; });
    for (const int count : seen) EXPECT_EQ(count, kEach);
    EXPECT_TRUE(in_order);
}

TEST(ReactorThread, RunsTasksOnItsThreadAndStopsTwice) {
    auto thread = *io::ReactorThread::start("a-name-longer-than-the-kernel-takes");
    bool on_thread = false;
    thread->run_and_wait([&] {
        on_thread = thread->reactor().on_thread();
        thread->run_and_wait([] {});  // at once, no deadlock
    });
    EXPECT_TRUE(on_thread);
    EXPECT_FALSE(thread->reactor().on_thread());
    thread->stop();
    thread->stop();
    bool ran = false;
    thread->run_and_wait([&] { ran = true; });
    EXPECT_TRUE(ran);
}

}  // namespace

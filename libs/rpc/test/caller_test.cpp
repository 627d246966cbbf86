#include "rpc/caller.hpp"

#include <gtest/gtest.h>

#include <thread>
#include <vector>

namespace rpc {
namespace {

Caller listed(std::string origin) { return {.origin = std::move(origin)}; }
Caller stranger(std::string origin) { return {.kind = Caller::Class::stranger, .origin = std::move(origin)}; }

TEST(CallerSharesTest, StrangersTogetherLeaveAPartForListedCallers) {
    const CallerShares shares{{.max = 8, .strangers_max = 4, .listed_each_max = 3, .stranger_each_max = 2}};
    std::vector<CallerShares::Ticket> held;
    const auto takes = [&](const Caller& caller) {
        auto ticket = shares.take(caller);
        const bool taken{ticket};
        if (taken) held.push_back(std::move(ticket));
        return taken;
    };
    EXPECT_TRUE(takes(stranger("192.0.2.1")));
    EXPECT_TRUE(takes(stranger("192.0.2.1")));
    EXPECT_FALSE(takes(stranger("192.0.2.1"))) << "one network has its share";
    EXPECT_TRUE(takes(stranger("192.0.2.2")));
    EXPECT_TRUE(takes(stranger("192.0.2.3")));
    EXPECT_FALSE(takes(stranger("192.0.2.4"))) << "and so have all of them";
    EXPECT_EQ(shares.callers(), 3u) << "who holds nothing has no entry";
    for (int i = 0; i < 3; ++i) EXPECT_TRUE(takes(listed("a")));
    EXPECT_FALSE(takes(listed("a")));
    EXPECT_TRUE(takes(listed("192.0.2.1"))) << "a listed caller of that name is somebody else";
    EXPECT_FALSE(takes(listed("b"))) << "all is taken";
    held.clear();
    EXPECT_EQ(shares.callers(), 0u);
    EXPECT_TRUE(takes(stranger("192.0.2.4")));
}

TEST(CallerSharesTest, ATicketGrowsWithinItsBoundsAndAlwaysShrinks) {
    const CallerShares shares{CallerShares::Bounds::of(1000, 2)};
    auto one = shares.of(listed("a"));
    EXPECT_FALSE(one);
    EXPECT_TRUE(one.resize(500));
    EXPECT_FALSE(one.resize(501));
    EXPECT_EQ(one.held(), 500u);
    auto same = shares.of(listed("a"));
    EXPECT_FALSE(same.resize(1));
    EXPECT_TRUE(one.resize(499));
    EXPECT_TRUE(same.resize(1));
    auto other = shares.of(stranger("n"));
    EXPECT_FALSE(other.resize(126)) << "an eighth";
    EXPECT_TRUE(other.resize(125));
    one = std::move(other);
    EXPECT_EQ(one.held(), 125u);
    EXPECT_TRUE(same.resize(500)) << "what was assigned over has been given back";
    EXPECT_FALSE(CallerShares::Ticket{}.resize(1)) << "nobody's";
}

TEST(CallerSharesTest, MayGoBeforeItsTicketsAndServesThreads) {
    CallerShares::Ticket last;
    {
        const CallerShares shares{CallerShares::Bounds::of(64, 2)};
        std::vector<std::thread> threads;
        for (int i = 0; i < 4; ++i) {
            threads.emplace_back([&shares, i] {
                for (int n = 0; n < 10'000; ++n) {
                    auto ticket = shares.of(i % 2 == 0 ? listed("a") : stranger("b"));
                    (void)ticket.resize(static_cast<std::size_t>(n % 20));
                    (void)ticket.resize(1);
                }
            });
        }
        for (auto& thread : threads) thread.join();
        EXPECT_EQ(shares.callers(), 0u);
        last = shares.take(listed("a"));
    }
    EXPECT_TRUE(last);
}

}  // namespace
}  // namespace rpc

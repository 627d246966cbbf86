#include "ghostbridge/turns.hpp"

#include <gtest/gtest.h>

#include <memory>
#include <vector>

#include "base/clock.hpp"

namespace {

using namespace ghostbridge;

constexpr std::uint64_t kNsPerMs = 1'000'000;

io::SocketAddress host(unsigned number) {
    return io::SocketAddress::parse("10.0." + std::to_string(number / 256) + "." + std::to_string(number % 256) + ":1")
        .value();
}

/// Has always more to do, and says that a turn cost `cost_ns`.
struct Busy final : Turns::Worker {
    Busy(Turns& where, const io::SocketAddress& address, std::uint64_t cost_ns_in = Turns::kSliceNs)
        : cost_ns{cost_ns_in}, seat{where, address, *this} {
        seat.want();
    }
    std::uint64_t work(std::uint64_t) override {
        ++turns;
        used_ns += cost_ns;
        if (greedy) seat.want();
        return cost_ns;
    }
    std::uint64_t cost_ns;
    bool greedy = true;
    std::uint64_t turns = 0;
    std::uint64_t used_ns = 0;
    Turns::Seat seat;
};

class TurnsTest : public ::testing::Test {
 protected:
    /// So long that the shares and not the first credit decide.
    static constexpr int kSteps = 20'000;
    static constexpr std::uint64_t kStepNs = kNsPerMs / 10;
    static constexpr std::uint64_t kSpanNs = kSteps * kStepNs;

    void run(int steps = kSteps) {
        for (int i = 0; i < steps; ++i) {
            clock_.advance_ns(kStepNs);
            reactor_->run_once(0);
        }
    }
    base::ManualClock clock_{1'000'000'000'000};
    std::unique_ptr<io::Reactor> reactor_ = io::Reactor::make({.clock = &clock_}).value();
    Turns turns_{*reactor_, {.percent = 50, .per_network_percent = 25}};
};

TEST_F(TurnsTest, GivesANetworkItsShareHoweverManySeatsItHas) {
    std::vector<std::unique_ptr<Busy>> seats;
    for (int i = 0; i < 100; ++i) seats.push_back(std::make_unique<Busy>(turns_, host(1)));
    run();
    std::uint64_t used = 0;
    for (const auto& seat : seats) {
        used += seat->used_ns;
        EXPECT_GT(seat->turns, 0u) << "everybody gets turns";
    }
    EXPECT_LE(used, kSpanNs / 4 + Turns::kCreditNs);
    EXPECT_GE(used, kSpanNs / 5);
}

TEST_F(TurnsTest, SharesOutAmongNetworksAndNotAmongSeats) {
    std::vector<std::unique_ptr<Busy>> crowd;
    for (int i = 0; i < 200; ++i) crowd.push_back(std::make_unique<Busy>(turns_, host(1)));
    std::vector<std::unique_ptr<Busy>> others;
    for (unsigned i = 2; i < 6; ++i) others.push_back(std::make_unique<Busy>(turns_, host(i)));
    run();
    std::uint64_t used = 0;
    for (const auto& seat : crowd) used += seat->used_ns;
    for (const auto& one : others) {
        EXPECT_GE(one->used_ns, used * 8 / 10);
        EXPECT_LE(one->used_ns, used * 12 / 10 + Turns::kCreditNs);
    }
    for (const auto& one : others) used += one->used_ns;
    EXPECT_LE(used, kSpanNs / 2 + Turns::kCreditNs) << "together they have their share too";
    EXPECT_GE(used, kSpanNs * 2 / 5);
}

TEST_F(TurnsTest, ServesWhoComesLaterBeforeThoseWhoHaveUsedMore) {
    Busy old{turns_, host(1)};
    run(1000);
    Busy fresh{turns_, host(2)};
    run(1);
    EXPECT_GT(fresh.turns, 0u);
}

TEST_F(TurnsTest, OneTurnOfTheReactorIsShort) {
    std::vector<std::unique_ptr<Busy>> seats;
    for (unsigned i = 0; i < 500; ++i) seats.push_back(std::make_unique<Busy>(turns_, host(i)));
    std::uint64_t before = 0;
    for (int i = 0; i < 50; ++i) {
        run(1);
        std::uint64_t used = 0;
        for (const auto& seat : seats) used += seat->used_ns;
        EXPECT_LE(used - before, Turns::kRoundNs + Turns::kSliceNs);
        before = used;
    }
}

TEST_F(TurnsTest, ADebtOutlivesItsSeat) {
    auto expensive = std::make_unique<Busy>(turns_, host(1), 100 * kNsPerMs);
    expensive->greedy = false;
    run(1);
    ASSERT_EQ(expensive->turns, 1u);
    expensive.reset();
    Busy again{turns_, host(1)};
    Busy other{turns_, host(2)};
    // 100 ms at a quarter of the thread are 400 ms; less the credit that it had.
    run(3000);
    EXPECT_EQ(again.turns, 0u);
    EXPECT_GT(other.turns, 0u) << "the debt is not that of others";
    run(1000);
    EXPECT_GT(again.turns, 0u);
}

TEST_F(TurnsTest, WorkOutsideOfATurnIsPaidFor) {
    Busy one{turns_, host(1)};
    one.seat.charge(100 * kNsPerMs);
    Busy other{turns_, host(2)};
    run(2500);  // which all together pay in 200 ms, this network in 400
    EXPECT_EQ(one.turns, 0u);
    EXPECT_GT(other.turns, 0u);
}

TEST_F(TurnsTest, ASeatMayGoWhileItWorksOrWaits) {
    struct Brief final : Turns::Worker {
        Brief(Turns& where, std::unique_ptr<Brief>& self_in) : self{self_in}, seat{where, host(1), *this} {
            seat.want();
        }
        std::uint64_t work(std::uint64_t slice) override {
            seat.want();
            self.reset();
            return slice;
        }
        std::unique_ptr<Brief>& self;
        Turns::Seat seat;
    };
    std::unique_ptr<Brief> working;
    working = std::make_unique<Brief>(turns_, working);
    auto waiting = std::make_unique<Busy>(turns_, host(1));
    Busy stays{turns_, host(1)};
    waiting.reset();
    run(10);
    EXPECT_EQ(working, nullptr);
    EXPECT_GT(stays.turns, 0u);
}

TEST_F(TurnsTest, RemembersABoundedNumberOfNetworks) {
    for (unsigned i = 0; i < 3 * Turns::kNetworksMax; ++i) {
        Busy brief{turns_, host(i)};
        run(1);
    }
    EXPECT_LE(turns_.networks(), Turns::kNetworksMax);
    std::vector<std::unique_ptr<Busy>> seats;
    for (unsigned i = 0; i < Turns::kNetworksMax + 100; ++i) seats.push_back(std::make_unique<Busy>(turns_, host(i)));
    EXPECT_LE(turns_.networks(), Turns::kNetworksMax);
    for (auto& seat : seats) seat->greedy = false;
    run(40'000);
    for (const auto& seat : seats) EXPECT_EQ(seat->turns, 1u) << "those beyond share an account, and are served";
}

}  // namespace

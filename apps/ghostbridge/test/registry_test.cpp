#include "ghostbridge/registry.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <set>

namespace {

using namespace ghostbridge;

constexpr std::uint64_t kMs = 1'000'000;

class RegistryTest : public ::testing::Test {
 protected:
    static Registration at(std::uint16_t port, std::vector<std::string> services = {"a.One"}) {
        Registration out;
        out.services = std::move(services);
        out.endpoint = "127.0.0.1:" + std::to_string(port);
        out.key[0] = static_cast<std::byte>(port);
        return out;
    }
    base::ManualClock clock_;
    base::SeededRandom random_{7};
    Registry registry_{
        {.lease_ttl_ms = 1000, .instances_max = 4, .watchers_max = 2, .eject_after_failures = 2, .eject_ms = 100},
        clock_,
        random_};
};

TEST_F(RegistryTest, TellsUnknownServicesFromUnavailableOnes) {
    EXPECT_EQ(registry_.pick("a.One").error(), NoInstance::unknown_service);
    const auto id = registry_.add(at(1)).value();
    EXPECT_EQ(registry_.pick("a.One").value(), id);
    ASSERT_TRUE(registry_.renew(id, InstanceState::draining));
    EXPECT_EQ(registry_.pick("a.One").error(), NoInstance::none_available);
    registry_.remove(id);
    EXPECT_EQ(registry_.pick("a.One").error(), NoInstance::none_available) << "it was there: it may come back";
    EXPECT_TRUE(registry_.services().empty());
}

TEST_F(RegistryTest, FindsTheInstanceWithAKey) {
    const auto a = registry_.add(at(1)).value();
    const auto b = registry_.add(at(2)).value();
    for (int i = 0; i < 20; ++i) {
        EXPECT_EQ(registry_.pick("a.One", {}, at(1).key).value(), a);
        EXPECT_EQ(registry_.pick("a.One", {}, at(2).key).value(), b);
    }
    EXPECT_EQ(registry_.pick("a.One", {}, at(3).key).error(), NoInstance::none_available);
    ASSERT_TRUE(registry_.renew(a, InstanceState::draining));
    EXPECT_EQ(registry_.pick("a.One", {}, at(1).key).error(), NoInstance::none_available) << "b is somebody else";
}

TEST_F(RegistryTest, RemovesAnInstanceWhoseLeaseRanOut) {
    const auto a = registry_.add(at(1)).value();
    const auto b = registry_.add(at(2)).value();
    clock_.advance_ns(600 * kMs);
    ASSERT_TRUE(registry_.renew(b, InstanceState::healthy));
    clock_.advance_ns(400 * kMs);
    EXPECT_EQ(registry_.pick("a.One").value(), b) << "an expired lease takes no calls even before expire()";
    EXPECT_EQ(registry_.expire(), 1u);
    EXPECT_EQ(registry_.find(a), nullptr);
    EXPECT_TRUE(registry_.renew(a, InstanceState::healthy).error().is(Errc::unknown_instance));
    clock_.advance_ns(600 * kMs);
    EXPECT_EQ(registry_.expire(), 1u);
    EXPECT_EQ(registry_.size(), 0u);
}

TEST_F(RegistryTest, ReplacesAnInstanceThatCameBackAtTheSamePlace) {
    const auto old = registry_.add(at(1)).value();
    const auto fresh = registry_.add(at(1, {"a.One", "b.Two"})).value();
    EXPECT_NE(old, fresh);
    EXPECT_EQ(registry_.size(), 1u);
    EXPECT_EQ(registry_.services(), (std::vector<std::string>{"a.One", "b.Two"}));
}

TEST_F(RegistryTest, DoesNotLetAnotherKeyReplaceAnEndpoint) {
    ASSERT_TRUE(registry_.add(at(1)));
    auto foreign = at(1);
    foreign.key[0] = std::byte{99};
    ASSERT_TRUE(registry_.add(foreign));
    EXPECT_EQ(registry_.size(), 2u);
}

TEST_F(RegistryTest, RefusesBadRegistrations) {
    EXPECT_TRUE(registry_.add(at(1, {})).error().is(Errc::bad_services));
    EXPECT_TRUE(registry_.add(at(1, {"a..b"})).error().is(Errc::bad_services));
    EXPECT_TRUE(registry_.add(at(1, {"a/b"})).error().is(Errc::bad_services));
    EXPECT_TRUE(registry_.add(at(1, {"grpc.health.v1.Health"})).error().is(Errc::bad_services));
    EXPECT_TRUE(registry_.add(at(1, std::vector<std::string>(kServicesPerInstanceMax + 1, "a.B"))));
    for (const auto* endpoint : {"", "host:1", "127.0.0.1", "127.0.0.1:0", "[::]:50051", "0.0.0.0:1"}) {
        auto bad = at(1);
        bad.endpoint = endpoint;
        EXPECT_TRUE(registry_.add(bad).error().is(Errc::bad_endpoint)) << endpoint;
    }
    auto labels = at(2);
    labels.labels["x"] = std::string(kLabelBytesMax + 1, 'x');
    EXPECT_TRUE(registry_.add(labels).error().is(Errc::too_large));
}

TEST_F(RegistryTest, IsBounded) {
    for (std::uint16_t port = 1; port <= 4; ++port) ASSERT_TRUE(registry_.add(at(port)));
    EXPECT_TRUE(registry_.add(at(5)).error().is(Errc::registry_full));
    ASSERT_TRUE(registry_.watch([] {}));
    ASSERT_TRUE(registry_.watch([] {}));
    EXPECT_TRUE(registry_.watch([] {}).error().is(Errc::registry_full));
}

TEST_F(RegistryTest, PrefersTheInstanceWithFewerOpenCalls) {
    const auto a = registry_.add(at(1)).value();
    const auto b = registry_.add(at(2)).value();
    for (int i = 0; i < 5; ++i) registry_.started(a);
    for (int i = 0; i < 20; ++i) EXPECT_EQ(registry_.pick("a.One").value(), b);
    for (int i = 0; i < 5; ++i) registry_.ended(a, CallOutcome::ok);
    std::set<InstanceId> seen;
    for (int i = 0; i < 50; ++i) seen.insert(registry_.pick("a.One").value());
    EXPECT_EQ(seen, (std::set<InstanceId>{a, b})) << "equal load goes to both";
}

TEST_F(RegistryTest, UsesDegradedInstancesOnlyWhenNoHealthyOneIsLeft) {
    const auto a = registry_.add(at(1)).value();
    const auto b = registry_.add(at(2)).value();
    ASSERT_TRUE(registry_.renew(a, InstanceState::degraded));
    for (int i = 0; i < 20; ++i) EXPECT_EQ(registry_.pick("a.One").value(), b);
    registry_.set_probe(b, false);
    ASSERT_TRUE(registry_.renew(a, InstanceState::healthy));
    for (int i = 0; i < 20; ++i) EXPECT_EQ(registry_.pick("a.One").value(), a);
    const std::vector<InstanceId> tried{a};
    EXPECT_EQ(registry_.pick("a.One", tried).value(), b) << "a failing instance is better than none";
}

TEST_F(RegistryTest, EjectsAfterConsecutiveFailuresAndTakesBackLater) {
    const auto a = registry_.add(at(1)).value();
    const auto b = registry_.add(at(2)).value();
    const auto fail = [&](InstanceId id) {
        registry_.started(id);
        registry_.ended(id, CallOutcome::transport_failure);
    };
    fail(a);
    registry_.started(a);
    registry_.ended(a, CallOutcome::ok);
    fail(a);
    EXPECT_EQ(registry_.find(a)->ejected_until_ns, 0u) << "not consecutive";
    fail(a);
    EXPECT_GT(registry_.find(a)->ejected_until_ns, clock_.now_ns());
    for (int i = 0; i < 20; ++i) EXPECT_EQ(registry_.pick("a.One").value(), b);
    clock_.advance_ns(101 * kMs);
    std::set<InstanceId> seen;
    for (int i = 0; i < 50; ++i) seen.insert(registry_.pick("a.One").value());
    EXPECT_EQ(seen.size(), 2u);
    const auto before = registry_.find(a)->ejected_until_ns;
    fail(a);
    fail(a);
    EXPECT_EQ(registry_.find(a)->ejected_until_ns, clock_.now_ns() + 200 * kMs)
        << "the second ejection is longer than " << before;
}

TEST_F(RegistryTest, TellsWatchersOfEveryChangeAndLetsThemLeaveInside) {
    int changes = 0;
    WatchId self = 0;
    self = registry_
               .watch([&] {
                   if (++changes == 3) registry_.unwatch(self);
               })
               .value();
    const auto id = registry_.add(at(1)).value();
    ASSERT_TRUE(registry_.renew(id, InstanceState::healthy));  // no change
    ASSERT_TRUE(registry_.renew(id, InstanceState::degraded));
    registry_.set_probe(id, false);
    registry_.remove(id);
    EXPECT_EQ(changes, 3);
}

TEST_F(RegistryTest, IgnoresTheEndOfACallWhoseInstanceIsGone) {
    const auto id = registry_.add(at(1)).value();
    registry_.started(id);
    registry_.remove(id);
    registry_.ended(id, CallOutcome::ok);
    EXPECT_EQ(registry_.size(), 0u);
}

}  // namespace

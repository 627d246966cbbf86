#include "bridge_client/registration.hpp"

#include <gtest/gtest.h>

#include "ghost/bridge/v1/registry.pb.h"
#include "io/reactor.hpp"
#include "io/timer.hpp"
#include "rpc/server.hpp"
#include "rpc/stream.hpp"

namespace {

namespace v1 = ghost::bridge::v1;
using bridge_client::InstanceState;
using bridge_client::Registration;

constexpr rpc::BidiMethod<v1::RegisterRequest, v1::Lease> kRegister{"/ghost.bridge.v1.Registry/Register"};

/// A registry on the same reactor, reached over rpc's loopback: real server, real framing, no network.
struct RegistrationTest : testing::Test {
    std::unique_ptr<io::Reactor> reactor = *io::Reactor::make();
    std::vector<v1::RegisterRequest> requests;
    int streams = 0;
    bool answering = true;
    std::unique_ptr<rpc::Server> server;
    std::shared_ptr<rpc::ServerStream<v1::Lease>> current;
    std::vector<std::string> changes;
    std::unique_ptr<Registration> registration;

    void start_server() {
        server = rpc::Server::make(*reactor);
        server->add(kRegister, [this](rpc::CallContext&, rpc::ServerReader<v1::RegisterRequest> reader,
                                      rpc::ServerStream<v1::Lease> stream) {
            ++streams;
            current = std::make_shared<rpc::ServerStream<v1::Lease>>(std::move(stream));
            read_on(reader, current);
        });
    }
    void read_on(rpc::ServerReader<v1::RegisterRequest> reader, std::shared_ptr<rpc::ServerStream<v1::Lease>> stream) {
        reader.read([this, reader, stream](std::optional<v1::RegisterRequest> request) {
            if (!request) return;
            requests.push_back(*request);
            v1::Lease lease;
            lease.set_instance_id("i-" + std::to_string(streams));
            lease.set_ttl_ms(300);
            if (answering) static_cast<void>(stream->write(lease));
            read_on(reader, stream);
        });
    }
    void start(std::uint64_t answer_max_ns = 60'000'000'000) {
        auto connector = rpc::make_loopback(
            *reactor, 1 << 16, [this](std::unique_ptr<rpc::HttpStream> stream) { server->accept(std::move(stream)); },
            {});
        registration = Registration::start(
            rpc::Channel::make(*reactor, std::move(connector)),
            {.services = {"a.B", "c.D"},
             .endpoint = "[::1]:4",
             .labels = {{"k", "v"}},
             .retry_min_ns = 1'000'000,
             .retry_max_ns = 10'000'000,
             .answer_max_ns = answer_max_ns},
            [this](bool now, const std::string& reason) { changes.push_back(now ? "registered" : reason); });
    }
    /// Turns until `done`, at most 60 s.
    template <typename F>
    bool turn_until(F done) {
        const auto end = reactor->clock().now_ns() + 60'000'000'000;
        while (!done() && reactor->clock().now_ns() < end) reactor->run_once(5'000'000);
        return done();
    }
    void TearDown() override {
        registration.reset();
        current.reset();
        server.reset();
    }
};

TEST_F(RegistrationTest, RegistersAndRenewsBeforeTheLeaseRunsOut) {
    start_server();
    start();
    ASSERT_TRUE(turn_until([&] { return requests.size() >= 3; }));
    EXPECT_EQ(streams, 1);
    EXPECT_TRUE(registration->registered());
    EXPECT_EQ(registration->instance_id(), "i-1");
    EXPECT_EQ(requests[0].services_size(), 2);
    EXPECT_EQ(requests[0].endpoint(), "[::1]:4");
    EXPECT_EQ(requests[0].labels().at("k"), "v");
    EXPECT_EQ(changes, std::vector<std::string>{"registered"});
}

TEST_F(RegistrationTest, RegistersAgainWhenTheStreamEnds) {
    start_server();
    start();
    ASSERT_TRUE(turn_until([&] { return registration->registered(); }));
    current->finish(rpc::Status{rpc::StatusCode::unavailable, "restarting"});
    ASSERT_TRUE(turn_until([&] { return registration->registered() && registration->instance_id() == "i-2"; }));
    EXPECT_EQ(changes, (std::vector<std::string>{"registered", "UNAVAILABLE: restarting", "registered"}));
}

TEST_F(RegistrationTest, GivesUpABridgeThatDoesNotAnswerAndTriesAgain) {
    start_server();
    answering = false;
    start(20'000'000);
    ASSERT_TRUE(turn_until([&] { return streams >= 2; }));
    EXPECT_FALSE(registration->registered());
    answering = true;
    EXPECT_TRUE(turn_until([&] { return registration->registered(); }));
}

TEST_F(RegistrationTest, TellsTheBridgeOfAChangeOfStateAtOnce) {
    start_server();
    start();
    ASSERT_TRUE(turn_until([&] { return registration->registered(); }));
    registration->set_state(InstanceState::draining);
    ASSERT_TRUE(turn_until([&] { return requests.back().state() == v1::INSTANCE_STATE_DRAINING; }));
    EXPECT_EQ(streams, 1);
}

TEST_F(RegistrationTest, MayBeDestroyedByTheHandlerOfItsChanges) {
    start_server();
    struct Witness {
        explicit Witness(bool& gone_in) : gone{gone_in} {}
        Witness(const Witness&) = delete;
        Witness& operator=(const Witness&) = delete;
        ~Witness() { gone = true; }
        bool& gone;
    };
    bool gone = false;
    bool gone_inside = false;
    int calls = 0;
    auto connector = rpc::make_loopback(
        *reactor, 1 << 16, [this](std::unique_ptr<rpc::HttpStream> stream) { server->accept(std::move(stream)); }, {});
    registration = Registration::start(rpc::Channel::make(*reactor, std::move(connector)),
                                       {.services = {"a.B"}, .endpoint = "[::1]:4"},
                                       [&, witness = std::make_unique<Witness>(gone)](bool, const std::string&) {
                                           registration.reset();
                                           ++calls;
                                           gone_inside = gone;
                                       });
    ASSERT_TRUE(turn_until([&] { return calls > 0; }));
    EXPECT_FALSE(gone_inside) << "what the handler holds lives while it runs";
    EXPECT_TRUE(turn_until([&] { return gone; }));
    EXPECT_EQ(calls, 1);
}

TEST_F(RegistrationTest, KeepsTryingWhileTheServiceIsNotThere) {
    server = rpc::Server::make(*reactor);  // answers UNIMPLEMENTED
    start();
    ASSERT_TRUE(turn_until([&] { return !changes.empty(); }));
    EXPECT_NE(changes[0].find("UNIMPLEMENTED"), std::string::npos);
    start_server();
    EXPECT_TRUE(turn_until([&] { return registration->registered(); }));
}

}  // namespace

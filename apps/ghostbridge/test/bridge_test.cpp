// A whole bridge over real sockets: services register over QUIC, callers come over QUIC and over TCP.

#include <algorithm>
#include <latch>

#include "ghost/bridge/v1/registry.pb.h"
#include "ghost/wallet/v1/local.pb.h"
#include "ghost/wallet/v1/wallet.pb.h"
#include "grpc/health/v1/health.pb.h"
#include "grpc/reflection/v1/reflection.pb.h"
#include "grpc_client.hpp"
#include "world.hpp"

namespace {

using namespace ghostbridge;
using namespace ghostbridge::test;
using namespace std::chrono_literals;
namespace pb = ghost::bridge::v1;
namespace health_pb = grpc::health::v1;
namespace reflection_pb = grpc::reflection::v1;

constexpr rpc::UnaryMethod<pb::ListServicesRequest, pb::ListServicesResponse> kListServices{
    "/ghost.bridge.v1.Registry/ListServices"};
constexpr rpc::ServerStreamMethod<pb::ListServicesRequest, pb::ListServicesResponse> kWatch{
    "/ghost.bridge.v1.Registry/Watch"};
constexpr rpc::BidiMethod<pb::RegisterRequest, pb::Lease> kRegister{"/ghost.bridge.v1.Registry/Register"};
constexpr rpc::UnaryMethod<health_pb::HealthCheckRequest, health_pb::HealthCheckResponse> kCheck{
    "/grpc.health.v1.Health/Check"};
constexpr rpc::BidiMethod<reflection_pb::ServerReflectionRequest, reflection_pb::ServerReflectionResponse> kReflect{
    "/grpc.reflection.v1.ServerReflection/ServerReflectionInfo"};

using BridgeTest = World;

TEST_F(BridgeTest, RelaysUnaryAndStreamingCallsOverQuic) {
    const auto service = start_service();
    ASSERT_TRUE(wait_for_service("test.v1.Echo"));
    const auto client = connect_as(client_id_);
    const auto said = client->call(kSay, text("hello"), soon());
    ASSERT_TRUE(said) << said.error().to_string();
    EXPECT_EQ(said->raw(), "hello");

    std::size_t got = 0;
    const auto status = client->stream(kPour, text("200 50000"), soon(), [&](EchoMessage piece) {
        got += piece.raw().size();
        return true;
    });
    EXPECT_TRUE(status.ok()) << status.to_string();
    EXPECT_EQ(got, 10'000'000u);

    const auto failed = client->call(kFail, text("9 not now"), soon());
    ASSERT_FALSE(failed);
    EXPECT_EQ(failed.error(), (rpc::Status{rpc::StatusCode::failed_precondition, "not now"}));
}

TEST_F(BridgeTest, RelaysConversationsOverQuic) {
    const auto service = start_service();
    ASSERT_TRUE(wait_for_service("test.v1.Echo"));
    const auto client = connect_as(client_id_);
    std::latch done{1};
    rpc::ClientStream<EchoMessage, EchoMessage> chat;
    int turns = 0;
    rpc::Status status;
    client->run([&](rpc::Channel& channel) {
        chat = channel.open(kChat, soon());
        ASSERT_TRUE(chat.write(text("0")));
        chat.for_each(
            [&](EchoMessage answer) {
                EXPECT_EQ(answer.raw(), "re: " + std::to_string(turns));
                if (++turns == 50) return chat.half_close();
                EXPECT_TRUE(chat.write(text(std::to_string(turns))));
            },
            [&](const rpc::Status& end) {
                status = end;
                done.count_down();
            });
    });
    done.wait();
    client->run([&](rpc::Channel&) { chat = {}; });
    EXPECT_TRUE(status.ok()) << status.to_string();
    EXPECT_EQ(turns, 50);
}

TEST_F(BridgeTest, ServesAnOrdinaryGrpcClientOverTcp) {
    const auto service = start_service();
    ASSERT_TRUE(wait_for_service("test.v1.Echo"));
    GrpcClient client{bridge_->tcp_port()};
    const std::string big(5 << 20, 'b');
    const auto answer = client.unary("/test.v1.Echo/Say", message(big));
    ASSERT_TRUE(answer.status.ok()) << answer.status.error_message();
    EXPECT_TRUE(answer.response.raw() == big);

    grpc::ClientContext context;
    GrpcClient::Stream stream{client, context, "/test.v1.Echo/Chat"};
    for (int i = 0; i < 20; ++i) {
        ASSERT_TRUE(stream.write(message(std::to_string(i))));
        ASSERT_EQ(stream.read().value_or(message("nothing")).raw(), "re: " + std::to_string(i));
    }
    ASSERT_TRUE(stream.half_close());
    EXPECT_FALSE(stream.read());
    EXPECT_TRUE(stream.finish().ok());

    // The chat before it is a call as well.
    ASSERT_TRUE(eventually([&] { return service->log->calls == 2; }));
    expect_deadline(client, *service->log);
}

TEST_F(BridgeTest, HoldsAWindowForASlowTcpReader) {
    const auto service = start_service();
    ASSERT_TRUE(wait_for_service("test.v1.Echo"));
    GrpcClient client{bridge_->tcp_port()};
    grpc::ClientContext context;
    GrpcClient::Stream stream{client, context, "/test.v1.Echo/Pour"};
    ASSERT_TRUE(stream.write(message("1024 65536")));  // 64 MiB
    ASSERT_TRUE(stream.half_close());
    std::uint64_t before = ~std::uint64_t{0};
    auto& poured = service->log->poured_bytes;
    ASSERT_TRUE(eventually([&] {
        std::this_thread::sleep_for(300ms);
        return std::exchange(before, poured.load()) == poured.load() && before > 0;
    }));
    EXPECT_LT(poured, 16u << 20);
    std::size_t got = 0;
    while (const auto piece = stream.read()) got += piece->raw().size();
    EXPECT_TRUE(stream.finish().ok());
    EXPECT_EQ(got, std::size_t{64} << 20);
}

TEST_F(BridgeTest, TellsTheServiceWhoCalls) {
    const auto service = start_service();
    ASSERT_TRUE(wait_for_service("test.v1.Echo"));
    const auto client = connect_as(client_id_);
    rpc::CallOptions options = soon();
    ASSERT_TRUE(options.metadata.add("ghost-caller-key", std::string(64, 'f')));
    ASSERT_TRUE(options.metadata.add("ghost-caller-class", "stranger"));
    ASSERT_TRUE(options.metadata.add("ghost-caller-network", "192.0.2.9"));
    EXPECT_EQ(client->call(kWho, text(""), options)->raw(), "1 " + base::to_hex(*client_id_.public_key()) + " listed");

    GrpcClient tcp{bridge_->tcp_port()};
    grpc::ClientContext context;
    context.AddMetadata("ghost-caller-key", base::to_hex(*client_id_.public_key()));
    context.AddMetadata("ghost-caller-class", "listed");
    context.AddMetadata("ghost-caller-network", "192.0.2.9");
    const auto seen = tcp.unary(context, "/test.v1.Echo/Who", message("")).response.raw();
    EXPECT_TRUE(seen == "0 stranger 127.0.0.1" || seen == "0 stranger [::]") << seen;
}

TEST_F(BridgeTest, LetsOnlyServicesRegisterAndOnlyWhatTheyMay) {
    auto options = service_options();
    options.identity = client_id_;
    Service as_client{options};
    EXPECT_TRUE(eventually([&] { return as_client.reason().find("role service") != std::string::npos; }))
        << as_client.reason();
    options.identity = stranger_id_;
    Service as_stranger{options};
    EXPECT_TRUE(eventually([&] { return as_stranger.reason().find("does not know") != std::string::npos; }))
        << as_stranger.reason();
    options.identity = other_id_;
    Service as_other{options};
    EXPECT_TRUE(eventually([&] { return as_other.reason().find("may not register") != std::string::npos; }))
        << as_other.reason();
    EXPECT_TRUE(bridge_->available_services().empty());
    options.services = {"test.v1.Second"};
    Service allowed{options};
    EXPECT_TRUE(wait_for_service("test.v1.Second"));
}

TEST_F(BridgeTest, DoesNotCallAnInstanceThatShowsAnotherKey) {
    auto options = service_options();
    options.served_as = stranger_id_;
    Service service{options};
    ASSERT_TRUE(eventually([&] { return service.registered(); }));
    const auto client = connect_as(client_id_);
    const auto answer = client->call(kSay, text("secret"), soon());
    ASSERT_FALSE(answer);
    EXPECT_EQ(answer.error().code, rpc::StatusCode::unavailable) << answer.error().message;
    EXPECT_NE(answer.error().message.find("test.v1.Echo"), std::string::npos) << answer.error().message;
    EXPECT_EQ(service.log->calls, 0);
}

TEST_F(BridgeTest, ForgetsAServiceThatLeavesAndTakesItBackWhenItReturns) {
    auto service = start_service();
    ASSERT_TRUE(wait_for_service("test.v1.Echo"));
    const auto client = connect_as(client_id_);
    ASSERT_TRUE(client->call(kSay, text("x"), soon()));
    service.reset();
    ASSERT_TRUE(wait_for_services(0));
    const auto gone = client->call(kSay, text("x"), soon());
    ASSERT_FALSE(gone);
    EXPECT_EQ(gone.error().code, rpc::StatusCode::unavailable);
    service = start_service();
    ASSERT_TRUE(wait_for_service("test.v1.Echo"));
    EXPECT_TRUE(client->call(kSay, text("x"), soon()));
}

/// Whose leases are short.
class ForgetfulBridgeTest : public World {
    void configure(Config& config) override { config.lease_ttl_ms = 1'000; }
};

TEST_F(ForgetfulBridgeTest, ForgetsAServiceThatDoesNotRenewItsLease) {
    const auto client = connect_as(service_id_);
    std::latch done{1};
    rpc::ClientStream<pb::RegisterRequest, pb::Lease> stream;
    pb::RegisterRequest request;
    request.add_services("test.v1.Echo");
    request.add_services("grpc.health.v1.Health");  // every server has it: ignored
    request.set_endpoint("127.0.0.1:9");
    std::atomic<int> leases{0};
    rpc::Status end;
    client->run([&](rpc::Channel& channel) {
        stream = channel.open(kRegister, soon());
        EXPECT_TRUE(stream.write(request));
        stream.for_each(
            [&](const pb::Lease& lease) {
                EXPECT_EQ(lease.ttl_ms(), 1000u);
                EXPECT_EQ(lease.instance_id().size(), 16u);
                ++leases;
            },
            [&](const rpc::Status& status) {
                end = status;
                done.count_down();
            });
    });
    ASSERT_TRUE(eventually([&] { return leases == 1; }));  // registered, though perhaps no longer
    EXPECT_TRUE(wait_for_services(0)) << "the stream is open, but nobody renews";
    client->run([&](rpc::Channel&) { EXPECT_TRUE(stream.write(request)); });
    done.wait();
    EXPECT_EQ(end.code, rpc::StatusCode::not_found) << "a late renewal must register again";
    client->run([&](rpc::Channel&) { stream = {}; });
}

TEST_F(BridgeTest, SpreadsCallsOverInstancesAndMovesAwayFromDrainingOnes) {
    const auto a = start_service();
    auto options = service_options();
    const auto b = std::make_unique<Service>(options);
    const auto client = connect_as(client_id_);
    const auto instances = [&] {
        const auto list = client->call(kListServices, pb::ListServicesRequest{}, soon());
        return list ? list->instances_size() : -1;
    };
    ASSERT_TRUE(eventually([&] { return instances() == 2; }));
    for (int i = 0; i < 60; ++i) ASSERT_TRUE(client->call(kSay, text("x"), soon()));
    EXPECT_GT(a->log->calls, 0);
    EXPECT_GT(b->log->calls, 0);
    a->run([&] { a->registration().set_state(bridge_client::InstanceState::draining); });
    ASSERT_TRUE(eventually([&] {
        const auto list = client->call(kListServices, pb::ListServicesRequest{}, soon());
        return list && std::ranges::any_of(list->instances(),
                                           [](const auto& one) { return one.state() == pb::INSTANCE_STATE_DRAINING; });
    }));
    const int before = a->log->calls;
    for (int i = 0; i < 20; ++i) ASSERT_TRUE(client->call(kSay, text("x"), soon()));
    EXPECT_EQ(a->log->calls, before);
}

TEST_F(BridgeTest, NoticesAnInstanceThatIsNotServing) {
    const auto service = start_service();
    ASSERT_TRUE(wait_for_service("test.v1.Echo"));
    const auto client = connect_as(client_id_);
    const auto state = [&] {
        const auto list = client->call(kListServices, pb::ListServicesRequest{}, soon());
        return list && list->instances_size() == 1 ? list->instances(0).state() : pb::INSTANCE_STATE_UNSPECIFIED;
    };
    EXPECT_TRUE(eventually([&] { return state() == pb::INSTANCE_STATE_HEALTHY; }));
    service->run([&] { service->health().set("", rpc::Serving::not_serving); });
    EXPECT_TRUE(eventually([&] { return state() == pb::INSTANCE_STATE_DEGRADED; }));
    service->run([&] { service->health().set("", rpc::Serving::serving); });
    EXPECT_TRUE(eventually([&] { return state() == pb::INSTANCE_STATE_HEALTHY; }));
}

TEST_F(BridgeTest, ListsWatchesAndAnswersHealth) {
    const auto client = connect_as(client_id_);
    std::atomic<int> snapshots{0};
    std::atomic<int> last{-1};
    std::thread watcher{[&] {
        const auto status = connect_as(client_id_)
                                ->stream(kWatch, pb::ListServicesRequest{}, soon(), [&](pb::ListServicesResponse list) {
                                    last = list.instances_size();
                                    ++snapshots;
                                    return !(snapshots > 1 && list.instances_size() == 1);
                                });
        EXPECT_TRUE(status.ok()) << status.to_string();
    }};
    EXPECT_TRUE(eventually([&] { return snapshots == 1; })) << "the first message tells what is there";
    EXPECT_EQ(last, 0);
    const auto service = start_service();
    watcher.join();
    EXPECT_EQ(last, 1);

    pb::ListServicesRequest request;
    request.set_service("test.v1.Echo");
    const auto list = client->call(kListServices, request, soon());
    ASSERT_TRUE(list);
    ASSERT_EQ(list->instances_size(), 1);
    const auto& instance = list->instances(0);
    EXPECT_EQ(instance.endpoint(), "127.0.0.1:" + std::to_string(service->port));
    EXPECT_EQ(instance.public_key(), base::as_text(*service_id_.public_key()));
    EXPECT_EQ(instance.labels().at("version"), "1");
    EXPECT_GT(instance.lease_left_ms(), 0u);
    EXPECT_LE(instance.lease_left_ms(), 120'000u);

    health_pb::HealthCheckRequest check;
    EXPECT_EQ(client->call(kCheck, check, soon())->status(), health_pb::HealthCheckResponse::SERVING);
    check.set_service("test.v1.Echo");
    EXPECT_EQ(client->call(kCheck, check, soon())->status(), health_pb::HealthCheckResponse::SERVING);
    check.set_service("test.v1.Nobody");
    EXPECT_EQ(client->call(kCheck, check, soon()).error().code, rpc::StatusCode::not_found);
}

TEST_F(BridgeTest, MergesReflection) {
    const auto service = start_service();
    ASSERT_TRUE(wait_for_service("test.v1.Echo"));
    const auto client = connect_as(client_id_);
    std::latch done{1};
    std::vector<reflection_pb::ServerReflectionResponse> answers;
    rpc::ClientStream<reflection_pb::ServerReflectionRequest, reflection_pb::ServerReflectionResponse> stream;
    client->run([&](rpc::Channel& channel) {
        stream = channel.open(kReflect, soon());
        reflection_pb::ServerReflectionRequest request;
        request.set_list_services("");
        EXPECT_TRUE(stream.write(request));
        request.set_file_containing_symbol("ghost.bridge.v1.Registry");  // the bridge's own
        EXPECT_TRUE(stream.write(request));
        request.set_file_by_filename("ghost/chain/v1/chain.proto");  // only the service can say
        EXPECT_TRUE(stream.write(request));
        request.set_file_containing_symbol("no.such.Thing");
        EXPECT_TRUE(stream.write(request));
        stream.half_close();
        stream.for_each([&](auto answer) { answers.push_back(std::move(answer)); },
                        [&](const rpc::Status&) { done.count_down(); });
    });
    done.wait();
    client->run([&](rpc::Channel&) { stream = {}; });
    ASSERT_EQ(answers.size(), 4u);
    std::vector<std::string> names;
    for (const auto& one : answers[0].list_services_response().service()) names.push_back(one.name());
    EXPECT_NE(std::ranges::find(names, "test.v1.Echo"), names.end());
    EXPECT_NE(std::ranges::find(names, "ghost.bridge.v1.Registry"), names.end());
    EXPECT_GT(answers[1].file_descriptor_response().file_descriptor_proto_size(), 0);
    EXPECT_GT(answers[2].file_descriptor_response().file_descriptor_proto_size(), 0);
    EXPECT_EQ(answers[2].original_request().file_by_filename(), "ghost/chain/v1/chain.proto");
    EXPECT_EQ(answers[3].error_response().error_code(), 5);
}

/// The answers to look-ups on one stream of a caller.
std::vector<reflection_pb::ServerReflectionResponse> reflect(
    rpc::BlockingClient& client, const std::vector<reflection_pb::ServerReflectionRequest>& requests) {
    std::latch done{1};
    std::vector<reflection_pb::ServerReflectionResponse> answers;
    rpc::ClientStream<reflection_pb::ServerReflectionRequest, reflection_pb::ServerReflectionResponse> stream;
    client.run([&](rpc::Channel& channel) {
        stream = channel.open(kReflect, soon());
        for (const auto& request : requests) EXPECT_TRUE(stream.write(request));
        stream.half_close();
        stream.for_each([&](auto answer) { answers.push_back(std::move(answer)); },
                        [&](const rpc::Status&) { done.count_down(); });
    });
    done.wait();
    client.run([&](rpc::Channel&) { stream = {}; });
    return answers;
}

TEST_F(BridgeTest, AnswersLookUpsOfStrangersFromWhatServicesSaidWhenTheyRegistered) {
    // Every service of this process can describe both; only the first belongs to what is registered.
    const auto described = ghost::wallet::v1::Balance::descriptor()->file()->name();
    const auto other = ghost::wallet::v1::LocalRequest::descriptor()->file()->name();
    auto options = service_options();
    options.services = {"ghost.wallet.v1.WalletService"};
    auto wallet = std::make_unique<Service>(options);
    ASSERT_TRUE(wait_for_service("ghost.wallet.v1.WalletService"));
    const auto stranger = connect_as(stranger_id_);
    reflection_pb::ServerReflectionRequest symbol;
    symbol.set_file_containing_symbol("ghost.wallet.v1.WalletService.Send");
    reflection_pb::ServerReflectionRequest file;
    file.set_file_by_filename(described);
    ASSERT_TRUE(eventually([&] {
        const auto answers = reflect(*stranger, {symbol, file});
        return answers.size() == 2 && answers[0].has_file_descriptor_response() &&
               answers[1].has_file_descriptor_response();
    }));
    // The service that registers nothing with a description is never asked for a stranger.
    options = service_options();
    options.identity = other_id_;
    options.services = {"test.v1.Second"};
    const auto second = std::make_unique<Service>(options);
    ASSERT_TRUE(wait_for_service("test.v1.Second"));
    wallet->deregister();
    ASSERT_TRUE(eventually([&] {
        const auto names = bridge_->available_services();
        return std::ranges::find(names, "ghost.wallet.v1.WalletService") == names.end();
    }));
    reflection_pb::ServerReflectionRequest local;
    local.set_file_by_filename(other);
    EXPECT_EQ(reflect(*stranger, {local}).at(0).error_response().error_code(), 5) << "never leaves the bridge";
    EXPECT_TRUE(reflect(*connect_as(client_id_), {local}).at(0).has_file_descriptor_response())
        << "a listed caller's does";
    // And what was fetched is answered still: nobody has to be asked.
    EXPECT_TRUE(reflect(*stranger, {symbol}).at(0).has_file_descriptor_response());
}

TEST_F(BridgeTest, LetsOpenCallsFinishWhenItStops) {
    const auto service = start_service();
    ASSERT_TRUE(wait_for_service("test.v1.Echo"));
    GrpcClient client{bridge_->tcp_port()};
    grpc::ClientContext context;
    GrpcClient::Stream stream{client, context, "/test.v1.Echo/Chat"};
    ASSERT_TRUE(stream.write(message("1")));
    ASSERT_TRUE(stream.read());
    std::thread stopper{[&] { bridge_->stop(); }};
    // Still served while the bridge drains.
    ASSERT_TRUE(stream.write(message("2")));
    EXPECT_EQ(stream.read().value_or(message("nothing")).raw(), "re: 2");
    ASSERT_TRUE(stream.half_close());
    EXPECT_FALSE(stream.read());
    EXPECT_TRUE(stream.finish().ok());
    stopper.join();
}

/// The smallest window that an HTTP/2 stream can have, below what a call may hold elsewhere.
class NarrowBridgeTest : public World {
    void configure(Config& config) override { config.tcp.stream_window_bytes = 65'535; }
};

TEST_F(NarrowBridgeTest, CarriesUploadsThroughAnIngressWindowBelowTheCallWindow) {
    const auto service = start_service();
    ASSERT_TRUE(wait_for_service("test.v1.Echo"));
    GrpcClient client{bridge_->tcp_port()};
    for (int i = 0; i < 5; ++i) {
        grpc::ClientContext context;
        set_timeout(context, 60s);
        const auto answer = client.unary(context, "/test.v1.Echo/Say", message(std::string(3 << 20, 'u')));
        ASSERT_TRUE(answer.status.ok()) << answer.status.error_message();
    }
}

/// Probes more often than a probe may take.
class ProbingBridgeTest : public World {
    void configure(Config& config) override {
        config.health_interval_ms = 50;
        config.health_timeout_ms = 300;
        config.lease_ttl_ms = 60'000;
    }
};

TEST_F(ProbingBridgeTest, NoticesAnInstanceThatHangs) {
    const auto service = start_service();
    ASSERT_TRUE(wait_for_service("test.v1.Echo"));
    const auto client = connect_as(client_id_);
    const auto degraded = [&] {
        const auto list = client->call(kListServices, pb::ListServicesRequest{}, soon());
        return list && list->instances_size() == 1 && list->instances(0).state() == pb::INSTANCE_STATE_DEGRADED;
    };
    std::latch noticed{1};
    std::thread hang{[&] { service->run([&] { noticed.wait(); }); }};
    EXPECT_TRUE(eventually(degraded));
    noticed.count_down();
    hang.join();
    EXPECT_TRUE(eventually([&] { return !degraded(); }));
}

TEST_F(BridgeTest, ShowsItsTransportInTheMetrics) {
    const auto client = connect_as(client_id_);
    ASSERT_TRUE(client->call(kListServices, pb::ListServicesRequest{}, soon()));
    EXPECT_TRUE(eventually([&] {
        const auto text = bridge_->metrics_text();
        return text.find("\nzquic_connections 1\n") != std::string::npos &&
               text.find("\nzquic_handshakes_total{result=\"accepted\"} 1\n") != std::string::npos;
    })) << bridge_->metrics_text();
    const auto text = bridge_->metrics_text();
    for (const auto* name : {"zquic_half_open_connections 0", "zquic_dropped_total{reason=\"overload\"} 0",
                             "zquic_stateless_answers_total{kind=\"retry\"} 0"})
        EXPECT_NE(text.find(name), std::string::npos) << name;
}

TEST_F(BridgeTest, ShowsItsConnectionsToInstancesInTheMetrics) {
    const auto has = [&](const std::string& line) {
        return bridge_->metrics_text().find("\n" + line + "\n") != std::string::npos;
    };
    auto service = start_service();
    ASSERT_TRUE(wait_for_service("test.v1.Echo"));
    EXPECT_TRUE(eventually([&] {
        return has("zquic_handshakes_total{result=\"connected\"} 1") &&
               has("zquic_handshakes_total{result=\"accepted\"} 1") && has("zquic_connections 2");
    })) << bridge_->metrics_text();
    service.reset();
    EXPECT_TRUE(eventually([&] { return has("zquic_connections 0"); })) << bridge_->metrics_text();
    EXPECT_TRUE(has("zquic_handshakes_total{result=\"connected\"} 1")) << "what it counted remains";
}

class ImpatientBridgeTest : public World {
    void configure(Config& config) override { config.drain_timeout_ms = 100; }
};

TEST_F(ImpatientBridgeTest, CancelsCallsThatOutliveTheDrainTimeout) {
    const auto service = start_service();
    ASSERT_TRUE(wait_for_service("test.v1.Echo"));
    const auto client = connect_as(client_id_);
    std::latch called{1};
    std::thread caller{[&] {
        called.count_down();
        EXPECT_FALSE(client->call(kHang, text(""), soon()));
    }};
    called.wait();
    ASSERT_TRUE(eventually([&] { return service->log->calls == 1; }));
    bridge_->stop();
    caller.join();
    EXPECT_TRUE(eventually([&] { return service->log->cancelled == 1; }));
}

TEST_F(BridgeTest, SaysWhyItCannotStart) {
    Config config;
    config.home = home_.path() + "/nowhere";
    auto started = Bridge::start(config);
    ASSERT_FALSE(started);
    EXPECT_NE(started.error().text.find("nowhere"), std::string::npos) << started.error().text;

    config.home = home_.path();
    config.listen_metrics = "";
    config.listen_quic = "127.0.0.1:0";
    config.listen_tcp = "127.0.0.1:" + std::to_string(bridge_->tcp_port());
    started = Bridge::start(config);
    ASSERT_FALSE(started);
    EXPECT_NE(started.error().text.find(std::to_string(bridge_->tcp_port())), std::string::npos)
        << started.error().text;
}

// Nobody, root included, can make a folder in /proc.
TEST(InitIdentity, NamesAHomeThatCannotBeWritten) {
    const auto made = init_identity("/proc/ghost/ghostbridge");
    ASSERT_FALSE(made);
    EXPECT_NE(made.error().text.find("/proc/ghost"), std::string::npos) << made.error().text;
    EXPECT_EQ(made.error().text.find("identity.pem"), std::string::npos)
        << "the folder is at fault, not the file: " << made.error().text;
}

TEST_F(BridgeTest, KeepsItsKeyAcrossStarts) {
    const auto key = bridge_->public_key();
    bridge_.reset();
    start_bridge();
    EXPECT_EQ(bridge_->public_key(), key);
}

}  // namespace

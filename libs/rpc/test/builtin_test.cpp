// Health and reflection, through the standard protocols.
#include <google/protobuf/descriptor.pb.h>

#include <set>

#include "grpc/health/v1/health.pb.h"
#include "grpc/reflection/v1/reflection.pb.h"
#include "grpc/reflection/v1alpha/reflection.pb.h"
#include "rig.hpp"
#include "rpc/health.hpp"

namespace rpc::test {
namespace {

namespace health = grpc::health::v1;
namespace reflect = grpc::reflection::v1;
namespace reflect_alpha = grpc::reflection::v1alpha;
constexpr UnaryMethod<health::HealthCheckRequest, health::HealthCheckResponse> kCheck{"/grpc.health.v1.Health/Check"};
constexpr ServerStreamMethod<health::HealthCheckRequest, health::HealthCheckResponse> kWatch{
    "/grpc.health.v1.Health/Watch"};
constexpr BidiMethod<reflect::ServerReflectionRequest, reflect::ServerReflectionResponse> kReflect{
    "/grpc.reflection.v1.ServerReflection/ServerReflectionInfo"};
constexpr BidiMethod<reflect_alpha::ServerReflectionRequest, reflect_alpha::ServerReflectionResponse> kReflectAlpha{
    "/grpc.reflection.v1alpha.ServerReflection/ServerReflectionInfo"};

class BuiltIn : public Rig {};

TEST_P(BuiltIn, HealthCheckKnowsItsServices) {
    make();
    auto& services = server->enable_health();
    services.set("a.Service", Serving::serving);
    services.set("b.Service", Serving::not_serving);
    const auto check = [&](const std::string& name) {
        health::HealthCheckRequest request;
        request.set_service(name);
        return call(kCheck, request);
    };
    EXPECT_EQ(check("")->status(), health::HealthCheckResponse::SERVING);
    EXPECT_EQ(check("a.Service")->status(), health::HealthCheckResponse::SERVING);
    EXPECT_EQ(check("b.Service")->status(), health::HealthCheckResponse::NOT_SERVING);
    EXPECT_EQ(check("c.Service").error().code, StatusCode::not_found);
}

TEST_P(BuiltIn, HealthWatchReportsEveryChangeUntilTheServerDrains) {
    make();
    auto& services = server->enable_health();
    health::HealthCheckRequest request;
    request.set_service("a.Service");
    auto stream = channel->open(kWatch, request);
    std::vector<int> seen;
    std::optional<Status> end;
    stream.for_each([&](const health::HealthCheckResponse& response) { seen.push_back(response.status()); },
                    [&](const Status& status) { end = status; });
    ASSERT_TRUE(until([&] { return seen.size() == 1; }));
    EXPECT_EQ(seen[0], health::HealthCheckResponse::SERVICE_UNKNOWN);
    services.set("a.Service", Serving::serving);
    ASSERT_TRUE(until([&] { return seen.size() == 2; }));
    services.set("a.Service", Serving::serving);  // No change.
    services.set("other", Serving::serving);
    bool drained = false;
    server->drain(60 * kSecond, [&] { drained = true; });
    ASSERT_TRUE(until([&] { return drained && end.has_value(); }));
    EXPECT_EQ(seen, (std::vector<int>{health::HealthCheckResponse::SERVICE_UNKNOWN,
                                      health::HealthCheckResponse::SERVING, health::HealthCheckResponse::NOT_SERVING}));
    EXPECT_EQ(end->code, StatusCode::unavailable);
}

TEST_P(BuiltIn, HealthForgetsWatchersThatWentAway) {
    make();
    auto& services = server->enable_health();
    {
        auto stream = channel->open(kWatch, {});
        bool seen = false;
        stream.read([&](std::optional<health::HealthCheckResponse> response) { seen = response.has_value(); });
        ASSERT_TRUE(until([&] { return seen; }));
        EXPECT_EQ(services.watchers(), 1u);
    }
    ASSERT_TRUE(until([&] { return server->calls_in_flight() == 0; }));
    EXPECT_EQ(services.watchers(), 0u);
    services.set("", Serving::not_serving);
}

template <typename Request, typename Response, typename Method>
void check_reflection(Rig& rig, const Method& method) {
    rig.make();
    rig.serve_echo();
    rig.server->enable_health();
    rig.server->enable_reflection();
    auto stream = rig.channel->open(method);
    const auto ask = [&](const Request& request) {
        EXPECT_TRUE(stream.write(request));
        std::optional<Response> response;
        stream.read([&](std::optional<Response> item) { response = std::move(item).value_or(Response{}); });
        EXPECT_TRUE(rig.until([&] { return response.has_value(); }));
        return response.value_or(Response{});
    };
    Request request;
    request.set_list_services("*");
    std::set<std::string> names;
    const auto services = ask(request);
    for (const auto& service : services.list_services_response().service()) names.insert(service.name());
    EXPECT_EQ(names, (std::set<std::string>{"grpc.health.v1.Health", "grpc.reflection.v1.ServerReflection",
                                            "grpc.reflection.v1alpha.ServerReflection", "test.v1.Test"}));

    request.set_file_containing_symbol("ghost.chain.v1.BlockchainService");
    const auto files = ask(request);
    std::set<std::string> file_names;
    for (const auto& bytes : files.file_descriptor_response().file_descriptor_proto()) {
        google::protobuf::FileDescriptorProto proto;
        ASSERT_TRUE(proto.ParseFromString(bytes));
        file_names.insert(proto.name());
    }
    EXPECT_TRUE(file_names.contains("ghost/chain/v1/chain.proto"));

    request.set_file_by_filename("grpc/health/v1/health.proto");
    EXPECT_EQ(ask(request).file_descriptor_response().file_descriptor_proto_size(), 1);
    request.set_file_by_filename("no/such.proto");
    EXPECT_EQ(ask(request).error_response().error_code(), static_cast<int>(StatusCode::not_found));
    request.set_all_extension_numbers_of_type("ghost.chain.v1.Transaction");
    EXPECT_EQ(ask(request).all_extension_numbers_response().base_type_name(), "ghost.chain.v1.Transaction");
    request.mutable_file_containing_extension()->set_containing_type("no.Type");
    EXPECT_EQ(ask(request).error_response().error_code(), static_cast<int>(StatusCode::not_found));
    EXPECT_EQ(ask({}).error_response().error_code(), static_cast<int>(StatusCode::invalid_argument));
    stream.half_close();
    bool ended = false;
    stream.read([&](std::optional<Response> item) { ended = !item; });
    ASSERT_TRUE(rig.until([&] { return ended; }));
    EXPECT_TRUE(stream.status().ok());
}

TEST_P(BuiltIn, ReflectionAnswersInVersionOne) {
    check_reflection<reflect::ServerReflectionRequest, reflect::ServerReflectionResponse>(*this, kReflect);
}
TEST_P(BuiltIn, ReflectionAnswersInVersionOneAlpha) {
    check_reflection<reflect_alpha::ServerReflectionRequest, reflect_alpha::ServerReflectionResponse>(*this,
                                                                                                      kReflectAlpha);
}

INSTANTIATE_TEST_SUITE_P(Over, BuiltIn, testing::Values(Transport::loopback, Transport::quic), name_of);

}  // namespace
}  // namespace rpc::test

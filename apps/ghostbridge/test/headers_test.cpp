#include "ghostbridge/headers.hpp"

#include <gtest/gtest.h>
#include <nghttp2/nghttp2.h>

#include <algorithm>

namespace {

using namespace ghostbridge;
using rpc::Fields;
using rpc::StatusCode;

Fields request_fields() {
    return {{":method", "POST"},      {":scheme", "http"}, {":path", "/a.B/C"},
            {":authority", "bridge"}, {"te", "trailers"},  {"content-type", "application/grpc"}};
}
void set(Fields& fields, std::string_view name, std::string value) {
    for (auto& field : fields)
        if (field.name == name) {
            field.value = std::move(value);
            return;
        }
    fields.push_back({std::string{name}, std::move(value)});
}
std::size_t count(const Fields& fields, std::string_view name) {
    return static_cast<std::size_t>(std::ranges::count(fields, name, &rpc::Field::name));
}

/// Over TCP: no key.
const rpc::Peer kPlainCaller{.address = io::SocketAddress::parse("192.0.2.1:5").value(), .public_key = std::nullopt};

TEST(ParseRequest, FindsServiceAndTimeout) {
    auto fields = request_fields();
    set(fields, "grpc-timeout", "250m");
    const auto request = parse_request(fields).value();
    EXPECT_EQ(request.service, "a.B");
    EXPECT_EQ(request.path, "/a.B/C");
    EXPECT_EQ(request.timeout_ns, 250'000'000u);
}

TEST(ParseRequest, ReadsTheKeyOfTheWantedInstanceAndKeepsItToItself) {
    auto fields = request_fields();
    EXPECT_FALSE(parse_request(fields).value().instance_key);
    set(fields, "ghost-instance-key", std::string(64, 'a'));
    const auto request = parse_request(fields).value();
    EXPECT_EQ(base::to_hex(request.instance_key.value()), std::string(64, 'a'));
    EXPECT_EQ(count(forward_request(request, rpc::kNoDeadline, kPlainCaller, false), "ghost-instance-key"), 0u);
    for (const auto* bad : {"", "a", "zz"}) {
        set(fields, "ghost-instance-key", bad);
        EXPECT_EQ(parse_request(fields).error().status.code, StatusCode::invalid_argument) << bad;
    }
}

TEST(ParseRequest, RefusesWhatIsNotGrpcWithHttpStatus) {
    auto fields = request_fields();
    set(fields, ":method", "GET");
    EXPECT_EQ(parse_request(fields).error().http_status, 405u);
    for (const auto* type : {"text/html", "application/grpcx", "application/json"}) {
        fields = request_fields();
        set(fields, "content-type", type);
        EXPECT_EQ(parse_request(fields).error().http_status, 415u) << type;
    }
    for (const auto* type : {"application/grpc+proto", "application/grpc;charset=x"}) {
        fields = request_fields();
        set(fields, "content-type", type);
        EXPECT_TRUE(parse_request(fields)) << type;
    }
}

TEST(ParseRequest, RefusesBadPathsAndTimeouts) {
    for (const auto* path : {"", "/", "a.B/C", "/a.B", "/a.B/", "//C", "/a b/C", "/../C"}) {
        auto fields = request_fields();
        set(fields, ":path", path);
        EXPECT_EQ(parse_request(fields).error().status.code, StatusCode::unimplemented) << path;
    }
    auto fields = request_fields();
    set(fields, "grpc-timeout", "soon");
    EXPECT_FALSE(parse_request(fields));
}

TEST(ForwardRequest, KeepsMetadataInOrderAndStripsHops) {
    auto fields = request_fields();
    for (const auto& field : Fields{{"x-a", "1"},
                                    {"blob-bin", "AAEC"},
                                    {"x-a", "2"},
                                    {"grpc-encoding", "gzip"},
                                    {"connection", "x"},
                                    {"keep-alive", "5"},
                                    {"transfer-encoding", "chunked"},
                                    {"upgrade", "h2c"},
                                    {"grpc-timeout", "9S"},
                                    {"blob-bin", "/w"}})
        fields.push_back(field);
    const auto out = forward_request(parse_request(fields).value(), 1'000'000'000, kPlainCaller, false);
    const Fields expected{{":method", "POST"},
                          {":scheme", "http"},
                          {":path", "/a.B/C"},
                          {":authority", "bridge"},
                          {"content-type", "application/grpc"},
                          {"x-a", "1"},
                          {"blob-bin", "AAEC"},
                          {"x-a", "2"},
                          {"grpc-encoding", "gzip"},
                          {"blob-bin", "/w"},
                          {"te", "trailers"},
                          {"grpc-timeout", rpc::format_timeout(1'000'000'000)},
                          {"ghost-caller-class", "stranger"},
                          {"ghost-caller-network", "192.0.2.1"}};
    EXPECT_EQ(out, expected);
}

TEST(ForwardRequest, ReplacesWhatACallerSaysOfHimself) {
    auto fields = request_fields();
    fields.push_back({"ghost-caller-key", std::string(64, 'f')});
    fields.push_back({"ghost-caller-class", "listed"});
    fields.push_back({"ghost-caller-network", "127.0.0.1"});
    const auto plain = forward_request(parse_request(fields).value(), rpc::kNoDeadline, kPlainCaller, false);
    EXPECT_EQ(count(plain, "ghost-caller-key"), 0u);
    EXPECT_EQ(count(plain, "grpc-timeout"), 0u);
    ASSERT_EQ(count(plain, "ghost-caller-class"), 1u);
    EXPECT_EQ(*rpc::find_field(plain, "ghost-caller-class"), "stranger");
    ASSERT_EQ(count(plain, "ghost-caller-network"), 1u);
    EXPECT_EQ(*rpc::find_field(plain, "ghost-caller-network"), "192.0.2.1");
    auto caller = kPlainCaller;
    caller.public_key.emplace();
    caller.public_key->front() = std::byte{0xab};
    const auto proved = forward_request(parse_request(fields).value(), rpc::kNoDeadline, caller, true);
    ASSERT_EQ(count(proved, "ghost-caller-key"), 1u);
    EXPECT_EQ(*rpc::find_field(proved, "ghost-caller-key"), base::to_hex(*caller.public_key));
    ASSERT_EQ(count(proved, "ghost-caller-class"), 1u);
    EXPECT_EQ(*rpc::find_field(proved, "ghost-caller-class"), "listed");
    EXPECT_EQ(count(proved, "ghost-caller-network"), 0u);
}

TEST(ForwardRequest, MakesAnAuthorityFromHost) {
    auto fields = request_fields();
    std::erase_if(fields, [](const auto& field) { return field.name == ":authority"; });
    fields.push_back({"host", "there"});
    const auto out = forward_request(parse_request(fields).value(), rpc::kNoDeadline, kPlainCaller, false);
    EXPECT_EQ(*rpc::find_field(out, ":authority"), "there");
    EXPECT_EQ(count(out, "host"), 0u);
}

TEST(ForwardResponse, KeepsTheEscapedMessageAndDuplicates) {
    const Fields trailers{
        {"grpc-status", "5"}, {"grpc-message", "no%20such%0Athing %E2%82%AC"}, {"x", "1"}, {"x", "2"}};
    EXPECT_EQ(forward_response(trailers), trailers);
    EXPECT_EQ(grpc_status_of(trailers), StatusCode::not_found);
    EXPECT_EQ(grpc_status_of({{"grpc-status", "-1"}}), StatusCode::unknown);
    EXPECT_EQ(forward_response({{":status", "200"}, {"connection", "close"}}), (Fields{{":status", "200"}}));
}

TEST(Codes, MapBothWays) {
    const std::pair<std::uint32_t, std::uint64_t> pairs[] = {{NGHTTP2_CANCEL, 0x10c},
                                                             {NGHTTP2_REFUSED_STREAM, 0x10b},
                                                             {NGHTTP2_ENHANCE_YOUR_CALM, 0x107},
                                                             {NGHTTP2_INTERNAL_ERROR, 0x102},
                                                             {NGHTTP2_NO_ERROR, 0x100}};
    for (const auto& [h2, h3] : pairs) {
        EXPECT_EQ(h3_from_h2(h2), h3);
        EXPECT_EQ(h2_from_h3(h3), h2);
    }
    EXPECT_EQ(h3_from_h2(0xdead), 0x102u);
    EXPECT_EQ(h2_from_h3(~std::uint64_t{0}), static_cast<std::uint32_t>(NGHTTP2_INTERNAL_ERROR));
}

}  // namespace

#include "rig.hpp"

namespace rpc::test {
namespace {

class Unary : public Rig {};

TEST_P(Unary, AnswersWithTheResponse) {
    make();
    serve_echo();
    for (const std::size_t size :
         {std::size_t{0}, std::size_t{1}, std::size_t{100}, std::size_t{70'000}, std::size_t{3'000'000}}) {
        const auto answer = call(message(std::string(size, 'x')));
        ASSERT_TRUE(answer) << answer.error().to_string();
        EXPECT_EQ(answer->raw().size(), size);
    }
    EXPECT_TRUE(until([&] { return server->calls_in_flight() == 0; }));
}

TEST_P(Unary, ShowsTheHandlerWhoCallsAndWithWhat) {
    make();
    std::optional<Peer> peer;
    Metadata metadata;
    std::string path;
    std::uint64_t deadline = 0;
    server->add(kUnary, [&](CallContext& context, const Message&, Responder<Message> done) {
        peer = context.peer();
        metadata = context.metadata();
        path = context.path();
        deadline = context.deadline_ns();
        done.respond({});
    });
    const Metadata sent{{"trace", "1"}, {"key-bin", std::string("\0\xff\n", 3)}, {"trace", "2"}};
    ASSERT_TRUE(call({}, {.timeout_ns = 60 * kSecond, .metadata = sent}));
    EXPECT_EQ(metadata, sent);
    EXPECT_EQ(path, kUnary.path);
    EXPECT_EQ(peer->public_key, client_identity.public_key());
    EXPECT_NE(deadline, kNoDeadline);
    ASSERT_TRUE(call({}));
    EXPECT_EQ(deadline, kNoDeadline);
}

TEST_P(Unary, CarriesEveryStatusWithItsMessage) {
    make();
    std::uint32_t next = 0;
    const std::string text = "grüße 世界 100 % \n\t end";
    server->add(kUnary, [&](CallContext&, const Message&, Responder<Message> done) {
        done.fail(status_code_from_number(next), text);
    });
    for (next = 1; next < kStatusCodeCount; ++next) {
        const auto answer = call({});
        ASSERT_FALSE(answer);
        EXPECT_EQ(answer.error(), (Status{status_code_from_number(next), text}));
    }
    next = 0;  // Failing with OK is a mistake of the handler.
    EXPECT_EQ(call({}).error().code, StatusCode::internal);
}

TEST_P(Unary, CarriesInitialAndTrailingMetadata) {
    make();
    bool succeed = true;
    server->add(kUnary, [&](CallContext& context, const Message&, Responder<Message> done) {
        EXPECT_TRUE(context.add_initial("first", "1"));
        EXPECT_TRUE(context.add_trailing("last-bin", std::string("\0", 1)));
        EXPECT_TRUE(context.add_trailing("last-bin", "two"));
        EXPECT_FALSE(context.add_trailing("grpc-status", "0"));
        if (succeed) return done.respond({});
        done.fail(StatusCode::aborted, "no");
    });
    Metadata initial, trailing;
    const auto take = [&](const Metadata& first, const Metadata& last) {
        initial = first;
        trailing = last;
    };
    ASSERT_TRUE(call({}, {.on_metadata = take}));
    EXPECT_EQ(initial, (Metadata{{"first", "1"}}));
    EXPECT_EQ(trailing, (Metadata{{"last-bin", std::string("\0", 1)}, {"last-bin", "two"}}));
    succeed = false;  // A Trailers-Only answer has one block for both.
    EXPECT_EQ(call({}, {.on_metadata = take}).error().code, StatusCode::aborted);
    EXPECT_EQ(trailing.get("first"), "1");
    EXPECT_EQ(trailing.all("last-bin").size(), 2u);
}

TEST_P(Unary, AnswersUnknownMethodsAndServicesWithUnimplemented) {
    make();
    serve_echo();
    constexpr UnaryMethod<Message, Message> kNoMethod{"/test.v1.Test/Missing"};
    constexpr UnaryMethod<Message, Message> kNoService{"/test.v1.Missing/Unary"};
    EXPECT_EQ(call(kNoMethod, {}).error().code, StatusCode::unimplemented);
    EXPECT_EQ(call(kNoService, {}).error().code, StatusCode::unimplemented);
    EXPECT_TRUE(call({}));
}

TEST_P(Unary, RefusesAnOversizeRequestAndGoesOn) {
    make({.message_bytes_max = 10'000});
    serve_echo();
    EXPECT_EQ(call(message(std::string(200'000, 'x'))).error().code, StatusCode::resource_exhausted);
    EXPECT_TRUE(call(message(std::string(9'000, 'x'))));
}

TEST_P(Unary, RefusesAnOversizeResponse) {
    make({}, {.name = "test", .message_bytes_max = 10'000});
    server->add(kUnary, [](CallContext&, const Message&, Responder<Message> done) {
        done.respond(message(std::string(200'000, 'x')));
    });
    EXPECT_EQ(call({}).error().code, StatusCode::resource_exhausted);
}

TEST_P(Unary, RefusesOversizeMetadata) {
    make({.metadata_bytes_max = 2000});
    serve_echo();
    EXPECT_EQ(call({}, {.metadata = {{"big", std::string(3000, 'x')}}}).error().code, StatusCode::resource_exhausted);
    EXPECT_TRUE(call({}, {.metadata = {{"small", std::string(100, 'x')}}}));
}

TEST_P(Unary, DroppedResponderIsAnInternalError) {
    make();
    server->add(kUnary, [](CallContext&, const Message&, Responder<Message>) {});
    EXPECT_EQ(call({}).error().code, StatusCode::internal);
}

TEST_P(Unary, RequestThatIsNotTheMessageIsRefused) {
    make();
    server->add(kUnary, [](CallContext&, const Message&, Responder<Message> done) { done.respond({}); });
    // The same bytes field number as a varint is a different wire type, but that parses as an unknown field; broken
    // UTF-8 in a string field does not parse.
    constexpr UnaryMethod<ghost::chain::v1::AccountRequest, ghost::chain::v1::Account> kTyped{"/test.v1.Test/Typed"};
    constexpr UnaryMethod<Message, Message> kAsBytes{"/test.v1.Test/Typed"};
    server->add(kTyped, [](CallContext&, const ghost::chain::v1::AccountRequest&,
                           Responder<ghost::chain::v1::Account> done) { done.respond({}); });
    EXPECT_EQ(call(kAsBytes, message("\xff\xfe")).error().code, StatusCode::internal);
}

TEST_P(Unary, CompressesBothWays) {
    make({.compress_from_bytes = 100});
    serve_echo();
    const auto answer = call(message(std::string(100'000, 'z')), {.compress = true});
    ASSERT_TRUE(answer) << answer.error().to_string();
    EXPECT_EQ(answer->raw(), std::string(100'000, 'z'));
    EXPECT_TRUE(call(message("tiny"), {.compress = true}));
    EXPECT_TRUE(call(message(std::string(1000, 'z'))));
}

TEST_P(Unary, AuthorizerDecidesByKeyAndPath) {
    make();
    serve_echo();
    server->set_authorizer([this](const CallInfo& info) -> Status {
        EXPECT_EQ(info.peer.public_key, client_identity.public_key());
        EXPECT_EQ(info.path, kUnary.path);
        if (info.metadata.get("token") == "yes") return {};
        return {StatusCode::permission_denied, "no token"};
    });
    EXPECT_EQ(call({}).error(), (Status{StatusCode::permission_denied, "no token"}));
    EXPECT_TRUE(call({}, {.metadata = {{"token", "yes"}}}));
}

TEST_P(Unary, AuthorizerGrantsAPermitAndATimeForEachCall) {
    make();
    std::optional<Responder<Message>> held;
    server->add(kUnary, [&](CallContext&, const Message&, Responder<Message> done) { held.emplace(std::move(done)); });
    std::weak_ptr<int> permit;
    std::uint64_t timeout_max_ns = kNoDeadline;
    server->set_authorizer([&](const CallInfo& info) -> Status {
        const auto granted = std::make_shared<int>();
        permit = granted;
        info.grant = {.permit = granted, .timeout_max_ns = timeout_max_ns};
        return {};
    });
    std::optional<StatusOr<Message>> answer;
    const auto handle = channel->call(kUnary, {}, {}, [&](StatusOr<Message> got) { answer.emplace(std::move(got)); });
    ASSERT_TRUE(until([&] { return held.has_value(); }));
    EXPECT_FALSE(permit.expired());
    held->respond({});
    ASSERT_TRUE(until([&] { return answer.has_value(); }));
    EXPECT_TRUE(*answer);
    EXPECT_TRUE(until([&] { return permit.expired(); }));

    timeout_max_ns = 10 * kMillisecond;
    EXPECT_EQ(call({}).error().code, StatusCode::deadline_exceeded) << "although the client set none";
}

TEST_P(Unary, ThousandsOfConcurrentCallsAllEnd) {
    make();
    std::vector<Responder<Message>> held;
    std::vector<Message> requests;
    server->add(kUnary, [&](CallContext&, Message request, Responder<Message> done) {
        requests.push_back(std::move(request));
        held.push_back(std::move(done));
    });
    constexpr std::size_t kCalls = 3000;
    std::vector<CallHandle> handles;
    std::size_t answered = 0;
    for (std::size_t i = 0; i < kCalls; ++i) {
        handles.push_back(channel->call(kUnary, message(std::to_string(i)), {}, [&, i](StatusOr<Message> answer) {
            EXPECT_EQ(answer.value_or(Message{}).raw(), std::to_string(i));
            ++answered;
        }));
    }
    // The server answers only once many are under way together; the rest waits for free streams.
    ASSERT_TRUE(until([&] { return held.size() >= 500; }));
    ASSERT_TRUE(until([&] {
        for (std::size_t i = 0; i < held.size(); ++i) held[i].respond(requests[i]);
        held.clear();
        requests.clear();
        return answered == kCalls;
    }));
    EXPECT_TRUE(until([&] { return server->calls_in_flight() == 0; }));
}

TEST_P(Unary, CallsUnderWayAreLimited) {
    make({.calls_max = 20});  // a caller has a half
    std::vector<Responder<Message>> held;
    server->add(kUnary,
                [&](CallContext&, const Message&, Responder<Message> done) { held.push_back(std::move(done)); });
    std::vector<CallHandle> handles;
    std::size_t refused = 0;
    for (int i = 0; i < 15; ++i) {
        handles.push_back(channel->call(kUnary, {}, {}, [&](StatusOr<Message> answer) {
            if (!answer && answer.error().code == StatusCode::resource_exhausted) ++refused;
        }));
    }
    EXPECT_TRUE(until([&] { return held.size() == 10 && refused == 5; }));
}

INSTANTIATE_TEST_SUITE_P(Over, Unary, testing::Values(Transport::loopback, Transport::quic), name_of);

}  // namespace
}  // namespace rpc::test

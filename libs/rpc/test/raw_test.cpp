// The byte level: broken peers, HTTP rules, and relays.
#include <algorithm>

#include "base/metrics.hpp"
#include "rig.hpp"

namespace rpc::test {
namespace {

/// Everything that arrives on one raw stream.
struct Record final : StreamEvents {
    void on_headers(Fields fields) override { headers = std::move(fields); }
    void on_data(base::ByteView bytes) override {
        body.append(base::as_text(bytes));
        if (stream) stream->consume(bytes.size());
    }
    void on_end(Fields fields) override {
        trailers = std::move(fields);
        ended = true;
    }
    void on_writable() override { ++writable; }
    void on_reset(std::uint64_t code, const std::string&) override { reset = code; }

    [[nodiscard]] std::string field(std::string_view name) const {
        if (const auto* value = find_field(headers, name)) return *value;
        if (const auto* value = find_field(trailers, name)) return *value;
        return {};
    }
    HttpStream* stream = nullptr;
    Fields headers, trailers;
    std::string body;
    bool ended = false;
    int writable = 0;
    std::optional<std::uint64_t> reset;
};

class Raw : public Rig {
 public:
    std::unique_ptr<HttpStream> open(Record& record) {
        std::optional<Status> ready;
        channel->when_ready([&](const Status& status) { ready = status; });
        EXPECT_TRUE(until([&] { return ready.has_value(); }));
        EXPECT_TRUE(ready && ready->ok());
        auto stream = channel->open_raw();
        EXPECT_TRUE(stream);
        record.stream = stream.get();
        stream->set_events(record);
        return stream;
    }
    static Fields headers(std::string path = std::string{kUnary.path}) {
        return {{":method", "POST"},
                {":scheme", "https"},
                {":authority", "test"},
                {":path", std::move(path)},
                {"content-type", "application/grpc"}};
    }
    /// Sends one request and returns what came back.
    Record exchange(const Fields& fields, std::string_view body) {
        Record record;
        const auto stream = open(record);
        stream->send_headers(fields, body.empty());
        if (!body.empty()) stream->write(base::to_bytes(body), true);
        EXPECT_TRUE(until([&] { return record.ended || record.reset; }));
        record.stream = nullptr;
        return record;
    }
};

constexpr std::string_view kEmptyMessage{"\0\0\0\0\0", 5};

TEST_P(Raw, AnswersAWellFormedCall) {
    make();
    serve_echo();
    const auto answer = exchange(headers(), kEmptyMessage);
    EXPECT_EQ(answer.field(":status"), "200");
    EXPECT_EQ(answer.field("content-type"), "application/grpc");
    EXPECT_EQ(answer.body, kEmptyMessage);
    EXPECT_EQ(answer.field("grpc-status"), "0");
}

TEST_P(Raw, RefusesBrokenFraming) {
    make();
    serve_echo();
    using namespace std::string_view_literals;
    EXPECT_EQ(exchange(headers(), "\2\0\0\0\0"sv).field("grpc-status"), "13") << "flag";
    EXPECT_EQ(exchange(headers(), "\0\0\0"sv).field("grpc-status"), "13") << "cut prefix";
    EXPECT_EQ(exchange(headers(), "\0\0\0\0\x09short"sv).field("grpc-status"), "13") << "cut message";
    EXPECT_EQ(exchange(headers(), "\1\0\0\0\1x"sv).field("grpc-status"), "13") << "compressed without encoding";
    EXPECT_EQ(exchange(headers(), "\0\xff\xff\xff\xff"sv).field("grpc-status"), "8") << "length beyond the limit";
    EXPECT_EQ(exchange(headers(), "").field("grpc-status"), "12") << "no message";
    EXPECT_EQ(exchange(headers(), "\0\0\0\0\0\0\0\0\0\0"sv).field("grpc-status"), "12") << "two messages";
    EXPECT_EQ(exchange(headers(), kEmptyMessage).field("grpc-status"), "0") << "and it goes on";
}

TEST_P(Raw, EndsARequestThatStaysIncomplete) {
    make({.request_timeout_ns = 200 * kMillisecond});
    std::vector<Responder<Message>> held;
    server->add(kUnary,
                [&](CallContext&, const Message&, Responder<Message> done) { held.push_back(std::move(done)); });
    // The headers alone, a part of the message, and all of it without the end of the stream.
    for (const std::string_view part : {std::string_view{}, std::string_view{"\0\0\0\0\x09half", 9}, kEmptyMessage}) {
        Record record;
        const auto stream = open(record);
        stream->send_headers(headers(), false);
        if (!part.empty()) stream->write(base::to_bytes(part), false);
        ASSERT_TRUE(until([&] { return record.ended || record.reset; })) << part.size();
        EXPECT_EQ(record.field("grpc-status"), "4") << part.size();
        EXPECT_EQ(server->calls_in_flight(), 0u);
    }
    EXPECT_TRUE(held.empty());
    // Once it is complete the handler has all the time that it wants.
    std::optional<StatusOr<Message>> answer;
    const auto handle = channel->call(kUnary, {}, {}, [&](StatusOr<Message> got) { answer = std::move(got); });
    ASSERT_TRUE(until([&] { return held.size() == 1; }));
    const auto until_ns = reactor->now_ns() + 500 * kMillisecond;
    ASSERT_TRUE(until([&] { return reactor->now_ns() > until_ns; }));
    EXPECT_FALSE(answer);
    held[0].respond({});
    ASSERT_TRUE(until([&] { return answer.has_value(); }));
    EXPECT_TRUE(*answer);
}

constexpr std::size_t kPartBytes = 60'000;
/// The beginning of a message of 65,536 bytes.
base::Bytes part_of_message() {
    auto part = std::string("\0\0\1\0\0", 5);
    part.resize(kPartBytes, 'x');
    return base::to_bytes(part);
}

TEST_P(Raw, BoundsWhatIncompleteRequestsHold) {
    make({.held_bytes_max = 4 * kPartBytes});  // a caller has a half
    serve_echo();
    std::vector<std::unique_ptr<HttpStream>> streams;
    Record records[3];
    for (auto& record : records) {
        streams.push_back(open(record));
        streams.back()->send_headers(headers(), false);
        streams.back()->write(part_of_message(), false);
    }
    const auto refused = [](const Record& record) { return record.field("grpc-status") == "8"; };
    ASSERT_TRUE(until([&] { return std::ranges::count_if(records, refused) == 1; }));
    EXPECT_TRUE(call(message("small"))) << "small requests go on";
    EXPECT_EQ(std::ranges::count_if(records, refused), 1);
    EXPECT_EQ(server->calls_in_flight(), 2u);
    // What ends gives its bytes back.
    streams.clear();
    for (auto& record : records) record.stream = nullptr;
    ASSERT_TRUE(until([&] { return server->calls_in_flight() == 0; }));
    EXPECT_TRUE(call(message(std::string(65'000, 'y'))));
}

/// The metadata field `stranger` makes the call one of a stranger from that network.
void tell_callers_apart(Server& server) {
    server.set_authorizer([](const CallInfo& info) {
        if (const auto network = info.metadata.get("stranger"))
            info.grant.caller = Caller{.kind = Caller::Class::stranger, .origin = std::string{*network}};
        return Status{};
    });
}

TEST_P(Raw, IncompleteRequestsOfStrangersLeaveRoomForListedCallers) {
    make({.held_bytes_max = 1 << 20});
    serve_echo();
    tell_callers_apart(*server);
    std::vector<std::unique_ptr<HttpStream>> streams;
    std::vector<Record> records(40);
    for (std::size_t i = 0; i < records.size(); ++i) {
        auto fields = headers();
        fields.push_back({"stranger", "192.0.2." + std::to_string(i % 10)});
        streams.push_back(open(records[i]));
        streams.back()->send_headers(fields, false);
        streams.back()->write(part_of_message(), false);
    }
    const auto refused = [](const Record& record) { return record.field("grpc-status") == "8"; };
    ASSERT_TRUE(until([&] { return std::ranges::count_if(records, refused) == 31; })) << "nine fit into a half";
    EXPECT_TRUE(call(message(std::string(400'000, 'y')))) << "the other half is there for who is listed";
    for (auto& record : records) record.stream = nullptr;
}

TEST_P(Raw, CallsOfStrangersLeaveRoomForListedCallers) {
    make({.calls_max = 64});
    serve_echo();
    tell_callers_apart(*server);
    std::vector<std::unique_ptr<HttpStream>> streams;
    std::vector<Record> records(80);
    for (std::size_t i = 0; i < records.size(); ++i) {
        auto fields = headers();
        fields.push_back({"stranger", "192.0.2." + std::to_string(i % 8)});
        streams.push_back(open(records[i]));
        streams.back()->send_headers(fields, false);
    }
    const auto refused = [](const Record& record) { return record.field("grpc-status") == "8"; };
    ASSERT_TRUE(until([&] { return std::ranges::count_if(records, refused) == 48; }));
    EXPECT_TRUE(call(message("listed")));
    EXPECT_EQ(server->calls_in_flight(), 32u);
    for (auto& record : records) record.stream = nullptr;
}

TEST_P(Raw, RefusesWhatIsNotGrpc) {
    make();
    serve_echo();
    auto get = headers();
    get[0].value = "GET";
    EXPECT_EQ(exchange(get, "").field(":status"), "405");
    for (const char* type : {"application/json", "application/grpc-web", "application/grpcx"}) {
        auto fields = headers();
        fields.back().value = type;
        EXPECT_EQ(exchange(fields, kEmptyMessage).field(":status"), "415") << type;
    }
    auto fields = headers();
    fields.pop_back();
    EXPECT_EQ(exchange(fields, kEmptyMessage).field(":status"), "415");
}

TEST_P(Raw, RefusesMalformedHeaders) {
    make();
    serve_echo();
    const auto with = [](const char* name, const char* value) {
        auto fields = headers();
        fields.push_back({name, value});
        return fields;
    };
    EXPECT_EQ(exchange(with("grpc-timeout", "soon"), kEmptyMessage).field("grpc-status"), "13");
    EXPECT_EQ(exchange(with("key-bin", "***"), kEmptyMessage).field("grpc-status"), "13");
    const auto encoded = exchange(with("grpc-encoding", "zstd"), kEmptyMessage);
    EXPECT_EQ(encoded.field("grpc-status"), "12");
    EXPECT_EQ(encoded.field("grpc-accept-encoding"), kAcceptedEncodings);
    EXPECT_EQ(exchange(with("grpc-encoding", "gzip"), kEmptyMessage).field("grpc-status"), "0");
}

TEST_P(Raw, RefusesLargeHeadersInTheWordsOfGrpc) {
    make();
    serve_echo();
    // Beyond metadata_bytes_max, and beyond what HTTP/3 takes at all.
    for (const std::size_t size : {20'000u, 70'000u}) {
        auto fields = headers();
        fields.push_back({"x-large", std::string(size, 'a')});
        const auto answer = exchange(fields, kEmptyMessage);
        EXPECT_EQ(answer.field(":status"), "200") << size;
        EXPECT_EQ(answer.field("content-type"), "application/grpc") << size;
        EXPECT_EQ(answer.field("grpc-status"), "8") << size;
        EXPECT_FALSE(answer.reset) << size;
    }
    EXPECT_TRUE(call({}));
}

TEST_P(Raw, CarriesMessagesAndMetadataWithBlanksAtTheirEnds) {
    make();
    server->add(kUnary, [](CallContext& context, const Message& request, Responder<Message> done) {
        EXPECT_TRUE(context.add_trailing("why", " because "));
        done.fail(StatusCode::not_found, request.raw());
    });
    for (const char* text : {" before", "after ", " "})
        EXPECT_EQ(call(message(text)).error(), (Status{StatusCode::not_found, text}));
}

TEST_P(Raw, HandlerRelaysBytesWithBackPressure) {
    make();
    // Echoes at the byte level: takes credit back only for what could be written on.
    struct Relay final : StreamEvents {
        explicit Relay(RawCall the_call) : call{std::move(the_call)} {}
        void on_headers(Fields) override {}
        void on_data(base::ByteView bytes) override {
            call.stream->write(base::to_bytes(bytes), false);
            if (call.stream->queued_bytes() <= 64 * 1024) {
                call.stream->consume(bytes.size());
            } else {
                owed += bytes.size();
            }
        }
        void on_end(Fields) override { call.stream->send_trailers({{"grpc-status", "0"}, {"relayed", "yes"}}); }
        void on_writable() override { call.stream->consume(std::exchange(owed, 0)); }
        void on_reset(std::uint64_t code, const std::string&) override { reset = code; }
        RawCall call;
        std::size_t owed = 0;
        std::optional<std::uint64_t> reset;
    };
    std::unique_ptr<Relay> relay;
    server->set_raw_handler([&](RawCall call) {
        EXPECT_EQ(call.path, "/any.Service/Method");
        relay = std::make_unique<Relay>(std::move(call));
        relay->call.stream->set_events(*relay);
        relay->call.stream->send_headers({{":status", "200"}, {"content-type", "application/grpc"}}, false);
    });
    Record record;
    auto stream = open(record);
    stream->send_headers(headers("/any.Service/Method"), false);
    const std::string text(1'000'000, 'r');
    stream->write(base::to_bytes(text), true);
    ASSERT_TRUE(until([&] { return record.ended || record.reset; }));
    EXPECT_EQ(record.body, text);
    EXPECT_EQ(record.field("relayed"), "yes");
    EXPECT_EQ(server->calls_in_flight(), 0u);

    // A client that goes away is seen as a reset.
    Record second;
    auto other = open(second);
    relay.reset();
    other->send_headers(headers("/any.Service/Method"), false);
    ASSERT_TRUE(until([&] { return relay != nullptr; }));
    other->reset(static_cast<std::uint64_t>(H3Code::request_cancelled));
    ASSERT_TRUE(until([&] { return relay->reset.has_value(); }));
    EXPECT_EQ(*relay->reset, static_cast<std::uint64_t>(H3Code::request_cancelled));
    relay.reset();
}

TEST_P(Raw, ClientReadsAnswersThatAreNotGrpc) {
    make();
    Fields answer;
    bool with_body = false;
    std::vector<std::unique_ptr<HttpStream>> streams;
    Record sink;
    server->set_raw_handler([&](RawCall call) {
        call.stream->set_events(sink);
        call.stream->send_headers(answer, !with_body);
        if (with_body) call.stream->write(base::to_bytes("<html>"), true);
        call.stream->stop_reading(static_cast<std::uint64_t>(H3Code::no_error));
        streams.push_back(std::move(call.stream));
    });
    answer = {{":status", "404"}};
    EXPECT_EQ(call({}).error().code, StatusCode::unimplemented);
    answer = {{":status", "503"}, {"content-type", "text/html"}};
    with_body = true;
    EXPECT_EQ(call({}).error().code, StatusCode::unavailable);
    answer = {{":status", "200"}, {"content-type", "text/html"}};
    EXPECT_EQ(call({}).error().code, StatusCode::unknown);
    answer = {{":status", "200"}, {"content-type", "application/grpc"}};
    EXPECT_FALSE(call({}));
    with_body = false;
    answer = {
        {":status", "200"}, {"content-type", "application/grpc"}, {"grpc-status", "5"}, {"grpc-message", "caf%C3%A9"}};
    EXPECT_EQ(call({}).error(), (Status{StatusCode::not_found, "café"}));
    answer.at(2).value = "99";
    EXPECT_EQ(call({}).error().code, StatusCode::unknown);
    answer.at(2).value = "x";
    EXPECT_EQ(call({}).error().code, StatusCode::unknown);
}

TEST_P(Raw, ResetsOfTheServerBecomeStatuses) {
    make();
    std::uint64_t code = 0;
    Record sink;
    server->set_raw_handler([&](RawCall call) {
        call.stream->set_events(sink);
        call.stream->reset(code);
    });
    code = 0x10c;
    EXPECT_EQ(call({}).error().code, StatusCode::cancelled);
    code = 0x107;
    EXPECT_EQ(call({}).error().code, StatusCode::resource_exhausted);
    code = 0x102;
    EXPECT_EQ(call({}).error().code, StatusCode::internal);
}

TEST_P(Raw, MetricsCountByMethodAndCode) {
    base::MetricsRegistry metrics;
    make({.metrics = &metrics});
    serve_echo();
    EXPECT_TRUE(call({}));
    EXPECT_TRUE(call({}));
    constexpr UnaryMethod<Message, Message> kNoMethod{"/test.v1.Test/Missing"};
    EXPECT_FALSE(call(kNoMethod, {}));
    const auto text = metrics.render();
    EXPECT_NE(text.find("rpc_server_calls_total{method=\"/test.v1.Test/Unary\",code=\"OK\"} 2"), text.npos) << text;
    EXPECT_NE(text.find("rpc_server_calls_total{method=\"unknown\",code=\"UNIMPLEMENTED\"} 1"), text.npos) << text;
    EXPECT_NE(text.find("rpc_server_calls_in_flight 0"), text.npos) << text;
    EXPECT_NE(text.find("rpc_server_call_seconds_count{method=\"/test.v1.Test/Unary\"} 2"), text.npos) << text;
    TearDown();
}

/// A listener of one's own settings, and a client that says nothing by itself.
class QuietClient : public Raw {
 public:
    void serve(const std::function<void(QuicServerOptions&)>& adjust, ServerOptions server_options = {}) {
        server = Server::make(*reactor, server_options);
        serve_echo();
        QuicServerOptions options{.address = io::SocketAddress::loopback_v6(0), .identity = server_identity};
        adjust(options);
        auto started = QuicListener::start(*server, std::move(options));
        ASSERT_TRUE(started) << started.error().text;
        listener = std::move(*started);
    }
    [[nodiscard]] std::unique_ptr<Channel> dial(const zquic::Identity& identity) {
        QuicClientOptions options{
            .server = listener->bound_address(), .server_keys = {*server_identity.public_key()}, .identity = identity};
        options.settings.keep_alive_ms = 0;
        return Channel::make(*reactor, make_quic_connector(*reactor, std::move(options)), {.name = "test"});
    }
    StatusOr<Message> ask(Channel& which) {
        std::optional<StatusOr<Message>> result;
        const auto handle = which.call(kUnary, message("x"), {.timeout_ns = 60 * kSecond},
                                       [&](StatusOr<Message> answer) { result = std::move(answer); });
        EXPECT_TRUE(until([&] { return result.has_value(); }));
        return *result;
    }
};

TEST_P(QuietClient, ThatTakesNoAnswersIsGivenNoMore) {
    constexpr std::size_t kAnswer = 3'000'000;  // more than the client's window
    serve([](QuicServerOptions&) {}, {.answer_bytes_max = 8 * kAnswer});
    constexpr UnaryMethod<Message, Message> kLarge{"/test.v1.Test/Large"};
    server->add(kLarge, [](CallContext&, const Message&, Responder<Message> done) {
        done.respond(message(std::string(kAnswer, 'z')));
    });
    channel = dial(client_identity);
    std::vector<std::unique_ptr<HttpStream>> streams;
    std::vector<Record> records(8);
    for (auto& record : records) {
        streams.push_back(open(record));
        record.stream = nullptr;  // gives no credit back
        streams.back()->send_headers(headers(std::string{kLarge.path}), false);
        streams.back()->write(base::to_bytes(kEmptyMessage), true);
    }
    const auto refused = [](const Record& record) { return record.field("grpc-status") == "8"; };
    ASSERT_TRUE(until([&] { return std::ranges::count_if(records, refused) == 4; }));
    EXPECT_TRUE(ask(*channel)) << "small answers go on";
    const auto other = dial(zquic::Identity::generate().value());
    std::optional<StatusOr<Message>> got;
    const auto handle = other->call(kLarge, {}, {.timeout_ns = 60 * kSecond},
                                    [&](StatusOr<Message> answer) { got = std::move(answer); });
    ASSERT_TRUE(until([&] { return got.has_value(); }));
    EXPECT_TRUE(*got) << "another caller has his own share";
    streams.clear();
    EXPECT_TRUE(until([&] {
        std::optional<StatusOr<Message>> again;
        const auto call = channel->call(kLarge, {}, {.timeout_ns = 60 * kSecond},
                                        [&](StatusOr<Message> answer) { again = std::move(answer); });
        return until([&] { return again.has_value(); }) && *again;
    })) << "what was given up counts no more";
}

TEST_P(QuietClient, IsNotKeptAliveByTheServer) {
    serve([](QuicServerOptions& options) {
        options.settings.idle_timeout_ms = 2000;
        options.settings.keep_alive_ms = 200;
    });
    const auto quiet = dial(client_identity);
    ASSERT_TRUE(ask(*quiet));
    EXPECT_EQ(listener->endpoint().stats().connections, 1u);
    EXPECT_TRUE(until([&] { return listener->endpoint().stats().connections == 0; }));
}

TEST_P(QuietClient, IsTakenAsAGuestWhileThereIsRoom) {
    serve([known = client_identity.public_key()](QuicServerOptions& options) {
        options.is_guest = [known](const zquic::PublicKey& key) { return key != known; };
        options.guests_max = 1;
        options.guests_per_network_max = 1;
    });
    const auto guest = dial(zquic::Identity::generate().value());
    const auto second = dial(zquic::Identity::generate().value());
    const auto known = dial(client_identity);
    EXPECT_TRUE(ask(*guest));
    EXPECT_FALSE(ask(*second));
    EXPECT_TRUE(ask(*known));
    EXPECT_TRUE(ask(*guest)) << "who is in stays in";
}

TEST_P(QuietClient, IsNoGuestBeyondTheShareOfItsNetwork) {
    serve([](QuicServerOptions& options) {
        options.address = io::SocketAddress::loopback_v4(0);
        options.is_guest = [](const zquic::PublicKey&) { return true; };
        options.guests_max = 3;
        options.guests_per_network_max = 2;
    });
    // Sockets first: channels end before them.
    const auto at = [&](const char* address) {
        auto made = zquic::Endpoint::make(*reactor, {.address = io::SocketAddress::parse(address).value()});
        EXPECT_TRUE(made);
        return std::move(*made);
    };
    const auto here = at("127.0.0.2:0"), elsewhere = at("127.0.0.3:0");
    const auto dial_from = [&](zquic::Endpoint& from) {
        QuicClientOptions options{.server = listener->bound_address(),
                                  .server_keys = {*server_identity.public_key()},
                                  .identity = zquic::Identity::generate().value()};
        return Channel::make(*reactor, make_quic_connector(from, std::move(options)), {.name = "test"});
    };
    auto first = dial_from(*here);
    const auto second = dial_from(*here), third = dial_from(*here), other = dial_from(*elsewhere);
    EXPECT_TRUE(ask(*first));
    EXPECT_TRUE(ask(*second));
    EXPECT_FALSE(ask(*third));
    EXPECT_TRUE(ask(*other)) << "another network has room left";
    first.reset();
    const auto fourth = dial_from(*here);
    EXPECT_TRUE(until([&] { return ask(*fourth).has_value(); })) << "a place comes back with its connection";
}

TEST_P(QuietClient, IsRememberedByItsNetworkWhenItsKeyIsListed) {
    serve([known = client_identity.public_key()](QuicServerOptions& options) {
        options.accept_key = [](const zquic::PublicKey&) { return true; };
        options.is_guest = [known](const zquic::PublicKey& key) { return key != known; };
        options.guests_max = 1;
        options.guests_per_network_max = 1;
    });
    const auto guest = dial(zquic::Identity::generate().value());
    ASSERT_TRUE(ask(*guest));
    EXPECT_EQ(listener->endpoint().stats().known_networks, 0u) << "strangers name no network";
    const auto listed = dial(client_identity);
    ASSERT_TRUE(ask(*listed));
    EXPECT_EQ(listener->endpoint().stats().known_networks, 1u);
}

INSTANTIATE_TEST_SUITE_P(Over, QuietClient, testing::Values(Transport::quic), name_of);
INSTANTIATE_TEST_SUITE_P(Over, Raw, testing::Values(Transport::loopback, Transport::quic), name_of);

}  // namespace
}  // namespace rpc::test

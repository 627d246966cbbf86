// What HTTP/3 refuses: headers that are too large, resets without end, malformed fields and frames.
#include "h3_net.hpp"

namespace zquic::test {
namespace {

TEST_F(Http3, LargeHeadersAreRefusedWith431) {
    h3::Server::Options how;
    how.limits.field_section_bytes_max = 2000;
    how.limits.fields_max = 20;
    serve_http(echo_server, how);
    open_client();
    const auto large = std::make_shared<Events>();
    auto fields = get("/");
    fields.push_back({"x-large", std::string(3000, 'a')});
    ask(fields, true, large);
    const auto many = std::make_shared<Events>();
    fields = get("/");
    for (int i = 0; i < 30; ++i) fields.push_back({"x" + std::to_string(i), "y"});
    ask(fields, true, many);
    const auto fine = std::make_shared<Events>();
    ask(get("/"), true, fine);
    ASSERT_TRUE(run_until([&] { return large->end && many->end && fine->end; }));
    EXPECT_EQ(large->status(), "431");
    EXPECT_EQ(many->status(), "431");
    EXPECT_EQ(fine->status(), "200");
    EXPECT_EQ(http_server->stats().requests_refused, 2u);
    EXPECT_EQ(http_server->stats().requests, 1u);
}

TEST_F(Http3, LargeHeadersAreRefusedAsTheOwnerWants) {
    h3::Server::Options how;
    how.limits.field_section_bytes_max = 2000;
    how.too_large_answer = {{":status", "200"}, {"grpc-status", "8"}};
    serve_http(echo_server, how);
    open_client();
    const auto large = std::make_shared<Events>();
    auto fields = post("/");
    fields.push_back({"x-large", std::string(3000, 'a')});
    ask(fields, false, large);
    ASSERT_TRUE(run_until([&] { return large->ended; }));
    EXPECT_EQ(large->headers, (std::vector<h3::Fields>{how.too_large_answer}));
    EXPECT_EQ(large->stop_code, 0x100u) << "the body is not wanted";
}

/// How many requests of 200 a server took before it closed the connection; all when it did not.

class Http3Resets : public Http3 {
 protected:
    static constexpr std::size_t kRequests = 200;
    std::size_t taken(h3::Server::Options how, const std::function<void(h3::Exchange&)>& cancel,
                      const std::function<void(h3::Exchange&)>& server_cancel = {}) {
        std::size_t requests = 0;
        serve_http(
            [&](h3::Exchange& exchange, h3::Fields, bool) {
                ++requests;
                if (server_cancel) server_cancel(exchange);
                return std::make_shared<Events>();
            },
            std::move(how));
        open_client();
        EXPECT_TRUE(run_until([&] { return ready; }));
        for (std::size_t i = 0; i < kRequests && !closed; ++i) {
            const auto events = std::make_shared<Events>();
            auto& exchange = ask(post("/"), false, events);
            const auto before = requests;
            EXPECT_TRUE(run_until([&] { return closed || requests > before; }));
            if (closed) break;
            if (cancel) cancel(exchange);
            EXPECT_TRUE(run_until([&] { return closed || events->end; }));
            turns(2);
        }
        return requests;
    }
    static h3::Server::Options limited() {
        h3::Server::Options how;
        how.limits.resets_per_s = 1;
        how.limits.resets_burst = 20;
        return how;
    }
    static void cancel(h3::Exchange& exchange) { exchange.cancel(h3::Code::request_cancelled); }
};

TEST_F(Http3Resets, BeyondTheLimitCloseTheConnection) {
    const auto requests = taken(limited(), cancel);
    ASSERT_TRUE(closed);
    EXPECT_EQ(closed->code, 0x107u);
    EXPECT_GE(requests, 20u);
    EXPECT_LT(requests, 100u);
}

TEST_F(Http3Resets, OfTheServerDoNotCount) {
    EXPECT_EQ(taken(limited(), {}, cancel), kRequests);
    EXPECT_FALSE(closed);
}

TEST_F(Http3Resets, AreUnlimitedForClientsThatRelay) {
    EXPECT_EQ(taken({}, cancel), kRequests);
    EXPECT_FALSE(closed);
}

TEST_F(Http3, LargeResponseHeadersAreCancelled) {
    serve_http([](h3::Exchange& exchange, h3::Fields, bool) {
        must(exchange.send_headers({{":status", "200"}, {"x-large", std::string(5000, 'a')}}, true));
        return std::make_shared<Events>();
    });
    h3::Limits limits;
    limits.field_section_bytes_max = 1000;
    open_client(limits);
    const auto events = std::make_shared<Events>();
    ask(post("/"), false, events);
    ASSERT_TRUE(run_until([&] { return events->end.has_value(); }));
    EXPECT_TRUE(events->headers.empty());
    EXPECT_FALSE(events->end->clean);
}

TEST_F(Http3, FieldsAreCheckedBeforeTheyAreSent) {
    const auto refused = [](h3::Field field) {
        const auto checked = h3::check_field(field);
        return !checked && checked.error().is(Errc::bad_field);
    };
    EXPECT_TRUE(refused({"Upper", "x"}));
    EXPECT_TRUE(refused({"", "x"}));
    EXPECT_TRUE(refused({"sp ace", "x"}));
    EXPECT_TRUE(refused({"x", "line\nbreak"}));
    EXPECT_TRUE(refused({"x", std::string("nul\0", 4)}));
    EXPECT_TRUE(refused({"x", " padded"}));
    EXPECT_TRUE(refused({"connection", "close"}));
    EXPECT_TRUE(refused({"transfer-encoding", "chunked"}));
    EXPECT_TRUE(refused({"te", "gzip"}));
    EXPECT_FALSE(refused({"te", "trailers"}));
    EXPECT_FALSE(refused({":path", "/"}));
    EXPECT_FALSE(refused({"x", ""}));
    EXPECT_FALSE(h3::check_fields({{"x", "1"}, {":path", "/"}}, false));
    EXPECT_FALSE(h3::check_fields({{":status", "200"}}, true));
    serve_http(echo_server);
    open_client();
    EXPECT_TRUE(http_client->request({{":method", "GET"}, {"Bad", "x"}}, true, nullptr).error().is(Errc::bad_field));
}

TEST_F(Http3, ProtocolViolationsCloseTheConnection) {
    serve_http(echo_server);
    auto how = options();
    how.alpn = {"h3"};
    const auto raw = dial(how);
    ASSERT_TRUE(run_until([&] { return raw->done; }));
    // A DATA frame where HEADERS must be (RFC 9114 section 4.1): H3_FRAME_UNEXPECTED.
    auto* const stream = must(raw->connection->open_stream(Direction::bidirectional, nullptr));
    must(stream->write(base::Bytes{std::byte{0}, std::byte{1}, std::byte{'x'}}, true));
    ASSERT_TRUE(run_until([&] { return raw->closed.has_value(); }));
    EXPECT_EQ(raw->closed->cause, CloseCause::peer_application);
    EXPECT_EQ(raw->closed->code, 0x105u);
    EXPECT_EQ(http_server->stats().connections, 0u);
}

}  // namespace
}  // namespace zquic::test

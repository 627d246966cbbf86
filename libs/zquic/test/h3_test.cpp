#include "h3_net.hpp"

namespace zquic::test {
namespace {

TEST_F(Http3, RequestResponseAndTrailers) {
    h3::Fields seen;
    serve_http([&](h3::Exchange& exchange, h3::Fields fields, bool fin) {
        EXPECT_TRUE(fin);
        seen = std::move(fields);
        must(exchange.send_headers({{":status", "200"}, {"x-answer", "42"}}, false));
        must(exchange.send_data(Buffer::copy("body"), false));
        must(exchange.send_trailers({{"grpc-status", "0"}}));
        return std::make_shared<Events>();
    });
    open_client();
    const auto events = std::make_shared<Events>();
    auto fields = get("/hello?x=1");
    fields.push_back({"authorization", "secret", true});
    ask(fields, true, events);
    ASSERT_TRUE(run_until([&] { return events->end.has_value(); }));
    EXPECT_EQ(seen, fields);
    ASSERT_EQ(events->headers.size(), 1u);
    EXPECT_EQ(*h3::find_field(events->headers[0], "x-answer"), "42");
    EXPECT_EQ(base::as_text(events->body), "body");
    EXPECT_EQ(events->trailers, (h3::Fields{{"grpc-status", "0"}}));
    EXPECT_TRUE(events->ended);
    EXPECT_TRUE(events->end->clean);
    EXPECT_TRUE(ready);
    EXPECT_EQ(http_server->stats().requests, 1u);
    ASSERT_TRUE(run_until([&] { return http_server->stats().exchanges == 0; }));
}

TEST_F(Http3, TrailersOnlyResponse) {
    serve_http([&](h3::Exchange& exchange, h3::Fields, bool) {
        must(exchange.send_headers({{":status", "200"}, {"grpc-status", "12"}}, true));
        EXPECT_TRUE(exchange.send_data(Buffer::copy("x"), false).error().is(Errc::closed));
        EXPECT_TRUE(exchange.send_headers({{":status", "200"}}, true).error().is(Errc::wrong_state));
        return std::make_shared<Events>();
    });
    open_client();
    const auto events = std::make_shared<Events>();
    ask(get("/"), true, events);
    ASSERT_TRUE(run_until([&] { return events->end.has_value(); }));
    EXPECT_EQ(*h3::find_field(events->headers[0], "grpc-status"), "12");
    EXPECT_TRUE(events->ended);
    EXPECT_TRUE(events->body.empty());
}

TEST_F(Http3, StreamsInBothDirectionsAtOnce) {
    serve_http(echo_server);
    open_client();
    const auto events = std::make_shared<Events>();
    auto& exchange = ask(post("/chat"), false, events);
    EXPECT_EQ(exchange.id(), -1);
    for (const std::string word : {"one", "two", "three"}) {
        const auto before = events->body.size();
        must(exchange.send_data(Buffer::copy(word), false));
        ASSERT_TRUE(run_until([&] { return events->body.size() == before + word.size(); })) << word;
    }
    EXPECT_EQ(exchange.id(), 0);
    EXPECT_FALSE(events->ended);
    must(exchange.finish());
    ASSERT_TRUE(run_until([&] { return events->end.has_value(); }));
    EXPECT_EQ(base::as_text(events->body), "onetwothree");
    EXPECT_EQ(*h3::find_field(events->trailers, "x-end"), "yes");
}

TEST_F(Http3, LargeBodiesBothWaysWithBackPressure) {
    std::shared_ptr<Events> serving;
    h3::Exchange* incoming = nullptr;
    std::vector<base::Bytes> held;
    bool peer_done = false;
    const auto pump = [&](h3::Exchange& at) {
        while (!held.empty() && at.writable_bytes() > 0) {
            const auto size = held.front().size();
            must(at.send_data(std::move(held.front()), false));
            held.erase(held.begin());
            at.consume(size);
        }
        if (held.empty() && std::exchange(peer_done, false)) must(at.finish());
    };
    serve_http([&](h3::Exchange& exchange, h3::Fields, bool) {
        incoming = &exchange;
        must(exchange.send_headers({{":status", "200"}}, false));
        serving = std::make_shared<Events>();
        serving->auto_consume = false;
        serving->data = [&](h3::Exchange& at, base::ByteView bytes) {
            if (!bytes.empty()) held.push_back(base::to_bytes(bytes));
            pump(at);
        };
        serving->writable = pump;
        serving->at_end = [&](h3::Exchange& at) {
            peer_done = true;
            pump(at);
        };
        return serving;
    });
    open_client();
    const auto bytes = pattern(8u << 20, 3);
    const auto events = std::make_shared<Events>();
    std::size_t at = 0;
    const auto send = [&](h3::Exchange& exchange) {
        while (at < bytes.size() && exchange.writable_bytes() > 0) {
            const auto size = std::min<std::size_t>(50'000, bytes.size() - at);
            must(exchange.send_data(Buffer::copy(base::ByteView{bytes}.subspan(at, size)), false));
            at += size;
            if (at == bytes.size()) must(exchange.finish());
        }
    };
    events->writable = send;
    auto& exchange = ask(post("/echo"), false, events);
    send(exchange);
    EXPECT_TRUE(exchange.send_data(Buffer::copy("x"), false).error().is(Errc::blocked));
    ASSERT_TRUE(run_until([&] { return events->end.has_value(); }));
    EXPECT_TRUE(events->body == bytes);
    EXPECT_TRUE(events->end->clean);
}

TEST_F(Http3, AReaderThatDoesNotConsumeStopsTheSender) {
    std::shared_ptr<Events> serving;
    auto config = server_config();
    config.settings.stream_window_bytes = 64 << 10;
    config.settings.stream_window_bytes_max = 64 << 10;
    serve_http(
        [&](h3::Exchange&, h3::Fields, bool) {
            serving = std::make_shared<Events>();
            serving->auto_consume = false;
            return serving;
        },
        {}, config);
    open_client();
    const auto events = std::make_shared<Events>();
    auto& exchange = ask(post("/"), false, events);
    std::size_t sent = 0;
    const auto fill = [&](h3::Exchange& at) {
        while (at.writable_bytes() > 0) {
            must(at.send_data(base::Bytes(10'000), false));
            sent += 10'000;
        }
    };
    events->writable = fill;
    fill(exchange);
    ASSERT_TRUE(run_until([&] { return serving && serving->body.size() > 60'000; }));
    turns(50);
    EXPECT_LE(serving->body.size(), 64u << 10);
    EXPECT_LT(sent, 1u << 20);
}

TEST_F(Http3, ManyRequestsWaitForFreeStreams) {
    serve_http(echo_server);
    open_client();
    std::vector<std::shared_ptr<Events>> all;
    for (int i = 0; i < 500; ++i) {
        all.push_back(std::make_shared<Events>());
        auto& exchange = ask(post("/" + std::to_string(i)), false, all.back());
        must(exchange.send_data(Buffer::copy(std::to_string(i)), true));
    }
    EXPECT_EQ(http_client->exchanges(), 500u);
    ASSERT_TRUE(
        run_until([&] { return std::ranges::all_of(all, [](const auto& one) { return one->end.has_value(); }); }));
    for (int i = 0; i < 500; ++i) EXPECT_EQ(base::as_text(all[static_cast<std::size_t>(i)]->body), std::to_string(i));
    EXPECT_EQ(http_client->exchanges(), 0u);
}

TEST_F(Http3, CancelReachesThePeerWithItsCode) {
    std::shared_ptr<Events> serving;
    serve_http([&](h3::Exchange& exchange, h3::Fields, bool) {
        must(exchange.send_headers({{":status", "200"}}, false));
        serving = std::make_shared<Events>();
        return serving;
    });
    open_client();
    const auto events = std::make_shared<Events>();
    auto& exchange = ask(post("/long"), false, events);
    ASSERT_TRUE(run_until([&] { return events->headers.size() == 1; }));
    exchange.cancel(h3::Code::request_cancelled);
    ASSERT_TRUE(run_until([&] { return events->end && serving->end; }));
    EXPECT_EQ(serving->reset_code, 0x10cu);
    EXPECT_EQ(serving->stop_code, 0x10cu);
    EXPECT_FALSE(serving->end->clean);
    EXPECT_EQ(events->end->code, 0x10cu);
    // The connection lives on.
    const auto again = std::make_shared<Events>();
    ask(get("/"), true, again);
    ASSERT_TRUE(run_until([&] { return again->headers.size() == 1; }));
}

TEST_F(Http3, CancelBeforeTheHandshakeEndsTheRequestLocally) {
    serve_http(echo_server);
    open_client();
    const auto events = std::make_shared<Events>();
    ask(get("/"), true, events).cancel(h3::Code::request_cancelled);
    EXPECT_FALSE(events->end) << "never from inside the call";
    ASSERT_TRUE(run_until([&] { return events->end.has_value(); }));
    EXPECT_TRUE(events->end->retryable);
    EXPECT_EQ(http_server->stats().requests, 0u);
}

TEST_F(Http3, ACompleteRequestWhoseAnswerNobodyWantsIsNotSent) {
    serve_http(echo_server);
    open_client();
    ASSERT_TRUE(run_until([&] { return ready; }));
    const auto events = std::make_shared<Events>();
    ask(get("/"), true, events).stop_reading(h3::Code::request_cancelled);
    EXPECT_FALSE(events->end) << "never from inside the call";
    const auto wanted = std::make_shared<Events>();
    ask(get("/"), true, wanted);
    ASSERT_TRUE(run_until([&] { return events->end.has_value() && wanted->ended; }));
    EXPECT_EQ(http_server->stats().requests, 1u);
}

TEST_F(Http3, AServerMayAnswerBeforeTheRequestEnds) {
    serve_http([&](h3::Exchange& exchange, h3::Fields, bool) {
        must(exchange.send_headers({{":status", "200"}, {"grpc-status", "8"}}, true));
        exchange.stop_reading(h3::Code::no_error);
        return std::make_shared<Events>();
    });
    open_client();
    const auto events = std::make_shared<Events>();
    auto& exchange = ask(post("/upload"), false, events);
    must(exchange.send_data(base::Bytes(1000), false));
    ASSERT_TRUE(run_until([&] { return events->end.has_value(); }));
    EXPECT_EQ(events->status(), "200");
    EXPECT_TRUE(events->ended) << "the response is whole";
    EXPECT_EQ(events->stop_code, 0x100u);
    EXPECT_EQ(events->end->code, 0x100u);
}

TEST_F(Http3, ServerResetIsVisibleToTheClient) {
    serve_http([&](h3::Exchange& exchange, h3::Fields, bool) {
        must(exchange.send_headers({{":status", "200"}}, false));
        must(exchange.send_data(Buffer::copy("part"), false));
        auto events = std::make_shared<Events>();
        events->at_end = [](h3::Exchange& at) { at.cancel(h3::Code::internal_error); };
        return events;
    });
    open_client();
    const auto events = std::make_shared<Events>();
    auto& exchange = ask(post("/"), false, events);
    ASSERT_TRUE(run_until([&] { return events->body.size() == 4; }));
    must(exchange.finish());
    ASSERT_TRUE(run_until([&] { return events->end.has_value(); }));
    EXPECT_EQ(events->reset_code, 0x102u);
    EXPECT_FALSE(events->ended);
    EXPECT_FALSE(events->end->retryable);
}

TEST_F(Http3, RejectedRequestsAreRetryable) {
    serve_http([](h3::Exchange&, h3::Fields, bool) { return nullptr; });
    open_client();
    const auto events = std::make_shared<Events>();
    ask(get("/"), true, events);
    ASSERT_TRUE(run_until([&] { return events->end.has_value(); }));
    EXPECT_EQ(events->end->code, 0x10bu);
    EXPECT_TRUE(events->end->retryable);
    EXPECT_EQ(http_server->stats().requests_refused, 1u);
}

TEST_F(Http3, InterimResponsesComeFirst) {
    serve_http([](h3::Exchange& exchange, h3::Fields, bool) {
        must(exchange.send_headers({{":status", "103"}, {"link", "</a.css>"}}, false));
        must(exchange.send_headers({{":status", "204"}}, true));
        return std::make_shared<Events>();
    });
    open_client();
    const auto events = std::make_shared<Events>();
    ask(get("/"), true, events);
    ASSERT_TRUE(run_until([&] { return events->end.has_value(); }));
    ASSERT_EQ(events->headers.size(), 2u);
    EXPECT_EQ(*h3::find_field(events->headers[0], ":status"), "103");
    EXPECT_EQ(*h3::find_field(events->headers[1], ":status"), "204");
}

TEST_F(Http3, PeerIdentityReachesTheExchange) {
    auto config = server_config();
    config.client_certificate = ClientCertificate::required;
    config.client_verifier = PinnedKey{*identity(2).public_key()};
    std::optional<PublicKey> seen;
    serve_http(
        [&](h3::Exchange& exchange, h3::Fields fields, bool fin) {
            seen = exchange.connection().peer_key();
            return echo_server(exchange, std::move(fields), fin);
        },
        {}, config);
    open_client({}, identity(2));
    const auto events = std::make_shared<Events>();
    ask(get("/"), true, events);
    ASSERT_TRUE(run_until([&] { return events->end.has_value(); }));
    EXPECT_EQ(*seen, *identity(2).public_key());
}

TEST_F(Http3, AcceptDecidesAboutConnections) {
    h3::Server::Options how;
    how.accept = [](Connection& connection) -> std::optional<h3::Server::Options::Held> {
        if (connection.server_name() != "welcome") return std::nullopt;
        return nullptr;
    };
    serve_http(echo_server, how);
    open_client();
    const auto events = std::make_shared<Events>();
    ask(get("/"), true, events);
    ASSERT_TRUE(run_until([&] { return closed && events->end; }));
    EXPECT_EQ(closed->code, 0x10bu);
    EXPECT_TRUE(events->end->connection_lost);
    EXPECT_FALSE(http_client->usable());
    EXPECT_EQ(http_client->connection(), nullptr);
    EXPECT_TRUE(http_client->request(get("/"), true, nullptr).error().is(Errc::closed));
}

TEST_F(Http3, DrainSendsGoawayLetsRequestsFinishAndCloses) {
    h3::Exchange* held = nullptr;
    serve_http([&](h3::Exchange& exchange, h3::Fields, bool) {
        held = &exchange;
        return std::make_shared<Events>();
    });
    open_client();
    const auto slow = std::make_shared<Events>();
    ask(get("/slow"), true, slow);
    ASSERT_TRUE(run_until([&] { return held != nullptr; }));
    bool drained = false;
    http_server->drain(60'000, [&] { drained = true; });
    ASSERT_TRUE(run_until([&] { return goaway; }));
    EXPECT_FALSE(http_client->usable());
    EXPECT_TRUE(http_client->request(get("/late"), true, nullptr).error().is(Errc::closed));
    turns(50);
    EXPECT_FALSE(drained);
    EXPECT_FALSE(slow->end);
    must(held->send_headers({{":status", "200"}}, false));
    must(held->send_data(Buffer::copy("finished"), true));
    ASSERT_TRUE(run_until([&] { return drained && slow->end && closed; }));
    EXPECT_EQ(base::as_text(slow->body), "finished");
    EXPECT_TRUE(slow->end->clean);
    EXPECT_EQ(closed->code, 0x100u);
}

TEST_F(Http3, DrainGivesUpAfterItsTimeout) {
    serve_http([&](h3::Exchange&, h3::Fields, bool) { return std::make_shared<Events>(); });
    open_client();
    const auto stuck = std::make_shared<Events>();
    ask(get("/never"), true, stuck);
    ASSERT_TRUE(run_until([&] { return http_server->stats().exchanges == 1; }));
    bool drained = false;
    http_server->drain(200, [&] { drained = true; });
    ASSERT_TRUE(run_until([&] { return drained && stuck->end; }));
    EXPECT_TRUE(stuck->end->connection_lost);
}

TEST_F(Http3, AClientFinishesItsRequestsAndCloses) {
    serve_http(echo_server);
    open_client();
    const auto events = std::make_shared<Events>();
    auto& exchange = ask(post("/"), false, events);
    http_client->finish();
    EXPECT_FALSE(http_client->usable());
    must(exchange.send_data(Buffer::copy("last"), true));
    ASSERT_TRUE(run_until([&] { return closed.has_value(); }));
    EXPECT_EQ(base::as_text(events->body), "last");
    EXPECT_TRUE(events->end->clean);
}

TEST_F(Http3, DestroyingTheServerEndsItsExchanges) {
    serve_http([&](h3::Exchange&, h3::Fields, bool) { return std::make_shared<Events>(); });
    open_client();
    const auto events = std::make_shared<Events>();
    ask(get("/"), true, events);
    ASSERT_TRUE(run_until([&] { return http_server->stats().exchanges == 1; }));
    http_server.reset();
    ASSERT_TRUE(run_until([&] { return events->end && closed; }));
    EXPECT_TRUE(events->end->connection_lost);
}

TEST_F(Http3, DestroyingTheClientEndsItsExchanges) {
    serve_http([&](h3::Exchange&, h3::Fields, bool) { return std::make_shared<Events>(); });
    open_client();
    const auto events = std::make_shared<Events>();
    ask(get("/"), true, events);
    ASSERT_TRUE(run_until([&] { return http_server->stats().exchanges == 1; }));
    http_client.reset();
    ASSERT_TRUE(run_until([&] { return events->end && http_server->stats().connections == 0; }));
    EXPECT_TRUE(events->end->connection_lost);
}

TEST_F(Http3, CarriesDatagramsOfARequestAndExtendedConnect) {
    h3::Server::Options how;
    how.limits.datagrams = true;
    how.limits.extended_connect = true;
    std::shared_ptr<Events> serving;
    h3::Exchange* tunnel = nullptr;
    serve_http(
        [&](h3::Exchange& exchange, h3::Fields fields, bool) {
            EXPECT_EQ(*h3::find_field(fields, ":protocol"), "connect-udp");
            tunnel = &exchange;
            must(exchange.send_headers({{":status", "200"}}, false));
            serving = std::make_shared<Events>();
            return serving;
        },
        how);
    h3::Limits limits;
    limits.datagrams = true;
    open_client(limits);
    const auto events = std::make_shared<Events>();
    auto fields = get("/tunnel");
    fields[0].value = "CONNECT";
    fields.push_back({":protocol", "connect-udp"});
    auto& exchange = ask(fields, false, events);
    ASSERT_TRUE(run_until([&] { return events->status() == "200"; }));
    must(exchange.send_datagram(base::as_bytes("up")));
    must(tunnel->send_datagram(base::as_bytes("down")));
    ASSERT_TRUE(run_until([&] { return serving->datagrams.size() == 1 && events->datagrams.size() == 1; }));
    EXPECT_EQ(base::as_text(serving->datagrams[0]), "up");
    EXPECT_EQ(base::as_text(events->datagrams[0]), "down");
}

}  // namespace
}  // namespace zquic::test

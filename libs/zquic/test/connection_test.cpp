#include <fstream>
#include <iterator>

#include "support.hpp"

namespace zquic::test {
namespace {

using Connections = Net;

std::string slurp(const std::string& path) {
    std::ifstream file{path};
    return {std::istreambuf_iterator<char>{file}, {}};
}

TEST_F(Connections, KnowEachOthersKeysAlpnAndName) {
    auto config = server_config();
    config.client_certificate = ClientCertificate::required;
    config.client_verifier = CheckedByCallback{
        [](const PeerCertificate& peer) { return peer.ed25519_key == *identity(2).public_key() && !peer.der.empty(); }};
    serve(std::move(config));
    auto how = options();
    how.identity = identity(2);
    how.server_name = "node.ghost";
    const auto dialed = dial(how);
    ASSERT_TRUE(run_until([&] { return dialed->done && !accepted.empty() && accepted[0]->done; }));
    EXPECT_EQ(*dialed->connection->peer_key(), *identity(1).public_key());
    EXPECT_EQ(*accepted[0]->connection->peer_key(), *identity(2).public_key());
    EXPECT_EQ(dialed->connection->alpn(), "test");
    EXPECT_EQ(accepted[0]->connection->alpn(), "test");
    EXPECT_EQ(accepted[0]->connection->server_name(), "node.ghost");
    EXPECT_EQ(accepted[0]->connection->remote_address(), client->bound_address());
    EXPECT_EQ(dialed->connection->remote_address(), server->bound_address());
    EXPECT_EQ(dialed->connection->state(), ConnectionState::connected);
}

TEST_F(Connections, AreRefusedForAnUnknownClientKey) {
    auto config = server_config();
    config.client_certificate = ClientCertificate::required;
    config.client_verifier = PinnedKey{*identity(2).public_key()};
    serve(std::move(config));
    auto how = options();
    how.identity = identity(3);
    const auto stranger = dial(how);
    const auto nobody = dial();
    ASSERT_TRUE(run_until([&] { return stranger->closed && nobody->closed; }));
    for (const auto& one : {stranger, nobody}) {
        EXPECT_EQ(one->closed->cause, CloseCause::peer_transport);
        EXPECT_EQ(one->closed->code & 0xffffff00u, 0x100u) << "a TLS alert";
    }
    EXPECT_TRUE(accepted.empty());
    ASSERT_TRUE(run_until([&] { return server->stats().handshakes_failed == 2; }));
    EXPECT_EQ(server->stats().half_open, 0u);
}

TEST_F(Connections, AreOpenToAnonymousClientsWhenCertificatesAreOptional) {
    auto config = server_config();
    config.client_certificate = ClientCertificate::optional;
    config.client_verifier = PinnedKey{*identity(2).public_key()};
    serve(std::move(config));
    const auto nobody = connected();
    EXPECT_FALSE(accepted.back()->connection->peer_key());
    auto how = options();
    how.identity = identity(3);
    const auto stranger = dial(how);
    ASSERT_TRUE(run_until([&] { return stranger->closed.has_value(); }));
    EXPECT_EQ(nobody->connection->state(), ConnectionState::connected);
}

TEST_F(Connections, RefuseAServerWithTheWrongKey) {
    serve();
    auto how = options();
    how.verifier = PinnedKey{*identity(9).public_key()};
    const auto dialed = dial(how);
    ASSERT_TRUE(run_until([&] { return dialed->closed.has_value(); }));
    EXPECT_FALSE(dialed->done);
    EXPECT_EQ(dialed->closed->cause, CloseCause::handshake_failed);
    EXPECT_EQ(dialed->closed->code & 0xffffff00u, 0x100u);
    EXPECT_EQ(client->stats().handshakes_failed, 1u);
}

TEST_F(Connections, CheckCertificateAuthoritiesAndNames) {
    const TempFolder folder;
    const auto web = must(Identity::generate_p256("localhost"));
    {
        std::ofstream{folder.file("root.pem")} << must(web.certificate_pem());
    }
    auto config = server_config();
    config.identity = web;
    serve(std::move(config));
    auto how = options();
    how.verifier = CertificateAuthorities{folder.file("root.pem")};
    how.server_name = "localhost";
    const auto good = dial(how);
    ASSERT_TRUE(run_until([&] { return good->done || good->closed; }));
    EXPECT_TRUE(good->done);
    how.server_name = "elsewhere.example";
    const auto bad = dial(how);
    ASSERT_TRUE(run_until([&] { return bad->closed.has_value(); }));
    EXPECT_EQ(bad->closed->cause, CloseCause::handshake_failed);
    how.verifier = CertificateAuthorities{folder.file("missing.pem")};
    EXPECT_TRUE(client->connect(how, nullptr).error().is(Errc::bad_certificate));
}

TEST_F(Connections, FailWithoutACommonProtocol) {
    serve();
    auto how = options();
    how.alpn = {"something-else"};
    const auto dialed = dial(how);
    ASSERT_TRUE(run_until([&] { return dialed->closed.has_value(); }));
    EXPECT_EQ(dialed->closed->cause, CloseCause::peer_transport);
    EXPECT_EQ(dialed->closed->code, 0x178u) << "no_application_protocol, RFC 9001 section 8.1";
}

TEST_F(Connections, ServeSeveralProtocolsOnOnePort) {
    serve();
    std::string seen;
    ASSERT_TRUE(server->listen({"other"}, [&](Connection& connection) {
        seen = connection.alpn();
        return std::make_shared<ConnectionEvents>();
    }));
    EXPECT_TRUE(server->listen({"other"}, [](Connection&) { return nullptr; }).error().error.is(Errc::alpn_in_use));
    auto how = options();
    how.alpn = {"unknown", "other"};
    const auto dialed = dial(how);
    ASSERT_TRUE(run_until([&] { return dialed->done && !seen.empty(); }));
    EXPECT_EQ(dialed->connection->alpn(), "other");
    EXPECT_EQ(seen, "other");
}

TEST_F(Connections, AreRefusedWhenTheFactoryWantsNone) {
    serve();
    ASSERT_TRUE(server->listen({"closed"}, [](Connection&) { return nullptr; }));
    auto how = options();
    how.alpn = {"closed"};
    const auto dialed = dial(how);
    ASSERT_TRUE(run_until([&] { return dialed->closed.has_value(); }));
    EXPECT_EQ(dialed->closed->cause, CloseCause::peer_transport);
    EXPECT_EQ(dialed->closed->code, 0x2u);
}

TEST_F(Connections, CloseWithCodeAndReason) {
    serve();
    const auto dialed = connected();
    const auto events = std::make_shared<StreamEvents>();
    (void)must(dialed->connection->open_stream(Direction::bidirectional, events))->write(Buffer::copy("x"), false);
    ASSERT_TRUE(run_until([&] { return !accepted[0]->streams.empty(); }));
    dialed->connection->close(4242, "enough\n of this");
    ASSERT_TRUE(run_until([&] { return dialed->closed && accepted[0]->closed; }));
    EXPECT_EQ(dialed->closed->cause, CloseCause::local);
    EXPECT_EQ(accepted[0]->closed->cause, CloseCause::peer_application);
    EXPECT_EQ(accepted[0]->closed->code, 4242u);
    EXPECT_EQ(accepted[0]->closed->reason, "enough\n of this");
    EXPECT_TRUE(events->end->connection_lost);
    EXPECT_TRUE(accepted[0]->streams[0]->end->connection_lost);
    EXPECT_EQ(client->stats().connections, 0u);
    EXPECT_EQ(server->stats().connections, 0u);
}

TEST_F(Connections, EndSilentlyAfterTheIdleTimeout) {
    auto config = server_config();
    config.settings.idle_timeout_ms = 2000;
    serve(std::move(config));
    const auto dialed = connected();
    ASSERT_TRUE(run_until([&] { return dialed->closed && accepted[0]->closed; }));
    EXPECT_EQ(dialed->closed->cause, CloseCause::idle_timeout);
    EXPECT_EQ(accepted[0]->closed->cause, CloseCause::idle_timeout);
}

TEST_F(Connections, StayAliveWithKeepAlive) {
    auto config = server_config();
    config.settings.idle_timeout_ms = 5000;
    serve(std::move(config));
    auto how = options();
    how.settings = Settings{};
    how.settings->keep_alive_ms = 100;
    const auto dialed = dial(how);
    ASSERT_TRUE(run_until([&] { return dialed->done && !accepted.empty() && accepted[0]->done; }));
    const auto start = reactor->now_ns();
    ASSERT_TRUE(run_until([&] { return reactor->now_ns() - start > 7'000'000'000; }));
    EXPECT_FALSE(dialed->closed);
    EXPECT_FALSE(accepted[0]->closed);
}

TEST_F(Connections, TimeOutWhenNobodyAnswers) {
    client = must(Endpoint::make(*reactor, client_config()));
    auto silent = must(io::UdpSocket::bind(io::SocketAddress::loopback_v4(0)));
    ConnectOptions how;
    how.address = silent->bound_address();
    how.alpn = {"test"};
    how.verifier = InsecureAcceptAnyone{};
    how.settings = Settings{};
    how.settings->handshake_timeout_ms = 200;
    const auto dialed = dial(how);
    ASSERT_TRUE(run_until([&] { return dialed->closed.has_value(); }));
    EXPECT_EQ(dialed->closed->cause, CloseCause::handshake_timeout);
}

TEST_F(Connections, ReportStatistics) {
    prepare = [](ConnectionEvents& events) {
        events.stream = [](Connection&, Stream&) { return std::make_shared<Echo>(); };
    };
    serve();
    const auto dialed = connected();
    const auto events = std::make_shared<StreamEvents>();
    auto* const stream = must(dialed->connection->open_stream(Direction::bidirectional, events));
    must(stream->write(pattern(100'000, 1), true));
    ASSERT_TRUE(run_until([&] { return events->closed; }));
    const auto stats = dialed->connection->stats();
    EXPECT_GT(stats.bytes_sent, 100'000u);
    EXPECT_GT(stats.bytes_received, 100'000u);
    EXPECT_GT(stats.packets_sent, 60u);
    EXPECT_GT(stats.smoothed_rtt_us, 0u);
    EXPECT_GT(stats.congestion_window_bytes, 10'000u);
    EXPECT_GE(stats.path_mtu_bytes, 1200u);
    const auto whole = server->stats();
    EXPECT_EQ(whole.connections, 1u);
    EXPECT_EQ(whole.accepted, 1u);
    EXPECT_EQ(whole.half_open, 0u);
    EXPECT_EQ(client->stats().connected, 1u);
    EXPECT_GT(whole.bytes_received, 100'000u);
}

TEST_F(Connections, FindTheLargerPathMtu) {
    serve();
    const auto dialed = connected();
    ASSERT_TRUE(run_until([&] { return dialed->closed || dialed->connection->stats().path_mtu_bytes == 1452; }));
    EXPECT_FALSE(dialed->closed);
}

TEST_F(Connections, ExportEqualKeyingMaterialOnBothSides) {
    std::vector<base::Bytes> material;
    const auto export_it = [&](Connection& connection) {
        material.push_back(must(connection.exporter("EXPORTER-test", base::as_bytes("context"), 32)));
    };
    prepare = [&](ConnectionEvents& events) { events.handshake = export_it; };
    serve();
    auto events = std::make_shared<ConnectionEvents>();
    events->handshake = export_it;
    events->connection = must(client->connect(options(), events));
    ASSERT_TRUE(run_until([&] { return material.size() == 2; }));
    EXPECT_EQ(material[0], material[1]);
    turns(20);
    // The TLS session has been freed by now.
    EXPECT_TRUE(events->connection->exporter("EXPORTER-test", {}, 32).error().is(Errc::not_ready));
}

TEST_F(Connections, KeepTheTlsSessionOnRequest) {
    serve();
    auto how = options();
    how.settings = Settings{};
    how.settings->keep_tls = true;
    const auto dialed = dial(how);
    ASSERT_TRUE(run_until([&] { return dialed->done; }));
    turns(20);
    EXPECT_EQ(must(dialed->connection->exporter("EXPORTER-test", {}, 16)).size(), 16u);
}

TEST_F(Connections, UpdateTheirKeys) {
    prepare = [](ConnectionEvents& events) {
        events.stream = [](Connection&, Stream&) { return std::make_shared<Echo>(); };
    };
    serve();
    const auto dialed = connected();
    int updates = 0;
    // An update needs three probe timeouts of distance to the one before it, so traffic flows until it is allowed.
    const auto give_up = std::chrono::steady_clock::now() + std::chrono::seconds{kPatienceSeconds};
    while (updates < 3 && std::chrono::steady_clock::now() < give_up) {
        if (dialed->connection->update_keys()) ++updates;
        const auto events = std::make_shared<StreamEvents>();
        auto* const stream = must(dialed->connection->open_stream(Direction::bidirectional, events));
        must(stream->write(pattern(5'000, 1), true));
        ASSERT_TRUE(run_until([&] { return events->closed; }));
        EXPECT_TRUE(events->received == pattern(5'000, 1));
        turns(2);
    }
    EXPECT_EQ(updates, 3);
}

TEST_F(Connections, MigrateToANewLocalAddress) {
    prepare = [](ConnectionEvents& events) {
        events.stream = [](Connection&, Stream&) { return std::make_shared<Echo>(); };
    };
    serve();
    const auto dialed = connected();
    ASSERT_TRUE(run_until([&] { return dialed->connection->migrate(io::SocketAddress::loopback_v4(0)).has_value(); }));
    EXPECT_NE(dialed->connection->local_address(), client->bound_address());
    const auto events = std::make_shared<StreamEvents>();
    auto* const stream = must(dialed->connection->open_stream(Direction::bidirectional, events));
    must(stream->write(pattern(300'000, 5), true));
    ASSERT_TRUE(run_until([&] { return events->closed; }));
    EXPECT_TRUE(events->received == pattern(300'000, 5));
    ASSERT_TRUE(
        run_until([&] { return accepted[0]->connection->remote_address() == dialed->connection->local_address(); }));
}

TEST_F(Connections, WriteQlogAndKeyLogFiles) {
    const TempFolder folder;
    auto config = server_config();
    config.settings.qlog_dir = folder.path();
    config.settings.keylog_file = folder.file("keys.log");
    serve(std::move(config));
    const auto dialed = connected();
    const auto name = accepted[0]->connection->trace_id() + ".sqlog";
    dialed->connection->close(0, "");
    ASSERT_TRUE(run_until([&] { return accepted[0]->closed.has_value(); }));
    turns(2);
    EXPECT_NE(slurp(folder.file(name)).find("qlog_version"), std::string::npos);
    const auto keys = slurp(folder.file("keys.log"));
    EXPECT_NE(keys.find("SERVER_TRAFFIC_SECRET_0 "), std::string::npos);
    EXPECT_NE(keys.find("CLIENT_TRAFFIC_SECRET_0 "), std::string::npos);
}

TEST_F(Connections, WorkOverIpv6AndDualStackSockets) {
    auto config = server_config();
    config.address = io::SocketAddress::any_v6(0);
    server = must(Endpoint::make(*reactor, std::move(config)));
    must_listen(*server, {"test"});
    client = must(Endpoint::make(*reactor, EndpointConfig{}));
    for (const auto& host : {io::SocketAddress::loopback_v6(0), io::SocketAddress::loopback_v4(0)}) {
        auto how = options();
        how.address = host.with_port(server->bound_address().port());
        const auto dialed = dial(how);
        ASSERT_TRUE(run_until([&] { return dialed->done || dialed->closed; })) << host.to_string();
        EXPECT_TRUE(dialed->done) << host.to_string();
    }
}

TEST_F(Connections, NeedAVerifierAndSaneSettings) {
    serve();
    auto how = options();
    how.verifier.reset();
    EXPECT_TRUE(client->connect(how, nullptr).error().is(Errc::bad_config));
    how = options();
    how.alpn.clear();
    EXPECT_TRUE(client->connect(how, nullptr).error().is(Errc::bad_config));
    auto config = server_config();
    config.settings.udp_payload_bytes_max = 9000;
    EXPECT_TRUE(Endpoint::make(*reactor, config).error().error.is(Errc::bad_config));
    config = server_config();
    config.client_certificate = ClientCertificate::required;
    EXPECT_TRUE(Endpoint::make(*reactor, config).error().error.is(Errc::bad_config));
    EXPECT_TRUE(client->listen({"x"}, [](Connection&) { return nullptr; }).error().error.is(Errc::bad_config));
    config = server_config();
    config.address = server->bound_address();
    EXPECT_FALSE(Endpoint::make(*reactor, config)) << "the port is in use";
}

}  // namespace
}  // namespace zquic::test

#include "io/ops_server.hpp"

#include <gtest/gtest.h>
#include <sys/socket.h>
#include <unistd.h>

#include <atomic>

#include "base/metrics.hpp"

namespace {

/// A request over a plain socket; the whole answer.
std::string fetch(std::uint16_t port, const std::string& request) {
    const int fd = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    const auto address = io::SocketAddress::loopback_v4(port);
    EXPECT_EQ(::connect(fd, address.native(), address.native_size()), 0);
    EXPECT_EQ(::send(fd, request.data(), request.size(), MSG_NOSIGNAL), static_cast<ssize_t>(request.size()));
    std::string answer;
    char buffer[4096];
    for (ssize_t got; (got = ::recv(fd, buffer, sizeof buffer, 0)) > 0;)
        answer.append(buffer, static_cast<std::size_t>(got));
    ::close(fd);
    return answer;
}

std::string get(std::uint16_t port, const std::string& path, const std::string& method = "GET") {
    return fetch(port, method + ' ' + path + " HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n");
}

TEST(OpsServer, ServesMetricsHealthAndReadiness) {
    base::MetricsRegistry metrics;
    auto& counter = metrics.counter("things_total", "Things.");
    counter.add(41);
    std::atomic<bool> ready{false};
    const auto server = io::OpsServer::start({}, metrics, [&] {
                            return io::Readiness{.ready = ready, .reason = ready ? "" : "replaying\nblocks"};
                        }).value();
    const auto port = server->bound_port();
    ASSERT_NE(port, 0);

    counter.add();
    const auto text = get(port, "/metrics");
    EXPECT_TRUE(text.starts_with("HTTP/1.1 200")) << text;
    EXPECT_NE(text.find("Content-Type: text/plain; version=0.0.4; charset=utf-8"), std::string::npos) << text;
    EXPECT_NE(text.find("\r\n\r\n# HELP things_total Things.\n# TYPE things_total counter\nthings_total 42\n"),
              std::string::npos)
        << text;
    EXPECT_TRUE(get(port, "/healthz").starts_with("HTTP/1.1 200"));
    const auto waiting = get(port, "/readyz");
    EXPECT_TRUE(waiting.starts_with("HTTP/1.1 503")) << waiting;
    EXPECT_TRUE(waiting.ends_with("\r\n\r\nreplaying blocks\n")) << waiting;
    ready = true;
    const auto now = get(port, "/readyz");
    EXPECT_TRUE(now.starts_with("HTTP/1.1 200")) << now;
    EXPECT_TRUE(now.ends_with("\r\n\r\nready\n")) << now;
}

TEST(OpsServer, RefusesOtherPathsMethodsAndGarbage) {
    const base::MetricsRegistry metrics;
    const auto server = io::OpsServer::start({}, metrics, {}).value();
    const auto port = server->bound_port();
    EXPECT_TRUE(get(port, "/").starts_with("HTTP/1.1 404"));
    EXPECT_TRUE(get(port, "/metrics/../etc/passwd").starts_with("HTTP/1.1 404"));
    EXPECT_TRUE(get(port, "/metrics", "DELETE").starts_with("HTTP/1.1 405"));
    EXPECT_TRUE(fetch(port, "POST /metrics HTTP/1.1\r\nHost: a\r\nContent-Length: 4\r\nConnection: close\r\n\r\nbody")
                    .starts_with("HTTP/1.1 405"));
    EXPECT_FALSE(fetch(port, "GARBAGE\r\n\r\n").starts_with("HTTP/1.1 200"));
    EXPECT_FALSE(fetch(port, "GET /" + std::string(60'000, 'a') + " HTTP/1.1\r\n\r\n").starts_with("HTTP/1.1 200"));
    const auto head = get(port, "/healthz", "HEAD");
    EXPECT_TRUE(head.starts_with("HTTP/1.1 200"));
    EXPECT_TRUE(head.ends_with("\r\n\r\n")) << head;
}

TEST(OpsServer, NamesAnAddressThatIsInUse) {
    const base::MetricsRegistry metrics;
    const auto first = io::OpsServer::start({}, metrics, {}).value();
    const auto address = io::SocketAddress::loopback_v4(first->bound_port());
    const auto second = io::OpsServer::start({.address = address}, metrics, {});
    ASSERT_FALSE(second);
    EXPECT_TRUE(second.error().error.is(io::Errc::address_in_use));
    EXPECT_NE(second.error().text.find(address.to_string()), std::string::npos) << second.error().text;
}

}  // namespace

#include "io/stream_socket.hpp"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include <filesystem>
#include <functional>

#include "base/file.hpp"

namespace {

using io::Listener;
using io::SocketAddress;
using io::StreamSocket;

/// One end of a connection that keeps what it sees.
struct End {
    std::unique_ptr<StreamSocket> socket;
    std::string data;
    bool connected = false;
    bool ended = false;
    int drained = 0;
    int closed = 0;
    base::Error error{};

    void take(std::unique_ptr<StreamSocket> from) {
        socket = std::move(from);
        ASSERT_TRUE(socket->start({.on_connected = [this] { connected = true; },
                                   .on_data = [this](base::ByteView bytes) { data += base::as_text(bytes); },
                                   .on_end = [this] { ended = true; },
                                   .on_drained = [this] { ++drained; },
                                   .on_closed =
                                       [this](base::Error why) {
                                           ++closed;
                                           error = why;
                                       }}));
    }
};

class Streams : public ::testing::TestWithParam<bool> {
 protected:
    void SetUp() override {
        std::string name = (std::filesystem::temp_directory_path() / "gc-io-XXXXXX").string();
        ASSERT_TRUE(::mkdtemp(name.data()));
        folder = name;
        path = folder + "/s.sock";
    }
    void TearDown() override {
        listener.reset();
        std::filesystem::remove_all(folder);
    }
    void listen(Listener::AcceptHandler handler, Listener::Options options = {}) {
        auto made = GetParam()
                        ? Listener::listen_unix(*reactor, path, options, std::move(handler))
                        : Listener::listen_tcp(*reactor, SocketAddress::loopback_v6(0), options, std::move(handler));
        ASSERT_TRUE(made) << made.error().text;
        listener = std::move(*made);
    }
    std::unique_ptr<StreamSocket> connect(StreamSocket::Options options = {}) {
        return GetParam() ? StreamSocket::connect_unix(*reactor, path, options).value()
                          : StreamSocket::connect_tcp(*reactor, listener->bound_address(), options).value();
    }
    void turn_until(const std::function<bool()>& done) {
        for (int turn = 0; turn < 5000 && !done(); ++turn) reactor->run_once(10'000'000);
        ASSERT_TRUE(done());
    }
    void pair() {
        listen([this](auto socket) { server.take(std::move(socket)); }, {.stream = server_options});
        client.take(connect(client_options));
        turn_until([&] { return client.connected && server.socket; });
    }

    std::unique_ptr<io::Reactor> reactor = *io::Reactor::make();
    std::string folder;
    std::string path;
    std::unique_ptr<Listener> listener;
    StreamSocket::Options server_options;
    StreamSocket::Options client_options;
    End server;
    End client;
};

TEST_P(Streams, CarryBytesBothWaysAndEndInOrder) {
    pair();
    ASSERT_TRUE(client.socket->write(base::as_bytes("hello ")));
    ASSERT_TRUE(client.socket->write(base::as_bytes("there")));
    turn_until([&] { return server.data.size() == 11; });
    EXPECT_EQ(server.data, "hello there");
    ASSERT_TRUE(client.socket->write(base::as_bytes(", last")));
    client.socket->shutdown_write();
    EXPECT_FALSE(client.socket->write(base::as_bytes("late")));
    turn_until([&] { return server.ended; });
    EXPECT_EQ(server.data, "hello there, last");
    ASSERT_TRUE(server.socket->write(base::as_bytes("answer")));
    server.socket->shutdown_write();
    turn_until([&] { return client.closed && server.closed; });
    EXPECT_EQ(client.data, "answer");
    EXPECT_TRUE(client.ended);
    EXPECT_TRUE(client.error.is(io::Errc::closed));
    EXPECT_EQ(client.closed, 1);
}

TEST_P(Streams, BoundTheirWriteQueueAndTellWhenItDrained) {
    client_options.write_queue_bytes_max = 8u << 20;
    pair();
    server.socket->set_reading(false);
    const std::string chunk(100'000, 'x');
    std::size_t taken = 0;
    base::Result<void> last;
    while ((last = client.socket->write(base::as_bytes(chunk)))) taken += chunk.size();
    EXPECT_TRUE(last.error().is(io::Errc::overloaded));
    EXPECT_LE(client.socket->queued_bytes(), client_options.write_queue_bytes_max);
    for (int i = 0; i < 20; ++i) reactor->run_once(0);
    EXPECT_EQ(client.drained, 0);  // the kernel holds less than we queued, and nobody reads
    server.socket->set_reading(true);
    turn_until([&] { return server.data.size() == taken; });
    turn_until([&] { return client.drained == 1; });
    EXPECT_EQ(client.socket->queued_bytes(), 0u);
    EXPECT_TRUE(client.socket->write(base::as_bytes(chunk)));
}

TEST_P(Streams, SendWhatWasWrittenBeforeTheConnectFinished) {
    listen([this](auto socket) { server.take(std::move(socket)); });
    auto socket = connect();
    ASSERT_TRUE(socket->write(base::as_bytes("early")));
    client.take(std::move(socket));
    client.socket->shutdown_write();
    turn_until([&] { return server.ended; });
    EXPECT_EQ(server.data, "early");
}

TEST_P(Streams, MayBeDestroyedInEveryCallback) {
    for (int where = 0; where < 5; ++where) {
        SCOPED_TRACE(where);
        std::unique_ptr<StreamSocket> mine;
        bool reached = false;
        End other;
        const auto kill = [&] {
            reached = true;
            mine.reset();
        };
        listen([&](auto socket) { other.take(std::move(socket)); });
        mine = connect();
        ASSERT_TRUE(mine->write(base::as_bytes("x")));
        ASSERT_TRUE(mine->start({.on_connected =
                                     [&, where] {
                                         if (where == 0) kill();
                                     },
                                 .on_data =
                                     [&, where](base::ByteView) {
                                         if (where == 1) kill();
                                     },
                                 .on_end =
                                     [&, where] {
                                         if (where == 2) kill();
                                     },
                                 .on_drained =
                                     [&, where] {
                                         if (where == 3) kill();
                                     },
                                 .on_closed = [&](base::Error) { kill(); }}));
        turn_until([&] { return other.socket || reached; });
        if (other.socket) {
            ASSERT_TRUE(other.socket->write(base::as_bytes("data")));
            other.socket->shutdown_write();
        }
        if (where == 4) mine->shutdown_write();
        turn_until([&] { return reached; });
        for (int i = 0; i < 3; ++i) reactor->run_once(0);
        other.socket.reset();
        listener.reset();
    }
}

TEST_P(Streams, ReportAPeerThatGoesAway) {
    pair();
    client.socket->close();
    EXPECT_EQ(client.closed, 0);
    turn_until([&] { return server.ended || server.closed; });
    turn_until([&] {
        if (!server.closed) (void)server.socket->write(base::as_bytes("into the void"));
        return server.closed > 0;
    });
    EXPECT_EQ(server.closed, 1);
    EXPECT_FALSE(server.socket->write(base::as_bytes("x")));
}

TEST_P(Streams, CarryALargeTransferIntact) {
    client_options.write_queue_bytes_max = 32u << 20;
    pair();
    std::string sent;
    for (std::size_t i = 0; sent.size() < 5'000'000; ++i) {
        const auto part = std::string(1 + i * 37 % 5000, static_cast<char>('a' + i % 26));
        ASSERT_TRUE(client.socket->write(base::as_bytes(part)));
        sent += part;
    }
    turn_until([&] { return server.data.size() >= sent.size(); });
    EXPECT_TRUE(server.data == sent);
}

INSTANTIATE_TEST_SUITE_P(Kinds, Streams, ::testing::Bool(),
                         [](const auto& instance) { return instance.param ? "Unix" : "Tcp"; });

class Unix : public Streams {};
INSTANTIATE_TEST_SUITE_P(Only, Unix, ::testing::Values(true), [](const auto&) { return "Unix"; });

TEST_P(Unix, KnowsWhoIsAtTheOtherEnd) {
    pair();
    for (const auto* end : {&server, &client}) {
        const auto credentials = end->socket->peer_credentials();
        ASSERT_TRUE(credentials);
        EXPECT_EQ(credentials->pid, ::getpid());
        EXPECT_EQ(credentials->uid, ::geteuid());
        EXPECT_EQ(credentials->gid, ::getegid());
    }
    EXPECT_TRUE(server.socket->peer_address().empty());
}

TEST_P(Unix, MakesAPrivateSocketAndRemovesItAfterwards) {
    listen([](auto) {});
    struct stat info{};
    ASSERT_EQ(::stat(path.c_str(), &info), 0);
    EXPECT_TRUE(S_ISSOCK(info.st_mode));
    EXPECT_EQ(info.st_mode & 0777, 0600u);
    listener.reset();
    EXPECT_NE(::stat(path.c_str(), &info), 0);
}

TEST_P(Unix, ReplacesAStaleSocketAndRefusesALiveOneOrAFile) {
    listen([](auto) {});
    const auto second = Listener::listen_unix(*reactor, path, {}, [](auto) {});
    ASSERT_FALSE(second);
    EXPECT_TRUE(second.error().error.is(io::Errc::address_in_use));
    EXPECT_NE(second.error().text.find(path), std::string::npos);

    const auto stale = folder + "/stale.sock";
    const auto kept = folder + "/kept.sock";
    {
        auto gone = Listener::listen_unix(*reactor, stale, {}, [](auto) {}).value();
        ASSERT_EQ(::rename(stale.c_str(), kept.c_str()), 0);  // survives its listener, as after a kill -9
    }
    ASSERT_EQ(::rename(kept.c_str(), stale.c_str()), 0);
    EXPECT_TRUE(Listener::listen_unix(*reactor, stale, {}, [](auto) {}));

    const auto file = folder + "/file";
    ASSERT_TRUE(base::write_file_atomic(file, base::as_bytes("precious")));
    const auto refused = Listener::listen_unix(*reactor, file, {}, [](auto) {});
    ASSERT_FALSE(refused);
    EXPECT_EQ(*base::read_text_file(file, 100), "precious");
    EXPECT_FALSE(Listener::listen_unix(*reactor, folder + '/' + std::string(120, 'x'), {}, [](auto) {}));
    EXPECT_FALSE(Listener::listen_unix(*reactor, folder + "/missing/s", {}, [](auto) {}));
}

TEST_P(Unix, ReportsAMissingSocketAtOnce) {
    const auto refused = StreamSocket::connect_unix(*reactor, folder + "/none", {});
    ASSERT_FALSE(refused);
    EXPECT_TRUE(refused.error().is(io::Errc::refused));
}

class Tcp : public Streams {};
INSTANTIATE_TEST_SUITE_P(Only, Tcp, ::testing::Values(false), [](const auto&) { return "Tcp"; });

TEST_P(Tcp, ReportsRefusedConnectsThroughOnClosed) {
    listen([](auto) {});
    const auto nobody = listener->bound_address();
    listener.reset();
    client.take(StreamSocket::connect_tcp(*reactor, nobody, {}).value());
    turn_until([&] { return client.closed == 1; });
    EXPECT_FALSE(client.connected);
    EXPECT_TRUE(client.error.is(io::Errc::refused)) << base::to_string(client.error);
}

TEST_P(Tcp, NamesAnAddressThatIsInUseAndKnowsItsEnds) {
    pair();
    const auto second = Listener::listen_tcp(*reactor, listener->bound_address(), {}, [](auto) {});
    ASSERT_FALSE(second);
    EXPECT_TRUE(second.error().error.is(io::Errc::address_in_use));
    EXPECT_NE(second.error().text.find(listener->bound_address().to_string()), std::string::npos);
    EXPECT_EQ(client.socket->peer_address(), listener->bound_address());
    EXPECT_EQ(client.socket->local_address(), server.socket->peer_address());
    EXPECT_FALSE(client.socket->peer_credentials());
}

TEST_P(Tcp, ServesIpv4OnADualStackListener) {
    listener = Listener::listen_tcp(*reactor, SocketAddress::any_v6(0), {}, [this](auto socket) {
                   server.take(std::move(socket));
               }).value();
    client.take(
        StreamSocket::connect_tcp(*reactor, SocketAddress::loopback_v4(listener->bound_address().port()), {}).value());
    turn_until([&] { return client.connected && server.socket; });
    EXPECT_TRUE(server.socket->peer_address().is_v4());
}

TEST_P(Tcp, PausesAcceptingWithoutDescriptorsAndGoesOnAfterwards) {
    listen([this](auto socket) { server.take(std::move(socket)); });
    client.take(connect());
    turn_until([&] { return client.connected || client.closed; });
    // Leave no descriptor free (the accept may have happened in the turn above).
    End second;
    auto waiting = connect();
    rlimit limit{};
    ASSERT_EQ(::getrlimit(RLIMIT_NOFILE, &limit), 0);
    server.socket.reset();
    const int highest = ::dup(0);
    ASSERT_GE(highest, 0);
    ::close(highest);
    const rlimit tight{.rlim_cur = static_cast<rlim_t>(highest), .rlim_max = limit.rlim_max};
    ASSERT_EQ(::setrlimit(RLIMIT_NOFILE, &tight), 0);
    for (int i = 0; i < 3; ++i) reactor->run_once(1'000'000);
    ASSERT_EQ(::setrlimit(RLIMIT_NOFILE, &limit), 0);
    EXPECT_FALSE(server.socket);
    turn_until([&] { return server.socket != nullptr; });
}

}  // namespace

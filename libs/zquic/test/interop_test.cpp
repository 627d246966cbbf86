// Against other people's programs: ngtcp2's gtlsclient and gtlsserver (packages ngtcp2-client, ngtcp2-server).

#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <fstream>
#include <iterator>

#include "support.hpp"

extern char** environ;  // NOLINT

namespace zquic::test {
namespace {

std::string program(const std::string& name) {
    for (const std::string folder : {"/usr/bin/", "/usr/sbin/", "/usr/local/bin/", "/usr/local/sbin/"}) {
        if (::access((folder + name).c_str(), X_OK) == 0) return folder + name;
    }
    ADD_FAILURE() << name << " is not installed; packages.txt lists ngtcp2-client and ngtcp2-server";
    return {};
}

class Child {
 public:
    Child(const std::vector<std::string>& command, const std::string& output) : output_{output} {
        std::vector<char*> argv;
        for (const auto& word : command) argv.push_back(const_cast<char*>(word.c_str()));
        argv.push_back(nullptr);
        posix_spawn_file_actions_t actions;
        ::posix_spawn_file_actions_init(&actions);
        ::posix_spawn_file_actions_addopen(&actions, 1, output.c_str(), O_WRONLY | O_CREAT | O_TRUNC, 0600);
        ::posix_spawn_file_actions_adddup2(&actions, 1, 2);
        if (command[0].empty() ||
            ::posix_spawn(&pid_, command[0].c_str(), &actions, nullptr, argv.data(), environ) != 0) {
            pid_ = -1;
        }
        ::posix_spawn_file_actions_destroy(&actions);
    }
    ~Child() {
        if (pid_ > 0 && !exited()) {
            ::kill(pid_, SIGKILL);
            ::waitpid(pid_, nullptr, 0);
        }
    }
    Child(const Child&) = delete;
    Child& operator=(const Child&) = delete;
    bool exited() {
        if (!status_ && pid_ > 0) {
            int status = 0;
            if (::waitpid(pid_, &status, WNOHANG) == pid_) status_ = WIFEXITED(status) ? WEXITSTATUS(status) : -1;
        }
        return pid_ <= 0 || status_.has_value();
    }
    [[nodiscard]] int status() const { return status_.value_or(-1); }
    [[nodiscard]] std::string output() const {
        std::ifstream file{output_};
        return {std::istreambuf_iterator<char>{file}, {}};
    }

 private:
    std::string output_;
    pid_t pid_ = -1;
    std::optional<int> status_;
};

void write_file(const std::string& path, base::ByteView bytes) {
    std::ofstream file{path, std::ios::binary};
    file.write(reinterpret_cast<const char*>(bytes.data()), static_cast<std::streamsize>(bytes.size()));
}

base::Bytes read_file(const std::string& path) {
    std::ifstream file{path, std::ios::binary};
    const std::string text{std::istreambuf_iterator<char>{file}, {}};
    return base::to_bytes(text);
}

/// Serves one body to everybody.
struct FileServer : h3::ExchangeHandler {
    explicit FileServer(std::shared_ptr<const base::Bytes> bytes) : body{std::move(bytes)} {}
    void on_writable(h3::Exchange& exchange) override { pump(exchange); }
    void pump(h3::Exchange& exchange) {
        constexpr std::size_t kPiece = 64u << 10;
        while (at < body->size() && exchange.writable_bytes() > 0) {
            const auto piece = base::ByteView{*body}.subspan(at, std::min(kPiece, body->size() - at));
            at += piece.size();
            must(exchange.send_data(Buffer::share(body, piece), at == body->size()));
        }
    }
    std::shared_ptr<const base::Bytes> body;
    std::size_t at = 0;
};

class Interop : public Net {
 protected:
    ~Interop() override {
        http_client.reset();
        http_server.reset();
    }
    void serve_file(base::Bytes bytes, EndpointConfig config) {
        server = must(Endpoint::make(*reactor, std::move(config)));
        auto body = std::make_shared<const base::Bytes>(std::move(bytes));
        http_server = must(h3::Server::make(*server, {}, [this, body](h3::Exchange& exchange, h3::Fields fields, bool) {
            requests.push_back(*h3::find_field(fields, ":path"));
            must(exchange.send_headers({{":status", "200"}, {"content-type", "application/octet-stream"}}, false));
            auto handler = std::make_shared<FileServer>(body);
            handler->pump(exchange);
            return handler;
        }));
    }
    int run_client(std::vector<std::string> extra, int files = 1) {
        const auto port = std::to_string(server->bound_address().port());
        std::vector<std::string> command{program("gtlsclient"), "--quiet", "--exit-on-all-streams-close",
                                         "--download=" + folder.path()};
        command.insert(command.end(), extra.begin(), extra.end());
        command.insert(command.end(), {"127.0.0.1", port});
        for (int i = 0; i < files; ++i) {
            command.push_back("https://localhost:" + port + "/file" + std::to_string(i));
        }
        Child child{command, folder.file("client.log")};
        EXPECT_TRUE(run_until([&] { return child.exited(); }));
        if (child.status() != 0) ADD_FAILURE() << child.output().substr(0, 4000);
        return child.status();
    }

    TempFolder folder;
    std::unique_ptr<h3::Server> http_server;
    std::unique_ptr<h3::Client> http_client;
    std::vector<std::string> requests;
};

TEST_F(Interop, GtlsclientDownloadsFromUs) {
    const auto bytes = pattern(3u << 20, 11);
    serve_file(bytes, server_config());
    ASSERT_EQ(run_client({}), 0);
    EXPECT_TRUE(read_file(folder.file("file0")) == bytes);
    EXPECT_EQ(requests, (std::vector<std::string>{"/file0"}));
}

TEST_F(Interop, GtlsclientDownloadsManyFilesAtOnce) {
    const auto bytes = pattern(50'000, 12);
    auto config = server_config();
    config.identity = must(Identity::generate_p256("localhost"));
    serve_file(bytes, std::move(config));
    ASSERT_EQ(run_client({}, 20), 0);
    for (int i = 0; i < 20; ++i) EXPECT_TRUE(read_file(folder.file("file" + std::to_string(i))) == bytes) << i;
}

TEST_F(Interop, GtlsclientPassesRetry) {
    auto config = server_config();
    config.retry_above_half_open = 0;
    serve_file(pattern(1000, 13), std::move(config));
    ASSERT_EQ(run_client({}), 0);
    EXPECT_EQ(server->stats().retries_sent, 1u);
    EXPECT_EQ(read_file(folder.file("file0")).size(), 1000u);
}

TEST_F(Interop, GtlsclientUpdatesKeysChangesItsAddressAndLosesPackets) {
    const auto bytes = pattern(4u << 20, 14);
    serve_file(bytes, server_config());
    ASSERT_EQ(run_client({"--key-update=50ms", "--change-local-addr=20ms", "--rx-loss=0.02", "--tx-loss=0.02"}), 0);
    EXPECT_TRUE(read_file(folder.file("file0")) == bytes);
}

TEST_F(Interop, GtlsclientSpeaksVersion2AndChacha20) {
    const auto bytes = pattern(100'000, 15);
    serve_file(bytes, server_config());
    ASSERT_EQ(run_client({"--version=v2", "--ciphers=NORMAL:-VERS-ALL:+VERS-TLS1.3:-CIPHER-ALL:+CHACHA20-POLY1305"}),
              0);
    EXPECT_TRUE(read_file(folder.file("file0")) == bytes);
}

TEST_F(Interop, WeFetchFromGtlsserver) {
    const auto bytes = pattern(5u << 20, 16);
    write_file(folder.file("data.bin"), bytes);
    const auto web = must(Identity::generate_p256("localhost"));
    write_file(folder.file("cert.pem"), base::as_bytes(must(web.certificate_pem())));
    write_file(folder.file("key.pem"), base::as_bytes(must(web.private_key_pem())));
    const auto port = quiet_port();
    Child child{{program("gtlsserver"), "--quiet", "-d", folder.path(), "127.0.0.1", std::to_string(port),
                 folder.file("key.pem"), folder.file("cert.pem")},
                folder.file("server.log")};
    client = must(Endpoint::make(*reactor, client_config()));

    struct Body : h3::ExchangeHandler {
        base::Bytes bytes;
        std::string status;
        std::optional<h3::ExchangeEnd> end;
        void on_headers(h3::Exchange&, h3::Fields fields, bool) override {
            if (const auto* found = h3::find_field(fields, ":status")) status = *found;
        }
        void on_data(h3::Exchange& exchange, base::ByteView data) override {
            bytes.insert(bytes.end(), data.begin(), data.end());
            exchange.consume(data.size());
        }
        void on_closed(h3::Exchange&, const h3::ExchangeEnd& how) override { end = how; }
    };
    ConnectOptions how;
    how.address = io::SocketAddress::loopback_v4(port);
    how.server_name = "localhost";
    how.verifier = CertificateAuthorities{folder.file("cert.pem")};
    http_client = must(h3::Client::connect(*client, how, {}, {}));
    const auto get = [&](const std::string& path) {
        auto body = std::make_shared<Body>();
        must(http_client->request(
            {{":method", "GET"}, {":scheme", "https"}, {":authority", "localhost"}, {":path", path}}, true, body));
        return body;
    };
    const auto found = get("/data.bin");
    const auto missing = get("/missing");
    ASSERT_TRUE(run_until([&] { return (found->end && missing->end) || child.exited(); })) << child.output();
    ASSERT_FALSE(child.exited()) << child.output();
    EXPECT_EQ(found->status, "200");
    EXPECT_TRUE(found->bytes == bytes);
    EXPECT_TRUE(found->end->clean);
    EXPECT_EQ(missing->status, "404");
}

}  // namespace
}  // namespace zquic::test

// ./ghost bench zquic: one stream, raw UDP, handshakes and idle connections, each beside ngtcp2's gtlsserver and
// gtlsclient (GnuTLS build) in the same run. The server is a process of its own on core 0, the client runs on core 1.
//
//   stream_gbps            HTTP/3 download of one file, application bytes; peer: gtlsserver -> gtlsclient
//   udp_gso_gbps           datagrams of 1452 bytes, GSO out and GRO in, what a receiver gets
//   handshakes_per_s_core  P-256 certificate, no resumption: handshakes a second of the server's CPU time;
//                          peer: gtlsserver under the same client
//   idle_conn_bytes        growth of the server's PSS over 5,000 handshaken idle connections; peer: gtlsserver

#include <fcntl.h>
#include <fmt/format.h>
#include <signal.h>
#include <spawn.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <chrono>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <thread>

#include "bench_report.hpp"
#include "io/reactor.hpp"
#include "io/udp.hpp"
#include "zquic/h3.hpp"

extern char** environ;  // NOLINT

namespace {

using Clock = std::chrono::steady_clock;
constexpr int kServerCore = 0;
constexpr int kClientCore = 1;
constexpr std::size_t kFileBytes = 1u << 30;    // --file-mb N for a quick look
constexpr std::size_t kIdleConnections = 5000;  // --connections N for a quick look
constexpr std::size_t kHandshakesAtOnce = 32;
constexpr double kGiveUpSeconds = 300;

double seconds_since(Clock::time_point start) { return std::chrono::duration<double>(Clock::now() - start).count(); }

[[noreturn]] void die(const std::string& why) {
    fmt::print(stderr, "bench_zquic: {}\n", why);
    std::exit(1);
}

template <typename T>
T must(base::Result<T> result, const char* what) {
    if (!result) die(fmt::format("{}: {}", what, base::to_string(result.error())));
    return std::move(*result);
}
template <typename T>
T must(base::Checked<T> result, const char* what) {
    if (!result) die(fmt::format("{}: {}", what, result.error().text));
    return std::move(*result);
}

/// The folder with the file, the key and the certificate that both servers use.
class Site {
 public:
    explicit Site(std::size_t file_bytes) {
        auto pattern = (std::filesystem::temp_directory_path() / "bench-zquic-XXXXXX").string();
        if (!::mkdtemp(pattern.data())) die("no temporary folder");
        folder = pattern;
        const auto identity = must(zquic::Identity::generate_p256("localhost"), "identity");
        std::ofstream{folder + "/cert.pem"} << must(identity.certificate_pem(), "certificate");
        std::ofstream{folder + "/key.pem"} << must(identity.private_key_pem(), "key");
        const int fd = ::open((folder + "/file").c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600);
        if (fd < 0 || ::ftruncate(fd, static_cast<off_t>(file_bytes)) != 0) die("no room for the file");
        const auto* const at =
            static_cast<const std::byte*>(::mmap(nullptr, file_bytes, PROT_READ, MAP_SHARED | MAP_POPULATE, fd, 0));
        ::close(fd);
        if (at == MAP_FAILED) die("mmap");
        file = {at, file_bytes};
    }
    ~Site() { std::filesystem::remove_all(folder); }
    Site(const Site&) = delete;
    Site& operator=(const Site&) = delete;
    std::string folder;
    base::ByteView file;
};

/// A child process that ends with this object.
class Process {
 public:
    explicit Process(pid_t pid) : pid_{pid} {}
    Process(Process&& other) noexcept : pid_{std::exchange(other.pid_, -1)}, port{other.port} {}
    ~Process() { stop(); }
    void stop() {
        if (pid_ <= 0) return;
        ::kill(pid_, SIGKILL);
        ::waitpid(pid_, nullptr, 0);
        pid_ = -1;
    }
    /// Waits for its own end; false when it failed.
    bool join() {
        int status = 0;
        const bool good = ::waitpid(pid_, &status, 0) == pid_ && WIFEXITED(status) && WEXITSTATUS(status) == 0;
        pid_ = -1;
        return good;
    }
    [[nodiscard]] int pid() const { return static_cast<int>(pid_); }

 private:
    pid_t pid_;

 public:
    std::uint16_t port = 0;
};

/// Runs `serve` in a child on the server's core; it tells its port through `announce`.
Process start_server(const std::function<void(const std::function<void(std::uint16_t)>& announce)>& serve) {
    int ends[2];
    if (::pipe2(ends, O_CLOEXEC) != 0) die("pipe");
    const auto pid = ::fork();
    if (pid < 0) die("fork");
    if (pid == 0) {
        ::prctl(PR_SET_PDEATHSIG, SIGKILL);
        benchkit::pin_to_core(kServerCore);
        serve([&](std::uint16_t port) { [[maybe_unused]] const auto sent = ::write(ends[1], &port, sizeof port); });
        ::_exit(0);
    }
    ::close(ends[1]);
    Process process{pid};
    if (::read(ends[0], &process.port, sizeof process.port) != sizeof process.port) die("the server did not start");
    ::close(ends[0]);
    return process;
}

Process spawn(const std::vector<std::string>& command, int core) {
    std::vector<char*> argv;
    for (const auto& word : command) argv.push_back(const_cast<char*>(word.c_str()));
    argv.push_back(nullptr);
    posix_spawn_file_actions_t actions;
    ::posix_spawn_file_actions_init(&actions);
    ::posix_spawn_file_actions_addopen(&actions, 1, "/dev/null", O_WRONLY, 0);
    ::posix_spawn_file_actions_adddup2(&actions, 1, 2);
    pid_t pid = -1;
    benchkit::pin_to_core(core);  // inherited
    const int rv = ::posix_spawnp(&pid, argv[0], &actions, nullptr, argv.data(), environ);
    benchkit::pin_to_core(kClientCore);
    ::posix_spawn_file_actions_destroy(&actions);
    if (rv != 0) die(command[0] + " cannot be started (packages ngtcp2-client, ngtcp2-server)");
    return Process{pid};
}

std::string gtlsserver() { return ::access("/usr/sbin/gtlsserver", X_OK) == 0 ? "/usr/sbin/gtlsserver" : "gtlsserver"; }

Process start_gtlsserver(const Site& site) {
    std::uint16_t port = 0;
    {
        auto probe = must(io::UdpSocket::bind(io::SocketAddress::loopback_v4(0)), "free port");
        port = probe->bound_address().port();
    }
    auto process = spawn({gtlsserver(), "--quiet", "--timeout=300s", "-d", site.folder, "127.0.0.1",
                          std::to_string(port), site.folder + "/key.pem", site.folder + "/cert.pem"},
                         kServerCore);
    process.port = port;
    return process;
}

/// Sends the whole file.
struct FileHandler : zquic::h3::ExchangeHandler {
    explicit FileHandler(base::ByteView bytes) : rest{bytes} {}
    void on_writable(zquic::h3::Exchange& exchange) override { pump(exchange); }
    void pump(zquic::h3::Exchange& exchange) {
        constexpr std::size_t kPiece = 128u << 10;
        while (!rest.empty() && exchange.writable_bytes() > 0) {
            const auto piece = rest.first(std::min(kPiece, rest.size()));
            rest = rest.subspan(piece.size());
            (void)exchange.send_data(zquic::Buffer::share(nullptr, piece), rest.empty());
        }
    }
    base::ByteView rest;
};

Process start_ours(const Site& site) {
    return start_server([&](const auto& announce) {
        auto reactor = must(io::Reactor::make(), "reactor");
        zquic::EndpointConfig config;
        config.address = io::SocketAddress::loopback_v4(0);
        config.identity =
            must(zquic::Identity::from_files(site.folder + "/cert.pem", site.folder + "/key.pem"), "identity");
        config.settings.idle_timeout_ms = 300'000;
        auto endpoint = must(zquic::Endpoint::make(*reactor, config), "endpoint");
        auto server = must(zquic::h3::Server::make(*endpoint, {},
                                                   [&](zquic::h3::Exchange& exchange, zquic::h3::Fields, bool) {
                                                       (void)exchange.send_headers({{":status", "200"}}, false);
                                                       auto handler = std::make_shared<FileHandler>(site.file);
                                                       handler->pump(exchange);
                                                       return handler;
                                                   }),
                           "server");
        announce(endpoint->bound_address().port());
        reactor->run();
    });
}

zquic::ConnectOptions to_port(std::uint16_t port) {
    zquic::ConnectOptions options;
    options.address = io::SocketAddress::loopback_v4(port);
    options.server_name = "localhost";
    options.alpn = {"h3"};
    options.verifier = zquic::InsecureAcceptAnyone{};  // both clients skip the same work: gtlsclient checks nothing
    return options;
}

struct Client {
    Client() : reactor{must(io::Reactor::make(), "reactor")} {
        endpoint =
            must(zquic::Endpoint::make(*reactor, zquic::EndpointConfig{.address = io::SocketAddress::loopback_v4(0)}),
                 "endpoint");
    }
    void run_until(const std::function<bool()>& condition) {
        const auto start = Clock::now();
        while (!condition()) {
            reactor->run_once(10'000'000);
            if (seconds_since(start) > kGiveUpSeconds) die("no progress for five minutes");
        }
    }
    std::unique_ptr<io::Reactor> reactor;
    std::unique_ptr<zquic::Endpoint> endpoint;
};

struct Download : zquic::h3::ExchangeHandler {
    std::size_t bytes = 0;
    bool over = false;
    void on_data(zquic::h3::Exchange& exchange, base::ByteView data) override {
        bytes += data.size();
        exchange.consume(data.size());
    }
    void on_closed(zquic::h3::Exchange&, const zquic::h3::ExchangeEnd&) override { over = true; }
};

double our_stream_gbps(const Site& site) {
    const auto server = start_ours(site);
    Client client;
    const auto start = Clock::now();
    auto http = must(zquic::h3::Client::connect(*client.endpoint, to_port(server.port), {}, {}), "connect");
    const auto download = std::make_shared<Download>();
    (void)must(
        http->request({{":method", "GET"}, {":scheme", "https"}, {":authority", "localhost"}, {":path", "/file"}}, true,
                      download),
        "request");
    client.run_until([&] { return download->over; });
    const auto elapsed = seconds_since(start);
    if (download->bytes != site.file.size()) die("our download is incomplete");
    http.reset();
    return static_cast<double>(site.file.size()) * 8 / elapsed / 1e9;
}

double their_stream_gbps(const Site& site) {
    auto server = start_gtlsserver(site);
    std::this_thread::sleep_for(std::chrono::milliseconds{200});
    const auto start = Clock::now();
    auto client =
        spawn({"gtlsclient", "--quiet", "--no-quic-dump", "--no-http-dump", "--exit-on-all-streams-close", "127.0.0.1",
               std::to_string(server.port), fmt::format("https://localhost:{}/file", server.port)},
              kClientCore);
    if (!client.join()) die("gtlsclient failed");
    return static_cast<double>(site.file.size()) * 8 / seconds_since(start) / 1e9;
}

double raw_udp_gbps(double seconds) {
    auto socket = must(io::UdpSocket::bind(io::SocketAddress::loopback_v4(0), {.recv_buffer_bytes = 4u << 20}), "udp");
    const auto to = socket->bound_address();
    const auto sender = start_server([&](const auto& announce) {
        auto out = must(io::UdpSocket::bind(io::SocketAddress::loopback_v4(0), {.send_buffer_bytes = 4u << 20}), "udp");
        static std::array<std::byte, 44 * 1452> train{};
        announce(1);
        for (;;) (void)out->send({.payload = train, .peer = to, .segment_size = 1452});
    });
    std::uint64_t bytes = 0;
    io::DatagramHandler count = [&](const io::Datagram& datagram) { bytes += datagram.payload.size(); };
    const auto start = Clock::now();
    while (seconds_since(start) < seconds) socket->receive(count);
    return static_cast<double>(bytes) * 8 / seconds_since(start) / 1e9;
}

struct Dialer : zquic::ConnectionHandler {
    std::size_t* done = nullptr;
    std::size_t* closed = nullptr;
    std::size_t* failed = nullptr;  ///< Handshakes that were given up; on a busy machine they are tried again.
    bool hang_up = true;
    bool up = false;
    void on_handshake_done(zquic::Connection& connection) override {
        up = true;
        ++*done;
        if (hang_up) connection.close(0x100, {});
    }
    void on_stream(zquic::Connection&, zquic::Stream& stream) override {
        stream.set_handler(std::make_shared<zquic::StreamHandler>());  // the server's control streams
    }
    void on_closed(zquic::Connection&, const zquic::CloseInfo& info) override {
        ++*closed;
        if (!up && failed) ++*failed;
        if (!hang_up && info.cause != zquic::CloseCause::local)
            benchkit::progress(fmt::format("closed: {}, code {:#x}", to_string(info.cause), info.code));
    }
};

double handshakes_per_cpu_second(const Process& server, double seconds) {
    std::size_t done = 0;
    std::size_t closed = 0;
    std::size_t started = 0;
    Client client;  // its end still counts
    const auto options = to_port(server.port);
    const auto dial = [&] {
        auto handler = std::make_shared<Dialer>();
        handler->done = &done;
        handler->closed = &closed;
        (void)must(client.endpoint->connect(options, handler), "connect");
        ++started;
    };
    client.run_until([&] {  // warm up, and until the server is there
        if (started - closed == 0) dial();
        return done >= 10;
    });
    const auto done_before = done;
    const auto cpu_before = benchkit::cpu_seconds(server.pid());
    const auto start = Clock::now();
    while (seconds_since(start) < seconds) {
        while (started - closed < kHandshakesAtOnce) dial();
        client.reactor->run_once(1'000'000);
    }
    const auto cpu = benchkit::cpu_seconds(server.pid()) - cpu_before;
    return cpu > 0 ? static_cast<double>(done - done_before) / cpu : 0;
}

double idle_bytes(const Process& server, std::size_t connections) {
    std::size_t done = 0;
    std::size_t closed = 0;
    std::size_t failed = 0;
    std::size_t started = 0;
    Client client;  // its end still counts
    auto options = to_port(server.port);
    options.settings = zquic::Settings{};
    options.settings->idle_timeout_ms = 300'000;
    options.settings->max_streams_uni = 16;
    const auto dial = [&] {
        auto handler = std::make_shared<Dialer>();
        handler->done = &done;
        handler->closed = &closed;
        handler->failed = &failed;
        handler->hang_up = false;
        (void)must(client.endpoint->connect(options, handler), "connect");
        ++started;
    };
    // A few first, so that what the process allocates once is not counted.
    constexpr std::size_t kWarm = 50;
    const auto reach = [&](std::size_t count) {
        client.run_until([&] {
            while (started - failed < count && started - failed - done < kHandshakesAtOnce) dial();
            return done == count;
        });
        const auto settle = Clock::now();  // acknowledgements, key discards
        client.run_until([&] { return seconds_since(settle) > 1; });
    };
    reach(kWarm);
    const auto before = benchkit::pss_bytes(server.pid());
    reach(kWarm + connections);
    const auto after = benchkit::pss_bytes(server.pid());
    if (closed > failed) die("idle connections were closed");
    return (static_cast<double>(after) - static_cast<double>(before)) / static_cast<double>(connections);
}

/// Both servers under `measure`, in turn.
benchkit::Pair against_gtlsserver(const Site& site, int runs, const std::function<double(const Process&)>& measure) {
    return benchkit::alternate(
        runs, [&] { return measure(start_ours(site)); }, [&] { return measure(start_gtlsserver(site)); });
}

}  // namespace

int main(int argc, char** argv) {
    const auto options = benchkit::Options::parse(argc, argv, "zquic");
    const int runs = options.runs_or(3);
    const double seconds = options.seconds_or(3);
    benchkit::pin_to_core(kClientCore);
    std::size_t file_bytes = kFileBytes;
    std::size_t connections = kIdleConnections;
    for (std::size_t i = 0; i + 1 < options.rest.size(); ++i) {
        const auto number = std::strtoull(options.rest[i + 1].c_str(), nullptr, 10);
        if (options.rest[i] == "--file-mb") file_bytes = number << 20;
        if (options.rest[i] == "--connections" && number > 0) connections = number;
    }
    const Site site{std::max<std::size_t>(file_bytes, 1u << 20)};
    benchkit::Report report{"zquic"};
    const auto add = [&](const std::string& name, const std::string& unit, benchkit::Better better,
                         const benchkit::Pair& pair) {
        report.add({.name = name,
                    .value = benchkit::median(pair.ours),
                    .unit = unit,
                    .peer = "gtlsserver",
                    .peer_value = benchkit::median(pair.theirs),
                    .better = better,
                    .runs = pair.ours});
    };
    if (options.wants("stream_gbps")) {
        benchkit::progress(fmt::format("stream_gbps: {} MiB over one stream", site.file.size() >> 20));
        add("stream_gbps", "Gbit/s", benchkit::Better::higher,
            benchkit::alternate(runs, [&] { return our_stream_gbps(site); }, [&] { return their_stream_gbps(site); }));
    }
    if (options.wants("udp_gso_gbps")) {
        benchkit::progress("udp_gso_gbps: raw datagrams");
        std::vector<double> values;
        for (int i = 0; i < runs; ++i) values.push_back(raw_udp_gbps(seconds));
        report.add({.name = "udp_gso_gbps",
                    .value = benchkit::median(values),
                    .unit = "Gbit/s",
                    .peer = std::nullopt,
                    .peer_value = std::nullopt,
                    .runs = values});
    }
    if (options.wants("handshakes_per_s_core")) {
        benchkit::progress("handshakes_per_s_core: P-256, no resumption");
        add("handshakes_per_s_core", "1/s", benchkit::Better::higher,
            against_gtlsserver(site, runs,
                               [&](const Process& server) { return handshakes_per_cpu_second(server, seconds); }));
    }
    if (options.wants("idle_conn_bytes")) {
        benchkit::progress(fmt::format("idle_conn_bytes: {} connections", connections));
        add("idle_conn_bytes", "B", benchkit::Better::lower,
            against_gtlsserver(site, 1, [&](const Process& server) { return idle_bytes(server, connections); }));
    }
    report.note("server process on core 0, client on core 1; 1452-byte packets, AES-128-GCM, P-256 certificate");
    return report.finish(options);
}

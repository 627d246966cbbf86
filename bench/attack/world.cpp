#include "world.hpp"

#include <fmt/format.h>
#include <signal.h>
#include <stdlib.h>

#include <chrono>
#include <filesystem>
#include <nlohmann/json.hpp>
#include <thread>

#include "base/file.hpp"
#include "ghostbridge/bridge.hpp"
#include "ghostd/init.hpp"
#include "ghostd/methods.hpp"
#include "io/udp.hpp"
#include "rpc/blocking.hpp"
#include "rpc/quic.hpp"
#include "walletd/walletd.hpp"

namespace attack {
namespace {

namespace fs = std::filesystem;

constexpr std::uint64_t kMiB = 1u << 20;
/// Strangers whom the bridge lets in over QUIC; its default is none.
constexpr std::size_t kPublicConnections = 64;
constexpr int kReadySeconds = 60;

template <typename T>
T must(base::Checked<T> value) {
    if (!value) die(value.error().text);
    return std::move(*value);
}
void must(const base::Checked<void>& done) {
    if (!done) die(done.error().text);
}

/// A loopback port that was free a moment ago, for UDP and most likely for TCP.
io::SocketAddress free_port() { return must(io::UdpSocket::bind(io::SocketAddress::loopback_v4(0)))->bound_address(); }

void write_config(const std::string& path, const std::string& text) {
    must(base::write_file_atomic(path, base::as_bytes(text)));
}

std::string folder_of_programs() { return fs::read_symlink("/proc/self/exe").parent_path().string(); }

}  // namespace

void die(const std::string& text) {
    fmt::print(stderr, "bench_attack: {}\n", text);
    std::exit(1);
}

std::string Doors::to_json() const {
    return nlohmann::json{
        {"bridge_quic", bridge_quic.to_string()}, {"bridge_tcp", bridge_tcp.to_string()},
        {"node_quic", node_quic.to_string()},     {"wallet_quic", wallet_quic.to_string()},
        {"bridge_key", base::to_hex(bridge_key)}, {"node_key", base::to_hex(node_key)},
        {"wallet_key", base::to_hex(wallet_key)},
    }
        .dump();
}

Doors Doors::from_json(const std::string& text) {
    const auto json = nlohmann::json::parse(text);
    const auto address = [&](const char* name) {
        return io::SocketAddress::parse(json.at(name).get<std::string>()).value();
    };
    const auto key = [&](const char* name) {
        return base::fixed_from_hex<32>(json.at(name).get<std::string>()).value();
    };
    return {.bridge_quic = address("bridge_quic"),
            .bridge_tcp = address("bridge_tcp"),
            .node_quic = address("node_quic"),
            .wallet_quic = address("wallet_quic"),
            .bridge_key = key("bridge_key"),
            .node_key = key("node_key"),
            .wallet_key = key("wallet_key")};
}

World::World() : listed_{zquic::Identity::generate().value()} {
    auto pattern = (fs::temp_directory_path() / "ghost-attack-XXXXXX").string();
    if (!::mkdtemp(pattern.data())) die("no temporary folder");
    folder_ = pattern;
    doors_.bridge_quic = free_port();
    doors_.bridge_tcp = free_port();
    doors_.node_quic = free_port();
    doors_.wallet_quic = free_port();
    doors_.bridge_key = must(ghostbridge::init_identity(folder_ + "/ghostbridge"));
    doors_.wallet_key = must(walletd::init_identity(folder_ + "/walletd"));
    const auto listed_key = *listed_.public_key();

    ghostd::InitOptions node{.home = folder_ + "/ghostd", .dev = true};
    node.config.listen = doors_.node_quic.to_string();
    node.config.advertise = doors_.node_quic.to_string();
    node.config.ops_listen = "127.0.0.1:0";
    node.config.bridge = {.endpoint = doors_.bridge_quic.to_string(), .key = base::to_hex(doors_.bridge_key)};
    node.config.peers = {{.name = "ghostbridge", .key = base::to_hex(doors_.bridge_key), .role = "service"},
                         {.name = "listed", .key = base::to_hex(listed_key), .role = "admin"}};
    doors_.node_key = must(ghostd::init_home(node)).node_key;

    using ghostbridge::Role;
    ghostbridge::Config bridge;
    bridge.listen_quic = doors_.bridge_quic.to_string();
    bridge.listen_tcp = doors_.bridge_tcp.to_string();
    bridge.listen_metrics.clear();
    bridge.quic.public_connections_max = kPublicConnections;
    bridge.peers = {
        {.name = "ghostd", .key = doors_.node_key, .roles = role_bits(Role::service), .services = {"ghost.chain.v1.*"}},
        {.name = "walletd",
         .key = doors_.wallet_key,
         .roles = role_bits(Role::service),
         .services = {"ghost.wallet.v1.*"}},
        {.name = "listed", .key = listed_key, .roles = role_bits(Role::client), .services = {}}};
    write_config(folder_ + "/ghostbridge/ghostbridge.toml", ghostbridge::to_toml(bridge));

    walletd::Config wallet;
    wallet.listen = doors_.wallet_quic.to_string();
    wallet.advertise = doors_.wallet_quic.to_string();
    wallet.metrics.clear();
    wallet.bridge = doors_.bridge_quic.to_string();
    wallet.bridge_key = base::to_hex(doors_.bridge_key);
    wallet.genesis = folder_ + "/ghostd/genesis.json";
    wallet.peers = {{.name = "listed", .key = base::to_hex(listed_key), .roles = {"client"}}};
    write_config(folder_ + "/walletd/walletd.toml", walletd::schema_of(wallet).to_toml());

    // What this bench holds each to. The daemons themselves bound queues, connections and calls, not their memory.
    start("ghostbridge", 256 * kMiB);
    start("ghostd", 512 * kMiB);
    start("walletd", 256 * kMiB);

    // Ready when a listed caller reaches the node and the wallet through the bridge.
    const auto client = rpc::BlockingClient::make(
        [&](io::Reactor& reactor) {
            return rpc::make_quic_connector(
                reactor, {.server = doors_.bridge_quic, .server_keys = {doors_.bridge_key}, .identity = listed_});
        },
        {.name = "ghostbridge"});
    if (!client) die("no client");
    const auto until = std::chrono::steady_clock::now() + std::chrono::seconds{kReadySeconds};
    for (;;) {
        const auto status = (*client)->call(ghostd::methods::kGetStatus, {}, {.timeout_ns = 1'000'000'000});
        if (status) break;
        if (std::chrono::steady_clock::now() > until)
            die("the node is not reached through the bridge: " + status.error().to_string() + "; logs are in " +
                folder_);
        std::this_thread::sleep_for(std::chrono::milliseconds{20});
    }
}

World::~World() {
    for (auto& daemon : daemons_) {
        daemon.process.send(SIGTERM);
        daemon.process.wait();
    }
    std::error_code ignored;
    fs::remove_all(folder_, ignored);
}

void World::start(const std::string& name, std::uint64_t rss_bytes_max) {
    auto process =
        benchkit::Process::start({folder_of_programs() + "/" + name, "start", "--home", folder_ + "/" + name},
                                 {.stderr_path = folder_ + "/" + name + ".log"});
    if (!process) die("cannot run " + name);
    daemons_.push_back({name, std::move(*process), rss_bytes_max});
}

}  // namespace attack

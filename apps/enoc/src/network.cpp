#include "enoc/network.hpp"

#include <algorithm>
#include <array>
#include <chrono>
#include <filesystem>
#include <nlohmann/json.hpp>
#include <optional>
#include <thread>
#include <vector>

#include "base/config.hpp"
#include "base/file.hpp"
#include "base/log.hpp"
#include "enoc/home.hpp"
#include "ghostbridge/bridge.hpp"
#include "ghostd/init.hpp"
#include "ghostd/key_file.hpp"
#include "ghostd/node.hpp"
#include "io/udp.hpp"
#include "walletd/walletd.hpp"

namespace enoc {
namespace {

const base::Log kLog{"enoc"};

/// The addresses of this machine: IPv6, or IPv4 where the kernel has no IPv6 or no ::1 (many containers).
struct Local {
    bool ipv6;
    [[nodiscard]] std::string loopback(std::uint16_t port) const {
        return (ipv6 ? "[::1]:" : "127.0.0.1:") + std::to_string(port);
    }
    /// For a daemon's own default, which is [::] and its port.
    [[nodiscard]] std::string any(std::string listen) const {
        if (ipv6 || !listen.starts_with("[::]:")) return listen;
        return listen.replace(0, std::string_view{"[::]"}.size(), "0.0.0.0");
    }
};

bool has_ipv6() { return io::UdpSocket::bind(io::SocketAddress::loopback_v6(0)).has_value(); }

std::string on_loopback_v4(std::uint16_t port) { return "127.0.0.1:" + std::to_string(port); }

/// One person's wallet: keys made, not started.
struct User {
    std::string name;  ///< Empty: the owner of the home.
    UserLayout layout;
    base::Digest wallet, cli;
};

/// The public keys of everybody; each daemon lists those it lets in.
struct Keys {
    base::Digest bridge, node;
};

base::Checked<User> ensure_user(std::string name, UserLayout layout) {
    GC_CHECK(base::make_private_dir(layout.wallet));
    GC_CHECK(base::make_private_dir(layout.cli));
    GC_TRY(const auto wallet, ensure_identity(layout.wallet_identity));
    GC_TRY(const auto cli, ensure_identity(layout.cli_identity));
    return User{.name = std::move(name), .layout = std::move(layout), .wallet = wallet, .cli = cli};
}

base::Checked<void> write_config(const std::string& path, const base::ConfigSchema& schema) {
    return base::write_file_atomic(path, base::as_bytes(schema.to_toml()));
}

base::Checked<base::Digest> ensure_node(const HomeLayout& layout, const Options& options) {
    const ghostd::HomeLayout node{layout.node};
    std::error_code ignored;
    if (!std::filesystem::exists(node.genesis, ignored)) {
        GC_TRY(const auto made, ghostd::init_home({.home = layout.node, .chain_id = options.chain_id, .dev = true}));
        return made.node_key;
    }
    GC_TRY(const auto key, ghostd::load_key(node.node_key));
    return key.public_key().bytes;
}

ghostbridge::Config bridge_config(const HomeLayout& layout, const Options& options, const Keys& keys,
                                  const std::vector<User>& users, const Local& local) {
    using ghostbridge::Role;
    ghostbridge::Config config;
    config.home = layout.bridge;
    config.listen_quic = local.any(config.listen_quic);
    config.listen_tcp = local.any(config.listen_tcp);
    if (options.free_ports) {
        config.listen_quic = local.loopback(0);
        config.listen_tcp = "127.0.0.1:0";
        config.listen_metrics = "127.0.0.1:0";
    }
    config.peers = {
        {.name = "ghostd",
         .key = keys.node,
         .roles = ghostbridge::role_bits(Role::service),
         .services = {"ghost.chain.v1.*"}},
    };
    for (const auto& user : users) {
        const auto suffix = user.name.empty() ? "" : " of " + user.name;
        auto roles = ghostbridge::role_bits(Role::client);
        if (user.name.empty()) roles = static_cast<ghostbridge::Roles>(roles | ghostbridge::role_bits(Role::admin));
        config.peers.push_back({.name = "walletd" + suffix,
                                .key = user.wallet,
                                .roles = ghostbridge::role_bits(Role::service),
                                .services = {"ghost.wallet.v1.*"}});
        config.peers.push_back({.name = "zwallet" + suffix, .key = user.cli, .roles = roles, .services = {}});
    }
    return config;
}

ghostd::GhostdConfig node_config(const HomeLayout& layout, const Options& options, const Keys& keys,
                                 const std::string& bridge, const Local& local) {
    ghostd::GhostdConfig config;
    config.home = layout.node;
    config.listen = local.any(config.listen);
    if (options.free_ports) {
        config.listen = local.loopback(0);
        config.ops_listen = "127.0.0.1:0";
    }
    config.bridge = {.endpoint = bridge, .key = base::to_hex(keys.bridge)};
    config.peers = {{.name = "ghostbridge", .key = base::to_hex(keys.bridge), .role = "service"},
                    {.name = "this node", .key = base::to_hex(keys.node), .role = "admin"}};
    return config;
}

walletd::Config wallet_config(const HomeLayout& layout, const Options& options, const Keys& keys, const User& user,
                              const std::string& bridge, const base::Digest& genesis_hash, const Local& local) {
    walletd::Config config;
    config.home = user.layout.wallet;
    config.listen = local.any(config.listen);
    if (options.free_ports || !user.name.empty()) {
        config.listen = local.loopback(0);
        config.metrics = "127.0.0.1:0";
    }
    config.bridge = bridge;
    config.bridge_key = base::to_hex(keys.bridge);
    config.genesis_hash = base::to_hex(genesis_hash);
    config.genesis = layout.node + "/genesis.json";
    config.peers = {{.name = "zwallet", .key = base::to_hex(user.cli), .roles = {"client", "admin"}}};
    return config;
}

/// What zwallet reads; its library is not linked here, so the few keys are written by hand.
base::Checked<void> write_cli_config(const UserLayout& layout, const Endpoints& endpoints) {
    const std::string text = "# Written by enoc at each start.\nbridge = \"" + endpoints.bridge_quic +
                             "\"\nbridge_key = \"" + endpoints.bridge_key + "\"\n";
    return base::write_file_atomic(layout.cli_config, base::as_bytes(text));
}

}  // namespace

struct Network::State {
    explicit State(HomeLayout home) : layout{std::move(home)} {}

    HomeLayout layout;
    std::string chain_id;
    Endpoints endpoints;
    // Start order is declaration order; stop() goes backwards.
    std::optional<base::FileLock> lock;
    std::unique_ptr<ghostbridge::Bridge> bridge;
    std::unique_ptr<ghostd::Node> node;
    std::vector<std::unique_ptr<walletd::Walletd>> wallets;  // the owner's first

    base::Checked<void> start(const Options& options);
    [[nodiscard]] base::Checked<void> wait_for_services(std::uint64_t timeout_ms) const;
    [[nodiscard]] nlohmann::ordered_json to_json() const;
};

base::Checked<void> Network::State::start(const Options& options) {
    GC_CHECK(base::make_private_dir(layout.folder));
    GC_TRY(lock, base::FileLock::acquire(layout.lock));
    GC_CHECK(prepare_home(layout, options.fresh));
    Keys keys{};
    GC_TRY(keys.bridge, ensure_identity(layout.bridge_identity));
    std::vector<User> users;
    GC_TRY(auto owner, ensure_user("", layout.owner));
    users.push_back(std::move(owner));
    for (const auto& name : options.users) {
        if (!valid_user_name(name))
            return base::explain(base::Errc::invalid_argument,
                                 "user \"" + name + "\": 1 to 32 of a-z, 0-9, '-' and '_'");
        if (std::ranges::find(users, name, &User::name) != users.end()) continue;
        GC_TRY(auto user, ensure_user(name, layout.user(name)));
        users.push_back(std::move(user));
    }
    GC_TRY(keys.node, ensure_node(layout, options));

    const Local local{.ipv6 = options.ipv6 ? *options.ipv6 : has_ipv6()};
    auto bridge_settings = bridge_config(layout, options, keys, users, local);
    GC_TRY(bridge, ghostbridge::Bridge::start(bridge_settings));
    endpoints.bridge_quic = local.loopback(bridge->quic_port());
    endpoints.bridge_tcp = on_loopback_v4(bridge->tcp_port());
    endpoints.bridge_key = base::to_hex(keys.bridge);
    bridge_settings.listen_quic = endpoints.bridge_quic;
    bridge_settings.listen_tcp = endpoints.bridge_tcp;
    bridge_settings.listen_metrics = on_loopback_v4(bridge->metrics_port());
    const auto bridge_text = ghostbridge::to_toml(bridge_settings);
    GC_CHECK(base::write_file_atomic(layout.bridge_config, base::as_bytes(bridge_text)));

    auto node_settings = node_config(layout, options, keys, endpoints.bridge_quic, local);
    GC_TRY(node, ghostd::Node::start(node_settings));
    chain_id = node->chain_id();
    endpoints.node_quic = local.loopback(node->address().port());
    endpoints.node_metrics = on_loopback_v4(node->ops_port());

    for (const auto& user : users) {
        auto settings = wallet_config(layout, options, keys, user, endpoints.bridge_quic, node->genesis_hash(), local);
        GC_TRY(wallets.emplace_back(), walletd::Walletd::start(settings));
        GC_CHECK(write_config(user.layout.wallet_config, walletd::schema_of(settings)));
        GC_CHECK(write_cli_config(user.layout, endpoints));
    }
    endpoints.wallet_socket = wallets.front()->socket_path();

    node_settings.listen = endpoints.node_quic;
    node_settings.ops_listen = endpoints.node_metrics;
    GC_CHECK(write_config(layout.node_config, ghostd::schema_of(node_settings)));
    GC_CHECK(wait_for_services(options.ready_timeout_ms));
    return base::write_file_atomic(layout.marker, base::as_bytes(to_json().dump(2) + "\n"));
}

base::Checked<void> Network::State::wait_for_services(std::uint64_t timeout_ms) const {
    static constexpr std::array<std::string_view, 2> kNeeded{"ghost.chain.v1.BlockchainService",
                                                             "ghost.wallet.v1.WalletService"};
    const auto deadline = std::chrono::steady_clock::now() + std::chrono::milliseconds{timeout_ms};
    for (;;) {
        const auto there = bridge->available_services();
        const auto missing = std::ranges::find_if(
            kNeeded, [&](std::string_view name) { return std::ranges::find(there, name) == there.end(); });
        const bool all_wallets = std::ranges::all_of(wallets, [](const auto& wallet) { return wallet->registered(); });
        if (missing == kNeeded.end() && all_wallets) return {};
        if (std::chrono::steady_clock::now() > deadline)
            return base::explain(base::Errc::timed_out,
                                 std::string{missing == kNeeded.end() ? kNeeded.back() : *missing} +
                                     " did not register with ghostbridge in time");
        std::this_thread::sleep_for(std::chrono::milliseconds{2});
    }
}

nlohmann::ordered_json Network::State::to_json() const {
    return {
        {"schema", "enoc/1"},
        {"pid", ::getpid()},
        {"chain_id", chain_id},
        {"genesis_hash", base::to_hex(node->genesis_hash())},
        {"bridge_quic", endpoints.bridge_quic},
        {"bridge_tcp", endpoints.bridge_tcp},
        {"bridge_key", endpoints.bridge_key},
        {"node_quic", endpoints.node_quic},
        {"node_metrics", endpoints.node_metrics},
        {"wallet_socket", endpoints.wallet_socket},
    };
}

Network::Network(std::unique_ptr<State> state) noexcept : state_{std::move(state)} {}
Network::~Network() { stop(); }

base::Checked<std::unique_ptr<Network>> Network::start(const Options& options) {
    auto network = std::unique_ptr<Network>{new Network{std::make_unique<State>(HomeLayout{options.home})}};
    GC_CHECK(network->state_->start(options));
    return network;
}

void Network::stop() {
    auto& state = *state_;
    for (const auto& wallet : state.wallets)
        if (wallet) wallet->stop();
    if (state.node) state.node->stop();
    if (state.bridge) state.bridge->stop();
    state.wallets.clear();
    state.node.reset();
    state.bridge.reset();
    state.lock.reset();
}

std::string Network::to_json() const { return state_->to_json().dump(); }
const Endpoints& Network::endpoints() const noexcept { return state_->endpoints; }
const std::string& Network::chain_id() const noexcept { return state_->chain_id; }
base::Digest Network::genesis_hash() const noexcept { return state_->node->genesis_hash(); }
std::uint64_t Network::finalized_height() const noexcept { return state_->node->finalized_height(); }
bool Network::wallet_exists() const noexcept { return state_->wallets.front()->initialised(); }

}  // namespace enoc

#include <fmt/format.h>
#include <google/protobuf/stubs/logging.h>

#include <CLI/CLI.hpp>
#include <cstdio>
#include <filesystem>
#include <nlohmann/json.hpp>

#include "base/file.hpp"
#include "base/log.hpp"
#include "base/printable.hpp"
#include "base/process.hpp"
#include "ghost/bridge/v1/registry.pb.h"
#include "ghostbridge/bridge.hpp"
#include "io/signals.hpp"
#include "rpc/blocking.hpp"
#include "rpc/quic.hpp"

namespace {

namespace pb = ghost::bridge::v1;

constexpr rpc::UnaryMethod<pb::ListServicesRequest, pb::ListServicesResponse> kListServices{
    "/ghost.bridge.v1.Registry/ListServices"};
constexpr std::uint64_t kTimeoutNs = 5'000'000'000;

constexpr const char* kFooter = R"(
Examples:
  ghostbridge init-identity            make the identity, print its public key
  ghostbridge start                    serve in the foreground until SIGTERM
  ghostbridge check ghostbridge.toml   is this configuration valid?
  ghostbridge services --json          what is registered at the bridge of this home

Exit codes: 0 done, 1 failed, 2 usage or configuration, 6 no bridge answers.)";

struct Flags {
    std::string home;
    std::string config;
    std::string check_path;
    std::string shell;
    bool json = false;
};

int refuse(const base::Diagnostic& diagnostic, int code) {
    fmt::print(stderr, "ghostbridge: {}\n", diagnostic.text);
    return code;
}

base::Checked<std::string> home_of(const Flags& flags) {
    if (!flags.home.empty()) return flags.home;
    GC_TRY(const auto root, base::ghost_home());
    return root + "/ghostbridge";
}

/// --config, else ghostbridge.toml in home when there is one, else the defaults.
base::Checked<ghostbridge::Config> read_config(const Flags& flags) {
    GC_TRY(const auto home, home_of(flags));
    const auto path = flags.config.empty() ? home + "/ghostbridge.toml" : flags.config;
    ghostbridge::Config config;
    std::error_code ignored;
    if (!flags.config.empty() || std::filesystem::exists(path, ignored)) {
        GC_TRY(config, ghostbridge::load_config(path));
    }
    if (!flags.home.empty() || config.home.empty()) config.home = home;
    return config;
}

int start(const Flags& flags) {
    auto config = read_config(flags);
    if (!config) return refuse(config.error(), 2);
    const auto level = base::log_level_from_string(config->log_level);
    const auto format = base::log_format_from_string(config->log_format);
    if (level && format) {
        if (auto done = base::configure_logging({.level = *level, .format = *format, .file = {}}); !done)
            return refuse(done.error(), 1);
    }
    auto bridge = ghostbridge::Bridge::start(std::move(*config));
    if (!bridge) return refuse(bridge.error(), 1);
    const auto signal = io::wait_for_termination_signal();
    base::Log{"ghostbridge"}.info("stopping", {{"signal", signal}});
    (*bridge)->stop();
    return 0;
}

std::string_view state_name(pb::InstanceState state) {
    switch (state) {
        case pb::INSTANCE_STATE_HEALTHY: return "healthy";
        case pb::INSTANCE_STATE_DEGRADED: return "degraded";
        case pb::INSTANCE_STATE_DRAINING: return "draining";
        default: return "unknown";  // proto3 enums are open
    }
}

void print_json(const pb::ListServicesResponse& list) {
    auto instances = nlohmann::json::array();
    for (const auto& one : list.instances())
        instances.push_back({{"id", one.instance_id()},
                             {"services", std::vector<std::string>(one.services().begin(), one.services().end())},
                             {"endpoint", one.endpoint()},
                             {"state", state_name(one.state())},
                             {"key", base::to_hex(base::as_bytes(one.public_key()))},
                             {"lease_left_ms", one.lease_left_ms()},
                             {"calls", one.calls()},
                             {"failures", one.failures()},
                             {"labels", std::map<std::string, std::string>(one.labels().begin(), one.labels().end())}});
    const nlohmann::json document{{"instances", instances}};
    fmt::print("{}\n", base::printable_json(document.dump(2, ' ', false, nlohmann::json::error_handler_t::replace)));
}

void print_table(const pb::ListServicesResponse& list) {
    if (list.instances().empty()) return fmt::print("nothing is registered\n");
    fmt::print("{:<9} {:<22} {:>8} {:>8}  {}\n", "STATE", "ENDPOINT", "CALLS", "FAILED", "SERVICE");
    for (const auto& one : list.instances())
        for (const auto& service : one.services())
            fmt::print("{:<9} {:<22} {:>8} {:>8}  {}\n", state_name(one.state()), base::printable(one.endpoint()),
                       one.calls(), one.failures(), base::printable(service));
}

/// Asks the bridge of this home, with its own key: who can read that file is the bridge.
int services(const Flags& flags) {
    const auto config = read_config(flags);
    if (!config) return refuse(config.error(), 2);
    const auto identity = zquic::Identity::load(config->home + "/identity.pem");
    if (!identity) return refuse(identity.error(), 1);
    auto address = io::SocketAddress::parse(config->listen_quic);
    if (!address || !identity->public_key()) return refuse({{}, "listen_quic or identity.pem is not usable"}, 2);
    if (address->is_any())
        address = address->is_v4() ? io::SocketAddress::loopback_v4(address->port())
                                   : io::SocketAddress::loopback_v6(address->port());
    auto client = rpc::BlockingClient::make(
        [&](io::Reactor& reactor) {
            return rpc::make_quic_connector(
                reactor, {.server = *address, .server_keys = {*identity->public_key()}, .identity = *identity});
        },
        {.name = "ghostbridge"});
    if (!client) return refuse({client.error(), base::to_string(client.error())}, 1);
    const auto list = (*client)->call(kListServices, pb::ListServicesRequest{}, {.timeout_ns = kTimeoutNs});
    if (!list) {
        fmt::print(stderr, "ghostbridge: {}\n  next: ghostbridge start\n", base::printable(list.error().message));
        return 6;
    }
    if (flags.json)
        print_json(*list);
    else
        print_table(*list);
    return 0;
}

int check(const Flags& flags) {
    const auto config = ghostbridge::load_config(flags.check_path);
    if (!config) return refuse(config.error(), 2);
    fmt::print("{} is valid: {} peers, {} public methods\n", flags.check_path, config->peers.size(),
               config->public_methods.size());
    return 0;
}

int init_identity(const Flags& flags) {
    const auto home = home_of(flags);
    if (!home) return refuse(home.error(), 2);
    const auto key = ghostbridge::init_identity(*home);
    if (!key) return refuse(key.error(), 1);
    fmt::print("{}\n", base::to_hex(*key));
    return 0;
}

/// Few words to complete: one list for every place.
int completion(const std::string& shell) {
    constexpr const char* kWords =
        "start services check init-identity default-config completion --home --config --json --help --version";
    if (shell == "bash") {
        fmt::print("complete -o default -W \"{}\" ghostbridge\n", kWords);
    } else if (shell == "zsh") {
        fmt::print("#compdef ghostbridge\ncompadd {}\n", kWords);
    } else {
        fmt::print("complete -c ghostbridge -a \"{}\"\n", kWords);
    }
    return 0;
}

}  // namespace

int main(int argc, char** argv) {
    io::block_termination_signals();
    base::harden_process();
    google::protobuf::SetLogHandler(nullptr);
    Flags flags;
    CLI::App app{"ghostbridge: gRPC over QUIC between all GhostChain services: registry, relay, health.",
                 "ghostbridge"};
    app.footer(kFooter);
    app.set_version_flag("--version", std::string{"ghostbridge "} + GHOSTBRIDGE_VERSION);
    app.require_subcommand(1);
    app.add_option("--home", flags.home, "Instead of $GHOST_HOME/ghostbridge")->type_name("DIR");
    app.add_option("--config", flags.config, "Instead of ghostbridge.toml in home")->type_name("FILE");
    auto* start_command = app.add_subcommand("start", "Serve in the foreground until SIGTERM");
    auto* services_command = app.add_subcommand("services", "List what is registered at the running bridge");
    services_command->add_flag("--json", flags.json, "For programs");
    auto* check_command = app.add_subcommand("check", "Check a configuration file");
    check_command->add_option("CONFIG", flags.check_path, "The file")->required();
    auto* identity_command = app.add_subcommand("init-identity", "Make the identity key, print its public half");
    auto* default_command = app.add_subcommand("default-config", "Print the documented default configuration");
    auto* completion_command = app.add_subcommand("completion", "Print a completion script");
    completion_command->add_option("SHELL", flags.shell, "bash, zsh or fish")
        ->required()
        ->check(CLI::IsMember({"bash", "zsh", "fish"}));
    for (auto* command : {start_command, services_command, check_command, identity_command, default_command})
        command->fallthrough();
    try {
        app.parse(argc, argv);
    } catch (const CLI::Success& success) {
        return app.exit(success);
    } catch (const CLI::ParseError& error) {
        fmt::print(stderr, "ghostbridge: {}\n  next: ghostbridge --help\n", error.what());
        return 2;
    }
    if (start_command->parsed()) return start(flags);
    if (services_command->parsed()) return services(flags);
    if (check_command->parsed()) return check(flags);
    if (identity_command->parsed()) return init_identity(flags);
    if (default_command->parsed()) {
        fmt::print("{}", ghostbridge::default_config_toml());
        return 0;
    }
    return completion(flags.shell);
}

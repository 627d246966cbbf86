#include <fmt/format.h>
#include <google/protobuf/stubs/logging.h>

#include <CLI/CLI.hpp>
#include <cstdio>
#include <filesystem>

#include "base/log.hpp"
#include "base/process.hpp"
#include "ghost/wallet/v1/local.pb.h"
#include "io/signals.hpp"
#include "wallet_local/client.hpp"
#include "walletd/walletd.hpp"

namespace {

constexpr const char* kFooter = R"(
Examples:
  walletd init-identity              make the identity, print its public key
  walletd start                      serve in the foreground until SIGTERM
  walletd start --config wallet.toml
  walletd status                     ask the running daemon, exit 0 when it answers

Exit codes: 0 done, 1 failed, 2 usage, 6 no daemon answers. Make the keys with: zwallet init)";

struct Flags {
    std::string home;
    std::string config;
    std::string shell;
};

int refuse(const base::Diagnostic& diagnostic, int code = 1) {
    fmt::print(stderr, "walletd: {}\n", diagnostic.text);
    return code;
}

base::Checked<walletd::Config> read_config(const Flags& flags) {
    GC_TRY(const auto home, walletd::resolve_home(flags.home));
    const auto path = flags.config.empty() ? home + "/walletd.toml" : flags.config;
    std::error_code ignored;
    walletd::Config config;
    if (!flags.config.empty() || std::filesystem::exists(path, ignored)) {
        GC_TRY(config, walletd::load_config(path));
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
            return refuse(done.error());
    }
    auto daemon = walletd::Walletd::start(std::move(*config));
    if (!daemon) return refuse(daemon.error());
    const auto signal = io::wait_for_termination_signal();
    base::Log{"walletd"}.info("stopping", {{"signal", signal}});
    (*daemon)->stop();
    return 0;
}

int status(const Flags& flags) {
    const auto config = read_config(flags);
    if (!config) return refuse(config.error(), 2);
    const auto path = config->socket.empty() ? config->home + "/walletd.sock" : config->socket;
    auto client = wallet_local::Client::connect({.path = path, .timeout_ms = 5000});
    if (!client) {
        fmt::print(stderr, "walletd: {}\n  next: walletd start\n", client.error().text);
        return 6;
    }
    ghost::wallet::v1::LocalRequest request;
    request.mutable_status();
    const auto response = (*client)->call(request);
    if (!response) return refuse(response.error(), 6);
    const auto& answer = response->status();
    fmt::print("version     {}\nwallet      {}\naccounts    {}\nsocket      {}\n", answer.version(),
               !answer.initialised() ? "not initialised"
               : answer.locked()     ? "locked"
                                     : "unlocked",
               answer.accounts(), path);
    return 0;
}

int init_identity(const Flags& flags) {
    const auto home = walletd::resolve_home(flags.home);
    if (!home) return refuse(home.error(), 2);
    const auto key = walletd::init_identity(*home);
    if (!key) return refuse(key.error());
    fmt::print("{}\n", base::to_hex(*key));
    return 0;
}

/// walletd has few words to complete: one list for every place.
int completion(const std::string& shell) {
    constexpr const char* kWords = "start status init-identity completion --home --config --help --version";
    if (shell == "bash") {
        fmt::print("complete -o default -W \"{}\" walletd\n", kWords);
    } else if (shell == "zsh") {
        fmt::print("#compdef walletd\ncompadd {}\n", kWords);
    } else {
        fmt::print("complete -c walletd -f -a \"{}\"\n", kWords);
    }
    return 0;
}

}  // namespace

int main(int argc, char** argv) {
    io::block_termination_signals();
    base::harden_process();
    google::protobuf::SetLogHandler(nullptr);
    Flags flags;
    CLI::App app{
        "walletd: the GhostChain wallet daemon. Holds keys, signs, and talks to the chain through GhostBridge.",
        "walletd"};
    app.footer(kFooter);
    app.set_version_flag("--version", std::string{"walletd "} + WALLETD_VERSION);
    app.require_subcommand(1);
    app.add_option("--home", flags.home, "Instead of $GHOST_HOME/walletd")->type_name("DIR");
    app.add_option("--config", flags.config, "Instead of walletd.toml in home")->type_name("FILE");
    app.fallthrough();
    auto* start_command = app.add_subcommand("start", "Serve in the foreground until SIGTERM");
    auto* status_command = app.add_subcommand("status", "Ask the running daemon");
    auto* identity_command = app.add_subcommand("init-identity", "Make the identity key, print its public half");
    auto* completion_command = app.add_subcommand("completion", "A completion script");
    for (auto* command : {start_command, status_command, identity_command, completion_command}) command->fallthrough();
    completion_command->add_option("SHELL", flags.shell, "bash, zsh or fish")
        ->required()
        ->check(CLI::IsMember({"bash", "zsh", "fish"}));
    try {
        app.parse(argc, argv);
    } catch (const CLI::Success& success) {
        return app.exit(success);
    } catch (const CLI::ParseError& error) {
        fmt::print(stderr, "walletd: {}\n  next: walletd --help\n", error.what());
        return 2;
    }
    if (start_command->parsed()) return start(flags);
    if (status_command->parsed()) return status(flags);
    if (identity_command->parsed()) return init_identity(flags);
    return completion(flags.shell);
}

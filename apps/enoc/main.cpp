// enoc: the whole chain in one process.
#include <fmt/core.h>
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <chrono>

#include "base/file.hpp"
#include "base/log.hpp"
#include "base/process.hpp"
#include "enoc/home.hpp"
#include "enoc/network.hpp"
#include "io/signals.hpp"

namespace {

constexpr const char* kFooter = R"(Examples:
  enoc                                  state in $GHOST_HOME or ~/.ghost, the well-known ports
  enoc --home /tmp/chain --fresh        an empty chain
  enoc --user bob                       a second wallet: GHOST_HOME=~/.ghost/users/bob zwallet init
  enoc --home /tmp/chain --free-ports   beside another network; endpoints stand in /tmp/chain/enoc.json

Stop it with Ctrl-C. What was finalized is there at the next start.)";

/// What to do with a network that has just started.
void print_welcome(const enoc::Network& network, const std::string& home, double seconds) {
    const bool colour = isatty(STDOUT_FILENO) == 1;
    const char* bold = colour ? "\x1b[1m" : "";
    const char* plain = colour ? "\x1b[0m" : "";
    const auto& at = network.endpoints();
    fmt::print("{}{} is up{} after {:.2f} s, at height {}\n\n", bold, network.chain_id(), plain, seconds,
               network.finalized_height());
    fmt::print("  gRPC over QUIC   {}\n  gRPC over TCP    {}\n  metrics          http://{}/metrics\n\n", at.bridge_quic,
               at.bridge_tcp, at.node_metrics);
    fmt::print("Type in another terminal:\n\n  export GHOST_HOME={}\n", home);
    if (!network.wallet_exists())
        fmt::print("  zwallet init                     # a password, then 24 words to write down\n");
    else
        fmt::print("  zwallet unlock\n");
    fmt::print("  zwallet faucet                   # play money\n  zwallet balance\n");
    fmt::print("  zwallet send 1.5 GCC --to ADDRESS\n  grpcurl -plaintext {} list\n\nCtrl-C stops it.\n",
               at.bridge_tcp);
    std::fflush(stdout);
}

}  // namespace

int main(int argc, char** argv) {
    enoc::Options options;
    std::string log_level = "warn";
    bool json = false;
    CLI::App app{"A GhostChain network in one process: ghostd, walletd and ghostbridge, with a funded faucet."};
    app.footer(kFooter);
    app.add_option("--home", options.home, "Folder of the network's state (default: $GHOST_HOME, else ~/.ghost)");
    app.add_option("--chain-id", options.chain_id, "Name of a new chain")->capture_default_str();
    app.add_flag("--fresh", options.fresh, "Delete the state of earlier runs first");
    app.add_flag("--free-ports", options.free_ports, "Use any free ports on loopback");
    app.add_option("--user", options.users,
                   "Another person with a wallet daemon of their own, whose GHOST_HOME is HOME/users/NAME; repeatable")
        ->type_name("NAME")
        ->take_all();
    app.add_flag("--json", json, "Print the endpoints as one line of JSON when ready (the content of enoc.json)");
    app.add_option("--log-level", log_level, "trace, debug, info, warn, error, off")->capture_default_str();
    try {
        app.parse(argc, argv);
    } catch (const CLI::ParseError& error) {
        return app.exit(error) == 0 ? 0 : 2;
    }
    const auto fail = [](const std::string& text) {
        fmt::print(stderr, "enoc: {}\n", text);
        return 1;
    };
    if (options.home.empty()) {
        auto home = base::ghost_home();
        if (!home) return fail(home.error().text);
        options.home = std::move(*home);
    }
    for (const auto& user : options.users)
        if (!enoc::valid_user_name(user)) {
            fmt::print(stderr, "enoc: --user {}: 1 to 32 of a-z, 0-9, '-' and '_'\n", user);
            return 2;
        }
    const auto level = base::log_level_from_string(log_level);
    if (!level) {
        fmt::print(stderr, "enoc: unknown log level '{}'\n", log_level);
        return 2;
    }
    if (const auto done = base::configure_logging({.level = *level}); !done) return fail(done.error().text);

    io::block_termination_signals();
    base::harden_process();  // this process holds a wallet's keys
    const auto began = std::chrono::steady_clock::now();
    auto network = enoc::Network::start(options);
    if (!network) return fail(network.error().text);
    const std::chrono::duration<double> took = std::chrono::steady_clock::now() - began;
    if (json) {
        fmt::print("{}\n", (*network)->to_json());
        std::fflush(stdout);
    } else {
        print_welcome(**network, options.home, took.count());
    }

    io::wait_for_termination_signal();
    if (!json) fmt::print("\nStopping; what was finalized stays in {}\n", options.home);
    (*network)->stop();
    return 0;
}

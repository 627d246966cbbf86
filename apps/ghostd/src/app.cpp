#include "ghostd/app.hpp"

#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <cstdio>
#include <filesystem>
#include <functional>

#include "base/file.hpp"
#include "commands.hpp"
#include "ghostd/init.hpp"
#include "ghostd/key_file.hpp"
#include "ghostd/node.hpp"
#include "io/signals.hpp"

#ifndef GHOST_VERSION
#define GHOST_VERSION "unversioned"
#endif

namespace ghostd {
namespace {

constexpr int kFailed = 1;
constexpr int kUsage = 2;
/// How often a node that found its disk full looks for room.
constexpr std::uint64_t kSpaceCheckNs = 2'000'000'000;

/// What every command shares.
struct Common {
    std::string home;
    std::string config;
};

int report(const base::Diagnostic& diagnostic) {
    fmt::print(stderr, "ghostd: {}\n", diagnostic.text.empty() ? base::to_string(diagnostic.error) : diagnostic.text);
    return kFailed;
}

/// The config of an existing home; without a file there, the defaults.
base::Checked<GhostdConfig> configure(const Common& common) {
    GC_TRY(const auto home, resolve_home(common.home));
    GhostdConfig config;
    const auto path = common.config.empty() ? HomeLayout{home}.config : common.config;
    std::error_code ignored;
    if (!common.config.empty() || std::filesystem::exists(path, ignored)) {
        GC_TRY(config, load_config(path));
    }
    config.home = home;
    return config;
}

base::Checked<void> command_start(const Common& common) {
    GC_TRY(auto config, configure(common));
    GC_TRY(const auto level, commands::log_options(config.log));
    GC_CHECK(base::configure_logging(level));
    io::block_termination_signals();
    GC_TRY(auto node, Node::start(config));
    // One line for scripts that wait for the node: everything after it answers.
    fmt::print("ghostd {} ready: chain {}, udp {}, ops {}, key {}\n", GHOST_VERSION, node->chain_id(),
               node->address().to_string(), node->ops_port(), base::to_hex(node->public_key()));
    std::fflush(stdout);
    while (!io::wait_for_termination_signal_for(kSpaceCheckNs)) {
        if (!node->should_restart()) continue;
        fmt::print(stderr, "ghostd: the disk has room again; starting anew\n");
        config.listen = node->address().to_string();  // Also when the config left the port open.
        node.reset();
        GC_TRY(node, Node::start(config));
    }
    node->stop();
    return {};
}

struct InitFlags {
    bool dev = false;
    std::string chain_id = "ghostchain-dev-1";
    std::string listen;
    std::string ops_listen;
};

base::Checked<void> command_init(const Common& common, const InitFlags& flags) {
    InitOptions options{.chain_id = flags.chain_id, .dev = flags.dev};
    GC_TRY(options.home, resolve_home(common.home));
    const HomeLayout home{options.home};
    std::error_code ignored;
    if (std::filesystem::exists(home.config, ignored) &&
        (!common.config.empty() || !flags.listen.empty() || !flags.ops_listen.empty())) {
        return base::explain(base::Errc::already_exists,
                             fmt::format("{} exists and is kept: edit it, or move it away, instead of giving --config, "
                                         "--listen or --ops-listen",
                                         home.config));
    }
    // A config given here is the new home's; otherwise the defaults are.
    if (!common.config.empty()) {
        GC_TRY(options.config, load_config(common.config));
    }
    if (!flags.listen.empty()) options.config.listen = flags.listen;
    if (!flags.ops_listen.empty()) options.config.ops_listen = flags.ops_listen;
    GC_TRY(const auto made, init_home(options));
    fmt::print("home       {}\nchain      {}\ngenesis    {}\nnode key   {}\nvalidator  {}\n", options.home,
               made.chain_id, base::to_hex(made.genesis_hash), base::to_hex(made.node_key), made.validator.to_text());
    if (made.faucet) fmt::print("faucet     {}\n", made.faucet->to_text());
    fmt::print("\nNext: ghostd start --home {}\n", options.home);
    return {};
}

base::Checked<void> command_keys(const Common& common) {
    GC_TRY(const auto folder, resolve_home(common.home));
    const HomeLayout home{folder};
    GC_TRY(const auto node, load_key(home.node_key));
    GC_TRY(const auto validator, load_key(home.validator_key));
    fmt::print("node       {}\n", base::to_hex(node.public_key().bytes));
    fmt::print("validator  {}  {}\n", base::to_hex(validator.public_key().bytes),
               gcrypt::address_of(validator.public_key()).to_text());
    std::error_code ignored;
    if (std::filesystem::exists(home.faucet_key, ignored)) {
        GC_TRY(const auto faucet, load_key(home.faucet_key));
        fmt::print("faucet     {}  {}\n", base::to_hex(faucet.public_key().bytes),
                   gcrypt::address_of(faucet.public_key()).to_text());
    }
    return {};
}

/// Adds `--home` and `--config` to a command; help shows them everywhere.
CLI::App* with_common(CLI::App* command, Common& common) {
    command->add_option("--home", common.home,
                        "The node's own folder (default: $GHOST_HOME/ghostd or ~/.ghost/ghostd)");
    command->add_option("--config", common.config, "Config file (default: ghostd.toml in the home)");
    return command;
}

}  // namespace

int run(int argc, char** argv) {
    CLI::App app{"ghostd, the GhostChain node: keeps the chain's state, takes transactions, makes blocks."};
    app.name("ghostd");
    app.require_subcommand(1);
    app.set_version_flag("--version", std::string{"ghostd "} + GHOST_VERSION);
    app.footer(
        "Examples:\n"
        "  ghostd init --dev            make a development chain with a faucet\n"
        "  ghostd start                 run it until Ctrl-C\n"
        "  ghostd status --json         ask the running node\n"
        "  ghostd export --verify       check everything on disk and print the state\n\n"
        "Exit codes: 0 done, 1 failed, 2 wrong usage, 3 the node cannot be reached.");
    Common common;
    std::function<int()> action;
    const auto runs = [&action](base::Checked<void> (*command)(const Common&), const Common& given) {
        return [&action, command, &given] {
            action = [command, &given] {
                const auto done = command(given);
                return done ? 0 : report(done.error());
            };
        };
    };

    InitFlags init_flags;
    auto* init = with_common(app.add_subcommand("init", "Make a home: keys, genesis, config"), common);
    init->add_flag("--dev", init_flags.dev, "A development chain: makes and funds a faucet");
    init->add_option("--chain-id", init_flags.chain_id, "The chain's name: a-z, 0-9 and hyphen")->capture_default_str();
    init->add_option("--listen", init_flags.listen, "QUIC address to write into the config, e.g. [::]:50051");
    init->add_option("--ops-listen", init_flags.ops_listen, "Metrics address to write into the config");
    init->footer("Examples:\n  ghostd init --dev\n  ghostd init --chain-id my-net-1 --home /var/lib/ghost/ghostd");
    init->callback([&] {
        action = [&] {
            const auto done = command_init(common, init_flags);
            return done ? 0 : report(done.error());
        };
    });

    auto* start = with_common(app.add_subcommand("start", "Run the node until SIGTERM or Ctrl-C"), common);
    start->footer("Example:\n  ghostd start --home /var/lib/ghost/ghostd --config /etc/ghost/ghostd.toml");
    start->callback(runs(&command_start, common));

    bool json = false;
    std::string address;
    auto* status = with_common(app.add_subcommand("status", "Ask the running node how it is"), common);
    status->add_flag("--json", json, "For programs");
    status->add_option("--address", address, "Where it listens, when the config has port 0");
    status->footer("Examples:\n  ghostd status\n  ghostd status --json | jq .finalized_height");
    status->callback([&] {
        action = [&] {
            const auto config = configure(common);
            if (!config) return report(config.error());
            return commands::status(*config, address, json);
        };
    });

    commands::GenesisFlags genesis_flags;
    auto* genesis = app.add_subcommand("genesis", "Make, change and check genesis files");
    genesis->require_subcommand(1);
    genesis->footer(
        "Examples:\n"
        "  ghostd genesis add-account ghost1… 1000 --home ./node    before the first start\n"
        "  ghostd genesis hash --file genesis.json");
    const auto add_genesis = [&](const char* name, const char* text,
                                 base::Checked<void> (*command)(const std::string&, const commands::GenesisFlags&)) {
        auto* sub = with_common(genesis->add_subcommand(name, text), common);
        sub->add_option("--file", genesis_flags.file, "The genesis file (default: genesis.json in the home)");
        sub->callback([&, command] {
            action = [&, command] {
                const auto home = resolve_home(common.home);
                if (!home) return report(home.error());
                const auto done = command(*home, genesis_flags);
                return done ? 0 : report(done.error());
            };
        });
        return sub;
    };
    auto* made = add_genesis("new", "Write a genesis with one validator and no accounts", &commands::genesis_new);
    made->add_option("--chain-id", genesis_flags.chain_id, "The chain's name")->required();
    made->add_option("--validator", genesis_flags.validator,
                     "The validator's public key, 64 hex digits (default: this "
                     "home's)");
    auto* add = add_genesis("add-account", "Give an account coins at the start", &commands::genesis_add_account);
    add->add_option("address", genesis_flags.address, "ghost1…")->required();
    add->add_option("amount", genesis_flags.amount, "In GCC, e.g. 1000 or 0.5")->required();
    add_genesis("validate", "Check a genesis file", &commands::genesis_validate);
    add_genesis("hash", "Print the hash that names the chain", &commands::genesis_hash);

    bool verify = false;
    auto* exported = with_common(
        app.add_subcommand("export", "Print the finalized state as JSON; the node must not be running"), common);
    exported->add_flag("--verify", verify,
                       "First recompute every root, sum every asset and walk every block; fail on any difference");
    exported->footer("Examples:\n  ghostd export > state.json\n  ghostd export --verify > /dev/null && echo sound");
    exported->callback([&] {
        action = [&] {
            const auto config = configure(common);
            if (!config) return report(config.error());
            const auto done = commands::export_state(*config, verify);
            return done ? 0 : report(done.error());
        };
    });

    auto* keys = app.add_subcommand("keys", "The node's keys");
    keys->require_subcommand(1);
    auto* show =
        with_common(keys->add_subcommand("show", "Print public keys and addresses; never private ones"), common);
    show->callback(runs(&command_keys, common));

    std::string shell;
    auto* completion = app.add_subcommand("completion", "Print a completion script");
    completion->add_option("shell", shell, "bash, zsh or fish")
        ->required()
        ->check(CLI::IsMember({"bash", "zsh", "fish"}));
    completion->footer("Example:\n  source <(ghostd completion bash)");
    completion->callback([&] { action = [&] { return commands::completion(shell); }; });

    try {
        app.parse(argc, argv);
    } catch (const CLI::ParseError& error) {
        return app.exit(error) == 0 ? 0 : kUsage;  // prints help, the version or what was wrong
    }
    return action ? action() : kUsage;
}

}  // namespace ghostd

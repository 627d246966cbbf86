#include "zwallet/cli.hpp"

#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <cstdio>
#include <functional>

#include "commands.hpp"
#include "commands_contract.hpp"
#include "completion.hpp"

namespace zwallet {
namespace {

constexpr const char* kFooter = R"(
Examples:
  zwallet init                                  make keys; shows 24 recovery words once
  zwallet unlock --limit 10GCC --for 15m        open the wallet for a quarter of an hour and ten coins
  zwallet send 1.5 GCC --to ghost1…             send, and watch it become final
  zwallet send 20 agcc --to ghost1… --dry-run   what it would cost
  zwallet balance --json                        proved balances, for programs
  zwallet contract deploy token.wasm …          put a contract on the chain; see contract --help
  zwallet doctor                                what is reachable, and what to do about the rest

Exit codes: 0 done, 1 failed, 2 usage, 3 locked, 4 denied, 5 rejected, 6 network, 7 insufficient funds,
8 uncertain: signed, and it may still happen.
Passwords come from the terminal, --password-fd or --password-file; never from arguments or the environment.
Manual: man zwallet)";

/// What the parser fills; lives as long as the parse.
struct Parsed {
    ConfigFlags flags;
    bool json = false;
    bool no_colour = false;
    std::string command;
    std::function<Outcome<void>(Context&)> run;

    InitOptions init;
    UnlockOptions unlock;
    SecretSource words_password;
    bool words_show = false;
    PasswordOptions password;
    std::string account_label, account_show, receive_account, balance_account, tx_id, shell;
    bool receive_plain = false;
    SendOptions send;
    FaucetOptions faucet;
    HistoryOptions history;
    ContractArguments contract;
};

void add_password_options(CLI::App& command, SecretSource& source, const std::string& name, const std::string& what) {
    auto* fd =
        command.add_option("--" + name + "-fd", source.fd, "Read " + what + " from this file descriptor (first line)")
            ->check(CLI::Range(0, 1 << 20))
            ->type_name("N");
    command.add_option("--" + name + "-file", source.file, "Read " + what + " from this file (mode 0600, first line)")
        ->type_name("FILE")
        ->excludes(fd);
}

/// A subcommand that runs `action` under the name that JSON shows.
CLI::App* add_command(CLI::App& parent, Parsed& parsed, const std::string& name, const std::string& description,
                      const std::string& full_name, std::function<Outcome<void>(Context&)> action) {
    auto* command = parent.add_subcommand(name, description);
    command->fallthrough();
    command->callback([&parsed, full_name, action = std::move(action)] {
        parsed.command = full_name;
        parsed.run = action;
    });
    return command;
}

void add_key_commands(CLI::App& app, Parsed& parsed) {
    auto* init = add_command(app, parsed, "init", "Make the keys of a new wallet, or bring them in from recovery words",
                             "init", [&](Context& context) { return run_init(context, parsed.init); });
    add_password_options(*init, parsed.init.password, "password", "the new password");
    init->add_flag("--import", parsed.init.import_words, "Ask for 24 recovery words instead of making new ones");
    init->add_option("--words-fd", parsed.init.words_fd, "Read recovery words from this file descriptor")
        ->check(CLI::Range(0, 1 << 20))
        ->type_name("N");
    init->add_flag("--passphrase", parsed.init.ask_passphrase,
                   "Ask for a BIP-39 passphrase (part of the key, not stored)");
    init->add_option("--passphrase-fd", parsed.init.passphrase_fd,
                     "Read the BIP-39 passphrase from this file descriptor")
        ->check(CLI::Range(0, 1 << 20))
        ->type_name("N");
    init->add_flag("--show-words", parsed.init.show_words,
                   "Print the words although the output is no terminal, or in --json");
    init->footer("Several secrets on one descriptor are read in order: password, words, passphrase.");

    auto* unlock = add_command(app, parsed, "unlock", "Open the wallet for a while", "unlock",
                               [&](Context& context) { return run_unlock(context, parsed.unlock); });
    add_password_options(*unlock, parsed.unlock.password, "password", "the password");
    unlock->add_option("--for", parsed.unlock.duration, "How long: 90s, 15m, 2h (walletd bounds it)")
        ->type_name("TIME");
    unlock
        ->add_option("--client", parsed.unlock.client,
                     "The one key that may spend through the bridge; this command line's by default, none for nobody")
        ->type_name("KEY");
    unlock->add_option("--account", parsed.unlock.account, "The one account to spend from; every one by default")
        ->type_name("ACCOUNT");
    unlock->add_option("--limit", parsed.unlock.limit, "The most that may be spent, fees included; no limit by default")
        ->type_name("AMOUNT");
    unlock->footer(R"(
Examples:
  zwallet unlock --for 15m                                          for this command line's own key
  zwallet unlock --client KEY --account savings --limit 10GCC --for 15m
  zwallet unlock --client none                                      for programs on this machine's socket only
Each unlock replaces the one before, and what was counted of its limit. The limit counts amounts and highest fees of
all that is signed; other assets and a contract's code are then refused. What a called contract does with assets that it
holds itself is not counted.)");

    add_command(app, parsed, "lock", "Forget the keys until the next unlock", "lock",
                [](Context& context) { return run_lock(context); });
    add_command(app, parsed, "status", "Whether the wallet is open, and what the chain says", "status",
                [](Context& context) { return run_status(context); });

    auto* words = add_command(app, parsed, "words", "Show the recovery words again", "words", [&](Context& context) {
        return run_words(context, parsed.words_password, parsed.words_show);
    });
    add_password_options(*words, parsed.words_password, "password", "the password");
    words->add_flag("--show-words", parsed.words_show, "Print them although the output is no terminal, or in --json");

    auto* password = add_command(app, parsed, "password", "Change the password", "password",
                                 [&](Context& context) { return run_password(context, parsed.password); });
    add_password_options(*password, parsed.password.password, "password", "the present password");
    add_password_options(*password, parsed.password.new_password, "new-password", "the new password");

    auto* account = app.add_subcommand("account", "Make, list and show accounts");
    account->fallthrough();
    account->require_subcommand(1);
    auto* account_new = add_command(*account, parsed, "new", "Derive the next account", "account new",
                                    [&](Context& context) { return run_account_new(context, parsed.account_label); });
    account_new->add_option("LABEL", parsed.account_label, "A name of your own for it");
    add_command(*account, parsed, "list", "All accounts", "account list",
                [](Context& context) { return run_account_list(context); });
    auto* account_show = add_command(*account, parsed, "show", "One account in full", "account show",
                                     [&](Context& context) { return run_account_show(context, parsed.account_show); });
    account_show->add_option("ACCOUNT", parsed.account_show, "Address, label or index; the first by default");

    auto* receive = add_command(
        app, parsed, "receive", "Show an address to be paid to, with a QR code", "receive",
        [&](Context& context) { return run_receive(context, parsed.receive_account, parsed.receive_plain); });
    receive->add_option("ACCOUNT", parsed.receive_account, "Address, label or index; the first by default");
    receive->add_flag("--no-qr", parsed.receive_plain, "The address alone");

    add_command(app, parsed, "identity", "This command line's public key, to be listed in the bridge and walletd",
                "identity", [](Context& context) { return run_identity(context); });
}

void add_chain_commands(CLI::App& app, Parsed& parsed) {
    auto* balance = add_command(app, parsed, "balance", "Balances, proved against a finalized block", "balance",
                                [&](Context& context) { return run_balance(context, parsed.balance_account); });
    balance->add_option("ACCOUNT", parsed.balance_account, "Address, label or index; all accounts by default");

    auto* send = add_command(app, parsed, "send", "Send coins and watch until they are final", "send",
                             [&](Context& context) { return run_send(context, parsed.send); });
    send->add_option("AMOUNT", parsed.send.amount, "1.5, \"1.5 GCC\", \"20 agcc\"; exact decimals")->required();
    send->add_option("COIN", parsed.send.coin, "GCC (default), agcc, a symbol you hold, or an asset id");
    send->add_option("--to", parsed.send.to, "Recipient's address")->required()->type_name("ADDRESS");
    send->add_option("--from", parsed.send.from, "Account: address, label or index")->type_name("ACCOUNT");
    send->add_option("--memo", parsed.send.memo, "Public text in the transaction, at most 256 bytes")
        ->type_name("TEXT");
    send->add_option("--tip", parsed.send.tip_per_gas, "agcc per gas to the block's proposer")->type_name("N");
    send->add_option("--fee-max", parsed.send.fee_max, std::string{kFeeMaxHelp})->type_name("AMOUNT");
    auto* dry_run = send->add_flag("--dry-run", parsed.send.dry_run, "Show what it would cost; sign and send nothing");
    send->add_flag("--sign", parsed.send.sign, "With --dry-run: sign it and show it; whoever has it can send it")
        ->needs(dry_run);
    send->add_flag("-y,--yes", parsed.send.yes, "Do not ask");
    send->add_flag("--accept-look-alike", parsed.send.accept_look_alike,
                   "Send although the recipient resembles an address you know");
    send->add_option("--timeout", parsed.send.timeout_s, "Seconds to watch")
        ->check(CLI::Range(1, 3600))
        ->type_name("S");
    send->footer(R"(
Examples:
  zwallet send 1.5 GCC --to ghost1…
  zwallet send 0.25 --to ghost1… --from savings --memo "invoice 17"
  zwallet send 1 --to ghost1… --fee-max 0.01 --yes --json   in a script: exit code 5 when it would cost more
  zwallet send 1 --to ghost1… --dry-run --json)");

    auto* faucet = add_command(app, parsed, "faucet", "Ask the faucet of a development chain for coins", "faucet",
                               [&](Context& context) { return run_faucet(context, parsed.faucet); });
    faucet->add_option("AMOUNT", parsed.faucet.amount, "GCC; the node's default when left out");
    faucet
        ->add_option("--to", parsed.faucet.account,
                     "Account of this wallet: address, label or index; the first by default")
        ->type_name("ACCOUNT");

    auto* history = add_command(app, parsed, "history", "Payments of an account, newest first", "history",
                                [&](Context& context) { return run_history(context, parsed.history); });
    history->add_option("ACCOUNT", parsed.history.account, "Address, label or index; the first by default");
    history->add_option("--limit", parsed.history.limit, "How many")->type_name("N");

    auto* tx = app.add_subcommand("tx", "Look at transactions");
    tx->fallthrough();
    tx->require_subcommand(1);
    auto* tx_show = add_command(*tx, parsed, "show", "State, block, fee and events of a transaction", "tx show",
                                [&](Context& context) { return run_tx_show(context, parsed.tx_id); });
    tx_show->add_option("ID", parsed.tx_id, "Transaction id, 64 hexadecimal digits")->required();

    add_command(app, parsed, "doctor", "Check everything that zwallet needs, and say what to do", "doctor",
                [](Context& context) { return run_doctor(context); });
}

/// Which arguments are not ours to print: CLI11 repeats unknown ones in its message.
int usage_error(const CLI::ParseError& error, bool json) {
    Output out{{.json = json}};
    return out.fail("usage", {ExitCode::usage, error.what(), "zwallet --help"});
}

}  // namespace

int run(int argc, const char* const* argv) {
    Parsed parsed;
    CLI::App app{
        "zwallet: the GhostChain wallet on the command line.\n"
        "Keys stay in walletd; this program asks it over its private socket, and the chain over QUIC.",
        "zwallet"};
    app.footer(kFooter);
    app.set_version_flag("--version", std::string{"zwallet "} + ZWALLET_VERSION);
    app.require_subcommand(1);
    app.add_flag("--json", parsed.json, "One JSON document on stdout (schema zwallet/1)");
    app.add_flag("--no-color", parsed.no_colour, "Plain text also on a terminal");
    app.add_option("--home", parsed.flags.home, "Instead of $GHOST_HOME (~/.ghost)")->type_name("DIR");
    app.add_option("--config", parsed.flags.config, "Instead of $GHOST_HOME/zwallet/zwallet.toml")->type_name("FILE");
    app.add_option("--bridge", parsed.flags.bridge, "GhostBridge's address")->type_name("HOST:PORT");
    app.add_option("--bridge-key", parsed.flags.bridge_key, "GhostBridge's public key")->type_name("HEX");
    app.add_option("--wallet-socket", parsed.flags.wallet_socket, "walletd's socket")->type_name("PATH");
    add_key_commands(app, parsed);
    add_chain_commands(app, parsed);
    add_contract_commands(app, parsed.contract,
                          [&parsed](CLI::App& parent, const std::string& name, const std::string& description,
                                    const std::string& full_name, std::function<Outcome<void>(Context&)> action) {
                              return add_command(parent, parsed, name, description, full_name, std::move(action));
                          });
    auto* completion = add_command(app, parsed, "completion", "A completion script for your shell", "completion",
                                   [&](Context&) -> Outcome<void> {
                                       const auto script = completion_script(app, parsed.shell);
                                       std::fputs(script->c_str(), stdout);
                                       return {};
                                   });
    completion->add_option("SHELL", parsed.shell, "bash, zsh or fish")
        ->required()
        ->check(CLI::IsMember({"bash", "zsh", "fish"}));
    completion->footer("Example: eval \"$(zwallet completion bash)\"");

    try {
        auto words = keep_lists_whole(argc, argv);
        std::ranges::reverse(words);  // as CLI11 wants them
        app.parse(std::move(words));
    } catch (const CLI::Success& success) {  // --help, --version
        return app.exit(success);
    } catch (const CLI::ParseError& error) {
        return usage_error(error, parsed.json);
    }
    Output out{{.json = parsed.json, .colour = !parsed.no_colour}};
    Context context{std::move(parsed.flags), out};
    const auto outcome = parsed.run(context);
    if (outcome) return static_cast<int>(ExitCode::ok);
    if (outcome.error().cause.empty()) return static_cast<int>(outcome.error().code);  // told already
    return out.fail(parsed.command, outcome.error());
}

}  // namespace zwallet

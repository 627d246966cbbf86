#include <CLI/CLI.hpp>

#include "commands.hpp"
#include "commands_contract.hpp"

namespace zwallet {
namespace {

/// CLI11 takes a word such as [1,2] apart. In front of the bracket this keeps the word whole; see keep_lists_whole().
constexpr char kGuard = '\x1f';
std::string unguarded(std::string word) {
    if (!word.empty() && word.front() == kGuard) word.erase(0, 1);
    return word;
}

void add_send_options(CLI::App& command, ContractSendOptions& options, bool takes_value) {
    if (takes_value) {
        command.add_option("--value", options.value, "Coins to the contract: 1.5, \"20 agcc\"")->type_name("AMOUNT");
    }
    command.add_option("--from", options.from, "Account: address, label or index")->type_name("ACCOUNT");
    command
        .add_option("--gas-limit", options.gas_limit,
                    "Most gas it may take; a trial run decides below that (default: no bound)")
        ->check(CLI::Range(std::uint64_t{1}, std::uint64_t{1} << 50))
        ->type_name("N");
    command.add_option("--fee-max", options.fee_max, std::string{kFeeMaxHelp})->type_name("AMOUNT");
    command.add_option("--memo", options.memo, "Public text in the transaction, at most 256 bytes")
        ->type_name("TEXT")
        ->transform(unguarded, "");
    command.add_flag("--dry-run", options.dry_run, "Run it on the node's state, show result and cost, send nothing");
    command.add_flag("--force", options.force, "Send although it fails in the trial run");
    command.add_flag("-y,--yes", options.yes, "Do not ask");
    command.add_option("--timeout", options.timeout_s, "Seconds to watch")->check(CLI::Range(1, 3600))->type_name("S");
}

void add_abi_option(CLI::App& command, std::string& file) {
    command.add_option("--abi", file, "Take the schema from this file (JSON or a module) instead of the chain")
        ->type_name("FILE");
}

void add_arguments(CLI::App& command, std::vector<std::string>& arguments) {
    command.add_option("ARGS", arguments, "By the schema: numbers, true/false, ghost1…, 0x…, text; JSON for the rest")
        ->transform(unguarded, "");
}

}  // namespace

std::vector<std::string> keep_lists_whole(int argc, const char* const* argv) {
    std::vector<std::string> words;
    bool in_contract = false;
    for (int i = 1; i < argc; ++i) {
        std::string word = argv[i];
        if (in_contract && word.starts_with('[')) word.insert(word.begin(), kGuard);
        in_contract = in_contract || word == "contract";
        words.push_back(std::move(word));
    }
    return words;
}

void add_contract_commands(CLI::App& app, ContractArguments& arguments, const AddCommand& add) {
    auto* contract = app.add_subcommand("contract", "Write, deploy and use contracts");
    contract->fallthrough();
    contract->require_subcommand(1);
    contract->footer(R"(
Examples:
  zwallet contract new greeter --lang c && make -C greeter
  zwallet contract deploy greeter/greeter.wasm "hello"
  zwallet contract call ghost1… set_message "good morning"
  zwallet contract query ghost1… message)");

    auto* fresh =
        add(*contract, "new", "Start a contract: source, schema, tests and SDK in a folder of its own", "contract new",
            [&arguments](Context& context) { return run_contract_new(context, arguments.fresh); });
    fresh->add_option("NAME", arguments.fresh.name, "a-z, 0-9 and _, a letter first")->required();
    fresh->add_option("--lang", arguments.fresh.language, "c, cpp or as (AssemblyScript)")
        ->check(CLI::IsMember({"c", "cpp", "as"}))
        ->type_name("LANGUAGE");
    fresh->add_option("--into", arguments.fresh.folder, "The folder to make (default: NAME)")->type_name("DIR");

    auto* deploy = add(*contract, "deploy", "Put a module on the chain and make a contract of it", "contract deploy",
                       [&arguments](Context& context) { return run_contract_deploy(context, arguments.deploy); });
    deploy->add_option("FILE", arguments.deploy.file, "WebAssembly module of the contract profile")->required();
    add_arguments(*deploy, arguments.deploy.arguments);
    add_send_options(*deploy, arguments.deploy.send, true);
    add_abi_option(*deploy, arguments.deploy.send.abi_file);
    deploy->add_option("--salt", arguments.deploy.salt, "Decides the address, with sender and code (default: random)")
        ->type_name("HEX");
    deploy->footer(R"(
Examples:
  zwallet contract deploy token.wasm "Example token" EXT 6 1000000
  zwallet contract deploy token.wasm "Example token" EXT 6 1000000 --fee-max 0.5 --yes --json
  zwallet contract deploy escrow.wasm ghost1… ghost1… --value 10 --dry-run)");

    auto* call = add(*contract, "call", "Send a message to a contract and watch until it is final", "contract call",
                     [&arguments](Context& context) { return run_contract_call(context, arguments.call); });
    call->add_option("ADDRESS", arguments.call.address, "The contract")->required();
    call->add_option("METHOD", arguments.call.method, "See: zwallet contract show ADDRESS")->required();
    add_arguments(*call, arguments.call.arguments);
    add_send_options(*call, arguments.call.send, true);
    add_abi_option(*call, arguments.call.send.abi_file);
    call->add_flag("--accept-look-alike", arguments.call.send.accept_look_alike,
                   "Call although the address resembles one that you know");
    call->footer(R"(
Examples:
  zwallet contract call ghost1… transfer ghost1… 250
  zwallet contract call ghost1… bid --value 1.5 --gas-limit 200000 --fee-max 0.01
A negative number or a text that begins with a dash follows "--".)");

    auto* upgrade =
        add(*contract, "upgrade", "Give a contract of your own other code, after the chain's delay", "contract upgrade",
            [&arguments](Context& context) { return run_contract_upgrade(context, arguments.upgrade); });
    upgrade->add_option("ADDRESS", arguments.upgrade.address, "The contract")->required();
    upgrade->add_option("FILE", arguments.upgrade.file, "WebAssembly module of the contract profile")->required();
    add_send_options(*upgrade, arguments.upgrade.send, false);

    auto* query =
        add(*contract, "query", "Ask a contract, check the proofs, run it again; costs nothing", "contract query",
            [&arguments](Context& context) { return run_contract_query(context, arguments.query); });
    query->add_option("ADDRESS", arguments.query.address, "The contract")->required();
    query->add_option("METHOD", arguments.query.method, "See: zwallet contract show ADDRESS")->required();
    add_arguments(*query, arguments.query.arguments);
    query->add_option("--from", arguments.query.from, "Ask as this account or address (default: nobody)")
        ->type_name("ACCOUNT");
    query->add_option("--value", arguments.query.value, "As if these coins came with it")->type_name("AMOUNT");
    query->add_flag("--proof", arguments.query.prove, "Also show the Merkle proofs of the records that it read");
    query->add_flag("--unverified", arguments.query.unverified,
                    "Believe the node: no walletd is needed, and nothing is checked");
    add_abi_option(*query, arguments.query.abi_file);
    query->footer(R"(
Examples:
  zwallet contract query ghost1… balance_of ghost1…
  zwallet contract query ghost1… balance_of ghost1… --proof --json
"verified" means: walletd checked a Merkle proof of every record that the run read against a header that the validators
signed, compared the code with its proved hash, and got the same answer when it ran the contract itself.)");

    auto* events = add(*contract, "events", "What a contract emitted in finalized blocks", "contract events",
                       [&arguments](Context& context) { return run_contract_events(context, arguments.events); });
    events->add_option("ADDRESS", arguments.events.address, "The contract")->required();
    events->add_option("--from", arguments.events.from_height, "First block (default: the first there is)")
        ->type_name("HEIGHT");
    events->add_flag("--follow", arguments.events.follow, "Stay, and show new ones as blocks become final");
    events->add_option("--event", arguments.events.event, "Only this event of the schema")->type_name("NAME");
    events->add_option("--limit", arguments.events.limit, "Stop after this many")
        ->check(CLI::Range(std::uint64_t{1}, std::uint64_t{1'000'000}))
        ->type_name("N");
    add_abi_option(*events, arguments.events.abi_file);
    events->footer(R"(
Examples:
  zwallet contract events ghost1… --event Transfer
  zwallet contract events ghost1… --follow --json
With --follow --json each event is a document of its own.)");

    auto* show = add(*contract, "show", "Owner, code, balance and methods of a contract", "contract show",
                     [&arguments](Context& context) { return run_contract_show(context, arguments.show); });
    show->add_option("ADDRESS", arguments.show, "The contract")->required();
}

}  // namespace zwallet

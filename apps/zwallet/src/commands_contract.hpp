#pragma once
// zwallet contract …: one function a command, and their place on the command line.

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "context.hpp"

namespace CLI {
class App;
}

namespace zwallet {

/// What a transaction with a contract message takes beside the message.
struct ContractSendOptions {
    std::string from;
    std::string value;  ///< Coins to the contract, as people type amounts.
    std::string fee_max;
    std::string memo;
    std::string abi_file;
    std::uint64_t gas_limit = 0;
    bool dry_run = false;
    bool yes = false;
    bool force = false;
    bool accept_look_alike = false;
    std::uint64_t timeout_s = 120;
};

struct ContractNewOptions {
    std::string name;
    std::string language = "c";
    std::string folder;  ///< Empty: the name, in the present folder.
};
/// Writes the template, with its own copy of the SDK. Nothing is written over.
Outcome<void> run_contract_new(Context& context, const ContractNewOptions& options);

struct ContractDeployOptions {
    std::string file;
    std::vector<std::string> arguments;
    std::string salt;  ///< 64 hexadecimal digits; empty: random.
    ContractSendOptions send;
};
Outcome<void> run_contract_deploy(Context& context, const ContractDeployOptions& options);

struct ContractCallOptions {
    std::string address;
    std::string method;
    std::vector<std::string> arguments;
    ContractSendOptions send;
};
Outcome<void> run_contract_call(Context& context, const ContractCallOptions& options);

struct ContractUpgradeOptions {
    std::string address;
    std::string file;
    ContractSendOptions send;
};
Outcome<void> run_contract_upgrade(Context& context, const ContractUpgradeOptions& options);

struct ContractQueryOptions {
    std::string address;
    std::string method;
    std::vector<std::string> arguments;
    std::string from;
    std::string value;
    std::string abi_file;
    bool prove = false;
    bool unverified = false;  ///< Ask the node alone, and believe it.
};
Outcome<void> run_contract_query(Context& context, const ContractQueryOptions& options);

struct ContractEventsOptions {
    std::string address;
    std::string event;  ///< Only this one; empty: all.
    std::string abi_file;
    std::uint64_t from_height = 0;
    std::uint64_t limit = 1000;
    bool follow = false;
};
Outcome<void> run_contract_events(Context& context, const ContractEventsOptions& options);
Outcome<void> run_contract_show(Context& context, const std::string& address);

/// Everything that the parser fills for these commands.
struct ContractArguments {
    ContractNewOptions fresh;
    ContractDeployOptions deploy;
    ContractCallOptions call;
    ContractUpgradeOptions upgrade;
    ContractQueryOptions query;
    ContractEventsOptions events;
    std::string show;
};
/// A subcommand that runs an action under the name that JSON shows: parent, name, description, full name, action.
using AddCommand = std::function<CLI::App*(CLI::App&, const std::string&, const std::string&, const std::string&,
                                           std::function<Outcome<void>(Context&)>)>;
/// The command line's words in order, with those contract arguments marked that CLI11 would take apart: "[1,2]".
std::vector<std::string> keep_lists_whole(int argc, const char* const* argv);
void add_contract_commands(CLI::App& app, ContractArguments& arguments, const AddCommand& add);

}  // namespace zwallet

#pragma once
// What the subcommands of ghostd do, without the parsing of flags.

#include <string>

#include "base/log.hpp"
#include "ghostd/config.hpp"

namespace ghostd::commands {

base::Checked<base::LogOptions> log_options(const LogConfig& config);

/// Asks the running node over QUIC with the node's own key. Prints; returns the exit code.
int status(const GhostdConfig& config, const std::string& address, bool json);

struct GenesisFlags {
    std::string file;  ///< Empty: the home's.
    std::string chain_id;
    std::string validator;
    std::string address;
    std::string amount;
};
base::Checked<void> genesis_new(const std::string& home, const GenesisFlags& flags);
base::Checked<void> genesis_add_account(const std::string& home, const GenesisFlags& flags);
base::Checked<void> genesis_validate(const std::string& home, const GenesisFlags& flags);
base::Checked<void> genesis_hash(const std::string& home, const GenesisFlags& flags);

base::Checked<void> export_state(const GhostdConfig& config, bool verify);

int completion(const std::string& shell);

}  // namespace ghostd::commands

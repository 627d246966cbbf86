#pragma once
// What every command works with: settings, output, and connections that are made when first needed.

#include <memory>
#include <optional>
#include <string>

#include "zwallet/config.hpp"
#include "zwallet/output.hpp"
#include "zwallet/secret_input.hpp"

namespace ghost::wallet::v1 {
class LocalRequest;
class LocalResponse;
class Account;
class ListAccountsResponse;
}  // namespace ghost::wallet::v1
namespace wallet_local {
class Client;
}

namespace zwallet {

class Remote;

class Context {
 public:
    Context(ConfigFlags flags, Output& output);
    ~Context();
    Context(const Context&) = delete;
    Context& operator=(const Context&) = delete;

    Output& out;

    Outcome<const Config*> config();
    /// One exchange with walletd's unix socket; a LocalError becomes a Failure with the right exit code.
    Outcome<ghost::wallet::v1::LocalResponse> ask_wallet(const ghost::wallet::v1::LocalRequest& request);
    Outcome<ghost::wallet::v1::ListAccountsResponse> accounts();
    /// By address, label or index; empty: the configured account, else the first.
    Outcome<ghost::wallet::v1::Account> find_account(const std::string& wanted);
    /// The bridge, with this command line's own identity.
    Outcome<Remote*> remote();

 private:
    /// Which walletd is ours; config() was read.
    std::string wallet_key();

    ConfigFlags flags_;
    std::optional<Config> config_;
    std::unique_ptr<wallet_local::Client> local_;
    std::unique_ptr<Remote> remote_;
};

}  // namespace zwallet

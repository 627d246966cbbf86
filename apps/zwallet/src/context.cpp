#include "context.hpp"

#include <fmt/format.h>

#include <charconv>

#include "ghost/wallet/v1/local.pb.h"
#include "remote.hpp"
#include "wallet_local/client.hpp"

namespace zwallet {
namespace {

namespace pb = ghost::wallet::v1;

std::unexpected<Failure> from_wallet(const pb::LocalError& error) {
    const auto wait_s = (error.retry_after_ms() + 999) / 1000;
    switch (error.code()) {
        case pb::LocalError::LOCKED: return give_up(ExitCode::locked, error.message(), "zwallet unlock");
        case pb::LocalError::NOT_INITIALISED: return give_up(ExitCode::locked, error.message(), "zwallet init");
        case pb::LocalError::ALREADY_INITIALISED: return give_up(ExitCode::usage, error.message(), "zwallet status");
        case pb::LocalError::WRONG_PASSWORD:
            return give_up(ExitCode::denied, error.message(), "try again; after several wrong ones you have to wait");
        case pb::LocalError::BACK_OFF:
            return give_up(ExitCode::denied, error.message(), fmt::format("wait {} s, then try again", wait_s));
        case pb::LocalError::DENIED: return give_up(ExitCode::denied, error.message());
        case pb::LocalError::INVALID: return give_up(ExitCode::usage, error.message());
        default: return give_up(ExitCode::failure, error.message(), "walletd's log has the details");
    }
}

}  // namespace

Context::Context(ConfigFlags flags, Output& output) : out{output}, flags_{std::move(flags)} {}
Context::~Context() = default;

Outcome<const Config*> Context::config() {
    if (!config_) {
        GC_TRY(config_, load_config(flags_));
    }
    return &*config_;
}

Outcome<pb::LocalResponse> Context::ask_wallet(const pb::LocalRequest& request) {
    GC_TRY(const auto* settings, config());
    if (!local_) {
        auto client = wallet_local::Client::connect({.path = settings->wallet_socket});
        if (!client) {
            const auto denied = client.error().error.is(base::Errc::permission_denied);
            return give_up(denied ? ExitCode::denied : ExitCode::network, client.error(),
                           denied ? "use the socket of your own walletd: --wallet-socket PATH" : "walletd start");
        }
        local_ = std::move(*client);
    }
    auto response = local_->call(request);
    if (!response) {
        local_.reset();
        return give_up(ExitCode::network, response.error(), "walletd status");
    }
    if (response->has_error()) return from_wallet(response->error());
    return std::move(*response);
}

Outcome<pb::ListAccountsResponse> Context::accounts() {
    pb::LocalRequest request;
    request.mutable_list_accounts();
    GC_TRY(auto response, ask_wallet(request));
    return std::move(*response.mutable_accounts());
}

Outcome<pb::Account> Context::find_account(const std::string& wanted) {
    GC_TRY(const auto* settings, config());
    GC_TRY(const auto list, accounts());
    if (list.accounts().empty()) {
        return give_up(ExitCode::locked, "the wallet has no account yet", "zwallet init");
    }
    const auto& name = wanted.empty() ? settings->account : wanted;
    if (name.empty()) return list.accounts(0);
    std::uint32_t index = 0;
    const auto [end, error] = std::from_chars(name.data(), name.data() + name.size(), index);
    const bool is_index = error == std::errc{} && end == name.data() + name.size();
    for (const auto& account : list.accounts()) {
        if (account.address() == name || account.label() == name || (is_index && account.index() == index)) {
            return account;
        }
    }
    return give_up(ExitCode::usage, fmt::format("no account is called '{}'", name), "zwallet account list");
}

std::string Context::wallet_key() {
    if (!config_->wallet_key.empty()) return config_->wallet_key;
    pb::LocalRequest request;
    request.mutable_status();
    const auto answer = ask_wallet(request);
    // No walletd of our own: whoever asks one elsewhere names its key.
    return answer ? base::to_hex(base::as_bytes(answer->status().identity_key())) : std::string{};
}

Outcome<Remote*> Context::remote() {
    if (!remote_) {
        GC_TRY(const auto* settings, config());
        GC_TRY(remote_, Remote::make(*settings, wallet_key()));
    }
    return remote_.get();
}

}  // namespace zwallet

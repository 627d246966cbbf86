#pragma once
// One function a command. Each prints its result through the context's output.

#include <cstdint>
#include <string>

#include "context.hpp"

namespace zwallet {

// Keys: over walletd's unix socket.
struct InitOptions {
    SecretSource password;
    bool import_words = false;
    int words_fd = -1;
    bool ask_passphrase = false;
    int passphrase_fd = -1;
    bool show_words = false;
};
Outcome<void> run_init(Context& context, const InitOptions& options);

struct UnlockOptions {
    SecretSource password;
    std::string duration;  ///< "90s", "15m", "2h"; empty: walletd's default.
    std::string client;    ///< Key that may spend through the bridge; empty: this command line's; "none": no one.
    std::string account;   ///< Address, label or index; empty: every account.
    std::string limit;     ///< "10GCC"; empty: no limit.
};
Outcome<void> run_unlock(Context& context, const UnlockOptions& options);
Outcome<void> run_lock(Context& context);
Outcome<void> run_status(Context& context);
Outcome<void> run_words(Context& context, const SecretSource& password, bool show_words);

struct PasswordOptions {
    SecretSource password;
    SecretSource new_password;
};
Outcome<void> run_password(Context& context, const PasswordOptions& options);
Outcome<void> run_account_new(Context& context, const std::string& label);
Outcome<void> run_account_list(Context& context);
Outcome<void> run_account_show(Context& context, const std::string& account);
Outcome<void> run_receive(Context& context, const std::string& account, bool without_qr);
Outcome<void> run_identity(Context& context);

// Chain: over QUIC to the bridge.
Outcome<void> run_balance(Context& context, const std::string& account);

/// Of --fee-max, wherever something is sent.
inline constexpr std::string_view kFeeMaxHelp = "Send nothing when the fee could be more: 0.01, \"20 agcc\"";

struct SendOptions {
    std::string amount;
    std::string coin;
    std::string to;
    std::string from;
    std::string memo;
    std::string tip_per_gas;
    std::string fee_max;  ///< As people type amounts; empty: what the preview says.
    bool dry_run = false;
    bool sign = false;  ///< With dry_run: show the signed transaction too.
    bool yes = false;
    bool accept_look_alike = false;
    std::uint64_t timeout_s = 120;
};
Outcome<void> run_send(Context& context, const SendOptions& options);

struct FaucetOptions {
    std::string amount;   ///< Empty: the node's default.
    std::string account;  ///< Address, label or index; empty: the first.
};
/// Development chains only.
Outcome<void> run_faucet(Context& context, const FaucetOptions& options);

struct HistoryOptions {
    std::string account;
    std::uint32_t limit = 20;
};
Outcome<void> run_history(Context& context, const HistoryOptions& options);
Outcome<void> run_tx_show(Context& context, const std::string& id);
Outcome<void> run_doctor(Context& context);

/// "90", "90s", "15m", "2h", "1d" in seconds, at most 30 days.
Outcome<std::uint32_t> parse_duration_s(std::string_view text);

}  // namespace zwallet

// init, unlock, lock, status, words, password, account, receive, identity: everything that stays on this machine.
#include <fmt/format.h>

#include <charconv>
#include <ctime>
#include <nlohmann/json.hpp>

#include "base/bytes.hpp"
#include "base/clock.hpp"
#include "commands.hpp"
#include "ghost/wallet/v1/local.pb.h"
#include "methods.hpp"
#include "qr.hpp"
#include "remote.hpp"
#include "sending.hpp"
#include "views.hpp"
#include "wallet_local/frame.hpp"
#include "zwallet/amount.hpp"

namespace zwallet {
namespace {

using nlohmann::json;
namespace pb = ghost::wallet::v1;

/// Wipes a string field of a message on every way out.
class Wiped {
 public:
    explicit Wiped(std::string* text) noexcept : text_{text} {}
    ~Wiped() { wallet_local::wipe(*text_); }
    Wiped(const Wiped&) = delete;
    Wiped& operator=(const Wiped&) = delete;

 private:
    std::string* text_;
};

Outcome<SecretText> ask_password(const SecretSource& source, bool is_new) {
    return read_secret(source, {.text = is_new ? "New password: " : "Password: ",
                                .repeat = is_new && source.fd < 0 && source.file.empty() ? "Again: " : "",
                                .source_option = "--password-fd"});
}

void show_words(Output& out, std::string_view words) {
    out.line("");
    out.line(out.strong("Recovery words. Write them on paper, in this order; they are the only backup of the keys."));
    int number = 0;
    std::string row;
    while (!words.empty()) {
        const auto word = words.substr(0, words.find(' '));
        row += fmt::format("{:>4}. {:<10}", ++number, word);
        if (number % 4 == 0) {
            out.line(row);
            wallet_local::wipe(row);
        }
        words.remove_prefix(std::min(words.size(), word.size() + 1));
    }
    if (!row.empty()) out.line(row);
    wallet_local::wipe(row);
    out.line("");
}

std::string local_time(std::uint64_t unix_ms) {
    const auto seconds = static_cast<std::time_t>(unix_ms / 1000);
    std::tm parts{};
    localtime_r(&seconds, &parts);
    char text[64];
    std::strftime(text, sizeof text, "%Y-%m-%d %H:%M:%S", &parts);
    return text;
}

json json_of(const pb::WalletStatus& status) {
    return {{"initialised", status.initialised()},
            {"locked", status.locked()},
            {"unlocked_until_ms", status.unlocked_until_ms()},
            {"accounts", status.accounts()},
            {"version", status.version()},
            {"back_off_ms", status.back_off_ms()},
            {"unlocked_client", base::to_hex(base::as_bytes(status.unlocked_client()))},
            {"unlocked_account", status.unlocked_account()},
            {"spend_limit", status.spend_limit()},
            {"spent", status.spent()},
            {"chain_id", status.chain_id()},
            {"genesis_hash", base::to_hex(base::as_bytes(status.genesis_hash()))},
            {"verified_height", status.verified_height()}};
}

/// The client key of an unlocking: 32 bytes, or none for this machine's socket alone.
Outcome<std::string> client_of(Context& context, const std::string& wanted) {
    if (wanted == "none") return std::string{};
    auto hex = wanted;
    if (hex.empty()) {
        GC_TRY(const auto* settings, context.config());
        GC_TRY(hex, own_public_key(*settings));
    }
    const auto key = base::fixed_from_hex<32>(hex);
    if (!key) {
        return give_up(ExitCode::usage, fmt::format("'{}' is not a client's key", printable(wanted)),
                       "64 hexadecimal digits, as zwallet identity prints them on the client's machine; or none");
    }
    return std::string{base::as_text(*key)};
}

std::string gcc_of(const std::string& agcc) {
    const auto units = base::u128_from_string(agcc);
    return units ? base::units_to_decimal(*units, kCoinDecimals) + " GCC" : printable(agcc);
}

/// "client ab12…, account ghost1…, 3 of 10 GCC left"
std::string scope_text(const pb::WalletStatus& status) {
    if (status.unlocked_client().empty()) return "for this machine only; no client may spend through the bridge";
    auto text = fmt::format(
        "for client {}, {}", base::to_hex(base::as_bytes(status.unlocked_client())),
        status.unlocked_account().empty() ? "every account" : "account " + printable(status.unlocked_account()));
    if (status.spend_limit().empty()) return text + ", without a limit";
    return text + fmt::format(", up to {} with fees ({} spent)", gcc_of(status.spend_limit()), gcc_of(status.spent()));
}

}  // namespace

Outcome<std::uint32_t> parse_duration_s(std::string_view text) {
    constexpr std::uint64_t kMax = 30 * 86400;
    std::uint64_t number = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
    const std::string_view unit{end, static_cast<std::size_t>(text.data() + text.size() - end)};
    const std::uint64_t scale = unit.empty() || unit == "s" ? 1
                                : unit == "m"               ? 60
                                : unit == "h"               ? 3600
                                : unit == "d"               ? 86400
                                                            : 0;
    if (error != std::errc{} || scale == 0 || number == 0 || number > kMax / scale) {
        return give_up(ExitCode::usage, fmt::format("'{}' is not a duration", text),
                       "write it like 90s, 15m or 2h; at most 30d");
    }
    return static_cast<std::uint32_t>(number * scale);
}

Outcome<void> run_init(Context& context, const InitOptions& options) {
    auto& out = context.out;
    // Ask walletd first: nobody should type a password for nothing.
    pb::LocalRequest status;
    status.mutable_status();
    GC_TRY(const auto before, context.ask_wallet(status));
    if (before.status().initialised()) {
        return give_up(ExitCode::usage, "this wallet has keys already; init would not replace them", "zwallet status");
    }
    pb::LocalRequest request;
    auto* init = request.mutable_init();
    const Wiped wipe_password{init->mutable_password()};
    const Wiped wipe_words{init->mutable_words()};
    const Wiped wipe_passphrase{init->mutable_passphrase()};
    GC_TRY(const auto password, ask_password(options.password, true));
    init->set_password(password.text());
    if (options.import_words || options.words_fd >= 0) {
        GC_TRY(const auto words, read_secret({.fd = options.words_fd}, {.text = "Recovery words (24, one line): ",
                                                                        .source_option = "--words-fd"}));
        init->set_words(words.text());
    }
    if (options.ask_passphrase || options.passphrase_fd >= 0) {
        GC_TRY(const auto passphrase,
               read_secret({.fd = options.passphrase_fd}, {.text = "BIP-39 passphrase: ",
                                                           .repeat = options.passphrase_fd < 0 ? "Again: " : "",
                                                           .source_option = "--passphrase-fd",
                                                           .may_be_empty = true}));
        init->set_passphrase(passphrase.text());
    }
    GC_TRY(*init->mutable_client(), client_of(context, ""));
    out.progress("deriving the key from the password …");
    GC_TRY(auto response, context.ask_wallet(request));
    auto* made = response.mutable_init();
    const Wiped wipe_made{made->mutable_words()};

    json document{{"account", json_of(made->account())}};
    if (!made->words().empty()) {
        if (out.json() && options.show_words) {
            document["words"] = made->words();
        } else if (!out.json() && (out.stdout_is_terminal() || options.show_words)) {
            show_words(out, made->words());
        } else {
            out.warn(
                "the recovery words were not shown, because the output is not a terminal; see them with: zwallet "
                "words");
        }
    }
    out.line(fmt::format("Wallet made and unlocked. Account 0: {}", out.strong(made->account().address())));
    out.document("init", document);
    return {};
}

Outcome<void> run_unlock(Context& context, const UnlockOptions& options) {
    pb::LocalRequest request;
    auto* unlock = request.mutable_unlock();
    const Wiped wipe_password{unlock->mutable_password()};
    if (!options.duration.empty()) {
        GC_TRY(const auto seconds, parse_duration_s(options.duration));
        unlock->set_timeout_s(seconds);
    }
    GC_TRY(*unlock->mutable_client(), client_of(context, options.client));
    unlock->set_account(options.account);
    GC_TRY(*unlock->mutable_limit(), agcc_of(options.limit, "limits"));
    GC_TRY(const auto password, ask_password(options.password, false));
    unlock->set_password(password.text());
    GC_TRY(const auto response, context.ask_wallet(request));
    context.out.line(fmt::format("Unlocked until {}, {}.", local_time(response.status().unlocked_until_ms()),
                                 scope_text(response.status())));
    context.out.document("unlock", json_of(response.status()));
    return {};
}

Outcome<void> run_lock(Context& context) {
    pb::LocalRequest request;
    request.mutable_lock();
    GC_TRY(const auto response, context.ask_wallet(request));
    context.out.line("Locked.");
    context.out.document("lock", {{"locked", true}});
    return {};
}

Outcome<void> run_status(Context& context) {
    auto& out = context.out;
    pb::LocalRequest request;
    request.mutable_status();
    GC_TRY(const auto response, context.ask_wallet(request));
    const auto& status = response.status();
    json document = json_of(status);
    out.field("wallet", !status.initialised() ? "not initialised; next: zwallet init"
                        : status.locked()     ? "locked; next: zwallet unlock"
                                          : fmt::format("unlocked until {}", local_time(status.unlocked_until_ms())));
    if (!status.locked()) out.field("unlocked", scope_text(status));
    if (status.back_off_ms() > 0) out.field("back-off", fmt::format("{} s", (status.back_off_ms() + 999) / 1000));
    out.field("accounts", fmt::format("{}", status.accounts()));
    out.field("walletd", printable(status.version()));

    // The node is a remark here; `doctor` is the command that fails because of it.
    auto node = [&]() -> Outcome<chain::Status> {
        GC_TRY(auto* remote, context.remote());
        return remote->call(kChainStatus, chain::GetStatusRequest{});
    }();
    if (node) {
        out.field("chain", fmt::format("{} at height {}, final {} ms ago", printable(node->chain_id()),
                                       node->finalized_height(), node->finality_age_ms()));
        document["node"] = json_of(*node);
    } else {
        out.field("chain", fmt::format("not reachable: {}; next: zwallet doctor", printable(node.error().cause)));
        document["node"] = {{"error", printable(node.error().cause)}};
    }
    out.document("status", document);
    return {};
}

Outcome<void> run_words(Context& context, const SecretSource& source, bool show) {
    auto& out = context.out;
    if (!show && (out.json() || !out.stdout_is_terminal())) {
        return give_up(ExitCode::usage, "recovery words are shown on a terminal only",
                       "zwallet words --show-words prints them elsewhere");
    }
    pb::LocalRequest request;
    auto* ask = request.mutable_export_words();
    const Wiped wipe_password{ask->mutable_password()};
    GC_TRY(const auto password, ask_password(source, false));
    ask->set_password(password.text());
    GC_TRY(auto response, context.ask_wallet(request));
    auto* words = response.mutable_export_words()->mutable_words();
    const Wiped wipe_words{words};
    show_words(out, *words);
    out.document("words", {{"words", *words}});
    return {};
}

Outcome<void> run_password(Context& context, const PasswordOptions& options) {
    pb::LocalRequest request;
    auto* change = request.mutable_change_password();
    const Wiped wipe_old{change->mutable_old_password()};
    const Wiped wipe_new{change->mutable_new_password()};
    GC_TRY(const auto before, ask_password(options.password, false));
    change->set_old_password(before.text());
    GC_TRY(const auto after, ask_password(options.new_password, true));
    change->set_new_password(after.text());
    GC_TRY(const auto response, context.ask_wallet(request));
    context.out.line("The password is changed. The recovery words stay the same.");
    context.out.document("password", {{"changed", true}});
    return {};
}

Outcome<void> run_account_new(Context& context, const std::string& label) {
    pb::LocalRequest request;
    request.mutable_create_account()->set_label(label);
    GC_TRY(const auto response, context.ask_wallet(request));
    context.out.line(describe(response.account()));
    context.out.document("account new", {{"account", json_of(response.account())}});
    return {};
}

Outcome<void> run_account_list(Context& context) {
    GC_TRY(const auto list, context.accounts());
    json accounts = json::array();
    for (const auto& account : list.accounts()) {
        context.out.line(describe(account));
        accounts.push_back(json_of(account));
    }
    if (list.accounts().empty()) context.out.note("no account yet; next: zwallet init");
    context.out.document("account list", {{"accounts", std::move(accounts)}});
    return {};
}

Outcome<void> run_account_show(Context& context, const std::string& wanted) {
    GC_TRY(const auto account, context.find_account(wanted));
    auto& out = context.out;
    out.field("address", account.address());
    out.field("index", fmt::format("{}", account.index()));
    out.field("label", account.label().empty() ? "-" : printable(account.label()));
    out.field("path", printable(account.path()));
    out.field("public key", base::to_hex(base::as_bytes(account.public_key())));
    out.field("created", local_time(account.created_ms()));
    out.document("account show", {{"account", json_of(account)}});
    return {};
}

Outcome<void> run_receive(Context& context, const std::string& wanted, bool without_qr) {
    GC_TRY(const auto account, context.find_account(wanted));
    auto& out = context.out;
    if (!without_qr && !out.json() && out.stdout_is_terminal()) {
        for (const auto& line : qr_lines(account.address())) out.line(line);
    }
    out.line(account.address());
    out.document("receive", {{"account", json_of(account)}});
    return {};
}

Outcome<void> run_identity(Context& context) {
    GC_TRY(const auto* settings, context.config());
    GC_TRY(const auto key, own_public_key(*settings));
    context.out.line(key);
    context.out.document("identity", {{"public_key", key}, {"file", settings->home + "/identity.pem"}});
    return {};
}

}  // namespace zwallet

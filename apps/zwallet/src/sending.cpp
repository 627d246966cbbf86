#include "sending.hpp"

#include <iostream>

#include "zwallet/amount.hpp"

namespace zwallet {

Outcome<std::string> agcc_of(const std::string& text, std::string_view what) {
    if (text.empty()) return std::string{};
    const auto parsed = parse_amount(text);
    if (!parsed) return give_up(ExitCode::usage, parsed.error());
    if (!parsed->is_gcc()) return give_up(ExitCode::usage, fmt::format("'{}': {} take GCC only", text, what));
    const auto units = to_units(*parsed, kCoinDecimals);
    if (!units) return give_up(ExitCode::usage, units.error());
    return base::to_string(*units);
}

bool confirmed(Output& out, std::string_view question) {
    if (out.json() || !out.can_ask()) return true;
    std::cerr << question << " [y/N] " << std::flush;
    std::string answer;
    std::getline(std::cin, answer);
    return answer == "y" || answer == "Y" || answer == "yes";
}

void show_progress(Output& out, const chain::TransactionReceipt& receipt) {
    const auto id = hex(receipt.tx_id()).substr(0, 16);
    if (receipt.height() > 0) {
        out.progress(fmt::format("{}… {} in block {}", id, state_name(receipt), receipt.height()));
    } else {
        out.progress(fmt::format("{}… {}", id, state_name(receipt)));
    }
}

Failure failure_of(const Watched& watched, std::string_view why) {
    const auto id = hex(watched.receipt.tx_id());
    if (watched.may_happen_until == 0) {
        return {ExitCode::rejected, fmt::format("transaction {} did not succeed: {}", id, why),
                fmt::format("zwallet tx show {}", id)};
    }
    return {.code = ExitCode::uncertain,
            .cause = fmt::format("the node calls transaction {} {} ({}), but it may still happen until block {}", id,
                                 state_name(watched.receipt), why, watched.may_happen_until),
            .next = std::string{kWhatToDo},
            .tx_id = id,
            .may_happen_until = watched.may_happen_until};
}

void warn_instead_of(Output& out, const wallet::SendProgress& preview) {
    for (const auto& open : preview.instead_of()) {
        out.warn(fmt::format("an earlier transaction may happen instead of this one, only one of them can:\n  {}",
                             describe(open)));
    }
}

nlohmann::json json_of_instead_of(const wallet::SendProgress& preview) {
    auto out = nlohmann::json::array();
    for (const auto& open : preview.instead_of()) out.push_back(json_of(open));
    return out;
}

}  // namespace zwallet

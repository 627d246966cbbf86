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

}  // namespace zwallet

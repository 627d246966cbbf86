#include "sending.hpp"

#include <iostream>

namespace zwallet {

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

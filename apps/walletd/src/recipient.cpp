#include "recipient.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "walletd/trust.hpp"

namespace walletd {

base::Checked<std::vector<Recipient>> look_at_recipients(Keystore& keystore, Journal& journal,
                                                         const std::vector<std::string>& to) {
    auto known = journal.recipients();
    if (!known) return explained(known.error());
    std::vector<std::string> own;
    for (const auto& account : keystore.accounts()) own.push_back(account.address.to_text());
    std::vector<Recipient> out;
    for (const auto& address : to) {
        auto& recipient = out.emplace_back();
        // The list has the latest only; the file knows all.
        const auto sent_before = journal.knows_recipient(address);
        if (!sent_before) return explained(sent_before.error());
        recipient.first_time = !*sent_before && std::ranges::find(own, address) == own.end();
        if (*sent_before) continue;
        for (const auto* list : {&own, &*known}) {
            for (const auto& other : *list) {
                if (looks_alike(other, address)) recipient.looks_like = other;
            }
        }
    }
    return out;
}

base::Diagnostic imitates(std::string_view known) {
    return base::explain(
               Errc::look_alike,
               fmt::format("the recipient resembles {}, which this wallet knows, but is another address", known))
        .error();
}

}  // namespace walletd

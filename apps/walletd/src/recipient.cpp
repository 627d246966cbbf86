#include "recipient.hpp"

#include "walletd/trust.hpp"

namespace walletd {

base::Checked<Recipient> look_at_recipient(Keystore& keystore, Journal& journal, const std::string& to) {
    Recipient out;
    const auto known = journal.knows_recipient(to);
    if (!known) return explained(known.error());
    out.first_time = !*known;
    if (*known) return out;
    for (const auto& own : keystore.accounts()) {
        if (own.address.to_text() == to) out.first_time = false;
        if (looks_alike(own.address.to_text(), to)) out.looks_like = own.address.to_text();
    }
    const auto recipients = journal.recipients();
    if (!recipients) return explained(recipients.error());
    for (const auto& recipient : *recipients) {
        if (looks_alike(recipient, to)) out.looks_like = recipient;
    }
    return out;
}

}  // namespace walletd

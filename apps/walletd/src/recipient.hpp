#pragma once
// Address poisoning: is a recipient one that this wallet knows, or only made to look like one?

#include <string>

#include "walletd/journal.hpp"
#include "walletd/keystore.hpp"

namespace walletd {

struct Recipient {
    bool first_time = true;  ///< Neither sent to before nor an account of this wallet.
    std::string looks_like;  ///< The known address that it resembles; empty when none, or when it is known itself.
};
/// Blocks on the wallet file. `to` is an address in its one spelling.
base::Checked<Recipient> look_at_recipient(Keystore& keystore, Journal& journal, const std::string& to);

}  // namespace walletd

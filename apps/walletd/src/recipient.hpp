#pragma once
// Address poisoning: is a recipient one that this wallet knows, or only made to look like one?

#include <string>
#include <vector>

#include "walletd/journal.hpp"
#include "walletd/keystore.hpp"

namespace walletd {

struct Recipient {
    bool first_time = true;  ///< Neither sent to before nor an account of this wallet.
    std::string looks_like;  ///< The known address that it resembles; empty when none, or when it is known itself.
};
/// One answer for each address of `to`, in its order. Blocks on the wallet file. Addresses in their one spelling.
base::Checked<std::vector<Recipient>> look_at_recipients(Keystore& keystore, Journal& journal,
                                                         const std::vector<std::string>& to);
/// `look_alike`
base::Diagnostic imitates(std::string_view known);

}  // namespace walletd

#pragma once
// What a caller wants sent, checked for form: the messages of a transaction and the caller's bounds. Payments and
// contract messages become the same thing here, so that one operation (send_operation.cpp) carries out both.

#include <optional>
#include <string>
#include <vector>

#include "ghost/wallet/v1/wallet.pb.h"
#include "ledger/types.hpp"
#include "rpc/status.hpp"

namespace walletd {

namespace wallet = ghost::wallet::v1;

struct SendOrder {
    std::string from;               ///< Address, label or index; empty: account 0.
    std::vector<ledger::Msg> msgs;  ///< Exactly one.
    std::string memo;
    std::optional<ledger::Amount> tip_per_gas;
    std::optional<ledger::Amount> fee_max;  ///< What is signed never allows a higher fee.
    bool dry_run = false;
    bool sign = false;  ///< With dry_run: the caller wants the signed transaction.
    bool accept_look_alike = false;
    std::optional<base::Digest> client;  ///< Who asked, proved.

    /// Compared with the addresses that the wallet knows; empty for a deploy, which goes to nobody.
    std::string recipient;
    ledger::AssetId asset;  ///< What leaves the account beside the fee.
    ledger::Amount amount{};

    // Contract messages only.
    bool is_contract = false;
    std::uint64_t gas_max = 0;  ///< 0: no bound of the caller's.
    bool accept_failure = false;
};

/// INVALID_ARGUMENT says what is wrong, naming the field.
rpc::StatusOr<SendOrder> order_of(const wallet::SendRequest& request);
rpc::StatusOr<SendOrder> order_of(const wallet::SendContractRequest& request);

}  // namespace walletd

#pragma once
// The longer operations of the wallet service. Each is an object that lives until its call is answered or cancelled.

#include "core.hpp"
#include "ghost/wallet/v1/wallet.pb.h"
#include "rpc/call.hpp"
#include "send_order.hpp"

namespace walletd {

/// Balances, each proved against one finalized header.
void start_balance(Core& core, rpc::CallContext& call, wallet::BalanceRequest request,
                   rpc::Responder<wallet::Balance> done);
/// Builds, signs, submits and follows a transaction. What cannot be ordered ends the stream at once.
void start_send(Core& core, rpc::CallContext& call, rpc::StatusOr<SendOrder> order,
                rpc::ServerStream<wallet::SendProgress> out);
/// The node's index of the account's transactions, as seen from the account.
void start_history(Core& core, rpc::CallContext& call, wallet::HistoryRequest request,
                   rpc::Responder<wallet::HistoryResponse> done);
/// What may still happen: the journal, without what a proof of this moment shows to be over.
void start_open(Core& core, rpc::CallContext& call, const wallet::OpenRequest& request,
                rpc::Responder<wallet::OpenTransactions> done);
/// Runs a contract on the node, checks what it proves and runs it again here.
void start_query(Core& core, rpc::CallContext& call, chain::CallContractRequest request,
                 rpc::Responder<wallet::ContractAnswer> done);
/// What a contract is, from its proved record and the code that this names.
void start_contract(Core& core, rpc::CallContext& call, const chain::ContractRequest& request,
                    rpc::Responder<wallet::ContractInfo> done);

wallet::OpenTransaction open_message(const JournalEntry& entry, const AccountInfo& account);
wallet::Account account_message(const AccountInfo& account);
wallet::WalletStatus status_message(Keystore& keystore);
/// Signs what a caller brings. No client: the local socket.
base::Checked<wallet::Signature> sign_message(Signer& signer, const wallet::SignRequest& request,
                                              const ledger::ChainBinding& chain,
                                              const std::optional<base::Digest>& client);
/// INVALID for a client that is no key or a limit that is no number, `unknown_account`. Empty fields: see UnlockScope.
struct ScopeFields {
    std::string_view client;   ///< 32 bytes.
    std::string_view account;  ///< Address, label or index.
    std::string_view limit;    ///< agcc
};
base::Checked<UnlockScope> scope_of(Keystore& keystore, const ScopeFields& fields);
/// What a receipt means for `address`: one entry for each transfer in or out.
std::vector<wallet::HistoryEntry> history_entries(const chain::TransactionReceipt& receipt, const std::string& address);

}  // namespace walletd

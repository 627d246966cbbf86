#include "service.hpp"

#include <fmt/format.h>

namespace walletd {
namespace {

constexpr rpc::UnaryMethod<wallet::CreateAccountRequest, wallet::Account> kCreateAccount{
    "/ghost.wallet.v1.WalletService/CreateAccount"};
constexpr rpc::UnaryMethod<wallet::SignRequest, wallet::Signature> kSignTransaction{
    "/ghost.wallet.v1.WalletService/SignTransaction"};
constexpr rpc::UnaryMethod<wallet::BalanceRequest, wallet::Balance> kGetBalance{
    "/ghost.wallet.v1.WalletService/GetBalance"};
constexpr rpc::UnaryMethod<wallet::ListAccountsRequest, wallet::ListAccountsResponse> kListAccounts{
    "/ghost.wallet.v1.WalletService/ListAccounts"};
constexpr rpc::ServerStreamMethod<wallet::SendRequest, wallet::SendProgress> kSend{
    "/ghost.wallet.v1.WalletService/Send"};
constexpr rpc::ServerStreamMethod<wallet::SendContractRequest, wallet::SendProgress> kSendContract{
    "/ghost.wallet.v1.WalletService/SendContract"};
constexpr rpc::UnaryMethod<chain::CallContractRequest, wallet::ContractAnswer> kQueryContract{
    "/ghost.wallet.v1.WalletService/QueryContract"};
constexpr rpc::UnaryMethod<chain::ContractRequest, wallet::ContractInfo> kGetContract{
    "/ghost.wallet.v1.WalletService/GetContract"};
constexpr rpc::UnaryMethod<wallet::HistoryRequest, wallet::HistoryResponse> kGetHistory{
    "/ghost.wallet.v1.WalletService/GetHistory"};
constexpr rpc::UnaryMethod<wallet::OpenRequest, wallet::OpenTransactions> kGetOpen{
    "/ghost.wallet.v1.WalletService/GetOpenTransactions"};
constexpr rpc::UnaryMethod<wallet::WalletStatusRequest, wallet::WalletStatus> kGetStatus{
    "/ghost.wallet.v1.WalletService/GetStatus"};

/// Runs `work` on the wallet lane and answers with its result.
template <typename Res>
void answer(Core& core, std::move_only_function<base::Checked<Res>()> work, rpc::Responder<Res> done) {
    auto responder = std::make_shared<rpc::Responder<Res>>(std::move(done));
    core.offload_call<Res>(kWalletLane, std::move(work), [responder](base::Checked<Res> result) {
        if (result) {
            responder->respond(*result);
        } else {
            responder->fail(status_for(result.error()));
        }
    });
}

void get_status(Core& core, rpc::CallContext& call, rpc::Responder<wallet::WalletStatus> done) {
    struct Operation {
        rpc::Responder<wallet::WalletStatus> done;
        wallet::WalletStatus status;
        rpc::CallHandle handle;
        bool stopped = false;
    };
    auto operation = std::make_shared<Operation>(Operation{.done = std::move(done), .status = {}, .handle = {}});
    call.on_cancel([weak = std::weak_ptr{operation}] {
        if (const auto alive = weak.lock()) {
            alive->stopped = true;
            alive->handle = {};
        }
    });
    core.offload_call<wallet::WalletStatus>(
        kWalletLane,
        [&keystore = core.keystore]() -> base::Checked<wallet::WalletStatus> { return status_message(keystore); },
        [&core, operation](base::Checked<wallet::WalletStatus> status) {
            if (operation->stopped) return;
            if (!status) return operation->done.fail(status_for(status.error()));
            operation->status = std::move(*status);
            operation->status.set_identity_key(std::string{base::as_text(core.identity_key)});
            operation->handle = reach_chain(core, [&core, operation](rpc::StatusOr<chain::Status> node) {
                auto& out = operation->status;
                out.set_node_reachable(node.has_value());
                if (!node) out.set_node_error(node.error().message);
                out.set_verified_height(core.verified_height);
                if (core.trust.chain) {
                    out.set_chain_id(core.trust.chain->chain_id);
                    out.set_genesis_hash(std::string{base::as_text(core.trust.chain->genesis_hash)});
                }
                operation->done.respond(out);
            });
        });
}

}  // namespace

wallet::Account account_message(const AccountInfo& account) {
    wallet::Account out;
    out.set_index(account.index);
    out.set_address(account.address.to_text());
    out.set_public_key(std::string{base::as_text(account.public_key.bytes)});
    out.set_label(account.label);
    out.set_path(account.path);
    out.set_created_ms(account.created_ms);
    return out;
}

wallet::WalletStatus status_message(Keystore& keystore) {
    const auto status = keystore.status();
    wallet::WalletStatus out;
    out.set_initialised(status.initialised);
    out.set_locked(status.locked);
    out.set_unlocked_until_ms(status.unlocked_until_ms);
    out.set_accounts(status.accounts);
    out.set_back_off_ms(status.back_off_ms);
    if (status.scope.client) out.set_unlocked_client(std::string{base::as_text(*status.scope.client)});
    if (status.scope.account) {
        if (const auto account = keystore.find(std::to_string(*status.scope.account)))
            out.set_unlocked_account(account->address.to_text());
    }
    if (status.scope.limit) out.set_spend_limit(base::to_string(*status.scope.limit));
    if (!status.locked) out.set_spent(base::to_string(status.spent));
    out.set_version(kVersion);
    return out;
}

void add_wallet_service(rpc::Server& server, Core& core, Access& access) {
    ProvenMethods methods{server, access};
    methods.add(kCreateAccount,
                [&core](rpc::CallContext&, const base::Digest&, const wallet::CreateAccountRequest& request,
                        rpc::Responder<wallet::Account> done) {
                    answer<wallet::Account>(
                        core,
                        [&keystore = core.keystore, label = request.label()]() -> base::Checked<wallet::Account> {
                            GC_TRY(const auto account, keystore.create_account(label));
                            return account_message(account);
                        },
                        std::move(done));
                });
    methods.add(kSignTransaction, [&core](rpc::CallContext&, const base::Digest& caller, wallet::SignRequest request,
                                          rpc::Responder<wallet::Signature> done) {
        if (!core.trust.chain) {
            return done.fail(rpc::StatusCode::failed_precondition,
                             "rejected: this wallet does not know its chain yet; connect it to a node first");
        }
        answer<wallet::Signature>(
            core,
            [&core, request = std::move(request), chain = *core.trust.chain, caller]()
                -> base::Checked<wallet::Signature> { return sign_message(core.signer, request, chain, caller); },
            std::move(done));
    });
    methods.add(kGetBalance, [&core](rpc::CallContext& call, const base::Digest&, wallet::BalanceRequest request,
                                     rpc::Responder<wallet::Balance> done) {
        start_balance(core, call, std::move(request), std::move(done));
    });
    methods.add(kListAccounts, [&core](rpc::CallContext&, const base::Digest&, const wallet::ListAccountsRequest&,
                                       rpc::Responder<wallet::ListAccountsResponse> done) {
        answer<wallet::ListAccountsResponse>(
            core,
            [&keystore = core.keystore]() -> base::Checked<wallet::ListAccountsResponse> {
                wallet::ListAccountsResponse out;
                for (const auto& account : keystore.accounts()) *out.add_accounts() = account_message(account);
                return out;
            },
            std::move(done));
    });
    methods.add(kSend, [&core](rpc::CallContext& call, const base::Digest& caller, const wallet::SendRequest& request,
                               rpc::ServerStream<wallet::SendProgress> out) {
        auto order = order_of(request);
        if (order) order->client = caller;
        start_send(core, call, std::move(order), std::move(out));
    });
    methods.add(kSendContract,
                [&core](rpc::CallContext& call, const base::Digest& caller, const wallet::SendContractRequest& request,
                        rpc::ServerStream<wallet::SendProgress> out) {
                    auto order = order_of(request);
                    if (order) order->client = caller;
                    start_send(core, call, std::move(order), std::move(out));
                });
    methods.add(kQueryContract, [&core](rpc::CallContext& call, const base::Digest&, chain::CallContractRequest request,
                                        rpc::Responder<wallet::ContractAnswer> done) {
        start_query(core, call, std::move(request), std::move(done));
    });
    methods.add(
        kGetContract,
        [&core](rpc::CallContext& call, const base::Digest&, const chain::ContractRequest& request,
                rpc::Responder<wallet::ContractInfo> done) { start_contract(core, call, request, std::move(done)); });
    methods.add(kGetHistory, [&core](rpc::CallContext& call, const base::Digest&, wallet::HistoryRequest request,
                                     rpc::Responder<wallet::HistoryResponse> done) {
        start_history(core, call, std::move(request), std::move(done));
    });
    methods.add(kGetOpen, [&core](rpc::CallContext& call, const base::Digest&, const wallet::OpenRequest& request,
                                  rpc::Responder<wallet::OpenTransactions> done) {
        start_open(core, call, request, std::move(done));
    });
    methods.add(kGetStatus,
                [&core](rpc::CallContext& call, const base::Digest&, const wallet::WalletStatusRequest&,
                        rpc::Responder<wallet::WalletStatus> done) { get_status(core, call, std::move(done)); });
}

base::Checked<UnlockScope> scope_of(Keystore& keystore, const ScopeFields& fields) {
    UnlockScope scope;
    if (!fields.client.empty()) {
        const auto client = base::to_fixed<32>(base::as_bytes(fields.client));
        if (!client) return base::explain(base::Errc::invalid_argument, "a client's key has 32 bytes");
        scope.client = *client;
    }
    if (!fields.account.empty()) {
        GC_TRY(const auto account, keystore.find(fields.account));
        scope.account = account.index;
    }
    if (!fields.limit.empty()) {
        const auto limit = base::u128_from_string(fields.limit);
        if (!limit) return base::explain(base::Errc::invalid_argument, "the limit is a number of agcc");
        scope.limit = *limit;
    }
    return scope;
}

base::Checked<wallet::Signature> sign_message(Signer& signer, const wallet::SignRequest& request,
                                              const ledger::ChainBinding& chain,
                                              const std::optional<base::Digest>& client) {
    SignOrder order{.chain = chain,
                    .account = request.account(),
                    .client = client,
                    .fee_max = {},
                    .accept_look_alike = request.accept_look_alike()};
    if (!request.fee_max().empty()) {
        const auto fee_max = base::u128_from_string(request.fee_max());
        if (!fee_max) return base::explain(base::Errc::invalid_argument, "the highest fee is a number of agcc");
        order.fee_max = *fee_max;
    }
    GC_TRY(const auto signed_tx, signer.sign(base::as_bytes(request.unsigned_tx()), order));
    wallet::Signature out;
    out.set_signature(std::string{base::as_text(signed_tx.tx.auth.signature)});
    out.set_public_key(std::string{base::as_text(signed_tx.tx.auth.public_key)});
    out.set_scheme(static_cast<std::uint32_t>(signed_tx.tx.auth.scheme));
    out.set_signed_tx(std::string{base::as_text(signed_tx.raw)});
    out.set_tx_id(std::string{base::as_text(signed_tx.id)});
    return out;
}

}  // namespace walletd

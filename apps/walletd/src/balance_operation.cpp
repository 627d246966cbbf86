// account list ─▶ reach chain ─▶ for each account: GetAccount (which assets) ─▶ GetProof of the nonce, of each balance
// and of each asset's record, all at the height of the first proof.
#include <fmt/format.h>

#include "ledger/state.hpp"
#include "operations.hpp"

namespace walletd {
namespace {

constexpr std::size_t kAccountsMax = 256;
constexpr int kAssetsMax = 64;  ///< Of one account; a node must not make us ask for ever.

class BalanceOperation : public std::enable_shared_from_this<BalanceOperation> {
 public:
    BalanceOperation(Core& core, rpc::Responder<wallet::Balance> done) : core_{core}, done_{std::move(done)} {}

    void start(std::string wanted) {
        core_.offload_call<std::vector<AccountInfo>>(
            kWalletLane,
            [&keystore = core_.keystore, wanted = std::move(wanted)]() -> base::Checked<std::vector<AccountInfo>> {
                if (wanted.empty()) {
                    auto all = keystore.accounts();
                    if (all.empty()) return base::explain(Errc::not_initialised, "this wallet has no keys yet");
                    return all;
                }
                GC_TRY(auto account, keystore.find(wanted));
                return std::vector<AccountInfo>{std::move(account)};
            },
            [self = shared_from_this()](base::Checked<std::vector<AccountInfo>> accounts) {
                if (self->stopped_) return;
                if (!accounts) return self->fail(status_for(accounts.error()));
                if (accounts->size() > kAccountsMax) {
                    return self->fail({rpc::StatusCode::resource_exhausted,
                                       fmt::format("more than {} accounts; ask for one at a time", kAccountsMax)});
                }
                self->accounts_ = std::move(*accounts);
                self->reach();
            });
    }
    void stop() {
        stopped_ = true;
        call_ = {};
    }

 private:
    void reach() {
        call_ = reach_chain(core_, [self = shared_from_this()](rpc::StatusOr<chain::Status> status) {
            if (!status) return self->fail(std::move(status).error());
            self->height_min_ = proof_height_min(self->core_, *status);
            self->next_account();
        });
    }

    void next_account() {
        if (result_.accounts_size() == static_cast<int>(accounts_.size())) return finish();
        const auto& account = accounts_[static_cast<std::size_t>(result_.accounts_size())];
        chain::AccountRequest request;
        request.set_address(account.address.to_text());
        call_ =
            core_.node.call(kChainAccount, request, [self = shared_from_this()](rpc::StatusOr<chain::Account> listed) {
                if (!listed) return self->fail(std::move(listed).error());
                self->list_assets(*listed);
            });
    }

    /// GCC always; the node's word counts only for which other assets to ask proofs of.
    void list_assets(const chain::Account& listed) {
        const auto& account = accounts_[static_cast<std::size_t>(result_.accounts_size())];
        auto* entry = result_.add_accounts();
        entry->set_address(account.address.to_text());
        entry->set_label(account.label);
        entry->set_verified(true);
        assets_.assign(1, ledger::kGcc);
        for (const auto& balance : listed.balances()) {
            const auto id = base::to_fixed<32>(base::as_bytes(balance.asset_id()));
            if (id && ledger::AssetId{*id} != ledger::kGcc && assets_.size() < kAssetsMax) assets_.push_back({*id});
        }
        prove(base::to_bytes(std::string_view{ledger::account_key(account.address)}), [this](const Proved& proved) {
            if (!proved.value) return next_asset();
            const auto record = ledger::decode_account(*proved.value);
            if (!record) return fail(status_for(base::fail(Errc::bad_proof, "account record").error()));
            current().set_nonce(record->nonce);
            next_asset();
        });
    }

    void next_asset() {
        const auto at = static_cast<std::size_t>(current().balances_size());
        if (at == assets_.size()) return next_account();
        const auto& account = accounts_[static_cast<std::size_t>(result_.accounts_size()) - 1];
        prove(base::to_bytes(std::string_view{ledger::balance_key(account.address, assets_[at])}),
              [this, at](const Proved& proved) {
                  auto* balance = current().add_balances();
                  balance->set_amount("0");
                  if (proved.value) {
                      const auto amount = ledger::decode_amount(*proved.value);
                      if (!amount) return fail(status_for(base::fail(Errc::bad_proof, "balance record").error()));
                      balance->set_amount(base::to_string(*amount));
                  }
                  if (assets_[at] == ledger::kGcc) {
                      balance->set_symbol(std::string{ledger::kGccSymbol});
                      balance->set_decimals(ledger::kGccDecimals);
                      return next_asset();
                  }
                  balance->set_asset_id(std::string{base::as_text(assets_[at].bytes)});
                  name_asset(at);
              });
    }

    /// Symbol and decimals are state too: a node that lied about decimals would change what an amount means.
    void name_asset(std::size_t at) {
        prove(base::to_bytes(std::string_view{ledger::asset_key(assets_[at])}), [this](const Proved& proved) {
            auto& balance = *current().mutable_balances(current().balances_size() - 1);
            if (!proved.value) return fail(status_for(base::fail(Errc::bad_proof, "asset without a record").error()));
            const auto asset = ledger::decode_asset(*proved.value);
            if (!asset) return fail(status_for(base::fail(Errc::bad_proof, "asset record").error()));
            balance.set_symbol(asset->symbol);
            balance.set_decimals(asset->decimals);
            next_asset();
        });
    }

    void prove(base::Bytes key, std::move_only_function<void(const Proved&)> next) {
        call_ = walletd::prove(
            core_, std::move(key), {.height = result_.height(), .height_min = height_min_},
            [self = shared_from_this(), next = std::move(next)](rpc::StatusOr<Proved> proved) mutable {
                if (!proved) return self->fail(std::move(proved).error());
                // All proofs of one answer are about one block.
                if (self->result_.height() != 0 && self->result_.height() != proved->height) {
                    return self->fail(status_for(base::fail(Errc::bad_proof, "proofs of different blocks").error()));
                }
                self->result_.set_height(proved->height);
                if (!proved->final) self->current().set_verified(false);
                next(*proved);
            });
    }

    wallet::AccountBalance& current() { return *result_.mutable_accounts(result_.accounts_size() - 1); }
    void fail(rpc::Status status) {
        stopped_ = true;
        done_.fail(std::move(status));
    }
    void finish() { done_.respond(result_); }

    Core& core_;
    rpc::Responder<wallet::Balance> done_;
    rpc::CallHandle call_;
    std::vector<AccountInfo> accounts_;
    std::vector<ledger::AssetId> assets_;  ///< Of the account at hand.
    wallet::Balance result_;
    std::uint64_t height_min_ = 0;
    bool stopped_ = false;
};

}  // namespace

void start_balance(Core& core, rpc::CallContext& call, wallet::BalanceRequest request,
                   rpc::Responder<wallet::Balance> done) {
    auto operation = std::make_shared<BalanceOperation>(core, std::move(done));
    call.on_cancel([weak = std::weak_ptr{operation}] {
        if (const auto alive = weak.lock()) alive->stop();
    });
    operation->start(std::move(*request.mutable_account()));
}

}  // namespace walletd

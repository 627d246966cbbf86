// account (wallet lane) ─▶ chain status ─▶ proof of its nonce ─▶ the journal, without what that shows to be over
// (wallet lane). When the node cannot be reached or proves nothing, the journal as it is.
#include "ledger/codec.hpp"
#include "ledger/state.hpp"
#include "operations.hpp"

namespace walletd {
namespace {

class OpenOperation : public std::enable_shared_from_this<OpenOperation> {
 public:
    OpenOperation(Core& core, rpc::Responder<wallet::OpenTransactions> done) : core_{core}, done_{std::move(done)} {}

    void start(const wallet::OpenRequest& request) {
        if (!request.tx_id().empty()) {
            const auto id = base::to_fixed<32>(base::as_bytes(request.tx_id()));
            if (!id) return done_.fail(rpc::StatusCode::invalid_argument, "a transaction id has 32 bytes");
            wanted_ = *id;
        }
        auto find = [&core = core_, account = request.account(),
                     wanted = wanted_]() -> base::Checked<std::optional<AccountInfo>> {
            if (!wanted) {
                GC_TRY(auto found, core.keystore.find(account));
                return found;
            }
            const auto index = core.journal.account_of(*wanted);
            if (!index) return explained(index.error());
            if (!*index) return std::nullopt;
            GC_TRY(auto found, core.keystore.find(std::to_string(**index)));
            return found;
        };
        core_.offload_call<std::optional<AccountInfo>>(
            kWalletLane, std::move(find),
            [self = shared_from_this()](base::Checked<std::optional<AccountInfo>> account) {
                if (self->stopped_) return;
                if (!account) return self->done_.fail(status_for(account.error()));
                if (!*account) return self->done_.respond(self->result_);
                self->account_ = std::move(**account);
                self->reach();
            });
    }
    void stop() {
        stopped_ = true;
        call_ = {};
    }

 private:
    void reach() {
        if (core_.trust.validators.empty()) return read({});
        call_ = reach_chain(core_, [self = shared_from_this()](rpc::StatusOr<chain::Status> status) {
            if (!status) return self->read({});
            self->ask_proof(*status);
        });
    }

    void ask_proof(const chain::Status& status) {
        call_ = prove(core_, base::to_bytes(std::string_view{ledger::account_key(account_.address)}),
                      {.height = 0, .height_min = proof_height_min(core_, status)},
                      [self = shared_from_this()](rpc::StatusOr<Proved> proved) {
                          if (!proved || !proved->final) return self->read({});
                          ledger::Account record;
                          if (proved->value) {
                              const auto decoded = ledger::decode_account(*proved->value);
                              if (!decoded) return self->read({});
                              record = *decoded;
                          }
                          self->result_.set_proved(true);
                          self->result_.set_height(proved->height);
                          self->read({.account = 0,
                                      .finalized_nonce = record.nonce,
                                      .finalized_height = proved->height,
                                      .proved = true});
                      });
    }

    void read(Journal::Horizon horizon) {
        horizon.account = account_.index;
        core_.offload_call<std::vector<JournalEntry>>(
            kWalletLane,
            [&journal = core_.journal, horizon]() -> base::Checked<std::vector<JournalEntry>> {
                auto entries = horizon.proved ? journal.open_entries(horizon) : journal.entries(horizon.account);
                if (!entries) return explained(entries.error());
                return std::move(*entries);
            },
            [self = shared_from_this()](base::Checked<std::vector<JournalEntry>> entries) {
                if (self->stopped_) return;
                if (!entries) return self->done_.fail(status_for(entries.error()));
                for (const auto& entry : *entries) {
                    if (!self->wanted_ || entry.tx_id == *self->wanted_)
                        *self->result_.add_transactions() = open_message(entry, self->account_);
                }
                self->done_.respond(self->result_);
            });
    }

    Core& core_;
    rpc::Responder<wallet::OpenTransactions> done_;
    rpc::CallHandle call_;
    std::optional<base::Digest> wanted_;
    AccountInfo account_;
    wallet::OpenTransactions result_;
    bool stopped_ = false;
};

}  // namespace

wallet::OpenTransaction open_message(const JournalEntry& entry, const AccountInfo& account) {
    wallet::OpenTransaction out;
    out.set_tx_id(std::string{base::as_text(entry.tx_id)});
    out.set_from(account.address.to_text());
    out.set_nonce(entry.nonce);
    out.set_valid_until_height(entry.valid_until);
    out.set_state(std::string{to_string(entry.standing)});
    out.set_reason(entry.reason);
    out.set_to(entry.recipient);
    out.set_amount(entry.amount);
    out.set_asset_id(std::string{base::as_text(entry.asset)});
    out.set_sent_ms(entry.sent_ms);
    return out;
}

void start_open(Core& core, rpc::CallContext& call, const wallet::OpenRequest& request,
                rpc::Responder<wallet::OpenTransactions> done) {
    auto operation = std::make_shared<OpenOperation>(core, std::move(done));
    call.on_cancel([weak = std::weak_ptr{operation}] {
        if (const auto alive = weak.lock()) alive->stop();
    });
    operation->start(request);
}

}  // namespace walletd

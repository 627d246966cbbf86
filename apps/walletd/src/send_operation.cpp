// account, recipient (wallet lane) ─▶ chain status ─▶ the account's turn ─▶ account, proof of its nonce ─▶ nonce ─▶ fee
// ─▶ sign and journal (wallet lane) ─▶ submit ─▶ the next one's turn; follow until final or given up
//
// Nothing else of the account is sent between choosing a nonce and the node's answer to it: one that fails leaves no
// gap. Nonces that the node calls taken, and that neither a proof nor the journal knows of, are waited for: those of
// another wallet with the same key become final and are proved, those that the node made up never do. What a node
// refuses or drops stays in the journal, and its nonce is the next one's: of the two only one can happen. A dry run
// takes no turn and reserves nothing. It ends with the fee, of a contract message with a trial run; it is signed only
// when the caller wants just that.
#include <fmt/format.h>

#include "gcc_text.hpp"
#include "io/timer.hpp"
#include "ledger/codec.hpp"
#include "ledger/state.hpp"
#include "operations.hpp"
#include "recipient.hpp"
#include "send_fee.hpp"

namespace walletd {
namespace {

constexpr std::uint64_t kRetryNs = 300'000'000;
constexpr std::uint64_t kProbeGas = 1'000'000;  ///< Stands in for the limit that the estimate gives.

/// Code in a transaction and events of a trial run can be larger than what a stream holds back (256 KiB).
constexpr std::size_t kProgressPartMax = 96 * 1024;
constexpr std::size_t kInsteadOfMax = 20;  ///< Of one nonce, shown beside a new transaction.

struct Prepared {
    AccountInfo account;
    Recipient recipient;
};

base::Checked<Prepared> prepare(Keystore& keystore, Journal& journal, const std::string& from, const std::string& to) {
    Prepared prepared;
    GC_TRY(prepared.account, keystore.find(from));
    if (keystore.status().locked) return base::explain(Errc::locked, "the wallet is locked");
    prepared.recipient.first_time = false;
    if (to.empty()) return prepared;  // A deploy: there is nobody to take for somebody else.
    GC_TRY(auto recipients, look_at_recipients(keystore, journal, {to}));
    prepared.recipient = std::move(recipients.front());
    return prepared;
}

std::unexpected<base::Diagnostic> unjournaled(const base::Error& error) {
    if (!error.is(base::Errc::overloaded)) return explained(error);
    return base::explain(base::Errc::overloaded,
                         fmt::format("{} transactions of this account may still happen; wait until some are over "
                                     "(zwallet history names them)",
                                     kOpenEntriesMax));
}

class SendOperation : public std::enable_shared_from_this<SendOperation> {
 public:
    SendOperation(Core& core, SendOrder order, rpc::ServerStream<wallet::SendProgress> out)
        : core_{core}, order_{std::move(order)}, out_{std::move(out)}, retry_{core.reactor, [this] { go_on(); }} {
        ++core_.sends;
    }
    ~SendOperation() {
        --core_.sends;
        leave_turn();
    }

    void start() {
        core_.offload_call<Prepared>(
            kWalletLane,
            [&core = core_, from = order_.from, to = order_.recipient] {
                return prepare(core.keystore, core.journal, from, to);
            },
            [self = shared_from_this()](base::Checked<Prepared> prepared) {
                if (self->stopped_) return;
                if (!prepared) return self->fail(status_for(prepared.error()));
                self->prepared_ = std::move(*prepared);
                const auto& order = self->order_;
                const bool may_look_alike = order.dry_run ? !order.sign : order.accept_look_alike;
                if (!self->prepared_.recipient.looks_like.empty() && !may_look_alike) {
                    return self->fail(status_for(imitates(self->prepared_.recipient.looks_like)));
                }
                self->reach();
            });
    }
    /// The caller has left. What the node is being told is told to the end: only its answer says whether the nonce is
    /// free.
    void stop() {
        stopped_ = true;
        stream_ = {};
        retry_.cancel();
        self_.reset();
        if (submitting_) return;
        call_ = {};
        leave_turn();
    }

 private:
    void reach() {
        call_ = reach_chain(core_, [self = shared_from_this()](rpc::StatusOr<chain::Status> status) {
            if (!status) return self->fail(std::move(status).error());
            if (!status->accepting() && !status->not_accepting_reason().empty()) {
                return self->fail({rpc::StatusCode::unavailable,
                                   fmt::format("the node takes no transactions: {}", status->not_accepting_reason())});
            }
            self->height_ = status->finalized_height();
            self->height_min_ = proof_height_min(self->core_, *status);
            self->wait_until_ns_ = self->core_.reactor.now_ns() + self->core_.config.foreign_nonce_wait_ms * 1'000'000;
            if (self->order_.dry_run) return self->ask_account();
            self->turn_ = self->core_.turns.join(self->prepared_.account.index, [self] { self->ask_account(); });
        });
    }

    void ask_account() {
        chain::AccountRequest request;
        request.set_address(prepared_.account.address.to_text());
        call_ =
            core_.node.call(kChainAccount, request, [self = shared_from_this()](rpc::StatusOr<chain::Account> account) {
                if (!account) return self->fail(std::move(account).error());
                self->node_account_ = std::move(*account);
                self->learn_nonce();
            });
    }

    /// What is forgotten for good (journal rows) or never gone back on (finalized_nonces) needs a proof, unless no
    /// validators are known.
    void learn_nonce() {
        if (core_.trust.validators.empty()) return read_journal(node_account_.nonce(), height_);
        call_ =
            prove(core_, base::to_bytes(std::string_view{ledger::account_key(prepared_.account.address)}),
                  {.height = 0, .height_min = height_min_}, [self = shared_from_this()](rpc::StatusOr<Proved> proved) {
                      if (!proved) return self->fail(std::move(proved).error());
                      // A chain without a block yet: nothing of it is final, and nothing is old.
                      if (!proved->final) {
                          self->height_ = 0;  // the node's word for it is not one
                          return self->read_journal(0, 0);
                      }
                      ledger::Account record;
                      if (proved->value) {
                          const auto decoded = ledger::decode_account(*proved->value);
                          if (!decoded) return self->fail(status_for(base::fail(Errc::bad_proof, "account").error()));
                          record = *decoded;
                      }
                      self->height_ = proved->height;
                      self->read_journal(record.nonce, proved->height);
                  });
    }

    void read_journal(std::uint64_t finalized_nonce, std::uint64_t finalized_height) {
        note_finalized(finalized_nonce);
        const Journal::Horizon horizon{.account = prepared_.account.index,
                                       .finalized_nonce = finalized_nonce,
                                       .finalized_height = finalized_height,
                                       .proved = !core_.trust.validators.empty()};
        core_.offload_call<std::vector<JournalEntry>>(
            kWalletLane,
            [&journal = core_.journal, horizon]() -> base::Checked<std::vector<JournalEntry>> {
                auto entries = journal.open_entries(horizon);
                if (!entries) return explained(entries.error());
                return std::move(*entries);
            },
            [self = shared_from_this()](base::Checked<std::vector<JournalEntry>> entries) {
                if (self->stopped_) return;
                if (!entries) return self->fail(status_for(entries.error()));
                self->choose_nonce(*entries);
            });
    }

    void choose_nonce(const std::vector<JournalEntry>& entries) {
        const auto finalized = core_.finalized_nonces[prepared_.account.index];
        const auto pending = std::max(node_account_.pending_nonce(), finalized);
        const auto known = next_nonce(finalized, entries);
        const bool provable = !core_.trust.validators.empty();
        const bool signs = !order_.dry_run || order_.sign;
        if (provable && signs && pending > known) return wait_for_others(known, pending, entries);
        nonce_ = provable ? known : next_nonce(pending, entries);
        if (!order_.dry_run) give_back(entries, pending);
        for (const auto& entry : entries) {
            if (entry.nonce == nonce_ && instead_of_.size() < kInsteadOfMax)
                instead_of_.push_back(open_message(entry, prepared_.account));
        }
        estimate();
    }

    /// The turn is kept: whoever comes next would wait for the same. Everybody asks once more, also who has waited long
    /// for the turn: what came before is perhaps just becoming final.
    void wait_for_others(std::uint64_t known, std::uint64_t pending, const std::vector<JournalEntry>& entries) {
        if (!std::exchange(asked_again_, true) || core_.reactor.now_ns() < wait_until_ns_) {
            self_ = shared_from_this();  // nothing else holds this while the timer runs
            return retry_.arm_after(kRetryNs);
        }
        const auto uncertain = std::ranges::find(entries, known, &JournalEntry::nonce);
        const auto whose = uncertain == entries.end()
                               ? std::string{"another wallet with the same key has transactions under way"}
                               : fmt::format("the transaction {}, which may still happen until block {}, is under way",
                                             base::to_hex(uncertain->tx_id), uncertain->valid_until);
        fail(
            {rpc::StatusCode::failed_precondition,
             fmt::format("rejected: the node calls {} the next nonce of {}, but only those below {} are proved or this "
                         "wallet's own: {}, or the node is wrong; try again when they are final",
                         pending, prepared_.account.address.to_text(), known, whose)});
    }

    /// A node that was restarted has an empty mempool: it gets what it had taken, or ours would wait for ever.
    void give_back(const std::vector<JournalEntry>& entries, std::uint64_t pending) {
        for (const auto& entry : entries) {
            if (entry.standing != Standing::accepted || entry.nonce < pending || entry.nonce > nonce_) continue;
            chain::Transaction again;
            again.set_raw(std::string{base::as_text(entry.raw)});
            core_.node.call(kChainSubmit, again, [](rpc::StatusOr<chain::TransactionReceipt>) {}).detach();
        }
    }

    void estimate() {
        const auto expiry = expiry_height(height_, core_.config);
        if (!expiry) return fail(expiry.error());
        tx_ = ledger::Tx{.version = ledger::kTxVersion,
                         .genesis_hash = core_.trust.chain->genesis_hash,
                         .sender = prepared_.account.address,
                         .nonce = nonce_,
                         .valid_until_height = *expiry,
                         .gas_limit = 0,
                         .max_fee_per_gas = 0,
                         .tip_per_gas = 0,
                         .msgs = std::move(order_.msgs),
                         .memo = order_.memo};
        name_contract();
        ledger::SignedTx unsigned_tx{.tx = tx_, .auth = {}};
        unsigned_tx.tx.gas_limit = kProbeGas;
        unsigned_tx.auth.public_key = prepared_.account.public_key.bytes;
        chain::EstimateFeeRequest request;
        request.set_raw(std::string{base::as_text(ledger::encode(unsigned_tx))});
        call_ = core_.node.call(kChainEstimate, request,
                                [self = shared_from_this()](rpc::StatusOr<chain::FeeEstimate> fee) {
                                    if (!fee) return self->fail(std::move(fee).error());
                                    self->apply_fee(*fee);
                                });
    }

    void apply_fee(const chain::FeeEstimate& fee) {
        const auto chosen = choose_fee(order_, fee, core_.config);
        if (!chosen) return fail(chosen.error());
        tx_.gas_limit = chosen->gas_limit;
        tx_.tip_per_gas = chosen->tip_per_gas;
        tx_.max_fee_per_gas = chosen->max_fee_per_gas;
        max_fee_ = chosen->max_fee;
        if (!check_funds()) return;
        if (order_.is_contract && order_.dry_run) return try_out();
        if (!fee.error().empty() && !order_.accept_failure) {
            return fail({rpc::StatusCode::failed_precondition,
                         fmt::format("rejected: it fails in a trial run: {}", fee.error())});
        }
        sign_or_describe();
    }

    /// Known before anything is sent: also a deploy's address follows from what is sent.
    void name_contract() {
        if (!order_.is_contract) return;
        const auto* deploy = std::get_if<ledger::ContractDeploy>(&tx_.msgs.front());
        contract_ = deploy
                        ? ledger::contract_address(tx_.sender, deploy->salt, ledger::code_hash(deploy->code)).to_text()
                        : order_.recipient;
    }

    /// With the very limit that it would be sent with.
    void try_out() {
        chain::SimulateRequest request;
        request.set_unsigned_tx(std::string{base::as_text(ledger::encode(tx_))});
        call_ = core_.node.call(kChainSimulate, request,
                                [self = shared_from_this()](rpc::StatusOr<chain::SimulateResponse> trial) {
                                    if (!trial) return self->fail(std::move(trial).error());
                                    self->trial_ = std::move(*trial);
                                    self->sign_or_describe();
                                });
    }

    [[nodiscard]] ledger::Amount listed_balance(const ledger::AssetId& asset) const {
        for (const auto& balance : node_account_.balances()) {
            const auto id = balance.asset_id().empty() ? std::string(32, '\0') : balance.asset_id();
            if (base::equal(base::as_bytes(id), asset.bytes))
                return base::u128_from_string(balance.amount()).value_or(0);
        }
        return 0;
    }

    bool check_funds() {
        const bool is_gcc = order_.asset == ledger::kGcc;
        const auto total = base::checked_add(is_gcc ? order_.amount : 0, max_fee_);
        const auto gcc = listed_balance(ledger::kGcc);
        const auto short_of = [this](std::string text) {
            fail({rpc::StatusCode::failed_precondition, "insufficient_funds: " + std::move(text)});
            return false;
        };
        if (!total || gcc < *total) {
            return short_of(fmt::format("{} holds {}; this takes up to {} with the fee",
                                        prepared_.account.address.to_text(), gcc_text(gcc),
                                        total ? gcc_text(*total) : "more than exists"));
        }
        max_total_ = *total;
        if (!is_gcc && listed_balance(order_.asset) < order_.amount) {
            return short_of(fmt::format("{} holds too little of that asset", prepared_.account.address.to_text()));
        }
        return true;
    }

    /// Whoever has a signed transaction can submit it: before the caller has agreed there is none.
    void sign_or_describe() {
        if (order_.dry_run && !order_.sign) return describe();
        sign();
    }

    void describe() {
        chain::TransactionReceipt receipt;
        receipt.set_tx_id(std::string{base::as_text(ledger::tx_id(tx_))});
        report(std::move(receipt));
        out_.finish();
    }

    [[nodiscard]] JournalEntry journal_entry() const {
        const bool is_gcc = order_.asset == ledger::kGcc;
        return {.nonce = tx_.nonce,
                .valid_until = tx_.valid_until_height,
                .sent_ms = base::system_clock().unix_ms(),
                .recipient = order_.is_contract ? contract_ : order_.recipient,
                .amount = base::to_string(order_.amount),
                .asset = is_gcc ? base::Bytes{} : base::to_bytes(base::ByteView{order_.asset.bytes})};
    }

    void sign() {
        core_.offload_call<SignedTransaction>(
            kWalletLane,
            [&core = core_, raw = ledger::encode(tx_), chain = *core_.trust.chain, index = prepared_.account.index,
             client = order_.client, fee_max = order_.fee_max, dry_run = order_.dry_run,
             // A signed preview is for nobody who has looked: never for a look-alike.
             accept_look_alike = order_.accept_look_alike && !order_.dry_run,
             entry = journal_entry()]() mutable -> base::Checked<SignedTransaction> {
                GC_TRY(auto signed_tx, core.signer.sign(raw, {.chain = chain,
                                                              .account = {},
                                                              .client = client,
                                                              .fee_max = fee_max,
                                                              .accept_look_alike = accept_look_alike}));
                if (dry_run) return signed_tx;
                entry.account = index;
                entry.tx_id = signed_tx.id;
                entry.raw = signed_tx.raw;
                if (auto written = core.journal.put(entry); !written) return unjournaled(written.error());
                return signed_tx;
            },
            [self = shared_from_this()](base::Checked<SignedTransaction> signed_tx) {
                if (self->stopped_) return;
                if (!signed_tx) return self->fail(status_for(signed_tx.error()));
                self->signed_.emplace(std::move(*signed_tx));
                if (self->order_.dry_run) return self->describe();
                self->submit();
            });
    }

    void submit() {
        chain::Transaction transaction;
        transaction.set_raw(std::string{base::as_text(signed_->raw)});
        submitting_ = true;
        call_ = core_.node.call(kChainSubmit, transaction,
                                [self = shared_from_this()](rpc::StatusOr<chain::TransactionReceipt> receipt) {
                                    self->submitting_ = false;
                                    if (!receipt && receipt.error().code != rpc::StatusCode::already_exists) {
                                        return self->not_submitted(receipt.error());
                                    }
                                    chain::TransactionReceipt accepted;
                                    accepted.set_state(chain::TX_STATE_PENDING);
                                    if (receipt) accepted = std::move(*receipt);
                                    accepted.set_tx_id(std::string{base::as_text(self->signed_->id)});
                                    self->report(std::move(accepted));
                                    self->accepted();
                                });
    }

    /// A refusal is a word that nobody has to keep to. The nonce is free for another transaction that cannot happen
    /// beside this one; this one stays in the journal.
    void not_submitted(const rpc::Status& status) {
        switch (status.code) {
            case rpc::StatusCode::invalid_argument:
            case rpc::StatusCode::failed_precondition:
            case rpc::StatusCode::resource_exhausted:
            case rpc::StatusCode::permission_denied:
            case rpc::StatusCode::unimplemented:
                return doubt(Standing::refused, status.message,
                             {rpc::StatusCode::failed_precondition,
                              fmt::format("uncertain: the node refuses it: {}; {}", status.message, still())});
            default: return doubt(Standing::unknown, {}, {status.code, fmt::format("{}; {}", status.message, still())});
        }
    }
    [[nodiscard]] std::string still() const {
        return fmt::format("the outcome is unknown: transaction {} may still happen until block {}",
                           base::to_hex(signed_->id), tx_.valid_until_height);
    }
    /// First on disk, then told. A status that is OK: the receipt says it.
    void doubt(Standing standing, std::string reason, rpc::Status status) {
        stopped_ = true;  // nothing more that the node says is looked at
        auto note = [&journal = core_.journal, id = signed_->id, standing, reason] {
            return journal.note(id, standing, reason);
        };
        in_lane(std::move(note), [self = shared_from_this(), standing, reason, status = std::move(status)]() mutable {
            chain::TransactionReceipt receipt;
            receipt.set_tx_id(std::string{base::as_text(self->signed_->id)});
            receipt.set_state(standing == Standing::dropped ? chain::TX_STATE_DROPPED : chain::TX_STATE_UNKNOWN);
            receipt.set_error(std::move(reason));
            if (!self->out_.finished()) self->report(std::move(receipt));
            self->out_.finish(std::move(status));
            self->end();
        });
    }

    void accepted() {
        // A contract of our own is known from its deploy on.
        in_lane([&journal = core_.journal, id = signed_->id, to = order_.is_contract ? contract_ : order_.recipient,
                 now_ms = base::system_clock().unix_ms()]() -> base::Result<void> {
            GC_CHECK(journal.note(id, Standing::accepted));
            return journal.note_recipient(to, now_ms);
        });
        leave_turn();
        if (stopped_) return;
        give_up_ns_ = core_.reactor.now_ns() + core_.config.finality_timeout_ms * 1'000'000;
        follow();
    }

    /// What the timer was armed for.
    void go_on() {
        if (signed_) return follow();
        const auto self = std::exchange(self_, nullptr);
        ask_account();
    }

    void follow() {
        const auto now = core_.reactor.now_ns();
        if (now >= give_up_ns_) {
            return fail({rpc::StatusCode::deadline_exceeded,
                         fmt::format("the node took it, but it is not final yet; {}", still())});
        }
        chain::TransactionRequest request;
        request.set_tx_id(std::string{base::as_text(signed_->id)});
        // The stream's callbacks hold this operation, and it holds the stream: the end of either breaks the circle.
        self_ = shared_from_this();
        stream_ = core_.node.follow(request, give_up_ns_ - now);
        stream_.for_each([this](chain::TransactionReceipt receipt) { on_receipt(std::move(receipt)); },
                         [this](const rpc::Status&) {
                             // The bridge or the node went away: ask again until the time is over.
                             if (!stopped_ && !out_.finished()) retry_.arm_after(kRetryNs);
                         });
    }

    void on_receipt(chain::TransactionReceipt receipt) {
        if (stopped_ || out_.finished()) return;
        receipt.set_tx_id(std::string{base::as_text(signed_->id)});
        const auto state = receipt.state();
        if (state == chain::TX_STATE_UNKNOWN || state == chain::TX_STATE_UNSPECIFIED) return;
        if (state == chain::TX_STATE_DROPPED) return doubt(Standing::dropped, receipt.error(), {});
        if (state != last_state_) report(std::move(receipt));
        if (state != chain::TX_STATE_FINALIZED) return;
        // Finality is the node's word here: where it can be proved, the journal keeps the nonce until it is.
        if (core_.trust.validators.empty()) {
            note_finalized(nonce_ + 1);
            in_lane([&journal = core_.journal, id = signed_->id] { return journal.remove(id); });
        }
        out_.finish();
        end();
    }

    void report(chain::TransactionReceipt receipt) {
        last_state_ = receipt.state();
        wallet::SendProgress progress;
        *progress.mutable_receipt() = std::move(receipt);
        if (signed_ && last_state_ != chain::TX_STATE_FINALIZED) progress.set_may_happen_until(tx_.valid_until_height);
        if (!std::exchange(reported_, true)) {
            if (signed_ && signed_->raw.size() <= kProgressPartMax) {
                progress.set_raw(std::string{base::as_text(signed_->raw)});
            }
            progress.set_max_fee(base::to_string(max_fee_));
            progress.set_max_total(base::to_string(max_total_));
            progress.set_from(prepared_.account.address.to_text());
            progress.set_first_time_recipient(prepared_.recipient.first_time);
            progress.set_looks_like(prepared_.recipient.looks_like);
            progress.set_contract(contract_);
            progress.set_gas_limit(tx_.gas_limit);
            const auto& own_id = progress.receipt().tx_id();
            for (auto& open : instead_of_) {
                if (open.tx_id() != own_id) *progress.add_instead_of() = std::move(open);
            }
            if (trial_) {
                if (trial_->ByteSizeLong() > kProgressPartMax) trial_->clear_events();
                *progress.mutable_trial() = *std::move(trial_);
            }
        }
        // A handful of small messages: the buffer cannot be full, and a caller who left is told by on_cancel.
        (void)out_.write(progress);
    }

    /// `then` also when the work failed: the log says so.
    void in_lane(std::move_only_function<base::Result<void>()> work, std::move_only_function<void()> then = [] {}) {
        core_.offload_call<void>(
            kWalletLane,
            [work = std::move(work)]() mutable -> base::Checked<void> {
                if (auto done = work(); !done) return explained(done.error());
                return {};
            },
            [&log = core_.log, then = std::move(then)](base::Checked<void> done) mutable {
                if (!done) log.error("the journal could not be written", {{"error", done.error()}});
                then();
            });
    }

    void note_finalized(std::uint64_t nonce) {
        auto& known = core_.finalized_nonces[prepared_.account.index];
        known = std::max(known, nonce);
    }
    void leave_turn() {
        if (const auto turn = std::exchange(turn_, std::nullopt)) core_.turns.leave(prepared_.account.index, *turn);
    }
    void fail(rpc::Status status) {
        out_.finish(std::move(status));
        end();
    }
    /// Lets go of itself in a later turn: the caller may be one of its own callbacks.
    void end() {
        stopped_ = true;
        retry_.cancel();
        leave_turn();
        core_.reactor.defer([self = shared_from_this()] {
            self->call_ = {};
            self->stream_ = {};
            self->self_.reset();
        });
    }

    Core& core_;
    SendOrder order_;
    rpc::ServerStream<wallet::SendProgress> out_;
    io::Timer retry_;
    rpc::CallHandle call_;
    rpc::ClientStream<chain::TransactionRequest, chain::TransactionReceipt> stream_;
    std::shared_ptr<SendOperation> self_;
    Prepared prepared_;
    chain::Account node_account_;
    std::uint64_t nonce_ = 0;
    std::vector<wallet::OpenTransaction> instead_of_;  ///< Open ones with this nonce.
    std::optional<AccountTurns::Ticket> turn_;
    ledger::Tx tx_;
    std::string contract_;  ///< Of a contract message: called, upgraded or made by it.
    std::optional<chain::SimulateResponse> trial_;
    std::optional<SignedTransaction> signed_;
    ledger::Amount max_fee_ = 0;
    ledger::Amount max_total_ = 0;
    std::uint64_t height_ = 0;         ///< Of the newest finalized block.
    std::uint64_t height_min_ = 0;     ///< Of a proof.
    std::uint64_t wait_until_ns_ = 0;  ///< For nonces that others used.
    std::uint64_t give_up_ns_ = 0;
    chain::TxState last_state_ = chain::TX_STATE_UNSPECIFIED;
    bool asked_again_ = false;  ///< For the account and its proof, because of others' nonces.
    bool reported_ = false;
    bool submitting_ = false;  ///< The node has not answered yet.
    bool stopped_ = false;
};

}  // namespace

void start_send(Core& core, rpc::CallContext& call, rpc::StatusOr<SendOrder> order,
                rpc::ServerStream<wallet::SendProgress> out) {
    if (!order) return out.finish(std::move(order).error());
    if (core.sends >= core.config.sends_max) {
        return out.finish({rpc::StatusCode::resource_exhausted,
                           fmt::format("{} sends are under way; wait for one to finish", core.sends)});
    }
    auto operation = std::make_shared<SendOperation>(core, std::move(*order), std::move(out));
    call.on_cancel([weak = std::weak_ptr{operation}] {
        if (const auto alive = weak.lock()) alive->stop();
    });
    operation->start();
}

}  // namespace walletd

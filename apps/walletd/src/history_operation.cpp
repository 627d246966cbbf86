#include <algorithm>

#include "ledger/codec.hpp"
#include "operations.hpp"

namespace walletd {
namespace {

constexpr std::uint32_t kPageDefault = 50;
constexpr std::uint32_t kPageMax = 500;

std::string field_of(const chain::Event& event, const std::string& name) {
    const auto found = event.fields().find(name);
    return found == event.fields().end() ? std::string{} : found->second;
}

void add_entry(std::vector<wallet::HistoryEntry>& entries, const chain::TransactionReceipt& receipt,
               const std::string& own, const chain::Event& event) {
    const auto from = field_of(event, "from");
    const auto to = field_of(event, "to");
    if (from != own && to != own) return;
    auto& entry = entries.emplace_back();
    *entry.mutable_receipt() = receipt;
    entry.set_direction(from == to ? "self" : from == own ? "out" : "in");
    entry.set_counterparty(from == own ? to : from);
    entry.set_amount(field_of(event, "amount"));
    const auto asset = base::fixed_from_hex<32>(field_of(event, "asset"));
    if (asset && ledger::AssetId{*asset} != ledger::kGcc) entry.set_asset_id(std::string{base::as_text(*asset)});
}

}  // namespace

std::vector<wallet::HistoryEntry> history_entries(const chain::TransactionReceipt& receipt,
                                                  const std::string& address) {
    std::vector<wallet::HistoryEntry> entries;
    for (const auto& event : receipt.events()) {
        if (event.kind() == "transfer") add_entry(entries, receipt, address, event);
    }
    // Failed, pending, or about assets: still part of the history, with the fee that was paid.
    if (entries.empty()) {
        auto& entry = entries.emplace_back();
        *entry.mutable_receipt() = receipt;
        entry.set_direction("self");
        entry.set_amount("0");
    }
    if (receipt.raw().empty()) return entries;
    // Only a memo that belongs to this id: the node could send any transaction.
    const auto tx = ledger::decode_signed_tx(base::as_bytes(receipt.raw()));
    const bool belongs = tx && base::equal(ledger::tx_id(tx->tx), base::as_bytes(receipt.tx_id()));
    for (auto& entry : entries) {
        if (belongs) entry.set_memo(tx->tx.memo);
        entry.mutable_receipt()->clear_raw();
    }
    return entries;
}

namespace {

/// Account ─▶ the node's index ─▶ each transaction's bytes, for its memo.
class HistoryOperation : public std::enable_shared_from_this<HistoryOperation> {
 public:
    HistoryOperation(Core& core, rpc::Responder<wallet::HistoryResponse> done) : core_{core}, done_{std::move(done)} {}

    void start(wallet::HistoryRequest request) {
        auto find = [&keystore = core_.keystore, wanted = request.account()] { return keystore.find(wanted); };
        core_.offload_call<AccountInfo>(
            kWalletLane, std::move(find),
            [self = shared_from_this(), request = std::move(request)](base::Checked<AccountInfo> account) {
                if (self->stopped_) return;
                if (!account) return self->done_.fail(status_for(account.error()));
                self->search(account->address.to_text(), request);
            });
    }
    void stop() {
        stopped_ = true;
        call_ = {};
    }

 private:
    void search(std::string address, const wallet::HistoryRequest& request) {
        address_ = std::move(address);
        chain::SearchTransactionsRequest search;
        search.set_address(address_);
        search.set_page_size(std::min(request.page_size() == 0 ? kPageDefault : request.page_size(), kPageMax));
        search.set_page_token(request.page_token());
        call_ = core_.node.call(kChainSearch, search,
                                [self = shared_from_this()](rpc::StatusOr<chain::SearchTransactionsResponse> found) {
                                    if (!found) return self->done_.fail(std::move(found).error());
                                    self->found_ = std::move(*found);
                                    self->next();
                                });
    }

    void next() {
        while (at_ < std::min(found_.transactions_size(), static_cast<int>(kPageMax))) {
            const auto& receipt = found_.transactions(at_);
            if (receipt.raw().empty()) return fetch(receipt.tx_id());
            add(receipt);
        }
        result_.set_next_page_token(found_.next_page_token());
        done_.respond(result_);
    }

    /// The index leaves the bytes out; without them (an old node, pruned) there is simply no memo.
    void fetch(const std::string& tx_id) {
        chain::TransactionRequest request;
        request.set_tx_id(tx_id);
        call_ = core_.node.call(kChainTransaction, request,
                                [self = shared_from_this()](rpc::StatusOr<chain::TransactionReceipt> full) {
                                    auto receipt = self->found_.transactions(self->at_);
                                    if (full) receipt.set_raw(full->raw());
                                    self->add(receipt);
                                    self->next();
                                });
    }

    void add(const chain::TransactionReceipt& receipt) {
        for (auto& entry : history_entries(receipt, address_)) *result_.add_entries() = std::move(entry);
        ++at_;
    }

    Core& core_;
    rpc::Responder<wallet::HistoryResponse> done_;
    rpc::CallHandle call_;
    std::string address_;
    chain::SearchTransactionsResponse found_;
    wallet::HistoryResponse result_;
    int at_ = 0;
    bool stopped_ = false;
};

}  // namespace

void start_history(Core& core, rpc::CallContext& call, wallet::HistoryRequest request,
                   rpc::Responder<wallet::HistoryResponse> done) {
    auto operation = std::make_shared<HistoryOperation>(core, std::move(done));
    call.on_cancel([weak = std::weak_ptr{operation}] {
        if (const auto alive = weak.lock()) alive->stop();
    });
    operation->start(std::move(request));
}

}  // namespace walletd

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
    if (!receipt.raw().empty()) {
        if (const auto tx = ledger::decode_signed_tx(base::as_bytes(receipt.raw()))) {
            for (auto& entry : entries) entry.set_memo(tx->tx.memo);
        }
        for (auto& entry : entries) entry.mutable_receipt()->clear_raw();
    }
    return entries;
}

void start_history(Core& core, rpc::CallContext& call, wallet::HistoryRequest request,
                   rpc::Responder<wallet::HistoryResponse> done) {
    struct Operation {
        rpc::Responder<wallet::HistoryResponse> done;
        rpc::CallHandle handle;
        bool stopped = false;
    };
    auto operation = std::make_shared<Operation>(Operation{.done = std::move(done), .handle = {}});
    call.on_cancel([weak = std::weak_ptr{operation}] {
        if (const auto alive = weak.lock()) {
            alive->stopped = true;
            alive->handle = {};
        }
    });
    core.offload_call<AccountInfo>(
        kWalletLane, [&keystore = core.keystore, wanted = request.account()] { return keystore.find(wanted); },
        [&core, operation, request = std::move(request)](base::Checked<AccountInfo> account) {
            if (operation->stopped) return;
            if (!account) return operation->done.fail(status_for(account.error()));
            const auto address = account->address.to_text();
            chain::SearchTransactionsRequest search;
            search.set_address(address);
            search.set_page_size(std::min(request.page_size() == 0 ? kPageDefault : request.page_size(), kPageMax));
            search.set_page_token(request.page_token());
            operation->handle = core.node.call(
                kChainSearch, search, [operation, address](rpc::StatusOr<chain::SearchTransactionsResponse> found) {
                    if (!found) return operation->done.fail(std::move(found).error());
                    wallet::HistoryResponse response;
                    response.set_next_page_token(found->next_page_token());
                    for (const auto& receipt : found->transactions()) {
                        for (auto& entry : history_entries(receipt, address))
                            *response.add_entries() = std::move(entry);
                    }
                    operation->done.respond(response);
                });
        });
}

}  // namespace walletd

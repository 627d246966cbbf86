#include "queries.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>

#include "faucet.hpp"
#include "query_parts.hpp"
#include "views.hpp"

namespace ghostd::queries {
namespace {

using rpc::StatusCode;

constexpr std::size_t kBalancesMax = 1000;
constexpr std::uint32_t kPageDefault = 50;
constexpr std::uint32_t kPageMax = 500;
constexpr std::size_t kStateKeyMax = 320;  // A slot's: its contract's address and its own key.
/// A page ends early here: big batches have many events, and an answer must fit one gRPC message.
constexpr std::size_t kPageBytesMax = 2u << 20;

rpc::StatusOr<ledger::AssetId> asset_of(const std::string& bytes) {
    if (bytes.empty()) return ledger::kGcc;
    const auto fixed = base::to_fixed<32>(base::as_bytes(bytes));
    if (!fixed) return rpc::error(StatusCode::invalid_argument, "asset_id has 32 bytes, or none for GCC");
    return ledger::AssetId{*fixed};
}

rpc::StatusOr<std::string> key_of(const v1::ProofRequest& request) {
    switch (request.what_case()) {
        case v1::ProofRequest::kAccount: {
            GC_TRY(const auto address, address_of(request.account()));
            return ledger::account_key(address);
        }
        case v1::ProofRequest::kBalance: {
            GC_TRY(const auto address, address_of(request.balance().address()));
            GC_TRY(const auto asset, asset_of(request.balance().asset_id()));
            return ledger::balance_key(address, asset);
        }
        case v1::ProofRequest::kSlot: {
            GC_TRY(const auto address, address_of(request.slot().contract()));
            if (request.slot().key().size() > ledger::kSlotKeyMax)
                return rpc::error(StatusCode::invalid_argument,
                                  fmt::format("a slot's key has at most {} bytes", ledger::kSlotKeyMax));
            return ledger::slot_key(address, base::as_bytes(request.slot().key()));
        }
        case v1::ProofRequest::kContract: {
            GC_TRY(const auto address, address_of(request.contract()));
            return ledger::contract_key(address);
        }
        case v1::ProofRequest::kKey:
            if (request.key().empty() || request.key().size() > kStateKeyMax)
                return rpc::error(StatusCode::invalid_argument, fmt::format("a key has 1 to {} bytes", kStateKeyMax));
            return request.key();
        case v1::ProofRequest::WHAT_NOT_SET: break;
    }
    return rpc::error(StatusCode::invalid_argument, "say what to prove: account, balance, contract, slot or key");
}

/// "height:index" of the last entry of a page.
std::string token_of(const ledger::HistoryEntry& entry) { return fmt::format("{}:{}", entry.height, entry.index); }

rpc::StatusOr<ledger::HistoryEntry> entry_of(const std::string& token) {
    ledger::HistoryEntry entry;
    const auto* end = token.data() + token.size();
    const auto height = std::from_chars(token.data(), end, entry.height);
    if (height.ec == std::errc{} && height.ptr != end && *height.ptr == ':') {
        const auto index = std::from_chars(height.ptr + 1, end, entry.index);
        if (index.ec == std::errc{} && index.ptr == end) return entry;
    }
    return rpc::error(StatusCode::invalid_argument, "page_token is not one that this node gave");
}

}  // namespace

std::unexpected<rpc::Status> read_failed(const base::Error& error) {
    if (error.is(ledger::Errc::unknown_height)) return rpc::error(StatusCode::not_found, "there is no such block yet");
    if (error.is(ledger::Errc::history_pruned))
        return rpc::error(StatusCode::out_of_range, "that height is older than the history this node keeps");
    return rpc::error(StatusCode::internal, base::to_string(error));
}

std::unexpected<rpc::Status> gas_beyond(std::uint64_t needed, std::uint64_t allowed) {
    return rpc::error(StatusCode::invalid_argument,
                      fmt::format("the messages cost {} gas; the chain allows one transaction {}", needed, allowed));
}

rpc::StatusOr<ledger::Address> address_of(const std::string& text) {
    auto address = ledger::Address::parse_checked(text);
    if (!address) return rpc::error(StatusCode::invalid_argument, address.error().text);
    return *address;
}

rpc::StatusOr<v1::Proof> proof_of_key(const ledger::ChainView& view, const std::string& key, std::uint64_t height) {
    GHOSTD_READ(const auto proven, view.prove(key, height));
    GHOSTD_READ(const auto certificate, view.certificate(height));
    v1::Proof out;
    out.set_key(key);
    if (proven.value) out.set_value(std::string{base::as_text(*proven.value)});
    views::set_bytes(*out.mutable_proof(), proven.proof.encode());
    views::set_bytes(*out.mutable_raw_header(), ledger::encode(proven.header));
    views::set_bytes(*out.mutable_certificate(), certificate);
    return out;
}

v1::TransactionReceipt waiting(const ledger::Hash& id, const PooledTx& tx) {
    v1::TransactionReceipt out;
    views::set_bytes(*out.mutable_tx_id(), id);
    out.set_state(v1::TX_STATE_PENDING);
    views::set_bytes(*out.mutable_raw(), tx.tx.encoded());
    return out;
}

rpc::StatusOr<v1::TransactionReceipt> transaction(const ledger::ChainView& view, const ledger::Hash& id,
                                                  const std::optional<std::string>& drop_reason) {
    GHOSTD_READ(const auto stored, view.tx(id));
    if (stored) {
        auto receipt = views::final_receipt(*stored, id);
        views::set_bytes(*receipt.mutable_raw(), stored->raw);
        return receipt;
    }
    v1::TransactionReceipt out;
    views::set_bytes(*out.mutable_tx_id(), id);
    out.set_state(drop_reason ? v1::TX_STATE_DROPPED : v1::TX_STATE_UNKNOWN);
    out.set_error(drop_reason.value_or(""));
    return out;
}

rpc::StatusOr<v1::Block> block(const ledger::ChainView& view, const v1::BlockRequest& request) {
    auto height = view.head().header.height;
    switch (request.which_case()) {
        case v1::BlockRequest::kHeight: height = request.height(); break;
        case v1::BlockRequest::kHash: {
            const auto hash = base::to_fixed<32>(base::as_bytes(request.hash()));
            if (!hash) return rpc::error(StatusCode::invalid_argument, "a block hash has 32 bytes");
            GHOSTD_READ(const auto found, view.height_of(*hash));
            if (!found) return rpc::error(StatusCode::not_found, "no block has this hash");
            height = *found;
            break;
        }
        case v1::BlockRequest::kLatest: break;
        case v1::BlockRequest::WHICH_NOT_SET:
            return rpc::error(StatusCode::invalid_argument, "say which block: height, hash or latest");
    }
    GHOSTD_READ(const auto stored, view.block(height));
    GHOSTD_READ(const auto certificate, view.certificate(height));
    return views::block(stored, certificate, request.include_transactions());
}

rpc::StatusOr<v1::Account> account(const ledger::ChainView& view, const v1::AccountRequest& request,
                                   const Chain& chain) {
    GC_TRY(const auto address, address_of(request.address()));
    GHOSTD_READ(const auto record, view.account(address));
    GHOSTD_READ(const auto balances, view.balances(address, kBalancesMax));
    v1::Account out;
    out.set_address(address.to_text());
    out.set_nonce(record.nonce);
    GHOSTD_READ(const auto pending, chain.pending_nonce(address));
    out.set_pending_nonce(std::max(pending, record.nonce));
    out.set_height(view.head().header.height);
    for (const auto& balance : balances) {
        auto& wire = *out.add_balances();
        if (balance.id != ledger::kGcc) views::set_bytes(*wire.mutable_asset_id(), balance.id.bytes);
        wire.set_symbol(balance.asset.symbol);
        wire.set_decimals(balance.asset.decimals);
        wire.set_amount(base::to_string(balance.amount));
    }
    return out;
}

rpc::StatusOr<v1::Proof> proof(const ledger::ChainView& view, const v1::ProofRequest& request) {
    GC_TRY(const auto key, key_of(request));
    const auto height = request.has_height() ? request.height() : view.head().header.height;
    return proof_of_key(view, key, height);
}

rpc::StatusOr<v1::FeeEstimate> fee(const ledger::Head& head, const v1::EstimateFeeRequest& request) {
    if (request.raw().size() > ledger::kCodeTxBytesMax)
        return rpc::error(StatusCode::resource_exhausted,
                          fmt::format("a transaction has at most {} bytes", ledger::kCodeTxBytesMax));
    const auto tx = ledger::decode_signed_tx(base::as_bytes(request.raw()));
    if (!tx) return rpc::error(StatusCode::invalid_argument, base::to_string(tx.error()));
    // What it may add to the state counts: a receiver may have spent all that he has when it is executed.
    const auto native = ledger::gas_bound(tx->tx, ledger::rules_of(head.params));
    const auto allowed = ledger::tx_gas_limit_max(head.params);
    if (native > allowed) return gas_beyond(native, allowed);
    return fee_of_gas(head, native);
}

rpc::StatusOr<v1::FeeEstimate> fee_of_gas(const ledger::Head& head, std::uint64_t gas) {
    const auto suggested = suggest_fee(head);
    const auto cost = base::checked_mul(gas, suggested.max_fee_per_gas);
    if (!cost) return rpc::error(StatusCode::out_of_range, "the fee does not fit 128 bits");
    v1::FeeEstimate out;
    out.set_gas_limit(gas);
    out.set_gas_limit_max(ledger::tx_gas_limit_max(head.params));
    out.set_base_fee(base::to_string(head.next_base_fee));
    out.set_suggested_tip(base::to_string(suggested.tip));
    out.set_suggested_max_fee_per_gas(base::to_string(suggested.max_fee_per_gas));
    out.set_max_cost(base::to_string(*cost));
    return out;
}

rpc::StatusOr<v1::SearchTransactionsResponse> search(const ledger::ChainView& view,
                                                     const v1::SearchTransactionsRequest& request) {
    GC_TRY(const auto address, address_of(request.address()));
    std::optional<ledger::HistoryEntry> before;
    if (!request.page_token().empty()) {
        GC_TRY(before, entry_of(request.page_token()));
    }
    const auto page = request.page_size() == 0 ? kPageDefault : std::min(request.page_size(), kPageMax);
    GHOSTD_READ(const auto entries, view.history(address, before, page));
    v1::SearchTransactionsResponse out;
    std::size_t bytes = 0;
    for (const auto& entry : entries) {
        GHOSTD_READ(const auto stored, view.tx(entry.tx_id));
        if (!stored) return rpc::error(StatusCode::internal, "the index names a transaction that is not stored");
        *out.add_transactions() = views::final_receipt(*stored, entry.tx_id);
        bytes += out.transactions().rbegin()->ByteSizeLong();
        const bool more = entries.size() == page || &entry != &entries.back();
        if (bytes >= kPageBytesMax || &entry == &entries.back()) {
            if (more) out.set_next_page_token(token_of(entry));
            break;
        }
    }
    return out;
}

}  // namespace ghostd::queries

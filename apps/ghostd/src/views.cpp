#include "views.hpp"

namespace ghostd::views {
namespace {

std::size_t event_bytes(const std::vector<ledger::Receipt>& receipts) {
    constexpr std::size_t kTypicalEventBytes = 320;  // two addresses, an asset id, an amount and their names
    std::size_t bytes = 0;
    for (const auto& receipt : receipts) {
        bytes += receipt.output.size();
        for (const auto& event : receipt.events) {
            bytes += kTypicalEventBytes;
            if (const auto* emitted = std::get_if<ledger::ContractEvent>(&event)) bytes += emitted->data.size();
        }
    }
    return bytes;
}

void fill_block(v1::Block& out, const ledger::BlockHeader& header, const ledger::Hash& hash, base::ByteView raw_header,
                base::ByteView certificate, std::size_t tx_count) {
    set_bytes(*out.mutable_hash(), hash);
    fill(*out.mutable_header(), header);
    set_bytes(*out.mutable_raw_header(), raw_header);
    set_bytes(*out.mutable_certificate(), certificate);
    out.set_tx_count(static_cast<std::uint32_t>(tx_count));
    out.set_finalized(true);
}

}  // namespace

void fill(v1::BlockHeader& out, const ledger::BlockHeader& header) {
    out.set_version(header.version);
    out.set_chain_id(header.chain_id);
    out.set_epoch(header.epoch);
    out.set_height(header.height);
    out.set_slot(header.slot);
    set_bytes(*out.mutable_parent(), header.parent);
    out.set_time_ms(header.time_ms);
    out.set_proposer(header.proposer.to_text());
    set_bytes(*out.mutable_tx_root(), header.tx_root);
    set_bytes(*out.mutable_state_root(), header.state_root);
    set_bytes(*out.mutable_receipts_root(), header.receipts_root);
    out.set_gas_used(header.gas_used);
    out.set_base_fee(base::to_string(header.base_fee));
    set_bytes(*out.mutable_valset_hash(), header.valset_hash);
    set_bytes(*out.mutable_next_valset_hash(), header.next_valset_hash);
    set_bytes(*out.mutable_parent_cert_hash(), header.parent_cert_hash);
}

void fill(v1::TransactionReceipt& out, const ledger::Receipt& receipt, bool with_events) {
    const bool success = receipt.status == ledger::ExecStatus::success;
    out.set_execution(success ? v1::EXECUTION_STATUS_SUCCESS : v1::EXECUTION_STATUS_FAILED);
    if (!success) out.set_error(std::string{ledger::describe(receipt.status)});
    out.set_gas_used(receipt.gas_used);
    out.set_fee(base::to_string(receipt.fee));
    if (!with_events) return;
    set_bytes(*out.mutable_output(), receipt.output);
    for (const auto& item : receipt.events) *out.add_events() = event(item);
}

void fill(v1::ContractLog& out, const ledger::ContractEvent& emitted) {
    out.set_contract(emitted.contract.to_text());
    for (const auto& topic : emitted.topics) set_bytes(*out.add_topics(), topic);
    set_bytes(*out.mutable_data(), emitted.data);
}

v1::Event event(const ledger::Event& source) {
    v1::Event out;
    out.set_kind(std::string{ledger::event_kind(source)});
    if (const auto* emitted = std::get_if<ledger::ContractEvent>(&source)) {
        fill(*out.mutable_log(), *emitted);
    } else {
        for (auto& [name, value] : ledger::event_fields(source)) (*out.mutable_fields())[name] = std::move(value);
    }
    return out;
}

v1::TransactionReceipt final_receipt(const ledger::Hash& id, const ledger::Receipt& receipt, std::uint64_t height,
                                     std::uint32_t index, const ledger::Hash& block_hash, bool with_events) {
    v1::TransactionReceipt out;
    set_bytes(*out.mutable_tx_id(), id);
    out.set_state(v1::TX_STATE_FINALIZED);
    out.set_height(height);
    out.set_index(index);
    set_bytes(*out.mutable_block_hash(), block_hash);
    fill(out, receipt, with_events);
    return out;
}

v1::TransactionReceipt final_receipt(const ledger::StoredTx& stored, const ledger::Hash& id) {
    return final_receipt(id, stored.receipt, stored.height, stored.index, stored.block_hash);
}

v1::Block block(const FinalizedBlock& finalized, bool with_transactions) {
    const auto& source = *finalized.block;
    v1::Block out;
    fill_block(out, source.header(), source.hash(), ledger::encode(source.header()), finalized.certificate,
               source.txs().size());
    if (!with_transactions) return out;
    const bool with_events = event_bytes(source.receipts()) <= kEventsBytesMax;
    for (std::size_t i = 0; i < source.txs().size(); ++i)
        *out.add_transactions() = final_receipt(source.txs()[i].id(), source.receipts()[i], source.header().height,
                                                static_cast<std::uint32_t>(i), source.hash(), with_events);
    return out;
}

v1::Block block(const ledger::StoredBlock& stored, base::ByteView certificate, bool with_transactions) {
    v1::Block out;
    fill_block(out, stored.header, stored.hash, stored.raw_header, certificate, stored.raw_txs.size());
    if (!with_transactions) return out;
    const bool with_events = event_bytes(stored.receipts) <= kEventsBytesMax;
    for (std::size_t i = 0; i < stored.raw_txs.size() && i < stored.receipts.size(); ++i) {
        const auto tx = ledger::decode_signed_tx(stored.raw_txs[i]);
        if (!tx) continue;  // cannot be: the ledger checked it when it stored it
        *out.add_transactions() = final_receipt(ledger::tx_id(tx->tx), stored.receipts[i], stored.header.height,
                                                static_cast<std::uint32_t>(i), stored.hash, with_events);
    }
    return out;
}

}  // namespace ghostd::views

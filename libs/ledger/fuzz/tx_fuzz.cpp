// Transactions, receipts and headers from arbitrary bytes: no crash, one encoding, checks that terminate.

#include "ledger/execute.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const auto input = std::as_bytes(std::span{data, size});
    if (const auto tx = ledger::decode_signed_tx(input)) {
        const auto again = ledger::encode(*tx);
        GC_ASSERT(base::equal(again, input));
        GC_ASSERT(ledger::encoded_size(*tx) == again.size());
        const auto form = ledger::check_form(*tx, tx->tx.genesis_hash);
        if (form) {
            GC_ASSERT(ledger::max_cost(tx->tx).has_value());
            GC_ASSERT(ledger::native_gas(tx->tx, *ledger::find_rules(ledger::kRulesFirst)) <= tx->tx.gas_limit);
        }
        const ledger::ChainBinding chain{.chain_id = "fuzz", .genesis_hash = tx->tx.genesis_hash};
        const auto verdict = ledger::verify(*tx, chain);
        static_cast<void>(verdict);
    }
    if (const auto receipt = ledger::decode_receipt(input)) {
        GC_ASSERT(base::equal(ledger::encode(*receipt), input));
        for (const auto& event : receipt->events) GC_ASSERT(!ledger::event_fields(event).empty());
    }
    if (const auto header = ledger::decode_header(input)) GC_ASSERT(base::equal(ledger::encode(*header), input));
    return 0;
}

// Blocks and state records from arbitrary bytes: no crash, one encoding.

#include "ledger/codec.hpp"
#include "ledger/state.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const auto input = std::as_bytes(std::span{data, size});
    if (const auto block = ledger::decode_block(input)) GC_ASSERT(base::equal(ledger::encode(*block), input));
    if (const auto asset = ledger::decode_asset(input)) GC_ASSERT(base::equal(ledger::encode(*asset), input));
    if (const auto account = ledger::decode_account(input)) GC_ASSERT(base::equal(ledger::encode(*account), input));
    if (const auto params = ledger::decode_params(input)) GC_ASSERT(base::equal(ledger::encode(*params), input));
    if (const auto amount = ledger::decode_amount(input)) GC_ASSERT(base::equal(ledger::encode_amount(*amount), input));
    return 0;
}

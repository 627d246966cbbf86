// What the database gives back and peers send beside transactions: receipts with contract events, contract records.
// Whatever decodes encodes to the same bytes.
#include "base/result.hpp"
#include "ledger/codec.hpp"
#include "ledger/state.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    if (size == 0) return 0;
    const base::ByteView bytes{reinterpret_cast<const std::byte*>(data) + 1, size - 1};
    const auto same = [&](const auto& decoded) {
        if (decoded) GC_ASSERT(base::equal(ledger::encode(*decoded), bytes));
    };
    switch (data[0] % 3) {
        case 0: same(ledger::decode_receipt(bytes)); break;
        case 1: same(ledger::decode_contract(bytes)); break;
        default: same(ledger::decode_code_info(bytes)); break;
    }
    return 0;
}

// Any command-line text as an amount: never crashes, and what is accepted survives being printed and read again.
#include "base/bytes.hpp"
#include "zwallet/amount.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const std::string_view text{reinterpret_cast<const char*>(data), size};
    const auto split = text.find('|');
    const auto amount = zwallet::parse_amount(
        text.substr(0, split), split == std::string_view::npos ? std::string_view{} : text.substr(split + 1));
    if (!amount) return 0;
    const auto units = zwallet::to_units(*amount, zwallet::kCoinDecimals);
    if (!units || !amount->is_gcc()) return 0;
    const auto again = zwallet::parse_amount(zwallet::format_gcc(*units));
    GC_ASSERT(again);
    const auto same = zwallet::to_units(*again, zwallet::kCoinDecimals);
    GC_ASSERT(same && *same == *units);
    return 0;
}

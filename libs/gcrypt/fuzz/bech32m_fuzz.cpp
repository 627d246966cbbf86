// Whatever decodes encodes to the same text (lower case), at every level; errors are clean.
#include <algorithm>

#include "gcrypt/address.hpp"
#include "gcrypt/bech32m.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const std::string_view text{reinterpret_cast<const char*>(data), size};
    std::string lower{text};
    std::ranges::transform(lower, lower.begin(),
                           [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c; });
    if (const auto symbols = gcrypt::bech32m::decode_symbols(text)) {
        const auto again = gcrypt::bech32m::encode_symbols(*symbols);
        GC_ASSERT(again && *again == lower);
        if (const auto payload = gcrypt::bech32m::decode(symbols->prefix, text)) {
            const auto encoded = gcrypt::bech32m::encode(symbols->prefix, *payload);
            GC_ASSERT(encoded && *encoded == lower);
        }
    }
    if (const auto address = gcrypt::Address::parse(text)) GC_ASSERT(address->to_text() == lower);
    // And the other way: any bytes survive the round trip.
    const auto payload = base::ByteView{reinterpret_cast<const std::byte*>(data), std::min<std::size_t>(size, 40)};
    const auto encoded = gcrypt::bech32m::encode("ghost", payload);
    GC_ASSERT(encoded && base::equal(gcrypt::bech32m::decode("ghost", *encoded).value(), payload));
    return 0;
}

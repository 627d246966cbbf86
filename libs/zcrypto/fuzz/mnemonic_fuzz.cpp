// Whatever parses spells itself out again, and paths print what they parsed.
#include <algorithm>

#include "zcrypto/hd.hpp"
#include "zcrypto/mnemonic.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const std::string_view text{reinterpret_cast<const char*>(data), size};
    for (const auto language : zcrypto::kLanguages) {
        const auto mnemonic = zcrypto::Mnemonic::parse(text, language);
        if (!mnemonic) {
            // What a person is shown holds nothing that a terminal could obey.
            GC_ASSERT(std::ranges::none_of(mnemonic.error().text, [](char c) { return c >= 0 && c < 0x20; }));
            continue;
        }
        const auto again = zcrypto::Mnemonic::parse(mnemonic->phrase(), language);
        GC_ASSERT(again && again->phrase() == mnemonic->phrase());
        GC_ASSERT(base::equal(again->entropy(), mnemonic->entropy()));
    }
    if (const auto path = zcrypto::DerivationPath::parse(text)) {
        const auto again = zcrypto::DerivationPath::parse(path->to_string());
        GC_ASSERT(again && std::ranges::equal(again->steps(), path->steps()));
    }
    return 0;
}

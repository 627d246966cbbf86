// Shares: whatever parses spells itself out again; sets of shares (a line each) never do worse than fail.
#include <algorithm>
#include <vector>

#include "zcrypto/slip39.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    using namespace zcrypto::slip39;
    std::string_view text{reinterpret_cast<const char*>(data), size};
    std::vector<std::string_view> lines;
    bool cheap = true;
    while (!text.empty() && lines.size() < 20) {
        const auto line = text.substr(0, text.find('\n'));
        text.remove_prefix(std::min(text.size(), line.size() + 1));
        lines.push_back(line);
        if (const auto share = Share::parse(line)) {
            const auto words = share->to_words();
            const auto again = Share::parse(base::as_text(words.expose()));
            GC_ASSERT(again && base::equal(again->value.expose(), share->value.expose()));
            GC_ASSERT(base::equal(again->to_words().expose(), words.expose()));
            cheap &= share->iteration_exponent == 0;
        }
    }
    // Decryption costs 10000 hashes and more: only once in a while.
    if (cheap && size % 16 == 0) (void)combine(lines);
    return 0;
}

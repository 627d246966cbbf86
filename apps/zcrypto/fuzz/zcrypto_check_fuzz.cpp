// A checksum file's line: parsing never crashes, and what it accepts comes back from its own formatted form.

#include <cstdlib>

#include "base/bytes.hpp"
#include "zcrypto_tool/check_line.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const std::string_view text{reinterpret_cast<const char*>(data), size};
    const auto line = zcrypto_tool::parse_check_line(text);
    if (!line) return 0;
    const auto again = zcrypto_tool::parse_check_line(zcrypto_tool::format_check_line(*line, true));
    if (!again || *again != *line) std::abort();
    return 0;
}

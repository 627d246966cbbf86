// grpc-timeout, percent escapes, base64 and metadata: what parses survives being written and read again.
#include <cstdint>
#include <string>

#include "rpc/deadline.hpp"
#include "rpc/metadata.hpp"
#include "rpc/status.hpp"

namespace {

void check_metadata(std::string_view text) {
    rpc::Fields fields;
    // Lines of "name:value"; the first ':' after a leading one separates.
    while (!text.empty()) {
        const auto line = text.substr(0, text.find('\n'));
        text.remove_prefix(std::min(text.size(), line.size() + 1));
        const auto colon = line.find(':', 1);
        if (colon == line.npos) continue;
        fields.push_back({std::string{line.substr(0, colon)}, std::string{line.substr(colon + 1)}});
    }
    const auto metadata = rpc::Metadata::read_from(fields);
    if (!metadata) return;
    rpc::Fields again;
    metadata->write_to(again);
    GC_ASSERT(rpc::Metadata::read_from(again) == *metadata);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const std::string_view text{reinterpret_cast<const char*>(data), size};
    if (const auto ns = rpc::parse_timeout_ns(text)) {
        const auto again = rpc::parse_timeout_ns(rpc::format_timeout(*ns));
        GC_ASSERT(again && *again >= *ns);
    }
    GC_ASSERT(rpc::percent_decode(rpc::percent_encode(text)) == text);
    (void)rpc::percent_decode(text);
    GC_ASSERT(rpc::base64_decode(rpc::base64_encode(text)) == std::string{text});
    (void)rpc::base64_decode(text);
    check_metadata(text);
    return 0;
}

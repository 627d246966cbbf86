// Any bytes: as a module, as a schema, and as return data, events and errors of that schema.
#include <cstddef>
#include <cstdint>

#include "zabi/codec.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const base::ByteView input{reinterpret_cast<const std::byte*>(data), size};
    static_cast<void>(zabi::find_section(input));
    // Schema, a zero byte, then bytes to decode by it.
    const auto text = base::as_text(input);
    const auto cut = std::min(text.find('\0'), text.size());
    const auto schema = zabi::Schema::parse(text.substr(0, cut));
    if (!schema) return 0;
    const auto rest = input.subspan(std::min(cut + 1, size));
    for (const auto& method : schema->methods) {
        const auto decoded = zabi::decode_fields(method.inputs, rest);
        if (!decoded) continue;
        // What decodes encodes to the same bytes.
        const auto encoded = zabi::encode_fields(method.inputs, *decoded);
        if (!encoded || !base::equal(*encoded, rest)) __builtin_trap();
    }
    for (const auto& event : schema->events) {
        const base::Digest topics[] = {event.topic, event.topic};
        static_cast<void>(zabi::decode_event(*schema, topics, rest));
    }
    static_cast<void>(zabi::decode_error(*schema, rest));
    return 0;
}

// HTTP fields: what passes check_fields keeps the rules it promises. Input: name NUL value NUL name NUL value …

#include <algorithm>
#include <cstdlib>

#include "zquic/h3.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const std::string_view text{reinterpret_cast<const char*>(data), size};
    zquic::h3::Fields fields;
    for (std::size_t at = 0; at < text.size() && fields.size() < 2000;) {
        const auto name_end = std::min(text.find('\0', at), text.size());
        const auto value_at = std::min(name_end + 1, text.size());
        const auto value_end = std::min(text.find('\0', value_at), text.size());
        fields.push_back({std::string{text.substr(at, name_end - at)},
                          std::string{text.substr(value_at, value_end - value_at)}, false});
        at = value_end + 1;
    }
    for (const bool trailers : {false, true}) {
        if (!zquic::h3::check_fields(fields, trailers)) continue;
        for (const auto& field : fields) {
            if (field.name.empty()) std::abort();
            if (trailers && field.name[0] == ':') std::abort();
            const auto bad_name = [](char c) { return c <= ' ' || c == 0x7f || (c >= 'A' && c <= 'Z'); };
            if (std::ranges::any_of(field.name, bad_name)) std::abort();
            if (field.value.find_first_of("\r\n") != std::string::npos) std::abort();
            if (field.name == "connection" || field.name == "upgrade") std::abort();
        }
    }
    return 0;
}

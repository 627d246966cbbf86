#include "debug_names.hpp"

#include <filesystem>

#include "base/file.hpp"

namespace contract_kit {
namespace {

constexpr std::size_t kDebugBytesMax = 16 * 1024 * 1024;
constexpr std::size_t kHeaderBytes = 8;

/// What runs: every section but the custom ones. WebAssembly Core Specification, 5.5.2. Empty when it is no module.
base::Bytes code_of(base::ByteView wasm) {
    base::Bytes out;
    for (std::size_t at = kHeaderBytes; at < wasm.size();) {
        const auto start = at++;
        std::uint64_t size = 0;
        for (unsigned shift = 0;; shift += 7) {
            if (at == wasm.size() || shift == 35) return {};
            const auto byte = std::to_integer<std::uint8_t>(wasm[at++]);
            size |= std::uint64_t{byte & 0x7fu} << shift;
            if (!(byte & 0x80)) break;
        }
        if (size > wasm.size() - at) return {};
        at += size;
        const auto section = wasm.subspan(start, at - start);
        if (section.front() != std::byte{0}) out.insert(out.end(), section.begin(), section.end());
    }
    return out;
}

}  // namespace

base::Checked<std::optional<base::Bytes>> module_with_names(const std::string& path, base::ByteView wasm) {
    auto debug = std::filesystem::path{path}.replace_extension(".debug.wasm").string();
    std::error_code ignored;
    if (!std::filesystem::exists(debug, ignored)) return std::nullopt;
    GC_TRY(auto bytes, base::read_file(debug, kDebugBytesMax));
    if (code_of(bytes) != code_of(wasm)) {
        return base::explain(base::Errc::invalid_argument, debug + ": is of another build than " + path);
    }
    return std::optional{std::move(bytes)};
}

}  // namespace contract_kit

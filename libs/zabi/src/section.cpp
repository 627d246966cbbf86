// Custom sections of a module, by walking its sections only: WebAssembly Core Specification, 5.5.2.
#include "zabi/schema.hpp"

namespace zabi {
namespace {

constexpr std::size_t kHeaderBytes = 8;
constexpr std::byte kMagic[] = {std::byte{0}, std::byte{'a'}, std::byte{'s'}, std::byte{'m'}};

/// LEB128 of at most 5 bytes. False when the input ends or it does not fit.
bool read_u32(base::ByteView& from, std::uint32_t& value) noexcept {
    std::uint64_t out = 0;
    for (unsigned shift = 0; shift < 35; shift += 7) {
        if (from.empty()) return false;
        const auto byte = std::to_integer<std::uint8_t>(from.front());
        from = from.subspan(1);
        out |= std::uint64_t{byte & 0x7fu} << shift;
        if (byte & 0x80) continue;
        value = static_cast<std::uint32_t>(out);
        return out <= 0xffff'ffffu;
    }
    return false;
}

void write_u32(base::Bytes& to, std::size_t value) {
    for (;;) {
        const auto low = static_cast<std::byte>(value & 0x7f);
        value >>= 7;
        to.push_back(value ? low | std::byte{0x80} : low);
        if (!value) return;
    }
}

struct Section {
    base::ByteView whole;  ///< With its id and size.
    bool is_abi = false;
    base::ByteView content;  ///< Of the schema's section, behind the name.
};

/// The section at the front of `rest`, which moves behind it.
base::Result<Section> next_section(base::ByteView& rest) noexcept {
    const auto start = rest;
    const bool is_custom = rest.front() == std::byte{0};
    rest = rest.subspan(1);
    std::uint32_t size = 0;
    if (!read_u32(rest, size) || size > rest.size()) return base::fail(base::Errc::truncated, "module section");
    auto body = rest.first(size);
    rest = rest.subspan(size);
    Section section{.whole = start.first(start.size() - rest.size()), .is_abi = false, .content = {}};
    if (!is_custom) return section;
    std::uint32_t name_size = 0;
    if (!read_u32(body, name_size) || name_size > body.size())
        return base::fail(base::Errc::truncated, "custom section name");
    section.is_abi = base::as_text(body.first(name_size)) == kSectionName;
    section.content = body.subspan(name_size);
    return section;
}

base::Result<base::ByteView> sections_of(base::ByteView wasm) noexcept {
    if (wasm.size() < kHeaderBytes || !base::equal(wasm.first(4), kMagic))
        return base::fail(base::Errc::truncated, "not a WebAssembly module");
    return wasm.subspan(kHeaderBytes);
}

}  // namespace

base::Result<base::ByteView> find_section(base::ByteView wasm) noexcept {
    GC_TRY(auto rest, sections_of(wasm));
    bool found = false;
    base::ByteView content;
    while (!rest.empty()) {
        GC_TRY(const auto section, next_section(rest));
        if (!section.is_abi) continue;
        if (found) return base::fail(base::Errc::already_exists, "two sections zvm.abi");
        found = true;
        content = section.content;
    }
    if (!found) return base::fail(base::Errc::not_found, "no section zvm.abi");
    if (content.size() > kSchemaBytesMax) return base::fail(base::Errc::out_of_range, "section zvm.abi");
    return content;
}

base::Checked<Schema> Schema::from_wasm(base::ByteView wasm) {
    const auto section = find_section(wasm);
    if (!section) return std::unexpected{base::Diagnostic{section.error(), base::to_string(section.error())}};
    return parse(base::as_text(*section));
}

base::Checked<base::Bytes> embed_section(base::ByteView wasm, std::string_view json) {
    if (auto schema = Schema::parse(json); !schema) return std::unexpected{std::move(schema).error()};
    const auto sections = sections_of(wasm);
    if (!sections) return std::unexpected{base::Diagnostic{sections.error(), base::to_string(sections.error())}};
    auto out = base::to_bytes(wasm.first(kHeaderBytes));
    for (auto rest = *sections; !rest.empty();) {
        const auto section = next_section(rest);
        if (!section) return std::unexpected{base::Diagnostic{section.error(), base::to_string(section.error())}};
        if (!section->is_abi) out.insert(out.end(), section->whole.begin(), section->whole.end());
    }
    base::Bytes body;
    write_u32(body, kSectionName.size());
    const auto append = [](base::Bytes& to, base::ByteView bytes) { to.insert(to.end(), bytes.begin(), bytes.end()); };
    append(body, base::as_bytes(kSectionName));
    append(body, base::as_bytes(json));
    out.push_back(std::byte{0});
    write_u32(out, body.size());
    append(out, body);
    return out;
}

}  // namespace zabi

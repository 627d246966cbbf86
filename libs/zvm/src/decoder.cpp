// Source: Core Specification 5.5 "Modules" (binary format) and 3.4 "Modules" (validation).
#include "decoder.hpp"

#include <algorithm>
#include <set>

#include "ir.hpp"

namespace zvm {

using base::fail;

namespace {

constexpr std::uint8_t kCustom = 0;
constexpr std::uint8_t kCode = 10;
constexpr std::uint8_t kDataCount = 12;

/// Where a section stands in the prescribed order: data count comes before code.
int rank(std::uint8_t id) noexcept {
    if (id == kDataCount) return 10;
    return id >= kCode ? id + 1 : id;
}

}  // namespace

base::Result<void> Decoder::run() noexcept {
    const auto& limits = module_.options_.limits;
    if (wasm_.size() > limits.code_bytes) return fail(Errc::code_too_large, "module");
    static constexpr std::byte kMagic[] = {std::byte{0}, std::byte{'a'}, std::byte{'s'}, std::byte{'m'}};
    static constexpr std::byte kVersion[] = {std::byte{1}, std::byte{0}, std::byte{0}, std::byte{0}};
    if (in_.remaining() < 4) return fail(Errc::malformed, "unexpected end");
    if (!base::equal(in_.bytes(4), kMagic)) return fail(Errc::malformed, "magic header not detected");
    if (in_.remaining() < 4) return fail(Errc::malformed, "unexpected end");
    if (!base::equal(in_.bytes(4), kVersion)) return fail(Errc::malformed, "unknown binary version");

    int last = 0;
    while (!in_.empty()) {
        const auto id = in_.byte();
        if (id > kDataCount) return fail(Errc::malformed, "malformed section id");
        const auto size = in_.u32();
        GC_CHECK(in_.status());
        if (size > in_.remaining()) return fail(Errc::malformed, "length out of bounds");
        auto part = in_.part(size);
        if (id != kCustom) {
            if (rank(id) <= last) return fail(Errc::malformed, "unexpected content after last section");
            last = rank(id);
        }
        GC_CHECK(section(id, part));
        GC_CHECK(part.status());
        if (!part.empty()) return fail(Errc::malformed, "section size mismatch");
    }
    if (module_.code_count() != facts_.bodies) {
        return fail(Errc::malformed, "function and code section have inconsistent lengths");
    }
    if (facts_.data_count && *facts_.data_count != module_.data_.size()) {
        return fail(Errc::malformed, "data count and data section have inconsistent lengths");
    }
    if (facts_.needs_data_count) {
        if (module_.data_.empty()) return fail(Errc::invalid, "unknown data segment");
        return fail(Errc::malformed, "data count section required");
    }
    // The vector has stopped moving: bodies can point into it.
    const auto& ir = *module_.instructions_;
    for (auto& code : module_.codes_) code.entry = ir.data() + code.ir_first;
    return {};
}

base::Result<void> Decoder::section(std::uint8_t id, Reader& in) noexcept {
    switch (id) {
        case 0: return custom_section(in);
        case 1: return type_section(in);
        case 2: return import_section(in);
        case 3: return function_section(in);
        case 4: return table_section(in);
        case 5: return memory_section(in);
        case 6: return global_section(in);
        case 7: return export_section(in);
        case 8: return start_section(in);
        case 9: return element_section(in);
        case 10: return code_section(in);
        case 11: return data_section(in);
        case 12: return data_count_section(in);
        default: return fail(Errc::malformed, "malformed section id");
    }
}

base::Result<void> Decoder::custom_section(Reader& in) noexcept {
    auto name = in.name();
    GC_CHECK(in.status());
    // Contents are the tools' business: a name section may be nonsense without the module being wrong.
    if (module_.customs_.size() < 256) {
        module_.customs_.push_back({std::move(name), base::to_bytes(in.bytes(in.remaining()))});
    } else {
        in.bytes(in.remaining());
    }
    return {};
}

base::Result<ValType> Decoder::value_type(Reader& in) noexcept {
    const auto byte = in.byte();
    GC_CHECK(in.status());
    switch (byte) {
        case 0x7f: return ValType::i32;
        case 0x7e: return ValType::i64;
        case 0x7d:
        case 0x7c:
            if (module_.profile() == Profile::contract) return fail(Errc::floats_refused, "value type");
            return static_cast<ValType>(byte);
        case 0x7b: return fail(Errc::feature_refused, "v128");
        case 0x70: return ValType::funcref;
        case 0x6f: return ValType::externref;
        default: return fail(Errc::malformed, "malformed value type");
    }
}

base::Result<ValType> Decoder::reference_type(Reader& in) noexcept {
    const auto byte = in.byte();
    GC_CHECK(in.status());
    if (byte != 0x70 && byte != 0x6f) return fail(Errc::malformed, "malformed reference type");
    return static_cast<ValType>(byte);
}

base::Result<void> Decoder::type_section(Reader& in) noexcept {
    const auto count = in.count();
    GC_CHECK(in.status());
    const auto& limits = module_.options_.limits;
    if (count > limits.types) return fail(Errc::too_many_types, "type section");
    module_.types_.reserve(count);
    for (std::uint32_t i = 0; i < count; ++i) {
        const auto form = in.byte();
        GC_CHECK(in.status());
        if (form != 0x60) return fail(Errc::malformed, "integer representation too long");
        FuncType type;
        const auto params = in.count();
        GC_CHECK(in.status());
        if (params > limits.params) return fail(Errc::too_many_params, "type");
        for (std::uint32_t p = 0; p < params; ++p) {
            GC_TRY(const auto value, value_type(in));
            type.params.push_back(value);
        }
        const auto results = in.count();
        GC_CHECK(in.status());
        if (results > limits.results) return fail(Errc::too_many_results, "type");
        for (std::uint32_t r = 0; r < results; ++r) {
            GC_TRY(const auto value, value_type(in));
            type.results.push_back(value);
        }
        module_.types_.push_back(std::move(type));
    }
    // Equal types share one object, so that an indirect call compares addresses. Sorting keeps a type bomb cheap.
    std::vector<std::uint32_t> order(count);
    for (std::uint32_t i = 0; i < count; ++i) order[i] = i;
    const auto& types = module_.types_;
    const auto less = [&](std::uint32_t a, std::uint32_t b) {
        const auto compare = [](const auto& x, const auto& y) { return x < y ? -1 : y < x ? 1 : 0; };
        if (const auto c = compare(types[a].params, types[b].params)) return c < 0;
        if (const auto c = compare(types[a].results, types[b].results)) return c < 0;
        return a < b;
    };
    std::sort(order.begin(), order.end(), less);
    module_.canonical_.resize(count);
    for (std::uint32_t i = 0; i < count; ++i) {
        const auto same = i > 0 && types[order[i]] == types[order[i - 1]];
        module_.canonical_[order[i]] = same ? module_.canonical_[order[i - 1]] : &types[order[i]];
    }
    return {};
}

base::Result<Range> Decoder::range(Reader& in) noexcept {
    const auto flags = in.byte();
    GC_CHECK(in.status());
    if (module_.profile() == Profile::contract) {  // the specification knows no such flags
        if (flags == 2 || flags == 3) return fail(Errc::feature_refused, "threads");
        if (flags == 4 || flags == 5) return fail(Errc::feature_refused, "memory64");
    }
    if (flags > 1) return fail(Errc::malformed, flags & 0x80 ? "integer representation too long" : "integer too large");
    Range out{.min = in.u32(), .max = {}};
    if (flags == 1) out.max = in.u32();
    GC_CHECK(in.status());
    if (out.max && *out.max < out.min) return fail(Errc::invalid, "size minimum must not be greater than maximum");
    return out;
}

base::Result<TableType> Decoder::table_type(Reader& in) noexcept {
    GC_TRY(const auto element, reference_type(in));
    GC_TRY(const auto bounds, range(in));
    return TableType{element, bounds};
}

base::Result<MemoryType> Decoder::memory_type(Reader& in) noexcept {
    GC_TRY(const auto bounds, range(in));
    if (bounds.min > 65'536 || bounds.max.value_or(0) > 65'536) {
        return fail(Errc::invalid, "memory size must be at most 65536 pages (4GiB)");
    }
    return MemoryType{bounds};
}

base::Result<GlobalType> Decoder::global_type(Reader& in) noexcept {
    GC_TRY(const auto type, value_type(in));
    const auto flag = in.byte();
    GC_CHECK(in.status());
    if (flag > 1) return fail(Errc::malformed, "malformed mutability");
    return GlobalType{type, flag == 1};
}

base::Result<void> Decoder::add_function(std::uint32_t type) noexcept {
    if (type >= module_.types_.size()) return fail(Errc::invalid, "unknown type");
    if (module_.function_types_.size() >= module_.options_.limits.functions) {
        return fail(Errc::too_many_functions, "functions");
    }
    module_.function_types_.push_back(type);
    return {};
}

base::Result<void> Decoder::add_table(const TableType& type) noexcept {
    if (module_.tables_.size() >= module_.options_.limits.tables) return fail(Errc::too_many_tables, "tables");
    if (type.range.min > module_.options_.limits.table_elements) return fail(Errc::table_too_large, "table");
    module_.tables_.push_back(type);
    return {};
}

base::Result<void> Decoder::add_memory(const MemoryType& type) noexcept {
    if (!module_.memories_.empty()) return fail(Errc::invalid, "multiple memories");
    if (type.pages.min > module_.options_.limits.memory_pages) return fail(Errc::memory_too_large, "memory");
    module_.memories_.push_back(type);
    return {};
}

base::Result<void> Decoder::add_global(GlobalDecl global) noexcept {
    if (module_.globals_.size() >= module_.options_.limits.globals) return fail(Errc::too_many_globals, "globals");
    module_.globals_.push_back(std::move(global));
    return {};
}

base::Result<void> Decoder::import_section(Reader& in) noexcept {
    const auto count = in.count();
    GC_CHECK(in.status());
    if (count > module_.options_.limits.imports) return fail(Errc::too_many_imports, "import section");
    for (std::uint32_t i = 0; i < count; ++i) {
        ImportDecl import;
        import.module = in.name();
        import.name = in.name();
        const auto kind = in.byte();
        GC_CHECK(in.status());
        if (kind > 3) return fail(Errc::malformed, "malformed import kind");
        import.kind = static_cast<ExternKind>(kind);
        if (module_.profile() == Profile::contract && import.kind != ExternKind::function) {
            return fail(Errc::feature_refused, "contracts import functions only");
        }
        switch (import.kind) {
            case ExternKind::function: {
                import.type = in.u32();
                GC_CHECK(in.status());
                GC_CHECK(add_function(import.type));
                ++module_.imported_functions_;
                break;
            }
            case ExternKind::table: {
                GC_TRY(import.table, table_type(in));
                GC_CHECK(add_table(import.table));
                ++module_.imported_tables_;
                break;
            }
            case ExternKind::memory: {
                GC_TRY(import.memory, memory_type(in));
                GC_CHECK(add_memory(import.memory));
                ++module_.imported_memories_;
                break;
            }
            case ExternKind::global: {
                GC_TRY(import.global, global_type(in));
                GC_CHECK(add_global({import.global, {}}));
                ++module_.imported_globals_;
                break;
            }
        }
        module_.imports_.push_back(std::move(import));
    }
    return {};
}

base::Result<void> Decoder::function_section(Reader& in) noexcept {
    const auto count = in.count();
    GC_CHECK(in.status());
    for (std::uint32_t i = 0; i < count; ++i) {
        const auto type = in.u32();
        GC_CHECK(in.status());
        GC_CHECK(add_function(type));
    }
    facts_.bodies = count;
    return {};
}

base::Result<void> Decoder::table_section(Reader& in) noexcept {
    const auto count = in.count();
    for (std::uint32_t i = 0; i < count && !in.failed(); ++i) {
        GC_TRY(const auto type, table_type(in));
        GC_CHECK(add_table(type));
    }
    return {};
}

base::Result<void> Decoder::memory_section(Reader& in) noexcept {
    const auto count = in.count();
    for (std::uint32_t i = 0; i < count && !in.failed(); ++i) {
        GC_TRY(const auto type, memory_type(in));
        GC_CHECK(add_memory(type));
    }
    return {};
}

base::Result<void> Decoder::global_section(Reader& in) noexcept {
    const auto count = in.count();
    for (std::uint32_t i = 0; i < count && !in.failed(); ++i) {
        GC_TRY(const auto type, global_type(in));
        GC_TRY(auto init, const_expr(in, type.type));
        GC_CHECK(add_global({type, std::move(init)}));
    }
    return {};
}

base::Result<void> Decoder::export_section(Reader& in) noexcept {
    const auto count = in.count();
    GC_CHECK(in.status());
    if (count > module_.options_.limits.exports) return fail(Errc::too_many_exports, "export section");
    std::set<std::string> names;
    for (std::uint32_t i = 0; i < count; ++i) {
        ExportDecl item;
        item.name = in.name();
        const auto kind = in.byte();
        item.index = in.u32();
        GC_CHECK(in.status());
        if (kind > 3) return fail(Errc::malformed, "malformed export kind");
        item.kind = static_cast<ExternKind>(kind);
        switch (item.kind) {
            case ExternKind::function:
                if (item.index >= module_.function_types_.size()) return fail(Errc::invalid, "unknown function");
                facts_.declare(item.index);
                break;
            case ExternKind::table:
                if (item.index >= module_.tables_.size()) return fail(Errc::invalid, "unknown table");
                break;
            case ExternKind::memory:
                if (item.index >= module_.memories_.size()) return fail(Errc::invalid, "unknown memory");
                break;
            case ExternKind::global:
                if (item.index >= module_.globals_.size()) return fail(Errc::invalid, "unknown global");
                break;
        }
        if (!names.insert(item.name).second) return fail(Errc::invalid, "duplicate export name");
        module_.exports_.push_back(std::move(item));
    }
    return {};
}

base::Result<void> Decoder::start_section(Reader& in) noexcept {
    const auto index = in.u32();
    GC_CHECK(in.status());
    if (module_.profile() == Profile::contract) return fail(Errc::start_refused, "start section");
    if (index >= module_.function_types_.size()) return fail(Errc::invalid, "unknown function");
    const auto& type = module_.function_type(index);
    if (!type.params.empty() || !type.results.empty()) return fail(Errc::invalid, "start function");
    module_.start_ = index;
    return {};
}

base::Result<void> Decoder::data_count_section(Reader& in) noexcept {
    const auto count = in.u32();
    GC_CHECK(in.status());
    facts_.data_count = count;
    return {};
}

base::Result<void> Decoder::code_section(Reader& in) noexcept {
    const auto count = in.count();
    GC_CHECK(in.status());
    if (count != facts_.bodies) return fail(Errc::malformed, "function and code section have inconsistent lengths");
    module_.codes_.resize(count);
    module_.instructions_->reserve(in.remaining());
    Lowerer lowerer{module_, facts_};
    std::uint32_t locals_total = 0;
    for (std::uint32_t i = 0; i < count; ++i) {
        const auto size = in.u32();
        GC_CHECK(in.status());
        if (size > in.remaining()) return fail(Errc::malformed, "unexpected end");
        if (size > module_.options_.limits.body_bytes) return fail(Errc::body_too_large, "function body");
        auto body = in.part(size);
        GC_CHECK(lowerer.lower(i, body));
        locals_total += module_.codes_[i].params + module_.codes_[i].zeroed;
        if (locals_total > module_.options_.limits.locals_total) return fail(Errc::too_many_locals_total, "code");
    }
    module_.instructions_->shrink_to_fit();
    return {};
}

}  // namespace zvm

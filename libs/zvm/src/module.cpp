#include "zvm/module.hpp"

#include <algorithm>
#include <map>

#include "decoder.hpp"
#include "ir.hpp"
#include "zvm/gas.hpp"

namespace zvm {
namespace {

/// At most Module::kNameShown bytes of a name, whole characters; nothing when it is not text.
std::string shown(base::ByteView name) {
    auto size = std::min(name.size(), Module::kNameShown);
    const auto continues = [&](std::size_t at) { return (name[at] & std::byte{0xc0}) == std::byte{0x80}; };
    while (size < name.size() && size > 0 && continues(size)) --size;
    const auto part = name.first(size);
    return valid_utf8(part) ? std::string{base::as_text(part)} : std::string{};
}

}  // namespace

Module::Module() noexcept : instructions_{std::make_unique<std::vector<Instr>>()} {}
Module::~Module() = default;

base::Result<std::shared_ptr<const Module>> Module::load(base::ByteView wasm, const LoadOptions& options) noexcept {
    std::shared_ptr<Module> module{new Module};
    module->options_ = options;
    module->wasm_bytes_ = static_cast<std::uint32_t>(wasm.size());
    Decoder decoder{wasm, *module};
    GC_CHECK(decoder.run());
    module->footprint_ = module->measure();
    return std::shared_ptr<const Module>{std::move(module)};
}

const ExportDecl* Module::find_export(std::string_view name) const noexcept {
    const auto found = std::find_if(exports_.begin(), exports_.end(), [&](const auto& e) { return e.name == name; });
    return found == exports_.end() ? nullptr : &*found;
}

std::optional<std::uint32_t> Module::find_function(std::string_view name) const noexcept {
    const auto* const found = find_export(name);
    if (!found || found->kind != ExternKind::function) return std::nullopt;
    return found->index;
}

const std::vector<Instr>& Module::instructions() const noexcept { return *instructions_; }

const FuncCode* Module::function_at(const Instr* at) const noexcept {
    const auto& ir = *instructions_;
    if (ir.empty() || at < ir.data() || at >= ir.data() + ir.size()) return nullptr;
    const auto offset = static_cast<std::uint32_t>(at - ir.data());
    const auto after = std::upper_bound(codes_.begin(), codes_.end(), offset,
                                        [](std::uint32_t o, const FuncCode& code) { return o < code.ir_first; });
    return after == codes_.begin() ? nullptr : &*(after - 1);
}

std::string Module::function_name(std::uint32_t index) const { return std::move(function_names({&index, 1}).front()); }

std::vector<std::string> Module::function_names(std::span<const std::uint32_t> indices) const {
    // Names are a stranger's: only those that are asked for are looked at, and not beyond their bound.
    std::map<std::uint32_t, std::string> names;
    for (const auto index : indices) names.emplace(index, std::string{});
    const auto learn = [&names](std::uint32_t index, base::ByteView text) {
        const auto wanted = names.find(index);
        if (wanted != names.end() && wanted->second.empty()) wanted->second = shown(text);
    };
    const auto section = std::find_if(customs_.begin(), customs_.end(), [](const auto& c) { return c.name == "name"; });
    Reader in{section == customs_.end() ? base::ByteView{} : base::ByteView{section->bytes}};
    while (!in.empty()) {
        const auto id = in.byte();
        const auto size = in.u32();
        if (in.failed()) break;
        auto part = in.part(size);
        if (id != 1) continue;
        const auto count = part.count();
        for (std::uint32_t i = 0; i < count && !part.failed(); ++i) {
            const auto function = part.u32();
            const auto text = part.bytes(part.u32());
            if (!part.failed()) learn(function, text);
        }
    }
    for (const auto& item : exports_) {
        if (item.kind == ExternKind::function) learn(item.index, base::as_bytes(item.name));
    }
    std::vector<std::string> out;
    out.reserve(indices.size());
    for (const auto index : indices) {
        const auto& name = names[index];
        out.push_back(name.empty() ? "f" + std::to_string(index) : name);
    }
    return out;
}

std::size_t Module::measure() const noexcept {
    std::size_t bytes = sizeof(Module) + instructions_->capacity() * sizeof(Instr) + codes_.size() * sizeof(FuncCode);
    for (const auto& segment : data_) bytes += sizeof segment + segment.bytes.size();
    for (const auto& segment : elements_) bytes += sizeof segment + segment.items.size() * sizeof(ConstOp);
    for (const auto& custom : customs_) bytes += sizeof custom + custom.bytes.size();
    for (const auto& segment : elements_) bytes += segment.offset.size() * sizeof(ConstOp);
    for (const auto& segment : data_) bytes += segment.offset.size() * sizeof(ConstOp);
    for (const auto& global : globals_) bytes += global.init.size() * sizeof(ConstOp);
    for (const auto& type : types_) bytes += sizeof type + type.params.size() + type.results.size();
    return bytes + imports_.size() * sizeof(ImportDecl) + exports_.size() * sizeof(ExportDecl) +
           globals_.size() * sizeof(GlobalDecl) + function_types_.size() * 4;
}

std::uint64_t Module::load_gas() const noexcept {
    namespace price = gas::start;
    std::uint64_t elsewhere = 0;  // bytes that are no structure
    for (const auto& segment : data_) elsewhere += segment.bytes.size();
    for (const auto& custom : customs_) elsewhere += custom.name.size() + custom.bytes.size();
    std::uint64_t gas = price::kLoad + std::uint64_t{wasm_bytes_} * price::kLoadByte;
    for (const auto& code : codes_) {
        elsewhere += code.wasm_bytes;
        gas += price::kLoadFunction + code.load_gas;
    }
    return gas + (wasm_bytes_ - elsewhere) * price::kLoadStructureByte;
}

std::uint64_t Module::instance_gas() const noexcept {
    namespace price = gas::start;
    std::uint64_t items = 0;
    std::uint64_t data_bytes = 0;
    for (const auto& table : tables_) items += table.range.min;
    for (const auto& global : globals_) items += global.init.size();
    for (const auto& segment : elements_) {
        items += segment.offset.size() + (segment.mode == SegmentMode::active ? segment.items.size() : 0);
    }
    for (const auto& segment : data_) {
        items += segment.offset.size();
        if (segment.mode == SegmentMode::active) data_bytes += segment.bytes.size();
    }
    const std::uint64_t pages = memories_.empty() ? 0 : memories_.front().pages.min;
    return price::kInstance + pages * price::kInstancePage + data_bytes * price::kInstanceDataByte +
           function_types_.size() * price::kInstanceFunction + globals_.size() * price::kInstanceGlobal +
           items * price::kInstanceItem + (elements_.size() + data_.size()) * price::kInstanceSegment;
}

}  // namespace zvm

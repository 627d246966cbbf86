#include "zvm/module.hpp"

#include <algorithm>

#include "decoder.hpp"
#include "ir.hpp"

namespace zvm {

Module::Module() noexcept : instructions_{std::make_unique<std::vector<Instr>>()} {}
Module::~Module() = default;

base::Result<std::shared_ptr<const Module>> Module::load(base::ByteView wasm, const LoadOptions& options) noexcept {
    std::shared_ptr<Module> module{new Module};
    module->options_ = options;
    Decoder decoder{wasm, *module};
    GC_CHECK(decoder.run());
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

std::string Module::function_name(std::uint32_t index) const {
    const auto section = std::find_if(customs_.begin(), customs_.end(), [](const auto& c) { return c.name == "name"; });
    if (section != customs_.end()) {
        Reader in{section->bytes};
        while (!in.empty()) {
            const auto id = in.byte();
            const auto size = in.u32();
            if (in.failed()) break;
            auto part = in.part(size);
            if (id != 1) continue;
            const auto count = part.count();
            for (std::uint32_t i = 0; i < count && !part.failed(); ++i) {
                const auto function = part.u32();
                auto name = part.name();
                if (!part.failed() && function == index) return name;
            }
        }
    }
    for (const auto& item : exports_) {
        if (item.kind == ExternKind::function && item.index == index) return item.name;
    }
    return "f" + std::to_string(index);
}

std::size_t Module::footprint() const noexcept {
    std::size_t bytes = sizeof(Module) + instructions_->capacity() * sizeof(Instr) + codes_.size() * sizeof(FuncCode);
    for (const auto& segment : data_) bytes += sizeof segment + segment.bytes.size();
    for (const auto& segment : elements_) bytes += sizeof segment + segment.items.size() * sizeof(ConstOp);
    for (const auto& custom : customs_) bytes += sizeof custom + custom.bytes.size();
    for (const auto& type : types_) bytes += sizeof type + type.params.size() + type.results.size();
    return bytes + imports_.size() * sizeof(ImportDecl) + exports_.size() * sizeof(ExportDecl) +
           globals_.size() * sizeof(GlobalDecl) + function_types_.size() * 4;
}

}  // namespace zvm

// Source: Core Specification 4.5 "Modules" (allocation, instantiation) and 4.4.6 to 4.4.7 (bulk instructions).
#include "zvm/instance.hpp"

#include <algorithm>
#include <cstring>

#include "zvm/machine.hpp"

namespace zvm {
namespace {

/// Import matching: what is given may be larger than what is asked and must not be able to grow further.
bool range_matches(std::uint32_t size, const std::optional<std::uint32_t>& max, const Range& wanted) noexcept {
    if (size < wanted.min) return false;
    return !wanted.max || (max && *max <= *wanted.max);
}

}  // namespace

base::Result<std::unique_ptr<Instance>> Instance::make(std::shared_ptr<const Module> module,
                                                       std::span<const Extern> imports) noexcept {
    std::unique_ptr<Instance> instance{new Instance};
    const auto& m = *module;
    if (imports.size() != m.imports().size()) return base::fail(Errc::unknown_import, "count");
    instance->functions_.reserve(m.function_count());
    for (std::size_t i = 0; i < imports.size(); ++i) {
        const auto& wanted = m.imports()[i];
        const auto& given = imports[i];
        if (wanted.kind != given.kind) return base::fail(Errc::import_mismatch, "kind");
        switch (wanted.kind) {
            case ExternKind::function:
                if (!(*given.function->type == m.types()[wanted.type]))
                    return base::fail(Errc::import_mismatch, "function");
                instance->functions_.push_back(given.function);
                break;
            case ExternKind::table: {
                const auto& type = given.table->type();
                if (type.element != wanted.table.element ||
                    !range_matches(given.table->size(), type.range.max, wanted.table.range)) {
                    return base::fail(Errc::import_mismatch, "table");
                }
                instance->tables_.push_back(given.table);
                break;
            }
            case ExternKind::memory:
                if (!range_matches(given.memory->pages(), given.memory->type().pages.max, wanted.memory.pages)) {
                    return base::fail(Errc::import_mismatch, "memory");
                }
                instance->memory_ = given.memory;
                break;
            case ExternKind::global:
                if (!(given.global->type == wanted.global)) return base::fail(Errc::import_mismatch, "global");
                instance->shared_globals_.push_back(given.global);
                break;
        }
    }
    for (auto i = m.imported_tables(); i < m.tables().size(); ++i) {
        GC_TRY(auto table, Table::make(m.tables()[i], m.limits().table_elements));
        instance->tables_.push_back(std::move(table));
    }
    if (!instance->memory_ && !m.memories().empty()) {
        GC_TRY(instance->memory_, Memory::make(m.memories().front(), m.limits().memory_pages));
    }
    instance->own_functions_.resize(m.code_count());
    for (std::uint32_t i = 0; i < m.code_count(); ++i) {
        auto& function = instance->own_functions_[i];
        function = {.type = &m.function_type(m.imported_functions() + i),
                    .instance = instance.get(),
                    .code = &m.code(i),
                    .host = nullptr};
        instance->functions_.push_back(&function);
    }
    for (auto i = m.imported_globals(); i < m.globals().size(); ++i) {
        auto global = std::make_shared<Global>();
        global->type = m.globals()[i].type;
        instance->shared_globals_.push_back(std::move(global));
    }
    for (const auto& global : instance->shared_globals_) instance->globals_.push_back(global.get());
    instance->module_ = std::move(module);
    for (auto i = m.imported_globals(); i < m.globals().size(); ++i) {
        instance->globals_[i]->value = instance->evaluate(m.globals()[i].init);
    }
    instance->data_dropped_.assign(m.data().size(), 0);
    instance->elements_dropped_.assign(m.elements().size(), 0);
    return instance;
}

base::Result<std::unique_ptr<Instance>> Instance::make(std::shared_ptr<const Module> module,
                                                       std::span<const HostFunction> functions) noexcept {
    std::vector<Function> hosts(module->imports().size());
    std::vector<Extern> imports(module->imports().size());
    for (std::size_t i = 0; i < imports.size(); ++i) {
        const auto& wanted = module->imports()[i];
        const auto found = std::find_if(functions.begin(), functions.end(), [&](const HostFunction& f) {
            return f.module == wanted.module && f.name == wanted.name;
        });
        if (wanted.kind != ExternKind::function || found == functions.end()) {
            return base::fail(Errc::unknown_import, "host function");
        }
        hosts[i] = {.type = &found->type, .instance = nullptr, .code = nullptr, .host = &*found};
        imports[i].function = &hosts[i];
    }
    GC_TRY(auto instance, make(std::move(module), imports));
    // The table of functions is the instance's own from here on.
    instance->host_functions_ = std::move(hosts);
    for (std::size_t i = 0; i < instance->host_functions_.size(); ++i) {
        instance->host_functions_[i].instance = instance.get();
        instance->functions_[i] = &instance->host_functions_[i];
    }
    return instance;
}

Slot Instance::evaluate(const ConstOp& op) const noexcept {
    if (op.kind == ConstOp::Kind::global) return globals_[op.value]->value;
    if (op.kind == ConstOp::Kind::function) return reinterpret_cast<std::uintptr_t>(functions_[op.value]);
    return op.value;
}

Slot Instance::evaluate(const ConstExpr& expr) const noexcept {
    if (expr.size() == 1) return evaluate(expr.front());
    std::vector<Slot> stack;
    for (const auto& op : expr) {
        using Kind = ConstOp::Kind;
        if (op.kind == Kind::value || op.kind == Kind::global || op.kind == Kind::function) {
            stack.push_back(evaluate(op));
            continue;
        }
        const auto y = stack.back();
        stack.pop_back();
        auto& x = stack.back();
        switch (op.kind) {
            case Kind::add32: x = static_cast<std::uint32_t>(x + y); break;
            case Kind::sub32: x = static_cast<std::uint32_t>(x - y); break;
            case Kind::mul32: x = static_cast<std::uint32_t>(x * y); break;
            case Kind::add64: x += y; break;
            case Kind::sub64: x -= y; break;
            case Kind::mul64: x *= y; break;
            case Kind::value:
            case Kind::global:
            case Kind::function: break;
        }
    }
    return stack.back();
}

Trap Instance::initialise(Machine& machine, std::int64_t& gas) noexcept {
    const auto& m = *module_;
    for (std::uint32_t i = 0; i < m.elements().size(); ++i) {
        const auto& segment = m.elements()[i];
        if (segment.mode == SegmentMode::passive) continue;
        if (segment.mode == SegmentMode::active) {
            const auto at = static_cast<std::uint32_t>(evaluate(segment.offset));
            const auto trap = table_init(i, segment.table, at, 0, static_cast<std::uint32_t>(segment.items.size()));
            if (trap != Trap::none) return trap;
        }
        elements_dropped_[i] = 1;
    }
    for (std::uint32_t i = 0; i < m.data().size(); ++i) {
        const auto& segment = m.data()[i];
        if (segment.mode != SegmentMode::active) continue;
        const auto at = static_cast<std::uint32_t>(evaluate(segment.offset));
        const auto trap = memory_init(i, at, 0, static_cast<std::uint32_t>(segment.bytes.size()));
        if (trap != Trap::none) return trap;
        data_dropped_[i] = 1;
    }
    if (!m.start()) return Trap::none;
    return machine.run(*functions_[*m.start()], {}, {}, gas);
}

void Instance::take_image() noexcept {
    if (memory_) memory_->take_image();
    for (const auto& table : tables_) table->take_image();
    global_image_.clear();
    for (const auto* const global : globals_) global_image_.push_back(global->value);
    data_dropped_image_ = data_dropped_;
    elements_dropped_image_ = elements_dropped_;
    dropped_ = false;
}

void Instance::reset() noexcept {
    if (memory_) memory_->reset();
    for (const auto& table : tables_) table->reset();
    for (std::size_t i = 0; i < globals_.size(); ++i) globals_[i]->value = global_image_[i];
    if (!dropped_) return;
    data_dropped_ = data_dropped_image_;
    elements_dropped_ = elements_dropped_image_;
    dropped_ = false;
}

std::uint64_t Instance::held_bytes() const noexcept {
    auto bytes = sizeof(Instance) + module_->footprint() + own_functions_.capacity() * sizeof(Function) +
                 functions_.capacity() * sizeof(Function*) + globals_.size() * (sizeof(Global) + 64);
    if (memory_) bytes += memory_->held_bytes();
    for (const auto& table : tables_) bytes += table->held_bytes();
    return bytes;
}

base::Result<Extern> Instance::find_export(std::string_view name) const noexcept {
    const auto* const found = module_->find_export(name);
    if (!found) return base::fail(Errc::unknown_export, "instance");
    Extern out;
    out.kind = found->kind;
    switch (found->kind) {
        case ExternKind::function: out.function = functions_[found->index]; break;
        case ExternKind::table: out.table = tables_[found->index]; break;
        case ExternKind::memory: out.memory = memory_; break;
        case ExternKind::global: out.global = shared_globals_[found->index]; break;
    }
    return out;
}

Trap Instance::memory_init(std::uint32_t segment, std::uint32_t at, std::uint32_t from, std::uint32_t count) noexcept {
    const auto& bytes = module_->data()[segment].bytes;
    const auto available = data_dropped_[segment] ? 0 : bytes.size();
    if (from > available || count > available - from) return Trap::memory_bounds;
    auto* const to = memory_->writable(at, count);
    if (!to) return Trap::memory_bounds;
    if (count) std::memcpy(to, bytes.data() + from, count);
    return Trap::none;
}

Trap Instance::memory_copy(std::uint32_t to, std::uint32_t from, std::uint32_t count) noexcept {
    const auto* const source = memory_->view(from, count);
    if (!source) return Trap::memory_bounds;
    auto* const target = memory_->writable(to, count);
    if (!target) return Trap::memory_bounds;
    std::memmove(target, source, count);
    return Trap::none;
}

Trap Instance::memory_fill(std::uint32_t at, std::uint8_t value, std::uint32_t count) noexcept {
    auto* const target = memory_->writable(at, count);
    if (!target) return Trap::memory_bounds;
    std::memset(target, value, count);
    return Trap::none;
}

Trap Instance::table_init(std::uint32_t segment, std::uint32_t table, std::uint32_t at, std::uint32_t from,
                          std::uint32_t count) noexcept {
    const auto& items = module_->elements()[segment].items;
    const auto available = elements_dropped_[segment] ? 0 : items.size();
    auto& to = *tables_[table];
    if (from > available || count > available - from) return Trap::table_bounds;
    if (at > to.size() || count > to.size() - at) return Trap::table_bounds;
    for (std::uint32_t i = 0; i < count; ++i) to.set(at + i, evaluate(items[from + i]));
    return Trap::none;
}

Trap Instance::table_copy(std::uint32_t target, std::uint32_t source, std::uint32_t to, std::uint32_t from,
                          std::uint32_t count) noexcept {
    auto& t = *tables_[target];
    const auto& s = *tables_[source];
    if (from > s.size() || count > s.size() - from || to > t.size() || count > t.size() - to) return Trap::table_bounds;
    if (count == 0) return Trap::none;
    std::memmove(t.slots_.data() + to, s.slots_.data() + from, count * sizeof(Slot));
    t.dirty_ = true;
    return Trap::none;
}

Trap Instance::table_fill(std::uint32_t table, std::uint32_t at, Slot value, std::uint32_t count) noexcept {
    auto& t = *tables_[table];
    if (at > t.size() || count > t.size() - at) return Trap::table_bounds;
    for (std::uint32_t i = 0; i < count; ++i) t.set(at + i, value);
    return Trap::none;
}

}  // namespace zvm

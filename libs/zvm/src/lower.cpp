#include "lower.hpp"

#include <algorithm>
#include <numeric>

#include "zvm/gas.hpp"

namespace zvm {

Lowerer::Lowerer(Module& module, ModuleFacts& facts) noexcept
    : module_{module},
      facts_{facts},
      limits_{module.options_.limits},
      floats_{module.options_.profile == Profile::spec},
      code_{*module.instructions_} {}

void Lowerer::decode_locals(Reader& in) noexcept {
    const auto groups = in.count();
    std::uint64_t total = locals_.size();
    for (std::uint32_t i = 0; i < groups && !in.failed() && !error_; ++i) {
        const auto count = in.u32();
        ValType type{};
        if (!value_type(in.byte(), type) || in.failed()) return;
        total += count;
        if (total > 0xffff'ffff) return in.fail("too many locals");
        if (total <= limits_.locals) locals_.insert(locals_.end(), count, type);
    }
    if (total > limits_.locals && !in.failed()) fail(Errc::too_many_locals, "function body");
}

base::Result<void> Lowerer::lower(std::uint32_t index, Reader& in) noexcept {
    const auto function = module_.imported_functions_ + index;
    const auto& type = module_.function_type(function);
    const auto params = static_cast<std::uint32_t>(type.params.size());
    const auto wasm_bytes = static_cast<std::uint32_t>(in.remaining());

    error_.reset();
    locals_.assign(type.params.begin(), type.params.end());
    operands_.clear();
    controls_.clear();
    labels_.clear();
    segments_.assign(1, 0);
    fixups_.clear();
    gas_fixups_.clear();
    segment_ = 0;
    first_ = barrier_ = static_cast<std::uint32_t>(code_.size());
    blocks_ = tables_ = load_gas_ = 0;
    lazy_from_ = deepest_ = 0;
    dead_ = false;
    aliases_.clear();

    decode_locals(in);
    GC_CHECK(in.status());
    if (error_) return std::unexpected{*error_};
    if (locals_.size() > 65'000) return base::fail(Errc::frame_too_large, "function body");
    pending_.assign(locals_.size(), 0);
    copies_of_.assign(locals_.size(), 0);
    source_of_.resize(locals_.size());
    std::iota(source_of_.begin(), source_of_.end(), std::uint16_t{0});
    const auto zeroed = static_cast<std::uint32_t>(locals_.size()) - params;
    charge(gas::locals(zeroed));

    Control outer;
    outer.block = Block::function;
    outer.label = new_label();
    outer.results = type.results;
    controls_.push_back(outer);
    while (!controls_.empty()) {
        if (in.empty()) return base::fail(Errc::malformed, "unexpected end of section or function");
        step(in.byte(), in);
        GC_CHECK(in.status());
        if (error_) return std::unexpected{*error_};
    }
    if (!in.empty()) return base::fail(Errc::malformed, "section size mismatch");
    join();
    resolve();

    const auto slots = std::max(locals_.size() + deepest_, type.results.size());
    module_.codes_[index] = {.entry = nullptr,
                             .entry_gas = segments_[0],
                             .frame_slots = static_cast<std::uint32_t>(slots),
                             .params = params,
                             .zeroed = zeroed,
                             .results = static_cast<std::uint32_t>(type.results.size()),
                             .index = function,
                             .ir_first = first_,
                             .ir_count = static_cast<std::uint32_t>(code_.size()) - first_,
                             .wasm_bytes = wasm_bytes,
                             .load_gas = load_gas_};
    return {};
}

void Lowerer::step(std::uint8_t op, Reader& in) noexcept {
    if (!dead_ && segments_[segment_] > 60'000) split_long_segment();
    charge(gas::opcode(op));
    load_gas_ += gas::start::kLoadOp;
    if (op >= 0x41 && op <= 0x44) {
        std::uint64_t value = 0;
        auto type = ValType::i32;
        switch (op) {
            case 0x41: value = static_cast<std::uint32_t>(in.s32()); break;
            case 0x42:
                value = static_cast<std::uint64_t>(in.s64());
                type = ValType::i64;
                break;
            default: {
                if (!floats_) return fail(Errc::floats_refused, "instruction");
                type = op == 0x43 ? ValType::f32 : ValType::f64;
                const auto bits = in.bytes(op == 0x43 ? 4 : 8);
                if (in.failed()) return;
                value =
                    op == 0x43 ? base::load_le<std::uint32_t>(bits.data()) : base::load_le<std::uint64_t>(bits.data());
            }
        }
        return push(type, Kind::constant, value);
    }
    if (op >= 0x20 && op <= 0x24) return variable(op, in);
    if (const auto& entry = kNumeric[op]; entry.shape != Shape::none) return numeric(entry);
    if (op >= kFirstLoad && op <= kLastStore) return memory_access(op, in);
    if (op <= 0x11) return control(op, in);
    switch (op) {
        case 0x1a: pop_any(); return;
        case 0x1b:
        case 0x1c: return select(op, in);
        case 0x25:
        case 0x26: return table_access(op, in);
        case 0x3f:
        case 0x40: {
            const auto zero = in.byte();
            if (in.failed()) return;
            if (zero != 0) return in.fail("zero byte expected");
            if (module_.memories_.empty()) return fail(Errc::invalid, "unknown memory");
            if (op == 0x3f) {
                emit(Op::memory_size, top());
            } else {
                const auto operand = pop(ValType::i32);
                const auto pages = in_register(operand, operands_.size());
                emit(Op::memory_grow, top(), pages);
            }
            return push_temporary(ValType::i32, true);
        }
        case 0xd0: {
            ValType type{};
            const auto byte = in.byte();
            if (!value_type(byte, type)) return;
            if (!is_reference(type)) return in.fail("malformed reference type");
            return push(type, Kind::constant, 0);
        }
        case 0xd1: {
            const auto operand = pop_any();
            if (operand.type != ValType::unknown && !is_reference(operand.type)) return mismatch();
            const auto b = in_register(operand, operands_.size());
            emit(Op::i64_eq_ri, top(), b, 0, 0);
            return push_temporary(ValType::i32, true);
        }
        case 0xd2: {
            const auto index = in.u32();
            if (in.failed()) return;
            if (index >= module_.function_types_.size()) return fail(Errc::invalid, "unknown function");
            if (!facts_.is_declared(index)) return fail(Errc::invalid, "undeclared function reference");
            emit(Op::ref_func, top(), 0, 0, index);
            return push_temporary(ValType::funcref, true);
        }
        case 0xfc: return prefixed(in);
        case 0xfd: return fail(Errc::feature_refused, "SIMD");
        case 0xfe: return fail(Errc::feature_refused, "threads");
        case 0x12:
        case 0x13: return fail(Errc::feature_refused, "tail calls");
        default: return in.fail("illegal opcode");
    }
}

void Lowerer::resolve() noexcept {
    for (const auto& fixup : fixups_) {
        auto& instr = code_[fixup.instr];
        const auto& label = labels_[fixup.label];
        const auto displacement = (static_cast<std::int32_t>(label.at) - static_cast<std::int32_t>(fixup.instr)) *
                                  static_cast<std::int32_t>(sizeof(Instr));
        const std::uint64_t cost = label.segment == kNoSegment ? 0 : segments_[label.segment];
        instr.imm |= cost << 32 | static_cast<std::uint32_t>(displacement);
        if (fixup.fallthrough != kNoSegment) instr.a = static_cast<std::uint16_t>(segments_[fixup.fallthrough]);
    }
    for (const auto& fixup : gas_fixups_) code_[fixup.instr].imm = segments_[fixup.segment];
}

}  // namespace zvm

// The 0xfc instructions: saturating conversions, bulk memory and tables.
// Source: Core Specification 5.4.5 to 5.4.7.
#include <array>

#include "lower.hpp"
#include "zvm/gas.hpp"

namespace zvm {

void Lowerer::prefixed(Reader& in) noexcept {
    const auto op = in.u32();
    if (in.failed()) return;
    if (op < 8) {
        if (!floats_) return fail(Errc::floats_refused, "instruction");
        const auto operand = pop(kSaturatingOperand[op]);
        const auto b = in_register(operand, operands_.size());
        charge(gas::kFloat);
        emit(Op::i32_trunc_sat_f32_s + static_cast<int>(op), top(), b);
        return push_temporary(op < 4 ? ValType::i32 : ValType::i64, true);
    }
    if (op > 17) return in.fail("illegal opcode");
    charge(gas::kBulk);
    if (op < 12) return bulk_memory(op, in);
    return bulk_table(op, in);
}

/// Target, source and length of a bulk instruction in three neighbouring slots, `a` being the first.
void Lowerer::three_operands(Op op, std::uint64_t imm, std::span<const ValType> types) noexcept {
    materialise_top(3);
    pop_types(types);
    emit(op, top(), 0, 0, imm);
}

void Lowerer::bulk_memory(std::uint32_t op, Reader& in) noexcept {
    static constexpr std::array<ValType, 3> kIntegers{ValType::i32, ValType::i32, ValType::i32};
    std::uint32_t segment = 0;
    if (op == 8 || op == 9) segment = in.u32();
    if (op != 9) {
        for (int i = op == 10 ? 2 : 1; i > 0; --i) {
            if (in.byte() != 0) return in.fail("zero byte expected");
        }
        if (in.failed()) return;
        if (module_.memories_.empty()) return fail(Errc::invalid, "unknown memory");
    }
    if (in.failed()) return;
    if (op == 8 || op == 9) {
        if (!facts_.data_count) facts_.needs_data_count = true;
        if (facts_.data_count && segment >= *facts_.data_count) return fail(Errc::invalid, "unknown data segment");
    }
    switch (op) {
        case 8: return three_operands(Op::memory_init, segment, kIntegers);
        case 9: return emit(Op::data_drop, 0, 0, 0, segment);
        case 10: return three_operands(Op::memory_copy, 0, kIntegers);
        default: return three_operands(Op::memory_fill, 0, kIntegers);
    }
}

void Lowerer::bulk_table(std::uint32_t op, Reader& in) noexcept {
    static constexpr std::array<ValType, 3> kIntegers{ValType::i32, ValType::i32, ValType::i32};
    const auto first = in.u32();
    const auto second = op == 12 || op == 14 ? in.u32() : 0;
    if (in.failed()) return;
    const auto table_of = [&](std::uint32_t index) -> const TableType* {
        if (index < module_.tables_.size()) return &module_.tables_[index];
        fail(Errc::invalid, "unknown table");
        return nullptr;
    };
    switch (op) {
        case 12: {  // table.init element table
            const auto* const table = table_of(second);
            if (!table) return;
            if (first >= module_.elements_.size()) return fail(Errc::invalid, "unknown elem segment");
            if (module_.elements_[first].type != table->element) return mismatch();
            return three_operands(Op::table_init, std::uint64_t{first} << 32 | second, kIntegers);
        }
        case 13:
            if (first >= module_.elements_.size()) return fail(Errc::invalid, "unknown elem segment");
            return emit(Op::elem_drop, 0, 0, 0, first);
        case 14: {  // table.copy target source
            const auto* const target_table = table_of(first);
            const auto* const source = table_of(second);
            if (!target_table || !source) return;
            if (target_table->element != source->element) return mismatch();
            return three_operands(Op::table_copy, std::uint64_t{first} << 32 | second, kIntegers);
        }
        case 15: {
            const auto* const table = table_of(first);
            if (!table) return;
            const auto count = pop(ValType::i32);
            const auto count_at = operands_.size();
            const auto value = pop(table->element);
            const auto b = in_register(value, operands_.size());
            const auto c = in_register(count, count_at);
            emit(Op::table_grow, top(), b, c, first);
            return push_temporary(ValType::i32, true);
        }
        case 16:
            if (!table_of(first)) return;
            emit(Op::table_size, top(), 0, 0, first);
            return push_temporary(ValType::i32, true);
        default: {
            const auto* const table = table_of(first);
            if (!table) return;
            const std::array<ValType, 3> types{ValType::i32, table->element, ValType::i32};
            return three_operands(Op::table_fill, first, types);
        }
    }
}

}  // namespace zvm

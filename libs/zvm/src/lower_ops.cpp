// Everything that is not control: numbers, memory, tables, variables.
#include <algorithm>
#include <array>

#include "lower.hpp"

namespace zvm {
namespace {

/// Offset in the _rr family (eq ne lt_s lt_u le_s le_u) and whether the operands swap, by Relation.
struct PairForm {
    int offset;
    bool swap;
};
constexpr std::array<PairForm, 10> kPairs{{{0, false},
                                           {1, false},
                                           {2, false},
                                           {3, false},
                                           {2, true},
                                           {3, true},
                                           {4, false},
                                           {5, false},
                                           {4, true},
                                           {5, true}}};
/// Offset in the _ri family (eq ne lt_s lt_u le_s le_u gt_s gt_u ge_s ge_u), by Relation.
constexpr std::array<int, 10> kImmediate{0, 1, 2, 3, 6, 7, 4, 5, 8, 9};
/// The relation seen from the other side: a < b is b > a.
constexpr std::array<int, 10> kMirrored{0, 1, 4, 5, 2, 3, 8, 9, 6, 7};

/// Whether a store of so many bytes writes the same as one of the signed 16-bit constant.
bool fits_store(std::uint32_t log2_bytes, std::uint64_t value) noexcept {
    const auto small = static_cast<std::uint64_t>(std::int64_t{static_cast<std::int16_t>(value)});
    return log2_bytes < 2 || (log2_bytes == 2 ? static_cast<std::uint32_t>(small ^ value) == 0 : small == value);
}

}  // namespace

void Lowerer::numeric(const Numeric& entry) noexcept {
    if (is_float(entry.operand) || is_float(entry.result)) {
        if (!floats_) return fail(Errc::floats_refused, "instruction");
    }
    switch (entry.shape) {
        case Shape::none: return;
        case Shape::binary: return binary(entry);
        case Shape::compare: return compare(entry);
        case Shape::eqz: {
            const auto operand = pop(entry.operand);
            const auto b = in_register(operand, operands_.size());
            emit(entry.op, top(), b, 0, 0);
            return push_temporary(entry.result, true);
        }
        case Shape::unary: {
            const auto operand = pop(entry.operand);
            const auto b = in_register(operand, operands_.size());
            emit(entry.op, top(), b);
            return push_temporary(entry.result, true);
        }
        case Shape::float_binary: {
            const auto right = pop(entry.operand);
            const auto right_at = operands_.size();
            const auto left = pop(entry.operand);
            const auto b = in_register(left, operands_.size());
            const auto c = in_register(right, right_at);
            emit(entry.op, top(), b, c);
            return push_temporary(entry.result, true);
        }
        case Shape::retype: {
            auto operand = pop(entry.operand);
            push(entry.result, operand.kind, operand.value);
            operands_.back().producer = operand.producer;
            acquire(operand);
            return;
        }
    }
}

void Lowerer::binary(const Numeric& entry) noexcept {
    auto right = pop(entry.operand);
    auto right_at = operands_.size();
    auto left = pop(entry.operand);
    auto left_at = operands_.size();
    if (dead_) return push_temporary(entry.result, false);
    if (left.kind == Kind::constant && right.kind != Kind::constant && is_commutative(entry.op)) {
        std::swap(left, right);
        std::swap(left_at, right_at);
    }
    if (entry.op == Op::i32_add_rr && right.kind == Kind::constant && refers_to_local(left)) {
        // Often an address: kept until an access takes it whole.
        const auto already = left.kind == Kind::sum ? left.value >> 32 : 0;
        const auto sum = static_cast<std::uint32_t>(already + right.value);
        push(entry.result, Kind::sum, std::uint64_t{sum} << 32 | static_cast<std::uint32_t>(left.value));
        return acquire(operands_.back());
    }
    if (fuse(entry, left, right)) return push_temporary(entry.result, true);
    if (right.kind == Kind::constant) {
        const auto b = in_register(left, left_at);
        auto op = entry.op + 1;
        auto imm = right.value;
        if (op == Op::i32_sub_ri || op == Op::i64_sub_ri) {
            imm = op == Op::i32_sub_ri ? static_cast<std::uint32_t>(-imm) : -imm;
            op = op == Op::i32_sub_ri ? Op::i32_add_ri : Op::i64_add_ri;
        }
        emit(op, top(), b, 0, imm);
    } else {
        const auto b = in_register(left, left_at);
        const auto c = in_register(right, right_at);
        emit(entry.op, top(), b, c);
    }
    push_temporary(entry.result, true);
}

void Lowerer::compare(const Numeric& entry) noexcept {
    auto right = pop(entry.operand);
    auto right_at = operands_.size();
    auto left = pop(entry.operand);
    auto left_at = operands_.size();
    if (dead_) return push_temporary(entry.result, false);
    auto relation = static_cast<std::size_t>(entry.relation);
    if (left.kind == Kind::constant && right.kind != Kind::constant) {
        std::swap(left, right);
        std::swap(left_at, right_at);
        relation = static_cast<std::size_t>(kMirrored[relation]);
    }
    const auto b = in_register(left, left_at);
    if (right.kind == Kind::constant) {
        const auto family = entry.op == Op::i64_eq_rr ? Op::i64_eq_ri : Op::i32_eq_ri;
        emit(family + kImmediate[relation], top(), b, 0, right.value);
    } else {
        const auto c = in_register(right, right_at);
        const auto form = kPairs[relation];
        emit(entry.op + form.offset, top(), form.swap ? c : b, form.swap ? b : c);
    }
    push_temporary(entry.result, true);
}

void Lowerer::memory_access(std::uint8_t op, Reader& in) noexcept {
    const auto& entry = kMemoryOps[static_cast<std::size_t>(op - kFirstLoad)];
    const auto align = in.u32();
    const auto offset = in.u32();
    if (in.failed()) return;
    if (is_float(entry.type) && !floats_) return fail(Errc::floats_refused, "instruction");
    if (module_.memories_.empty()) return fail(Errc::invalid, "unknown memory");
    if (align >= 32) return in.fail("malformed memop flags");
    if (align > entry.log2_bytes) return fail(Errc::invalid, "alignment must not be larger than natural");

    const bool is_store = op >= kFirstStore;
    Operand value{};
    std::size_t value_at = 0;
    if (is_store) {
        value = pop(entry.type);
        value_at = operands_.size();
    }
    const auto address = pop(ValType::i32);
    const auto address_at = operands_.size();
    if (!dead_) {
        const bool is_small = is_store && value.kind == Kind::constant && fits_store(entry.log2_bytes, value.value);
        const bool is_settled = !is_store || is_small || value.kind == Kind::local;  // nothing to emit for it
        auto form = is_small ? entry.op + (Op::st8k_r - Op::st8_r) : entry.op;
        std::uint16_t b = 0;
        std::uint16_t c = 0;
        std::uint64_t imm = offset;
        if (address.kind == Kind::constant) {
            form = form + 2;
            imm += address.value;
        } else if (address.kind == Kind::sum) {
            form = form + 3;
            b = static_cast<std::uint16_t>(address.value);
            imm |= address.value >> 32 << 32;
        } else if (is_last(address) && code_.back().op == Op::i32_shl_add && is_settled) {
            form = form + 4;
            b = code_.back().b;
            c = code_.back().c;
            const auto shift = code_.back().imm;
            code_.pop_back();
            const bool is_index = form == Op::ld64_s && offset <= 0xffff && made_by(b, 1) &&
                                  code_.back().op == Op::ld8u_i && static_cast<std::uint32_t>(code_.back().imm) == 0;
            if (is_index) {
                form = Op::ld8u_ld64;
                b = code_.back().b;
                imm |= shift << 16 | code_.back().imm;
                code_.pop_back();
            } else {
                imm |= shift << 32;
            }
        } else if (is_last(address) && code_.back().op == Op::i32_add_rr && is_settled) {
            // The sum of two registers wraps as i32.add does; the access adds them itself.
            form = form + 1;
            b = code_.back().b;
            c = code_.back().c;
            code_.pop_back();
        } else {
            b = in_register(address, address_at);
        }
        const auto a = is_small   ? static_cast<std::uint16_t>(value.value)
                       : is_store ? in_register(value, value_at)
                                  : top();
        emit(form, a, b, c, imm);
    }
    if (!is_store) push_temporary(entry.type, true);
}

void Lowerer::variable(std::uint8_t op, Reader& in) noexcept {
    const auto index = in.u32();
    if (in.failed()) return;
    if (op <= 0x22) {
        if (index >= locals_.size()) return fail(Errc::invalid, "unknown local");
        if (op == 0x20) return local_get(index);
        return local_set(index, op == 0x22);
    }
    if (index >= module_.globals_.size()) return fail(Errc::invalid, "unknown global");
    const auto& type = module_.globals_[index].type;
    if (op == 0x23) {
        emit(Op::global_get, top(), 0, 0, index);
        return push_temporary(type.type, true);
    }
    if (!type.is_mutable) return fail(Errc::invalid, "global is immutable");
    const auto operand = pop(type.type);
    const auto b = in_register(operand, operands_.size());
    emit(Op::global_set, 0, b, 0, index);
}

void Lowerer::select(std::uint8_t op, Reader& in) noexcept {
    ValType declared = ValType::unknown;
    if (op == 0x1c) {
        const auto count = in.count();
        if (in.failed()) return;
        if (count != 1) return fail(Errc::invalid, "invalid result arity");
        if (!value_type(in.byte(), declared)) return;
    }
    const auto condition = pop(ValType::i32);
    const auto condition_at = operands_.size();
    const auto second = declared == ValType::unknown ? pop_any() : pop(declared);
    const auto second_at = operands_.size();
    const auto first = declared == ValType::unknown ? pop_any() : pop(declared);
    const auto first_at = operands_.size();
    auto type = declared;
    if (declared == ValType::unknown) {
        if (is_reference(first.type) || is_reference(second.type)) return mismatch();
        if (first.type != second.type && first.type != ValType::unknown && second.type != ValType::unknown) {
            return mismatch();
        }
        type = first.type == ValType::unknown ? second.type : first.type;
    }
    emit_select(first, first_at, second, second_at, condition, condition_at);
    push_temporary(type, true);
}

void Lowerer::table_access(std::uint8_t op, Reader& in) noexcept {
    const auto index = in.u32();
    if (in.failed()) return;
    if (index >= module_.tables_.size()) return fail(Errc::invalid, "unknown table");
    const auto type = module_.tables_[index].element;
    if (op == 0x25) {
        const auto operand = pop(ValType::i32);
        const auto b = in_register(operand, operands_.size());
        emit(Op::table_get, top(), b, 0, index);
        return push_temporary(type, true);
    }
    const auto value = pop(type);
    const auto value_at = operands_.size();
    const auto operand = pop(ValType::i32);
    const auto b = in_register(operand, operands_.size());
    const auto c = in_register(value, value_at);
    emit(Op::table_set, 0, b, c, index);
}

}  // namespace zvm

// An operation whose operand the last instruction has just made becomes one instruction with it. The temporary between
// them is never written: nothing else can refer to it.
#include "lower.hpp"

namespace zvm {
namespace {

/// `(b inner c) outer third` as one instruction; `third` goes to imm.
struct Triple {
    Op inner;
    Op outer;
    Op fused;
};
constexpr Triple kTriples[] = {
    {Op::i64_xor_rr, Op::i64_xor_rr, Op::i64_xor_xor},    {Op::i32_xor_rr, Op::i32_xor_rr, Op::i32_xor_xor},
    {Op::i64_add_rr, Op::i64_add_rr, Op::i64_add_add},    {Op::i32_add_rr, Op::i32_add_rr, Op::i32_add_add},
    {Op::i64_and_rr, Op::i64_xor_rr, Op::i64_and_xor},    {Op::i32_and_rr, Op::i32_xor_rr, Op::i32_and_xor},
    {Op::i64_xor_rr, Op::i64_and_rr, Op::i64_xor_and},    {Op::i32_xor_rr, Op::i32_and_rr, Op::i32_xor_and},
    {Op::i32_mul_rr, Op::i32_add_rr, Op::i32_mul_add},    {Op::i32_and_rr, Op::i32_or_rr, Op::i32_and_or},
    {Op::i64_and_rr, Op::i64_or_rr, Op::i64_and_or},      {Op::i32_andnot, Op::i32_xor_rr, Op::i32_andnot_xor},
    {Op::i64_andnot, Op::i64_xor_rr, Op::i64_andnot_xor}, {Op::i32_or_rr, Op::i32_or_rr, Op::i32_or_or},
    {Op::i64_or_rr, Op::i64_or_rr, Op::i64_or_or},
};

/// One more operand: a field of imm at `shift` of an operation that already has three or four.
struct Longer {
    Op inner;
    Op outer;
    Op fused;
    unsigned shift;
};
constexpr Longer kLonger[] = {
    {Op::i64_xor_xor, Op::i64_xor_rr, Op::i64_xor4, 16},
    {Op::i64_xor4, Op::i64_xor_rr, Op::i64_xor5, 32},
    {Op::i64_add_add, Op::i64_add_rr, Op::i64_add4, 16},
    {Op::i32_add_add, Op::i32_add_rr, Op::i32_add4, 16},
};

constexpr bool same_pair(const Instr& x, const Instr& y) noexcept {
    return (x.b == y.b && x.c == y.c) || (x.b == y.c && x.c == y.b);
}
constexpr bool is_small(std::uint64_t value) noexcept {
    return static_cast<std::uint64_t>(std::int64_t{static_cast<std::int16_t>(value)}) == value;
}

}  // namespace

/// Whether the temporary register `slot` is what the instruction `back` from the end (1: the last) would have written.
/// Says so of a store of it as well: the caller looks at the operation.
bool Lowerer::made_by(std::uint16_t slot, std::size_t back) const noexcept {
    return slot >= locals_.size() && code_.size() >= barrier_ + back && code_[code_.size() - back].a == slot;
}

bool Lowerer::fuse(const Numeric& entry, const Operand& left, const Operand& right) noexcept {
    if (right.kind == Kind::constant) return is_register(left) && fuse_constant(entry, left, right.value);
    if (!is_register(left) || !is_register(right) || !is_commutative(entry.op)) return false;
    for (const bool swap : {false, true}) {
        const auto& inner_side = swap ? left : right;
        const auto& other = swap ? right : left;
        if (!is_last(inner_side)) continue;
        const auto inner = code_.back();
        const auto third = static_cast<std::uint16_t>(other.value);
        if (fuse_shifted(entry, inner, other) || fuse_bitwise(entry, inner, other)) return true;
        if (inner.op == Op::i32_mul_rr && entry.op == Op::i32_add_rr && fuse_load(inner, third)) return true;
        for (const auto& triple : kTriples) {
            if (triple.outer != entry.op || triple.inner != inner.op) continue;
            code_.pop_back();
            emit(triple.fused, top(), inner.b, inner.c, third);
            return true;
        }
        for (const auto& longer : kLonger) {
            if (longer.outer != entry.op || longer.inner != inner.op) continue;
            code_.pop_back();
            emit(longer.fused, top(), inner.b, inner.c, inner.imm | std::uint64_t{third} << longer.shift);
            return true;
        }
    }
    return false;
}

/// The right operand is a constant.
bool Lowerer::fuse_constant(const Numeric& entry, const Operand& left, std::uint64_t right) noexcept {
    const bool is_64 = entry.operand == ValType::i64;
    const auto rotl_ri = is_64 ? Op::i64_rotl_ri : Op::i32_rotl_ri;
    const std::uint64_t width = is_64 ? 64 : 32;
    if (entry.op == Op::i32_and_rr && is_last(left) && code_.back().op == Op::i32_shr_u_ri) {
        const auto inner = code_.back();
        code_.pop_back();
        emit(Op::i32_shr_and, top(), inner.b, 0, (inner.imm & 31) | right << 32);
        return true;
    }
    const bool is_rotr = entry.op == (is_64 ? Op::i64_rotr_rr : Op::i32_rotr_rr);
    if (!is_rotr && entry.op + 1 != rotl_ri) return false;
    const auto by = (is_rotr ? width - right % width : right) % width;
    if (is_last(left) && code_.back().op == (is_64 ? Op::i64_xor_rr : Op::i32_xor_rr)) {
        const auto inner = code_.back();
        code_.pop_back();
        emit(is_64 ? Op::i64_xor_rotl : Op::i32_xor_rotl, top(), inner.b, inner.c, by);
    } else {
        emit(rotl_ri, top(), static_cast<std::uint16_t>(left.value), 0, by);
    }
    return true;
}

/// `inner` is a shift or rotation by a constant.
bool Lowerer::fuse_shifted(const Numeric& entry, const Instr& inner, const Operand& other) noexcept {
    const bool is_64 = entry.operand == ValType::i64;
    const auto third = static_cast<std::uint16_t>(other.value);
    const std::uint64_t mask = is_64 ? 63 : 31;
    const auto rotl_ri = is_64 ? Op::i64_rotl_ri : Op::i32_rotl_ri;
    const auto rotl_xor = is_64 ? Op::i64_rotl_xor : Op::i32_rotl_xor;
    const bool is_rotation = inner.op == rotl_ri;
    if (entry.op == (is_64 ? Op::i64_xor_rr : Op::i32_xor_rr)) {
        if (!is_rotation && inner.op != (is_64 ? Op::i64_shr_u_ri : Op::i32_shr_u_ri)) return false;
        code_.pop_back();
        // The third of three of the same register: the sigmas of SHA-2.
        if (is_last(other) && code_.back().op == rotl_xor && code_.back().c == inner.b && made_by(code_.back().b, 2)) {
            const auto second = code_.back();
            const auto first = code_[code_.size() - 2];
            if (first.op == rotl_ri && first.b == inner.b) {
                code_.resize(code_.size() - 2);
                const auto op = is_rotation ? (is_64 ? Op::i64_sigma : Op::i32_sigma)
                                            : (is_64 ? Op::i64_sigma_shr : Op::i32_sigma_shr);
                emit(op, top(), inner.b, 0, first.imm | second.imm << 16 | (inner.imm & mask) << 32);
                return true;
            }
        }
        const auto shr_xor = is_64 ? Op::i64_shr_xor : Op::i32_shr_xor;
        emit(is_rotation ? rotl_xor : shr_xor, top(), third, inner.b, inner.imm & mask);
        return true;
    }
    if (entry.op == Op::i32_add_rr && inner.op == Op::i32_shl_ri) {
        code_.pop_back();
        emit(Op::i32_shl_add, top(), inner.b, third, inner.imm & mask);
        return true;
    }
    if (entry.op == (is_64 ? Op::i64_or_rr : Op::i32_or_rr) && inner.op == (is_64 ? Op::i64_shl_ri : Op::i32_shl_ri)) {
        code_.pop_back();
        emit(is_64 ? Op::i64_shl_or : Op::i32_shl_or, top(), inner.b, third, inner.imm & mask);
        return true;
    }
    return false;
}

/// And with not; choosing by bits, and the majority of three.
bool Lowerer::fuse_bitwise(const Numeric& entry, const Instr& inner, const Operand& other) noexcept {
    const bool is_64 = entry.operand == ValType::i64;
    const auto third = static_cast<std::uint16_t>(other.value);
    const auto and_rr = is_64 ? Op::i64_and_rr : Op::i32_and_rr;
    const auto andnot = is_64 ? Op::i64_andnot : Op::i32_andnot;
    if (entry.op == and_rr) {
        const bool is_not = inner.op == (is_64 ? Op::i64_xor_ri : Op::i32_xor_ri) &&
                            inner.imm == (is_64 ? ~std::uint64_t{0} : 0xffff'ffff);
        if (!is_not) return false;
        code_.pop_back();
        emit(andnot, top(), third, inner.b);
        return true;
    }
    if (other.kind != Kind::temporary || !made_by(third, 2)) return false;
    const auto before = code_[code_.size() - 2];
    if (entry.op == (is_64 ? Op::i64_or_rr : Op::i32_or_rr)) {
        // (value & mask) | (other & ~mask)
        const auto& chosen = inner.op == and_rr ? inner : before;
        const auto& rest = inner.op == and_rr ? before : inner;
        if (chosen.op != and_rr || rest.op != andnot || (chosen.b != rest.c && chosen.c != rest.c)) return false;
        const auto value = chosen.b == rest.c ? chosen.c : chosen.b;
        const Instr fused{is_64 ? Op::i64_bitsel : Op::i32_bitsel, top(), value, rest.c, rest.b};
        code_.resize(code_.size() - 2);
        code_.push_back(fused);
        return true;
    }
    const auto xor_and = is_64 ? Op::i64_xor_and : Op::i32_xor_and;
    if (entry.op != (is_64 ? Op::i64_xor_rr : Op::i32_xor_rr) || inner.op != and_rr || before.op != xor_and ||
        !same_pair(inner, before)) {
        return false;
    }
    // (x & y) ^ ((x ^ y) & z)
    code_.resize(code_.size() - 2);
    emit(is_64 ? Op::i64_maj : Op::i32_maj, top(), inner.b, inner.c, before.imm);
    return true;
}

/// A product, the last instruction, of a word that was just loaded, plus `third`.
bool Lowerer::fuse_load(const Instr& multiply, std::uint16_t third) noexcept {
    if (multiply.b == multiply.c) return false;
    for (const bool swap : {false, true}) {
        const auto word = swap ? multiply.c : multiply.b;
        const auto other = swap ? multiply.b : multiply.c;
        if (!made_by(word, 2) || third == word) continue;
        const auto load = code_[code_.size() - 2];
        // The address wraps before the offset is added: only without an offset is there room for it.
        if (load.op != Op::ld32_i || static_cast<std::uint32_t>(load.imm) != 0) continue;
        code_.resize(code_.size() - 2);
        emit(Op::i32_ld_mul_add, top(), load.b, other, load.imm | third);
        return true;
    }
    return false;
}

void Lowerer::emit_select(const Operand& first, std::size_t first_at, const Operand& second, std::size_t second_at,
                          const Operand& condition, std::size_t condition_at) noexcept {
    auto op = Op::select_rr;
    std::uint64_t imm = 0;
    bool swap = false;
    const auto last = !dead_ && is_last(condition) ? code_.back() : Instr{};
    // What the comparison reads is read later now, after copies that settle the operands: aliases must not change that.
    const bool is_pair = between(last.op, Op::i32_eq_rr, Op::i32_le_u_rr);
    const auto pair_with = [&](Op family, bool ordered_swap) {
        op = family;
        imm = ordered_swap ? std::uint64_t{last.c} | std::uint64_t{last.b} << 16
                           : std::uint64_t{last.b} | std::uint64_t{last.c} << 16;
    };
    const auto constant_with = [&](Op family) {
        op = family;
        imm = last.b | last.imm << 32;
    };
    if (last.op != Op::exit && !is_alias(last.b) && !(is_pair && is_alias(last.c))) {
        switch (last.op) {
            case Op::i32_and_ri: constant_with(Op::select_test_rr); break;
            case Op::i32_eq_ri: constant_with(Op::select_eq_ri_rr); break;
            case Op::i32_lt_s_ri: constant_with(Op::select_lt_s_ri_rr); break;
            case Op::i32_lt_u_ri: constant_with(Op::select_lt_u_ri_rr); break;
            case Op::i32_ne_ri: constant_with(Op::select_eq_ri_rr), swap = true; break;
            case Op::i32_ge_s_ri: constant_with(Op::select_lt_s_ri_rr), swap = true; break;
            case Op::i32_ge_u_ri: constant_with(Op::select_lt_u_ri_rr), swap = true; break;
            case Op::i32_eq_rr: pair_with(Op::select_eq_rr_rr, false); break;
            case Op::i32_ne_rr: pair_with(Op::select_eq_rr_rr, false), swap = true; break;
            case Op::i32_lt_s_rr: pair_with(Op::select_lt_s_rr_rr, false); break;
            case Op::i32_lt_u_rr: pair_with(Op::select_lt_u_rr_rr, false); break;
            case Op::i32_le_s_rr: pair_with(Op::select_lt_s_rr_rr, true), swap = true; break;
            case Op::i32_le_u_rr: pair_with(Op::select_lt_u_rr_rr, true), swap = true; break;
            default: break;
        }
    }
    if (op != Op::select_rr) {
        code_.pop_back();
    } else {
        imm = in_register(condition, condition_at);
    }
    const auto& left = swap ? second : first;
    const auto& right = swap ? first : second;
    const bool small_left = left.kind == Kind::constant && is_small(left.value);
    const bool small_right = right.kind == Kind::constant && is_small(right.value);
    const auto b = small_left ? static_cast<std::uint16_t>(left.value) : in_register(left, swap ? second_at : first_at);
    const auto c =
        small_right ? static_cast<std::uint16_t>(right.value) : in_register(right, swap ? first_at : second_at);
    emit(op + (small_left ? 1 : 0) + (small_right ? 2 : 0), top(), b, c, imm);
}

}  // namespace zvm

#pragma once
// The register code that both tiers run. An instruction is 16 bytes; registers are slots of the current frame:
// parameters, locals, then the operand stack at the heights that Wasm gives it. Suffixes: r register, i immediate
// (in `imm`), x sum of two registers as the address, a absolute address, i (of a load or
// store) register plus a wrapping constant (high half of imm) plus an offset (low half), s register shifted left (high
// half of imm) plus register, wrapping, plus an offset (low half).
//
//   binary      a = b op c | imm           load    a = [b (+ c) + imm]      store   [b (+ c) + imm] = a
//   branch      imm = displacement from the branch in bytes (low half), gas of the target block (high half)
//   conditional as branch; a = gas of the block that follows; b, c operands (c also a signed 16-bit constant)
//   ld8u_ld64   an index from a table of bytes: high half of imm is the table, then the shift and the offset of 16 bits
//   counted     as conditional; b += high 16 bits of imm (signed) first; the target's gas has 16 bits
//   joined      operands beyond b and c are 16-bit fields of imm, from the low end: interp.cpp says which
//   call        a = where the callee's frame begins: the first argument, later the first result

#include <cstdint>

namespace zvm {

// clang-format off: the formatter never settles on lists of macros.
#define ZVM_RR_RI(X, name) X(name##_rr) X(name##_ri)
#define ZVM_RXA(X, name) X(name##_r) X(name##_x) X(name##_a) X(name##_i) X(name##_s)

// In the order of the Wasm opcodes, so that opcode arithmetic finds them.
#define ZVM_BINARY(X, t) \
    ZVM_RR_RI(X, t##_add) ZVM_RR_RI(X, t##_sub) ZVM_RR_RI(X, t##_mul) ZVM_RR_RI(X, t##_div_s) \
    ZVM_RR_RI(X, t##_div_u) ZVM_RR_RI(X, t##_rem_s) ZVM_RR_RI(X, t##_rem_u) ZVM_RR_RI(X, t##_and) \
    ZVM_RR_RI(X, t##_or) ZVM_RR_RI(X, t##_xor) ZVM_RR_RI(X, t##_shl) ZVM_RR_RI(X, t##_shr_s) \
    ZVM_RR_RI(X, t##_shr_u) ZVM_RR_RI(X, t##_rotl) ZVM_RR_RI(X, t##_rotr)

// Comparisons: a register pair needs six (the others swap operands), a constant on the right needs ten.
#define ZVM_COMPARE_RR(X, p, s) X(p##_eq##s) X(p##_ne##s) X(p##_lt_s##s) X(p##_lt_u##s) X(p##_le_s##s) X(p##_le_u##s)
#define ZVM_COMPARE_RI(X, p, s) \
    X(p##_eq##s) X(p##_ne##s) X(p##_lt_s##s) X(p##_lt_u##s) X(p##_le_s##s) X(p##_le_u##s) X(p##_gt_s##s) \
    X(p##_gt_u##s) X(p##_ge_s##s) X(p##_ge_u##s)

#define ZVM_COMPARES(X) \
    ZVM_COMPARE_RR(X, i32, _rr) ZVM_COMPARE_RI(X, i32, _ri) ZVM_COMPARE_RR(X, i64, _rr) \
    ZVM_COMPARE_RI(X, i64, _ri)
// The fused branches repeat that order exactly.
#define ZVM_COMPARE_BRANCHES(X) \
    ZVM_COMPARE_RR(X, br_i32, _rr) ZVM_COMPARE_RI(X, br_i32, _ri) ZVM_COMPARE_RR(X, br_i64, _rr) \
    ZVM_COMPARE_RI(X, br_i64, _ri)

#define ZVM_FUSED(X) \
    X(i64_xor_rotl) X(i32_xor_rotl) X(i64_add_add) X(i32_add_add) X(i64_xor_xor) X(i32_xor_xor) X(i64_andnot) \
    X(i32_andnot) X(i32_rotl_xor) X(i64_rotl_xor) X(i32_shl_add) X(i32_and_xor) X(i32_mul_add) X(i64_and_xor) \
    X(i64_xor_and) X(i32_xor_and) X(i32_and_or) X(i64_and_or) X(i32_shr_xor) X(i64_shr_xor) X(i32_andnot_xor) \
    X(i64_andnot_xor) X(i64_xor4) X(i64_xor5) X(i32_add4) X(i64_add4) X(i32_or_or) X(i64_or_or) X(i32_sigma) \
    X(i64_sigma) X(i32_sigma_shr) X(i64_sigma_shr) X(i32_bitsel) X(i64_bitsel) X(i32_maj) X(i64_maj) X(i32_shl_or) \
    X(i64_shl_or) X(i32_shr_and) X(i32_ld_mul_add) X(i32_add_xor_rotl) X(i64_add_xor_rotl) X(i32_add_add_xor_rotl) \
    X(i64_add_add_xor_rotl) X(i32_add2) X(add_ld8u) X(add_ld32) X(add_ld64) X(ld8u_ld64)

// select: the condition, then whether the values are registers or constants of 16 bits
#define ZVM_SELECT_FORMS(X, name) X(name##_rr) X(name##_ir) X(name##_ri) X(name##_ii)
#define ZVM_SELECTS(X) \
    ZVM_SELECT_FORMS(X, select) ZVM_SELECT_FORMS(X, select_test) ZVM_SELECT_FORMS(X, select_eq_rr) \
    ZVM_SELECT_FORMS(X, select_eq_ri) ZVM_SELECT_FORMS(X, select_lt_s_rr) ZVM_SELECT_FORMS(X, select_lt_s_ri) \
    ZVM_SELECT_FORMS(X, select_lt_u_rr) ZVM_SELECT_FORMS(X, select_lt_u_ri)

// An addition to a register, then a branch on what it is now.
#define ZVM_COUNTED_BRANCHES(X) X(add_br_ne_rr) X(add_br_ne_ri) X(add_br_lt_u_rr) X(add_br_gt_u_ri)

#define ZVM_LOADS(X) \
    ZVM_RXA(X, ld8u) ZVM_RXA(X, ld8s32) ZVM_RXA(X, ld8s64) ZVM_RXA(X, ld16u) ZVM_RXA(X, ld16s32) \
    ZVM_RXA(X, ld16s64) ZVM_RXA(X, ld32) ZVM_RXA(X, ld32s64) ZVM_RXA(X, ld64)
// k: `a` is the value, a signed constant.
#define ZVM_STORES(X) \
    ZVM_RXA(X, st8) ZVM_RXA(X, st16) ZVM_RXA(X, st32) ZVM_RXA(X, st64) ZVM_RXA(X, st8k) ZVM_RXA(X, st16k) \
    ZVM_RXA(X, st32k) ZVM_RXA(X, st64k)

#define ZVM_INT_UNARY(X) \
    X(i32_clz) X(i32_ctz) X(i32_popcnt) X(i64_clz) X(i64_ctz) X(i64_popcnt) X(i32_wrap_i64) X(i64_extend_i32_s) \
    X(i32_extend8_s) X(i32_extend16_s) X(i64_extend8_s) X(i64_extend16_s) X(i64_extend32_s)

#define ZVM_FLOAT_BINARY(X) \
    X(f32_add) X(f32_sub) X(f32_mul) X(f32_div) X(f32_min) X(f32_max) X(f32_copysign) X(f64_add) X(f64_sub) \
    X(f64_mul) X(f64_div) X(f64_min) X(f64_max) X(f64_copysign) X(f32_eq) X(f32_ne) X(f32_lt) X(f32_gt) X(f32_le) \
    X(f32_ge) X(f64_eq) X(f64_ne) X(f64_lt) X(f64_gt) X(f64_le) X(f64_ge)
#define ZVM_FLOAT_UNARY(X) \
    X(f32_abs) X(f32_neg) X(f32_ceil) X(f32_floor) X(f32_trunc) X(f32_nearest) X(f32_sqrt) X(f64_abs) X(f64_neg) \
    X(f64_ceil) X(f64_floor) X(f64_trunc) X(f64_nearest) X(f64_sqrt) X(i32_trunc_f32_s) X(i32_trunc_f32_u) \
    X(i32_trunc_f64_s) X(i32_trunc_f64_u) X(i64_trunc_f32_s) X(i64_trunc_f32_u) X(i64_trunc_f64_s) \
    X(i64_trunc_f64_u) X(f32_convert_i32_s) X(f32_convert_i32_u) X(f32_convert_i64_s) X(f32_convert_i64_u) \
    X(f32_demote_f64) X(f64_convert_i32_s) X(f64_convert_i32_u) X(f64_convert_i64_s) X(f64_convert_i64_u) \
    X(f64_promote_f32) X(i32_trunc_sat_f32_s) X(i32_trunc_sat_f32_u) X(i32_trunc_sat_f64_s) X(i32_trunc_sat_f64_u) \
    X(i64_trunc_sat_f32_s) X(i64_trunc_sat_f32_u) X(i64_trunc_sat_f64_s) X(i64_trunc_sat_f64_u)

#define ZVM_CONTROL(X) \
    X(exit) X(exit_instance) X(gas) X(copy) X(copy2) X(copy3) X(konst) X(copyn) X(br) X(br_nez) X(br_eqz) \
    X(br_test_nez) X(br_test_eqz) X(br_table) X(ret) X(ret_r) X(ret_i) X(call) X(call_import) X(call_indirect) \
    X(unreachable) X(global_get) X(global_set) X(memory_size) X(memory_grow) X(memory_init) X(memory_copy) \
    X(memory_fill) X(data_drop) X(table_get) X(table_set) X(table_size) X(table_grow) X(table_init) X(table_copy) \
    X(table_fill) X(elem_drop) X(ref_func)

#define ZVM_OPS(X) \
    ZVM_CONTROL(X) ZVM_BINARY(X, i32) ZVM_BINARY(X, i64) ZVM_COMPARES(X) ZVM_COMPARE_BRANCHES(X) ZVM_LOADS(X) \
    ZVM_STORES(X) ZVM_INT_UNARY(X) ZVM_FLOAT_BINARY(X) ZVM_FLOAT_UNARY(X) ZVM_FUSED(X) ZVM_SELECTS(X) \
    ZVM_COUNTED_BRANCHES(X)
// clang-format on

enum class Op : std::uint16_t {
#define ZVM_NAME(name) name,
    ZVM_OPS(ZVM_NAME)
#undef ZVM_NAME
        count_
};

constexpr Op operator+(Op op, int n) noexcept { return static_cast<Op>(static_cast<int>(op) + n); }
constexpr int operator-(Op a, Op b) noexcept { return static_cast<int>(a) - static_cast<int>(b); }
constexpr bool between(Op op, Op first, Op last) noexcept { return op >= first && op <= last; }

struct Instr {
    Op op = Op::exit;
    std::uint16_t a = 0;
    std::uint16_t b = 0;
    std::uint16_t c = 0;
    std::uint64_t imm = 0;

    [[nodiscard]] std::int32_t displacement() const noexcept { return static_cast<std::int32_t>(imm) / 16; }
    [[nodiscard]] std::uint32_t target_gas() const noexcept;
};
static_assert(sizeof(Instr) == 16);

const char* to_string(Op op) noexcept;

inline constexpr bool is_commutative(Op op) noexcept {
    switch (op) {
        case Op::i32_add_rr:
        case Op::i32_mul_rr:
        case Op::i32_and_rr:
        case Op::i32_or_rr:
        case Op::i32_xor_rr:
        case Op::i64_add_rr:
        case Op::i64_mul_rr:
        case Op::i64_and_rr:
        case Op::i64_or_rr:
        case Op::i64_xor_rr: return true;
        default: return false;
    }
}
inline constexpr bool is_compare(Op op) noexcept { return between(op, Op::i32_eq_rr, Op::i64_ge_u_ri); }
inline constexpr bool is_compare_branch(Op op) noexcept { return between(op, Op::br_i32_eq_rr, Op::br_i64_ge_u_ri); }
inline constexpr bool is_counted_branch(Op op) noexcept { return between(op, Op::add_br_ne_rr, Op::add_br_gt_u_ri); }
inline constexpr bool is_branch(Op op) noexcept {
    return between(op, Op::br, Op::br_test_eqz) || is_compare_branch(op) || is_counted_branch(op);
}

inline constexpr bool is_conditional(Op op) noexcept { return is_branch(op) && op != Op::br; }

inline std::uint32_t Instr::target_gas() const noexcept {
    return static_cast<std::uint32_t>(is_counted_branch(op) ? imm >> 32 & 0xffff : imm >> 32);
}

}  // namespace zvm

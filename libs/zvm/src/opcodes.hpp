#pragma once
// What the one-byte numeric and memory opcodes take and give, and the register operation they become.
// Source: Core Specification 5.4.6 to 5.4.8 and appendix "Index of Instructions".

#include <array>
#include <cstdint>

#include "ir.hpp"
#include "zvm/types.hpp"

namespace zvm {

enum class Shape : std::uint8_t {
    none,     ///< Not in this table.
    binary,   ///< Register or immediate right operand; `op` is the _rr form, the _ri form follows it.
    compare,  ///< `op` is the relation within its family, see Relation.
    eqz,
    unary,
    float_binary,  ///< Registers only.
    retype,        ///< The slot already holds the result: only the type changes.
};

/// Relations in the order of the Wasm opcodes.
enum class Relation : std::uint8_t { eq, ne, lt_s, lt_u, gt_s, gt_u, le_s, le_u, ge_s, ge_u };

struct Numeric {
    Shape shape = Shape::none;
    ValType operand = ValType::unknown;
    ValType result = ValType::unknown;
    Op op = Op::exit;
    Relation relation = Relation::eq;
};

struct MemoryOp {
    ValType type = ValType::unknown;
    std::uint8_t log2_bytes = 0;
    Op op = Op::exit;  ///< The _r form; _x and _a follow.
};

namespace detail {

constexpr std::array<Numeric, 256> make_numeric() noexcept {
    std::array<Numeric, 256> t{};
    const auto at = [&t](int opcode) -> Numeric& { return t[static_cast<std::size_t>(opcode)]; };
    constexpr auto i32 = ValType::i32, i64 = ValType::i64, f32 = ValType::f32, f64 = ValType::f64;
    t[0x45] = {Shape::eqz, i32, i32, Op::i32_eq_ri, Relation::eq};
    t[0x50] = {Shape::eqz, i64, i32, Op::i64_eq_ri, Relation::eq};
    for (int i = 0; i < 10; ++i) {
        at(0x46 + i) = {Shape::compare, i32, i32, Op::i32_eq_rr, static_cast<Relation>(i)};
        at(0x51 + i) = {Shape::compare, i64, i32, Op::i64_eq_rr, static_cast<Relation>(i)};
    }
    for (int i = 0; i < 6; ++i) {
        at(0x5b + i) = {Shape::float_binary, f32, i32, Op::f32_eq + i, {}};
        at(0x61 + i) = {Shape::float_binary, f64, i32, Op::f64_eq + i, {}};
    }
    for (int i = 0; i < 3; ++i) {
        at(0x67 + i) = {Shape::unary, i32, i32, Op::i32_clz + i, {}};
        at(0x79 + i) = {Shape::unary, i64, i64, Op::i64_clz + i, {}};
    }
    for (int i = 0; i < 15; ++i) {
        at(0x6a + i) = {Shape::binary, i32, i32, Op::i32_add_rr + 2 * i, {}};
        at(0x7c + i) = {Shape::binary, i64, i64, Op::i64_add_rr + 2 * i, {}};
    }
    for (int i = 0; i < 7; ++i) {
        at(0x8b + i) = {Shape::unary, f32, f32, Op::f32_abs + i, {}};
        at(0x92 + i) = {Shape::float_binary, f32, f32, Op::f32_add + i, {}};
        at(0x99 + i) = {Shape::unary, f64, f64, Op::f64_abs + i, {}};
        at(0xa0 + i) = {Shape::float_binary, f64, f64, Op::f64_add + i, {}};
    }
    t[0xa7] = {Shape::unary, i64, i32, Op::i32_wrap_i64, {}};
    t[0xa8] = {Shape::unary, f32, i32, Op::i32_trunc_f32_s, {}};
    t[0xa9] = {Shape::unary, f32, i32, Op::i32_trunc_f32_u, {}};
    t[0xaa] = {Shape::unary, f64, i32, Op::i32_trunc_f64_s, {}};
    t[0xab] = {Shape::unary, f64, i32, Op::i32_trunc_f64_u, {}};
    t[0xac] = {Shape::unary, i32, i64, Op::i64_extend_i32_s, {}};
    t[0xad] = {Shape::retype, i32, i64, Op::exit, {}};  // slots are zero-extended
    t[0xae] = {Shape::unary, f32, i64, Op::i64_trunc_f32_s, {}};
    t[0xaf] = {Shape::unary, f32, i64, Op::i64_trunc_f32_u, {}};
    t[0xb0] = {Shape::unary, f64, i64, Op::i64_trunc_f64_s, {}};
    t[0xb1] = {Shape::unary, f64, i64, Op::i64_trunc_f64_u, {}};
    t[0xb2] = {Shape::unary, i32, f32, Op::f32_convert_i32_s, {}};
    t[0xb3] = {Shape::unary, i32, f32, Op::f32_convert_i32_u, {}};
    t[0xb4] = {Shape::unary, i64, f32, Op::f32_convert_i64_s, {}};
    t[0xb5] = {Shape::unary, i64, f32, Op::f32_convert_i64_u, {}};
    t[0xb6] = {Shape::unary, f64, f32, Op::f32_demote_f64, {}};
    t[0xb7] = {Shape::unary, i32, f64, Op::f64_convert_i32_s, {}};
    t[0xb8] = {Shape::unary, i32, f64, Op::f64_convert_i32_u, {}};
    t[0xb9] = {Shape::unary, i64, f64, Op::f64_convert_i64_s, {}};
    t[0xba] = {Shape::unary, i64, f64, Op::f64_convert_i64_u, {}};
    t[0xbb] = {Shape::unary, f32, f64, Op::f64_promote_f32, {}};
    t[0xbc] = {Shape::retype, f32, i32, Op::exit, {}};
    t[0xbd] = {Shape::retype, f64, i64, Op::exit, {}};
    t[0xbe] = {Shape::retype, i32, f32, Op::exit, {}};
    t[0xbf] = {Shape::retype, i64, f64, Op::exit, {}};
    t[0xc0] = {Shape::unary, i32, i32, Op::i32_extend8_s, {}};
    t[0xc1] = {Shape::unary, i32, i32, Op::i32_extend16_s, {}};
    t[0xc2] = {Shape::unary, i64, i64, Op::i64_extend8_s, {}};
    t[0xc3] = {Shape::unary, i64, i64, Op::i64_extend16_s, {}};
    t[0xc4] = {Shape::unary, i64, i64, Op::i64_extend32_s, {}};
    return t;
}

constexpr std::array<MemoryOp, 23> make_memory() noexcept {
    constexpr auto i32 = ValType::i32, i64 = ValType::i64, f32 = ValType::f32, f64 = ValType::f64;
    return {{{i32, 2, Op::ld32_r},    {i64, 3, Op::ld64_r}, {f32, 2, Op::ld32_r},    {f64, 3, Op::ld64_r},
             {i32, 0, Op::ld8s32_r},  {i32, 0, Op::ld8u_r}, {i32, 1, Op::ld16s32_r}, {i32, 1, Op::ld16u_r},
             {i64, 0, Op::ld8s64_r},  {i64, 0, Op::ld8u_r}, {i64, 1, Op::ld16s64_r}, {i64, 1, Op::ld16u_r},
             {i64, 2, Op::ld32s64_r}, {i64, 2, Op::ld32_r}, {i32, 2, Op::st32_r},    {i64, 3, Op::st64_r},
             {f32, 2, Op::st32_r},    {f64, 3, Op::st64_r}, {i32, 0, Op::st8_r},     {i32, 1, Op::st16_r},
             {i64, 0, Op::st8_r},     {i64, 1, Op::st16_r}, {i64, 2, Op::st32_r}}};
}

}  // namespace detail

inline constexpr auto kNumeric = detail::make_numeric();
/// 0xfc 0 to 7: saturating conversions, in opcode order.
inline constexpr std::array<ValType, 8> kSaturatingOperand{ValType::f32, ValType::f32, ValType::f64, ValType::f64,
                                                           ValType::f32, ValType::f32, ValType::f64, ValType::f64};
/// 0x28 (i32.load) to 0x3e (i64.store32).
inline constexpr auto kMemoryOps = detail::make_memory();
inline constexpr std::uint8_t kFirstLoad = 0x28;
inline constexpr std::uint8_t kFirstStore = 0x36;
inline constexpr std::uint8_t kLastStore = 0x3e;

}  // namespace zvm

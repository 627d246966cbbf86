// Direct-threaded interpreter: each handler ends with its own indirect jump, so that the branch predictor sees the
// pairs of instructions. Everything hot lives in locals of one function: pc, fp, memory base and size, gas.
//
// Gas: a taken branch charges the segment it enters (high half of imm), a conditional one that is not taken charges
// `a`. Running out stops before the segment begins, so nothing of it happens.
#include "interp.hpp"

#include <bit>
#include <cstring>

#include "ir.hpp"
#include "numeric.hpp"
#include "zvm/gas.hpp"

namespace zvm {
namespace {

using u8 = std::uint8_t;
using u16 = std::uint16_t;
using u32 = std::uint32_t;
using u64 = std::uint64_t;
using i8 = std::int8_t;
using i16 = std::int16_t;
using i32 = std::int32_t;
using i64 = std::int64_t;

/// A call of memset costs as much as this many stores.
constexpr std::uint32_t kFewLocals = 24;
constexpr Instr kExit{Op::exit};
constexpr Instr kExitInstance{Op::exit_instance};

inline float f32_of(Slot s) noexcept { return std::bit_cast<float>(static_cast<u32>(s)); }
inline double f64_of(Slot s) noexcept { return std::bit_cast<double>(s); }
inline Slot slot_of(float f) noexcept { return std::bit_cast<u32>(f); }
inline Slot slot_of(double f) noexcept { return std::bit_cast<u64>(f); }

}  // namespace

Trap Interpreter::call_host(const HostFunction& host, Instance& instance, Slot* slots, std::int64_t& gas,
                            void* context) noexcept {
    HostCall call{instance, slots, gas, context};
    if (!call.charge(gas::kHostCall)) return Trap::out_of_gas;
    const auto trap = host.call(call);
    for (std::size_t i = 0; i < host.type.results.size(); ++i) {
        const auto type = host.type.results[i];
        if (type == ValType::i32 || type == ValType::f32) slots[i] = static_cast<u32>(slots[i]);
    }
    return trap;
}

// The handlers are written as macros over the operation lists; the names below are short because they recur.
#define A (fp[pc->a])
#define B (fp[pc->b])
#define C (fp[pc->c])
#define B32 (static_cast<u32>(B))
#define C32 (static_cast<u32>(C))
#define IMM (pc->imm)
#define IMM32 (static_cast<u32>(pc->imm))
// Fields of imm.
#define H0 (static_cast<u16>(IMM))
#define H1 (static_cast<u16>(IMM >> 16))
#define H2 (static_cast<u16>(IMM >> 32))
#define H3 (static_cast<u16>(IMM >> 48))
#define I0 (fp[H0])
#define I1 (fp[H1])
#define I2 (fp[H2])
#define DISPATCH() goto* handlers[static_cast<std::size_t>(pc->op)]
#define NEXT()      \
    do {            \
        ++pc;       \
        DISPATCH(); \
    } while (false)
#define TRAP(kind)         \
    do {                   \
        trap = Trap::kind; \
        goto trapped;      \
    } while (false)
/// A slice of a watched run may end here, the run need not.
#define OUT_OF_GAS()                                            \
    do {                                                        \
        if constexpr (kWatched) gas = next_slice(machine, gas); \
        if (!kWatched || gas < 0) goto out_of_gas;              \
    } while (false)
#define CHARGE(amount)                       \
    do {                                     \
        if constexpr (kMetered) {            \
            gas -= static_cast<i64>(amount); \
            if (gas < 0) [[unlikely]]        \
                OUT_OF_GAS();                \
        }                                    \
    } while (false)
#define TAKE()                                                                                            \
    do {                                                                                                  \
        const u64 where = IMM;                                                                            \
        CHARGE(where >> 32);                                                                              \
        pc = reinterpret_cast<const Instr*>(reinterpret_cast<const char*>(pc) + static_cast<i32>(where)); \
        DISPATCH();                                                                                       \
    } while (false)
#define FALL()         \
    do {               \
        CHARGE(pc->a); \
        NEXT();        \
    } while (false)
#define USE_INSTANCE()                           \
    do {                                         \
        memory = instance->memory_.get();        \
        mem = memory ? memory->base() : nullptr; \
        mem_size = memory ? memory->size() : 0;  \
    } while (false)

template <Metering kMetering>
Trap Interpreter::run(const Entry& entry, std::int64_t& gas_left) noexcept {
    constexpr bool kMetered = kMetering != Metering::none;
    constexpr bool kWatched = kMetering == Metering::watched;
    static const void* const kHandlers[] = {
#define ZVM_LABEL(name) &&L_##name,
        ZVM_OPS(ZVM_LABEL)
#undef ZVM_LABEL
    };
    // Hidden from the optimiser, which would otherwise compute the table's address again in every handler.
    const void* const* handlers = kHandlers;
    asm("" : "+r"(handlers));
    Machine& machine = entry.machine;
    Instance* instance = &entry.instance;
    Slot* fp = machine.stack_.get();
    Slot* const stack_end = machine.stack_end_;
    // In memory: what every instruction needs has the registers.
    Machine::Frame*& frame = machine.trap_frame_;
    frame = machine.frames_.get();
    Machine::Frame* const frames_end = machine.frames_end_;
    Memory* memory = nullptr;
    u8* mem = nullptr;
    u64 mem_size = 0;
    i64 gas = gas_left;
    if constexpr (kWatched) {
        gas = gas_left < kWatchGas ? gas_left : kWatchGas;
        machine.held_gas_ = gas_left - gas;
    }
    Trap trap = Trap::none;
    const Instr* pc = &kExit;
    const FuncCode* callee = &entry.code;
    const Function* function = nullptr;
    Slot* callee_fp = fp;
    USE_INSTANCE();
    frame->pc = &kExit;
    frame->fp = fp;
    goto enter_callee;

call_here:  // `callee` at `callee_fp`, coming back after pc
    if (frame >= frames_end) [[unlikely]]
        TRAP(stack_exhausted);
    frame->pc = pc + 1;
    frame->fp = fp;
enter_callee:
    if (callee->frame_slots > static_cast<std::size_t>(stack_end - callee_fp)) [[unlikely]]
        TRAP(stack_exhausted);
    CHARGE(callee->entry_gas);
    ++frame;
    fp = callee_fp;
    if (callee->zeroed > kFewLocals) [[unlikely]] {
        std::memset(fp + callee->params, 0, callee->zeroed * sizeof(Slot));
    } else {
        for (Slot *z = fp + callee->params, *const end = z + callee->zeroed; z != end; ++z) *z = 0;
    }
    pc = callee->entry;
    DISPATCH();

call_function:  // `function`, which may be the host's or another instance's
    if (function->host) {
        i64 left = kMetered ? gas : std::numeric_limits<i64>::max();
        if constexpr (kWatched) left += machine.held_gas_;
        trap = call_host(*function->host, *instance, callee_fp, left, entry.context);
        if constexpr (kMetered) gas = left;
        if constexpr (kWatched) gas -= machine.held_gas_;
        if (trap != Trap::none) [[unlikely]] {
            if (trap == Trap::out_of_gas) goto out_of_gas;
            goto trapped;
        }
        if (kWatched && gas < 0) [[unlikely]]
            OUT_OF_GAS();
        mem_size = memory ? memory->size() : 0;
        NEXT();
    }
    callee = function->code;
    if (function->instance == instance) goto call_here;
    // Two frames remember the way back: the caller's, and one that holds its instance.
    if (frames_end - frame < 3) [[unlikely]]
        TRAP(stack_exhausted);
    frame[0] = {pc + 1, fp};
    frame[1] = {reinterpret_cast<const Instr*>(instance), nullptr};
    frame[2] = {&kExitInstance, fp};
    frame += 2;
    instance = function->instance;
    USE_INSTANCE();
    goto enter_callee;

L_exit:
    gas_left = kWatched ? gas + machine.held_gas_ : gas;
    return Trap::none;
L_exit_instance:
    frame -= 2;
    instance = reinterpret_cast<Instance*>(const_cast<Instr*>(frame[1].pc));
    pc = frame[0].pc;
    fp = frame[0].fp;
    USE_INSTANCE();
    DISPATCH();
L_gas:
    CHARGE(IMM);
    NEXT();
L_copy:
    A = B;
    NEXT();
L_copy2:  // copies in a row; a later one may read what an earlier wrote
    A = B;
    C = I0;
    NEXT();
L_copy3:
    A = B;
    C = I0;
    I1 = I2;
    NEXT();
L_konst:
    A = IMM;
    NEXT();
L_copyn: {
    const Slot* from = &B;
    Slot* to = &A;
    for (u64 n = IMM; n > 0; --n) *to++ = *from++;  // towards lower slots: ascending order is safe
    NEXT();
}
L_br:
    TAKE();
L_br_nez:
    if (B32) TAKE();
    FALL();
L_br_eqz:
    if (!B32) TAKE();
    FALL();
L_br_test_nez:
    if (B32 & pc->c) TAKE();
    FALL();
L_br_test_eqz:
    if (!(B32 & pc->c)) TAKE();
    FALL();
#define COUNTED(name, Right, operation)                                                                       \
    L_add_br_##name : {                                                                                       \
        const u64 where = IMM;                                                                                \
        const u32 x = B32 + static_cast<u32>(static_cast<i64>(where) >> 48);                                  \
        B = x;                                                                                                \
        if (x operation static_cast<u32>(Right)) {                                                            \
            CHARGE(static_cast<u16>(where >> 32));                                                            \
            pc = reinterpret_cast<const Instr*>(reinterpret_cast<const char*>(pc) + static_cast<i32>(where)); \
            DISPATCH();                                                                                       \
        }                                                                                                     \
        FALL();                                                                                               \
    }
    COUNTED(ne_rr, C, !=)
    COUNTED(ne_ri, static_cast<i16>(pc->c), !=)
    COUNTED(lt_u_rr, C, <)
    COUNTED(gt_u_ri, static_cast<i16>(pc->c), >)
L_br_table: {
    const u64 index = B32;
    pc += 1 + (index < IMM ? index : IMM);
    TAKE();  // every entry is a br
}
L_ret_r:
    fp[0] = B;
    goto L_ret;
L_ret_i:
    fp[0] = IMM;
    goto L_ret;
L_ret:
    --frame;
    pc = frame->pc;
    fp = frame->fp;
    DISPATCH();
L_call:
    callee = std::bit_cast<const FuncCode*>(IMM);
    callee_fp = &A;
    goto call_here;
L_call_import:
    function = instance->functions_[IMM];
    callee_fp = &A;
    goto call_function;
L_call_indirect: {
    const Table& table = *instance->tables_[pc->c];
    const u32 index = B32;
    if (index >= table.size()) [[unlikely]]
        TRAP(undefined_element);
    function = std::bit_cast<const Function*>(table.get(index));
    if (!function) [[unlikely]]
        TRAP(uninitialized_element);
    const auto* const type = std::bit_cast<const FuncType*>(IMM);
    if (function->type != type && !(*function->type == *type)) [[unlikely]]
        TRAP(indirect_mismatch);
    callee_fp = &A;
    goto call_function;
}
L_unreachable:
    TRAP(unreachable);
L_global_get:
    A = instance->globals_[IMM]->value;
    NEXT();
L_global_set:
    instance->globals_[IMM]->value = B;
    NEXT();

// ---- memory
L_memory_size:
    A = mem_size / kPageBytes;
    NEXT();
L_memory_grow: {
    const u32 pages = B32;
    // Only what will be given is paid for.
    if (pages <= memory->room()) CHARGE(u64{pages} * gas::kGrowPage);
    A = static_cast<u32>(memory->grow(pages));
    mem_size = memory->size();
    NEXT();
}
L_memory_init: {
    Slot* const s = &A;
    CHARGE(gas::bulk_bytes(static_cast<u32>(s[2])));
    trap = instance->memory_init(IMM32, static_cast<u32>(s[0]), static_cast<u32>(s[1]), static_cast<u32>(s[2]));
    if (trap != Trap::none) [[unlikely]]
        goto trapped;
    NEXT();
}
L_memory_copy: {
    Slot* const s = &A;
    CHARGE(gas::bulk_bytes(static_cast<u32>(s[2])));
    trap = instance->memory_copy(static_cast<u32>(s[0]), static_cast<u32>(s[1]), static_cast<u32>(s[2]));
    if (trap != Trap::none) [[unlikely]]
        goto trapped;
    NEXT();
}
L_memory_fill: {
    Slot* const s = &A;
    CHARGE(gas::bulk_bytes(static_cast<u32>(s[2])));
    trap = instance->memory_fill(static_cast<u32>(s[0]), static_cast<u8>(s[1]), static_cast<u32>(s[2]));
    if (trap != Trap::none) [[unlikely]]
        goto trapped;
    NEXT();
}
L_data_drop:
    instance->data_dropped_[IMM] = 1;
    instance->dropped_ = true;
    NEXT();

#define LOAD_AT(address, Type, Wide)               \
    const u64 at = (address);                      \
    if (at + sizeof(Type) > mem_size) [[unlikely]] \
        TRAP(memory_bounds);                       \
    Type value;                                    \
    std::memcpy(&value, mem + at, sizeof value);   \
    A = static_cast<Wide>(value);                  \
    NEXT();
    // clang-format off
#define LOAD(name, Type, Wide)                                                               \
    L_##name##_r : { LOAD_AT(u64{B32} + IMM, Type, Wide) }                                   \
    L_##name##_x : { LOAD_AT(u64{static_cast<u32>(B32 + C32)} + IMM, Type, Wide) }           \
    L_##name##_a : { LOAD_AT(IMM, Type, Wide) }                                              \
    L_##name##_i : { LOAD_AT(u64{static_cast<u32>(B32 + (IMM >> 32))} + IMM32, Type, Wide) } \
    L_##name##_s : { LOAD_AT(u64{static_cast<u32>((B32 << H2) + C32)} + IMM32, Type, Wide) }
    // clang-format on
    LOAD(ld8u, u8, u32)
    LOAD(ld8s32, i8, u32)
    LOAD(ld8s64, i8, u64)  // NOLINT(bugprone-signed-char-misuse): extending the sign is its purpose
    LOAD(ld16u, u16, u32)
    LOAD(ld16s32, i16, u32)
    LOAD(ld16s64, i16, u64)
    LOAD(ld32, u32, u32)
    LOAD(ld32s64, i32, u64)
    LOAD(ld64, u64, u64)

// One dirty byte a page, for the page where the write begins; cleaning covers the few bytes beyond its end.
#define STORE_AT(address, Type, source)            \
    const u64 at = (address);                      \
    if (at + sizeof(Type) > mem_size) [[unlikely]] \
        TRAP(memory_bounds);                       \
    const Type value = static_cast<Type>(source);  \
    std::memcpy(mem + at, &value, sizeof value);   \
    mem[~static_cast<i64>(at >> 12)] = 1;          \
    NEXT();
    // clang-format off
#define STORE(name, Type, source)                                                                    \
    L_##name##_r : { STORE_AT(u64{B32} + IMM, Type, source) }                                        \
    L_##name##_x : { STORE_AT(u64{static_cast<u32>(B32 + C32)} + IMM, Type, source) }                \
    L_##name##_a : { STORE_AT(IMM, Type, source) }                                                   \
    L_##name##_i : { STORE_AT(u64{static_cast<u32>(B32 + (IMM >> 32))} + IMM32, Type, source) }      \
    L_##name##_s : { STORE_AT(u64{static_cast<u32>((B32 << H2) + C32)} + IMM32, Type, source) }
    // clang-format on
#define SMALL static_cast<i16>(pc->a)
    STORE(st8, u8, A)
    STORE(st16, u16, A)
    STORE(st32, u32, A)
    STORE(st64, u64, A)
    STORE(st8k, u8, SMALL)
    STORE(st16k, u16, SMALL)
    STORE(st32k, u32, SMALL)
    STORE(st64k, u64, SMALL)

// ---- tables
L_table_get: {
    const Table& table = *instance->tables_[IMM];
    const u32 index = B32;
    if (index >= table.size()) TRAP(table_bounds);
    A = table.get(index);
    NEXT();
}
L_table_set: {
    Table& table = *instance->tables_[IMM];
    const u32 index = B32;
    if (index >= table.size()) TRAP(table_bounds);
    table.set(index, C);
    NEXT();
}
L_table_size:
    A = instance->tables_[IMM]->size();
    NEXT();
L_table_grow: {
    Table& table = *instance->tables_[IMM];
    const u32 count = C32;
    if (count <= table.room()) CHARGE(gas::bulk_elements(count));
    A = static_cast<u32>(table.grow(count, B));
    NEXT();
}
L_table_init: {
    Slot* const s = &A;
    CHARGE(gas::bulk_elements(static_cast<u32>(s[2])));
    trap = instance->table_init(static_cast<u32>(IMM >> 32), IMM32, static_cast<u32>(s[0]), static_cast<u32>(s[1]),
                                static_cast<u32>(s[2]));
    if (trap != Trap::none) goto trapped;
    NEXT();
}
L_table_copy: {
    Slot* const s = &A;
    CHARGE(gas::bulk_elements(static_cast<u32>(s[2])));
    trap = instance->table_copy(static_cast<u32>(IMM >> 32), IMM32, static_cast<u32>(s[0]), static_cast<u32>(s[1]),
                                static_cast<u32>(s[2]));
    if (trap != Trap::none) goto trapped;
    NEXT();
}
L_table_fill: {
    Slot* const s = &A;
    CHARGE(gas::bulk_elements(static_cast<u32>(s[2])));
    trap = instance->table_fill(IMM32, static_cast<u32>(s[0]), s[1], static_cast<u32>(s[2]));
    if (trap != Trap::none) goto trapped;
    NEXT();
}
L_elem_drop:
    instance->elements_dropped_[IMM] = 1;
    instance->dropped_ = true;
    NEXT();
L_ref_func:
    A = reinterpret_cast<std::uintptr_t>(instance->functions_[IMM]);
    NEXT();

// ---- integers; y is the right operand as a register or an immediate
#define BINARY32(name, expression)        \
    L_i32_##name##_rr : {                 \
        const u32 x = B32;                \
        const u32 y = C32;                \
        A = static_cast<u32>(expression); \
        NEXT();                           \
    }                                     \
    L_i32_##name##_ri : {                 \
        const u32 x = B32;                \
        const u32 y = IMM32;              \
        A = static_cast<u32>(expression); \
        NEXT();                           \
    }
#define BINARY64(name, expression) \
    L_i64_##name##_rr : {          \
        const u64 x = B;           \
        const u64 y = C;           \
        A = (expression);          \
        NEXT();                    \
    }                              \
    L_i64_##name##_ri : {          \
        const u64 x = B;           \
        const u64 y = IMM;         \
        A = (expression);          \
        NEXT();                    \
    }
#define BINARY(name, expression32, expression64) BINARY32(name, expression32) BINARY64(name, expression64)
    BINARY(add, x + y, x + y)
    BINARY(sub, x - y, x - y)
    BINARY(mul, x * y, x * y)
    BINARY(and, x & y, x & y)
    BINARY(or, x | y, x | y)
    BINARY(xor, x ^ y, x ^ y)
    BINARY(shl, x << (y & 31), x << (y & 63))
    BINARY(shr_s, static_cast<i32>(x) >> (y & 31), static_cast<u64>(static_cast<i64>(x) >> (y & 63)))
    BINARY(shr_u, x >> (y & 31), x >> (y & 63))
    BINARY(rotl, std::rotl(x, static_cast<int>(y & 31)), std::rotl(x, static_cast<int>(y & 63)))
    BINARY(rotr, std::rotr(x, static_cast<int>(y & 31)), std::rotr(x, static_cast<int>(y & 63)))

#define DIVIDE_S(name, form, Unsigned, Signed, right, call)                            \
    L_##name##_##form : {                                                              \
        Signed out = 0;                                                                \
        trap = numeric::call(static_cast<Signed>(B), static_cast<Signed>(right), out); \
        if (trap != Trap::none) [[unlikely]]                                           \
            goto trapped;                                                              \
        A = static_cast<Unsigned>(out);                                                \
        NEXT();                                                                        \
    }
#define DIVIDE_U(name, form, Unsigned, right, operation) \
    L_##name##_##form : {                                \
        const auto y = static_cast<Unsigned>(right);     \
        if (y == 0) [[unlikely]]                         \
            TRAP(divide_by_zero);                        \
        A = static_cast<Unsigned>(B) operation y;        \
        NEXT();                                          \
    }
    DIVIDE_S(i32_div_s, rr, u32, i32, C, divide)
    DIVIDE_S(i32_div_s, ri, u32, i32, IMM, divide)
    DIVIDE_S(i64_div_s, rr, u64, i64, C, divide)
    DIVIDE_S(i64_div_s, ri, u64, i64, IMM, divide)
    DIVIDE_S(i32_rem_s, rr, u32, i32, C, remainder)
    DIVIDE_S(i32_rem_s, ri, u32, i32, IMM, remainder)
    DIVIDE_S(i64_rem_s, rr, u64, i64, C, remainder)
    DIVIDE_S(i64_rem_s, ri, u64, i64, IMM, remainder)
    DIVIDE_U(i32_div_u, rr, u32, C, /)
    DIVIDE_U(i32_div_u, ri, u32, IMM, /)
    DIVIDE_U(i64_div_u, rr, u64, C, /)
    DIVIDE_U(i64_div_u, ri, u64, IMM, /)
    DIVIDE_U(i32_rem_u, rr, u32, C, %)
    DIVIDE_U(i32_rem_u, ri, u32, IMM, %)
    DIVIDE_U(i64_rem_u, rr, u64, C, %)
    DIVIDE_U(i64_rem_u, ri, u64, IMM, %)

// ---- comparisons: as a value, and as a branch whose constant is `c`
#define COMPARE_RR(type, Type, name, operation)                                                  \
    L_##type##_##name##_rr : A = static_cast<Type>(B) operation static_cast<Type>(C);            \
    NEXT();                                                                                      \
    L_br_##type##_##name##_rr : if (static_cast<Type>(B) operation static_cast<Type>(C)) TAKE(); \
    FALL();
#define COMPARE_RI(type, Type, name, operation)                                                                        \
    L_##type##_##name##_ri : A = static_cast<Type>(B) operation static_cast<Type>(IMM);                                \
    NEXT();                                                                                                            \
    L_br_##type##_##name##_ri : if (static_cast<Type>(B) operation static_cast<Type>(static_cast<i16>(pc->c))) TAKE(); \
    FALL();
#define COMPARES(type, U, S)      \
    COMPARE_RR(type, U, eq, ==)   \
    COMPARE_RR(type, U, ne, !=)   \
    COMPARE_RR(type, S, lt_s, <)  \
    COMPARE_RR(type, U, lt_u, <)  \
    COMPARE_RR(type, S, le_s, <=) \
    COMPARE_RR(type, U, le_u, <=) \
    COMPARE_RI(type, U, eq, ==)   \
    COMPARE_RI(type, U, ne, !=)   \
    COMPARE_RI(type, S, lt_s, <)  \
    COMPARE_RI(type, U, lt_u, <)  \
    COMPARE_RI(type, S, le_s, <=) \
    COMPARE_RI(type, U, le_u, <=) \
    COMPARE_RI(type, S, gt_s, >)  \
    COMPARE_RI(type, U, gt_u, >)  \
    COMPARE_RI(type, S, ge_s, >=) \
    COMPARE_RI(type, U, ge_u, >=)
    COMPARES(i32, u32, i32)
    COMPARES(i64, u64, i64)

#define UNARY(name, expression)  \
    L_##name : A = (expression); \
    NEXT();
    UNARY(i32_clz, static_cast<u64>(std::countl_zero(B32)))
    UNARY(i32_ctz, static_cast<u64>(std::countr_zero(B32)))
    UNARY(i32_popcnt, numeric::population(B32))
    UNARY(i64_clz, static_cast<u64>(std::countl_zero(B)))
    UNARY(i64_ctz, static_cast<u64>(std::countr_zero(B)))
    UNARY(i64_popcnt, numeric::population(B))
    UNARY(i32_wrap_i64, B32)
    UNARY(i64_extend_i32_s, static_cast<u64>(i64{static_cast<i32>(B32)}))
    UNARY(i32_extend8_s, static_cast<u32>(i32{static_cast<i8>(B)}))
    UNARY(i32_extend16_s, static_cast<u32>(i32{static_cast<i16>(B)}))
    UNARY(i64_extend8_s, static_cast<u64>(i64{static_cast<i8>(B)}))
    UNARY(i64_extend16_s, static_cast<u64>(i64{static_cast<i16>(B)}))
    UNARY(i64_extend32_s, static_cast<u64>(i64{static_cast<i32>(B)}))

    // ---- instructions that do what several do
#include "interp_joined.inc"

// ---- floats (spec profile)
#include "interp_float.inc"

out_of_gas:
    gas = 0;
    if constexpr (kWatched) machine.held_gas_ = 0;
    trap = kWatched && machine.stopped_ ? Trap::interrupted : Trap::out_of_gas;
trapped:
    machine.trap_pc_ = pc;
    gas_left = kWatched ? gas + machine.held_gas_ : gas;
    return trap;
}

template Trap Interpreter::run<Metering::none>(const Entry&, std::int64_t&) noexcept;
template Trap Interpreter::run<Metering::charged>(const Entry&, std::int64_t&) noexcept;
template Trap Interpreter::run<Metering::watched>(const Entry&, std::int64_t&) noexcept;

}  // namespace zvm

#include "zvm/types.hpp"

#include "ir.hpp"
#include "zvm/module.hpp"

namespace zvm {
namespace {

std::string list(const std::vector<ValType>& types) {
    std::string text = "(";
    for (std::size_t i = 0; i < types.size(); ++i) {
        if (i) text += ", ";
        text += to_string(types[i]);
    }
    return text + ")";
}

}  // namespace

const char* to_string(ValType type) noexcept {
    switch (type) {
        case ValType::unknown: return "unknown";
        case ValType::i32: return "i32";
        case ValType::i64: return "i64";
        case ValType::f32: return "f32";
        case ValType::f64: return "f64";
        case ValType::funcref: return "funcref";
        case ValType::externref: return "externref";
    }
    return "?";
}

std::string to_string(const FuncType& type) { return list(type.params) + " -> " + list(type.results); }

const char* to_string(Trap trap) noexcept {
    switch (trap) {
        case Trap::none: return "none";
        case Trap::unreachable: return "unreachable";
        case Trap::divide_by_zero: return "integer divide by zero";
        case Trap::integer_overflow: return "integer overflow";
        case Trap::invalid_conversion: return "invalid conversion to integer";
        case Trap::memory_bounds: return "out of bounds memory access";
        case Trap::table_bounds: return "out of bounds table access";
        case Trap::undefined_element: return "undefined element";
        case Trap::uninitialized_element: return "uninitialized element";
        case Trap::indirect_mismatch: return "indirect call type mismatch";
        case Trap::stack_exhausted: return "call stack exhausted";
        case Trap::out_of_gas: return "out of gas";
        case Trap::host_refused: return "host function refused its arguments";
        case Trap::reverted: return "reverted";
        case Trap::interrupted: return "interrupted";
    }
    return "?";
}

const char* to_string(ExternKind kind) noexcept {
    switch (kind) {
        case ExternKind::function: return "function";
        case ExternKind::table: return "table";
        case ExternKind::memory: return "memory";
        case ExternKind::global: return "global";
    }
    return "?";
}

const char* to_string(Op op) noexcept {
    static constexpr const char* kNames[] = {
#define ZVM_NAME(name) #name,
        ZVM_OPS(ZVM_NAME)
#undef ZVM_NAME
    };
    return op < Op::count_ ? kNames[static_cast<std::size_t>(op)] : "?";
}

}  // namespace zvm

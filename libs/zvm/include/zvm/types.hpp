#pragma once
// Value types, function types, slots and traps.

#include <cstdint>
#include <string>
#include <vector>

namespace zvm {

/// One value of any type. 32-bit values are zero-extended; floats are their bits; references are opaque, 0 is null.
using Slot = std::uint64_t;

enum class ValType : std::uint8_t {
    unknown = 0,  ///< Only inside the validator: a value of unreachable code.
    i32 = 0x7f,
    i64 = 0x7e,
    f32 = 0x7d,
    f64 = 0x7c,
    funcref = 0x70,
    externref = 0x6f,
};
const char* to_string(ValType type) noexcept;
constexpr bool is_float(ValType type) noexcept { return type == ValType::f32 || type == ValType::f64; }
constexpr bool is_reference(ValType type) noexcept { return type == ValType::funcref || type == ValType::externref; }

struct FuncType {
    std::vector<ValType> params;
    std::vector<ValType> results;
    friend bool operator==(const FuncType&, const FuncType&) = default;
};
/// "(i32, i64) -> (i32)"
std::string to_string(const FuncType& type);

/// How a run ended. The texts of to_string() are those of the specification's test suite.
enum class Trap : std::uint8_t {
    none = 0,
    unreachable,
    divide_by_zero,
    integer_overflow,
    invalid_conversion,
    memory_bounds,
    table_bounds,
    undefined_element,
    uninitialized_element,
    indirect_mismatch,
    stack_exhausted,
    out_of_gas,
    host_refused,  ///< A host function got an argument that breaks its contract (a mis-sized fixed input, a bad flag).
    reverted,      ///< The contract ended itself; the host keeps the data.
    interrupted,   ///< A Watch ended it. Never in a block.
};
const char* to_string(Trap trap) noexcept;

}  // namespace zvm

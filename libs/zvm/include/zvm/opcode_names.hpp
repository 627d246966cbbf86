#pragma once
// The specification's names of instructions, for people. Source: Core Specification, appendix "Index of Instructions".

#include <cstdint>

namespace zvm {

/// "i32.add"; null for a byte that is no instruction of its own.
const char* opcode_name(std::uint8_t op) noexcept;
/// Of the instructions behind 0xfc: "memory.copy"; null when there is none.
const char* bulk_opcode_name(std::uint32_t op) noexcept;
inline constexpr std::uint32_t kBulkOpcodes = 18;

}  // namespace zvm

#pragma once
// Register code as text, for people.

#include <cstdint>
#include <string>

#include "zvm/module.hpp"

namespace zvm {

/// One defined function (counted from 0 after the imports): a header line, then an instruction a line. Registers below
/// the number of locals are locals (l3), the rest operands (t5).
std::string disassemble(const Module& module, std::uint32_t code);

std::size_t instruction_count(const Module& module) noexcept;

}  // namespace zvm

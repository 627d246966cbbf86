#pragma once
// Code as text, for people: as it stands in the binary, and as the register code that it became.

#include <cstdint>
#include <string>

#include "zvm/module.hpp"

namespace zvm {

/// One defined function (counted from 0 after the imports): a header line, then an instruction a line. Registers below
/// the number of locals are locals (l3), the rest operands (t5).
std::string disassemble(const Module& module, std::uint32_t code);

/// The same function's WebAssembly instructions, an instruction a line, with its position in the body and its gas
/// (values carried by a branch, zeroed locals and what depends on operands come on top). `wasm` is what `module` was
/// loaded from.
std::string disassemble_wasm(const Module& module, base::ByteView wasm, std::uint32_t code);

std::size_t instruction_count(const Module& module) noexcept;

}  // namespace zvm

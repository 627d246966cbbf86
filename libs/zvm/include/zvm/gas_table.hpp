#pragma once
// docs/gas.md, made from the prices of gas.hpp, so that the two cannot differ.

#include <string>
#include <string_view>

namespace zvm {

std::string gas_table_markdown();
/// Begins what `./ghost bench gas` adds to it.
inline constexpr std::string_view kGasTableEnd =
    "\n<!-- From here on: made by `./ghost bench gas --write-docs docs/gas.md`. -->\n";

}  // namespace zvm

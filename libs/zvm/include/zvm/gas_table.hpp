#pragma once
// docs/gas.md, made from the prices of gas.hpp, so that the two cannot differ.

#include <string>

namespace zvm {

std::string gas_table_markdown();

}  // namespace zvm
